/* Commits until killed (contract in killed.h). */
#include "tests/common/store/killed.h"

#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 3 }; /* a transaction */

static const struct table *const coins = &contract_table_contract_coin;
static const struct table *const front = &contract_table_contract_front;

/* Of a part, far from the one before in the order of the key. */
static struct contract_front make_front(uint64_t serial, unsigned number)
{
    struct contract_front row;
    memset(&row, 0, sizeof row);
    row.serial = 1 + serial % 5;
    row.coin_id.bytes[0] = (uint8_t)(serial * 37);
    memcpy(row.coin_id.bytes + 1, &serial, sizeof serial);
    row.coin_id.bytes[31] = (uint8_t)number;
    row.amount = contract_fen(1 + number);
    row.state = 1;
    return row;
}

static enum err insert_some(struct store *store, uint64_t serial)
{
    TRY(store_begin(store, STORE_WRITE));
    for (unsigned i = 0; i < ROWS; i++) {
        const struct contract_coin coin = contract_make_coin(serial, i);
        const struct contract_front row = make_front(serial, i);
        TRY(store_insert(store, coins, &coin));
        TRY(store_insert(store, front, &row));
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

/* Every row of a part is found by its key, and refused a second time. */
static void expect_found(struct store *store, size_t transactions)
{
    AUTO(arena_fini) struct arena arena = {0};
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (uint64_t serial = 1; serial <= transactions; serial++)
        for (unsigned i = 0; i < ROWS; i++) {
            struct contract_front row = make_front(serial, i);
            EXPECT_ERR(store_insert(store, front, &row), ERR_EXISTS);
            EXPECT_OK(store_get(store, front, &row, &arena));
        }
    store_rollback(store);
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
    cr_assert_eq(contract_count(store, front), rows);
    expect_found(store, rows / ROWS);
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
