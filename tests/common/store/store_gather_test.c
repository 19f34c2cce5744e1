/* The log in large pieces: which writes become one, that what SQLite calls committed is in the file
 * at that moment, and what a piece that fails leaves. */
#include "common/store/store_gather.h"

#include "common/store/store_settler.h"
#include "common/store/store_through.h"
#include "tests/common/store/failing_vfs.h"
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 24, PAGE = 4096, FRAME = HEAD + PAGE, LOG_HEAD = 32, PIECE = 31 * FRAME };

static const struct store_sqlite_options alone = {.create = true, .exclusive = true};
static const struct store_sqlite_options aside = {
    .create = true, .exclusive = true, .settles_aside = true};
static const struct store_sqlite_options cramped = {
    .create = true, .exclusive = true, .cache_kib = 16, .log_pages_max = 40};

/* Its cache holds less than a transaction: pages go to the log before their time. */
#define CRAMPED_TEST(name) STORE_CONTRACT_FILE(store_gather_cramped, name, cramped)
STORE_CONTRACT(CRAMPED_TEST)

/* --- a VFS below that tells what comes to it --- */

static struct store_through watch;
static struct {
    long writes, largest;      /* to the log: how many, and the bytes of the largest one */
    sqlite3_int64 bytes;       /* of all */
    long heads, pages;         /* that came alone, over earlier frames */
    long fails_in, fails_with; /* the write from now that fails; 0: none */
} seen;

struct watched_file {
    struct store_through_file through;
    bool is_log;
};

static int on_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    sqlite3_file *real = store_through_real(file);
    if (((struct watched_file *)file)->is_log) {
        if (seen.fails_in > 0 && --seen.fails_in == 0)
            return (int)seen.fails_with;
        seen.writes++;
        seen.bytes += size;
        seen.largest = size > seen.largest ? size : seen.largest;
        seen.heads += size == HEAD;
        seen.pages += size == PAGE;
    }
    return real->pMethods->xWrite(real, data, size, offset);
}

static int on_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                   int *out_flags)
{
    ((struct watched_file *)file)->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    return store_through_open(vfs, name, file, flags, out_flags);
}

static struct store_gather *gather_over_watch(void)
{
    struct store_gather *gather = NULL;
    EXPECT_OK(store_through_init(&watch, NULL, "watch", sizeof(struct watched_file)));
    watch.vfs.xOpen = on_open;
    watch.methods.xWrite = on_write;
    EXPECT_OK(store_through_register(&watch));
    EXPECT_OK(store_gather_open(&gather, watch.name));
    return gather;
}

/* --- which writes become one --- */

enum act { WRITE, COMMIT, READ, SYNC, SIZE, CUT, CLOSE };

/* COMMIT: a head that ends a transaction. */
static int act(sqlite3_file *log, enum act what, int size, sqlite3_int64 offset)
{
    static uint8_t bytes[2 * PAGE];
    sqlite3_int64 length;
    memset(bytes, 0, sizeof bytes);
    bytes[7] = what == COMMIT;
    switch (what) {
    case READ:
        return log->pMethods->xRead(log, bytes, size, offset);
    case SYNC:
        return log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    case SIZE:
        return log->pMethods->xFileSize(log, &length);
    case CUT:
        return log->pMethods->xTruncate(log, offset);
    case CLOSE:
        return log->pMethods->xClose(log);
    case WRITE:
    case COMMIT:
    default:
        return log->pMethods->xWrite(log, bytes, size, offset);
    }
}

static sqlite3_file *open_log(struct store_gather *gather, const char *path)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(store_gather_name(gather));
    const int flags = SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite3_file *log = calloc(1, (size_t)vfs->szOsFile);
    cr_assert_eq(vfs->xOpen(vfs, path, log, flags, NULL), SQLITE_OK);
    return log;
}

#define AT(frame) (LOG_HEAD + (frame) * (sqlite3_int64)FRAME)

Test(store_gather_writes, become_one_where_frames_follow_each_other)
{
    static const struct {
        enum act what;
        int size;
        sqlite3_int64 offset;
        long writes;        /* that the file below has seen by then */
        sqlite3_int64 held; /* bytes that it has not */
    } steps[] = {
        {WRITE, LOG_HEAD, 0, 1, 0},
        {WRITE, HEAD, AT(0), 1, HEAD},
        {WRITE, PAGE, AT(0) + HEAD, 1, FRAME},
        {COMMIT, HEAD, AT(1), 1, FRAME + HEAD},
        {WRITE, PAGE, AT(1) + HEAD, 2, 0}, /* the end of a transaction */
        {COMMIT, HEAD, AT(2), 2, HEAD},
        {WRITE, PAGE, AT(2) + HEAD, 3, 0}, /* and of one with a single page */
        {WRITE, HEAD, AT(3), 3, HEAD},
        {READ, HEAD, AT(2), 3, HEAD},
        {READ, HEAD, AT(3), 4, 0}, /* a head alone, if somebody looks at it just then */
        {WRITE, PAGE, AT(3) + HEAD, 5, 0},
        {WRITE, HEAD, AT(4), 5, HEAD},
        {WRITE, PAGE, AT(4) + HEAD, 5, FRAME},
        {WRITE, PAGE, AT(3) + HEAD, 7, 0}, /* over an earlier page: at once, after what was held */
        {COMMIT, HEAD, AT(5), 8, 0},       /* no longer where the last write ended */
        {WRITE, PAGE, AT(5) + HEAD, 9, 0},
        {WRITE, HEAD, AT(3), 10, 0}, /* heads once more, the last one a commit's */
        {WRITE, HEAD, AT(4), 11, 0},
        {COMMIT, HEAD, AT(5), 12, 0},
        {WRITE, HEAD, AT(6), 13, 0},
        {WRITE, PAGE, AT(6) + HEAD, 14, 0},
        {WRITE, HEAD, AT(7), 14, HEAD},
        {SYNC, 0, 0, 15, 0},
        {WRITE, PAGE, AT(7) + HEAD, 16, 0},
        {WRITE, HEAD, AT(8), 16, HEAD},
        {SIZE, 0, 0, 17, 0},
        {WRITE, LOG_HEAD, 0, 18, 0}, /* begun anew */
        {WRITE, HEAD, AT(0), 18, HEAD},
        {CUT, 0, AT(0), 19, 0},
        {WRITE, LOG_HEAD, 0, 20, 0},
        {COMMIT, HEAD, AT(0), 20, HEAD},
        {WRITE, 2 * PAGE, AT(0) + HEAD, 22, 0}, /* larger than ours */
        {WRITE, HEAD, AT(0) + HEAD + 2 * PAGE, 22, HEAD},
        {CLOSE, 0, 0, 23, 0},
    };
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct store_gather *gather = gather_over_watch();
    sqlite3_file *log = open_log(gather, temporary.path);
    sqlite3_int64 given = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        given += steps[i].what == WRITE || steps[i].what == COMMIT ? steps[i].size : 0;
        cr_assert_eq(act(log, steps[i].what, steps[i].size, steps[i].offset), SQLITE_OK);
        cr_assert_eq(seen.writes, steps[i].writes, "step %zu: %ld writes", i, seen.writes);
        cr_assert_eq(given - seen.bytes, steps[i].held, "step %zu: %lld", i, given - seen.bytes);
    }
    free(log);
    store_gather_close(&gather);
}

/* After SQLITE_FULL, SQLite could take back one statement and go on without what was lost. */
Test(store_gather_writes, that_fail_in_a_read_are_not_told_as_a_full_disk)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct store_gather *gather = gather_over_watch();
    sqlite3_file *log = open_log(gather, temporary.path);
    cr_assert_eq(act(log, WRITE, LOG_HEAD, 0), SQLITE_OK);
    cr_assert_eq(act(log, WRITE, HEAD, AT(0)), SQLITE_OK);
    seen.fails_in = 1;
    seen.fails_with = SQLITE_FULL;
    cr_assert_eq(act(log, READ, LOG_HEAD, 0), SQLITE_OK, "nothing of what is held");
    cr_assert_eq(act(log, READ, LOG_HEAD + HEAD, 0), SQLITE_IOERR_READ);
    cr_assert_eq(act(log, READ, LOG_HEAD, 0), SQLITE_OK);
    cr_assert_eq(act(log, CLOSE, 0, 0), SQLITE_OK);
    free(log);
    store_gather_close(&gather);
}

/* --- by SQLite --- */

static sqlite3 *open_database(const char *path, const char *vfs)
{
    sqlite3 *db = NULL;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    cr_assert_eq(sqlite3_open_v2(path, &db, flags, vfs), SQLITE_OK);
    return db;
}

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

#define RUN(db, sql) cr_assert_eq(run(db, sql), SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db))

static sqlite3_int64 number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s", sqlite3_errmsg(db));
    const sqlite3_int64 value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return value;
}

/* Commits are not flushed, so nothing but the end of a transaction makes them go to the file. */
static sqlite3 *make_rows(const char *path, const char *vfs)
{
    sqlite3 *db = open_database(path, vfs);
    RUN(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = 10;"
            "PRAGMA wal_autocheckpoint = 60; CREATE TABLE row (n INTEGER PRIMARY KEY, v, b);"
            "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 400)"
            "INSERT INTO row SELECT n, random() >> 16, randomblob(900) FROM c");
    return db;
}

/* Each change gives a row another number: the sum tells which of them are there. */
#define SUM "SELECT sum(v) FROM row"

static void copy_file(const char *from, const char *to)
{
    static uint8_t bytes[1 << 16];
    FILE *source = fopen(from, "rb"), *target = fopen(to, "wb");
    cr_assert(source != NULL && target != NULL);
    size_t size;
    while ((size = fread(bytes, 1, sizeof bytes, source)) > 0)
        cr_assert_eq(fwrite(bytes, 1, size, target), size);
    cr_assert_eq(fclose(source) | fclose(target), 0);
}

/* What somebody would find after this process had been killed just now. */
static sqlite3_int64 sum_if_killed(const struct temporary *temporary)
{
    char from[256], to[256];
    (void)snprintf(from, sizeof from, "%s-wal", temporary->path);
    (void)snprintf(to, sizeof to, "%s-wal", temporary->other);
    copy_file(temporary->path, temporary->other);
    copy_file(from, to);
    sqlite3 *db = open_database(temporary->other, NULL);
    cr_assert_eq(number(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    const sqlite3_int64 sum = number(db, SUM);
    (void)sqlite3_close(db);
    return sum;
}

/* Some rows are changed, many of them twice, so that pages that left the cache come again. */
static int change(sqlite3 *db, unsigned seed, unsigned rows)
{
    for (unsigned i = 0; i < rows; i++) {
        char sql[160];
        seed = seed * 1103515245U + 12345U;
        (void)snprintf(sql, sizeof sql,
                       "UPDATE row SET v = random() >> 16, b = randomblob(%u) WHERE n = %u",
                       800 + (seed >> 8) % 200, 1 + (seed >> 16) % 400);
        const int code = run(db, sql);
        if (code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

/* Transactions of all sizes; each fourth is taken back. */
Test(store_gather_writes, are_in_the_file_when_a_transaction_is_over)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct store_gather *gather = gather_over_watch();
    sqlite3 *db = make_rows(temporary.path, store_gather_name(gather));
    memset(&seen, 0, sizeof seen);
    for (unsigned i = 0; i < 60; i++) {
        const sqlite3_int64 before = number(db, SUM);
        RUN(db, "BEGIN");
        cr_assert_eq(change(db, i, i % 3 == 0 ? 1 : 10 * (i % 7)), SQLITE_OK);
        RUN(db, i % 4 == 3 ? "ROLLBACK" : "COMMIT");
        const sqlite3_int64 after = number(db, SUM);
        cr_assert(i % 4 != 3 || after == before);
        cr_assert_eq(sum_if_killed(&temporary), after, "transaction %u", i);
    }
    cr_assert_gt(seen.largest, 10 * FRAME);
    cr_assert_gt(seen.heads, 20, "heads written once more, for their sums: %ld", seen.heads);
    cr_assert_gt(seen.pages, 20, "pages written once more: %ld", seen.pages);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    store_gather_close(&gather);
}

Test(store_gather_writes, of_a_large_commit_are_few)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct store_gather *gather = gather_over_watch();
    sqlite3 *db = make_rows(temporary.path, store_gather_name(gather));
    RUN(db, "PRAGMA cache_size = 1000; PRAGMA wal_autocheckpoint = 0;"
            "PRAGMA wal_checkpoint(TRUNCATE); UPDATE row SET b = randomblob(900) WHERE n = 1");
    memset(&seen, 0, sizeof seen);
    RUN(db, "UPDATE row SET b = randomblob(900)");
    cr_assert_gt(seen.bytes, 90 * FRAME);
    cr_assert_leq(seen.writes, 1 + seen.bytes / PIECE);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    store_gather_close(&gather);
}

/* Who holds a file alone writes so, whoever else of the process settles the log. */
static long writes_of_a_commit(const struct store_sqlite_options *options)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, options));
    contract_insert_coins(store, 1, 500);
    const long before = failing_vfs_log_writes();
    contract_insert_coins(store, 2, 500);
    return failing_vfs_log_writes() - before;
}

Test(store_gather_writes, are_those_of_a_store_that_holds_its_file_alone)
{
    failing_vfs_install(NULL);
    cr_assert_gt(writes_of_a_commit(&(struct store_sqlite_options){.create = true}), 20);
    cr_assert_leq(writes_of_a_commit(&alone), 4);
}

Test(store_gather_writes, are_those_of_a_store_that_is_settled_aside)
{
    failing_vfs_install(STORE_SETTLER_VFS);
    cr_assert_leq(writes_of_a_commit(&aside), 4);
}

/* --- a piece that fails --- */

/* True: that write is beyond the transaction's last. */
static bool fail_once(long nth, int code)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct store_gather *gather = gather_over_watch();
    sqlite3 *db = make_rows(temporary.path, store_gather_name(gather));
    const sqlite3_int64 before = number(db, SUM);
    RUN(db, "BEGIN");
    seen.fails_in = nth;
    seen.fails_with = code;
    int said = change(db, 7, 60);
    if (said == SQLITE_OK)
        said = run(db, "COMMIT");
    const bool is_beyond = seen.fails_in > 0;
    seen.fails_in = 0;
    cr_assert_eq(said == SQLITE_OK, is_beyond, "write %ld: %d", nth, said);
    if (sqlite3_get_autocommit(db) == 0)
        RUN(db, "ROLLBACK");
    if (!is_beyond)
        cr_assert_eq(number(db, SUM), before, "write %ld", nth);
    cr_assert_eq(sum_if_killed(&temporary), number(db, SUM), "write %ld", nth);
    cr_assert_eq(change(db, 8, 5), SQLITE_OK); /* and then it goes on */
    cr_assert_eq(sum_if_killed(&temporary), number(db, SUM));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    store_gather_close(&gather);
    store_through_fini(&watch);
    return is_beyond;
}

Test(store_gather_writes, that_fail_take_their_transaction_with_them)
{
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_WRITE};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        long nth = 1;
        while (!fail_once(nth, codes[i]))
            nth++;
        cr_assert_gt(nth, 50, "writes of a transaction that outgrew the cache: %ld", nth);
    }
}
