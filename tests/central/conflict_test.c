/* Rows A of the adversarial cases, and M6: the same coin paid twice. The register's part: outcomes,
 * rows, cases. */
#include "tests/central/cast.h"

#include <criterion/criterion.h>

HALL_TEST(conflict, A1_A2_the_loser_is_made_whole_by_the_cheats_own_bank)
{
    struct cast cast;
    struct note lost;
    struct world_wallet *const q[] = {&cast.q};
    cast_open(&cast, kind);
    cast_fork(&lost, &cast, 5000, &cast.p, q, 1);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_expect_proof(&cast, 0, &cast.a);
    cr_assert(cast_is_revoked(&cast, &cast.a));
    cr_assert_not(cast_is_revoked(&cast, &cast.p));
    cr_assert_not(cast_is_revoked(&cast, &cast.q));
    cr_assert_eq(cast_owned(&cast, &cast.p), 5000);
    cr_assert_eq(cast_orphans(&cast, &cast.q), 5000);
    HALL_OUTCOME(cast_claim(&cast, &lost), OUTCOME_CLAIMED);
    cr_assert_eq(cast_owned(&cast, &cast.q), 5000);
    cr_assert_eq(cast_orphans(&cast, &cast.q), 0);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).guarantee), 95000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_B).guarantee), 100000);
    cast_close(&cast);
}

HALL_TEST(conflict, A4_three_hops_later_only_the_forker_is_named)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_c, to_d, to_q;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_c, &cast, &to_p.coin, &cast.c);
    cast_pay(&to_d, &cast, &to_c.coin, &cast.d);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(&cast, &to_d), OUTCOME_ORPHAN);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_expect_proof(&cast, 0, &cast.a);
    HALL_OUTCOME(cast_claim(&cast, &to_d), OUTCOME_CLAIMED);
    cr_assert_eq(cast_owned(&cast, &cast.d), 5000);
    HALL_OUTCOME(cast_settle(&cast, &to_d), OUTCOME_ORPHAN); /* I4 */
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_SETTLED);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cr_assert_not(cast_is_revoked(&cast, &cast.p));
    cr_assert_not(cast_is_revoked(&cast, &cast.c));
    cast_close(&cast);
}

/* One payment of three outputs, shown piece by piece: each piece as a payment of its own. */
static void split(struct note *pieces, struct cast *cast, const struct world_coin *coin,
                  struct world_wallet *payee)
{
    struct world_coin rest;
    cast_pay_part(&pieces[0], &rest, cast, coin, payee, 1000, NULL);
    cast_pay_part(&pieces[1], &rest, cast, &rest, payee, 1000, NULL);
    cast_pay(&pieces[2], cast, &rest, payee);
}

HALL_TEST(conflict, A5_both_branches_split_and_shown_in_turn)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q, c[3], e[3];
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    split(c, &cast, &to_p.coin, &cast.c);
    split(e, &cast, &to_q.coin, &cast.e);
    for (size_t i = 0; i < 3; i++) {
        const size_t j = 2 - i; /* the other branch from its other end */
        HALL_OUTCOME(cast_settle(&cast, &c[i]), OUTCOME_SETTLED);
        HALL_OUTCOME(cast_settle(&cast, &e[j]), OUTCOME_ORPHAN);
    }
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_expect_proof(&cast, 0, &cast.a);
    cr_assert_eq(cast_owned(&cast, &cast.c), 5000);
    cr_assert_eq(cast_owned(&cast, &cast.e), 0);
    cr_assert_eq(cast_orphans(&cast, &cast.e), 5000);
    cast_close(&cast);
}

HALL_TEST(conflict, A6_the_change_and_the_coin_it_came_from)
{
    struct cast cast;
    struct world_coin coin, change;
    struct note to_p, to_q, to_c;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay_part(&to_p, &change, &cast, &coin, &cast.p, 3000, NULL);
    cast_pay(&to_q, &cast, &change, &cast.q);
    cast_pay(&to_c, &cast, &coin, &cast.c);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(&cast, &to_c), OUTCOME_CONFLICT);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_expect_proof(&cast, 0, &cast.a);
    const struct id conflict_id = hall_case(&cast.hall, 0).coin_id;
    cr_assert(id_equal(&conflict_id, &coin.coin_id));
    cr_assert_eq(cast_owned(&cast, &cast.p), 3000);
    cr_assert_eq(cast_owned(&cast, &cast.q), 2000);
    cr_assert_eq(cast_owned(&cast, &cast.c), 0);
    cast_close(&cast);
}

HALL_TEST(conflict, A8_the_same_packet_twice_is_one_credit)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    const struct id once = hall_snapshot(&cast.hall);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    const struct id twice = hall_snapshot(&cast.hall);
    cr_assert(id_equal(&once, &twice));
    cr_assert_eq(cast_owned(&cast, &cast.p), 5000);
    cast_close(&cast);
}

HALL_TEST(conflict, A9_a_deposit_is_a_payment)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_vault_b, to_vault_a;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_vault_b, &cast, &to_p.coin, &cast.vault_b);
    cast_pay(&to_vault_a, &cast, &to_p.coin, &cast.vault_a);
    HALL_OUTCOME(cast_settle(&cast, &to_vault_b), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(&cast, &to_vault_a), OUTCOME_CONFLICT);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_expect_proof(&cast, 0, &cast.p);
    cr_assert_not(cast_is_revoked(&cast, &cast.a));
    cr_assert_eq(cast_owned(&cast, &cast.vault_b), 5000);
    cr_assert_eq(cast_owned(&cast, &cast.vault_a), 0);
    HALL_OUTCOME(cast_claim(&cast, &to_vault_a), OUTCOME_CLAIMED); /* a bank is a victim like any */
    cr_assert_eq(cast_owned(&cast, &cast.vault_a), 5000);
    cast_close(&cast);
}

HALL_TEST(conflict, A10_paid_on_and_exchanged)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_c;
    struct order_reply reply;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_c, &cast, &to_p.coin, &cast.c);
    const struct world_coin *const inputs[] = {&to_p.coin};
    const struct output fresh = cast_output(&cast.p2, 5000);
    HALL_STATUS(cast_exchange(&reply, &cast, inputs, 1, &fresh, 1), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_USED);
    HALL_OUTCOME(cast_settle(&cast, &to_c), OUTCOME_CONFLICT);
    cast_expect_proof(&cast, 0, &cast.p);
    cr_assert_not(cast_is_revoked(&cast, &cast.a));
    HALL_OUTCOME(cast_claim(&cast, &to_c), OUTCOME_CLAIMED);
    cr_assert_eq(cast_owned(&cast, &cast.c), 5000);
    cr_assert_eq(cast_owned(&cast, &cast.p2), 5000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).guarantee), 95000);
    cast_close(&cast);
}

HALL_TEST(conflict, A15_one_payment_under_another_signature_is_the_same_payment)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    const struct id once = hall_snapshot(&cast.hall);
    struct cose *payment = &to_p.coin.payments[0];
    const struct signature first = payment->signature;
    HALL_OK(
        record_sign_payload(payment, WORLD_NETWORK, KIND_PAYMENT, payment->payload, &cast.a.pair));
    cr_assert_not(span_equal(SPAN(first), SPAN(payment->signature)));
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    const struct id twice = hall_snapshot(&cast.hall);
    cr_assert(id_equal(&once, &twice));
    cast_close(&cast);
}

HALL_TEST(conflict, A21_pushed_by_the_payer_then_handed_in_by_the_payee)
{
    struct cast cast;
    struct world_coin coin, change;
    struct note to_p;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay_part(&to_p, &change, &cast, &coin, &cast.p, 3000, NULL);
    HALL_OUTCOME(hall_settle(&cast.hall, &change), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    cr_assert_eq(cast_owned(&cast, &cast.p), 3000);
    cr_assert_eq(cast_owned(&cast, &cast.a), 2000);
    cr_assert_eq(hall_cases(&cast.hall), 0);
    cast_close(&cast);
}

HALL_TEST(conflict, M6_an_orphan_spent_twice_is_a_case_against_its_holder)
{
    struct cast cast;
    struct note lost, to_c, to_d;
    struct world_wallet *const q[] = {&cast.q};
    cast_open(&cast, kind);
    cast_fork(&lost, &cast, 5000, &cast.p, q, 1);
    cast_pay(&to_c, &cast, &lost.coin, &cast.c);
    cast_pay(&to_d, &cast, &lost.coin, &cast.d);
    HALL_OUTCOME(cast_settle(&cast, &to_c), OUTCOME_ORPHAN);
    HALL_OUTCOME(cast_settle(&cast, &to_d), OUTCOME_CONFLICT);
    cr_assert_eq(hall_cases(&cast.hall), 2);
    cast_expect_proof(&cast, 0, &cast.a);
    cast_expect_proof(&cast, 1, &cast.q);
    HALL_OUTCOME(cast_claim(&cast, &to_c), OUTCOME_CLAIMED); /* against a: the fork above it */
    HALL_OUTCOME(cast_claim(&cast, &to_d), OUTCOME_CLAIMED); /* against q: the nearest one */
    cr_assert_eq(cast_owned(&cast, &cast.c), 5000);
    cr_assert_eq(cast_owned(&cast, &cast.d), 5000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).guarantee), 95000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_B).guarantee), 95000);
    HALL_OUTCOME(cast_claim(&cast, &to_c), OUTCOME_CONFLICT); /* a second claim: c forked itself */
    cast_expect_proof(&cast, 2, &cast.c);
    cr_assert_eq(cast_owned(&cast, &cast.c), 5000);
    cast_close(&cast);
}
