/* The vault: money ordered, given back, claimed, merged. */
#include "tests/intermediary/street.h"

#include <criterion/criterion.h>

static enum status order(struct street *street, uint64_t fen)
{
    enum status status = STATUS_FAILED;
    uint64_t number = 0;
    struct branch_env env = street_env(street);
    HALL_OK(vaultroom_order(&env, &status, &number, world_fen(fen)));
    return status;
}

static enum status give_back(struct street *street, uint64_t fen)
{
    enum status status = STATUS_FAILED;
    uint64_t number = 0;
    struct branch_env env = street_env(street);
    HALL_OK(vaultroom_return(&env, &status, &number, world_fen(fen)));
    return status;
}

static uint64_t reserve(struct street *street)
{
    return amount_fen(hall_bank(&street->hall, WORLD_BANK_A).reserve);
}

static struct vault_order last_order(struct street *street)
{
    struct vault_order_list list = {0};
    struct branch_env env = street_begin(street);
    HALL_OK(vaultroom_orders(&env, &list));
    street_end(street);
    cr_assert_gt(list.count, 0);
    return list.items[list.count - 1];
}

/* The world's banks start with 9,000.00 of reserve. */
Test(vaultroom, an_order_waits_for_the_operator)
{
    struct street street;
    street_open(&street);
    HALL_STATUS(order(&street, 100003), STATUS_PENDING);
    cr_assert(street_work(&street));
    cr_assert_eq(street_vault(&street), 0);
    street_approve_all(&street, true);
    cr_assert_not(street_work(&street));
    cr_assert_eq(street_vault(&street), 100003);
    cr_assert_eq(reserve(&street), 900000 - 100003);
    cr_assert_eq(last_order(&street).state, VAULT_ORDER_DONE);
    (void)street_work(&street);
    cr_assert_eq(street_vault(&street), 100003);
    street_close(&street);
}

Test(vaultroom, over_the_reserve_is_refused_at_once)
{
    struct street street;
    street_open(&street);
    HALL_STATUS(order(&street, 900001), STATUS_FUNDS);
    cr_assert_eq(last_order(&street).state, VAULT_ORDER_REFUSED);
    cr_assert_not(street_work(&street));
    HALL_STATUS(order(&street, 900000), STATUS_PENDING);
    street_approve_all(&street, false);
    cr_assert_not(street_work(&street));
    cr_assert_eq(last_order(&street).state, VAULT_ORDER_REFUSED);
    cr_assert_eq(last_order(&street).status, STATUS_REJECTED);
    cr_assert_eq(street_vault(&street), 0);
    street_close(&street);
}

Test(vaultroom, a_lost_answer_brings_the_tokens_later_and_once)
{
    struct street street;
    street_open(&street);
    street.is_cut = true;
    HALL_STATUS(order(&street, 1000), STATUS_PENDING);
    street.is_cut = false;
    cr_assert(street_work(&street));
    street_approve_all(&street, true);
    street.bank.now += BRANCH_FETCH_S;
    street.lost_replies = 2; /* of the fetch, then of the order */
    cr_assert(street_work(&street));
    cr_assert(street_work(&street));
    cr_assert_not(street_work(&street));
    cr_assert_eq(street_vault(&street), 1000);
    cr_assert_eq(reserve(&street), 899000);
    street_close(&street);
}

/* What is said to an order on its way: the tokens of an earlier one, or one token twice. */
struct twist {
    bool is_repeating; /* one token in place of all */
    struct tokens_reply first;
    bool has_first;
    struct arena arena;
};

static void twist(struct street *street, struct buffer *bytes, struct span request)
{
    struct twist *twist = street->on_answer_context;
    struct call_frame frame = {0};
    struct reply reply = {0};
    struct tokens_reply tokens = {.tokens.count = 0};
    struct buffer body AUTO(buffer_fini) = {0};
    struct span kept = {0};
    HALL_STATUS(call_read(&frame, WORLD_NETWORK, request, &street->arena), STATUS_OK);
    HALL_OK(arena_copy(&twist->arena, &kept, buffer_span(bytes)));
    HALL_OK(reply_decode(&reply, kept, &twist->arena));
    if (frame.verb->verb != VERB_ISSUE || reply.status != STATUS_OK)
        return;
    HALL_OK(tokens_reply_decode(&tokens, reply.body, &twist->arena));
    for (size_t i = 0; twist->is_repeating && i < tokens.tokens.count; i++)
        tokens.tokens.items[i] = tokens.tokens.items[0];
    if (!twist->is_repeating && twist->has_first)
        tokens = twist->first;
    twist->first = tokens;
    twist->has_first = true;
    HALL_OK(tokens_reply_encode(&body, &tokens));
    reply.body = buffer_span(&body);
    buffer_fini(bytes);
    *bytes = (struct buffer){0};
    HALL_OK(reply_encode(bytes, &reply));
}

/* An even order of 1,000 fen comes as coins alike: without the check they would add up. */
static void expect_believed_when_it_is_true(struct street *street, uint64_t before)
{
    street_approve_all(street, true);
    cr_assert(street_work(street));
    cr_assert_eq(last_order(street).state, VAULT_ORDER_WAITING);
    street->on_answer = NULL;
    cr_assert_not(street_work(street));
    cr_assert_eq(last_order(street).state, VAULT_ORDER_DONE);
    cr_assert_eq(street_vault(street), before + 1000);
}

Test(vaultroom, the_tokens_of_an_earlier_order_are_no_answer)
{
    struct street street;
    struct twist twisted = {.is_repeating = false};
    street_open(&street);
    street.on_answer = twist;
    street.on_answer_context = &twisted;
    HALL_STATUS(order(&street, 1000), STATUS_PENDING);
    street_approve_all(&street, true);
    cr_assert_not(street_work(&street));
    cr_assert_eq(street_vault(&street), 1000);
    HALL_STATUS(order(&street, 1000), STATUS_PENDING);
    expect_believed_when_it_is_true(&street, 1000);
    arena_fini(&twisted.arena);
    street_close(&street);
}

Test(vaultroom, one_token_does_not_stand_for_all)
{
    struct street street;
    struct twist twisted = {.is_repeating = true};
    street_open(&street);
    street.on_answer = twist;
    street.on_answer_context = &twisted;
    HALL_STATUS(order(&street, 1000), STATUS_PENDING);
    expect_believed_when_it_is_true(&street, 0);
    arena_fini(&twisted.arena);
    street_close(&street);
}

Test(vaultroom_work, money_goes_back_to_the_reserve)
{
    struct street street;
    street_open(&street);
    street_stock(&street, 160000);
    cr_assert_eq(reserve(&street), 740000);
    HALL_STATUS(give_back(&street, 160001), STATUS_VAULT);
    HALL_STATUS(give_back(&street, 10000), STATUS_OK); /* exactly a coin */
    HALL_STATUS(give_back(&street, 12345), STATUS_OK); /* no such coin: exchanged first */
    cr_assert_eq(reserve(&street), 740000 + 22345);
    cr_assert_eq(street_vault(&street), 160000 - 22345);
    HALL_STATUS(give_back(&street, 160000 - 22345), STATUS_OK); /* all that is left */
    cr_assert_eq(reserve(&street), 900000);
    cr_assert_eq(street_vault(&street), 0);
    street_close(&street);
}

Test(vaultroom_work, a_return_survives_a_cut_line)
{
    for (size_t lost = 1; lost < 4; lost++) {
        struct street street;
        street_open(&street);
        street_stock(&street, 160000);
        street.lost_replies = lost;
        const enum status first = give_back(&street, 12345);
        HALL_STATUS(first, STATUS_PENDING);
        for (int i = 0; i < 4 && street_work(&street); i++)
            continue;
        cr_assert_eq(reserve(&street), 740000 + 12345);
        cr_assert_eq(street_vault(&street), 160000 - 12345);
        street_close(&street);
    }
}

Test(vaultroom_work, a_redeem_that_fails_for_good_is_followed_by_another)
{
    struct street street;
    street_open(&street);
    street_stock(&street, 160000);
    street.is_cut = true;
    HALL_STATUS(give_back(&street, 10000), STATUS_PENDING);
    street_rob(&street);
    street.is_cut = false;
    cr_assert_not(street_work(&street));
    cr_assert_eq(reserve(&street), 740000 + 10000);
    cr_assert_eq(street_vault(&street), 160000 - 20000);
    street_close(&street);
}

Test(vaultroom_work, many_small_coins_are_merged)
{
    enum { COINS = 70 };
    struct street street;
    struct world_wallet vault;
    street_open(&street);
    world_vault(&vault, &street.hall.world, WORLD_BANK_A);
    for (size_t i = 0; i < COINS; i++) {
        struct world_coin coin;
        hall_issue(&coin, &street.hall, WORLD_BANK_A, 100, &vault);
    }
    (void)street_work(&street); /* asks what it owns */
    cr_assert_eq(street_vault(&street), COINS * 100);
    for (int i = 0; i < 4; i++)
        (void)street_work(&street);
    cr_assert_eq(street_vault(&street), COINS * 100);
    cr_assert_leq(street_count(&street, &purse_table_purse_coin), VAULTROOM_COINS_WANTED);
    HALL_STATUS(give_back(&street, COINS * 100 - 50), STATUS_OK);
    cr_assert_eq(street_vault(&street), 50);
    street_close(&street);
}

/* A deposit on a losing line: the vault's orphan is claimed, and made good by the guarantee. */
Test(vaultroom_work, an_orphan_is_claimed)
{
    struct street street;
    struct resident alice;
    struct world_coin coin, winner, to_shop, paid;
    struct world_wallet cheat, carol, vault;
    struct deposit_request_reply asked = {0};
    struct deposit_reply reply = {0};
    street_open(&street);
    struct world *world = &street.hall.world;
    street_resident(&alice, &street, "Alice", 3, 0);
    world_wallet(&cheat, world, "cheat", WORLD_BANK_B);
    world_wallet(&carol, world, "carol", WORLD_BANK_B);
    world_vault(&vault, world, WORLD_BANK_A);
    hall_log(&street.hall, &cheat, "cheat");
    hall_log(&street.hall, &carol, "carol");
    hall_issue(&coin, &street.hall, WORLD_BANK_B, 5000, &cheat);
    world_pay(&winner, NULL, world, &coin, &carol, 5000, NULL);
    world_pay(&to_shop, NULL, world, &coin, &alice.wallet, 5000, NULL);
    const struct deposit_request_body ask = {.deposit_id = world_nonce(world),
                                             .amount = world_fen(5000)};
    HALL_STATUS(street_call(&street, &asked, VERB_DEPOSIT_REQUEST, &ask, &alice.wallet.pair),
                STATUS_OK);
    const struct id request_id = record_id(WORLD_NETWORK, KIND_REQUEST, asked.request.payload);
    world_pay(&paid, NULL, world, &to_shop, &vault, 5000, &request_id);
    HALL_OUTCOME(hall_settle(&street.hall, &winner), OUTCOME_SETTLED);
    const struct deposit_body body = {.packet = street_packet(&street, &paid)};
    HALL_STATUS(street_call(&street, &reply, VERB_DEPOSIT, &body, &alice.wallet.pair), STATUS_OK);
    cr_assert(amount_is_zero(reply.credited));
    cr_assert_eq(hall_cases(&street.hall), 1);
    for (int i = 0; i < 3; i++)
        (void)street_work(&street);
    cr_assert_eq(street_vault(&street), 5000);
    cr_assert_eq(amount_fen(hall_bank(&street.hall, WORLD_BANK_B).guarantee), 95000);
    street_close(&street);
}
