/* The keys of a line that are read at once: what a transaction read must not outlive what it does.
 */
#include "common/store/store_near.h"

#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>

enum { FEW = 5, SHORT = STORE_NEAR_KEYS, LONG = STORE_NEAR_KEYS + 1 };

static const struct table *const front = &contract_table_contract_front;

enum act { BEGIN, COMMIT, ROLLBACK, GET, INSERT, UPDATE, DELETE };

static enum err act(struct store *store, enum act act, unsigned number, struct arena *arena)
{
    struct contract_front row = contract_make_front(7, number);
    switch (act) {
    case BEGIN:
        return store_begin(store, STORE_WRITE);
    case COMMIT:
        return store_commit(store);
    case ROLLBACK:
        store_rollback(store);
        return ERR_OK;
    case GET:
        return store_get(store, front, &row, arena);
    case INSERT:
        return store_insert(store, front, &row);
    case UPDATE:
        return store_update(store, front, &row);
    case DELETE:
        return store_delete(store, front, &row);
    }
    return ERR_KIND;
}

/* Rows 0 to count - 1 of the line are there before, and many of other lines between them. */
static const struct {
    enum act act;
    unsigned number;
    enum err expected;
} events[] = {
    {BEGIN, 0, ERR_OK},
    {GET, 0, ERR_OK},
    {GET, 40, ERR_MISSING},
    {INSERT, 40, ERR_OK},
    {GET, 40, ERR_OK},
    {INSERT, 40, ERR_EXISTS},
    {INSERT, 0, ERR_EXISTS},
    {DELETE, 0, ERR_OK}, /* taken out of the file after its line was read */
    {GET, 0, ERR_MISSING},
    {DELETE, 0, ERR_MISSING},
    {INSERT, 0, ERR_OK},
    {INSERT, 0, ERR_EXISTS},
    {DELETE, 1, ERR_OK},
    {COMMIT, 0, ERR_OK}, /* puts keys into the file */
    {BEGIN, 0, ERR_OK},
    {GET, 1, ERR_MISSING},
    {GET, 0, ERR_OK},
    {GET, 40, ERR_OK},
    {INSERT, 40, ERR_EXISTS},
    {UPDATE, 2, ERR_OK},
    {DELETE, 2, ERR_OK},
    {UPDATE, 2, ERR_MISSING},
    {ROLLBACK, 0, ERR_OK}, /* it is there again */
    {BEGIN, 0, ERR_OK},
    {INSERT, 2, ERR_EXISTS},
    {GET, 2, ERR_OK},
    {INSERT, 41, ERR_OK},
    {ROLLBACK, 0, ERR_OK},
    {BEGIN, 0, ERR_OK},
    {GET, 41, ERR_MISSING},
    {INSERT, 41, ERR_OK},
    {COMMIT, 0, ERR_OK},
    {BEGIN, 0, ERR_OK},
    {GET, 41, ERR_OK},
    {COMMIT, 0, ERR_OK},
};

static void fill(struct store *store, unsigned count)
{
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (unsigned i = 0; i < 3 * count; i++) {
        const struct contract_front row = contract_make_front(6 + i % 3, i / 3);
        EXPECT_OK(store_insert(store, front, &row));
    }
    EXPECT_OK(store_commit(store));
}

static void run_events(const struct store_sqlite_options *options, unsigned count)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    AUTO(arena_fini) struct arena arena = {0};
    const struct store_sqlite_options creating = {.create = true};
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &creating));
    fill(store, count); /* all of these keys are in the file */
    store_close(&store);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, options));
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        const enum err error = act(store, events[i].act, events[i].number, &arena);
        cr_assert_eq(error, events[i].expected, "event %zu: %d", i, (int)error);
    }
    EXPECT_OK(store_check(store, NULL, 0));
}

Test(store_near, what_was_read_ends_with_what_is_written)
{
    static const struct store_sqlite_options options[] = {
        {.create = false},
        {.exclusive = true, .settles_aside = true, .late_max = FEW},
        {.exclusive = true, .settles_aside = true, .late_max = 1},
        {.exclusive = true, .settles_aside = true, .late_max = 1000},
    };
    static const unsigned counts[] = {4, SHORT, LONG, 3 * LONG};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++)
            run_events(&options[i], counts[j] < 40 ? counts[j] : 40);
}

/* Each key of lines about as long as can be read at once, and none that is not there. */
Test(store_near, lines_of_every_length)
{
    static const unsigned lengths[] = {1, SHORT - 1, SHORT, LONG, 3 * SHORT};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        AUTO(store_close) struct store *store = NULL;
        AUTO(arena_fini) struct arena arena = {0};
        const struct store_sqlite_options creating = {.create = true};
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &creating));
        fill(store, lengths[i]);
        EXPECT_OK(store_begin(store, STORE_READ));
        for (unsigned number = 0; number < 2 * lengths[i]; number++) {
            for (uint64_t serial = 5; serial < 10; serial++) {
                struct contract_front row = contract_make_front(serial, number);
                const bool is_there = serial > 5 && serial < 9 && number < lengths[i];
                row.amount = contract_fen(1);
                cr_assert_eq(store_get(store, front, &row, &arena),
                             is_there ? ERR_OK : ERR_MISSING);
                if (is_there)
                    cr_assert_eq(amount_compare(row.amount, contract_fen(1 + number)), 0);
            }
        }
        EXPECT_OK(store_commit(store));
    }
}
