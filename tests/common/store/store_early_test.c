/* Commits that do not wait for the disk, and the flush that does: what reached the disk is told by
 * the calls of fdatasync, which this program sees before the kernel. */
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOG_PAGES = 64, COMMITS = 300, FLUSHES_MAX = 100000 };

static const struct store_sqlite_options aside = {
    .create = true, .exclusive = true, .settles_aside = true, .log_pages_max = LOG_PAGES};
static const struct store_sqlite_options aside_long = {
    .create = true, .exclusive = true, .settles_aside = true};
static const struct store_sqlite_options plain = {.create = true};
static const struct table *const coins = &contract_table_contract_coin;

static atomic_uint flush_count;
static atomic_bool is_failing;

int fdatasync(int fd);
int fdatasync(int fd)
{
    atomic_fetch_add(&flush_count, 1);
    if (atomic_load(&is_failing)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

enum verb { BEGIN, EARLY, COMMIT, FLUSH };

static enum err act(struct store *store, enum verb verb, uint64_t serial)
{
    if (verb == FLUSH)
        return store_flush(store);
    const struct contract_coin coin = contract_make_coin(serial, 1);
    TRY(store_begin(store, STORE_WRITE));
    if (verb == BEGIN)
        return ERR_OK;
    TRY(store_insert(store, coins, &coin));
    return verb == EARLY ? store_commit_early(store) : store_commit(store);
}

/* verb, disk that fails; how often the disk is flushed, the result. */
struct event {
    enum verb verb;
    bool is_failing;
    unsigned flushes;
    enum err expected;
};

static void play(const struct store_sqlite_options *options, const struct event *events,
                 size_t count)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, options));
    EXPECT_OK(act(store, COMMIT, 1000)); /* the log has its header */
    for (size_t i = 0; i < count; i++) {
        const unsigned before = atomic_load(&flush_count);
        atomic_store(&is_failing, events[i].is_failing);
        const enum err error = act(store, events[i].verb, i + 1);
        cr_assert_eq(error, events[i].expected, "event %zu: %s", i, err_name(error));
        cr_assert_eq(atomic_load(&flush_count) - before, events[i].flushes, "event %zu", i);
        if (error != ERR_OK)
            store_rollback(store);
    }
    atomic_store(&is_failing, false);
}

/* The kernel may have dropped what it could not write: no flush after a failed one is believed. */
Test(store_early, is_early_where_the_log_is_settled_aside)
{
    static const struct event events[] = {
        {EARLY, false, 0, ERR_OK},
        {EARLY, true, 0, ERR_OK}, /* it does not look */
        {FLUSH, false, 1, ERR_OK},
        {COMMIT, false, 1, ERR_OK},
        {EARLY, false, 0, ERR_OK},
        {COMMIT, false, 1, ERR_OK},
        {EARLY, false, 0, ERR_OK},
        {FLUSH, true, 1, ERR_COMMIT_UNKNOWN},
        {FLUSH, false, 0, ERR_COMMIT_UNKNOWN},
        {BEGIN, false, 0, ERR_COMMIT_UNKNOWN},
    };
    play(&aside_long, events, sizeof events / sizeof events[0]);
}

Test(store_early, a_commit_whose_flush_fails_is_unknown)
{
    static const struct event events[] = {
        {EARLY, false, 0, ERR_OK},
        {COMMIT, true, 1, ERR_COMMIT_UNKNOWN},
        {BEGIN, false, 0, ERR_COMMIT_UNKNOWN},
        {FLUSH, false, 0, ERR_COMMIT_UNKNOWN},
    };
    play(&aside_long, events, sizeof events / sizeof events[0]);
}

/* Another process may read the rows as soon as they are committed. */
Test(store_early, is_a_commit_elsewhere)
{
    static const struct event events[] = {
        {EARLY, false, 1, ERR_OK},
        {COMMIT, false, 1, ERR_OK},
        {FLUSH, false, 0, ERR_OK},
    };
    play(&plain, events, sizeof events / sizeof events[0]);
}

/* ---- both at once ---- */

struct flusher {
    struct store *store;
    atomic_bool is_ending;
    enum err error;
};

static void *flush_on(void *context)
{
    struct flusher *flusher = context;
    for (int i = 0; i < FLUSHES_MAX && !atomic_load(&flusher->is_ending); i++)
        if (flusher->error == ERR_OK)
            flusher->error = store_flush(flusher->store);
    return NULL;
}

/* The log is begun anew many times meanwhile. */
Test(store_early, another_thread_flushes_while_commits_go_on)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &aside));
    struct flusher flusher = {.store = store};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, flush_on, &flusher), 0);
    for (uint64_t serial = 1; serial <= COMMITS; serial++)
        EXPECT_OK(act(store, EARLY, serial));
    atomic_store(&flusher.is_ending, true);
    pthread_join(thread, NULL);
    EXPECT_OK(flusher.error);
    store_close(&store);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &plain));
    cr_assert_eq(contract_count(store, coins), COMMITS);
    EXPECT_OK(store_check(store, NULL, 0));
}
