/* The statements made from declarations: each list and sum is a search in an ordered index, never a
 * walk over the table, and needs no sorting when the whole index is given.
 */
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include "common/store/store_sql.h"
#include "common/store/store_sweep_sql.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const struct table *const coins = &contract_table_contract_coin;

/* With the contract's tables, none of them with a row. */
static sqlite3 *make_database(const char *path)
{
    AUTO(store_close) struct store *store = NULL;
    const struct store_sqlite_options creating = {.create = true};
    sqlite3 *db = NULL;
    EXPECT_OK(store_sqlite_open(&store, path, &contract_schema, &creating));
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static void read_plan(char *plan, size_t size, sqlite3 *db, struct store_sql *sql)
{
    const char *text = NULL;
    char explain[2048];
    sqlite3_stmt *statement = NULL;
    size_t used = 0;
    EXPECT_OK(store_sql_end(sql, &text));
    (void)snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", text);
    cr_assert_eq(sqlite3_prepare_v2(db, explain, -1, &statement, NULL), SQLITE_OK, "%s", text);
    plan[0] = '\0';
    while (sqlite3_step(statement) == SQLITE_ROW && used < size) {
        used += (size_t)snprintf(plan + used, size - used, "%s; ",
                                 (const char *)sqlite3_column_text(statement, 3));
    }
    (void)sqlite3_finalize(statement);
}

static void read_shape(char *plan, size_t size, sqlite3 *db, const struct store_sql_shape *shape)
{
    AUTO(store_sql_fini) struct store_sql sql = {0};
    store_sql_statement(&sql, shape);
    read_plan(plan, size, db, &sql);
}

static void expect_search(sqlite3 *db, const struct store_sql_shape *shape, bool is_ordered)
{
    char plan[512];
    read_shape(plan, sizeof plan, db, shape);
    cr_assert(strstr(plan, "SEARCH") != NULL, "%s", plan);
    cr_assert(!is_ordered || strstr(plan, "TEMP B-TREE") == NULL, "%s", plan);
}

/* Rows of a whole index or of the key, from either end, from the start or after a row. */
static void expect_searches(sqlite3 *db, int index_number, size_t prefix_count, bool is_ordered)
{
    for (unsigned bits = 0; bits < 4; bits++) {
        struct store_sql_shape shape = {
            .verb = STORE_SQL_LIST,
            .query = {.table = coins,
                      .index_number = index_number,
                      .prefix_count = prefix_count,
                      .after = (bits & 1) != 0,
                      .descending = (bits & 2) != 0},
            .field = 2,
        };
        expect_search(db, &shape, is_ordered);
        shape.verb = STORE_SQL_SUM;
        expect_search(db, &shape, is_ordered);
    }
}

Test(store_sql, every_list_is_a_search)
{
    static const struct {
        int index_number;
        size_t prefix_count;
        bool is_ordered;
    } cases[] = {
        {-1, 1, true}, {-1, 2, true}, {0, 1, true}, {1, 1, false}, {1, 2, true}, {2, 1, true},
    };
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    sqlite3 *db = make_database(temporary.path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_searches(db, cases[i].index_number, cases[i].prefix_count, cases[i].is_ordered);
    }
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

#define BY_ROW "SEARCH contract_line USING INTEGER PRIMARY KEY (rowid=?); "
#define SCALAR "SCALAR SUBQUERY 1; "
#define BY_KEY "SEARCH contract_line_key USING PRIMARY KEY (serial=? AND coin_id=? AND part=?); "

/* A list of a part is in the order of its key by the table of keys, from either end, whatever of
 * the key is given; what is added up is read as it lies. */
Test(store_sql, parts_are_searched_by_their_key)
{
    static const struct {
        enum store_sql_verb verb;
        size_t prefix_count;
        const char *plan;
    } cases[] = {
        {STORE_SQL_GET, 0, BY_ROW},
        {STORE_SQL_UPDATE, 0, BY_ROW},
        {STORE_SQL_DELETE, 0, BY_ROW},
        {STORE_SQL_LIST, 0, "SCAN k; CORRELATED " SCALAR "SEARCH r USING INTEGER PRIMARY KEY"},
        {STORE_SQL_LIST, 1, "SEARCH k USING PRIMARY KEY (serial=?); "},
        {STORE_SQL_SUM, 0, "SCAN contract_line; "},
        {STORE_SQL_SUM, 1, "SEARCH k USING PRIMARY KEY (serial=?); "},
    };
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    sqlite3 *db = make_database(temporary.path);
    char plan[512];
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const struct store_sql_shape shape = {
            .verb = cases[i / 2].verb,
            .query = {.table = &contract_table_contract_front,
                      .index_number = -1,
                      .prefix_count = cases[i / 2].prefix_count,
                      .descending = i % 2 == 1},
        };
        read_shape(plan, sizeof plan, db, &shape);
        cr_expect_eq(strncmp(plan, cases[i / 2].plan, strlen(cases[i / 2].plan)), 0, "%s", plan);
        cr_expect_null(strstr(plan, "TEMP B-TREE"), "%s", plan);
    }
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

/* Of a sweep: what is asked for each payment is a search by the key. */
Test(store_sql, keys_are_searched)
{
    static const struct {
        enum store_sweep_step step;
        const char *plan;
    } cases[] = {
        {STORE_SWEEP_LINE, "SEARCH contract_line_key USING PRIMARY KEY (serial=?); "},
        {STORE_SWEEP_FIND, BY_KEY},
        {STORE_SWEEP_TAKE, BY_KEY},
        {STORE_SWEEP_KEY_OF, BY_ROW},
    };
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    sqlite3 *db = make_database(temporary.path);
    char plan[512];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(store_sql_fini) struct store_sql sql = {0};
        store_sweep_sql(&sql, &contract_table_contract_front, cases[i].step);
        read_plan(plan, sizeof plan, db, &sql);
        cr_expect_str_eq(plan, cases[i].plan);
    }
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}
