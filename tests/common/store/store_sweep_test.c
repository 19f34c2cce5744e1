/* Keys that follow their rows: what only sweeps can get wrong. */
#include "common/store/store_sweep.h"

#include "common/store/store_late.h"
#include "common/store/store_settler.h"
#include "tests/common/store/failing_vfs.h"
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { FEW = 5, MANY = 4000 };

static const struct store_sqlite_options few = {
    .create = true, .exclusive = true, .settles_aside = true, .late_max = FEW};
static const struct store_sqlite_options many = {
    .create = true, .exclusive = true, .settles_aside = true, .late_max = 100000};
static const struct store_sqlite_options plain = {.create = false};
static const struct store_sqlite_options reading = {.read_only = true};
static const struct table *const front = &contract_table_contract_front;

static struct contract_front make_row(unsigned number)
{
    return contract_make_front(1 + number % 3, number);
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
        {&many, &many, 60, 60},  {&many, &plain, 60, 60},  {&many, &reading, 0, 0},
        {&few, &few, 60, 60},    {&few, &reading, 55, -1}, {&plain, &many, 60, 60},
        {&plain, &plain, 60, 0},
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

static sqlite3 *db_of(struct store *store)
{
    return ((struct store_sqlite *)store)->db;
}

enum { TOGGLED = 200 };

static void toggle(struct store *store, bool is_there[TOGGLED], unsigned number)
{
    const struct contract_front row = make_row(number);
    EXPECT_OK(is_there[number] ? store_delete(store, front, &row)
                               : store_insert(store, front, &row));
    is_there[number] = !is_there[number];
}

/* No row up to the mark is without its key in the file: what opening would not look at. */
static void expect_none_overlooked(struct store *store)
{
    int64_t count = 1;
    EXPECT_OK(store_sqlite_number(
        db_of(store), &count,
        "SELECT count(*) FROM contract_line AS r WHERE \"row\" <= coalesce((SELECT CAST(value AS "
        "INTEGER) FROM store_meta WHERE name = 'contract_line_row'), 0) AND NOT EXISTS "
        "(SELECT 1 FROM contract_line_key AS k WHERE k.serial = r.serial AND "
        "k.coin_id = r.coin_id AND k.part = r.part AND k.\"row\" = r.\"row\")"));
    cr_assert_eq(count, 0);
    EXPECT_OK(store_check(store, NULL, 0));
}

static void expect_there(struct store *store, const bool is_there[TOGGLED])
{
    AUTO(arena_fini) struct arena arena = {0};
    size_t count = 0;
    EXPECT_OK(store_begin(store, STORE_READ));
    for (unsigned i = 0; i < TOGGLED; i++) {
        struct contract_front row = make_row(i);
        EXPECT_ERR(store_get(store, front, &row, &arena), is_there[i] ? ERR_OK : ERR_MISSING);
        count += is_there[i];
    }
    EXPECT_OK(store_commit(store));
    cr_assert_eq(contract_count(store, front), count);
}

/* Rows come and go, also the newest; one transaction in five is taken back, half of those after the
 * sweep has moved; it is opened anew every 40. */
Test(store_sweep, rows_that_come_and_go_are_never_overlooked)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    bool is_there[TOGGLED] = {false};
    unsigned state = 20261130;
    for (unsigned transaction = 0; transaction < 1200; transaction++) {
        bool before[TOGGLED];
        memcpy(before, is_there, sizeof before);
        if (transaction % 40 == 0) {
            store_close(&store);
            EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &few));
            expect_there(store, is_there);
        }
        EXPECT_OK(store_begin(store, STORE_WRITE));
        for (unsigned i = 0; i < 4; i++) {
            state = state * 1664525 + 1013904223;
            toggle(store, is_there, (state >> 16) % TOGGLED);
        }
        if (transaction % 10 == 3)
            EXPECT_OK(store_sweep_before_commit((struct store_sqlite *)store));
        if (transaction % 5 == 3) {
            store_rollback(store);
            memcpy(is_there, before, sizeof before);
        } else {
            EXPECT_OK(store_commit(store));
        }
        expect_none_overlooked(store);
    }
    expect_there(store, is_there);
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

/* true: that write is beyond the commit's last. */
static bool fail_commit(long nth)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    enum err error = ERR_OK;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &few));
    for (unsigned n = 0; n < 40; n += 4)
        insert(store, n, 4);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (unsigned i = 40; i < 40 + MANY; i++) {
        const struct contract_front row = make_row(i);
        EXPECT_OK(store_insert(store, front, &row));
    }
    failing_vfs_fail_at(nth, SQLITE_FULL, ENOSPC);
    error = store_commit(store);
    failing_vfs_fail_at(-1, SQLITE_OK, 0);
    store_rollback(store);
    const unsigned count = error == ERR_OK ? 40 + MANY : 40;
    if (error != ERR_OK)
        EXPECT_ERR(error, ERR_DISK_FULL);
    expect_rows(store, 0, count);
    cr_assert_eq(contract_count(store, front), count);
    for (unsigned n = 10000; n < 10040; n += 4) {
        insert(store, n, 4);
        expect_none_overlooked(store);
    }
    return error == ERR_OK;
}

/* A commit that found the disk full moved nothing, whichever write it was that failed. */
Test(store_sweep, a_commit_that_failed_moved_nothing)
{
    long nth = 0;
    failing_vfs_install(STORE_SETTLER_VFS);
    while (!fail_commit(nth))
        nth++;
    cr_assert_gt(nth, 2, "writes of a commit");
}

/* Who does not hold the file alone lets no key be late, and numbers rows as the file has them. */
Test(store_sweep, two_handles_refuse_each_others_rows)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *one = NULL;
    AUTO(store_close) struct store *other = NULL;
    const struct store_sqlite_options creating = {.create = true};
    EXPECT_OK(store_sqlite_open(&one, temporary.path, &contract_schema, &creating));
    EXPECT_OK(store_sqlite_open(&other, temporary.path, &contract_schema, &plain));
    for (unsigned i = 0; i < 20; i++) {
        struct store *inserting = i % 2 == 0 ? one : other;
        struct store *refusing = i % 2 == 0 ? other : one;
        const struct contract_front row = make_row(i);
        insert(inserting, i, 1);
        EXPECT_OK(store_begin(refusing, STORE_WRITE));
        EXPECT_ERR(store_insert(refusing, front, &row), ERR_EXISTS);
        store_rollback(refusing);
    }
    cr_assert_eq(number_in_file(temporary.path, count_keys), 20);
    expect_rows(one, 0, 20);
    store_close(&other);
    EXPECT_OK(store_begin(one, STORE_WRITE)); /* no key is missing: opening waits for nobody */
    EXPECT_OK(store_sqlite_open(&other, temporary.path, &contract_schema, &plain));
    expect_rows(other, 0, 20);
}

/* A row beyond the mark, and one more each time. */
Test(store_sweep, one_late_key_is_found_too)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    for (unsigned i = 0; i < 4; i++) {
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &many));
        expect_rows(store, 0, i);
        insert(store, i, 1);
        store_close(&store);
    }
}

/* A reader took late keys from the file; then somebody puts them where they belong. */
Test(store_sweep, a_reader_sees_what_became_of_late_keys)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *reader = NULL;
    AUTO(store_close) struct store *writer = NULL;
    EXPECT_OK(store_sqlite_open(&writer, temporary.path, &contract_schema, &many));
    insert(writer, 0, 30);
    EXPECT_OK(store_begin(writer, STORE_WRITE));
    const struct contract_front last = make_row(29);
    EXPECT_OK(store_insert(writer, &contract_table_contract_back, &last));
    EXPECT_OK(store_commit(writer));
    store_close(&writer);
    EXPECT_OK(store_sqlite_open(&reader, temporary.path, &contract_schema, &reading));
    expect_rows(reader, 0, 30);
    cr_assert_eq(contract_count(reader, &contract_table_contract_back), 1);
    EXPECT_OK(store_sqlite_open(&writer, temporary.path, &contract_schema, &plain));
    EXPECT_OK(store_check(reader, NULL, 0));
    expect_rows(reader, 0, 30);
    cr_assert_eq(contract_count(reader, front), 30);
    EXPECT_OK(store_begin(writer, STORE_WRITE));
    EXPECT_OK(store_delete(writer, front, &last));
    EXPECT_OK(store_commit(writer));
    cr_assert_eq(contract_count(reader, front), 29);
    cr_assert_eq(contract_count(reader, &contract_table_contract_back), 1);
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

/* Its key in the order of places. */
static struct contract_front row_at(unsigned place)
{
    struct contract_front row = make_row(0);
    row.coin_id.bytes[0] = (uint8_t)place;
    return row;
}

static void write_places(struct store *store, const uint8_t *places, size_t count, bool is_insert)
{
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (size_t i = 0; i < count; i++) {
        const struct contract_front row = row_at(places[i]);
        EXPECT_OK(is_insert ? store_insert(store, front, &row) : store_delete(store, front, &row));
    }
    EXPECT_OK(store_commit(store));
}

/* The newest rows go while a sweep is under way, and a row that comes behind its place must not get
 * a number of theirs: the sweep's end says that all of those have arrived. */
Test(store_sweep, numbers_that_a_sweep_will_pass_are_given_to_no_other_row)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    static const uint8_t first[] = {100, 101, 102, 103, 104, 105, 106, 107, 108, 109,
                                    110, 111, 112, 113, 114, 115, 116, 117, 118, 119};
    static const uint8_t then[] = {50, 51, 52, 53, 54, 55, 210};
    static const uint8_t newest[] = {210, 55};
    static const uint8_t last[] = {10, 220, 221, 222, 223, 11, 12, 13, 14, 15};
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &few));
    write_places(store, first, sizeof first, true);
    for (size_t i = 0; i < sizeof then; i++)
        write_places(store, then + i, 1, true);
    write_places(store, newest, sizeof newest, false);
    for (size_t i = 0; i < sizeof last; i++) {
        write_places(store, last + i, 1, true);
        expect_none_overlooked(store);
    }
    store_close(&store);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &few));
    const struct contract_front row = row_at(10);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_ERR(store_insert(store, front, &row), ERR_EXISTS);
    store_rollback(store);
    EXPECT_OK(store_check(store, NULL, 0));
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
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &many));
        store_close(&store); /* the mark is past them all: nothing is fetched again */
        run_on_file(temporary.path, cases[i].sql);
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &plain));
        EXPECT_ERR(store_check(store, text, sizeof text), cases[i].expected);
        cr_expect_eq(text[0] != '\0', cases[i].expected != ERR_OK, "%s", cases[i].sql);
    }
}

/* The same of late keys: what the file lost behind the handle's back is no answer. */
Test(store_sweep, a_late_key_without_its_row_is_found)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    AUTO(arena_fini) struct arena arena = {0};
    struct list rows;
    const struct store_query all = {.table = front, .index_number = -1};
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &many));
    insert(store, 0, 10);
    EXPECT_OK(store_sqlite_exec(db_of(store), "DELETE FROM contract_line WHERE \"row\" = 3"));
    EXPECT_ERR(store_check(store, NULL, 0), ERR_INTEGRITY);
    EXPECT_OK(store_sqlite_exec(db_of(store), "UPDATE contract_line SET serial = 77 WHERE "
                                              "\"row\" = 4; INSERT INTO contract_line SELECT 3, "
                                              "serial, coin_id, part, body FROM contract_line "
                                              "WHERE \"row\" = 5"));
    EXPECT_ERR(store_check(store, NULL, 0), ERR_INTEGRITY);
    EXPECT_OK(store_sqlite_exec(db_of(store), "DELETE FROM contract_line WHERE \"row\" = 3"));
    EXPECT_OK(store_begin(store, STORE_READ));
    EXPECT_ERR(store_list(store, &rows, &all, NULL, &arena), ERR_INTEGRITY);
    store_rollback(store);
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
