/* Reading ahead: what it costs and gives in points, what is dropped, and that the log begins anew
 * while lines are read. */
#include "common/store/store_ahead.h"

#include "common/store/store_settler.h"
#include "common/store/store_sqlite.h"
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOG_PAGES = 64, PAGE_SIZE = 4096, PATIENCE_MS = 20000, A_WHILE_MS = 50 };

static const struct store_sqlite_options aside = {.create = true,
                                                  .exclusive = true,
                                                  .settles_aside = true,
                                                  .log_pages_max = LOG_PAGES,
                                                  .late_max = 5};
static const struct store_sqlite_options small_cache = {
    .exclusive = true, .settles_aside = true, .cache_kib = 64};
static const struct table *const front = &contract_table_contract_front;

/* The contract suite, while readers read whatever is foreseen. */
#define AHEAD_TEST(name)                                                                           \
    Test(store_ahead, name)                                                                        \
    {                                                                                              \
        AUTO(temporary_fini) struct temporary temporary = temporary_make();                        \
        AUTO(store_close) struct store *store = NULL;                                              \
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));            \
        store_ahead_waited(store_ahead_of(store), STORE_AHEAD_POINTS_MAX);                         \
        store_contract_##name(store);                                                              \
    }
STORE_CONTRACT(AHEAD_TEST)

static void insert_lines(struct store *store, uint64_t first, uint64_t count)
{
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (uint64_t serial = first; serial < first + count; serial++)
        for (unsigned number = 0; number < 3; number++) {
            const struct contract_front row = contract_make_front(serial, number);
            EXPECT_OK(store_insert(store, front, &row));
        }
    EXPECT_OK(store_commit(store));
}

static void ask(struct store_ahead *ahead, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct contract_front row = contract_make_front(1 + i % 40, 0);
        store_ahead_ask(ahead, front, &row);
    }
}

static void expect_read_at_least(struct store_ahead *ahead, uint64_t count)
{
    for (int ms = 0; store_ahead_lines_read(ahead) < count && ms < PATIENCE_MS; ms++)
        (void)usleep(1000);
    cr_assert_geq(store_ahead_lines_read(ahead), count);
}

/* So many were read, and a while later no more. */
static void expect_read(struct store_ahead *ahead, uint64_t count)
{
    expect_read_at_least(ahead, count);
    (void)usleep(A_WHILE_MS * 1000);
    cr_assert_eq(store_ahead_lines_read(ahead), count, "%u read, expected %u",
                 (unsigned)store_ahead_lines_read(ahead), (unsigned)count);
}

enum event { ASK, ASK_OTHER, WAITED, REST, GO_ON };

/* The rows are in memory, so that no reader waits for the disk: no more points than are given. */
enum { MIN = STORE_AHEAD_POINTS_MIN, MAX = STORE_AHEAD_POINTS_MAX };
static const struct {
    enum event event;
    unsigned count;
    uint64_t expected; /* lines read by then */
} events[] = {
    {ASK, 100, 0}, /* nobody has waited yet */
    {WAITED, 0, 0},
    {ASK, 1, 0},
    {WAITED, MIN, 0},
    {ASK, 1, 0}, /* a page a question is not enough yet */
    {WAITED, 4, 0},
    {ASK, 1, 1},
    {ASK, 100, 3}, /* three were left; the others cost points, too */
    {WAITED, 97, 3},
    {ASK, 5, 3},
    {WAITED, 10, 3},
    {ASK_OTHER, 100, 3}, /* a table that has no lines costs none */
    {ASK, 100, 7},
    {WAITED, 100 * MAX, 7}, /* as many as can be saved up */
    {REST, 0, 7},
    {ASK, 10, 7}, /* they wait */
    {GO_ON, 0, 17},
    {ASK, 3 * MAX, 7 + MAX - MIN},
    {WAITED, MAX, 7 + MAX - MIN},
    {ASK, 1, 7 + MAX - MIN + 1},
};

static void act(struct store_ahead *ahead, enum event event, unsigned count)
{
    const struct contract_coin other = contract_make_coin(1, 1);
    if (event == ASK)
        ask(ahead, count);
    else if (event == WAITED)
        store_ahead_waited(ahead, count);
    else if (event == ASK_OTHER)
        store_ahead_ask(ahead, &contract_table_contract_coin, &other);
    else
        store_ahead_rest(ahead, event == REST);
}

/* Readers of the test's own: those of the store have points of their own. */
Test(store_ahead, reads_for_as_many_points_as_waiting_gave)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    AUTO(store_ahead_close) struct store_ahead *ahead = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    insert_lines(store, 1, 20); /* and as many that are asked for are not there */
    EXPECT_OK(store_ahead_open(&ahead, temporary.path, &contract_schema));
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        act(ahead, events[i].event, events[i].count);
        expect_read(ahead, events[i].expected);
    }
    store_ahead_waited(ahead, MAX);
    ask(ahead, MAX); /* and some still wait at the end */
}

/* By another process: closing the file here would drop the store's locks on it. */
static void forget(const char *path)
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        const int fd = open(path, O_RDWR);
        _exit(fsync(fd) != 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0);
    }
    cr_assert_gt(child, 0);
    cr_assert(waitpid(child, &status, 0) == child && status == 0);
}

/* As the kernel tells it elsewhere. */
static uint64_t bytes_read_by_this_thread(void)
{
    unsigned long long bytes = 0;
    char line[128];
    FILE *file = fopen("/proc/thread-self/io", "r");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "read_bytes: %llu", &bytes);
    (void)fclose(file);
    return bytes;
}

/* What a transaction waited for: nothing on a file system that is kept in memory. */
Test(store_ahead, a_transaction_that_waits_gives_points)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    AUTO(arena_fini) struct arena arena = {0};
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    insert_lines(store, 1, 2000);
    store_close(&store);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &small_cache));
    forget(temporary.path);
    const uint64_t before = bytes_read_by_this_thread();
    struct contract_front row = contract_make_front(1000, 0);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_OK(store_get(store, front, &row, &arena));
    row.state = 2;
    EXPECT_OK(store_update(store, front, &row));
    EXPECT_OK(store_commit(store));
    const uint64_t pages = (bytes_read_by_this_thread() - before) / PAGE_SIZE;
    store_ahead_waited(store_ahead_of(store), MIN);
    store_ahead_rest(store_ahead_of(store), true); /* what they read gives points, too: not yet */
    ask(store_ahead_of(store), 1000);
    store_ahead_rest(store_ahead_of(store), false);
    expect_read_at_least(store_ahead_of(store), pages < MAX - MIN ? pages : 1000);
}

/* More questions than may wait are dropped: none is ever waited for. */
Test(store_ahead, drops_what_is_too_much)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    AUTO(store_ahead_close) struct store_ahead *ahead = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    EXPECT_OK(store_ahead_open(&ahead, temporary.path, &contract_schema));
    store_ahead_rest(ahead, true);
    for (int i = 0; i < 2 * STORE_AHEAD_QUESTIONS_MAX; i++) {
        store_ahead_waited(ahead, MAX);
        ask(ahead, 1);
    }
    expect_read(ahead, 0);
    store_ahead_rest(ahead, false);
    expect_read(ahead, STORE_AHEAD_QUESTIONS_MAX);
}

struct asking {
    struct store *store;
    atomic_bool is_over;
};

static void *ask_on(void *context)
{
    struct asking *asking = context;
    while (!atomic_load(&asking->is_over)) {
        store_ahead_waited(store_ahead_of(asking->store), MAX);
        ask(store_ahead_of(asking->store), 10);
    }
    return NULL;
}

static off_t log_size(const char *path)
{
    char name[256];
    struct stat about = {0};
    (void)snprintf(name, sizeof name, "%s-wal", path);
    cr_assert_eq(stat(name, &about), 0, "%s", name);
    return about.st_size;
}

/* Readers hold the log up for moments only: it ends, and begins anew, and they go on. */
Test(store_ahead, the_log_begins_anew_while_lines_are_read)
{
    enum { COMMITS = 800, LOG_PAGES_IN_ALL = 4 * COMMITS }; /* at least */
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    pthread_t thread;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    struct asking asking = {.store = store};
    cr_assert_eq(pthread_create(&thread, NULL, ask_on, &asking), 0);
    uint64_t read_at_half = 0;
    for (uint64_t commit = 0; commit < COMMITS; commit++) {
        insert_lines(store, 1 + 4 * commit, 4);
        if (commit == COMMITS / 2)
            read_at_half = store_ahead_lines_read(store_ahead_of(store));
    }
    expect_read_at_least(store_ahead_of(store), read_at_half + 1);
    atomic_store(&asking.is_over, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_lt(log_size(temporary.path), LOG_PAGES_IN_ALL / 2 * PAGE_SIZE);
    cr_assert_eq(contract_count(store, front), 3 * 4 * COMMITS);
    EXPECT_OK(store_check(store, NULL, 0));
}

static sqlite3 *begin_to_read(const char *path)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, STORE_SETTLER_VFS), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM contract_coin", NULL, NULL, NULL),
                 SQLITE_OK);
    return db;
}

/* Lines of the commit with which the log begins anew: few pages, and nearly as many as it may
 * have. */
static const unsigned first_commits[] = {1, 250};

/* Somebody else reads what the log holds, so that it cannot begin anew: meanwhile all readers rest.
 */
Test(store_ahead, rests_while_a_long_log_is_to_end)
{
    for (size_t i = 0; i < sizeof first_commits / sizeof first_commits[0]; i++) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        AUTO(store_close) struct store *store = NULL;
        uint64_t serial = 1;
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
        const struct store_sqlite *sqlite = (const struct store_sqlite *)store;
        insert_lines(store, serial, 1);
        sqlite3 *const other = begin_to_read(temporary.path);
        bool rests = false;
        while (serial <= 2 * LOG_PAGES) { /* each commit adds a page at least */
            insert_lines(store, ++serial, 1);
            cr_assert(sqlite->ahead_rests || !rests, "until it begins anew");
            rests = sqlite->ahead_rests;
        }
        cr_assert(rests);
        store_ahead_waited(store_ahead_of(store), MAX);
        ask(store_ahead_of(store), 10);
        expect_read(store_ahead_of(store), 0);
        cr_assert_eq(sqlite3_close_v2(other), SQLITE_OK);
        int commits = 0;
        do /* until all of it was moved, */
            insert_lines(store, ++serial, 1);
        while (sqlite->log_pages != 0 && ++commits < 10);
        cr_assert_eq(sqlite->log_pages, 0);
        insert_lines(store, ++serial, first_commits[i]); /* and it begins anew */
        cr_assert(sqlite->log_pages > 0 && sqlite->log_pages < LOG_PAGES, "%zu", sqlite->log_pages);
        expect_read(store_ahead_of(store), 10);
    }
}
