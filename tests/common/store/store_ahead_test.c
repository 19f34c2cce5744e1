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

static struct store_ahead *ahead_of(struct store *store)
{
    return ((struct store_sqlite *)store)->ahead;
}

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

static void foresee(struct store *store, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct contract_front row = contract_make_front(1 + i % 40, 0);
        store_foresee(store, front, &row);
    }
}

static void expect_read_at_least(struct store *store, uint64_t count)
{
    struct store_ahead *ahead = ahead_of(store);
    for (int ms = 0; store_ahead_lines_read(ahead) < count && ms < PATIENCE_MS; ms++)
        (void)usleep(1000);
    cr_assert_geq(store_ahead_lines_read(ahead), count);
}

/* So many were read, and a while later no more. */
static void expect_read(struct store *store, uint64_t count)
{
    expect_read_at_least(store, count);
    (void)usleep(A_WHILE_MS * 1000);
    cr_assert_eq(store_ahead_lines_read(ahead_of(store)), count, "%u read, expected %u",
                 (unsigned)store_ahead_lines_read(ahead_of(store)), (unsigned)count);
}

enum event { ASK, ASK_OTHER, WAITED, REST, GO_ON };

/* The rows are in memory, so that no reader waits for the disk: no more points than are given. */
static const struct {
    enum event event;
    unsigned count;
    uint64_t expected; /* lines read by then */
} events[] = {
    {ASK, 100, 0}, /* nobody has waited yet */
    {WAITED, 0, 0},
    {ASK, 1, 0},
    {WAITED, 1, 0},
    {ASK, STORE_AHEAD_GAIN - 1, STORE_AHEAD_GAIN - 1},
    {ASK, 5, STORE_AHEAD_GAIN}, /* one point was left */
    {ASK_OTHER, 5, STORE_AHEAD_GAIN},
    {WAITED, 2, STORE_AHEAD_GAIN},
    {ASK_OTHER, 100, STORE_AHEAD_GAIN}, /* a table that has no lines costs none */
    {REST, 0, STORE_AHEAD_GAIN},
    {ASK, STORE_AHEAD_GAIN, STORE_AHEAD_GAIN}, /* dropped, and paid for */
    {GO_ON, 0, STORE_AHEAD_GAIN},
    {ASK, 100, 2 * STORE_AHEAD_GAIN},
    {WAITED, 100 * STORE_AHEAD_POINTS_MAX, 2 * STORE_AHEAD_GAIN},
    {ASK, 1000, 2 * STORE_AHEAD_GAIN + 1000},
    {REST, 0, 2 * STORE_AHEAD_GAIN + 1000},
    {ASK, STORE_AHEAD_POINTS_MAX, 2 * STORE_AHEAD_GAIN + 1000}, /* all that can be saved up */
    {GO_ON, 0, 2 * STORE_AHEAD_GAIN + 1000},
    {ASK, 100, 2 * STORE_AHEAD_GAIN + 1000},
};

static void act(struct store *store, enum event event, unsigned count)
{
    const struct contract_coin other = contract_make_coin(1, 1);
    if (event == ASK)
        foresee(store, count);
    else if (event == WAITED)
        store_ahead_waited(ahead_of(store), count);
    else if (event == ASK_OTHER)
        store_foresee(store, &contract_table_contract_coin, &other);
    else
        store_ahead_rest(ahead_of(store), event == REST);
}

Test(store_ahead, reads_for_as_many_points_as_waiting_gave)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    insert_lines(store, 1, 20); /* and as many that are asked for are not there */
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        act(store, events[i].event, events[i].count);
        expect_read(store, events[i].expected);
    }
}

static void forget(const char *path)
{
    const int fd = open(path, O_RDWR);
    cr_assert_geq(fd, 0);
    cr_assert_eq(fsync(fd), 0);
    cr_assert_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    cr_assert_eq(close(fd), 0);
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
    const uint64_t before = store_ahead_pages();
    struct contract_front row = contract_make_front(1000, 0);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_OK(store_get(store, front, &row, &arena));
    row.state = 2;
    EXPECT_OK(store_update(store, front, &row));
    EXPECT_OK(store_commit(store));
    const uint64_t points = (store_ahead_pages() - before) * STORE_AHEAD_GAIN;
    foresee(store, 1000); /* in memory again, or more points by each that is not */
    if (points == 0)
        expect_read(store, 0);
    else
        expect_read_at_least(store, points < 1000 ? points : 1000);
}

/* Beyond what may wait, a question is dropped; none is ever waited for. */
Test(store_ahead, drops_what_is_too_much)
{
    enum { ROUNDS = 20 };
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    for (int i = 0; i < ROUNDS; i++) {
        store_ahead_waited(ahead_of(store), STORE_AHEAD_POINTS_MAX);
        foresee(store, STORE_AHEAD_POINTS_MAX);
    }
    uint64_t before = 0;
    do {
        before = store_ahead_lines_read(ahead_of(store));
        (void)usleep(A_WHILE_MS * 1000);
    } while (store_ahead_lines_read(ahead_of(store)) != before);
    cr_assert_lt(before, ROUNDS * STORE_AHEAD_POINTS_MAX);
    store_ahead_waited(ahead_of(store), STORE_AHEAD_POINTS_MAX);
    foresee(store, STORE_AHEAD_POINTS_MAX);
    store_close(&store); /* with questions that wait */
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    EXPECT_OK(store_check(store, NULL, 0));
}

struct asking {
    struct store *store;
    atomic_bool is_over;
};

static void *ask_on(void *context)
{
    struct asking *asking = context;
    while (!atomic_load(&asking->is_over)) {
        store_ahead_waited(ahead_of(asking->store), 1);
        foresee(asking->store, STORE_AHEAD_GAIN);
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
    enum { COMMITS = 400 };
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
            read_at_half = store_ahead_lines_read(ahead_of(store));
    }
    expect_read_at_least(store, read_at_half + 1);
    atomic_store(&asking.is_over, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_lt(log_size(temporary.path), 8 * LOG_PAGES * PAGE_SIZE);
    cr_assert_eq(contract_count(store, front), 3 * 4 * COMMITS);
    EXPECT_OK(store_check(store, NULL, 0));
}

/* Somebody else reads what the log holds, so that it cannot begin anew: meanwhile all readers rest.
 */
Test(store_ahead, rests_while_a_long_log_is_to_end)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    sqlite3 *other = NULL;
    uint64_t serial = 1;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    insert_lines(store, serial, 1);
    cr_assert_eq(sqlite3_open_v2(temporary.path, &other, SQLITE_OPEN_READONLY, STORE_SETTLER_VFS),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_exec(other, "BEGIN; SELECT count(*) FROM contract_coin", NULL, NULL, NULL),
                 SQLITE_OK);
    while (serial <= 2 * LOG_PAGES) /* each commit adds a page at least */
        insert_lines(store, ++serial, 1);
    store_ahead_waited(ahead_of(store), 100);
    foresee(store, 10);
    expect_read(store, 0);
    cr_assert_eq(sqlite3_close_v2(other), SQLITE_OK);
    for (int i = 0; i < 10; i++) /* soon it begins anew */
        insert_lines(store, ++serial, 1);
    foresee(store, 10);
    expect_read(store, 10);
}
