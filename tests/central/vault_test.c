/* The issuance vault: a table of acts on reserves and guarantees; issue orders, their approval. */
#include "tests/central/cast.h"

#include <criterion/criterion.h>

enum { CREDIT, DEBIT, POST, RELEASE };

static enum err (*const acts[])(struct register_env *env, enum status *status, uint64_t bank_id,
                                struct amount amount) = {
    vault_reserve_credit, vault_reserve_debit, vault_guarantee_post, vault_guarantee_release};

HALL_TEST(vault, acts_on_reserves_and_guarantees)
{
    static const struct {
        size_t act;
        uint64_t bank_id, amount;
        enum status status;
        uint64_t reserve, guarantee; /* of the bank, afterwards */
    } rows[] = {
        {CREDIT, 1, 500, STATUS_OK, 900500, 100000},
        {CREDIT, 1, 0, STATUS_RANGE, 900500, 100000},
        {CREDIT, 1, AMOUNT_MAX, STATUS_RANGE, 900500, 100000},
        {CREDIT, 2, AMOUNT_MAX - 1000000, STATUS_RANGE, 900000, 100000}, /* funded: too much */
        {DEBIT, 1, 900501, STATUS_FUNDS, 900500, 100000},
        {DEBIT, 1, 500, STATUS_OK, 900000, 100000},
        {DEBIT, 1, 0, STATUS_RANGE, 900000, 100000},
        {POST, 1, 900001, STATUS_FUNDS, 900000, 100000},
        {POST, 1, 900000, STATUS_OK, 0, 1000000},
        {DEBIT, 1, 1, STATUS_FUNDS, 0, 1000000},
        {RELEASE, 1, 1000001, STATUS_FUNDS, 0, 1000000},
        {RELEASE, 1, 1000000, STATUS_OK, 1000000, 0},
        {RELEASE, 1, 0, STATUS_RANGE, 1000000, 0},
        {POST, 1, 0, STATUS_RANGE, 1000000, 0},
        {DEBIT, 1, 1000000, STATUS_OK, 0, 0},
    };
    struct cast cast;
    cast_open(&cast, kind);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum status status = STATUS_OK;
        const struct id before = hall_snapshot(&cast.hall);
        struct register_env env = hall_begin(&cast.hall);
        HALL_OK(acts[rows[i].act](&env, &status, rows[i].bank_id, world_fen(rows[i].amount)));
        hall_end(&cast.hall);
        const struct id after = hall_snapshot(&cast.hall);
        const struct bank bank = hall_bank(&cast.hall, rows[i].bank_id);
        cr_assert_eq(status, rows[i].status, "row %zu: %s", i, status_name(status));
        cr_assert_eq(amount_fen(bank.reserve), rows[i].reserve, "row %zu", i);
        cr_assert_eq(amount_fen(bank.guarantee), rows[i].guarantee, "row %zu", i);
        cr_assert_eq(id_equal(&before, &after), status != STATUS_OK);
    }
    cast_close(&cast);
}

HALL_TEST(vault, nothing_moves_for_an_unknown_bank)
{
    struct cast cast;
    cast_open(&cast, kind);
    for (size_t act = CREDIT; act <= RELEASE; act++) {
        enum status status = STATUS_OK;
        struct register_env env = hall_begin(&cast.hall);
        HALL_OK(acts[act](&env, &status, 77, world_fen(1)));
        HALL_STATUS(status, STATUS_UNKNOWN);
        hall_end(&cast.hall);
    }
    cast_close(&cast);
}

/* --- issue orders --- */

struct purchase {
    struct issue issue;
    struct output outputs[4];
    struct span order;
};

static void make_purchase(struct purchase *out, struct cast *cast, const uint64_t *fen,
                          size_t count)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    *out = (struct purchase){.issue = {.order_id = world_nonce(&cast->hall.world),
                                       .outputs = {out->outputs, count},
                                       .made_at = cast->hall.now}};
    for (size_t i = 0; i < count; i++)
        out->outputs[i] = cast_output(&cast->vault_a, fen[i]);
    HALL_OK(issue_encode(&bytes, &out->issue));
    HALL_OK(arena_copy(&cast->hall.world.arena, &out->order, buffer_span(&bytes)));
}

static enum status ask(struct tokens_reply *reply, struct cast *cast, struct span order,
                       uint64_t bank_id)
{
    const struct issue_body body = {.order = order};
    const struct bank bank = hall_bank(&cast->hall, bank_id);
    enum status status = STATUS_OK;
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(vault_issue(&env, &status, reply, &body, &bank));
    hall_end(&cast->hall);
    return status;
}

static uint64_t last_approval(struct cast *cast)
{
    struct approval_list list = {0};
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(vault_approvals(&env, &list, APPROVAL_PENDING));
    hall_end(&cast->hall);
    cr_assert_gt(list.count, 0);
    return list.items[list.count - 1].number;
}

static enum status decide(struct cast *cast, uint64_t number, bool approved)
{
    enum status status = STATUS_OK;
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(vault_decide(&env, &status, number, approved, "olga", "because"));
    hall_end(&cast->hall);
    return status;
}

static const uint64_t two_notes[] = {3000, 2000};

HALL_TEST(vault, D8_the_same_order_twice_is_one_debit_and_the_same_tokens)
{
    struct cast cast;
    struct purchase purchase;
    struct tokens_reply first, again;
    cast_open(&cast, kind);
    make_purchase(&purchase, &cast, two_notes, 2);
    for (size_t i = 0; i < 3; i++)
        HALL_STATUS(ask(&first, &cast, purchase.order, WORLD_BANK_A), STATUS_PENDING);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_approval), 1);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).reserve), 900000);
    const uint64_t number = last_approval(&cast);
    HALL_STATUS(decide(&cast, number, true), STATUS_OK);
    HALL_STATUS(decide(&cast, number, true), STATUS_STATE);
    HALL_STATUS(decide(&cast, number, false), STATUS_STATE);
    HALL_STATUS(ask(&first, &cast, purchase.order, WORLD_BANK_A), STATUS_OK);
    cast.hall.now += 100000;
    HALL_STATUS(ask(&again, &cast, purchase.order, WORLD_BANK_A), STATUS_OK);
    cr_assert_eq(first.tokens.count, 2);
    cr_assert_eq(again.tokens.count, 2);
    for (size_t i = 0; i < 2; i++) {
        struct world_coin coin;
        hall_take(&coin, &cast.hall, &first.tokens.items[i].record, &cast.vault_a);
        cr_assert_eq(amount_fen(coin.amount), two_notes[i]);
        cr_assert(span_equal(world_bytes(&cast.hall.world, &first.tokens.items[i].record),
                             world_bytes(&cast.hall.world, &again.tokens.items[i].record)));
    }
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).reserve), 895000);
    cr_assert_eq(cast_owned(&cast, &cast.vault_a), 5000);
    cast_close(&cast);
}

struct approval_act {
    uint64_t number;
};

static enum err approve_once(struct register_env *env, void *context)
{
    const struct approval_act *act = context;
    enum status status = STATUS_OK;
    const enum err error = vault_decide(env, &status, act->number, true, "olga", "");
    if (error == ERR_OK)
        HALL_STATUS(status, STATUS_OK);
    return error;
}

HALL_TEST(vault, D7_minting_dies_at_every_write)
{
    struct cast cast;
    struct purchase purchase;
    struct tokens_reply reply;
    cast_open(&cast, kind);
    make_purchase(&purchase, &cast, two_notes, 2);
    HALL_STATUS(ask(&reply, &cast, purchase.order, WORLD_BANK_A), STATUS_PENDING);
    struct approval_act act = {last_approval(&cast)};
    cr_assert_geq(hall_fail_everywhere(&cast.hall, approve_once, &act), 12);
    cr_assert_eq(cast_owned(&cast, &cast.vault_a), 5000);
    HALL_STATUS(ask(&reply, &cast, purchase.order, WORLD_BANK_A), STATUS_OK);
    cast_close(&cast);
}

HALL_TEST(vault, an_operator_says_no_for_ever)
{
    struct cast cast;
    struct purchase purchase;
    struct tokens_reply reply;
    cast_open(&cast, kind);
    make_purchase(&purchase, &cast, two_notes, 2);
    HALL_STATUS(ask(&reply, &cast, purchase.order, WORLD_BANK_A), STATUS_PENDING);
    HALL_STATUS(decide(&cast, last_approval(&cast), false), STATUS_OK);
    HALL_STATUS(ask(&reply, &cast, purchase.order, WORLD_BANK_A), STATUS_REJECTED);
    cr_assert_eq(reply.tokens.count, 0);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).reserve), 900000);
    HALL_STATUS(decide(&cast, 424242, true), STATUS_UNKNOWN);
    cast_close(&cast);
}

HALL_TEST(vault, the_reserve_is_checked_again_on_approval)
{
    struct cast cast;
    struct purchase purchase;
    struct tokens_reply reply;
    enum status status = STATUS_OK;
    static const uint64_t all[] = {900000}, too_much[] = {900001};
    cast_open(&cast, kind);
    make_purchase(&purchase, &cast, too_much, 1);
    HALL_STATUS(ask(&reply, &cast, purchase.order, WORLD_BANK_A), STATUS_FUNDS);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_approval), 0); /* nothing is kept */
    make_purchase(&purchase, &cast, all, 1);
    HALL_STATUS(ask(&reply, &cast, purchase.order, WORLD_BANK_A), STATUS_PENDING);
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(vault_reserve_debit(&env, &status, WORLD_BANK_A, world_fen(1)));
    HALL_STATUS(status, STATUS_OK);
    hall_end(&cast.hall);
    HALL_STATUS(decide(&cast, last_approval(&cast), true), STATUS_FUNDS);
    HALL_STATUS(ask(&reply, &cast, purchase.order, WORLD_BANK_A), STATUS_PENDING);
    env = hall_begin(&cast.hall);
    HALL_OK(vault_reserve_credit(&env, &status, WORLD_BANK_A, world_fen(1)));
    hall_end(&cast.hall);
    HALL_STATUS(decide(&cast, last_approval(&cast), true), STATUS_OK);
    HALL_STATUS(ask(&reply, &cast, purchase.order, WORLD_BANK_A), STATUS_OK);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).reserve), 0);
    cr_assert_eq(cast_owned(&cast, &cast.vault_a), 900000);
    cast_close(&cast);
}

HALL_TEST(vault, orders_that_are_refused_leave_nothing_behind)
{
    struct cast cast;
    struct purchase good, reused, wallets, huge;
    struct tokens_reply reply;
    static const uint64_t other[] = {1}, wrap[] = {AMOUNT_MAX, AMOUNT_MAX, AMOUNT_MAX, AMOUNT_MAX};
    cast_open(&cast, kind);
    make_purchase(&good, &cast, two_notes, 2);
    HALL_STATUS(ask(&reply, &cast, good.order, WORLD_BANK_A), STATUS_PENDING);
    make_purchase(&huge, &cast, wrap, 4);
    make_purchase(&reused, &cast, other, 1);
    make_purchase(&wallets, &cast, other, 1);
    struct buffer bytes AUTO(buffer_fini) = {0}, more AUTO(buffer_fini) = {0};
    reused.issue.order_id = good.issue.order_id;
    HALL_OK(issue_encode(&bytes, &reused.issue));
    wallets.outputs[0] = cast_output(&cast.p, 1);
    HALL_OK(issue_encode(&more, &wallets.issue));
    const struct {
        const char *text;
        struct span order;
        uint64_t bank_id;
        enum status status;
    } rows[] = {
        {"the id again with other content", buffer_span(&bytes), WORLD_BANK_A, STATUS_REUSED},
        {"an output to a wallet", buffer_span(&more), WORLD_BANK_A, STATUS_KIND},
        {"another bank's vault", good.order, WORLD_BANK_B, STATUS_KIND},
        {"a sum beyond all money", huge.order, WORLD_BANK_A, STATUS_RANGE},
        {"no order", span_text("\x01"), WORLD_BANK_A, STATUS_PARSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct id before = hall_snapshot(&cast.hall);
        const enum status status = ask(&reply, &cast, rows[i].order, rows[i].bank_id);
        const struct id after = hall_snapshot(&cast.hall);
        cr_expect_eq(status, rows[i].status, "%s: %s", rows[i].text, status_name(status));
        cr_assert(id_equal(&before, &after));
    }
    cast_close(&cast);
}

HALL_TEST(vault, approvals_by_state_and_banks)
{
    static const size_t expected[] = {3, 1, 1, 1}; /* all, pending, approved, rejected */
    struct cast cast;
    struct approval_list list = {0};
    struct bank_list banks = {0};
    cast_open(&cast, kind);
    for (size_t i = 0; i < 3; i++) {
        struct purchase purchase;
        struct tokens_reply reply;
        make_purchase(&purchase, &cast, two_notes, 2);
        HALL_STATUS(ask(&reply, &cast, purchase.order, WORLD_BANK_A), STATUS_PENDING);
        if (i > 0)
            HALL_STATUS(decide(&cast, last_approval(&cast), i == 1), STATUS_OK);
    }
    struct register_env env = hall_begin(&cast.hall);
    for (uint64_t state = 0; state <= APPROVAL_REJECTED; state++) {
        HALL_OK(vault_approvals(&env, &list, state));
        cr_assert_eq(list.count, expected[state]);
    }
    HALL_OK(vault_banks(&env, &banks));
    cr_assert_eq(banks.count, WORLD_BANKS);
    hall_end(&cast.hall);
    cast_close(&cast);
}
