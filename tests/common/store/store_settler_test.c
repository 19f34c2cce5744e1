/* A log that is settled aside: the contract suite, then that it moves, stays short, keeps other
 * processes out and survives kill. */
#include "common/store/store_settler.h"

#include "common/store/store_sqlite.h"
#include "tests/common/store/killed.h"
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOG_PAGES = 64, PAGE_SIZE = 4096, COMMITS = 300 };

static const struct store_sqlite_options aside = {
    .create = true, .exclusive = true, .settles_aside = true, .log_pages_max = LOG_PAGES};
static const struct store_sqlite_options aside_long = {
    .create = true, .exclusive = true, .settles_aside = true};
static const struct store_sqlite_options existing = {.create = false};
static const struct table *const coins = &contract_table_contract_coin;

#define SETTLER_TEST(name) STORE_CONTRACT_FILE(store_settler, name, aside)
STORE_CONTRACT(SETTLER_TEST)

static off_t size_of(const char *path, const char *suffix)
{
    char name[256];
    struct stat about = {0};
    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    cr_assert_eq(stat(name, &about), 0, "%s", name);
    return about.st_size;
}

static struct store_settler *settler_of(struct store *store)
{
    return ((struct store_sqlite *)store)->settler;
}

Test(store_settler, what_is_committed_moves_when_asked)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside_long));
    const off_t before = size_of(temporary.path, "");
    contract_insert_coins(store, 1, 500);
    EXPECT_OK(store_settle_log(store, 1000000));
    store_settler_wait(settler_of(store));
    cr_assert_eq(size_of(temporary.path, ""), before, "not worth it yet");
    EXPECT_OK(store_settle_log(store, 1));
    store_settler_wait(settler_of(store));
    cr_assert_gt(size_of(temporary.path, ""), before + 10 * PAGE_SIZE);
    cr_assert_eq(contract_count(store, coins), 500);
}

/* Commits that never pause, and transactions that are open while the settler works. */
Test(store_settler, the_log_is_started_anew_while_commits_go_on)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    for (uint64_t serial = 1; serial <= COMMITS; serial++)
        contract_insert_coins(store, serial, 3);
    cr_assert_eq(contract_count(store, coins), 3 * COMMITS);
    cr_assert_lt(size_of(temporary.path, "-wal"), 4 * LOG_PAGES * PAGE_SIZE);
    EXPECT_OK(store_check(store, NULL, 0));
    store_close(&store);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &existing));
    cr_assert_eq(contract_count(store, coins), 3 * COMMITS);
    EXPECT_OK(store_check(store, NULL, 0));
}

/* Reads what the log holds now, so that what comes after it cannot move. */
static sqlite3 *begin_to_read(const char *path)
{
    sqlite3 *db = NULL;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    cr_assert_eq(sqlite3_open_v2(path, &db, flags, STORE_SETTLER_VFS), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM contract_coin", NULL, NULL, NULL),
                 SQLITE_OK);
    return db;
}

static void insert_until_long(struct store *store, uint64_t *serial)
{
    const struct store_sqlite *sqlite = (const struct store_sqlite *)store;
    do {
        cr_assert(!sqlite->is_asked_at_end && *serial < COMMITS);
        contract_insert_coins(store, ++*serial, 1);
    } while (sqlite->log_pages < LOG_PAGES);
}

/* The last piece of a log is the writer's; all that was there before is not. */
Test(store_settler, is_asked_once_more_before_a_commit_settles_a_long_log)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    uint64_t serial = 1;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    const struct store_sqlite *sqlite = (const struct store_sqlite *)store;
    contract_insert_coins(store, serial, 1);
    sqlite3 *reader = begin_to_read(temporary.path);
    insert_until_long(store, &serial);
    cr_assert(sqlite->is_asked_at_end, "the settler's turn");
    store_settler_wait(settler_of(store));
    cr_assert_geq(sqlite->log_pages, LOG_PAGES, "not moved by the commit that found it long");
    contract_insert_coins(store, ++serial, 1);
    cr_assert(sqlite->log_pages == 0 && !sqlite->is_asked_at_end, "the writer's turn");
    cr_assert_eq(sqlite3_close(reader), SQLITE_OK);
    insert_until_long(store, &serial);
    store_settler_wait(settler_of(store));
    contract_insert_coins(store, ++serial, 1);
    cr_assert(sqlite->log_pages > 0 && sqlite->log_pages < LOG_PAGES / 2,
              "nobody reads: the settler moved all, and this is a new log");
    contract_insert_coins(store, ++serial, 1);
    cr_assert_not(sqlite->is_asked_at_end);
    cr_assert_eq(contract_count(store, coins), serial);
}

/* More than the log may hold beyond its length: the commit waits, and there is nothing left. */
Test(store_settler, is_waited_for_when_the_log_is_too_long)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    const struct store_sqlite *sqlite = (const struct store_sqlite *)store;
    contract_insert_coins(store, 1, 5000);
    cr_assert_gt(size_of(temporary.path, "-wal"), 2 * LOG_PAGES * PAGE_SIZE);
    cr_assert(sqlite->log_pages == 0 && !sqlite->is_asked_at_end);
    cr_assert_eq(contract_count(store, coins), 5000);
}

/* Another process, begun before this one opened anything: SQLite remembers in memory what it has
 * locked, and a child would believe that it was the child. */
struct stranger {
    pid_t pid;
    int ask, answer;
};

static const struct store_sqlite_options *const ways[] = {
    &existing, &(const struct store_sqlite_options){.read_only = true}, &aside};
enum { WAYS = sizeof ways / sizeof ways[0] };

static void open_as_told(const char *path, int ask, int answer)
{
    uint8_t way = 0;
    while (read(ask, &way, 1) == 1) {
        AUTO(store_close) struct store *store = NULL;
        const uint8_t error = (uint8_t)store_sqlite_open(&store, path, &contract_schema, ways[way]);
        if (write(answer, &error, 1) != 1)
            break;
    }
    _exit(0);
}

static struct stranger stranger_begin(const char *path)
{
    int ask[2], answer[2];
    cr_assert(pipe(ask) == 0 && pipe(answer) == 0);
    const pid_t pid = fork();
    if (pid == 0) {
        (void)close(ask[1]);
        open_as_told(path, ask[0], answer[1]);
    }
    (void)close(ask[0]);
    (void)close(answer[1]);
    return (struct stranger){pid, ask[1], answer[0]};
}

static enum err stranger_opens(const struct stranger *stranger, uint8_t way)
{
    uint8_t error = 0;
    cr_assert_eq(write(stranger->ask, &way, 1), 1);
    cr_assert_eq(read(stranger->answer, &error, 1), 1);
    return (enum err)error;
}

static void stranger_end(const struct stranger *stranger)
{
    (void)close(stranger->ask);
    (void)close(stranger->answer);
    cr_assert_eq(waitpid(stranger->pid, NULL, 0), stranger->pid);
}

Test(store_settler, keeps_other_processes_out)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    const struct stranger stranger = stranger_begin(temporary.path);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    for (uint8_t way = 0; way < WAYS; way++)
        EXPECT_ERR(stranger_opens(&stranger, way), ERR_LOCKED);
    contract_insert_coins(store, 1, 2);
    EXPECT_OK(store_settle_log(store, 1));
    store_settler_wait(settler_of(store));
    for (uint8_t way = 0; way < WAYS; way++)
        EXPECT_ERR(stranger_opens(&stranger, way), ERR_LOCKED);
    store_close(&store);
    for (uint8_t way = 0; way < WAYS; way++)
        EXPECT_OK(stranger_opens(&stranger, way));
    stranger_end(&stranger);
}

Test(store_settler, is_kept_out_by_other_processes)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    const struct stranger stranger = stranger_begin(temporary.path);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema,
                                &(const struct store_sqlite_options){.create = true}));
    contract_insert_coins(store, 1, 2);
    EXPECT_ERR(stranger_opens(&stranger, 2), ERR_LOCKED);
    store_close(&store);
    EXPECT_OK(stranger_opens(&stranger, 2));
    stranger_end(&stranger);
}

Test(store_settler, everything_acknowledged_survives_kill)
{
    killed_expect_whole(&aside);
}
