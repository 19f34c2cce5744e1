/* Looking at a wallet whose disk is full, or only to be read: its database and the log beside it
 * (the last commits may stand there only) are copied to where there is room, opened there, and the
 * names removed at once. Pages are sealed in the copy as they are in the file.
 *
 * 1. A copy that a look was killed over is removed by the next one, wherever it stayed. Whoever
 *    makes one holds a lock on its directory: what is locked is in use.
 *
 * Never for what changes a row: that has to fail. */
#include "wallet/desk/desk_inside.h"

#include "common/base/file.h"
#include "common/base/secret.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_NAME "dcep-look-"

enum { COPY_SIZE_MAX = 512 * 1024 * 1024 };
static const char *const suffixes[] = {"", "-wal"};
enum { SUFFIX_COUNT = sizeof suffixes / sizeof suffixes[0] };

static enum err copy_file(const char *to, const char *from)
{
    struct buffer bytes AUTO(secret_wipe_buffer) = {.limit = COPY_SIZE_MAX};
    const enum err error = file_read(&bytes, from, COPY_SIZE_MAX);
    if (error == ERR_MISSING)
        return ERR_OK; /* no log: nothing is open */
    TRY(error);
    return file_write_new(to, buffer_span(&bytes), FILE_PRIVATE);
}

static enum err copy_all(const char *to, const char *from)
{
    char source[CLI_PATH_SIZE + 8], target[CLI_PATH_SIZE + 8];
    for (size_t i = 0; i < SUFFIX_COUNT; i++) {
        (void)snprintf(source, sizeof source, "%s%s", from, suffixes[i]);
        (void)snprintf(target, sizeof target, "%s%s", to, suffixes[i]);
        TRY(copy_file(target, source));
    }
    return ERR_OK;
}

static void remove_all(const char *path, const char *directory)
{
    char name[CLI_PATH_SIZE + 8];
    for (size_t i = 0; i < SUFFIX_COUNT; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
    (void)rmdir(directory);
}

static void close_directory(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* -1: it is gone, it is not mine, or somebody looks at it. */
static int lock_directory(const char *directory)
{
    struct stat about;
    int fd AUTO(close_directory) = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0 || about.st_uid != geteuid() ||
        flock(fd, LOCK_EX | LOCK_NB) != 0)
        return -1;
    const int locked = fd;
    fd = -1;
    return locked;
}

static bool name_in(char out[CLI_PATH_SIZE], const char *directory, const char *name)
{
    const int size = snprintf(out, CLI_PATH_SIZE, "%s/%s", directory, name);
    return size > 0 && size < CLI_PATH_SIZE;
}

static void sweep(const char *parent)
{
    char directory[CLI_PATH_SIZE], path[CLI_PATH_SIZE];
    DIR *entries = opendir(parent);
    const struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (strncmp(entry->d_name, COPY_NAME, sizeof COPY_NAME - 1) != 0 ||
            !name_in(directory, parent, entry->d_name) || !name_in(path, directory, DESK_DATABASE))
            continue;
        int lock AUTO(close_directory) = lock_directory(directory);
        if (lock >= 0)
            remove_all(path, directory);
    }
    if (entries != NULL)
        closedir(entries);
}

static enum err open_in(struct desk *desk, const char *parent, const char *database)
{
    char directory[CLI_PATH_SIZE], path[CLI_PATH_SIZE];
    if (!name_in(directory, parent, COPY_NAME "XXXXXX"))
        return ERR_LIMIT;
    if (mkdtemp(directory) == NULL || !name_in(path, directory, DESK_DATABASE))
        return ERR_IO;
    int lock AUTO(close_directory) = lock_directory(directory);
    enum err error = lock >= 0 ? copy_all(path, database) : ERR_IO; /* swept away: try elsewhere */
    if (error == ERR_OK)
        error = desk_open_store(desk, path, false);
    remove_all(path, directory);
    return error;
}

/* In memory first: whatever else is full, that is not. */
enum err desk_open_copy(struct desk *desk, const char *database)
{
    const char *const parents[] = {getenv("XDG_RUNTIME_DIR"), "/dev/shm", getenv("TMPDIR"), "/tmp"};
    enum err error = ERR_IO;
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++)
        if (parents[i] != NULL && parents[i][0] == '/')
            sweep(parents[i]);
    for (size_t i = 0; i < sizeof parents / sizeof parents[0] && error != ERR_OK; i++)
        if (parents[i] != NULL && parents[i][0] == '/')
            error = open_in(desk, parents[i], database);
    return error;
}
