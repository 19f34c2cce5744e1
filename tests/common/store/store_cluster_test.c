/* Tables that lie together, hardly any of their keys late: the contract suite, kill, and what is
 * damaged behind a handle's back. */
#include "common/store/store_cluster.h"

#include "tests/common/store/killed.h"
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const struct store_sqlite_options few = {
    .create = true, .exclusive = true, .settles_aside = true, .late_max = 5};
static const struct store_sqlite_options many = {
    .create = true, .exclusive = true, .settles_aside = true, .late_max = 100000};

#define CLUSTER_TEST(name) STORE_CONTRACT_FILE(store_cluster, name, few)
STORE_CONTRACT(CLUSTER_TEST)

Test(store_cluster, everything_acknowledged_survives_kill)
{
    killed_expect_whole(&few);
    killed_expect_whole(&many);
}

static const struct table *const front = &contract_table_contract_front;
static const struct table *const back = &contract_table_contract_back;

static void exec(struct store *store, const char *sql)
{
    EXPECT_OK(store_sqlite_exec(((struct store_sqlite *)store)->db, sql));
}

static struct contract_front make_front(unsigned number)
{
    return contract_make_front(1 + number % 3, number);
}

static void insert_fronts(struct store *store, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        const struct contract_front row = make_front(i);
        EXPECT_OK(store_insert(store, front, &row));
    }
}

enum verb { GET, UPDATE, DELETE };

static enum err act(struct store *store, enum verb verb, struct contract_front *row)
{
    AUTO(arena_fini) struct arena arena = {0};
    if (verb == GET)
        return store_get(store, front, row, &arena);
    return verb == UPDATE ? store_update(store, front, row) : store_delete(store, front, row);
}

/* A key without its row, or with another's, is no answer: not even "missing". */
Test(store_cluster, a_key_without_its_row_is_damage)
{
    static const struct {
        size_t late_max; /* the keys of ten rows */
        const char *damage;
    } cases[] = {
        {5, "DELETE FROM contract_line"},
        {100, "DELETE FROM contract_line"},
        {5, "UPDATE contract_line SET serial = 77"},
        {100, "UPDATE contract_line SET serial = 77"},
        {100, "UPDATE contract_line SET part = 1"},
    };
    for (size_t i = 0; i < 3 * (sizeof cases / sizeof cases[0]); i++) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        AUTO(store_close) struct store *store = NULL;
        struct store_sqlite_options options = few;
        options.late_max = cases[i / 3].late_max;
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &options));
        EXPECT_OK(store_begin(store, STORE_WRITE));
        insert_fronts(store, 0, 10);
        EXPECT_OK(store_commit(store));
        exec(store, cases[i / 3].damage);
        for (unsigned number = 0; number < 10; number++) {
            struct contract_front row = make_front(number);
            EXPECT_OK(store_begin(store, STORE_WRITE));
            EXPECT_ERR(act(store, (enum verb)(i % 3), &row), ERR_INTEGRITY);
            store_rollback(store);
        }
    }
}

/* The last that refuses a key twice is the table of keys itself: the commit fails then, and all is
 * as it was. */
Test(store_cluster, a_late_key_that_the_file_has_ends_the_commit)
{
    static const struct {
        unsigned more, taken; /* rows inserted then; which of the first 40 keys the file has */
    } cases[] = {{6, 0}, {6, 1}, {20, 3}, {40, 14}, {16, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        AUTO(store_close) struct store *store = NULL;
        char sql[256];
        struct store_sqlite_options options = few;
        options.late_max = 40;
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &options));
        EXPECT_OK(store_begin(store, STORE_WRITE));
        insert_fronts(store, 0, 40);
        EXPECT_OK(store_commit(store));
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO contract_line_key SELECT serial, coin_id, part, \"row\" FROM "
                       "contract_line ORDER BY serial, coin_id, part LIMIT 1 OFFSET %u",
                       cases[i].taken);
        exec(store, sql);
        EXPECT_OK(store_begin(store, STORE_WRITE));
        insert_fronts(store, 40, cases[i].more);
        EXPECT_ERR(store_commit(store), ERR_INTEGRITY);
        EXPECT_ERR(store_commit(store), ERR_INTEGRITY);
        store_rollback(store);
        EXPECT_OK(store_begin(store, STORE_WRITE));
        for (unsigned number = 0; number < 40 + cases[i].more; number++) {
            struct contract_front row = make_front(number);
            EXPECT_ERR(act(store, GET, &row), number < 40 ? ERR_OK : ERR_MISSING);
            if (number < 40)
                EXPECT_ERR(store_insert(store, front, &row), ERR_EXISTS);
        }
        store_rollback(store);
    }
}

/* What one transaction read of a line is nothing to the next: another handle wrote meanwhile. */
Test(store_cluster, what_another_handle_wrote_is_found)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    AUTO(store_close) struct store *other = NULL;
    AUTO(store_close) struct store *reader = NULL;
    struct contract_front row = make_front(1);
    struct contract_back last;
    memset(&last, 0, sizeof last);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema,
                                &(struct store_sqlite_options){.create = true}));
    EXPECT_OK(store_sqlite_open(&other, temporary.path, &contract_schema,
                                &(struct store_sqlite_options){.create = false}));
    EXPECT_OK(store_sqlite_open(&reader, temporary.path, &contract_schema,
                                &(struct store_sqlite_options){.read_only = true}));
    for (unsigned i = 0; i < 2; i++) {
        struct store *const asking = i == 0 ? store : reader;
        row = make_front(1 + i);
        EXPECT_OK(store_begin(asking, STORE_READ));
        EXPECT_ERR(act(asking, GET, &row), ERR_MISSING);
        EXPECT_OK(store_commit(asking));
        EXPECT_OK(store_begin(other, STORE_WRITE));
        insert_fronts(other, 1 + i, 1);
        EXPECT_OK(store_commit(other));
        EXPECT_OK(store_begin(asking, STORE_READ));
        EXPECT_OK(act(asking, GET, &row));
        AUTO(arena_fini) struct arena arena = {0};
        last.serial = row.serial;
        last.coin_id = row.coin_id;
        EXPECT_ERR(store_get(asking, back, &last, &arena), ERR_MISSING); /* of the other part */
        EXPECT_OK(store_commit(asking));
    }
}
