/* Refunds: who may have which coin back, when, to which key; and what becomes of who comes late. */
#include "common/base/time.h"
#include "common/money/call.h"
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

/* --- who, to whom, when --- */

HALL_TEST(refund, is_judged_by_owner_goal_state_and_day_in_this_order)
{
    struct cast cast;
    struct world_coin coin, spent, of_x, of_vault;
    struct note paid;
    struct hall_refunded result;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 500, &cast.a);
    cast_issue(&spent, &cast, 500, &cast.a);
    cast_issue(&of_x, &cast, 500, &cast.x);
    cast_issue(&of_vault, &cast, 500, &cast.vault_a);
    cast_pay(&paid, &cast, &spent, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
    const uint64_t day = day_of(&cast, &coin);
    const struct {
        const struct world_coin *coin;
        const struct world_wallet *to;
        uint64_t bank_id, day;
        enum status status;
    } rows[] = {
        {&coin, &cast.a2, WORLD_BANK_B, day - 1, STATUS_FORBIDDEN}, /* another bank's customer */
        {&coin, &cast.q, WORLD_BANK_B, day, STATUS_FORBIDDEN},
        {&of_x, &cast.a2, WORLD_BANK_A, day, STATUS_FORBIDDEN}, /* nobody's customer */
        {&of_vault, &cast.a2, WORLD_BANK_A, day, STATUS_FORBIDDEN},
        {&coin, &cast.p, WORLD_BANK_A, day - 1, STATUS_CERTIFIED_ELSEWHERE}, /* another customer */
        {&coin, &cast.p, WORLD_BANK_A, day, STATUS_CERTIFIED_ELSEWHERE},
        {&coin, &cast.q, WORLD_BANK_A, day, STATUS_CERTIFIED_ELSEWHERE},
        {&coin, &cast.x, WORLD_BANK_A, day, STATUS_CERTIFIED_ELSEWHERE},
        {&coin, &cast.vault_a, WORLD_BANK_A, day, STATUS_CERTIFIED_ELSEWHERE},
        {&spent, &cast.a2, WORLD_BANK_A, day - 1, STATUS_STATE},
        {&spent, &cast.a2, WORLD_BANK_A, day, STATUS_STATE},
        {&coin, &cast.a2, WORLD_BANK_A, day - 1, STATUS_EARLY},
        {&coin, &cast.a2, WORLD_BANK_A, day, STATUS_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct refund_item item = item_of(rows[i].coin, rows[i].to);
        const struct id before = hall_snapshot(&cast.hall);
        HALL_STATUS(hall_refund_at(&cast.hall, &result, rows[i].bank_id, &item, rows[i].day),
                    rows[i].status);
        const struct id after = hall_snapshot(&cast.hall);
        cr_assert_eq(id_equal(&before, &after), rows[i].status != STATUS_OK, "row %zu", i);
        cr_assert_eq(result.has_token, rows[i].status == STATUS_OK);
        cr_assert_eq(result.redeem_by_day, rows[i].status == STATUS_FORBIDDEN ? 0 : day);
    }
    struct refund_item nothing = item_of(&coin, &cast.a2);
    nothing.serial = 999999;
    HALL_STATUS(hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &nothing, day), STATUS_UNKNOWN);
    cast_close(&cast);
}

HALL_TEST(refund, voids_the_coin_and_mints_it_anew_once)
{
    struct cast cast;
    struct world_coin coin, fresh;
    struct hall_refunded first, again;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 700, &cast.a);
    const struct books before = hall_books(&cast.hall);
    struct refund_item item = item_of(&coin, &cast.a2);
    const uint64_t day = day_of(&cast, &coin);
    HALL_STATUS(hall_refund_at(&cast.hall, &first, WORLD_BANK_A, &item, day), STATUS_OK);
    const struct books after = hall_books(&cast.hall);
    cr_assert_eq(amount_fen(before.unspent), amount_fen(after.unspent));
    cr_assert_eq(cast_owned(&cast, &cast.a), 0);
    cr_assert_eq(cast_owned(&cast, &cast.a2), 700);
    const struct id once = hall_snapshot(&cast.hall);
    item.to_key = cast.a.pair.public_key; /* whatever is asked now */
    HALL_STATUS(hall_refund_at(&cast.hall, &again, WORLD_BANK_A, &item, day + 9), STATUS_OK);
    const struct id twice = hall_snapshot(&cast.hall);
    cr_assert(id_equal(&once, &twice));
    cr_assert(span_equal(first.token.payload, again.token.payload));
    cr_assert(span_equal(SPAN(first.token.signature), SPAN(again.token.signature)));
    HALL_STATUS(hall_refund_at(&cast.hall, &again, WORLD_BANK_B, &item, day), STATUS_FORBIDDEN);
    cr_assert_not(again.has_token);
    hall_take(&fresh, &cast.hall, &first.token, &cast.a2);
    cr_assert_gt(hall_coin(&cast.hall, &fresh).redeem_by_day, day); /* its days are new, too */
    cast_close(&cast);
}

/* The payee's coin, the change and the deepest coin are other coins than the one refunded. */
HALL_TEST(refund, is_of_the_deepest_owner_that_the_register_knows)
{
    struct cast cast;
    struct world_coin coin, change;
    struct note paid;
    struct hall_refunded result;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 900, &cast.a);
    cast_pay_part(&paid, &change, &cast, &coin, &cast.p, 300, NULL);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
    const uint64_t day = day_of(&cast, &change);
    struct refund_item item = item_of(&coin, &cast.a2);
    HALL_STATUS(hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &item, day), STATUS_STATE);
    item = item_of(&paid.coin, &cast.a2); /* p owns it now */
    HALL_STATUS(hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &item, day),
                STATUS_CERTIFIED_ELSEWHERE);
    item = item_of(&change, &cast.a2);
    HALL_STATUS(hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &item, day), STATUS_OK);
    item = item_of(&paid.coin, &cast.p2);
    HALL_STATUS(hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &item, day), STATUS_OK);
    cr_assert_eq(cast_owned(&cast, &cast.a2), 600);
    cr_assert_eq(cast_owned(&cast, &cast.p2), 300);
    cast_close(&cast);
}

/* --- who comes late --- */

HALL_TEST(refund, M4_a_payee_before_the_refund_has_the_coin_one_after_has_lost_it)
{
    struct cast cast;
    struct world_coin early, late;
    struct note to_q, to_c;
    struct hall_refunded result;
    cast_open(&cast, kind);
    cast_issue(&early, &cast, 400, &cast.a);
    cast_issue(&late, &cast, 500, &cast.a);
    cast_pay(&to_q, &cast, &early, &cast.q);
    cast_pay(&to_c, &cast, &late, &cast.c);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_SETTLED);
    const struct refund_item item = item_of(&early, &cast.a2);
    HALL_STATUS(hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &item, day_of(&cast, &early)),
                STATUS_STATE);
    hall_refund(&cast.hall, &late, &cast.a2);
    HALL_OUTCOME(cast_settle(&cast, &to_c), OUTCOME_LOST);
    cr_assert_eq(cast_owned(&cast, &cast.q), 400);
    cr_assert_eq(cast_owned(&cast, &cast.c), 0);
    cr_assert_eq(cast_owned(&cast, &cast.a2), 500);
    cr_assert_eq(hall_cases(&cast.hall),
                 0); /* a paid once, and lost the wallet: nobody is accused */
    cr_assert_not(cast_is_revoked(&cast, &cast.a));
    cast_close(&cast);
}

/* --- orphans --- */

HALL_TEST(refund, a_bank_claims_the_orphans_of_a_lost_wallet_without_a_request)
{
    struct cast cast;
    struct note lost;
    struct hall_refunded result;
    struct world_wallet *const victims[] = {&cast.p};
    cast_open(&cast, kind);
    cast_fork(&lost, &cast, 1000, &cast.q, victims, 1);
    const uint64_t day = day_of(&cast, &lost.coin);
    const struct refund_item item = item_of(&lost.coin, &cast.p2);
    HALL_STATUS(hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &item, day - 1), STATUS_EARLY);
    HALL_STATUS(hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &item, day), STATUS_OK);
    cr_assert_not(result.has_token);
    cr_assert_eq(hall_last_claim(&cast.hall).state, CLAIM_PAID);
    cr_assert_eq(cast_owned(&cast, &cast.p2), 1000);
    HALL_STATUS(hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &item, day), STATUS_OK);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_claim), 1);
    HALL_OUTCOME(cast_claim(&cast, &lost), OUTCOME_LOST); /* the wallet was not lost after all */
    cr_assert_eq(cast_owned(&cast, &cast.p), 0);
    cast_close(&cast);
}

HALL_TEST(refund, the_forkers_own_bank_gets_him_nothing_for_his_orphans)
{
    struct cast cast;
    struct note lost;
    struct hall_refunded result;
    struct world_wallet *const victims[] = {&cast.a2};
    cast_open(&cast, kind);
    cast_fork(&lost, &cast, 1000, &cast.q, victims, 1);
    const struct refund_item item = item_of(&lost.coin, &cast.a);
    HALL_STATUS(hall_refund_at(&cast.hall, &result, WORLD_BANK_A, &item, day_of(&cast, &lost.coin)),
                STATUS_OK);
    cr_assert_eq(hall_last_claim(&cast.hall).refusal, CLAIM_FORKER);
    cr_assert_eq(cast_owned(&cast, &cast.a) + cast_owned(&cast, &cast.a2), 0);
    cast_close(&cast);
}

/* --- what keys hold --- */

static struct holdings held(struct cast *cast, const struct held_body *body, uint64_t bank_id,
                            enum status expected)
{
    struct register_env env = hall_begin(&cast->hall);
    const struct bank bank = {.bank_id = bank_id};
    struct held_reply reply;
    struct holdings holdings = {.more = 0};
    struct id question_id;
    enum status status = STATUS_FAILED;
    HALL_OK(refund_held(&env, &reply, &status, body, &bank));
    hall_end(&cast->hall);
    HALL_STATUS(status, expected);
    if (status != STATUS_OK)
        return holdings;
    HALL_OK(call_question(&question_id, VERB_HELD, body));
    HALL_OK(record_open(&holdings, WORLD_NETWORK, KIND_HOLDINGS, &reply.holdings,
                        &cast->hall.world.register_key.public_key, &cast->hall.world.arena));
    cr_assert(id_equal(&holdings.question_id, &question_id));
    return holdings;
}

HALL_TEST(refund, a_bank_asks_what_its_own_customers_hold)
{
    struct cast cast;
    struct world_coin coin;
    struct note lost;
    struct world_wallet *const victims[] = {&cast.p};
    cast_open(&cast, kind);
    struct key_item keys[] = {{cast.e.pair.public_key}, {cast.p.pair.public_key}};
    const struct held_body body = {.keys = {keys, 2}};
    cast_issue(&coin, &cast, 250, &cast.e);
    cast_fork(&lost, &cast, 1000, &cast.q, victims, 1);
    const struct holdings reply = held(&cast, &body, WORLD_BANK_A, STATUS_OK);
    cr_assert_eq(reply.coins.count, 2);
    cr_assert_eq(reply.coins.items[0].key_index, 0);
    cr_assert_eq(reply.coins.items[0].state, COIN_UNSPENT);
    cr_assert_eq(amount_fen(reply.coins.items[0].amount), 250);
    cr_assert_eq(reply.coins.items[1].key_index, 1);
    cr_assert_eq(reply.coins.items[1].state, COIN_ORPHAN);
    (void)held(&cast, &body, WORLD_BANK_B, STATUS_FORBIDDEN);
    keys[1].key = cast.q.pair.public_key;
    (void)held(&cast, &body, WORLD_BANK_A, STATUS_FORBIDDEN);
    cast_close(&cast);
}

HALL_TEST(refund, what_keys_hold_comes_in_pages)
{
    enum { COINS = HELD_COINS_MAX + 5 };
    struct cast cast;
    size_t seen = 0;
    uint64_t last_serial = 0;
    cast_open(&cast, kind);
    for (size_t i = 0; i < COINS; i++) {
        struct world_coin coin;
        cast_issue(&coin, &cast, 1, i < HELD_COINS_MAX + 2 ? &cast.p : &cast.e);
    }
    struct key_item keys[] = {{cast.p.pair.public_key}, {cast.e.pair.public_key}};
    struct held_body body = {.keys = {keys, 2}};
    struct holdings reply = {.more = 1};
    while (reply.more == 1) {
        reply = held(&cast, &body, WORLD_BANK_A, STATUS_OK);
        for (size_t i = 0; i < reply.coins.count; i++) {
            cr_assert_gt(reply.coins.items[i].serial, last_serial); /* no coin twice */
            last_serial = reply.coins.items[i].serial;
        }
        const struct held_coin *last = &reply.coins.items[reply.coins.count - 1];
        seen += reply.coins.count;
        body.keys = (struct key_item_list){body.keys.items + last->key_index,
                                           body.keys.count - last->key_index};
        body.after_state = last->state;
        body.after_serial = last->serial;
        body.after_coin_id = last->coin_id;
    }
    cr_assert_eq(seen, COINS);
    cast_close(&cast);
}

/* --- all or nothing --- */

struct failing {
    struct cast *cast;
    struct refund_item item;
    uint64_t day;
};

static enum err refund_once(struct register_env *env, void *context)
{
    struct failing *failing = context;
    const struct refund_body body = {.items = {&failing->item, 1}};
    struct refund_reply reply;
    struct bank bank = {.bank_id = WORLD_BANK_A};
    env->now = failing->day * SECONDS_PER_DAY;
    TRY(store_get(env->store, &tables_table_bank, &bank, env->arena));
    return refund_make(env, &reply, &body, &bank);
}

HALL_TEST(refund, whichever_write_fails_it_is_all_or_nothing)
{
    struct cast cast;
    struct world_coin coin;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 700, &cast.a);
    struct failing failing = {&cast, item_of(&coin, &cast.a2), day_of(&cast, &coin)};
    cr_assert_geq(hall_fail_everywhere(&cast.hall, refund_once, &failing), 6);
    cr_assert_eq(cast_owned(&cast, &cast.a2), 700);
    cast_close(&cast);
}
