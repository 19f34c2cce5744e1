/* Rows A of the adversarial cases: the same coin paid twice. The register's part: rows, cases, claims. */
#include "common/money/proof.h"
#include "tests/central/hall.h"

#include <criterion/criterion.h>

struct cast {
    struct hall hall;
    struct world_wallet a, p, q, c, d, e;
};

static void open_cast(struct cast *cast)
{
    hall_open(&cast->hall);
    struct world *world = &cast->hall.world;
    world_wallet(&cast->a, world, "a", WORLD_BANK_A);
    world_wallet(&cast->p, world, "p", WORLD_BANK_A);
    world_wallet(&cast->q, world, "q", WORLD_BANK_B);
    world_wallet(&cast->c, world, "c", WORLD_BANK_B);
    world_wallet(&cast->d, world, "d", WORLD_BANK_B);
    world_wallet(&cast->e, world, "e", WORLD_BANK_A);
    hall_log(&cast->hall, &cast->a, "a");
    hall_log(&cast->hall, &cast->p, "p");
    hall_log(&cast->hall, &cast->q, "q");
    hall_log(&cast->hall, &cast->c, "c");
    hall_log(&cast->hall, &cast->d, "d");
    hall_log(&cast->hall, &cast->e, "e");
}

static void pay_under_request(struct world_coin *paid, struct world_request *request,
                              struct cast *cast, const struct world_coin *coin,
                              struct world_wallet *payee)
{
    world_request(request, &cast->hall.world, payee, amount_fen(coin->amount));
    world_pay(paid, NULL, &cast->hall.world, coin, payee, amount_fen(coin->amount), &request->id);
}

static void expect_proof(struct cast *cast, size_t index, const struct world_wallet *cheat)
{
    struct proof_finding finding = {0};
    const struct fraud_case row = hall_case(&cast->hall, index);
    cr_assert(row.has_proof);
    cr_assert_eq(proof_verify(&finding, WORLD_NETWORK, &cast->hall.world.root.public_key,
                              row.proof, &cast->hall.world.arena),
                 STATUS_OK);
    cr_assert(key_equal(&finding.key, &cheat->pair.public_key));
    cr_assert_eq(finding.kind, PROOF_DOUBLE_SPEND);
}

Test(conflict, A1_A2_second_is_a_conflict_and_the_loser_is_made_whole_by_the_cheats_bank)
{
    struct cast cast;
    struct world_coin coin, to_p, to_q;
    struct world_request rp, rq;
    open_cast(&cast);
    hall_issue(&coin, &cast.hall, WORLD_BANK_A, 5000, &cast.a);
    pay_under_request(&to_p, &rp, &cast, &coin, &cast.p);
    pay_under_request(&to_q, &rq, &cast, &coin, &cast.q);
    cr_assert_eq(hall_settle(&cast.hall, &to_p), OUTCOME_SETTLED);
    cr_assert_eq(hall_settle(&cast.hall, &to_q), OUTCOME_CONFLICT);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    expect_proof(&cast, 0, &cast.a);
    cr_assert_eq(hall_owned(&cast.hall, &cast.p.pair.public_key), 5000);
    cr_assert_eq(hall_orphans(&cast.hall, &cast.q.pair.public_key), 5000);
    cr_assert_eq(hall_claim(&cast.hall, &to_q, &rq), OUTCOME_CLAIMED);
    cr_assert_eq(hall_owned(&cast.hall, &cast.q.pair.public_key), 5000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).guarantee), 95000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_B).guarantee), 100000);
    hall_close(&cast.hall);
}

Test(conflict, A4_three_hops_later_only_the_forker_is_named)
{
    struct cast cast;
    struct world_coin coin, to_p, to_c, to_d, to_q;
    struct world_request rp, rc, rd, rq;
    open_cast(&cast);
    hall_issue(&coin, &cast.hall, WORLD_BANK_A, 5000, &cast.a);
    pay_under_request(&to_p, &rp, &cast, &coin, &cast.p);
    pay_under_request(&to_c, &rc, &cast, &to_p, &cast.c);
    pay_under_request(&to_d, &rd, &cast, &to_c, &cast.d);
    pay_under_request(&to_q, &rq, &cast, &coin, &cast.q);
    cr_assert_eq(hall_settle(&cast.hall, &to_q), OUTCOME_SETTLED);
    cr_assert_eq(hall_settle(&cast.hall, &to_d), OUTCOME_ORPHAN);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    expect_proof(&cast, 0, &cast.a);
    cr_assert_eq(hall_claim(&cast.hall, &to_d, &rd), OUTCOME_CLAIMED);
    cr_assert_eq(hall_owned(&cast.hall, &cast.d.pair.public_key), 5000);
    cr_assert_eq(hall_settle(&cast.hall, &to_d), OUTCOME_ORPHAN); /* I4 */
    cr_assert_eq(hall_settle(&cast.hall, &to_q), OUTCOME_SETTLED);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    hall_close(&cast.hall);
}

Test(conflict, A8_the_same_packet_twice_is_one_credit)
{
    struct cast cast;
    struct world_coin coin, to_p;
    struct world_request rp;
    open_cast(&cast);
    hall_issue(&coin, &cast.hall, WORLD_BANK_A, 5000, &cast.a);
    pay_under_request(&to_p, &rp, &cast, &coin, &cast.p);
    cr_assert_eq(hall_settle(&cast.hall, &to_p), OUTCOME_SETTLED);
    cr_assert_eq(hall_settle(&cast.hall, &to_p), OUTCOME_SETTLED);
    cr_assert_eq(hall_owned(&cast.hall, &cast.p.pair.public_key), 5000);
    cr_assert_eq(hall_cases(&cast.hall), 0);
    hall_close(&cast.hall);
}
