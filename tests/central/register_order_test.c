/* Orders: answered input by input, the same for ever, all or nothing. */
#include "tests/central/cast.h"

#include <criterion/criterion.h>

/* --- as written --- */

HALL_TEST(order, M3_the_same_order_brings_the_same_bytes)
{
    struct cast cast;
    struct world_coin coins[2];
    struct hall_order order;
    struct order_reply first, again;
    cast_open(&cast, kind);
    cast_issue(&coins[0], &cast, 3000, &cast.p);
    cast_issue(&coins[1], &cast, 2000, &cast.p);
    const struct output outputs[] = {cast_output(&cast.p2, 4000), cast_output(&cast.p2, 1000)};
    const struct world_coin *const inputs[] = {&coins[0], &coins[1]};
    hall_order_exchange(&order, &cast.hall, outputs, 2);
    hall_order_fund(&order, &cast.hall, inputs, 2);
    HALL_STATUS(hall_order(&cast.hall, &first, &order, WORLD_BANK_A), STATUS_OK);
    cr_assert_eq(first.tokens.count, 2);
    HALL_OUTCOME(hall_input(&first, 0), OUTCOME_USED);
    HALL_OUTCOME(hall_input(&first, 1), OUTCOME_USED);
    for (size_t i = 0; i < 2; i++) {
        struct world_coin fresh;
        hall_take(&fresh, &cast.hall, &first.tokens.items[i].record, &cast.p2);
        cr_assert_eq(amount_compare(fresh.amount, outputs[i].amount), 0);
    }
    cast.hall.now += 100000; /* the day does not matter: what was minted is stored */
    const struct id before = hall_snapshot(&cast.hall);
    HALL_STATUS(hall_order(&cast.hall, &again, &order, WORLD_BANK_B), STATUS_OK);
    const struct id after = hall_snapshot(&cast.hall);
    const struct id one = hall_reply_hash(&first), two = hall_reply_hash(&again);
    cr_assert(id_equal(&one, &two));
    cr_assert(id_equal(&before, &after));
    cr_assert_eq(cast_owned(&cast, &cast.p), 0);
    cr_assert_eq(cast_owned(&cast, &cast.p2), 5000);
    cast_close(&cast);
}

struct attempt {
    const struct hall_order *order;
    struct order_reply reply;
};

static enum err order_once(struct register_env *env, void *context)
{
    struct attempt *attempt = context;
    const struct order_body body = {.order = attempt->order->order,
                                    .packet = attempt->order->packet,
                                    .requests = attempt->order->requests};
    enum status status = STATUS_OK;
    const enum verb verb = attempt->order->is_redeem ? VERB_REDEEM : VERB_EXCHANGE;
    const enum err error = register_order(env, &attempt->reply, &status, verb, &body, WORLD_BANK_A);
    if (error == ERR_OK)
        HALL_STATUS(status, STATUS_OK);
    return error;
}

HALL_TEST(order, M3_A19_an_order_dies_at_every_write_and_is_answered_once)
{
    struct cast cast;
    struct world_coin coins[2];
    struct hall_order order;
    struct order_reply again;
    cast_open(&cast, kind);
    cast_issue(&coins[0], &cast, 3000, &cast.p);
    cast_issue(&coins[1], &cast, 2000, &cast.p);
    const struct output outputs[] = {cast_output(&cast.p2, 4000), cast_output(&cast.p2, 1000)};
    const struct world_coin *const inputs[] = {&coins[0], &coins[1]};
    hall_order_exchange(&order, &cast.hall, outputs, 2);
    hall_order_fund(&order, &cast.hall, inputs, 2);
    struct attempt attempt = {.order = &order};
    cr_assert_geq(hall_fail_everywhere(&cast.hall, order_once, &attempt), 12);
    HALL_STATUS(hall_order(&cast.hall, &again, &order, WORLD_BANK_A), STATUS_OK);
    const struct id one = hall_reply_hash(&attempt.reply), two = hall_reply_hash(&again);
    cr_assert(id_equal(&one, &two));
    cr_assert_eq(cast_owned(&cast, &cast.p2), 5000);
    cast_close(&cast);
}

HALL_TEST(order, A19_a_claim_dies_at_every_write)
{
    struct cast cast;
    struct note lost;
    struct hall_order order;
    struct world_wallet *const q[] = {&cast.q};
    cast_open(&cast, kind);
    cast_fork(&lost, &cast, 5000, &cast.p, q, 1);
    const struct output back = cast_output(&cast.q, 5000);
    const struct world_coin *const inputs[] = {&lost.coin};
    struct signed_item shown = {.record = lost.request.cose};
    hall_order_exchange(&order, &cast.hall, &back, 1);
    hall_order_fund(&order, &cast.hall, inputs, 1);
    order.requests = (struct signed_item_list){&shown, 1};
    struct attempt attempt = {.order = &order};
    cr_assert_geq(hall_fail_everywhere(&cast.hall, order_once, &attempt), 10);
    cr_assert_eq(cast_owned(&cast, &cast.q), 5000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).guarantee), 95000);
    cast_close(&cast);
}

HALL_TEST(order, redeem_grows_the_reserve_of_the_bank_that_sends_it)
{
    struct cast cast;
    struct world_coin coin;
    struct hall_order order;
    struct order_reply reply;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.vault_a);
    const struct world_coin *const inputs[] = {&coin};
    hall_order_redeem(&order, &cast.hall, WORLD_BANK_A, 5000);
    hall_order_fund(&order, &cast.hall, inputs, 1);
    HALL_STATUS(hall_order(&cast.hall, &reply, &order, WORLD_BANK_B), STATUS_FORBIDDEN);
    cr_assert_eq(cast_owned(&cast, &cast.vault_a), 5000);
    for (size_t again = 0; again < 2; again++) {
        HALL_STATUS(hall_order(&cast.hall, &reply, &order, WORLD_BANK_A), STATUS_OK);
        HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_USED);
        cr_assert_eq(reply.tokens.count, 0);
        cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).reserve), 900000);
    }
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_B).reserve), 900000);
    cr_assert_eq(cast_owned(&cast, &cast.vault_a), 0);
    cast_close(&cast);
}

/* --- not as written: minted back, input by input --- */

HALL_TEST(order, M2_one_conflicting_input_of_three)
{
    struct cast cast;
    struct world_coin forked, coins[2];
    struct note won, lost;
    struct order_reply reply;
    cast_open(&cast, kind);
    cast_issue(&forked, &cast, 1000, &cast.a);
    cast_pay(&won, &cast, &forked, &cast.q);
    cast_pay(&lost, &cast, &forked, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &won), OUTCOME_SETTLED);
    cast_issue(&coins[0], &cast, 3000, &cast.p);
    cast_issue(&coins[1], &cast, 2000, &cast.p);
    const struct world_coin *const inputs[] = {&coins[0], &lost.coin, &coins[1]};
    const struct output output = cast_output(&cast.p2, 6000);
    HALL_STATUS(cast_exchange(&reply, &cast, inputs, 3, &output, 1), STATUS_OK);
    cr_assert_eq(reply.tokens.count, 0);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_MINTED_BACK);
    HALL_OUTCOME(hall_input(&reply, 1), OUTCOME_CLAIMED);
    HALL_OUTCOME(hall_input(&reply, 2), OUTCOME_MINTED_BACK);
    struct world_coin back;
    hall_take(&back, &cast.hall, &reply.inputs.items[0].token, &cast.p);
    cr_assert_eq(amount_fen(back.amount), 3000);
    cr_assert_eq(cast_owned(&cast, &cast.p), 5000);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_expect_proof(&cast, 0, &cast.a);
    cr_assert_not(cast_is_revoked(&cast, &cast.p));
    cast_close(&cast);
}

HALL_TEST(order, H3_one_vault_coin_funds_two_orders)
{
    struct cast cast;
    struct world_coin shared, good;
    struct order_reply first, second;
    cast_open(&cast, kind);
    cast_issue(&shared, &cast, 3000, &cast.vault_a);
    cast_issue(&good, &cast, 2000, &cast.vault_a);
    const struct world_coin *const one[] = {&shared}, *const two[] = {&shared, &good};
    const struct output for_p = cast_output(&cast.p, 3000), for_q = cast_output(&cast.q, 5000);
    HALL_STATUS(cast_exchange(&first, &cast, one, 1, &for_p, 1), STATUS_OK);
    HALL_STATUS(cast_exchange(&second, &cast, two, 2, &for_q, 1), STATUS_OK);
    HALL_OUTCOME(hall_input(&first, 0), OUTCOME_USED);
    HALL_OUTCOME(hall_input(&second, 0), OUTCOME_CONFLICT);
    HALL_OUTCOME(hall_input(&second, 1), OUTCOME_MINTED_BACK);
    cr_assert_eq(cast_owned(&cast, &cast.p), 3000);
    cr_assert_eq(cast_owned(&cast, &cast.q), 0);
    cr_assert_eq(cast_owned(&cast, &cast.vault_a), 2000);
    cast_expect_proof(&cast, 0, &cast.vault_a); /* not the key that certifies customers */
    cast_close(&cast);
}

/* Whatever the good inputs add up to: an order with a bad one is not carried out. */
HALL_TEST(order, M2_the_good_inputs_alone_would_pay_for_it)
{
    struct cast cast;
    struct world_coin spent, good;
    struct note elsewhere;
    struct order_reply reply;
    cast_open(&cast, kind);
    cast_issue(&spent, &cast, 1000, &cast.p);
    cast_pay(&elsewhere, &cast, &spent, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &elsewhere), OUTCOME_SETTLED);
    cast_issue(&good, &cast, 3000, &cast.p);
    const struct world_coin *const inputs[] = {&spent, &good};
    const struct output output = cast_output(&cast.p2, 3000);
    HALL_STATUS(cast_exchange(&reply, &cast, inputs, 2, &output, 1), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_CONFLICT);
    HALL_OUTCOME(hall_input(&reply, 1), OUTCOME_MINTED_BACK);
    cr_assert_eq(reply.tokens.count, 0);
    cr_assert_eq(cast_owned(&cast, &cast.p), 3000);
    cr_assert_eq(cast_owned(&cast, &cast.p2), 0);
    cast_close(&cast);
}

/* The packet of an order's payments number from .. to - 1. */
static void fund_part(struct hall_order *part, struct cast *cast, const struct hall_order *whole,
                      size_t from, size_t to)
{
    struct packet packet = {0};
    struct world_packet chosen = {.directory_version = 1};
    HALL_OK(packet_decode(&packet, whole->packet, &cast->hall.world.arena));
    *part = *whole;
    for (size_t i = from; i < to; i++) {
        chosen.tokens[chosen.token_count++] = packet.tokens.items[i].record;
        chosen.payments[chosen.payment_count++] = packet.payments.items[i].record;
    }
    part->packet = world_packet_bytes(&cast->hall.world, &chosen);
}

HALL_TEST(order, M9_half_of_an_order_now_the_rest_later)
{
    struct cast cast;
    struct world_coin coins[2];
    struct hall_order whole, half;
    struct order_reply reply;
    cast_open(&cast, kind);
    cast_issue(&coins[0], &cast, 3000, &cast.p);
    cast_issue(&coins[1], &cast, 2000, &cast.p);
    const struct world_coin *const inputs[] = {&coins[0], &coins[1]};
    const struct output output = cast_output(&cast.p2, 5000);
    hall_order_exchange(&whole, &cast.hall, &output, 1);
    hall_order_fund(&whole, &cast.hall, inputs, 2);
    fund_part(&half, &cast, &whole, 0, 1);
    HALL_STATUS(hall_order(&cast.hall, &reply, &half, WORLD_BANK_A), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_MINTED_BACK);
    HALL_STATUS(hall_order(&cast.hall, &reply, &whole, WORLD_BANK_A), STATUS_OK);
    cr_assert_eq(reply.tokens.count, 0);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_MINTED_BACK);
    HALL_OUTCOME(hall_input(&reply, 1), OUTCOME_MINTED_BACK);
    const struct id first = hall_reply_hash(&reply);
    HALL_STATUS(hall_order(&cast.hall, &reply, &whole, WORLD_BANK_A), STATUS_OK);
    const struct id again = hall_reply_hash(&reply);
    cr_assert(id_equal(&first, &again));
    cr_assert_eq(cast_owned(&cast, &cast.p), 5000);
    cr_assert_eq(cast_owned(&cast, &cast.p2), 0);
    cast_close(&cast);
}

/* The first message did not pay for the order; the second one alone would. */
HALL_TEST(order, M9_an_order_is_judged_once)
{
    struct cast cast;
    struct world_coin coins[2];
    struct hall_order whole, part;
    struct order_reply reply;
    cast_open(&cast, kind);
    cast_issue(&coins[0], &cast, 3000, &cast.p);
    cast_issue(&coins[1], &cast, 2000, &cast.p);
    const struct world_coin *const inputs[] = {&coins[0], &coins[1]};
    const struct output output = cast_output(&cast.p2, 2000);
    hall_order_exchange(&whole, &cast.hall, &output, 1);
    hall_order_fund(&whole, &cast.hall, inputs, 2);
    for (size_t i = 0; i < 2; i++) {
        fund_part(&part, &cast, &whole, i, i + 1);
        HALL_STATUS(hall_order(&cast.hall, &reply, &part, WORLD_BANK_A), STATUS_OK);
        HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_MINTED_BACK);
        cr_assert_eq(reply.tokens.count, 0);
    }
    cr_assert_eq(cast_owned(&cast, &cast.p), 5000);
    cr_assert_eq(cast_owned(&cast, &cast.p2), 0);
    cast_close(&cast);
}

/* An honoured order, and then one more payment under it. */
HALL_TEST(order, M9_what_comes_late_under_an_honoured_order_is_minted_back)
{
    struct cast cast;
    struct world_coin coins[2];
    struct hall_order whole, part;
    struct order_reply reply;
    cast_open(&cast, kind);
    cast_issue(&coins[0], &cast, 3000, &cast.p);
    cast_issue(&coins[1], &cast, 2000, &cast.p);
    const struct world_coin *const inputs[] = {&coins[0], &coins[1]};
    const struct output output = cast_output(&cast.p2, 3000);
    hall_order_exchange(&whole, &cast.hall, &output, 1);
    hall_order_fund(&whole, &cast.hall, inputs, 2);
    fund_part(&part, &cast, &whole, 0, 1);
    HALL_STATUS(hall_order(&cast.hall, &reply, &part, WORLD_BANK_A), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_USED);
    fund_part(&part, &cast, &whole, 1, 2);
    HALL_STATUS(hall_order(&cast.hall, &reply, &part, WORLD_BANK_A), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_MINTED_BACK);
    cr_assert_eq(reply.tokens.count, 0); /* no input of this message is in them */
    cr_assert_eq(cast_owned(&cast, &cast.p2), 3000);
    cr_assert_eq(cast_owned(&cast, &cast.p), 2000);
    cast_close(&cast);
}

HALL_TEST(order, sums_that_differ_are_minted_back)
{
    static const uint64_t wanted[][2] = {{4999, 0}, {5001, 0}, {1, 0}, {AMOUNT_MAX, AMOUNT_MAX}};
    struct cast cast;
    struct order_reply reply;
    cast_open(&cast, kind);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct world_coin coin;
        cast_issue(&coin, &cast, 5000, &cast.p);
        const struct world_coin *const inputs[] = {&coin};
        const struct output outputs[] = {cast_output(&cast.p2, wanted[i][0]),
                                         cast_output(&cast.p2, wanted[i][1])};
        HALL_STATUS(cast_exchange(&reply, &cast, inputs, 1, outputs, wanted[i][1] == 0 ? 1 : 2),
                    STATUS_OK);
        HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_MINTED_BACK);
        cr_assert_eq(cast_owned(&cast, &cast.p), 5000 * (i + 1));
        cr_assert_eq(cast_owned(&cast, &cast.p2), 0);
    }
    cast_close(&cast);
}

/* --- purposes --- */

static void issue_for(struct world_coin *out, struct cast *cast, uint64_t fen, uint64_t purpose)
{
    struct register_env env = hall_begin(&cast->hall);
    struct bank bank = {0};
    HALL_OK(vault_bank(&env, &bank, WORLD_BANK_A));
    HALL_OK(amount_sub(&bank.reserve, bank.reserve, world_fen(fen)));
    HALL_OK(store_update(cast->hall.store, &tables_table_bank, &bank));
    *out = (struct world_coin){.amount = world_fen(fen), .owner = &cast->p};
    HALL_OK(register_mint(&env, &out->token, &out->serial, &out->coin_id, out->amount,
                          &cast->p.pair.public_key, purpose != 0, purpose));
    hall_end(&cast->hall);
}

static uint64_t purpose_of(struct cast *cast, const struct cose *cose)
{
    struct token token = {0};
    HALL_OK(token_decode(&token, cose->payload, &cast->hall.world.arena));
    return token.has_purpose ? token.purpose : 0;
}

HALL_TEST(order, purposes_are_kept_and_never_mixed)
{
    static const struct {
        uint64_t one, two; /* 0: none */
        enum outcome outcome;
    } rows[] = {
        {0, 0, OUTCOME_USED},        {7, 7, OUTCOME_USED},        {7, 8, OUTCOME_MINTED_BACK},
        {0, 7, OUTCOME_MINTED_BACK}, {7, 0, OUTCOME_MINTED_BACK},
    };
    struct cast cast;
    struct order_reply reply;
    cast_open(&cast, kind);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_coin coins[2];
        issue_for(&coins[0], &cast, 3000, rows[i].one);
        issue_for(&coins[1], &cast, 2000, rows[i].two);
        const struct world_coin *const inputs[] = {&coins[0], &coins[1]};
        const struct output output = cast_output(&cast.p2, 5000);
        HALL_STATUS(cast_exchange(&reply, &cast, inputs, 2, &output, 1), STATUS_OK);
        HALL_OUTCOME(hall_input(&reply, 0), rows[i].outcome);
        HALL_OUTCOME(hall_input(&reply, 1), rows[i].outcome);
        if (rows[i].outcome == OUTCOME_USED) {
            cr_assert_eq(purpose_of(&cast, &reply.tokens.items[0].record), rows[i].one);
            continue;
        }
        cr_assert_eq(purpose_of(&cast, &reply.inputs.items[0].token), rows[i].one);
        cr_assert_eq(purpose_of(&cast, &reply.inputs.items[1].token), rows[i].two);
    }
    cast_close(&cast);
}

HALL_TEST(order, a_payment_keeps_the_purpose)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_q;
    cast_open(&cast, kind);
    issue_for(&coin, &cast, 3000, 7);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_SETTLED);
    const struct coin row = hall_coin(&cast.hall, &to_q.coin);
    cr_assert(row.has_purpose);
    cr_assert_eq(row.purpose, 7);
    cast_close(&cast);
}

/* --- refused: the order and its payments do not belong together --- */

HALL_TEST(order, what_does_not_fund_it_is_refused_whole)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_q;
    struct hall_order order, other;
    struct order_reply reply;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.p);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    struct world_wallet desk;
    world_register_wallet(&desk, &cast.hall.world);
    const struct output mine = cast_output(&cast.p2, 5000), desks = cast_output(&desk, 5000);
    struct output off_curve = mine;
    off_curve.key.bytes[0] = 5;
    const struct world_coin *const inputs[] = {&coin};
    struct world_packet plain = {.directory_version = 1};
    world_packet_add(&plain, &to_q.coin);
    hall_order_exchange(&other, &cast.hall, &mine, 1);
    hall_order_fund(&other, &cast.hall, inputs, 1);
    const struct {
        const char *text;
        struct output output;
        struct span packet; /* empty: its own */
        enum status status;
    } rows[] = {
        {"another order's payments", mine, other.packet, STATUS_ORDER},
        {"a payment to somebody", mine, world_packet_bytes(&cast.hall.world, &plain), STATUS_ORDER},
        {"tokens for the register", desks, {NULL, 0}, STATUS_ORDER},
        {"a key off the curve", off_curve, {NULL, 0}, STATUS_POINT},
        {"no packet", mine, span_text("\x01"), STATUS_PARSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hall_order_exchange(&order, &cast.hall, &rows[i].output, 1);
        hall_order_fund(&order, &cast.hall, inputs, 1);
        if (rows[i].packet.size > 0)
            order.packet = rows[i].packet;
        const struct id before = hall_snapshot(&cast.hall);
        const enum status status = hall_order(&cast.hall, &reply, &order, WORLD_BANK_A);
        const struct id after = hall_snapshot(&cast.hall);
        cr_expect_eq(status, rows[i].status, "%s: %s", rows[i].text, status_name(status));
        cr_assert(id_equal(&before, &after));
        cr_assert_eq(reply.inputs.count, 0);
    }
    cast_close(&cast);
}

/* The payments before an input settle with the order, and the line may start at a known coin. */
HALL_TEST(order, an_input_brings_its_line)
{
    struct cast cast;
    struct world_coin coin, change;
    struct note to_p;
    struct order_reply reply;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay_part(&to_p, &change, &cast, &coin, &cast.p, 3000, NULL);
    const struct world_coin *const inputs[] = {&to_p.coin};
    const struct output output = cast_output(&cast.p2, 3000);
    HALL_STATUS(cast_exchange(&reply, &cast, inputs, 1, &output, 1), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_USED);
    cr_assert_eq(cast_owned(&cast, &cast.p2), 3000);
    cr_assert_eq(cast_owned(&cast, &cast.a), 2000);
    struct world_coin bare = change; /* no token, no line: the register has the row */
    bare.token = (struct cose){.payload = {NULL, 0}};
    bare.payment_count = 0;
    struct world_packet packet = {.directory_version = 1};
    struct hall_order order;
    struct world_coin paid;
    struct world_wallet desk;
    world_register_wallet(&desk, &cast.hall.world);
    const struct output back = cast_output(&cast.a, 2000);
    hall_order_exchange(&order, &cast.hall, &back, 1);
    world_pay(&paid, NULL, &cast.hall.world, &bare, &desk, 2000, &order.id);
    packet.payments[packet.payment_count++] = paid.payments[0];
    order.packet = world_packet_bytes(&cast.hall.world, &packet);
    HALL_STATUS(hall_order(&cast.hall, &reply, &order, WORLD_BANK_A), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_USED);
    cr_assert_eq(cast_owned(&cast, &cast.a), 2000);
    cast_close(&cast);
}

HALL_TEST(order, M13_an_input_that_was_refunded_is_lost)
{
    struct cast cast;
    struct world_coin coin;
    struct order_reply reply;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.p);
    hall_refund(&cast.hall, &coin, &cast.p2);
    const struct world_coin *const inputs[] = {&coin};
    const struct output output = cast_output(&cast.p, 5000);
    HALL_STATUS(cast_exchange(&reply, &cast, inputs, 1, &output, 1), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_LOST);
    cr_assert_eq(cast_owned(&cast, &cast.p), 0);
    cr_assert_eq(cast_owned(&cast, &cast.p2), 5000);
    cast_close(&cast);
}
