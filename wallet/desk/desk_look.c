/* Looking at a wallet whose disk is full, or only to be read: its database and the log beside it
 * (the last commits may stand there only) are copied to where there is room, opened there, and the
 * names removed at once. Pages are sealed in the copy as they are in the file.
 *
 * Never for what changes a row: that has to fail. */
#include "wallet/desk/desk_inside.h"

#include "common/base/file.h"
#include "common/base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static enum err open_in(struct desk *desk, const char *parent, const char *database)
{
    char directory[CLI_PATH_SIZE], path[CLI_PATH_SIZE];
    const int size = snprintf(directory, sizeof directory, "%s/dcep-look-XXXXXX", parent);
    if (size < 0 || (size_t)size + sizeof "/" DESK_DATABASE > sizeof path)
        return ERR_LIMIT;
    if (mkdtemp(directory) == NULL)
        return ERR_IO;
    memcpy(path, directory, (size_t)size);
    memcpy(path + size, "/" DESK_DATABASE, sizeof "/" DESK_DATABASE);
    enum err error = copy_all(path, database);
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
    for (size_t i = 0; i < sizeof parents / sizeof parents[0] && error != ERR_OK; i++)
        if (parents[i] != NULL && parents[i][0] == '/')
            error = open_in(desk, parents[i], database);
    return error;
}
