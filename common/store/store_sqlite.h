/* What the files of the SQLite backend share. Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_SQLITE_H
#define DCEP_COMMON_STORE_STORE_SQLITE_H

#include "common/store/store_backend.h"
#include "common/store/store_sealed.h"

#include <sqlite3.h>
#include <stdatomic.h>

enum {
    STORE_SQLITE_APPLICATION_ID = 0x64636570, /* "dcep", in the file's header */
    STORE_SQLITE_BUSY_MS = 1000,              /* how long a writer waits for another */
    STORE_SQLITE_RETRY_MS = 5,
    STORE_SQLITE_CACHE_KIB = 64 * 1024,
    /* Commits between two checkpoints share the pages they touch: with random keys this many
     * pages instead of SQLite's 1,000 double the inserts a second (tools/bench/store_bench.c). */
    STORE_SQLITE_CHECKPOINT_PAGES = 8000,
    /* So often a settler is asked while the log grows to where it is started anew. */
    STORE_SQLITE_SETTLER_TURNS = 12,
    /* The log may become longer by this part while the settler ends what it is at. */
    STORE_SQLITE_SETTLER_SLACK = 8,
    /* So many keys may be late where the file is held alone (store_sweep.h). */
    STORE_SQLITE_LATE_MAX = 524288,
};

struct store_ahead;
struct store_gather;
struct store_settler;
struct store_sweep;
struct store_statement_cache; /* the prepared statements of one table */
struct store_sqlite {
    struct store store;
    sqlite3 *db;
    struct store_sealed *sealed; /* NULL: the file is in clear */
    struct store_gather *gather; /* NULL: SQLite writes the log page by page */
    bool read_only;
    /* A commit's result is: only opening again can tell. Whoever flushes may find out. */
    _Atomic bool unknown;
    size_t log_pages_max;
    size_t log_pages; /* of the write-ahead log after the last commit, if none settled it */
    int log_fd; /* to flush the log by while the connection is at work; -1: commits flush it */
    struct store_settler *settler; /* NULL: commits settle the log */
    bool ahead_rests;              /* while the log is long (store_log.c) */
    struct store_ahead *ahead;     /* NULL: nobody reads ahead */
    uint64_t pages_before;         /* store_ahead_pages, when the transaction began */
    size_t asked_pages;            /* how long the log was when the settler was asked last */
    bool is_asked_at_end;          /* it was asked once more when the log was long */
    size_t table_count;
    struct store_statement_cache *caches; /* one a table, in the schema's order */
    struct store_sweep *sweeps;           /* one a cluster */
    struct buffer packed;                 /* the packed rest of the row that is bound */
};

/* A result code of SQLite as ours. */
enum err store_sqlite_err(int code) MUST_USE;
enum err store_sqlite_exec(sqlite3 *db, const char *sql) MUST_USE;
/* The first column of the first row of sql; 0 if there is none. */
enum err store_sqlite_number(sqlite3 *db, int64_t *number, const char *sql) MUST_USE;
void store_sqlite_finalize(sqlite3_stmt **statement); /* fit for AUTO */

#endif
