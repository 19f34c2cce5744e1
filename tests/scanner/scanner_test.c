/* The reader of pictures: what it makes of PNG and JPEG, what it refuses, and what it can still do
 * once it is locked in. Each in a process of its own, as in real life. */
#include "scanner/scanner.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jpeglib.h>

enum { PROBLEM_EXIT = 40, SIDE = 64 };

static const char *const problems[] = {"format", "size",        "memory",
                                       "camera", "camera-lost", "confine"};

void scanner_say(const char *text, size_t size)
{
    (void)text, (void)size;
}

void scanner_fail(const char *name)
{
    for (int i = 0; i < (int)(sizeof problems / sizeof problems[0]); i++)
        if (strcmp(problems[i], name) == 0)
            _exit(PROBLEM_EXIT + i);
    _exit(PROBLEM_EXIT - 1);
}

static int outcome(void (*work)(void *context), void *context)
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        work(context);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- pictures ---- */

struct bytes {
    uint8_t *data;
    size_t size;
    unsigned expected_side; /* 0: none */
};

/* Dark on the left, light on the right. */
static void fill(uint8_t *pixels)
{
    for (size_t i = 0; i < SIDE * SIDE; i++)
        pixels[i] = i % SIDE < SIDE / 2 ? 0 : 255;
}

static struct bytes make_png(void)
{
    static uint8_t pixels[SIDE * SIDE], file[SIDE * SIDE * 2];
    png_alloc_size_t size = sizeof file;
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_GRAY};
    fill(pixels);
    cr_assert(png_image_write_to_memory(&image, file, &size, 0, pixels, 0, NULL));
    return (struct bytes){file, size, SIDE};
}

static struct bytes make_jpeg(void)
{
    static uint8_t pixels[SIDE * SIDE];
    struct jpeg_compress_struct jpeg = {0};
    struct jpeg_error_mgr errors;
    uint8_t *file = NULL;
    unsigned long size = 0;
    fill(pixels);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &file, &size);
    jpeg.image_width = jpeg.image_height = SIDE;
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (JSAMPROW row = pixels; jpeg.next_scanline < SIDE; row += SIDE)
        jpeg_write_scanlines(&jpeg, &row, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (struct bytes){file, size, SIDE};
}

static void read_picture(void *context)
{
    const struct bytes *bytes = context;
    struct picture picture = {0};
    picture_read(&picture, bytes->data, bytes->size);
    const bool right = picture.width == SIDE && picture.height == SIDE &&
                       picture.pixels[SIDE * 10 + 5] < 30 && picture.pixels[SIDE * 10 + 60] > 220;
    _exit(right ? 0 : 1);
}

Test(scanner, pictures)
{
    struct bytes png = make_png(), jpeg = make_jpeg();
    cr_expect_eq(outcome(read_picture, &png), 0);
    cr_expect_eq(outcome(read_picture, &jpeg), 0);
    free(jpeg.data);
}

/* Cut after any byte, and with any byte changed: a picture or a named problem, never a crash. */
Test(scanner, broken_pictures)
{
    struct bytes files[] = {make_png(), make_jpeg()};
    for (size_t f = 0; f < 2; f++)
        for (size_t i = 0; i < files[f].size; i += 1 + files[f].size / 40) {
            struct bytes cut = {files[f].data, i, 0};
            const int shorter = outcome(read_picture, &cut);
            const bool half = i < files[f].size / 2; /* what lacks only its end can be shown */
            cr_expect(half && f == 0 ? shorter == PROBLEM_EXIT : shorter >= 0, "cut %zu: %d", i,
                      shorter);
            files[f].data[i] ^= 0xff;
            const int changed = outcome(read_picture, &files[f]);
            cr_expect(changed >= 0, "changed %zu: %d", i, changed);
            files[f].data[i] ^= 0xff;
        }
    free(files[1].data);
}

Test(scanner, sizes)
{
    static const struct {
        uint8_t width[4], height[4];
    } rows[] = {{{0, 0, 0x40, 1}, {0, 0, 0, 1}},    /* a side of 16,385 */
                {{0, 0, 0x40, 0}, {0, 0, 0x20, 0}}, /* 134 million pixels */
                {{0, 0x0f, 0x42, 0x40}, {0, 0x0f, 0x42, 0x40}}};
    struct bytes png = make_png();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memcpy(png.data + 16, rows[i].width, 4);
        memcpy(png.data + 20, rows[i].height, 4);
        const int code = outcome(read_picture, &png); /* the checksum of the head is wrong, too */
        cr_expect(code == PROBLEM_EXIT || code == PROBLEM_EXIT + 1, "row %zu: %d", i, code);
    }
}

/* ---- locked in ---- */

#ifndef DCEP_SANITIZED

enum deed {
    DO_OPEN,
    DO_CREATE,
    DO_SOCKET,
    DO_FORK,
    DO_EXEC,
    DO_KILL,
    DO_CODE,
    DO_MEMORY,
    DO_READ,
    DO_LISTEN /* a camera's reader: whether anybody still listens */
};

static void lock_in_and(void *context)
{
    const enum deed deed = *(enum deed *)context;
    char *const words[] = {"/bin/true", NULL};
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    if (!confine(deed == DO_LISTEN ? CONFINE_CAMERA : CONFINE_PICTURE))
        _exit(99);
    switch (deed) {
    case DO_OPEN:
        _exit(open("/etc/passwd", O_RDONLY) < 0 && errno == ENOENT ? 0 : 1);
    case DO_CREATE:
        _exit(open("/tmp/dcep-scan-was-here", O_CREAT | O_WRONLY, 0600) < 0 ? 0 : 1);
    case DO_SOCKET:
        _exit(socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? 0 : 1);
    case DO_FORK:
        _exit(fork() < 0 ? 0 : 1);
    case DO_EXEC:
        _exit(execv(words[0], words) < 0 ? 0 : 1);
    case DO_KILL:
        _exit(kill(getppid(), 0) < 0 ? 0 : 1);
    case DO_CODE:
        _exit(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                      MAP_FAILED
                  ? 0
                  : 1);
    case DO_MEMORY:
        _exit(malloc(SCANNER_MEMORY_MAX) == NULL ? 0 : 1);
    case DO_LISTEN:
        _exit(poll(&input, 1, 0) >= 0 ? 0 : 1);
    case DO_READ:
    default:
        _exit(read(STDIN_FILENO, &(char){0}, 0) == 0 ? 0 : 1);
    }
}

Test(scanner, locked_in)
{
    static const struct {
        enum deed deed;
        int expected; /* minus the signal */
    } rows[] = {{DO_OPEN, 0},       {DO_CREATE, 0},     {DO_SOCKET, 0},     {DO_FORK, -SIGSYS},
                {DO_EXEC, -SIGSYS}, {DO_KILL, -SIGSYS}, {DO_CODE, -SIGSYS}, {DO_MEMORY, 0},
                {DO_READ, 0},       {DO_LISTEN, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum deed deed = rows[i].deed;
        cr_expect_eq(outcome(lock_in_and, &deed), rows[i].expected, "row %zu", i);
    }
}

#endif
