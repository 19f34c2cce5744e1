/* dcep-scan: picture or camera in, lines of text out (contract in scanner.h). */
#include "scanner/scanner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_SIZE = 64 * 1024 };

/* A text that would not stay one line is none of ours. */
void scanner_say(const char *text, size_t size)
{
    if (memchr(text, '\n', size) != NULL)
        return;
    fputc('=', stdout);
    fwrite(text, 1, size, stdout);
    fputc('\n', stdout);
    fflush(stdout);
}

void scanner_fail(const char *name)
{
    printf("!%s\n", name);
    fflush(stdout);
    _exit(EXIT_FAILURE);
}

static uint8_t *read_all(size_t *size)
{
    uint8_t *bytes = NULL;
    *size = 0;
    for (;;) {
        uint8_t *more = realloc(bytes, *size + CHUNK_SIZE);
        if (more == NULL)
            scanner_fail("memory");
        bytes = more;
        const ssize_t got = read(STDIN_FILENO, bytes + *size, CHUNK_SIZE);
        if (got <= 0)
            return bytes;
        *size += (size_t)got;
        if (*size > SCANNER_FILE_SIZE_MAX)
            scanner_fail("size");
    }
}

static void read_picture(void)
{
    struct picture picture = {0};
    size_t size = 0;
    if (!confine(CONFINE_PICTURE))
        scanner_fail("confine");
    uint8_t *bytes = read_all(&size);
    picture_read(&picture, bytes, size);
    codes_find(&picture);
    free(picture.pixels);
    free(bytes);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "camera") == 0)
        codes_watch(argv[2]);
    if (argc != 2 || strcmp(argv[1], "picture") != 0) {
        fputs("dcep-scan is run by dcep-wallet (--scan, --camera)\n", stderr);
        return 2;
    }
    read_picture();
    return EXIT_SUCCESS;
}
