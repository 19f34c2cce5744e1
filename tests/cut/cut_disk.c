/* A disk that remembers what it would hold if the power went now.
 *
 * 1. A file's contents survive as of its last fsync; a name (made, moved, removed) survives once
 *    its directory was synced. Stricter than any file system of today, as POSIX promises no more.
 * 2. Torn: each sector that changed since may or may not be there, and of the names a first part.
 *    One seed, one outcome.
 *
 * Everything that was there when the program began counts as synced: the harness cuts the power at
 * the end of each program too. */
#include "tests/cut/cut.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR_SIZE = 512, FILES_MAX = 64, OPS_MAX = 512 };

struct bytes {
    char *data;
    size_t size;
};

/* A file whose contents changed since its last sync. failed: as it was when a sync failed. */
struct dirty {
    char *path;
    struct bytes synced, failed;
    bool has_failed;
};

enum op_kind { OP_CREATE, OP_REMOVE, OP_RENAME };
struct op {
    enum op_kind kind;
    char *path, *from;
    bool had; /* RENAME: there was a file of that name */
    struct bytes old;
};

static char disk_root[CUT_PATH_SIZE];
static uint64_t disk_state;
static struct dirty files[FILES_MAX];
static size_t file_count;
static struct op ops[OPS_MAX];
static size_t op_count;

static void disk_fail(const char *what)
{
    perror(what);
    exit(125);
}

static uint64_t draw(void) /* splitmix64 */
{
    uint64_t z = (disk_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void cut_disk_open(const char *root, uint64_t seed)
{
    snprintf(disk_root, sizeof disk_root, "%s/", root);
    disk_state = seed;
}

bool cut_disk_holds(const char *path)
{
    return disk_root[0] != '\0' && strncmp(path, disk_root, strlen(disk_root)) == 0;
}

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        disk_fail("strdup");
    return copy;
}

/* --- files whole --- */

static bool is_file(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0 && S_ISREG(about.st_mode);
}

static struct bytes read_whole(const char *path)
{
    struct stat about;
    struct bytes bytes = {NULL, 0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0)
        disk_fail(path);
    bytes.data = malloc((size_t)about.st_size + 1);
    if (bytes.data == NULL)
        disk_fail("malloc");
    while (bytes.size < (size_t)about.st_size) {
        const ssize_t got = pread(fd, bytes.data + bytes.size, (size_t)about.st_size - bytes.size,
                                  (off_t)bytes.size);
        if (got <= 0)
            disk_fail(path);
        bytes.size += (size_t)got;
    }
    close(fd);
    return bytes;
}

static struct bytes copy_bytes(struct bytes bytes)
{
    const struct bytes copy = {malloc(bytes.size + 1), bytes.size};
    if (copy.data == NULL)
        disk_fail("malloc");
    if (bytes.size > 0)
        memcpy(copy.data, bytes.data, bytes.size);
    return copy;
}

/* In place, so that every name of the file shows it. */
static void write_whole(const char *path, struct bytes bytes)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t done = 0;
    if (fd < 0)
        disk_fail(path);
    while (done < bytes.size) {
        const ssize_t put = write(fd, bytes.data + done, bytes.size - done);
        if (put <= 0)
            disk_fail(path);
        done += (size_t)put;
    }
    close(fd);
}

/* --- contents --- */

static struct dirty *find_dirty(const char *path)
{
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

static void forget(struct dirty *file)
{
    free(file->path);
    free(file->synced.data);
    free(file->failed.data);
    *file = files[--file_count];
}

static void remember(const char *path, struct bytes synced)
{
    if (file_count == FILES_MAX)
        disk_fail("too many files");
    files[file_count++] = (struct dirty){.path = copy_text(path), .synced = synced};
}

void cut_disk_change(const char *path)
{
    if (cut_disk_holds(path) && is_file(path) && find_dirty(path) == NULL)
        remember(path, read_whole(path));
}

/* What a name holds on the disk: taken over from the dirty file, or read. */
static struct bytes durable(const char *path)
{
    struct dirty *file = find_dirty(path);
    if (file == NULL)
        return read_whole(path);
    const struct bytes synced = file->synced;
    file->synced.data = NULL;
    forget(file);
    return synced;
}

/* --- names --- */

static void add_op(enum op_kind kind, const char *path, const char *from, bool had,
                   struct bytes old)
{
    if (op_count == OPS_MAX)
        disk_fail("too many names");
    ops[op_count++] = (struct op){.kind = kind,
                                  .path = copy_text(path),
                                  .from = from != NULL ? copy_text(from) : NULL,
                                  .had = had,
                                  .old = old};
}

void cut_disk_create(const char *path)
{
    struct stat about;
    if (cut_disk_holds(path) && lstat(path, &about) != 0)
        add_op(OP_CREATE, path, NULL, false, (struct bytes){NULL, 0});
}

void cut_disk_remove(const char *path)
{
    if (cut_disk_holds(path) && is_file(path))
        add_op(OP_REMOVE, path, NULL, true, durable(path));
}

void cut_disk_rename(const char *from, const char *to)
{
    if (!cut_disk_holds(from) || !cut_disk_holds(to) || !is_file(from))
        return;
    const bool had = is_file(to);
    add_op(OP_RENAME, to, from, had, had ? durable(to) : (struct bytes){NULL, 0});
    struct dirty *file = find_dirty(from);
    if (file != NULL) {
        free(file->path);
        file->path = copy_text(to);
    }
}

void cut_disk_link(const char *from, const char *to)
{
    struct stat about;
    if (!cut_disk_holds(from) || !cut_disk_holds(to) || !is_file(from) || lstat(to, &about) == 0)
        return;
    add_op(OP_CREATE, to, NULL, false, (struct bytes){NULL, 0});
    const struct dirty *file = find_dirty(from);
    if (file == NULL)
        return;
    remember(to, copy_bytes(file->synced));
    files[file_count - 1].has_failed = file->has_failed;
    files[file_count - 1].failed = copy_bytes(file->failed);
}

static bool is_in(const char *path, const char *directory)
{
    const char *slash = strrchr(path, '/');
    const size_t size = (size_t)(slash - path);
    return strlen(directory) == size && strncmp(path, directory, size) == 0;
}

void cut_disk_sync(const char *path)
{
    struct dirty *file = find_dirty(path);
    size_t kept = 0;
    if (file != NULL && !file->has_failed)
        forget(file);
    for (size_t i = 0; i < op_count; i++) {
        if (!is_in(ops[i].path, path)) {
            ops[kept++] = ops[i];
            continue;
        }
        free(ops[i].path);
        free(ops[i].from);
        free(ops[i].old.data);
    }
    op_count = kept;
}

void cut_disk_sync_failed(const char *path)
{
    struct dirty *file = find_dirty(path);
    if (file == NULL || file->has_failed)
        return;
    file->has_failed = true;
    file->failed = read_whole(path);
}

/* --- the end --- */

static void remove_all(const char *path)
{
    struct stat about;
    if (lstat(path, &about) != 0)
        return;
    if (!S_ISDIR(about.st_mode)) {
        unlink(path);
        return;
    }
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        char inside[CUT_PATH_SIZE + 256];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        remove_all(inside);
    }
    if (directory != NULL)
        closedir(directory);
    rmdir(path);
}

static void undo(const struct op *op)
{
    if (op->kind == OP_CREATE) {
        remove_all(op->path);
        return;
    }
    if (op->kind == OP_RENAME)
        (void)rename(op->path, op->from);
    if (op->had)
        write_whole(op->path, op->old);
}

/* Each sector from one or the other; the size of one of them. */
static struct bytes mix(struct bytes synced, struct bytes now)
{
    struct bytes out = {NULL, draw() & 1 ? synced.size : now.size};
    out.data = calloc(1, out.size + 1);
    if (out.data == NULL)
        disk_fail("calloc");
    for (size_t at = 0; at < out.size; at += SECTOR_SIZE) {
        const struct bytes from = draw() & 1 ? synced : now;
        const size_t end = at + SECTOR_SIZE < out.size ? at + SECTOR_SIZE : out.size;
        if (at < from.size)
            memcpy(out.data + at, from.data + at, (end < from.size ? end : from.size) - at);
    }
    return out;
}

bool cut_disk_is_clean(void)
{
    return file_count == 0 && op_count == 0;
}

bool cut_disk_power_cut(bool torn)
{
    const bool is_unsynced = !cut_disk_is_clean();
    for (size_t i = 0; i < file_count; i++) {
        if (!is_file(files[i].path))
            continue;
        if (torn)
            files[i].synced = mix(files[i].synced, read_whole(files[i].path));
        write_whole(files[i].path, files[i].synced);
    }
    const size_t kept = torn && op_count > 0 ? draw() % (op_count + 1) : 0;
    while (op_count > kept)
        undo(&ops[--op_count]);
    return is_unsynced;
}

/* A sector that still is as the failed sync left it never reached the disk. */
static void lose_failed(struct dirty *file)
{
    struct bytes now = read_whole(file->path);
    for (size_t at = 0; at < now.size; at += SECTOR_SIZE) {
        const size_t end = at + SECTOR_SIZE < now.size ? at + SECTOR_SIZE : now.size;
        if (end > file->failed.size || memcmp(now.data + at, file->failed.data + at, end - at) != 0)
            continue;
        memset(now.data + at, 0, end - at);
        if (at < file->synced.size)
            memcpy(now.data + at, file->synced.data + at,
                   (end < file->synced.size ? end : file->synced.size) - at);
    }
    write_whole(file->path, now);
    free(now.data);
}

void cut_disk_end(void)
{
    for (size_t i = 0; i < file_count; i++)
        if (files[i].has_failed && is_file(files[i].path))
            lose_failed(&files[i]);
}
