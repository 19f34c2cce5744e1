/* Clones: one counter on two coins is found, proved and revoked; nobody honest is accused. */
#include "central/clones.h"
#include "tests/central/cast.h"

#include <criterion/criterion.h>

static bool look(struct cast *cast, size_t count_max)
{
    struct register_env env = hall_begin(&cast->hall);
    bool more = false;
    HALL_OK(clones_look(&env, &more, count_max));
    hall_end(&cast->hall);
    return more;
}

static void look_at_all(struct cast *cast)
{
    while (look(cast, 3))
        continue;
    cr_assert_eq(hall_count(&cast->hall, &tables_table_clone_log), 0);
}

/* The copy of a wallet pays with the counter that the other copy used for another coin. */
static void pay_from_copies(struct note paid[2], struct cast *cast, struct world_wallet *wallet,
                            struct world_wallet *const payees[2])
{
    const uint64_t counter = wallet->counter;
    for (size_t i = 0; i < 2; i++) {
        struct world_coin coin;
        cast_issue(&coin, cast, 1000, wallet);
        wallet->counter = counter;
        cast_pay(&paid[i], cast, &coin, payees[i]);
    }
}

HALL_TEST(clones, A14_both_settle_the_key_is_proved_and_revoked_nobody_is_charged)
{
    struct cast cast;
    struct note paid[2];
    struct world_wallet *const payees[] = {&cast.p, &cast.q};
    cast_open(&cast, kind);
    pay_from_copies(paid, &cast, &cast.a, payees);
    HALL_OUTCOME(cast_settle(&cast, &paid[0]), OUTCOME_SETTLED);
    look_at_all(&cast);
    HALL_OUTCOME(cast_settle(&cast, &paid[1]), OUTCOME_SETTLED);
    cr_assert_eq(hall_cases(&cast.hall), 0);
    look_at_all(&cast);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    const struct fraud_case row = hall_case(&cast.hall, 0);
    cr_assert_eq(row.kind, PROOF_CLONE);
    cast_expect_proof(&cast, 0, &cast.a);
    cr_assert(cast_is_revoked(&cast, &cast.a));
    cr_assert_not(cast_is_revoked(&cast, &cast.p));
    cr_assert_eq(cast_owned(&cast, &cast.p), 1000);
    cr_assert_eq(cast_owned(&cast, &cast.q), 1000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).guarantee), 100000);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_claim), 0);
    cast_close(&cast);
}

HALL_TEST(clones, a_key_has_one_case_however_often_it_is_caught)
{
    struct cast cast;
    struct note paid[2];
    struct world_wallet *const payees[] = {&cast.p, &cast.q};
    cast_open(&cast, kind);
    for (size_t i = 0; i < 3; i++) {
        pay_from_copies(paid, &cast, &cast.a, payees);
        for (size_t j = 0; j < 2; j++)
            HALL_OUTCOME(cast_settle(&cast, &paid[j]), OUTCOME_SETTLED);
    }
    look_at_all(&cast);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    const struct id once = hall_snapshot(&cast.hall);
    HALL_OUTCOME(cast_settle(&cast, &paid[0]), OUTCOME_SETTLED); /* handed in again */
    look_at_all(&cast);
    const struct id again = hall_snapshot(&cast.hall);
    cr_assert(id_equal(&once, &again));
    cast_close(&cast);
}

HALL_TEST(clones, honest_keys_are_not_accused)
{
    struct cast cast;
    struct world_coin coin, change;
    struct note paid;
    struct order_reply reply;
    cast_open(&cast, kind);
    struct world_wallet *const payers[] = {&cast.a, &cast.p, &cast.q, &cast.vault_a, &cast.x};
    for (size_t i = 0; i < 5; i++) { /* the same counters by different keys */
        for (size_t j = 0; j < 3; j++) {
            cast_issue(&coin, &cast, 100, payers[i]);
            cast_pay_part(&paid, &change, &cast, &coin, &cast.c, 40, NULL);
            HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
            HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
        }
        const struct world_coin *const coins[] = {&change};
        const struct output output = cast_output(payers[i], 60);
        HALL_STATUS(cast_exchange(&reply, &cast, coins, 1, &output, 1), STATUS_OK);
        look_at_all(&cast);
    }
    cr_assert_eq(hall_cases(&cast.hall), 0);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), 5 * 4);
    cast_close(&cast);
}

/* A double spend has its own case; one counter on one coin is no clone. */
HALL_TEST(clones, a_fork_is_not_a_clone)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 100, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast.a.counter--;
    cast_pay(&to_q, &cast, &coin, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_CONFLICT);
    look_at_all(&cast);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cr_assert_eq(hall_case(&cast.hall, 0).kind, PROOF_DOUBLE_SPEND);
    cast_close(&cast);
}

/* A bank's vault, too; and a key that nobody certified, without a proof. */
HALL_TEST(clones, vaults_and_strangers)
{
    struct cast cast;
    struct note paid[2];
    struct world_wallet *const payees[] = {&cast.p, &cast.q};
    cast_open(&cast, kind);
    pay_from_copies(paid, &cast, &cast.vault_b, payees);
    for (size_t j = 0; j < 2; j++)
        HALL_OUTCOME(cast_settle(&cast, &paid[j]), OUTCOME_SETTLED);
    look_at_all(&cast);
    cast_expect_proof(&cast, 0, &cast.vault_b);
    pay_from_copies(paid, &cast, &cast.x, payees);
    for (size_t j = 0; j < 2; j++)
        HALL_OUTCOME(cast_settle(&cast, &paid[j]), OUTCOME_SETTLED);
    look_at_all(&cast);
    cr_assert_eq(hall_cases(&cast.hall), 2);
    cr_assert_not(hall_case(&cast.hall, 1).has_proof);
    cr_assert_not(cast_is_revoked(&cast, &cast.x));
    cast_close(&cast);
}

/* Two keys that begin alike, and a note that is none: a hint is no proof. */
HALL_TEST(clones, a_hint_is_not_believed)
{
    struct cast cast;
    struct world_coin coin;
    struct note paid;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 100, &cast.a);
    cast_pay(&paid, &cast, &coin, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
    look_at_all(&cast);
    cast_issue(&coin, &cast, 100, &cast.q);
    cast.q.counter = cast.a.counter - 1;
    cast_pay(&paid, &cast, &coin, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
    struct register_env env = hall_begin(&cast.hall);
    struct payment payment = {.serial = coin.serial, .counter = cast.a.counter};
    payment.coin_id = coin.coin_id;
    HALL_OK(clones_note(&env, &payment, &cast.a.pair.public_key)); /* q's coin as if it were a's */
    payment.serial = 999999;
    HALL_OK(clones_note(&env, &payment, &cast.a.pair.public_key)); /* no such coin */
    HALL_OK(clones_keep(&env));
    hall_end(&cast.hall);
    look_at_all(&cast);
    cr_assert_eq(hall_cases(&cast.hall), 0);
    cast_close(&cast);
}

/* --- nothing is missed --- */

static enum err look_once(struct register_env *env, void *context)
{
    bool more = false;
    (void)context;
    return clones_look(env, &more, 100);
}

HALL_TEST(clones, whichever_write_fails_it_is_found_at_the_next_look)
{
    struct cast cast;
    struct note paid[2];
    struct world_wallet *const payees[] = {&cast.p, &cast.q};
    cast_open(&cast, kind);
    pay_from_copies(paid, &cast, &cast.a, payees);
    for (size_t j = 0; j < 2; j++)
        HALL_OUTCOME(cast_settle(&cast, &paid[j]), OUTCOME_SETTLED);
    cr_assert_geq(hall_fail_everywhere(&cast.hall, look_once, NULL), 6);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_close(&cast);
}

HALL_TEST(clones, a_look_is_bounded_and_goes_on_where_it_stopped)
{
    enum { CALLS = 10 };
    struct cast cast;
    size_t looks = 1;
    cast_open(&cast, kind);
    for (size_t i = 0; i < CALLS; i++) {
        struct world_coin coin;
        struct note paid;
        cast_issue(&coin, &cast, 100, &cast.a);
        cast_pay(&paid, &cast, &coin, &cast.p);
        HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
    }
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_log), CALLS);
    while (look(&cast, 3))
        looks++;
    cr_assert_eq(looks, 4);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), CALLS);
    cast_close(&cast);
}
