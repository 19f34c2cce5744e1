/* A VFS of SQLite's around another one: what it does not do itself is handed through. Private to
 * common/store.
 *
 * Whoever builds on it has a struct with struct store_through first, replaces some of its methods
 * after store_through_init, and has a struct with struct store_through_file first for its files. */
#ifndef DCEP_COMMON_STORE_STORE_THROUGH_H
#define DCEP_COMMON_STORE_STORE_THROUGH_H

#include "common/base/err.h"

#include <sqlite3.h>
#include <stddef.h>

/* Of a write-ahead log's parts, in bytes (https://sqlite.org/walformat.html). */
enum { STORE_LOG_HEAD = 32, STORE_FRAME_HEAD = 24 };

struct store_through {
    sqlite3_vfs vfs; /* xOpen: store_through_open until it is replaced */
    sqlite3_io_methods methods;
    sqlite3_vfs *below;
    size_t file_size;
    char name[48]; /* for sqlite3_open_v2 */
};

struct store_through_file {
    sqlite3_file base;
    sqlite3_file *real; /* the VFS's below */
};

/* Around the VFS named below (NULL: the default). kind: the name's beginning. file_size: of the
 * struct of whoever builds on it. vfs does not move from here on. */
enum err store_through_init(struct store_through *through, const char *below, const char *kind,
                            size_t file_size) MUST_USE;
enum err store_through_register(struct store_through *through) MUST_USE;
void store_through_fini(struct store_through *through); /* once no database uses it */

/* As xOpen. What lies between struct store_through_file and the real file is left as it is. */
int store_through_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                       int *out_flags);
sqlite3_file *store_through_real(sqlite3_file *file);
const sqlite3_io_methods *store_through_below(sqlite3_file *file); /* of the real one */

#endif
