/* Advances: which order a bank may name for a coin that it wants for its vault. */
#include "tests/central/cast.h"

#include <criterion/criterion.h>

static struct refund_item item_of(const struct world_coin *coin, const struct world_wallet *to)
{
    return (struct refund_item){
        .serial = coin->serial, .coin_id = coin->coin_id, .to_key = to->pair.public_key};
}

static uint64_t day_of(struct cast *cast, const struct world_coin *coin)
{
    return hall_coin(&cast->hall, coin).redeem_by_day;
}

/* Fresh coins of these owners, each of 400, into coins for a key. */
static struct id exchange_400(struct cast *cast, struct world_wallet *const *from, size_t count,
                              const struct world_wallet *to, uint64_t bank_id)
{
    struct world_coin coins[2];
    const struct world_coin *const paid[] = {&coins[0], &coins[1]};
    struct hall_order order;
    struct order_reply reply;
    const struct output output = cast_output(to, 400 * count);
    for (size_t i = 0; i < count; i++)
        cast_issue(&coins[i], cast, 400, from[i]);
    hall_order_exchange(&order, &cast->hall, &output, 1);
    hall_order_fund(&order, &cast->hall, paid, count);
    HALL_STATUS(hall_order(&cast->hall, &reply, &order, bank_id), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_USED);
    return order.id;
}

/* The vault's coins into coins for a customer's key: what an advance is to the register. */
static struct id pay_in_advance(struct cast *cast, const struct world_wallet *to, uint64_t bank_id)
{
    struct world_wallet *vault = bank_id == WORLD_BANK_A ? &cast->vault_a : &cast->vault_b;
    struct world_wallet *const vaults[] = {vault, vault};
    return exchange_400(cast, vaults, 2, to, bank_id);
}

HALL_TEST(refund_advance, goes_to_the_vault_once_for_what_it_paid_in_advance)
{
    struct cast cast;
    struct world_coin coins[3];
    struct hall_refunded result;
    cast_open(&cast, kind);
    for (size_t i = 0; i < 3; i++)
        cast_issue(&coins[i], &cast, 400, &cast.a);
    const uint64_t day = day_of(&cast, &coins[0]);
    const struct id mine = pay_in_advance(&cast, &cast.a2, WORLD_BANK_A);
    const struct id of_p = pay_in_advance(&cast, &cast.p, WORLD_BANK_A);
    const struct id of_q = pay_in_advance(&cast, &cast.q, WORLD_BANK_B);
    const struct id nothing = {{1}};
    const struct {
        const struct world_coin *coin;
        const struct world_wallet *to;
        const struct id *order;
        uint64_t day;
        enum status status;
    } rows[] = {
        {&coins[0], &cast.vault_a, &nothing, day, STATUS_ORDER},
        {&coins[0], &cast.vault_a, &of_p, day, STATUS_ORDER}, /* paid to somebody else */
        {&coins[0], &cast.vault_a, &of_q, day, STATUS_ORDER},
        {&coins[0], &cast.vault_b, &mine, day, STATUS_CERTIFIED_ELSEWHERE},
        {&coins[0], &cast.a2, &mine, day, STATUS_CERTIFIED_ELSEWHERE},
        {&coins[0], &cast.vault_a, &mine, day - 1, STATUS_EARLY},
        {&coins[0], &cast.vault_a, &mine, day, STATUS_OK},
        {&coins[1], &cast.vault_a, &mine, day, STATUS_OK},
        {&coins[2], &cast.vault_a, &mine, day, STATUS_ORDER}, /* used up */
        {&coins[2], &cast.a2, NULL, day, STATUS_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct refund_item item = item_of(rows[i].coin, rows[i].to);
        item.has_advance_id = rows[i].order != NULL;
        if (item.has_advance_id)
            item.advance_id = *rows[i].order;
        const enum status status =
            hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &item, rows[i].day);
        cr_assert_eq(status, rows[i].status, "row %zu: %s", i, status_name(status));
    }
    cr_assert_eq(cast_owned(&cast, &cast.vault_a), 800);
    cr_assert_eq(cast_owned(&cast, &cast.a2), 800 + 400);
    cr_assert_eq(cast_owned(&cast, &cast.a), 0);
    cast_close(&cast);
}

/* The lost coin is worth 400 and a's; whatever order bank A names for it must have paid him as
 * much: out of the vault, afterwards, at another key. */
static enum status claim_as_advance(struct cast *cast, const struct world_coin *lost,
                                    const struct id *order_id)
{
    struct refund_item item = item_of(lost, &cast->vault_a);
    struct hall_refunded result;
    item.has_advance_id = true;
    item.advance_id = *order_id;
    const uint64_t owned = cast_owned(cast, &cast->vault_a);
    const enum status status =
        hall_refund_at(&cast->hall, &result, WORLD_BANK_A, &item, day_of(cast, lost));
    cr_assert_eq(cast_owned(cast, &cast->vault_a), owned + (status == STATUS_OK ? 400 : 0));
    return status;
}

HALL_TEST(refund_advance, only_what_the_vault_paid_to_him_since_is_an_advance)
{
    struct cast cast;
    cast_open(&cast, kind);
    struct world_wallet *const vault = &cast.vault_a;
    const struct {
        struct world_wallet *from[2];
        size_t count;
        struct world_wallet *to;
        uint64_t bank_id;
        bool is_before; /* the order, before the coin came to be */
        enum status status;
    } rows[] = {
        {{vault}, 1, &cast.a2, WORLD_BANK_A, false, STATUS_OK},
        {{vault, vault}, 2, &cast.a2, WORLD_BANK_A, false, STATUS_OK},
        {{vault}, 1, &cast.a2, WORLD_BANK_A, true, STATUS_ORDER},     /* a withdrawal long ago */
        {{vault}, 1, &cast.a, WORLD_BANK_A, false, STATUS_ORDER},     /* to the lost key itself */
        {{vault}, 1, &cast.p, WORLD_BANK_A, false, STATUS_ORDER},     /* to somebody else */
        {{vault}, 1, vault, WORLD_BANK_A, false, STATUS_ORDER},       /* to itself */
        {{&cast.a2}, 1, &cast.a2, WORLD_BANK_A, false, STATUS_ORDER}, /* his own, at a sync */
        {{&cast.a}, 1, &cast.a2, WORLD_BANK_A, false, STATUS_ORDER},
        {{&cast.p}, 1, &cast.a2, WORLD_BANK_A, false, STATUS_ORDER}, /* another customer's */
        {{vault, &cast.a2}, 2, &cast.a2, WORLD_BANK_A, false, STATUS_ORDER}, /* half his own */
        {{&cast.a2, vault}, 2, &cast.a2, WORLD_BANK_A, false, STATUS_ORDER},
        {{&cast.vault_b}, 1, &cast.a2, WORLD_BANK_A, false, STATUS_ORDER}, /* another bank's */
        {{vault}, 1, &cast.a2, WORLD_BANK_B, false, STATUS_ORDER}, /* another handed it in */
        {{&cast.vault_b}, 1, &cast.a2, WORLD_BANK_B, false, STATUS_ORDER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_coin lost;
        struct id order;
        if (!rows[i].is_before)
            cast_issue(&lost, &cast, 400, &cast.a);
        order = exchange_400(&cast, rows[i].from, rows[i].count, rows[i].to, rows[i].bank_id);
        if (rows[i].is_before)
            cast_issue(&lost, &cast, 400, &cast.a);
        const enum status status = claim_as_advance(&cast, &lost, &order);
        cr_assert_eq(status, rows[i].status, "row %zu: %s", i, status_name(status));
    }
    cast_close(&cast);
}

/* Whoever withdrew and then lost the phone has been paid once, not twice. */
HALL_TEST(refund_advance, no_order_pays_in_advance_for_its_own_tokens)
{
    struct cast cast;
    struct world_coin coin, withdrawn, moved;
    struct hall_order order;
    struct order_reply reply;
    const struct world_coin *const funding[] = {&coin}, *const own[] = {&withdrawn};
    cast_open(&cast, kind);
    const struct output to_a = cast_output(&cast.a, 400), to_a2 = cast_output(&cast.a2, 400);
    cast_issue(&coin, &cast, 400, &cast.vault_a);
    hall_order_exchange(&order, &cast.hall, &to_a, 1);
    hall_order_fund(&order, &cast.hall, funding, 1);
    HALL_STATUS(hall_order(&cast.hall, &reply, &order, WORLD_BANK_A), STATUS_OK);
    hall_take(&withdrawn, &cast.hall, &reply.tokens.items[0].record, &cast.a);
    HALL_STATUS(claim_as_advance(&cast, &withdrawn, &order.id), STATUS_ORDER);
    HALL_STATUS(cast_exchange(&reply, &cast, own, 1, &to_a2, 1), STATUS_OK);
    hall_take(&moved, &cast.hall, &reply.tokens.items[0].record, &cast.a2);
    HALL_STATUS(claim_as_advance(&cast, &moved, &order.id), STATUS_ORDER);
    cr_assert_eq(cast_owned(&cast, &cast.a2), 400);
    cast_close(&cast);
}

/* a's old coin is paid to his key of today after he withdrew: that was no advance on it. */
HALL_TEST(refund_advance, nothing_is_an_advance_that_was_paid_before_the_lost_key_was_known)
{
    struct cast cast;
    struct world_coin old;
    struct note paid;
    struct world_wallet today;
    cast_open(&cast, kind);
    cast_issue(&old, &cast, 400, &cast.p);
    const struct id before = pay_in_advance(&cast, &cast.a2, WORLD_BANK_A);
    cast.hall.now += 60;
    world_wallet(&today, &cast.hall.world, "a today", WORLD_BANK_A);
    hall_log(&cast.hall, &today, "a");
    cast_pay(&paid, &cast, &old, &today);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
    HALL_STATUS(claim_as_advance(&cast, &paid.coin, &before), STATUS_ORDER);
    const struct id since = pay_in_advance(&cast, &cast.a2, WORLD_BANK_A);
    HALL_STATUS(claim_as_advance(&cast, &paid.coin, &since), STATUS_OK);
    cast_close(&cast);
}

static void mint_for(struct world_coin *out, struct cast *cast, struct world_wallet *owner,
                     uint64_t purpose)
{
    struct register_env env = hall_begin(&cast->hall);
    struct bank bank = {0};
    HALL_OK(vault_bank(&env, &bank, WORLD_BANK_A));
    HALL_OK(amount_sub(&bank.reserve, bank.reserve, world_fen(400)));
    HALL_OK(store_update(cast->hall.store, &tables_table_bank, &bank));
    *out = (struct world_coin){.amount = world_fen(400), .owner = owner};
    HALL_OK(register_mint(&env, &out->token, &out->serial, &out->coin_id, out->amount,
                          &owner->pair.public_key, purpose != 0, purpose));
    hall_end(&cast->hall);
}

HALL_TEST(refund_advance, money_of_a_purpose_is_no_advance_on_money_without)
{
    const struct {
        uint64_t lost, paid;
        enum status status;
    } rows[] = {{0, 7, STATUS_ORDER}, {7, 8, STATUS_ORDER}, {7, 7, STATUS_OK}, {7, 0, STATUS_OK}};
    struct cast cast;
    cast_open(&cast, kind);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_coin lost, vaults;
        struct hall_order order;
        struct order_reply reply;
        const struct world_coin *const funding[] = {&vaults};
        const struct output output = cast_output(&cast.a2, 400);
        mint_for(&lost, &cast, &cast.a, rows[i].lost);
        mint_for(&vaults, &cast, &cast.vault_a, rows[i].paid);
        hall_order_exchange(&order, &cast.hall, &output, 1);
        hall_order_fund(&order, &cast.hall, funding, 1);
        HALL_STATUS(hall_order(&cast.hall, &reply, &order, WORLD_BANK_A), STATUS_OK);
        HALL_STATUS(claim_as_advance(&cast, &lost, &order.id), rows[i].status);
    }
    cast_close(&cast);
}
