/* Checking and copying a SQLite file.
 *
 * 1. A check trusts nothing: SQLite's own check, then the declarations, then every field of
 *    every row.
 * 2. A backup appears under its name only when it is whole and on disk; it never replaces a
 *    file.
 */
#include "common/store/store_upkeep.h"

#include "common/base/file.h"
#include "common/store/store_migrations.h"
#include "common/store/store_statement.h"
#include "common/store/store_sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- check --- */

static void tell(char *text, size_t text_size, const char *what, const char *detail)
{
    if (text != NULL) {
        (void)snprintf(text, text_size, "%s: %s", what, detail);
    }
}

static enum err check_file(struct store_sqlite *sqlite, char *text, size_t text_size)
{
    AUTO(store_sqlite_finalize) sqlite3_stmt *statement = NULL;
    const char *sql = "PRAGMA integrity_check(1)";
    TRY(store_sqlite_err(sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL)));
    const int code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        return store_sqlite_err(code);
    }
    const char *finding = (const char *)sqlite3_column_text(statement, 0);
    if (finding == NULL || strcmp(finding, "ok") != 0) {
        tell(text, text_size, "file", finding == NULL ? "" : finding);
        return ERR_INTEGRITY;
    }
    return ERR_OK;
}

static void free_row(void **row)
{
    free(*row);
}

static enum err check_rows(struct store_sqlite *sqlite, const struct table *table, char *text,
                           size_t text_size)
{
    AUTO(arena_fini) struct arena arena = {0};
    AUTO(free_row) void *row = calloc(1, table->schema->struct_size);
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    const struct store_sql_shape all = {.verb =
                                            table->cluster != NULL ? STORE_SQL_SUM : STORE_SQL_LIST,
                                        .query = {.table = table, .index_number = -1}};
    if (row == NULL) {
        return ERR_MEMORY;
    }
    TRY(store_statement_open(&statement, sqlite, &all, row));
    enum err error = store_statement_step(statement);
    while (error == ERR_OK) {
        const struct field *bad = NULL;
        error = store_statement_row(statement, table, row, &bad, &arena);
        if (error == ERR_INTEGRITY && bad != NULL) {
            tell(text, text_size, table->name, bad->name);
        }
        TRY(error);
        arena_reset(&arena);
        error = store_statement_step(statement);
    }
    return error == ERR_MISSING ? ERR_OK : error;
}

static enum err check_all(struct store_sqlite *sqlite, char *text, size_t text_size)
{
    const char *name = NULL;
    TRY(check_file(sqlite, text, text_size));
    const enum err error = store_migrations_compare(sqlite, &name);
    if (error == ERR_VERSION) {
        tell(text, text_size, name, "not as declared");
        return ERR_INTEGRITY;
    }
    TRY(error);
    const enum err keys = store_sweep_check(sqlite, &name);
    if (keys == ERR_INTEGRITY) {
        tell(text, text_size, name, "its keys are not those of its rows");
    }
    TRY(keys);
    for (size_t i = 0; i < sqlite->table_count; i++) {
        TRY(check_rows(sqlite, sqlite->store.schema->tables[i], text, text_size));
    }
    return ERR_OK;
}

enum err store_upkeep_check(struct store_sqlite *sqlite, char *text, size_t text_size)
{
    TRY(store_sqlite_exec(sqlite->db, "BEGIN"));
    enum err error = store_sweep_begin(sqlite);
    if (error == ERR_OK)
        error = check_all(sqlite, text, text_size);
    (void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
    return error;
}

/* --- backup --- */

enum err store_upkeep_sync_directory(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const int size = slash == NULL ? 1 : (int)(slash - path + 1);
    (void)snprintf(directory, sizeof directory, "%.*s", size, slash == NULL ? "." : path);
    const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return ERR_IO;
    }
    const bool is_synced = fsync(fd) == 0;
    (void)close(fd);
    return is_synced ? ERR_OK : ERR_IO;
}

static void close_database(sqlite3 **db)
{
    (void)sqlite3_close_v2(*db);
}

static enum err copy_database(sqlite3 *to, sqlite3 *from)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    if (copy == NULL) {
        return store_sqlite_err(sqlite3_extended_errcode(to));
    }
    const int code = sqlite3_backup_step(copy, -1);
    const int end = sqlite3_backup_finish(copy);
    if (code != SQLITE_DONE) {
        return store_sqlite_err(code);
    }
    TRY(store_sqlite_err(end));
    /* Out of WAL: the copy is one file, whole without its neighbours. Opening it goes back in. */
    return store_sqlite_exec(to, "PRAGMA journal_mode = DELETE");
}

static enum err create_private(const char *path)
{
    const int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, FILE_PRIVATE);
    if (fd < 0) {
        return errno == EACCES || errno == EPERM ? ERR_PERMISSION : ERR_IO;
    }
    (void)close(fd);
    return ERR_OK;
}

static enum err write_copy(struct store_sqlite *sqlite, const char *path)
{
    AUTO(close_database) sqlite3 *to = NULL;
    TRY(create_private(path));
    TRY(store_sqlite_err(sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL)));
    TRY(store_sqlite_exec(to, "PRAGMA synchronous = FULL"));
    return copy_database(to, sqlite->db);
}

/* link refuses to replace; rename would not. */
static enum err publish(const char *partial, const char *path)
{
    if (link(partial, path) != 0) {
        return errno == EEXIST ? ERR_EXISTS : ERR_IO;
    }
    return store_upkeep_sync_directory(path);
}

enum err store_upkeep_backup(struct store_sqlite *sqlite, const char *path)
{
    char partial[PATH_MAX];
    const int size = snprintf(partial, sizeof partial, "%s.partial", path);
    if (size < 0 || (size_t)size >= sizeof partial) {
        return ERR_LIMIT;
    }
    if (file_exists(path)) {
        return ERR_EXISTS;
    }
    (void)unlink(partial); /* of a backup that was killed */
    enum err error = write_copy(sqlite, partial);
    if (error == ERR_OK) {
        error = publish(partial, path);
    }
    (void)unlink(partial);
    return error;
}
