/* Files, carefully: bounded reads, durable writes.
 *
 * 1. After file_write_new or file_replace answers ERR_OK, bytes and name survive a power cut.
 * 2. A failed write leaves the old file whole; a crash may leave a file NAME.tmp-XXXXXX beside it.
 * 3. A read never takes more than its limit, whatever the file claims to be.
 * 4. Pipes and devices named as the target are written to, never replaced.
 *
 * Never follows into a partial result: the caller's buffer changes only on success. */
#include "common/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_SIZE = 4096, PATH_SIZE = PATH_MAX };

static enum err from_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_MISSING;
    case EACCES:
    case EPERM:
        return ERR_PERMISSION;
    case EROFS:
        return ERR_READ_ONLY;
    case EEXIST:
        return ERR_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return ERR_DISK_FULL;
    case ENOMEM:
        return ERR_MEMORY;
    default:
        return ERR_IO;
    }
}

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

static void close_fd(int *fd)
{
    if (*fd > STDERR_FILENO)
        close(*fd);
    *fd = -1;
}

/* ---- reading ---- */

/* "-" is the standard input, which may be a terminal; a named path must be a file or a pipe. */
static enum err open_for_reading(int *fd, struct stat *about, const char *path)
{
    if (is_standard(path)) {
        *fd = STDIN_FILENO;
    } else {
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (*fd < 0)
            return from_errno(errno);
    }
    if (fstat(*fd, about) != 0)
        return from_errno(errno);
    bool good = S_ISREG(about->st_mode) || S_ISFIFO(about->st_mode) || S_ISSOCK(about->st_mode) ||
                (is_standard(path) && !S_ISDIR(about->st_mode));
    return good ? ERR_OK : ERR_IO;
}

static enum err read_to_end(struct buffer *buffer, int fd)
{
    uint8_t chunk[CHUNK_SIZE];
    enum err error = ERR_OK;
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            error = from_errno(errno);
        else if (got > 0)
            error = buffer_put(buffer, (struct span){chunk, (size_t)got});
        if (got <= 0 || error != ERR_OK)
            break;
    }
    explicit_bzero(chunk, sizeof chunk); /* it may have been a key file */
    return error;
}

/* A limit of 0 means the buffer's default, so an empty file is read as "one byte is too many". */
static enum err read_limited(struct buffer *buffer, int fd, size_t limit)
{
    struct buffer whole AUTO(buffer_fini) = {.limit = limit != 0 ? limit : 1};
    TRY(read_to_end(&whole, fd));
    if (whole.size > limit)
        return ERR_LIMIT;
    if (buffer->data == NULL && buffer->limit == 0)
        buffer->limit = limit;
    return buffer_put(buffer, buffer_span(&whole));
}

enum err file_read(struct buffer *buffer, const char *path, size_t limit)
{
    int fd AUTO(close_fd) = -1;
    struct stat about;
    TRY(open_for_reading(&fd, &about, path));
    return read_limited(buffer, fd, limit);
}

enum err file_read_secret(struct buffer *buffer, const char *path, size_t limit)
{
    int fd AUTO(close_fd) = -1;
    struct stat about;
    TRY(open_for_reading(&fd, &about, path));
    if (S_ISREG(about.st_mode) && (about.st_uid != geteuid() || (about.st_mode & 077) != 0))
        return ERR_PERMISSION;
    return read_limited(buffer, fd, limit);
}

/* ---- writing ---- */

static enum err write_all(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t put = write(fd, bytes.data, bytes.size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return from_errno(errno);
        bytes = (struct span){bytes.data + put, bytes.size - (size_t)put};
    }
    return ERR_OK;
}

/* The name survives a power cut only once its directory is on disk. */
static enum err sync_directory_of(const char *path)
{
    char directory[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(directory, sizeof directory, ".");
    else
        snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
    int fd AUTO(close_fd) = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return from_errno(errno);
    return ERR_OK;
}

static enum err write_temporary(char temporary[PATH_SIZE], const char *path, struct span bytes,
                                enum file_mode mode)
{
    int size = snprintf(temporary, PATH_SIZE, "%s.tmp-XXXXXX", path);
    if (size < 0 || size >= PATH_SIZE)
        return ERR_IO;
    int fd AUTO(close_fd) = mkostemp(temporary, O_CLOEXEC); /* 0600 until the bytes are there */
    if (fd < 0)
        return from_errno(errno);
    enum err error = write_all(fd, bytes);
    if (error == ERR_OK && (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0))
        error = from_errno(errno);
    if (error != ERR_OK)
        unlink(temporary);
    return error;
}

static bool is_pipe_or_device(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && (S_ISFIFO(about.st_mode) || S_ISCHR(about.st_mode));
}

static enum err write_through(const char *path, struct span bytes)
{
    if (is_standard(path))
        return write_all(STDOUT_FILENO, bytes);
    int fd AUTO(close_fd) = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? from_errno(errno) : write_all(fd, bytes);
}

enum err file_write_new(const char *path, struct span bytes, enum file_mode mode)
{
    if (is_standard(path) || is_pipe_or_device(path))
        return write_through(path, bytes);
    char temporary[PATH_SIZE];
    TRY(write_temporary(temporary, path, bytes, mode));
    enum err error = link(temporary, path) == 0 ? ERR_OK : from_errno(errno);
    unlink(temporary);
    TRY(error);
    return sync_directory_of(path);
}

/* A symbolic link stays one: its target is replaced. */
enum err file_replace(const char *path, struct span bytes, enum file_mode mode)
{
    if (is_standard(path) || is_pipe_or_device(path))
        return write_through(path, bytes);
    char resolved[PATH_SIZE], temporary[PATH_SIZE];
    const char *target = realpath(path, resolved) != NULL ? resolved : path;
    TRY(write_temporary(temporary, target, bytes, mode));
    if (rename(temporary, target) != 0) {
        enum err error = from_errno(errno);
        unlink(temporary);
        return error;
    }
    return sync_directory_of(target);
}

/* ---- directories, locks ---- */

/* A directory whose name is lost in a power cut takes with it what was synced inside. */
static enum err make_one(const char *path)
{
    struct stat about;
    if (mkdir(path, 0700) == 0)
        return sync_directory_of(path);
    int number = errno;
    if (stat(path, &about) == 0)
        return S_ISDIR(about.st_mode) ? ERR_OK : ERR_EXISTS;
    return from_errno(number);
}

enum err file_make_dir(const char *path)
{
    char prefix[PATH_SIZE];
    int size = snprintf(prefix, sizeof prefix, "%s", path);
    if (size <= 0 || size >= PATH_SIZE)
        return ERR_IO;
    for (char *slash = strchr(prefix + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        TRY(make_one(prefix));
        *slash = '/';
    }
    return make_one(prefix);
}

enum err file_lock(int *fd, const char *path)
{
    int held = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (held < 0)
        return from_errno(errno);
    if (flock(held, LOCK_EX | LOCK_NB) != 0) {
        enum err error = errno == EWOULDBLOCK ? ERR_LOCKED : from_errno(errno);
        close(held);
        return error;
    }
    *fd = held;
    return ERR_OK;
}

bool file_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}
