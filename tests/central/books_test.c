/* The books: figures that move together, and a law that any of them breaks if it moves alone. */
#include "tests/central/cast.h"

#include <criterion/criterion.h>

/* --- the running figures --- */

HALL_TEST(books, are_made_once)
{
    struct hall hall;
    hall_open(&hall, kind);
    struct register_env env = hall_begin(&hall);
    cr_assert_eq(books_open(env.store), ERR_EXISTS);
    store_rollback(hall.store);
    hall_close(&hall);
}

HALL_TEST(books, numbers_and_serials_rise_by_one_and_apart)
{
    struct hall hall;
    uint64_t number = 0, serial = 0;
    hall_open(&hall, kind);
    const struct books before = hall_books(&hall);
    for (uint64_t i = 0; i < 3; i++) {
        struct register_env env = hall_begin(&hall);
        HALL_OK(books_next_number(env.store, &number));
        cr_assert_eq(number, before.next_number + i);
        if (i == 1)
            HALL_OK(books_next_serial(env.store, &serial));
        hall_end(&hall);
    }
    cr_assert_eq(serial, before.next_serial);
    cr_assert_eq(hall_books(&hall).next_serial, before.next_serial + 1);
    cr_assert_eq(hall_books(&hall).next_number, before.next_number + 3);
    hall_close(&hall);
}

/* What would leave the range of amounts is refused, and nothing moved. */
HALL_TEST(books, the_sum_of_unspent_coins_stays_in_range)
{
    static const struct {
        bool adds;
        uint64_t value;
        enum err error;
        uint64_t then;
    } rows[] = {
        {true, 100, ERR_OK, 100},
        {false, 101, ERR_RANGE, 100},
        {false, 60, ERR_OK, 40},
        {true, AMOUNT_MAX, ERR_RANGE, 40},
        {false, 40, ERR_OK, 0},
        {false, 1, ERR_RANGE, 0},
        {true, AMOUNT_MAX, ERR_OK, AMOUNT_MAX},
        {true, 1, ERR_RANGE, AMOUNT_MAX},
    };
    struct hall hall;
    hall_open(&hall, kind);
    struct register_env env = hall_begin(&hall);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct amount amount = world_fen(rows[i].value);
        struct books books = {0};
        const enum err error = rows[i].adds ? books_unspent_add(env.store, amount)
                                            : books_unspent_sub(env.store, amount);
        cr_assert_eq(error, rows[i].error, "row %zu: %s", i, err_name(error));
        HALL_OK(books_get(env.store, &books));
        cr_assert_eq(amount_fen(books.unspent), rows[i].then, "row %zu", i);
    }
    store_rollback(hall.store);
    hall_close(&hall);
}

HALL_TEST(books, a_line_of_the_journal_bears_the_next_number)
{
    struct hall hall;
    hall_open(&hall, kind);
    const uint64_t number = hall_books(&hall).next_number;
    struct register_env env = hall_begin(&hall);
    struct act act = {.number = number};
    HALL_OK(books_journal(env.store, "test", WORLD_BANK_B, world_fen(7), hall.now, "why"));
    HALL_OK(store_get(env.store, &tables_table_act, &act, env.arena));
    cr_assert(span_equal(act.act, span_text("test")) && span_equal(act.note, span_text("why")));
    cr_assert_eq(act.bank_id, WORLD_BANK_B);
    cr_assert_eq(amount_fen(act.amount), 7);
    cr_assert_eq(act.made_at, hall.now);
    hall_end(&hall);
    cr_assert_eq(hall_books(&hall).next_number, number + 1);
    hall_close(&hall);
}

/* --- the law --- */

HALL_TEST(books, supply_is_recomputed_from_the_rows)
{
    struct cast cast;
    struct world_coin kept, spent;
    struct note paid;
    struct books_supply supply;
    cast_open(&cast, kind);
    cast_issue(&kept, &cast, 300, &cast.a);
    cast_issue(&spent, &cast, 500, &cast.a);
    cast_pay(&paid, &cast, &spent, &cast.p); /* two coin rows of it, one of them spent */
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(books_supply(env.store, &supply, env.arena));
    hall_end(&cast.hall);
    cr_assert_eq(balance_fen(supply.funded), 2000000);
    cr_assert_eq(balance_fen(supply.reserves), 2 * 900000 - 800);
    cr_assert_eq(balance_fen(supply.guarantees), 2 * 100000);
    cr_assert_eq(balance_fen(supply.loss), 0);
    cr_assert_eq(balance_fen(supply.unspent), 800);
    cr_assert_eq(balance_fen(supply.unspent_running), 800);
    cr_assert_eq(supply.unspent_count, 2);
    cr_assert_eq(supply.bank_count, 2);
    struct books_supply running;
    env = hall_begin(&cast.hall);
    HALL_OK(books_running(env.store, &running));
    hall_end(&cast.hall);
    cr_assert(running.is_balanced);
    cr_assert_eq(balance_fen(running.unspent), 800);
    cr_assert_eq(balance_compare(running.reserves, supply.reserves), 0);
    cr_assert_eq(running.unspent_count, 0);
    cast_close(&cast);
}

enum figure { FUNDED, LOSS, RUNNING, RESERVE, GUARANTEE, COIN_AWAY, COIN_BACK, BOTH_UNSPENT };

static void move_by_one(struct store *store, struct arena *arena, enum figure figure,
                        const struct world_coin *kept, const struct world_coin *spent)
{
    struct books books = {0};
    struct bank bank = {.bank_id = WORLD_BANK_A};
    struct coin coin = {.serial = kept->serial, .coin_id = kept->coin_id};
    struct spend spend = {.serial = spent->serial, .coin_id = spent->coin_id};
    HALL_OK(books_get(store, &books));
    HALL_OK(store_get(store, &tables_table_bank, &bank, arena));
    HALL_OK(store_get(store, &tables_table_coin, &coin, arena));
    HALL_OK(store_get(store, &tables_table_spend, &spend, arena));
    if (figure == FUNDED)
        HALL_OK(balance_add(&books.funded, books.funded, world_fen(1)));
    if (figure == LOSS)
        HALL_OK(balance_sub(&books.loss, books.loss, world_fen(1)));
    if (figure == RUNNING || figure == BOTH_UNSPENT)
        HALL_OK(amount_add(&books.unspent, books.unspent, world_fen(1)));
    if (figure == RESERVE)
        HALL_OK(amount_sub(&bank.reserve, bank.reserve, world_fen(1)));
    if (figure == GUARANTEE)
        HALL_OK(amount_add(&bank.guarantee, bank.guarantee, world_fen(1)));
    if (figure == COIN_AWAY)
        coin.state = COIN_ORPHAN;
    if (figure == BOTH_UNSPENT)
        HALL_OK(amount_add(&coin.amount, coin.amount, world_fen(1)));
    if (figure == COIN_BACK)
        HALL_OK(store_delete(store, &tables_table_spend, &spend));
    HALL_OK(books_put(store, &books));
    HALL_OK(store_update(store, &tables_table_bank, &bank));
    HALL_OK(store_update(store, &tables_table_coin, &coin));
}

/* The running sum is blind to it. */
static bool is_in_coins_only(enum figure figure)
{
    return figure == COIN_AWAY || figure == COIN_BACK;
}

HALL_TEST(books, the_law_is_broken_by_any_figure_that_moves_alone)
{
    struct cast cast;
    struct world_coin kept, spent;
    struct note paid;
    cast_open(&cast, kind);
    cast_issue(&kept, &cast, 300, &cast.a);
    cast_issue(&spent, &cast, 500, &cast.a);
    cast_pay(&paid, &cast, &spent, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
    for (enum figure figure = FUNDED; figure <= BOTH_UNSPENT; figure++) {
        struct books_supply supply;
        struct register_env env = hall_begin(&cast.hall);
        HALL_OK(books_supply(env.store, &supply, env.arena));
        cr_assert(supply.is_balanced);
        move_by_one(env.store, env.arena, figure, &kept, &spent);
        HALL_OK(books_supply(env.store, &supply, env.arena));
        cr_assert_not(supply.is_balanced, "figure %d", (int)figure);
        HALL_OK(books_running(env.store, &supply));
        cr_assert_eq(supply.is_balanced, is_in_coins_only(figure), "figure %d", (int)figure);
        store_rollback(cast.hall.store);
    }
    cast_close(&cast);
}
