/* Commits until killed (contract in killed.h). */
#include "tests/common/store/killed.h"

#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 3 }; /* a transaction */

static const struct table *const coins = &contract_table_contract_coin;

static enum err insert_some(struct store *store, uint64_t serial)
{
    TRY(store_begin(store, STORE_WRITE));
    for (unsigned i = 0; i < ROWS; i++) {
        const struct contract_coin coin = contract_make_coin(serial, i);
        TRY(store_insert(store, coins, &coin));
    }
    return store_commit(store);
}

/* Acknowledges each commit through a pipe. */
static void commit_until_killed(const char *path, const struct store_sqlite_options *options,
                                int acknowledge)
{
    struct store *store = NULL;
    const uint8_t mark = 1;
    enum err error = store_sqlite_open(&store, path, &contract_schema, options);
    for (uint64_t serial = 1; error == ERR_OK; serial++) {
        error = insert_some(store, serial);
        if (error == ERR_OK && write(acknowledge, &mark, 1) != 1) {
            error = ERR_IO;
        }
    }
    _exit((int)error);
}

static size_t count_acknowledged(int fd)
{
    size_t count = 0;
    uint8_t mark;
    while (read(fd, &mark, 1) == 1) {
        count++;
    }
    return count;
}

static void expect_whole(const char *path, const struct store_sqlite_options *options,
                         size_t acknowledged)
{
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, path, &contract_schema, options));
    EXPECT_OK(store_check(store, NULL, 0));
    const size_t rows = contract_count(store, coins);
    cr_assert_eq(rows % ROWS, 0); /* transactions are whole */
    cr_assert(rows == ROWS * acknowledged || rows == ROWS * (acknowledged + 1),
              "%zu rows, %zu acknowledged", rows, acknowledged);
}

void killed_expect_whole(const struct store_sqlite_options *options)
{
    for (useconds_t pause_us = 500; pause_us < 100000; pause_us *= 2) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        int fds[2];
        cr_assert_eq(pipe(fds), 0);
        const pid_t child = fork();
        if (child == 0) {
            commit_until_killed(temporary.path, options, fds[1]);
        }
        cr_assert_eq(close(fds[1]), 0);
        usleep(pause_us);
        cr_assert_eq(kill(child, SIGKILL), 0);
        cr_assert_eq(waitpid(child, NULL, 0), child);
        expect_whole(temporary.path, options, count_acknowledged(fds[0]));
        cr_assert_eq(close(fds[0]), 0);
    }
}
