/* Which lines may leave the register: one life a row. */
#include "central/archive.h"

#include "tests/central/shelf.h"

#include <criterion/criterion.h>
#include <string.h>

static void do_nothing(struct cast *cast, struct world_coin *coin)
{
    (void)cast;
    (void)coin;
}
static void do_give_in(struct cast *cast, struct world_coin *coin)
{
    shelf_spend_up(cast, coin);
}
static void do_pay(struct cast *cast, struct world_coin *coin)
{
    struct note paid;
    cast_pay(&paid, cast, coin, &cast->p);
    HALL_OUTCOME(cast_settle(cast, &paid), OUTCOME_SETTLED);
}
static void do_pay_and_give_in(struct cast *cast, struct world_coin *coin)
{
    struct note paid;
    cast_pay(&paid, cast, coin, &cast->p);
    HALL_OUTCOME(cast_settle(cast, &paid), OUTCOME_SETTLED);
    shelf_spend_up(cast, &paid.coin);
}
static void do_leave_change(struct cast *cast, struct world_coin *coin)
{
    struct note paid;
    struct world_coin change;
    cast_pay_part(&paid, &change, cast, coin, &cast->p, 300, NULL);
    HALL_OUTCOME(cast_settle(cast, &paid), OUTCOME_SETTLED);
    shelf_spend_up(cast, &paid.coin);
}
static void do_fork(struct cast *cast, struct world_coin *coin)
{
    struct note first, second;
    cast_pay(&first, cast, coin, &cast->p);
    cast_pay(&second, cast, coin, &cast->q);
    HALL_OUTCOME(cast_settle(cast, &first), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(cast, &second), OUTCOME_CONFLICT);
    shelf_spend_up(cast, &first.coin);
    HALL_OUTCOME(cast_claim(cast, &second), OUTCOME_CLAIMED);
}
static void do_give_in_twice(struct cast *cast, struct world_coin *coin)
{
    struct hall_order order;
    struct order_reply reply;
    const struct output back = cast_output(&cast->e, amount_fen(coin->amount));
    shelf_spend_up(cast, coin);
    hall_order_exchange(&order, &cast->hall, &back, 1);
    hall_order_fund(&order, &cast->hall, (const struct world_coin *const[]){coin}, 1);
    HALL_STATUS(hall_order(&cast->hall, &reply, &order, WORLD_BANK_A), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_CONFLICT);
}
static void do_refund(struct cast *cast, struct world_coin *coin)
{
    hall_refund(&cast->hall, coin, &cast->a2);
}

HALL_TEST(archive_line, which_lines_are_dead)
{
    static const struct {
        const char *name;
        void (*act)(struct cast *cast, struct world_coin *coin);
        int days; /* from the end of the term */
        enum archive_verdict verdict;
    } rows[] = {
        {"not spent", do_nothing, 0, ARCHIVE_ALIVE},
        {"not spent, years later", do_nothing, 2000, ARCHIVE_ALIVE},
        {"the payee's coin is not spent", do_pay, 0, ARCHIVE_ALIVE},
        {"the change is not spent", do_leave_change, 0, ARCHIVE_ALIVE},
        {"given in at once", do_give_in, -1, ARCHIVE_EARLY},
        {"given in at once, on the day", do_give_in, 0, ARCHIVE_DEAD},
        {"paid and given in, a day before", do_pay_and_give_in, -1, ARCHIVE_EARLY},
        {"paid and given in, on the day", do_pay_and_give_in, 0, ARCHIVE_DEAD},
        {"paid and given in, later", do_pay_and_give_in, 1, ARCHIVE_DEAD},
        {"paid twice, all claimed", do_fork, 0, ARCHIVE_DISPUTED},
        {"given in twice: no orphan, but a loser", do_give_in_twice, 0, ARCHIVE_DISPUTED},
        {"refunded", do_refund, 0, ARCHIVE_DISPUTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cast cast;
        struct world_coin coin;
        struct archive_line line;
        enum archive_verdict verdict = ARCHIVE_LARGE;
        cast_open(&cast, kind);
        cast_issue(&coin, &cast, 900, &cast.a);
        const uint64_t due =
            hall_coin(&cast.hall, &coin).redeem_by_day + cast.hall.world.policy.archive_days;
        rows[i].act(&cast, &coin);
        cast.hall.now = (due + (uint64_t)rows[i].days) * 86400;
        struct register_env env = hall_begin(&cast.hall);
        struct minted minted = {.serial = coin.serial};
        HALL_OK(store_get(env.store, &tables_table_minted, &minted, env.arena));
        HALL_OK(archive_judge(&env, &verdict, &line, &minted));
        hall_end(&cast.hall);
        cr_assert_eq(verdict, rows[i].verdict, "%s: %d", rows[i].name, verdict);
        cast_close(&cast);
    }
}

/* So many coins under one serial are beside the purpose: such a line stays. */
HALL_TEST(archive_line, a_line_of_too_many_coins_stays)
{
    struct cast cast;
    struct world_coin coin;
    struct archive_line line;
    enum archive_verdict verdict = ARCHIVE_DEAD;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 900, &cast.a);
    shelf_spend_up(&cast, &coin);
    struct coin more = hall_coin(&cast.hall, &coin);
    cast.hall.now = (more.redeem_by_day + cast.hall.world.policy.archive_days) * 86400;
    struct register_env env = hall_begin(&cast.hall);
    struct minted minted = {.serial = coin.serial};
    HALL_OK(store_get(env.store, &tables_table_minted, &minted, env.arena));
    more.state = COIN_UNSPENT;
    for (uint64_t i = 0; i < ARCHIVE_COINS_MAX; i++) {
        memcpy(more.coin_id.bytes, &i, sizeof i);
        HALL_OK(store_insert(env.store, &tables_table_coin, &more));
    }
    HALL_OK(archive_judge(&env, &verdict, &line, &minted));
    cr_assert_eq(verdict, ARCHIVE_LARGE);
    store_rollback(cast.hall.store);
    cast_close(&cast);
}
