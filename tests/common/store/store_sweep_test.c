/* Keys that follow their rows: the contract suite with hardly any of them late, then what only
 * sweeps can get wrong. */
#include "common/store/store_sweep.h"

#include "common/store/store_late.h"
#include "tests/common/store/killed.h"
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { FEW = 5 };

static const struct store_sqlite_options few = {
    .create = true, .exclusive = true, .settles_aside = true, .late_max = FEW};
static const struct store_sqlite_options many = {
    .create = true, .exclusive = true, .settles_aside = true, .late_max = 100000};
static const struct store_sqlite_options plain = {.create = false};
static const struct store_sqlite_options reading = {.read_only = true};
static const struct table *const front = &contract_table_contract_front;

#define SWEEP_TEST(name)                                                                           \
    Test(store_sweep, name)                                                                        \
    {                                                                                              \
        AUTO(temporary_fini) struct temporary temporary = temporary_make();                        \
        AUTO(store_close) struct store *store = NULL;                                              \
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &few));              \
        store_contract_##name(store);                                                              \
    }
STORE_CONTRACT(SWEEP_TEST)

Test(store_sweep, everything_acknowledged_survives_kill)
{
    killed_expect_whole(&few);
    killed_expect_whole(&many);
}

static struct contract_front make_row(unsigned number)
{
    struct contract_front row;
    memset(&row, 0, sizeof row);
    row.serial = 1 + number % 3;
    row.coin_id.bytes[0] = (uint8_t)(number * 37);
    row.coin_id.bytes[1] = (uint8_t)number;
    row.coin_id.bytes[2] = (uint8_t)(number >> 8);
    row.amount = contract_fen(1 + number);
    row.state = 1;
    return row;
}

static void insert(struct store *store, unsigned first, unsigned count)
{
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (unsigned i = first; i < first + count; i++) {
        const struct contract_front row = make_row(i);
        EXPECT_OK(store_insert(store, front, &row));
    }
    EXPECT_OK(store_commit(store));
}

static void expect_rows(struct store *store, unsigned first, unsigned count)
{
    AUTO(arena_fini) struct arena arena = {0};
    EXPECT_OK(store_begin(store, STORE_READ));
    for (unsigned i = first; i < first + count; i++) {
        struct contract_front row = make_row(i);
        row.amount = contract_fen(1);
        EXPECT_OK(store_get(store, front, &row, &arena));
        cr_assert_eq(amount_compare(row.amount, contract_fen(1 + i)), 0);
    }
    EXPECT_OK(store_commit(store));
    EXPECT_OK(store_check(store, NULL, 0));
}

/* What sql selects from the file, by another connection. */
static int64_t number_in_file(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    int64_t number = 0;
    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    EXPECT_OK(store_sqlite_number(db, &number, sql));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    return number;
}

static void run_on_file(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    EXPECT_OK(store_sqlite_exec(db, sql));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

static const char count_keys[] = "SELECT count(*) FROM contract_line_key";
static const char mark[] = "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM store_meta "
                           "WHERE name = 'contract_line_row'), 0)";

Test(store_sweep, no_more_keys_are_late_than_may_be)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &few));
    insert(store, 0, 100);
    for (unsigned i = 100; i < 200; i += 4)
        insert(store, i, 4);
    expect_rows(store, 0, 200);
    store_close(&store);
    cr_assert_geq(number_in_file(temporary.path, count_keys), 200 - FEW - 4);
    cr_assert_lt(number_in_file(temporary.path, mark), 200);
    cr_assert_gt(number_in_file(temporary.path, mark), 200 - 8 * FEW, "sweeps end");
}

/* One line a way to open what was left: keys in the file and mark afterwards. */
Test(store_sweep, who_opens_the_file_finds_what_was_late)
{
    static const struct {
        const struct store_sqlite_options *left_by, *opened_by;
        int64_t keys, mark;
    } cases[] = {
        {&many, &many, 60, 60}, {&many, &plain, 60, 60},  {&many, &reading, 0, 0},
        {&few, &few, 60, 60},   {&few, &reading, 55, -1}, {&plain, &many, 60, 60},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        AUTO(store_close) struct store *store = NULL;
        const struct store_sqlite_options creating = {.create = true};
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema,
                                    cases[i].left_by == &plain ? &creating : cases[i].left_by));
        for (unsigned n = 0; n < 60; n += 4)
            insert(store, n, 4);
        store_close(&store);
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, cases[i].opened_by));
        expect_rows(store, 0, 60);
        cr_assert_eq(contract_count(store, front), 60);
        store_close(&store);
        cr_expect_eq(number_in_file(temporary.path, count_keys), cases[i].keys, "%zu", i);
        if (cases[i].mark >= 0)
            cr_expect_eq(number_in_file(temporary.path, mark), cases[i].mark, "%zu", i);
    }
}

/* Of a transaction that was taken back nothing is left, and the sweep goes on as if it had not
 * been: the mark says no more than what is so. */
Test(store_sweep, what_is_rolled_back_moved_nothing)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &few));
    for (unsigned n = 0; n < 300; n += 3) {
        insert(store, n, 3);
        EXPECT_OK(store_begin(store, STORE_WRITE));
        for (unsigned i = 1000 + n; i < 1020 + n; i++) {
            const struct contract_front row = make_row(i);
            EXPECT_OK(store_insert(store, front, &row));
        }
        const struct contract_front gone = make_row(n + 1);
        EXPECT_OK(store_delete(store, front, &gone));
        EXPECT_OK(store_sweep_before_commit((struct store_sqlite *)store));
        store_rollback(store);
    }
    expect_rows(store, 0, 300);
    cr_assert_eq(contract_count(store, front), 300);
    store_close(&store);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &plain));
    expect_rows(store, 0, 300);
}

/* Deleted from the end on, then more: a number that the mark has passed would hide the row. */
Test(store_sweep, numbers_up_to_the_mark_are_given_to_no_other_row)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &many));
    insert(store, 0, 50);
    store_close(&store);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &many));
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (unsigned i = 20; i < 50; i++) {
        const struct contract_front row = make_row(i);
        EXPECT_OK(store_delete(store, front, &row));
    }
    EXPECT_OK(store_commit(store));
    insert(store, 100, 10);
    store_close(&store);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &many));
    expect_rows(store, 0, 20);
    expect_rows(store, 100, 10);
    cr_assert_eq(contract_count(store, front), 30);
}

/* One line a damage, and whether the file is still in order. */
Test(store_sweep, a_check_finds_keys_and_rows_that_do_not_meet)
{
    static const struct {
        const char *sql;
        enum err expected;
    } cases[] = {
        {"SELECT 1", ERR_OK},
        {"DELETE FROM contract_line_key WHERE \"row\" = 3", ERR_INTEGRITY},
        {"DELETE FROM contract_line WHERE \"row\" = 3", ERR_INTEGRITY},
        {"UPDATE contract_line_key SET \"row\" = 4 WHERE \"row\" = 3", ERR_INTEGRITY},
        {"UPDATE contract_line_key SET serial = 77 WHERE \"row\" = 3", ERR_INTEGRITY},
        {"UPDATE contract_line SET part = 1 WHERE \"row\" = 3", ERR_INTEGRITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        AUTO(store_close) struct store *store = NULL;
        char text[128] = "";
        const struct store_sqlite_options creating = {.create = true};
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &creating));
        insert(store, 0, 10);
        store_close(&store);
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &plain));
        store_close(&store); /* the mark is past them all: nothing is fetched again */
        run_on_file(temporary.path, cases[i].sql);
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &plain));
        EXPECT_ERR(store_check(store, text, sizeof text), cases[i].expected);
        cr_expect_eq(text[0] != '\0', cases[i].expected != ERR_OK, "%s", cases[i].sql);
    }
}

/* A late key is refused as one in the file is, and found by whatever finds that. */
Test(store_sweep, a_late_key_is_refused_a_second_time)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &few));
    insert(store, 0, 40);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (unsigned i = 0; i < 40; i++) {
        struct contract_front row = make_row(i);
        EXPECT_ERR(store_insert(store, front, &row), ERR_EXISTS);
        row.state = 2;
        EXPECT_OK(store_update(store, front, &row));
    }
    EXPECT_OK(store_commit(store));
    cr_assert_eq(contract_count(store, front), 40);
    EXPECT_OK(store_check(store, NULL, 0));
}
