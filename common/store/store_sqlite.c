/* The store in a SQLite file.
 *
 * 1. WAL and synchronous=FULL: a commit that returned is on disk. Where the log is settled aside,
 *    SQLite leaves that flush of the log to us (synchronous=NORMAL; it still flushes the log before
 *    it is settled, and its header when it is begun anew), so that a commit need not wait for it.
 * 2. A write transaction takes the write lock when it begins, so no verb inside it meets another
 *    writer.
 * 3. A commit that failed to write or sync may or may not be on disk: ERR_COMMIT_UNKNOWN, and
 *    this handle is done for, because SQLite would go on as if it had not happened. A full disk
 *    is known: the last frame was not written.
 * 4. Another application's file is closed again as it was found.
 */
#include "common/store/store_sqlite.h"

#include "common/base/file.h"
#include "common/store/store_ahead.h"
#include "common/store/store_aside.h"
#include "common/store/store_cluster.h"
#include "common/store/store_gather.h"
#include "common/store/store_list.h"
#include "common/store/store_log.h"
#include "common/store/store_migrations.h"
#include "common/store/store_pages.h"
#include "common/store/store_settler.h"
#include "common/store/store_statement.h"
#include "common/store/store_sweep.h"
#include "common/store/store_upkeep.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct store_sqlite *self(struct store *store)
{
    return (struct store_sqlite *)store;
}

/* --- SQLite's results --- */

static enum err constraint_err(int code)
{
    const bool is_taken = code == SQLITE_CONSTRAINT_PRIMARYKEY ||
                          code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_ROWID;
    return is_taken ? ERR_EXISTS : ERR_INTEGRITY;
}

enum err store_sqlite_err(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
        return ERR_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_FULL:
        return ERR_DISK_FULL;
    case SQLITE_NOMEM:
        return ERR_MEMORY;
    case SQLITE_IOERR:
        return code == SQLITE_IOERR_NOMEM ? ERR_MEMORY : ERR_IO;
    case SQLITE_CANTOPEN:
        return ERR_IO;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return ERR_PERMISSION;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_INTEGRITY;
    case SQLITE_CONSTRAINT:
        return constraint_err(code);
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    default:
        return ERR_LIBRARY;
    }
}

enum err store_sqlite_exec(sqlite3 *db, const char *sql)
{
    return store_sqlite_err(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

void store_sqlite_finalize(sqlite3_stmt **statement)
{
    (void)sqlite3_finalize(*statement);
}

enum err store_sqlite_number(sqlite3 *db, int64_t *number, const char *sql)
{
    AUTO(store_sqlite_finalize) sqlite3_stmt *statement = NULL;
    TRY(store_sqlite_err(sqlite3_prepare_v2(db, sql, -1, &statement, NULL)));
    const int code = sqlite3_step(statement);
    *number = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    return code == SQLITE_ROW || code == SQLITE_DONE ? ERR_OK : store_sqlite_err(code);
}

/* --- transactions --- */

static enum err begin(struct store *store, enum store_mode mode)
{
    struct store_sqlite *sqlite = self(store);
    if (atomic_load(&sqlite->unknown)) {
        return ERR_COMMIT_UNKNOWN;
    }
    if (mode == STORE_WRITE && sqlite->read_only) {
        return ERR_PERMISSION;
    }
    store_aside_begin(sqlite);
    TRY(store_sqlite_exec(sqlite->db, mode == STORE_WRITE ? "BEGIN IMMEDIATE" : "BEGIN"));
    const enum err error = store_sweep_begin(sqlite);
    if (error != ERR_OK)
        (void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
    return error;
}

/* What the last write to the log failed with. (SQLite 3.40's sqlite3_system_errno does not tell
 * that of a commit, and errno itself may be the roll-back's.) */
static int write_errno(sqlite3 *db)
{
    sqlite3_file *log = NULL;
    int number = 0;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
        log == NULL || log->pMethods == NULL ||
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number) != SQLITE_OK)
        return 0;
    return number;
}

/* Not all of that write was done, and the frame that ends a transaction is the last of it: no
 * commit. */
static bool is_read_only_disk(const struct store_sqlite *sqlite)
{
    return sqlite3_extended_errcode(sqlite->db) == SQLITE_IOERR_WRITE &&
           write_errno(sqlite->db) == EROFS;
}

static enum err commit_early(struct store *store)
{
    struct store_sqlite *sqlite = self(store);
    if (store->mode == STORE_WRITE)
        TRY(store_sweep_before_commit(sqlite));
    enum err error = store_sqlite_exec(sqlite->db, "COMMIT");
    if (error == ERR_OK) {
        store_sweep_committed(sqlite);
        store_aside_committed(sqlite);
    }
    if (error == ERR_IO && is_read_only_disk(sqlite)) {
        error = ERR_READ_ONLY;
    }
    if (error == ERR_OK || error == ERR_READ_ONLY || error == ERR_BUSY || error == ERR_DISK_FULL ||
        store->mode == STORE_READ) {
        return error;
    }
    atomic_store(&sqlite->unknown, true);
    return ERR_COMMIT_UNKNOWN;
}

static enum err flush(struct store *store)
{
    struct store_sqlite *sqlite = self(store);
    if (atomic_load(&sqlite->unknown))
        return ERR_COMMIT_UNKNOWN;
    if (sqlite->log_fd < 0 || fdatasync(sqlite->log_fd) == 0)
        return ERR_OK;
    atomic_store(&sqlite->unknown, true);
    return ERR_COMMIT_UNKNOWN;
}

static enum err commit(struct store *store)
{
    TRY(commit_early(store));
    return store->mode == STORE_READ ? ERR_OK : flush(store);
}

/* After some failures SQLite has rolled back already. */
static void rollback(struct store *store)
{
    if (sqlite3_get_autocommit(self(store)->db) == 0) {
        (void)sqlite3_exec(self(store)->db, "ROLLBACK", NULL, NULL, NULL);
    }
    store_sweep_rolled_back(self(store));
}

/* --- rows --- */

static enum err run(struct store *store, const struct store_sql_shape *shape, const void *row)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_statement_open(&statement, self(store), shape, row));
    const enum err error = store_statement_step(statement);
    return error == ERR_MISSING ? ERR_OK : error;
}

static enum err get(struct store *store, const struct table *table, void *row, struct arena *arena)
{
    const struct store_sql_shape shape = {.verb = STORE_SQL_GET, .query = {.table = table}};
    if (table->cluster != NULL)
        return store_cluster_get(self(store), table, row, arena);
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_statement_open(&statement, self(store), &shape, row));
    TRY(store_statement_step(statement));
    return store_statement_row(statement, table, row, NULL, arena);
}

static enum err insert(struct store *store, const struct table *table, const void *row)
{
    const struct store_sql_shape shape = {.verb = STORE_SQL_INSERT, .query = {.table = table}};
    if (table->cluster != NULL)
        return store_cluster_insert(self(store), table, row);
    return run(store, &shape, row);
}

static enum err run_on_one(struct store *store, enum store_sql_verb verb, const struct table *table,
                           const void *row)
{
    const struct store_sql_shape shape = {.verb = verb, .query = {.table = table}};
    TRY(run(store, &shape, row));
    return sqlite3_changes(self(store)->db) == 0 ? ERR_MISSING : ERR_OK;
}

static enum err update(struct store *store, const struct table *table, const void *row)
{
    if (table->cluster != NULL)
        return store_cluster_update(self(store), table, row);
    return run_on_one(store, STORE_SQL_UPDATE, table, row);
}

static enum err delete_row(struct store *store, const struct table *table, const void *row)
{
    if (table->cluster != NULL)
        return store_cluster_delete(self(store), table, row);
    return run_on_one(store, STORE_SQL_DELETE, table, row);
}

/* --- the whole --- */

static void foresee(struct store *store, const struct table *table, const void *row)
{
    if (self(store)->ahead != NULL)
        store_ahead_ask(self(store)->ahead, table, row);
}

static enum err settle_log(struct store *store, size_t pages_min)
{
    return store_log_settle(self(store), pages_min);
}

static enum err check(struct store *store, char *text, size_t text_size)
{
    return store_upkeep_check(self(store), text, text_size);
}

static enum err backup(struct store *store, const char *path)
{
    if (self(store)->sealed != NULL) {
        return ERR_KIND;
    }
    return store_upkeep_backup(self(store), path);
}

static void close_store(struct store *store)
{
    struct store_sqlite *sqlite = self(store);
    for (size_t i = 0; sqlite->caches != NULL && i < sqlite->table_count; i++) {
        store_statement_cache_fini(&sqlite->caches[i]);
    }
    free(sqlite->caches);
    store_sweep_close(sqlite);
    buffer_fini(&sqlite->packed);
    store_aside_close(sqlite);
    (void)sqlite3_close_v2(sqlite->db);
    store_sealed_close(&sqlite->sealed);
    store_gather_close(&sqlite->gather);
    free(sqlite);
}

/* --- opening --- */

/* *made: this call created it. 0600 from the start; SQLite gives -wal and -shm the same mode. An
 * existing file is not opened here: closing it would drop the locks another handle of this
 * process has on it (POSIX locks). */
static enum err make_file(bool *made, const char *path, const struct store_sqlite_options *options)
{
    *made = false;
    if (!options->create || options->read_only) {
        return file_exists(path) ? ERR_OK : ERR_MISSING;
    }
    const int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, FILE_PRIVATE);
    if (fd >= 0) {
        *made = true;
        (void)close(fd);
        return ERR_OK;
    }
    switch (errno) {
    case EEXIST:
        return ERR_OK;
    case EACCES:
    case EPERM:
        return ERR_PERMISSION;
    case EROFS:
        return ERR_READ_ONLY;
    case ENOENT:
        return ERR_MISSING;
    case ENOSPC:
        return ERR_DISK_FULL;
    default:
        return ERR_IO;
    }
}

static enum err set_guards(sqlite3 *db)
{
    static const struct {
        int option, value;
    } guards[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1}, {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},     {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    };
    for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++) {
        TRY(store_sqlite_err(sqlite3_db_config(db, guards[i].option, guards[i].value, NULL)));
    }
    return ERR_OK;
}

static enum err ask_for_wal(sqlite3 *db)
{
    AUTO(store_sqlite_finalize) sqlite3_stmt *statement = NULL;
    TRY(store_sqlite_err(
        sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &statement, NULL)));
    const int code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        return store_sqlite_err(code);
    }
    const char *mode = (const char *)sqlite3_column_text(statement, 0);
    return mode != NULL && strcmp(mode, "wal") == 0 ? ERR_OK : ERR_IO;
}

/* SQLite does not wait here by itself, and two processes may be making one file. */
static enum err set_journal(struct store_sqlite *sqlite)
{
    if (sqlite->read_only) {
        return ERR_OK;
    }
    enum err error = ask_for_wal(sqlite->db);
    for (int waited_ms = 0; error == ERR_BUSY && waited_ms < STORE_SQLITE_BUSY_MS;
         waited_ms += STORE_SQLITE_RETRY_MS) {
        (void)sqlite3_sleep(STORE_SQLITE_RETRY_MS);
        error = ask_for_wal(sqlite->db);
    }
    return error;
}

static enum err set_durability(struct store_sqlite *sqlite,
                               const struct store_sqlite_options *options)
{
    sqlite3 *db = sqlite->db;
    char cache[64];
    (void)snprintf(cache, sizeof cache, "PRAGMA cache_size = -%zu",
                   options->cache_kib != 0 ? options->cache_kib : (size_t)STORE_SQLITE_CACHE_KIB);
    TRY(store_sqlite_exec(db, "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
                              "PRAGMA cell_size_check = ON;"));
    TRY(store_sqlite_exec(db, cache));
    store_log_watch(sqlite, options->log_pages_max);
    return ERR_OK;
}

/* Room in each page for nonce and tag; a file that exists says so itself. */
static enum err set_reserve(sqlite3 *db)
{
    char sql[64];
    int reserve = SAFE_OVERHEAD;
    (void)snprintf(sql, sizeof sql, "PRAGMA page_size = %d", STORE_SEALED_PAGE_SIZE);
    TRY(store_sqlite_exec(db, sql));
    return store_sqlite_err(sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve));
}

/* Who holds a file alone writes its log in large pieces; sealed pages go one by one. */
static enum err choose_vfs(const char **name, struct store_sqlite *sqlite,
                           const struct store_sqlite_options *options)
{
    *name = NULL;
    if (options->key != NULL) {
        TRY(store_sealed_open(&sqlite->sealed, options->key));
        *name = store_sealed_name(sqlite->sealed);
    } else if (options->exclusive) {
        TRY(store_gather_open(&sqlite->gather, options->settles_aside ? STORE_SETTLER_VFS : NULL));
        *name = store_gather_name(sqlite->gather);
    }
    return ERR_OK;
}

static enum err open_file(struct store_sqlite *sqlite, const char *path,
                          const struct store_sqlite_options *options)
{
    const char *vfs;
    const int mode = sqlite->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    const int flags = mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    TRY(choose_vfs(&vfs, sqlite, options));
    TRY(store_sqlite_err(sqlite3_open_v2(path, &sqlite->db, flags, vfs)));
    TRY(store_sqlite_err(sqlite3_busy_timeout(sqlite->db, STORE_SQLITE_BUSY_MS)));
    TRY(set_guards(sqlite->db));
    return options->key == NULL ? ERR_OK : set_reserve(sqlite->db);
}

static size_t late_max(const struct store_sqlite_options *options)
{
    if (!options->settles_aside)
        return 0;
    return options->late_max != 0 ? options->late_max : STORE_SQLITE_LATE_MAX;
}

static enum err open_database(struct store_sqlite *sqlite, const char *path,
                              const struct store_sqlite_options *options)
{
    TRY(open_file(sqlite, path, options));
    if (options->exclusive && !options->settles_aside) {
        TRY(store_sqlite_exec(sqlite->db, "PRAGMA locking_mode = EXCLUSIVE"));
    }
    TRY(store_migrations_identify(sqlite));
    TRY(set_journal(sqlite));
    TRY(set_durability(sqlite, options));
    if (options->exclusive) { /* the lock is taken by the first transaction, then kept */
        TRY(store_sqlite_exec(sqlite->db, "BEGIN EXCLUSIVE; COMMIT"));
    }
    TRY(store_migrations_run(sqlite, options->create));
    TRY(store_sweep_open(sqlite, late_max(options)));
    return options->settles_aside ? store_aside_open(sqlite, path) : ERR_OK;
}

static enum err make_caches(struct store_sqlite *sqlite)
{
    while (sqlite->store.schema->tables[sqlite->table_count] != NULL) {
        sqlite->table_count++;
    }
    sqlite->caches = calloc(sqlite->table_count + 1, sizeof *sqlite->caches);
    return sqlite->caches == NULL ? ERR_MEMORY : ERR_OK;
}

static enum err open_all(struct store_sqlite *sqlite, const char *path,
                         const struct store_sqlite_options *options)
{
    bool made = false;
    TRY(make_caches(sqlite));
    TRY(make_file(&made, path, options));
    if (!sqlite->read_only && access(path, W_OK) != 0 && errno == EROFS)
        return ERR_READ_ONLY; /* SQLite would open it to read, and refuse later, not saying why */
    TRY(open_database(sqlite, path, options));
    return made ? store_upkeep_sync_directory(path) : ERR_OK;
}

/* SQLite counts each byte it allocates under one lock unless told not to before its first use; told
 * too late, it says so and goes on counting. */
static void set_up_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    store_pages_spare();
}

enum err store_sqlite_open(struct store **out, const char *path, const struct store_schema *schema,
                           const struct store_sqlite_options *options)
{
    static const struct store_ops ops = {
        begin,      commit, commit_early, flush,           rollback,       get,
        insert,     update, delete_row,   store_list_rows, store_list_sum, foresee,
        settle_log, check,  backup,       close_store};
    CHECK(!options->settles_aside || (options->exclusive && options->key == NULL));
    if (path[0] == '\0' || path[0] == ':') { /* SQLite takes these for something else than a file */
        return ERR_IO;
    }
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, set_up_library);
    struct store_sqlite *sqlite = calloc(1, sizeof *sqlite);
    if (sqlite == NULL) {
        return ERR_MEMORY;
    }
    store_init(&sqlite->store, &ops, schema);
    sqlite->read_only = options->read_only;
    sqlite->log_fd = -1;
    const enum err error = open_all(sqlite, path, options);
    if (error != ERR_OK) {
        close_store(&sqlite->store);
        return error == ERR_BUSY ? ERR_LOCKED : error;
    }
    *out = &sqlite->store;
    return ERR_OK;
}
