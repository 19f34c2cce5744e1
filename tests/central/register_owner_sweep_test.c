/* The index by owner forgets what left, and nothing else. */
#include "central/archive.h"

#include "tests/central/shelf.h"

#include <criterion/criterion.h>

static size_t index_size(struct cast *cast)
{
    const struct store_query all = {.table = &tables_table_owner_run, .index_number = -1};
    struct list rows = {0};
    size_t size = 0;
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(store_list(env.store, &rows, &all, NULL, env.arena));
    hall_end(&cast->hall);
    for (size_t i = 0; i < rows.count; i++)
        size += ((const struct owner_run *)rows.items)[i].entries.size / OWNER_ENTRY_SIZE;
    return size;
}

HALL_TEST(owner_sweep, the_index_by_owner_forgets_what_left_and_nothing_else)
{
    enum { LIVES = 20 };
    struct cast cast;
    struct shelf shelf;
    struct shelf_life life;
    struct world_coin coin = {0}, kept;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    cast_issue(&kept, &cast, 111, &cast.a);
    for (size_t i = 0; i < LIVES; i++) {
        shelf_live(&life, &cast);
        coin = i == 0 ? life.coin : coin;
    }
    const uint64_t of_e = shelf_held(&cast, &cast.e);
    cr_assert_eq(index_size(&cast), 1 + LIVES * 5);
    shelf_run_when_due(&shelf, &coin);
    cr_assert_eq(index_size(&cast), 1 + LIVES * 2); /* kept, and what e got */
    cr_assert_eq(shelf_held(&cast, &cast.a), 111);
    cr_assert_eq(shelf_held(&cast, &cast.p), 0);
    cr_assert_eq(shelf_held(&cast, &cast.e), of_e);
    shelf_live(&life, &cast); /* and goes on from there */
    cr_assert_eq(shelf_held(&cast, &cast.e), of_e + 900);
    shelf_close(&shelf);
    cast_close(&cast);
}
