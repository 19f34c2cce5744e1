/* Files, carefully: bounded reads, durable writes. For shells; a core never includes this.
 * All functions set no state on failure; a failed write leaves the old file whole. */
#ifndef DCEP_COMMON_BASE_FILE_H
#define DCEP_COMMON_BASE_FILE_H

#include "common/base/span.h"

/* Read a whole file once and append it to buffer: regular files, pipes and "-" (stdin); more than
 * limit bytes is ERR_LIMIT. ERR_MISSING, ERR_PERMISSION, ERR_IO. Directories and devices: ERR_IO.
 * An empty buffer without a limit of its own takes this one. */
enum err file_read(struct buffer *buffer, const char *path, size_t limit) MUST_USE;
/* As file_read, and ERR_PERMISSION unless the file is ours and mode & 077 == 0. */
enum err file_read_secret(struct buffer *buffer, const char *path, size_t limit) MUST_USE;
enum file_mode { FILE_PRIVATE = 0600, FILE_PUBLIC = 0644 };
/* Durable and atomic: temporary file in the same directory, fsync, then link (new: ERR_EXISTS if
 * path exists) or rename (replace), fsync of the directory. path "-" writes to stdout; a pipe or a
 * device is written to, never replaced. */
enum err file_write_new(const char *path, struct span bytes, enum file_mode mode) MUST_USE;
enum err file_replace(const char *path, struct span bytes, enum file_mode mode) MUST_USE;
enum err file_make_dir(const char *path) MUST_USE; /* 0700, with parents; existing is fine */
/* Exclusive advisory lock for the life of the process (flock); ERR_LOCKED if another holds it. */
enum err file_lock(int *fd, const char *path) MUST_USE;
bool file_exists(const char *path);

#endif
