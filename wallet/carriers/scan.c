/* Starting the reader of pictures, and listening to it (contract in scan.h). */
#include "wallet/carriers/scan.h"

#include "common/base/file.h"
#include "common/base/time.h"
#include "common/cli/cli.h"
#include "wallet/carriers/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    OUTPUT_SIZE_MAX = 1024 * 1024, /* of one reader's words about a picture */
    CHUNK_SIZE = 16 * 1024,
    PATH_SIZE = 1024,
    LINE_SIZE_MAX = FRAMES_TEXT_SIZE_MAX + 1,
};

struct scan {
    struct carrier carrier;
    const char **paths;
    size_t path_count;
    const char *device;  /* NULL: files */
    uint64_t timeout_ms; /* for a picture, or for the camera */
    struct frames_gather gather;
    struct arena arena; /* the message */
    struct span whole;
    bool is_damaged;
    enum err first_error;
    const char *first_path, *first_problem;
    bool (*wants)(void *context, struct span message);
    void *wants_context;
    void (*tell)(void *context, size_t got, size_t count);
    void *tell_context;
};

/* ---- the reader's process ---- */

struct reader {
    pid_t pid; /* 0: none */
    int in, out;
    uint64_t until_ms;
    struct span picture; /* what it has not been given yet */
    size_t said;
    uint8_t line[LINE_SIZE_MAX];
    size_t line_size;
    const char *problem; /* a gettext key */
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void reader_fini(struct reader *reader)
{
    close_end(&reader->in);
    close_end(&reader->out);
    if (reader->pid > 0) {
        (void)kill(reader->pid, SIGKILL);
        while (waitpid(reader->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    reader->pid = 0;
}

/* It lies beside the wallet's own program. */
static enum err find_program(char path[PATH_SIZE])
{
    static const char name[] = "dcep-scan";
    const ssize_t size = readlink("/proc/self/exe", path, PATH_SIZE - 1);
    if (size <= 0)
        return ERR_IO;
    path[size] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash + 1 - path) + sizeof name > PATH_SIZE)
        return ERR_IO;
    memcpy(slash + 1, name, sizeof name);
    return ERR_OK;
}

static int spawn_with(pid_t *pid, char *const *words, int input, int output)
{
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE); /* ignored here; a reader that nobody hears shall end */
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    posix_spawnattr_setsigdefault(&how, &signals);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    if (failed == 0)
        failed = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    if (failed == 0)
        failed = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (failed == 0)
        failed = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    if (failed == 0)
        failed = posix_spawn(pid, words[0], &files, &how, words, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return failed;
}

static enum err start(struct reader *reader, const char *what, const char *device)
{
    char path[PATH_SIZE], first[16], second[PATH_SIZE];
    int input[2] = {-1, -1}, output[2] = {-1, -1};
    TRY(find_program(path));
    (void)snprintf(first, sizeof first, "%s", what);
    (void)snprintf(second, sizeof second, "%s", device != NULL ? device : "");
    char *const words[] = {path, first, device != NULL ? second : NULL, NULL};
    int failed = pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0;
    if (!failed)
        failed = spawn_with(&reader->pid, words, input[0], output[1]);
    close_end(&input[0]);
    close_end(&output[1]);
    reader->in = input[1];
    reader->out = output[0];
    if (failed)
        reader->pid = 0;
    (void)fcntl(reader->in, F_SETFL, O_NONBLOCK);
    (void)fcntl(reader->out, F_SETFL, O_NONBLOCK);
    return failed ? ERR_MISSING : ERR_OK;
}

/* ---- what it says ---- */

static const char *problem_text(const char *name)
{
    static const struct {
        const char *name, *text;
    } problems[] = {
        {"format", N_("it is neither a PNG nor a JPEG picture, or it is broken")},
        {"size", N_("the picture is too large")},
        {"memory", N_("the picture takes too much memory")},
        {"camera", N_("there is no camera, or another program uses it")},
        {"camera-lost", N_("it gives no pictures any more")},
        {"confine", N_("this system cannot lock the reader of pictures in")},
    };
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++)
        if (strcmp(problems[i].name, name) == 0)
            return problems[i].text;
    return N_("the reader of pictures says what nobody understands");
}

static void tell_progress(const struct scan *scan)
{
    size_t got = 0, count = 0;
    frames_progress(&scan->gather, &got, &count);
    if (scan->tell != NULL && count > 1)
        scan->tell(scan->tell_context, got, count);
}

/* A camera may look at what is passed over for as long as it likes: it is kept nowhere. */
static enum err hear_whole(struct scan *scan, struct span message)
{
    if (scan->wants != NULL && !scan->wants(scan->wants_context, message))
        return ERR_OK;
    return arena_copy(&scan->arena, &scan->whole, message);
}

static enum err hear_line(struct scan *scan, struct reader *reader)
{
    struct arena arena AUTO(arena_fini) = {0};
    enum frames_news news = FRAMES_REPEATED;
    struct span message = {0};
    const struct span text = span_of(reader->line + 1, reader->line_size - 1);
    if (reader->line[0] == '!') {
        reader->line[reader->line_size] = '\0';
        reader->problem = problem_text((const char *)reader->line + 1);
        return ERR_OK;
    }
    const enum err error = frames_add(&scan->gather, &news, &message, text, &arena);
    if (error == ERR_MEMORY)
        return error;
    if (error == ERR_OK && news == FRAMES_WHOLE)
        return hear_whole(scan, message);
    if (error == ERR_OK && news == FRAMES_DAMAGED)
        scan->is_damaged = true;
    if (error == ERR_OK && news == FRAMES_NEW)
        tell_progress(scan);
    return ERR_OK; /* what is no frame of ours is somebody's poster */
}

static enum err hear(struct scan *scan, struct reader *reader, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size && scan->whole.data == NULL; i++) {
        if (bytes[i] == '\n') {
            if (reader->line_size > 0)
                TRY(hear_line(scan, reader));
            reader->line_size = 0;
        } else if (reader->line_size + 1 < LINE_SIZE_MAX) {
            reader->line[reader->line_size++] = bytes[i];
        } else {
            return ERR_LIMIT;
        }
    }
    return ERR_OK;
}

/* ---- to and fro ---- */

static void feed(struct reader *reader)
{
    const ssize_t put = write(reader->in, reader->picture.data, reader->picture.size);
    if (put > 0)
        reader->picture = span_of(reader->picture.data + put, reader->picture.size - (size_t)put);
    else if (put < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (put <= 0 || reader->picture.size == 0)
        close_end(&reader->in);
}

/* *over: the reader has said all. */
static enum err listen_once(struct scan *scan, struct reader *reader, bool *over)
{
    uint8_t chunk[CHUNK_SIZE];
    const ssize_t got = read(reader->out, chunk, sizeof chunk);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return ERR_OK;
    *over = got <= 0;
    if (*over)
        return ERR_OK;
    reader->said += (size_t)got;
    if (scan->device == NULL && reader->said > OUTPUT_SIZE_MAX)
        return ERR_LIMIT;
    return hear(scan, reader, chunk, (size_t)got);
}

static enum err converse(struct scan *scan, struct reader *reader)
{
    for (bool over = false; !over && scan->whole.data == NULL;) {
        const uint64_t now = time_monotonic_ms();
        if (now >= reader->until_ms)
            return ERR_TIMEOUT;
        const bool feeds = reader->in >= 0 && scan->device == NULL;
        struct pollfd ends[] = {{reader->out, POLLIN, 0}, {feeds ? reader->in : -1, POLLOUT, 0}};
        if (poll(ends, 2, (int)(reader->until_ms - now)) < 0 && errno != EINTR)
            return ERR_IO;
        if (ends[1].revents != 0)
            feed(reader);
        if (ends[0].revents != 0)
            TRY(listen_once(scan, reader, &over));
    }
    return ERR_OK;
}

/* How it ended, once it has said all. */
static enum err judge(struct reader *reader)
{
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(reader->pid, &status, 0)) < 0 && errno == EINTR)
        ;
    reader->pid = 0;
    if (reader->problem != NULL)
        return ERR_PARSE;
    if (ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ERR_OK;
    reader->problem = N_("the reader of pictures broke down over it");
    return ERR_PARSE;
}

static enum err run(struct scan *scan, struct reader *reader, const char *what)
{
    enum err error = start(reader, what, scan->device);
    if (error != ERR_OK) {
        reader->problem = N_("the program dcep-scan is not beside dcep-wallet");
        return error;
    }
    error = converse(scan, reader);
    if (error == ERR_OK && scan->whole.data == NULL)
        error = judge(reader);
    if (error == ERR_TIMEOUT && scan->device == NULL)
        reader->problem = N_("the reader of pictures was not done in time");
    return error;
}

/* ---- the carrier ---- */

static void note_problem(struct scan *scan, enum err error, const char *path, const char *problem)
{
    if (error == ERR_OK || scan->first_error != ERR_OK)
        return;
    scan->first_error = error;
    scan->first_path = path;
    scan->first_problem = problem != NULL ? problem : err_text(error);
}

static void look_at(struct scan *scan, const char *path)
{
    struct buffer picture AUTO(buffer_fini) = {.limit = SCAN_IMAGE_SIZE_MAX};
    struct reader reader AUTO(reader_fini) = {.in = -1, .out = -1};
    enum err error = file_read(&picture, path, SCAN_IMAGE_SIZE_MAX);
    if (error == ERR_OK && picture.size == 0)
        error = ERR_PARSE;
    if (error == ERR_OK) {
        reader.picture = buffer_span(&picture);
        reader.until_ms = time_monotonic_ms() + scan->timeout_ms;
        error = run(scan, &reader, "picture");
    }
    note_problem(scan, error, path, reader.problem);
}

static enum err watch(struct scan *scan)
{
    struct reader reader AUTO(reader_fini) = {.in = -1, .out = -1};
    reader.until_ms = time_monotonic_ms() + scan->timeout_ms;
    const enum err error = run(scan, &reader, "camera");
    if (error == ERR_TIMEOUT)
        return ERR_MISSING;
    note_problem(scan, error, scan->device, reader.problem);
    return error;
}

static enum err scan_take(struct carrier *carrier, struct buffer *out)
{
    struct scan *scan = (struct scan *)carrier;
    for (size_t i = 0; i < scan->path_count && scan->whole.data == NULL; i++)
        look_at(scan, scan->paths[i]);
    if (scan->device != NULL)
        TRY(watch(scan));
    if (scan->whole.data != NULL)
        return buffer_put(out, scan->whole);
    if (scan->is_damaged)
        return ERR_INTEGRITY;
    return scan->first_error != ERR_OK ? scan->first_error : ERR_MISSING;
}

static enum err scan_give(struct carrier *carrier, struct span bytes)
{
    (void)carrier, (void)bytes;
    return ERR_MISSING;
}

static void scan_close(struct carrier *carrier)
{
    struct scan *scan = (struct scan *)carrier;
    frames_fini(&scan->gather);
    arena_fini(&scan->arena);
    free(scan->paths);
    free(scan);
}

static const struct carrier_ops scan_ops = {
    .take = scan_take, .give = scan_give, .close = scan_close};

struct scan_report scan_report(const struct carrier *carrier)
{
    const struct scan *scan = (const struct scan *)carrier;
    struct scan_report report = {.is_camera = scan->device != NULL,
                                 .path = scan->first_path,
                                 .problem = scan->first_problem};
    frames_progress(&scan->gather, &report.got, &report.count);
    return report;
}

void scan_want(struct carrier *carrier, bool (*wants)(void *context, struct span message),
               void *context)
{
    struct scan *scan = (struct scan *)carrier;
    scan->wants = wants;
    scan->wants_context = context;
}

void scan_tell(struct carrier *carrier, void (*tell)(void *context, size_t got, size_t count),
               void *context)
{
    struct scan *scan = (struct scan *)carrier;
    scan->tell = tell;
    scan->tell_context = context;
}

enum err scan_files(struct carrier **out, const char *const *paths, size_t count,
                    uint64_t picture_ms)
{
    struct scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL)
        return ERR_MEMORY;
    scan->carrier.ops = &scan_ops;
    if (count > 0)
        scan->paths = calloc(count, sizeof *scan->paths);
    if (scan->paths != NULL)
        memcpy(scan->paths, paths, count * sizeof *paths);
    scan->path_count = scan->paths != NULL ? count : 0;
    scan->timeout_ms = picture_ms;
    *out = &scan->carrier;
    return ERR_OK;
}

enum err scan_camera(struct carrier **out, const char *device, uint64_t timeout_ms)
{
    TRY(scan_files(out, NULL, 0, timeout_ms));
    struct scan *scan = (struct scan *)*out;
    scan->device = device;
    return ERR_OK;
}
