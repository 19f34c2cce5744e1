/* Durable rows: one narrow interface, two backends (store_memory: the executable specification;
 * store_sqlite: the embedded default), one contract suite. PostgreSQL and Citus come later
 * behind the same verbs.
 *
 * A row is a record declared with common/wire/schema.h; a table names its record, its key and
 * its indexes. From the one declaration come struct, SQL and CHECKs (common/store/table.h). Each
 * room declares its own tables.
 *
 * Rules:
 *  1. All reads and writes happen between store_begin and store_commit; reads see the
 *     transaction's own writes.
 *  2. store_insert never overwrites: ERR_EXISTS. The register's `spend` table has the key
 *     (serial, coin_id), so the store itself refuses the second spend.
 *  3. After a commit returned ERR_OK the rows survive kill -9 and power loss (WAL, flushed by each
 *     commit).
 *  4. ERR_COMMIT_UNKNOWN: neither done nor failed; close, open again and look.
 *  5. Any failure inside a transaction leaves it open; store_rollback ends it.
 *  6. One writer at a time; a store handle belongs to one thread, but for store_flush and
 *     store_foresee.
 */
#ifndef DCEP_COMMON_STORE_STORE_H
#define DCEP_COMMON_STORE_STORE_H

#include "common/store/table.h"

/* What a program's database holds. version counts from 1. A new database is made from tables at
 * once; an older one is brought up step by step by migrations (append-only, never edited after a
 * release), a backup being the caller's to take first. */
struct store_migration {
    unsigned to_version;
    const char *sql; /* one or more statements */
};
struct store_schema {
    const char
        *application; /* "central", "bank", "wallet": kept in the database, checked at open */
    unsigned version;
    const struct table *const *tables; /* NULL-terminated */
    const struct store_migration *migrations;
    size_t migration_count;
};

struct store;    /* handle */
struct safe_key; /* common/crypto/safe.h */

enum store_mode { STORE_READ, STORE_WRITE };

/* Where in a table to look. With index_number >= 0 rows equal in the index's first prefix_count
 * fields, else rows equal in the key's first prefix_count fields; in primary key order; only
 * rows whose primary key is after from's, if after. */
struct store_query {
    const struct table *table;
    int index_number; /* -1: the primary key */
    size_t prefix_count;
    bool after;
    bool descending;  /* newest first; then `after` means before */
    size_t count_max; /* 0 = no bound */
};

enum err store_begin(struct store *store, enum store_mode mode) MUST_USE; /* ERR_BUSY, ERR_LOCKED */
enum err store_commit(struct store *store) MUST_USE;
/* As store_commit, and the rows are the next transaction's to see, but a power loss may still undo
 * it, with all that came after it: whatever follows from it is told to nobody before a store_flush
 * that began later returned ERR_OK. */
enum err store_commit_early(struct store *store) MUST_USE;
/* All that was committed before it began is on disk. Any thread's, also while the handle's own goes
 * on. ERR_COMMIT_UNKNOWN: as of store_commit, and every later transaction gets it too. */
enum err store_flush(struct store *store) MUST_USE;
void store_rollback(struct store *store); /* harmless without a transaction: fit for clean-up */

/* row: key fields filled in; the rest comes out, blobs copied into arena. ERR_MISSING. */
enum err store_get(struct store *store, const struct table *table, void *row,
                   struct arena *arena) MUST_USE;
enum err store_insert(struct store *store, const struct table *table,
                      const void *row) MUST_USE; /* ERR_EXISTS */
enum err store_update(struct store *store, const struct table *table,
                      const void *row) MUST_USE; /* whole row; ERR_MISSING */
enum err store_put(struct store *store, const struct table *table,
                   const void *row) MUST_USE; /* insert or update */
enum err store_delete(struct store *store, const struct table *table,
                      const void *row) MUST_USE; /* ERR_MISSING */
/* rows: {items: array of the table's struct, count}. from may be NULL if prefix_count is 0 and
 * !after. */
enum err store_list(struct store *store, struct list *rows, const struct store_query *query,
                    const void *from, struct arena *arena) MUST_USE;
/* The sum of an AMOUNT/AMOUNT0/BALANCE field, and the count, of the rows a query selects
 * (count_max ignored). ERR_RANGE if the sum leaves the range of a balance. */
enum err store_sum(struct store *store, struct balance *sum, uint64_t *count,
                   const struct store_query *query, const void *from, const char *field) MUST_USE;

/* A hint, any thread's until store_close, in a transaction or not: rows with the same first field
 * of the key as row's will be asked for soon. What they are read from may be at hand then; nothing
 * else comes of it. */
void store_foresee(struct store *store, const struct table *table, const void *row);

/* Between transactions: what was committed moves from the log to where it stays, if at least
 * pages_min pages of the log wait for it. Commits do it themselves when the log is long, and are
 * slow then: who has nothing else to do does it earlier. A failure loses nothing. */
enum err store_settle_log(struct store *store, size_t pages_min) MUST_USE;

/* Whole-database verbs. check: integrity of the file and of every row against its schema:
 * ERR_INTEGRITY, the first finding in text (may be NULL). backup: an exact, consistent copy at
 * path (must not exist); the memory store refuses. */
enum err store_check(struct store *store, char *text, size_t text_size) MUST_USE;
enum err store_backup(struct store *store, const char *path) MUST_USE;
void store_close(struct store **store); /* fit for AUTO; rolls back */

/* ERR_MISSING if the file is not there and !create; ERR_VERSION if it is newer than the schema
 * or another application's; ERR_LOCKED if another process holds it (only with exclusive). Files
 * are made 0600. Opening what a server held (settles_aside) may write, once: what was late is put
 * in its place (store_sweep.h); ERR_LOCKED then also if somebody else writes all the while. */
struct store_sqlite_options {
    bool create, exclusive, read_only;
    /* Only with exclusive, and without key: a thread of the store's own moves what was committed
     * from the log to where it stays, and commits go on meanwhile; eight more, with a connection
     * and a MiB of cache each, read what store_foresee names. Nobody else in this process may open
     * the file then, and nobody reads in another what is not flushed yet: so here alone
     * store_commit_early is early, and elsewhere store_commit. */
    bool settles_aside;
    /* Every page is sealed under it, in the file and in its log; NULL: in clear. Borrowed for the
     * call. ERR_INTEGRITY if it is another one's. store_backup refuses (ERR_KIND): a copy would be
     * in clear. */
    const struct safe_key *key;
    /* 0: as is good for most. More memory for pages, and a longer log between two settlements of it
     * (store_settle_log), for who writes much in random places. */
    size_t cache_kib, log_pages_max;
    size_t late_max; /* 0: the usual number of late keys; only with settles_aside (store_sweep.h) */
};
enum err store_sqlite_open(struct store **out, const char *path, const struct store_schema *schema,
                           const struct store_sqlite_options *options) MUST_USE;
enum err store_memory_open(struct store **out, const struct store_schema *schema) MUST_USE;

/* For tests of both backends: the nth write verb from now (0 = the next), or commit, fails with
 * error instead of acting; negative switches it off. */
void store_fail_at(struct store *store, long nth, enum err error);

#endif
