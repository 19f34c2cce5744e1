/* The seven scenarios of the rules' model, with the outcome it gives when every rule is on: each
 * was a hole in an earlier wording. */
#include "tests/central/cast.h"

#include <criterion/criterion.h>

/* a pays q, which settles, and p; p passes it on to k, all offline; a pushes its own half first. */
HALL_TEST(scenarios, auto_compensation_goes_to_the_holder)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_q, to_p, to_k;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 50, &cast.a);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_k, &cast, &to_p.coin, &cast.c);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_CONFLICT);
    HALL_OUTCOME(cast_settle(&cast, &to_k), OUTCOME_ORPHAN);
    HALL_OUTCOME(cast_claim(&cast, &to_k), OUTCOME_CLAIMED);
    cr_assert_eq(cast_owned(&cast, &cast.p), 0);
    cr_assert_eq(cast_owned(&cast, &cast.c), 50);
    cast_close(&cast);
}

/* The relaying bank sends half of an order, then the whole: p can reach all 50 again. */
HALL_TEST(scenarios, partial_order_leaves_nothing_stuck)
{
    struct cast cast;
    struct world_coin coins[2];
    struct hall_order whole, half;
    struct order_reply reply;
    struct packet packet = {0};
    struct world_packet first = {.directory_version = 1};
    cast_open(&cast, kind);
    cast_issue(&coins[0], &cast, 30, &cast.p);
    cast_issue(&coins[1], &cast, 20, &cast.p);
    const struct world_coin *const inputs[] = {&coins[0], &coins[1]};
    const struct output output = cast_output(&cast.p, 50);
    hall_order_exchange(&whole, &cast.hall, &output, 1);
    hall_order_fund(&whole, &cast.hall, inputs, 2);
    HALL_OK(packet_decode(&packet, whole.packet, &cast.hall.world.arena));
    first.tokens[first.token_count++] = packet.tokens.items[0].record;
    first.payments[first.payment_count++] = packet.payments.items[0].record;
    half = whole;
    half.packet = world_packet_bytes(&cast.hall.world, &first);
    HALL_STATUS(hall_order(&cast.hall, &reply, &half, WORLD_BANK_A), STATUS_OK);
    HALL_STATUS(hall_order(&cast.hall, &reply, &whole, WORLD_BANK_A), STATUS_OK);
    cr_assert_eq(cast_owned(&cast, &cast.p), 50);
    cr_assert_eq(hall_coin(&cast.hall, &coins[0]).state, COIN_SPENT);
    cr_assert_eq(hall_coin(&cast.hall, &coins[1]).state, COIN_SPENT);
    cast_close(&cast);
}

/* Payee and register judge a payment of 40 to p and 10 to the register alike. */
HALL_TEST(scenarios, mixed_output_is_refused_by_payee_and_register)
{
    struct cast cast;
    struct world_coin coin, mixed;
    struct packet_view view = {0};
    enum status status = STATUS_OK;
    struct world_packet packet = {.directory_version = 1};
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 50, &cast.a);
    struct payment payment = world_payment_value(&cast.hall.world, &coin, &cast.p, 40, NULL);
    payment.outputs.items[1].key = cast.hall.world.register_key.public_key;
    world_payment_signed(&mixed, &cast.hall.world, &coin, &payment, &cast.p, 0);
    world_packet_add(&packet, &mixed);
    const struct span bytes = world_packet_bytes(&cast.hall.world, &packet);
    const struct packet_options payee = {.role = PACKET_FOR_PAYEE};
    HALL_OK(packet_verify(&view, &status, bytes, &cast.hall.world.trust, &payee,
                          &cast.hall.world.arena));
    HALL_STATUS(status, STATUS_REGISTER_OUTPUT);
    hall_refuses(&cast.hall, bytes, STATUS_REGISTER_OUTPUT);
    cast_close(&cast);
}

/* a paid twice and took the refund: one proof, no second value. */
HALL_TEST(scenarios, refunded_fork_is_proved)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 50, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    hall_refund(&cast.hall, &coin, &cast.a2);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_LOST);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_LOST);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_expect_proof(&cast, 0, &cast.a);
    cr_assert_eq(cast_owned(&cast, &cast.a2), 50);
    cast_close(&cast);
}

/* The conflict itself revokes a; p took the money when its list was still empty. */
HALL_TEST(scenarios, list_after_does_not_spoil_the_claim)
{
    struct cast cast;
    struct note lost;
    struct world_wallet *const p[] = {&cast.p};
    cast_open(&cast, kind);
    cast_fork(&lost, &cast, 50, &cast.q, p, 1);
    cr_assert(cast_is_revoked(&cast, &cast.a));
    HALL_OUTCOME(cast_claim(&cast, &lost), OUTCOME_CLAIMED);
    cr_assert_eq(cast_owned(&cast, &cast.p), 50);
    cast_close(&cast);
}

/* One forged 50 paid to three: nothing is paid by itself, two proofs against a. */
HALL_TEST(scenarios, forged_money_is_paid_at_most_once)
{
    struct cast cast;
    struct world_coin coin;
    struct note to[3];
    struct world_wallet *const payees[] = {&cast.p, &cast.q, &cast.c};
    cast_open(&cast, kind);
    world_token(&coin, &cast.hall.world, 50, &cast.a);
    for (size_t i = 0; i < 3; i++) {
        cast_pay(&to[i], &cast, &coin, payees[i]);
        HALL_OUTCOME(cast_settle(&cast, &to[i]), i == 0 ? OUTCOME_ORPHAN : OUTCOME_CONFLICT);
    }
    cr_assert_eq(hall_cases(&cast.hall), 2);
    cr_assert_eq(balance_fen(hall_books(&cast.hall).loss), 0);
    HALL_OUTCOME(cast_claim(&cast, &to[0]), OUTCOME_CLAIMED);
    HALL_OUTCOME(cast_claim(&cast, &to[0]), OUTCOME_CONFLICT);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_approval), 1);
    cast_close(&cast);
}

/* The forker's second key claims to be the victim. */
HALL_TEST(scenarios, own_victim_is_paid_nothing)
{
    struct cast cast;
    struct note lost;
    struct world_wallet *const a2[] = {&cast.a2};
    cast_open(&cast, kind);
    cast_fork(&lost, &cast, 50, &cast.p, a2, 1);
    HALL_OUTCOME(cast_claim(&cast, &lost), OUTCOME_CLAIMED);
    cr_assert_eq(cast_owned(&cast, &cast.a2), 0);
    cr_assert_eq(hall_last_claim(&cast.hall).refusal, CLAIM_FORKER);
    cast_close(&cast);
}
