/* Claims: who is made whole, from what, in which order, and who is not. */
#include "tests/central/cast.h"

#include <criterion/criterion.h>
#include <stdio.h>

static uint64_t guarantee(struct cast *cast, uint64_t bank_id)
{
    return amount_fen(hall_bank(&cast->hall, bank_id).guarantee);
}

static void move_guarantee(struct cast *cast, uint64_t bank_id, uint64_t fen,
                           enum err (*move)(struct register_env *env, enum status *status,
                                            uint64_t bank_id, struct amount amount),
                           enum status expected)
{
    enum status status = STATUS_OK;
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(move(&env, &status, bank_id, world_fen(fen)));
    HALL_STATUS(status, expected);
    hall_end(&cast->hall);
}

static void expect_refusal(struct cast *cast, const struct note *orphan, enum claim_refusal refusal)
{
    HALL_OUTCOME(cast_claim(cast, orphan), OUTCOME_CLAIMED); /* always this answer */
    const struct claim claim = hall_last_claim(&cast->hall);
    cr_assert_eq(claim.refusal, refusal, "refusal %d, not %d", (int)claim.refusal, (int)refusal);
    cr_assert_eq(claim.state == CLAIM_REFUSED, refusal != CLAIM_NOT_REFUSED);
    cr_assert_eq(amount_fen(claim.paid),
                 refusal == CLAIM_NOT_REFUSED ? amount_fen(orphan->coin.amount) : 0);
}

/* --- who --- */

HALL_TEST(claims, own_victims_and_strangers)
{
    struct cast cast;
    cast_open(&cast, kind);
    struct {
        struct world_wallet *victim;
        enum claim_refusal refusal;
    } rows[] = {
        {&cast.q, CLAIM_NOT_REFUSED},
        {&cast.e, CLAIM_NOT_REFUSED},
        {&cast.vault_b, CLAIM_NOT_REFUSED},
        {&cast.a2, CLAIM_FORKER},
        {&cast.a, CLAIM_FORKER},
        {&cast.x, CLAIM_NOT_REFUSED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct note lost;
        cast_fork(&lost, &cast, 1000, &cast.p, &rows[i].victim, 1);
        expect_refusal(&cast, &lost, rows[i].refusal);
    }
    cr_assert_eq(guarantee(&cast, WORLD_BANK_A), 100000 - 4 * 1000);
    cast_close(&cast);
}

/* --- the request --- */

HALL_TEST(claims, the_request_it_was_paid_under_must_be_shown)
{
    struct cast cast;
    struct note lost[3];
    struct world_wallet *const payees[] = {&cast.q, &cast.q, &cast.q};
    cast_open(&cast, kind);
    cast_fork(lost, &cast, 1000, &cast.p, payees, 3);
    HALL_OUTCOME(hall_claim(&cast.hall, &lost[0].coin, NULL), OUTCOME_CLAIMED);
    cr_assert_eq(hall_last_claim(&cast.hall).refusal, CLAIM_NO_REQUEST);
    HALL_OUTCOME(hall_claim(&cast.hall, &lost[1].coin, &lost[2].request), OUTCOME_CLAIMED);
    cr_assert_eq(hall_last_claim(&cast.hall).refusal, CLAIM_NO_REQUEST); /* another one */
    lost[2].request.cose.signature.bytes[7] ^= 1;
    expect_refusal(&cast, &lost[2], CLAIM_NO_REQUEST); /* not signed by its payee */
    cr_assert_eq(guarantee(&cast, WORLD_BANK_A), 100000);
    cast_close(&cast);
}

/* The forker names a request of somebody else, with an old list, in the payment of his friend. */
HALL_TEST(claims, a_request_of_another_payee_does_not_count)
{
    struct cast cast;
    struct world_coin coin;
    struct note won, lost;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 1000, &cast.a);
    cast_pay(&won, &cast, &coin, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &won), OUTCOME_SETTLED);
    world_request(&lost.request, &cast.hall.world, &cast.d, 1000);
    world_pay(&lost.coin, NULL, &cast.hall.world, &coin, &cast.q, 1000, &lost.request.id);
    HALL_OUTCOME(cast_settle(&cast, &lost), OUTCOME_CONFLICT);
    expect_refusal(&cast, &lost, CLAIM_NO_REQUEST);
    cast_close(&cast);
}

HALL_TEST(claims, E3_M11_judged_by_the_list_that_the_request_named)
{
    static const struct {
        uint64_t version;
        enum claim_refusal refusal;
    } rows[] = {
        {0, CLAIM_NOT_REFUSED}, {1, CLAIM_NOT_REFUSED}, {2, CLAIM_HAD_LIST}, {9, CLAIM_HAD_LIST}};
    struct cast cast;
    struct world_coin coin;
    struct note first, lost[4];
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 1000, &cast.a);
    cast_pay(&first, &cast, &coin, &cast.p);
    for (size_t i = 0; i < 4; i++)
        cast_pay_knowing(&lost[i], &cast, &coin, &cast.q, rows[i].version);
    HALL_OUTCOME(cast_settle(&cast, &first), OUTCOME_SETTLED);
    for (size_t i = 0; i < 4; i++) /* the first of them puts a on version 2 of the list */
        HALL_OUTCOME(cast_settle(&cast, &lost[i]), OUTCOME_CONFLICT);
    cr_assert_eq(hall_books(&cast.hall).revocations_version, 2);
    for (size_t i = 0; i < 4; i++)
        expect_refusal(&cast, &lost[i], rows[i].refusal);
    cast_close(&cast);
}

/* Change that went to the newer key: still the request under which the money had come in. */
HALL_TEST(claims, change_kept_under_a_newer_key_is_claimed_by_the_same_customer)
{
    struct cast cast;
    struct note lost, to_q;
    struct world_coin change;
    struct world_wallet *const p[] = {&cast.p};
    cast_open(&cast, kind);
    cast_fork(&lost, &cast, 5000, &cast.d, p, 1);
    cast_pay_part(&to_q, &change, &cast, &lost.coin, &cast.q, 2000, &cast.p2);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_ORPHAN);
    cr_assert_eq(cast_orphans(&cast, &cast.p2), 3000);
    const struct note mine = {.coin = change, .request = lost.request};
    expect_refusal(&cast, &mine, CLAIM_NOT_REFUSED);
    cr_assert_eq(cast_owned(&cast, &cast.p2), 3000);
    expect_refusal(&cast, &to_q, CLAIM_NOT_REFUSED);
    cr_assert_eq(cast_owned(&cast, &cast.q), 2000);
    cast_close(&cast);
}

/* He had the list; he pays himself under an older request of his own and shows that one. */
HALL_TEST(claims, a_request_of_ones_own_payment_hides_nothing)
{
    static const bool own[] = {true, false};
    for (size_t i = 0; i < 2; i++) {
        struct cast cast;
        struct world_coin coin;
        struct note first, other, lost, moved;
        cast_open(&cast, kind);
        cast_issue(&coin, &cast, 5000, &cast.a);
        cast_pay(&first, &cast, &coin, &cast.q);
        cast_pay(&other, &cast, &coin, &cast.c);
        HALL_OUTCOME(cast_settle(&cast, &first), OUTCOME_SETTLED);
        HALL_OUTCOME(cast_settle(&cast, &other), OUTCOME_CONFLICT);
        cast_pay_knowing(&lost, &cast, &coin, &cast.p, 2);
        cast_pay_knowing(&moved, &cast, &lost.coin, &cast.p2, 0);
        HALL_OUTCOME(cast_settle(&cast, &moved), OUTCOME_ORPHAN);
        if (!own[i])
            moved.request = lost.request;
        expect_refusal(&cast, &moved, own[i] ? CLAIM_NO_REQUEST : CLAIM_HAD_LIST);
        cr_assert_eq(cast_owned(&cast, &cast.p2), 0);
        cast_close(&cast);
    }
}

/* --- how much, in which order --- */

HALL_TEST(claims, A12_a_hundred_victims_and_the_claim_that_crosses_the_cap)
{
    enum { VICTIMS = 100, EACH = 10, CAP = 625 };
    struct cast cast;
    struct world_coin coin;
    struct note won;
    static struct world_wallet victims[VICTIMS];
    uint64_t paid = 0;
    cast_open(&cast, kind);
    cast_set_cap(&cast, CAP);
    cast_issue(&coin, &cast, EACH, &cast.a);
    cast_pay(&won, &cast, &coin, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &won), OUTCOME_SETTLED);
    for (size_t i = 0; i < VICTIMS; i++) {
        char name[16];
        struct note lost;
        snprintf(name, sizeof name, "victim %zu", i);
        world_wallet(&victims[i], &cast.hall.world, name, WORLD_BANK_B);
        hall_log(&cast.hall, &victims[i], name);
        cast_pay(&lost, &cast, &coin, &victims[i]);
        HALL_OUTCOME(cast_settle(&cast, &lost), OUTCOME_CONFLICT);
        HALL_OUTCOME(cast_claim(&cast, &lost), OUTCOME_CLAIMED);
        const uint64_t expected = i < CAP / EACH ? EACH : i == CAP / EACH ? CAP % EACH : 0;
        cr_assert_eq(cast_owned(&cast, &victims[i]), expected, "victim %zu", i);
        paid += expected;
    }
    cr_assert_eq(paid, CAP);
    cr_assert_eq(guarantee(&cast, WORLD_BANK_A), 100000 - CAP);
    cr_assert_eq(hall_cases(&cast.hall), VICTIMS);
    move_guarantee(&cast, WORLD_BANK_A, 1000, vault_guarantee_post, STATUS_OK);
    cr_assert_eq(guarantee(&cast, WORLD_BANK_A), 100000 - CAP + 1000); /* the cap stays */
    cast_close(&cast);
}

/* The cap is the customer's: his other key does not have one of its own. */
HALL_TEST(claims, the_cap_counts_all_keys_of_one_customer)
{
    struct cast cast;
    struct world_coin coin;
    struct note won, lost, by_other_key;
    struct world_wallet *const q[] = {&cast.q};
    cast_open(&cast, kind);
    cast_set_cap(&cast, 1500);
    cast_fork(&lost, &cast, 1000, &cast.p, q, 1);
    HALL_OUTCOME(cast_claim(&cast, &lost), OUTCOME_CLAIMED);
    cast_issue(&coin, &cast, 1000, &cast.a2);
    cast_pay(&won, &cast, &coin, &cast.p);
    cast_pay(&by_other_key, &cast, &coin, &cast.c);
    HALL_OUTCOME(cast_settle(&cast, &won), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(&cast, &by_other_key), OUTCOME_CONFLICT);
    HALL_OUTCOME(cast_claim(&cast, &by_other_key), OUTCOME_CLAIMED);
    cr_assert_eq(cast_owned(&cast, &cast.q), 1000);
    cr_assert_eq(cast_owned(&cast, &cast.c), 500);
    cr_assert_eq(hall_last_claim(&cast.hall).state, CLAIM_WAITING);
    cast_close(&cast);
}

HALL_TEST(claims, what_waits_is_paid_in_order_when_the_guarantee_grows)
{
    struct cast cast;
    struct note lost[3];
    struct world_wallet *const payees[] = {&cast.q, &cast.c, &cast.d};
    cast_open(&cast, kind);
    move_guarantee(&cast, WORLD_BANK_A, 100000 - 1500, vault_guarantee_release, STATUS_OK);
    cast_fork(lost, &cast, 1000, &cast.p, payees, 3);
    for (size_t i = 0; i < 3; i++)
        HALL_OUTCOME(cast_claim(&cast, &lost[i]), OUTCOME_CLAIMED);
    cr_assert_eq(cast_owned(&cast, &cast.q), 1000);
    cr_assert_eq(cast_owned(&cast, &cast.c), 500);
    cr_assert_eq(cast_owned(&cast, &cast.d), 0);
    cr_assert_eq(guarantee(&cast, WORLD_BANK_A), 0);
    move_guarantee(&cast, WORLD_BANK_A, 1, vault_guarantee_release, STATUS_FUNDS);
    move_guarantee(&cast, WORLD_BANK_A, 700, vault_guarantee_post, STATUS_OK);
    cr_assert_eq(cast_owned(&cast, &cast.c), 1000);
    cr_assert_eq(cast_owned(&cast, &cast.d), 200);
    move_guarantee(&cast, WORLD_BANK_B, 5000, vault_guarantee_post, STATUS_OK); /* not its own */
    cr_assert_eq(cast_owned(&cast, &cast.d), 200);
    move_guarantee(&cast, WORLD_BANK_A, 5000, vault_guarantee_post, STATUS_OK);
    cr_assert_eq(cast_owned(&cast, &cast.d), 1000);
    cr_assert_eq(guarantee(&cast, WORLD_BANK_A), 4200);
    cr_assert_eq(hall_last_claim(&cast.hall).state, CLAIM_PAID);
    cast_close(&cast);
}

/* More claims than are read at once. */
HALL_TEST(claims, many_wait_and_all_are_paid)
{
    enum { MANY = 70 };
    struct cast cast;
    struct world_coin coin;
    struct note won;
    cast_open(&cast, kind);
    move_guarantee(&cast, WORLD_BANK_A, 100000, vault_guarantee_release, STATUS_OK);
    cast_issue(&coin, &cast, 10, &cast.a);
    cast_pay(&won, &cast, &coin, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &won), OUTCOME_SETTLED);
    for (size_t i = 0; i < MANY; i++) {
        struct note lost;
        cast_pay(&lost, &cast, &coin, &cast.q);
        HALL_OUTCOME(cast_settle(&cast, &lost), OUTCOME_CONFLICT);
        HALL_OUTCOME(cast_claim(&cast, &lost), OUTCOME_CLAIMED);
    }
    cr_assert_eq(cast_owned(&cast, &cast.q), 0);
    struct amount waiting = amount_zero();
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(claims_waiting_sum(&env, &waiting, WORLD_BANK_A));
    cr_assert_eq(amount_fen(waiting), MANY * 10);
    HALL_OK(claims_waiting_sum(&env, &waiting, WORLD_BANK_B));
    cr_assert(amount_is_zero(waiting));
    hall_end(&cast.hall);
    move_guarantee(&cast, WORLD_BANK_A, 1000, vault_guarantee_post, STATUS_OK);
    cr_assert_eq(cast_owned(&cast, &cast.q), MANY * 10);
    cr_assert_eq(guarantee(&cast, WORLD_BANK_A), 1000 - MANY * 10);
    cast_close(&cast);
}

/* A directory with a higher cap lets through what waited for it, before any new claim. */
HALL_TEST(claims, a_higher_cap_pays_what_waits)
{
    struct cast cast;
    struct note lost[2];
    struct world_wallet *const payees[] = {&cast.q, &cast.c};
    enum status status = STATUS_OK;
    cast_open(&cast, kind);
    cast_set_cap(&cast, 500);
    cast_fork(lost, &cast, 1000, &cast.p, payees, 2);
    HALL_OUTCOME(cast_claim(&cast, &lost[0]), OUTCOME_CLAIMED);
    HALL_OUTCOME(cast_claim(&cast, &lost[1]), OUTCOME_CLAIMED);
    cr_assert_eq(cast_owned(&cast, &cast.q), 500);
    struct register_env env = hall_begin(&cast.hall);
    cast.hall.world.directory.version = 2;
    cast_set_cap(&cast, 1200);
    HALL_OK(authority_directory_accept(&env, &status, &cast.hall.world.root.public_key,
                                       WORLD_NETWORK, &cast.hall.world.directory_cose));
    HALL_STATUS(status, STATUS_OK);
    hall_end(&cast.hall);
    cr_assert_eq(cast_owned(&cast, &cast.q), 1000);
    cr_assert_eq(cast_owned(&cast, &cast.c), 200);
    cast_close(&cast);
}

HALL_TEST(claims, M6_an_orphan_is_claimed_once_whatever_is_repeated)
{
    struct cast cast;
    struct note lost;
    struct hall_order order;
    struct order_reply reply;
    struct world_wallet *const q[] = {&cast.q};
    cast_open(&cast, kind);
    cast_fork(&lost, &cast, 1000, &cast.p, q, 1);
    const struct world_coin *const inputs[] = {&lost.coin};
    const struct output back = cast_output(&cast.q, 1000);
    struct signed_item shown = {.record = lost.request.cose};
    hall_order_exchange(&order, &cast.hall, &back, 1);
    hall_order_fund(&order, &cast.hall, inputs, 1);
    order.requests = (struct signed_item_list){&shown, 1};
    for (size_t again = 0; again < 3; again++) {
        HALL_STATUS(hall_order(&cast.hall, &reply, &order, WORLD_BANK_B), STATUS_OK);
        HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_CLAIMED);
        cr_assert_eq(cast_owned(&cast, &cast.q), 1000);
    }
    cr_assert_eq(hall_count(&cast.hall, &tables_table_claim), 1);
    cast_close(&cast);
}

/* --- forged money: the loss account, and an operator --- */

static void forged_to(struct note *out, struct cast *cast, const struct world_coin *coin,
                      struct world_wallet *payee, enum outcome outcome)
{
    cast_pay(out, cast, coin, payee);
    HALL_OUTCOME(cast_settle(cast, out), outcome);
}

static void decide(struct cast *cast, bool approved, enum status expected)
{
    struct approval_list list = {0};
    enum status status = STATUS_OK;
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(vault_approvals(&env, &list, 0));
    cr_assert_eq(list.count, 1);
    cr_assert_eq(list.items[0].kind, APPROVAL_CLAIM);
    HALL_OK(vault_decide(&env, &status, list.items[0].number, approved, "olga", "seen"));
    HALL_STATUS(status, expected);
    hall_end(&cast->hall);
}

HALL_TEST(claims, D4_M12_one_forged_fifty_paid_to_three)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q, to_c;
    cast_open(&cast, kind);
    world_token(&coin, &cast.hall.world, 5000, &cast.a);
    forged_to(&to_p, &cast, &coin, &cast.p, OUTCOME_ORPHAN);
    forged_to(&to_q, &cast, &coin, &cast.q, OUTCOME_CONFLICT);
    forged_to(&to_c, &cast, &coin, &cast.c, OUTCOME_CONFLICT);
    cr_assert_eq(hall_cases(&cast.hall), 2);
    cast_expect_proof(&cast, 0, &cast.a);
    cast_expect_proof(&cast, 1, &cast.a);
    HALL_OUTCOME(cast_claim(&cast, &to_p), OUTCOME_CLAIMED);
    cr_assert_eq(hall_last_claim(&cast.hall).state, CLAIM_APPROVAL);
    cr_assert_eq(cast_owned(&cast, &cast.p), 0);
    decide(&cast, true, STATUS_OK);
    decide(&cast, true, STATUS_STATE);
    cr_assert_eq(cast_owned(&cast, &cast.p), 5000);
    cr_assert_eq(balance_fen(hall_books(&cast.hall).loss), -5000);
    HALL_OUTCOME(cast_claim(&cast, &to_q), OUTCOME_CLAIMED); /* the forker's bank, as usual */
    cr_assert_eq(guarantee(&cast, WORLD_BANK_A), 95000);
    cr_assert_eq(balance_fen(hall_books(&cast.hall).loss), -5000);
    cast_close(&cast);
}

HALL_TEST(claims, D4_an_operator_may_say_no)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p;
    cast_open(&cast, kind);
    world_token(&coin, &cast.hall.world, 5000, &cast.a);
    forged_to(&to_p, &cast, &coin, &cast.p, OUTCOME_ORPHAN);
    HALL_OUTCOME(hall_claim(&cast.hall, &to_p.coin, NULL), OUTCOME_CLAIMED); /* no request asked */
    decide(&cast, false, STATUS_OK);
    decide(&cast, true, STATUS_STATE);
    cr_assert_eq(hall_last_claim(&cast.hall).refusal, CLAIM_BY_OPERATOR);
    cr_assert_eq(hall_last_claim(&cast.hall).state, CLAIM_REFUSED);
    cr_assert_eq(cast_owned(&cast, &cast.p), 0);
    cr_assert_eq(balance_fen(hall_books(&cast.hall).loss), 0);
    cast_close(&cast);
}
