/* When what was committed moves from the write-ahead log to the file. */
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>

/* Rows of the table of coins in the file alone, whatever its log holds; -1: there is no table. */
static int64_t count_settled(const char *path)
{
    char name[300];
    int64_t count = -1;
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    (void)snprintf(name, sizeof name, "file:%s?immutable=1", path);
    cr_assert_eq(sqlite3_open_v2(name, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL),
                 SQLITE_OK);
    if (sqlite3_prepare_v2(db, "SELECT count(*) FROM contract_coin", -1, &statement, NULL) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        count = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return count;
}

Test(store_log, settles_its_log_when_asked_or_when_it_is_long)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    const struct store_sqlite_options often = {.exclusive = true, .log_pages_max = 1};
    const struct store_sqlite_options alone = {.create = true, .exclusive = true};
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &alone));
    contract_insert_coins(store, 1, 5);
    EXPECT_OK(store_settle_log(store, 1000));
    cr_assert_lt(count_settled(temporary.path), 5);
    EXPECT_OK(store_settle_log(store, 1));
    cr_assert_eq(count_settled(temporary.path), 5);
    contract_insert_coins(store, 2, 5);
    cr_assert_eq(count_settled(temporary.path), 5);
    cr_assert_eq(contract_count(store, &contract_table_contract_coin), 10);
    store_close(&store);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &often));
    contract_insert_coins(store, 3, 5);
    cr_assert_eq(count_settled(temporary.path), 15);
}
