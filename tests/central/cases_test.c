/* Cases and their proofs: who is named, and what is no proof. */
#include "central/cases.h"
#include "common/money/proof.h"
#include "tests/central/cast.h"

#include <criterion/criterion.h>

HALL_TEST(cases, A16_an_accuser_shows_one_payment_twice_or_under_two_signatures)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    const struct cose first = to_p.coin.payments[0], other = to_q.coin.payments[0];
    struct cose again = first, stranger = other;
    HALL_OK(record_sign_payload(&again, WORLD_NETWORK, KIND_PAYMENT, first.payload, &cast.a.pair));
    HALL_OK(
        record_sign_payload(&stranger, WORLD_NETWORK, KIND_PAYMENT, other.payload, &cast.q.pair));
    const struct cose *certificate = &cast.a.certificate_cose;
    const struct {
        const char *text;
        const struct cose *certificate, *a, *b;
        uint64_t bank_id;
        enum status status;
    } rows[] = {
        {"two payments", certificate, &first, &other, WORLD_BANK_A, STATUS_OK},
        {"one payment twice", certificate, &first, &first, WORLD_BANK_A, STATUS_CHAIN},
        {"one payload, two signatures", certificate, &first, &again, WORLD_BANK_A, STATUS_CHAIN},
        {"forged", certificate, &first, &stranger, WORLD_BANK_A, STATUS_SIGNATURE},
        {"somebody else's", &cast.p.certificate_cose, &first, &other, WORLD_BANK_A,
         STATUS_SIGNATURE},
        {"another bank", certificate, &first, &other, WORLD_BANK_B, STATUS_CERTIFICATE},
        {"the vault", NULL, &first, &other, WORLD_BANK_A, STATUS_SIGNATURE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer proof AUTO(buffer_fini) = {0};
        struct proof_finding finding = {0};
        const struct trust_bank *bank = trust_bank(&cast.hall.world.trust, rows[i].bank_id);
        HALL_OK(proof_encode_parts(&proof, rows[i].certificate, &bank->cose, rows[i].a, rows[i].b));
        const enum status status =
            proof_verify(&finding, WORLD_NETWORK, &cast.hall.world.root.public_key,
                         buffer_span(&proof), &cast.hall.world.arena);
        cr_expect_eq(status, rows[i].status, "%s: %s", rows[i].text, status_name(status));
    }
    cast_close(&cast);
}

/* A coin_id binds its serial; a payment that pairs it with another one spends no coin. */
Test(cases, A16_the_same_coin_id_under_another_serial_is_no_proof)
{
    struct cast cast;
    struct world_coin coin, moved, one, two;
    cast_open(&cast, HALL_MEMORY);
    cast_issue(&coin, &cast, 5000, &cast.a);
    world_pay(&one, NULL, &cast.hall.world, &coin, &cast.p, 5000, NULL);
    moved = coin;
    moved.serial++;
    world_pay(&two, NULL, &cast.hall.world, &moved, &cast.q, 5000, NULL);
    struct buffer proof AUTO(buffer_fini) = {0};
    struct proof_finding finding = {0};
    HALL_OK(proof_encode_parts(&proof, &cast.a.certificate_cose,
                               &trust_bank(&cast.hall.world.trust, WORLD_BANK_A)->cose,
                               &one.payments[0], &two.payments[0]));
    HALL_STATUS(proof_verify(&finding, WORLD_NETWORK, &cast.hall.world.root.public_key,
                             buffer_span(&proof), &cast.hall.world.arena),
                STATUS_CHAIN);
    cast_close(&cast);
}

HALL_TEST(cases, every_further_payment_is_a_case_once)
{
    struct cast cast;
    struct note lost[3];
    struct world_wallet *const payees[] = {&cast.q, &cast.c, &cast.d};
    cast_open(&cast, kind);
    cast_fork(lost, &cast, 5000, &cast.p, payees, 3);
    cr_assert_eq(hall_cases(&cast.hall), 3);
    for (size_t i = 0; i < 3; i++) {
        HALL_OUTCOME(cast_settle(&cast, &lost[i]), OUTCOME_CONFLICT);
        cast_expect_proof(&cast, i, &cast.a);
        const struct fraud_case row = hall_case(&cast.hall, i);
        cr_assert_eq(row.bank_id, WORLD_BANK_A);
        cr_assert(row.has_customer);
    }
    cr_assert_eq(hall_cases(&cast.hall), 3);
    cr_assert_eq(hall_books(&cast.hall).revocations_version, 2);
    cast_close(&cast);
}

HALL_TEST(cases, E1_an_uncertified_forker_has_a_case_and_no_proof_no_guarantee)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.x);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED); /* its owner gets it */
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_CONFLICT);
    const struct fraud_case row = hall_case(&cast.hall, 0);
    cr_assert_not(row.has_proof);
    cr_assert_eq(row.bank_id, 0);
    cr_assert_not(cast_is_revoked(&cast, &cast.x));
    HALL_OUTCOME(cast_claim(&cast, &to_q), OUTCOME_CLAIMED);
    cr_assert_eq(hall_last_claim(&cast.hall).refusal, CLAIM_UNCERTIFIED);
    cr_assert_eq(cast_owned(&cast, &cast.q), 0);
    cr_assert_eq(cast_owned(&cast, &cast.p), 5000);
    cast_close(&cast);
}

HALL_TEST(cases, E1_who_is_certified_after_the_case_is_named_then)
{
    struct cast cast;
    struct world_coin coin;
    struct note notes[3];
    struct world_wallet *const payees[] = {&cast.p, &cast.q, &cast.c};
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.x);
    for (size_t i = 0; i < 3; i++) {
        cast_pay(&notes[i], &cast, &coin, payees[i]);
        HALL_OUTCOME(cast_settle(&cast, &notes[i]), i == 0 ? OUTCOME_SETTLED : OUTCOME_CONFLICT);
    }
    hall_log(&cast.hall, &cast.x, "late");
    for (size_t turn = 0; turn < 2; turn++) { /* and once is enough */
        struct register_env env = hall_begin(&cast.hall);
        HALL_OK(cases_prove(&env, &cast.x.pair.public_key));
        HALL_OK(cases_prove(&env, &cast.a.pair.public_key)); /* nobody else is named */
        hall_end(&cast.hall);
    }
    cr_assert_eq(hall_cases(&cast.hall), 2);
    for (size_t i = 0; i < 2; i++) {
        cr_assert(hall_case(&cast.hall, i).has_customer);
        cast_expect_proof(&cast, i, &cast.x);
    }
    cr_assert(cast_is_revoked(&cast, &cast.x));
    cr_assert_not(cast_is_revoked(&cast, &cast.a));
    cast_close(&cast);
}

HALL_TEST(cases, H3_a_vault_that_forks_is_named_by_its_bank_certificate)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.vault_a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_CONFLICT);
    cast_expect_proof(&cast, 0, &cast.vault_a);
    cr_assert(cast_is_revoked(&cast, &cast.vault_a));
    HALL_OUTCOME(cast_claim(&cast, &to_q), OUTCOME_CLAIMED);
    cr_assert_eq(cast_owned(&cast, &cast.q), 5000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).guarantee), 95000);
    cast_close(&cast);
}

HALL_TEST(cases, list_and_get)
{
    struct cast cast;
    struct note lost;
    struct fraud_case row;
    struct world_wallet *const q[] = {&cast.q};
    cast_open(&cast, kind);
    cast_fork(&lost, &cast, 5000, &cast.p, q, 1);
    const uint64_t number = hall_case(&cast.hall, 0).number;
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(cases_get(&env, &row, number));
    cr_assert(key_equal(&row.offender_key, &cast.a.pair.public_key));
    cr_assert_eq(cases_get(&env, &row, number + 1000), ERR_MISSING);
    hall_end(&cast.hall);
    cast_close(&cast);
}
