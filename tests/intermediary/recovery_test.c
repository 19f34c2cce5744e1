/* Lost wallets: refunds when their day has come, advances before it, and what becomes of them when
 * somebody comes with the coin. */
#include "common/base/time.h"
#include "intermediary/recovery.h"
#include "tests/intermediary/street.h"

#include <criterion/criterion.h>

/* Alice has a coin in a wallet that is lost, and a new wallet. */
struct loss {
    struct street street;
    struct resident alice;
    struct world_wallet fresh;
    struct world_coin coins[4];
    uint64_t day; /* on which the coins can be refunded */
};

static void give_up(struct loss *loss, size_t expected)
{
    struct branch_env env = street_env(&loss->street);
    enum status status = STATUS_OK;
    size_t count = 0;
    HALL_OK(certify_give_up(&env, &status, &count, loss->alice.number));
    HALL_STATUS(status, STATUS_OK);
    cr_assert_eq(count, expected);
}

static void open_loss(struct loss *out, const uint64_t *fens)
{
    street_open(&out->street);
    street_stock(&out->street, 500000);
    street_resident(&out->alice, &out->street, "Alice", 2, 200000);
    for (size_t i = 0; fens[i] != 0; i++)
        street_coin(&out->coins[i], &out->street, &out->alice, fens[i]);
    out->day = hall_coin(&out->street.hall, &out->coins[0]).redeem_by_day;
    give_up(out, 1);
    out->fresh = (struct world_wallet){.pair = world_key("Alice, new")};
    const struct nonce code = street_code(&out->street, out->alice.number);
    HALL_STATUS(street_join(&out->street, &out->fresh, &code), STATUS_OK);
}

static void close_loss(struct loss *loss)
{
    street_close(&loss->street);
}

static void move_to(struct loss *loss, uint64_t day)
{
    loss->street.bank.now = day * SECONDS_PER_DAY;
}

static uint64_t owned(struct loss *loss, const struct key_pair *pair)
{
    return hall_owned(&loss->street.hall, &pair->public_key);
}

static enum status refund(struct loss *loss, struct recovery_report *report)
{
    struct branch_env env = street_env(&loss->street);
    enum status status = STATUS_OK;
    HALL_OK(recovery_refund(&env, &status, report, loss->alice.number));
    return status;
}

static enum status advance(struct loss *loss, struct recovery_advance *out, uint64_t fen,
                           uint64_t customer_max, uint64_t bank_max)
{
    struct branch_env env = street_env(&loss->street);
    enum status status = STATUS_OK;
    *out = (struct recovery_advance){.wanted = world_fen(fen),
                                     .customer_max = world_fen(customer_max),
                                     .bank_max = world_fen(bank_max)};
    HALL_OK(recovery_advance(&env, &status, out, loss->alice.number));
    return status;
}

static struct advance_list advances(struct loss *loss)
{
    struct branch_env env = street_begin(&loss->street);
    struct advance_list list = {0};
    HALL_OK(recovery_advances(&env, &list, loss->alice.number));
    street_end(&loss->street);
    return list;
}

/* The bank's work until nothing waits. */
static void work(struct loss *loss)
{
    for (int i = 0; i < 10; i++)
        if (!street_work(&loss->street))
            return;
}

/* --- keys --- */

Test(recovery, a_lost_wallets_keys_are_given_up_once_and_those_in_date_revoked)
{
    struct loss loss;
    open_loss(&loss, (const uint64_t[]){500, 0});
    cr_assert_eq(hall_books(&loss.street.hall).revocations_version, 2);
    move_to(&loss, time_day(WORLD_NOW) + 30); /* past its certificate */
    give_up(&loss, 1);                        /* the new wallet is lost, too */
    cr_assert_eq(hall_books(&loss.street.hall).revocations_version, 2);
    give_up(&loss, 0);
    struct recovery_report report;
    HALL_STATUS(refund(&loss, &report), STATUS_STATE); /* no wallet to give it to */
    close_loss(&loss);
}

Test(recovery, keys_given_up_while_the_line_is_cut_are_given_up_later)
{
    struct loss loss;
    struct branch_env env;
    enum status status = STATUS_OK;
    size_t count = 0;
    open_loss(&loss, (const uint64_t[]){500, 0});
    loss.street.is_cut = true;
    env = street_env(&loss.street);
    HALL_OK(certify_give_up(&env, &status, &count, loss.alice.number));
    HALL_STATUS(status, STATUS_UNREACHABLE);
    cr_assert_eq(count, 0);
    loss.street.is_cut = false;
    give_up(&loss, 1);
    close_loss(&loss);
}

/* --- refunds --- */

Test(recovery, nothing_before_the_day_everything_on_it)
{
    struct loss loss;
    struct recovery_report report;
    open_loss(&loss, (const uint64_t[]){500, 700, 0});
    move_to(&loss, loss.day - 1);
    HALL_STATUS(refund(&loss, &report), STATUS_OK);
    cr_assert_eq(report.refunded.count, 0);
    cr_assert_eq(report.waiting.count, 2);
    cr_assert_eq(amount_fen(report.waiting.amount), 1200);
    cr_assert_eq(report.next_day, loss.day);
    move_to(&loss, loss.day);
    HALL_STATUS(refund(&loss, &report), STATUS_OK);
    cr_assert_eq(report.refunded.count, 2);
    cr_assert_eq(amount_fen(report.refunded.amount), 1200);
    cr_assert_eq(owned(&loss, &loss.fresh.pair), 1200);
    HALL_STATUS(refund(&loss, &report), STATUS_OK);
    cr_assert_eq(report.refunded.count + report.waiting.count, 0);
    close_loss(&loss);
}

Test(recovery, the_banks_own_work_does_it_once_a_day)
{
    struct loss loss;
    open_loss(&loss, (const uint64_t[]){500, 0});
    move_to(&loss, loss.day - 1);
    work(&loss);
    cr_assert_eq(owned(&loss, &loss.fresh.pair), 0);
    move_to(&loss, loss.day);
    loss.street.lost_replies = 3;
    work(&loss);
    work(&loss);
    cr_assert_eq(owned(&loss, &loss.fresh.pair), 500);
    close_loss(&loss);
}

Test(recovery, a_wallet_that_is_only_offline_is_left_alone)
{
    struct loss loss;
    struct resident bob;
    struct world_coin coin;
    open_loss(&loss, (const uint64_t[]){500, 0});
    street_resident(&bob, &loss.street, "Bob", 2, 1000);
    street_coin(&coin, &loss.street, &bob, 900);
    move_to(&loss, loss.day + 1);
    work(&loss);
    cr_assert_eq(owned(&loss, &bob.wallet.pair), 900);
    cr_assert_eq(hall_coin(&loss.street.hall, &coin).state, COIN_UNSPENT);
    close_loss(&loss);
}

Test(recovery, G3_M4_a_payee_before_the_refund_keeps_the_coin_one_after_loses_it)
{
    struct loss loss;
    struct resident bob;
    struct world_coin to_bob[2];
    struct settle_reply reply;
    struct recovery_report report;
    open_loss(&loss, (const uint64_t[]){500, 700, 0});
    street_resident(&bob, &loss.street, "Bob", 2, 0);
    for (size_t i = 0; i < 2; i++) { /* paid before the wallet was lost, shown later */
        loss.coins[i].owner = &loss.alice.wallet;
        world_pay(&to_bob[i], NULL, &loss.street.hall.world, &loss.coins[i], &bob.wallet,
                  amount_fen(loss.coins[i].amount), NULL);
    }
    const struct span early = street_packet(&loss.street, &to_bob[0]);
    const struct span late = street_packet(&loss.street, &to_bob[1]);
    HALL_STATUS(street_settle(&loss.street, &reply, &early, 1, &bob), STATUS_OK);
    move_to(&loss, loss.day);
    HALL_STATUS(refund(&loss, &report), STATUS_OK);
    HALL_STATUS(street_settle(&loss.street, &reply, &late, 1, &bob), STATUS_OK);
    HALL_OUTCOME((enum outcome)reply.results.items[0].leaves.items[0].leaf.outcome, OUTCOME_LOST);
    cr_assert_eq(owned(&loss, &bob.wallet.pair), 500);
    cr_assert_eq(owned(&loss, &loss.fresh.pair), 700);
    cr_assert_eq(hall_cases(&loss.street.hall), 0);
    close_loss(&loss);
}

/* --- advances --- */

Test(recovery, an_advance_is_of_whole_coins_within_the_limits)
{
    static const struct {
        uint64_t wanted, customer_max, bank_max;
        enum status status;
        uint64_t paid;
    } rows[] = {
        {100, 10000, 10000, STATUS_UNKNOWN, 0}, /* no coin is so small */
        {5000, 4999, 10000, STATUS_LIMIT_HELD, 0},     {5000, 10000, 4999, STATUS_LIMIT_HELD, 0},
        {AMOUNT_MAX, 0, 10000, STATUS_UNKNOWN, 0},     {750, 750, 10000, STATUS_OK, 700},
        {AMOUNT_MAX, 1100, 10000, STATUS_OK, 300}, /* 400 are left, 500 is too much */
        {200, 1100, 10000, STATUS_LIMIT_HELD, 0},      {AMOUNT_MAX, 10000, 10000, STATUS_OK, 500},
        {AMOUNT_MAX, 10000, 10000, STATUS_UNKNOWN, 0}, /* nothing is left */
    };
    struct loss loss;
    struct recovery_advance made;
    uint64_t sum = 0;
    open_loss(&loss, (const uint64_t[]){500, 700, 300, 0});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const enum status status =
            advance(&loss, &made, rows[i].wanted, rows[i].customer_max, rows[i].bank_max);
        cr_assert_eq(status, rows[i].status, "row %zu: %s", i, status_name(status));
        sum += rows[i].paid;
        cr_assert_eq(owned(&loss, &loss.fresh.pair), sum, "row %zu", i);
    }
    cr_assert_eq(owned(&loss, &loss.alice.wallet.pair), 1500);
    close_loss(&loss);
}

Test(recovery, what_was_advanced_comes_to_the_vault_and_not_twice_to_the_customer)
{
    struct loss loss;
    struct recovery_advance made;
    struct recovery_report report;
    open_loss(&loss, (const uint64_t[]){500, 700, 0});
    const uint64_t vault = street_vault(&loss.street);
    HALL_STATUS(advance(&loss, &made, 700, 10000, 10000), STATUS_OK);
    cr_assert_eq(street_vault(&loss.street), vault - 700);
    move_to(&loss, loss.day);
    loss.street.lost_replies = 1; /* of the refund that brings it in: asked again */
    HALL_STATUS(refund(&loss, &report), STATUS_UNREACHABLE);
    HALL_STATUS(refund(&loss, &report), STATUS_OK);
    cr_assert_eq(report.refunded.count, 1);
    cr_assert_eq(amount_fen(report.refunded.amount), 500);
    cr_assert_eq(owned(&loss, &loss.fresh.pair), 1200);
    cr_assert_eq(owned(&loss, &loss.alice.wallet.pair), 0);
    cr_assert_eq(street_vault(&loss.street), vault);
    cr_assert_eq(advances(&loss).items[0].state, ADVANCE_RECOVERED);
    close_loss(&loss);
}

/* The order is durable before it leaves: answered without a word, it is paid once, later. */
Test(recovery, an_advance_that_was_cut_is_paid_once)
{
    struct loss loss;
    struct recovery_advance made;
    open_loss(&loss, (const uint64_t[]){500, 700, 0});
    const uint64_t vault = street_vault(&loss.street);
    loss.street.lost_replies = 1; /* what the keys hold: nothing has begun */
    HALL_STATUS(advance(&loss, &made, 700, 10000, 10000), STATUS_UNREACHABLE);
    cr_assert_eq(advances(&loss).count, 0);
    loss.street.calls_until_cut = 1;
    HALL_STATUS(advance(&loss, &made, 700, 10000, 10000), STATUS_PENDING);
    cr_assert_eq(advances(&loss).items[0].state, ADVANCE_ORDERED);
    work(&loss);
    cr_assert_eq(advances(&loss).items[0].state, ADVANCE_ORDERED);
    loss.street.is_cut = false;
    loss.street.lost_replies = 1; /* carried out, and nobody told so */
    work(&loss);
    work(&loss);
    cr_assert_eq(advances(&loss).items[0].state, ADVANCE_PAID);
    cr_assert_eq(owned(&loss, &loss.fresh.pair), 700);
    cr_assert_eq(street_vault(&loss.street), vault - 700);
    close_loss(&loss);
}

/* The vault's coins were gone: nobody got anything, and the coins may be advanced again. */
Test(recovery, an_advance_whose_order_fails_never_was)
{
    struct loss loss;
    struct recovery_advance made;
    open_loss(&loss, (const uint64_t[]){500, 700, 0});
    loss.street.calls_until_cut = 1;
    HALL_STATUS(advance(&loss, &made, 700, 10000, 10000), STATUS_PENDING);
    street_rob(&loss.street);
    loss.street.is_cut = false;
    HALL_STATUS(advance(&loss, &made, 500, 1199, 10000), STATUS_LIMIT_HELD); /* it counts yet */
    work(&loss);
    cr_assert_eq(advances(&loss).count, 0);
    HALL_STATUS(advance(&loss, &made, 500, 1199, 10000), STATUS_OK);
    cr_assert_eq(owned(&loss, &loss.fresh.pair), 500);
    close_loss(&loss);
}

/* The lost wallet had paid the coin: the payee has it, and the customer owes what he got for it. */
Test(recovery, an_advance_on_a_coin_that_was_paid_is_taken_from_the_account)
{
    static const uint64_t paid_out[] = {0, 199300, 199000}; /* before: 1,993.00 are there */
    for (size_t i = 0; i < sizeof paid_out / sizeof paid_out[0]; i++) {
        struct loss loss;
        struct resident bob;
        struct world_coin to_bob;
        struct settle_reply reply;
        struct recovery_advance made;
        struct recovery_report report;
        enum status status = STATUS_OK;
        open_loss(&loss, (const uint64_t[]){700, 0});
        HALL_STATUS(advance(&loss, &made, 700, 10000, 10000), STATUS_OK);
        street_resident(&bob, &loss.street, "Bob", 2, 0);
        loss.coins[0].owner = &loss.alice.wallet;
        world_pay(&to_bob, NULL, &loss.street.hall.world, &loss.coins[0], &bob.wallet, 700, NULL);
        const struct span packet = street_packet(&loss.street, &to_bob);
        HALL_STATUS(street_settle(&loss.street, &reply, &packet, 1, &bob), STATUS_OK);
        if (paid_out[i] > 0) {
            struct branch_env env = street_begin(&loss.street);
            HALL_OK(teller_pay_out(&env, &status, loss.alice.number, world_fen(paid_out[i]),
                                   span_text("")));
            HALL_STATUS(status, STATUS_OK);
            street_end(&loss.street);
        }
        const uint64_t before = amount_fen(street_get(&loss.street, loss.alice.number).balance);
        const uint64_t due = before < 700 ? before : 700;
        move_to(&loss, loss.day);
        HALL_STATUS(refund(&loss, &report), STATUS_OK);
        cr_assert_eq(report.refunded.count, 0);
        const struct advance row = advances(&loss).items[0];
        cr_assert_eq(row.state, ADVANCE_OWED);
        cr_assert_eq(amount_fen(row.collected), due);
        cr_assert_eq(amount_fen(street_get(&loss.street, loss.alice.number).balance), before - due);
        close_loss(&loss);
    }
}

/* --- whose word it is --- */

/* On the way a HELD's answer is replaced: by the one to the question before, by one that somebody
 * else signed, or with a larger amount in it. */
enum trick { TRICK_NONE, TRICK_OLD, TRICK_OTHER_KEY, TRICK_AMOUNT, TRICK_COUNT };
struct tricks {
    enum trick trick;
    struct cose old;
};

static void read_holdings(struct street *street, struct holdings *out, const struct cose *cose)
{
    HALL_OK(holdings_decode(out, cose->payload, &street->arena));
}

static struct cose forge_holdings(struct street *street, const struct tricks *tricks,
                                  const struct cose *cose)
{
    struct cose out = *cose;
    struct holdings value = {.more = 0};
    struct buffer bytes AUTO(buffer_fini) = {0};
    read_holdings(street, &value, cose);
    if (tricks->trick == TRICK_OLD)
        return tricks->old;
    if (tricks->trick == TRICK_OTHER_KEY) {
        HALL_OK(record_sign(&out, WORLD_NETWORK, KIND_HOLDINGS, &value, &street->bank.bank_key,
                            &street->arena));
        return out;
    }
    value.coins.items[0].amount = world_fen(900000);
    HALL_OK(holdings_encode(&bytes, &value));
    HALL_OK(arena_copy(&street->arena, &out.payload, buffer_span(&bytes)));
    return out;
}

static void trick(struct street *street, struct buffer *bytes, struct span request)
{
    struct tricks *tricks = street->on_answer_context;
    struct call_frame frame = {0};
    struct reply reply = {0};
    struct held_reply held = {0};
    struct buffer body AUTO(buffer_fini) = {0};
    struct span kept = {0};
    HALL_STATUS(call_read(&frame, WORLD_NETWORK, request, &street->arena), STATUS_OK);
    if (frame.verb->verb != VERB_HELD)
        return;
    HALL_OK(arena_copy(&street->arena, &kept, buffer_span(bytes)));
    HALL_OK(reply_decode(&reply, kept, &street->arena));
    HALL_OK(held_reply_decode(&held, reply.body, &street->arena));
    if (tricks->trick == TRICK_NONE) {
        tricks->old = held.holdings;
        return;
    }
    held.holdings = forge_holdings(street, tricks, &held.holdings);
    HALL_OK(held_reply_encode(&body, &held));
    reply.body = buffer_span(&body);
    buffer_fini(bytes);
    *bytes = (struct buffer){0};
    HALL_OK(reply_encode(bytes, &reply));
}

Test(recovery, no_advance_is_paid_on_what_the_register_did_not_sign_for_this_question)
{
    struct loss loss;
    struct recovery_advance made;
    struct recovery_report report;
    struct tricks tricks = {.trick = TRICK_NONE};
    open_loss(&loss, (const uint64_t[]){700, 0});
    const uint64_t vault = street_vault(&loss.street);
    loss.street.on_answer = trick;
    loss.street.on_answer_context = &tricks;
    HALL_STATUS(refund(&loss, &report), STATUS_OK);
    cr_assert_eq(report.waiting.count, 1);
    for (tricks.trick = TRICK_OLD; tricks.trick < TRICK_COUNT; tricks.trick++) {
        HALL_STATUS(advance(&loss, &made, AMOUNT_MAX, 10000, 10000), STATUS_UNREACHABLE);
        HALL_STATUS(refund(&loss, &report), STATUS_UNREACHABLE);
        cr_assert_eq(street_vault(&loss.street), vault);
        cr_assert_eq(advances(&loss).count, 0);
    }
    tricks.trick = TRICK_NONE;
    HALL_STATUS(advance(&loss, &made, AMOUNT_MAX, 10000, 10000), STATUS_OK);
    cr_assert_eq(amount_fen(made.paid), 700);
    close_loss(&loss);
}

/* --- many of them --- */

/* 70 that the register refuses for ever (no order stands behind them), and behind them one that it
 * does not. */
Test(recovery, advances_that_are_refused_hold_up_no_others)
{
    enum { REFUSED = 70 };
    struct loss loss;
    struct recovery_advance made;
    open_loss(&loss, (const uint64_t[]){700, 0});
    HALL_STATUS(advance(&loss, &made, 700, 10000, 10000), STATUS_OK);
    struct branch_env env = street_begin(&loss.street);
    for (uint64_t i = 0; i < REFUSED; i++) {
        const struct advance row = {.serial = 1, /* before the real one */
                                    .coin_id.bytes = {(uint8_t)i},
                                    .customer = loss.alice.number,
                                    .amount = world_fen(5),
                                    .redeem_by_day = loss.day,
                                    .state = ADVANCE_PAID,
                                    .made_at = WORLD_NOW};
        HALL_OK(store_insert(env.purse.store, &bank_table_advance, &row));
    }
    street_end(&loss.street);
    cr_assert_gt(loss.coins[0].serial, 1);
    move_to(&loss, loss.day);
    work(&loss);
    cr_assert(loss.street.bank.has_more); /* the first 64 were asked, in vain */
    work(&loss);
    cr_assert_not(loss.street.bank.has_more);
    const struct advance_list list = advances(&loss);
    size_t recovered = 0;
    for (size_t i = 0; i < list.count; i++)
        recovered += list.items[i].state == ADVANCE_RECOVERED;
    cr_assert_eq(recovered, 1);
    cr_assert_eq(owned(&loss, &loss.alice.wallet.pair), 0);
    close_loss(&loss);
}
