/* Under which numbers SQLite's page cache is asked to keep pages. A spy stands between it and the
 * default cache, put there before the store is opened for the first time. */
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <sqlite3.h>

enum { LOCK_PAGE = 262145, SERIALS = 300, COINS = 10 };

static struct sqlite3_pcache_methods2 below;
static unsigned parked_under_none, parked_under_locks, largest;

static void spy_rekey(sqlite3_pcache *cache, sqlite3_pcache_page *page, unsigned from, unsigned to)
{
    parked_under_none += to == 0;
    parked_under_locks += to == LOCK_PAGE;
    below.xRekey(cache, page, from, to);
}

static void spy_truncate(sqlite3_pcache *cache, unsigned limit)
{
    largest = limit > largest ? limit : largest;
    below.xTruncate(cache, limit);
}

static void put_spy_in_place(void)
{
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &below), SQLITE_OK);
    struct sqlite3_pcache_methods2 spy = below;
    spy.xRekey = spy_rekey;
    spy.xTruncate = spy_truncate;
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_PCACHE2, &spy), SQLITE_OK);
}

/* Each commit's coins come before all others: leaves split, and the new ones come first. */
static void insert_backwards(struct store *store)
{
    for (uint64_t serial = SERIALS; serial > 0; serial--) {
        contract_insert_coins(store, serial, COINS);
    }
}

Test(store_pages, parks_a_page_where_the_cache_need_not_look_for_it)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    const struct store_sqlite_options options = {.create = true};
    AUTO(store_close) struct store *store = NULL;
    put_spy_in_place();
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &options));
    insert_backwards(store);
    cr_assert_gt(parked_under_none, 0); /* pages were exchanged */
    cr_assert_eq(parked_under_locks, 0);
    cr_assert_lt(largest, LOCK_PAGE); /* the case that matters: a file of less than 1 GiB */
    cr_assert_eq(contract_count(store, &contract_table_contract_coin), SERIALS * COINS);
    EXPECT_OK(store_check(store, NULL, 0));
}

Test(store_pages, a_cache_that_forgets_pages_still_finds_them)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    const struct store_sqlite_options options = {.create = true, .cache_kib = 64};
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &options));
    insert_backwards(store);
    cr_assert_eq(contract_count(store, &contract_table_contract_coin), SERIALS * COINS);
    EXPECT_OK(store_check(store, NULL, 0));
}
