/* Lost wallets: refunds when their day has come, advances before it, and what becomes of them when
 * somebody comes with the coin. */
#include "common/base/time.h"
#include "intermediary/recovery_coin.h"
#include "tests/intermediary/loss.h"

#include <criterion/criterion.h>

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
    loss_open(&loss, (const uint64_t[]){500, 0});
    cr_assert_eq(hall_books(&loss.street.hall).revocations_version, 2);
    loss_move_to(&loss, time_day(WORLD_NOW) + 30); /* past its certificate */
    loss_give_up(&loss, 1);                        /* the new wallet is lost, too */
    cr_assert_eq(hall_books(&loss.street.hall).revocations_version, 2);
    loss_give_up(&loss, 0);
    struct recovery_report report;
    HALL_STATUS(loss_refund(&loss, &report), STATUS_STATE); /* no wallet to give it to */
    loss_close(&loss);
}

Test(recovery, keys_given_up_while_the_line_is_cut_are_given_up_later)
{
    struct loss loss;
    struct branch_env env;
    enum status status = STATUS_OK;
    size_t count = 0;
    loss_open(&loss, (const uint64_t[]){500, 0});
    loss.street.is_cut = true;
    env = street_env(&loss.street);
    HALL_OK(certify_give_up(&env, &status, &count, loss.alice.number));
    HALL_STATUS(status, STATUS_UNREACHABLE);
    cr_assert_eq(count, 0);
    loss.street.is_cut = false;
    loss_give_up(&loss, 1);
    loss_close(&loss);
}

/* Handed out once, certified anew after its date, and the log's answer lost: it waits as a key does
 * that nobody had yet, but what was paid to it is there. */
Test(recovery, a_key_that_waits_to_be_certified_anew_is_lost_with_its_money)
{
    struct loss loss;
    struct recovery_report report;
    struct recovery_advance advance;
    loss_open(&loss, (const uint64_t[]){500, 0});
    HALL_STATUS(loss_advance(&loss, &advance, 500, 500, 500), STATUS_OK);
    cr_assert_eq(loss_owned(&loss, &loss.fresh.pair), 500);
    loss_move_to(&loss, time_day(WORLD_NOW) + 30); /* past its certificate */
    loss.street.lost_replies = 1;
    HALL_STATUS(street_join(&loss.street, &loss.fresh, &loss.code), STATUS_UNREACHABLE);
    loss_give_up(&loss, 1);
    struct world_wallet third = {.pair = world_key("Alice, newer")};
    const struct nonce next = street_code(&loss.street, loss.alice.number);
    HALL_STATUS(street_join(&loss.street, &third, &next), STATUS_OK);
    loss_move_to(&loss, time_day(WORLD_NOW) + 400);
    HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
    cr_assert_eq(loss_owned(&loss, &third.pair), 500);
    loss_close(&loss);
}

/* A phone that asked, and was stolen before an answer came: whether its LOG arrived at the central
 * bank or not, it asks in vain from then on. */
static void steal(struct loss *loss, struct world_wallet *thief, struct nonce *code, bool is_logged)
{
    *thief = (struct world_wallet){.pair = world_key("Alice, stolen")};
    *code = street_code(&loss->street, loss->alice.number);
    loss->street.is_cut = !is_logged;
    loss->street.lost_replies = is_logged;
    HALL_STATUS(street_join(&loss->street, thief, code), STATUS_UNREACHABLE);
    loss->street.is_cut = false;
    loss_give_up(loss, 2); /* and the wallet before */
    HALL_STATUS(street_join(&loss->street, thief, code), STATUS_FORBIDDEN);
    thief->pair = world_key("Alice, stolen, another key");
    HALL_STATUS(street_join(&loss->street, thief, code), STATUS_CODE);
    loss_give_up(loss, 0);
}

/* Whoever comes with the new code has the customer's money back: a key that the central bank never
 * heard of is nothing that it could be asked about. */
static void come_back(struct loss *loss)
{
    struct world_wallet third = {.pair = world_key("Alice, newer")};
    struct recovery_report report;
    const struct nonce code = street_code(&loss->street, loss->alice.number);
    HALL_STATUS(street_join(&loss->street, &third, &code), STATUS_OK);
    loss_move_to(loss, loss->day);
    HALL_STATUS(loss_refund(loss, &report), STATUS_OK);
    cr_assert_eq(amount_fen(report.refunded.amount), 500);
    cr_assert_eq(loss_owned(loss, &third.pair), 500);
    work(loss); /* nor does it hold up the daily round */
}

Test(recovery, G1_a_stolen_phone_whose_certificate_was_never_logged_gets_none)
{
    struct loss loss;
    struct world_wallet thief;
    struct nonce code;
    loss_open(&loss, (const uint64_t[]){500, 0});
    const uint64_t version = hall_books(&loss.street.hall).revocations_version;
    steal(&loss, &thief, &code, false);
    cr_assert_eq(hall_books(&loss.street.hall).revocations_version, version + 1);
    come_back(&loss);
    loss_close(&loss);
}

Test(recovery, G1_a_stolen_phone_whose_certificate_was_logged_but_not_handed_out_gets_none)
{
    struct loss loss;
    struct world_wallet thief;
    struct nonce code;
    loss_open(&loss, (const uint64_t[]){500, 0});
    const uint64_t version = hall_books(&loss.street.hall).revocations_version;
    steal(&loss, &thief, &code, true);
    cr_assert_eq(hall_books(&loss.street.hall).revocations_version, version + 2);
    come_back(&loss);
    loss_close(&loss);
}

/* Two wallets of one customer, certified in one second: the later one is the newest, whatever their
 * keys are. */
Test(recovery, what_came_last_is_the_newest_also_within_a_second)
{
    static const char *const names[] = {"i", "ii", "iii", "iv", "v", "vi"};
    struct loss loss;
    struct recovery_report report;
    loss_open(&loss, (const uint64_t[]){100, 200, 300, 0});
    loss_move_to(&loss, loss.day);
    struct world_wallet last = {0};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct public_key newest;
        bool found = false;
        last = (struct world_wallet){.pair = world_key(names[i])};
        const struct nonce code = street_code(&loss.street, loss.alice.number);
        HALL_STATUS(street_join(&loss.street, &last, &code), STATUS_OK);
        struct branch_env env = street_begin(&loss.street);
        HALL_OK(recovery_new_key(&env, &found, &newest, loss.alice.number));
        street_end(&loss.street);
        cr_assert(found && key_equal(&newest, &last.pair.public_key), "%s", names[i]);
    }
    HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
    cr_assert_eq(loss_owned(&loss, &last.pair), 600);
    loss_close(&loss);
}

/* --- refunds --- */

Test(recovery, nothing_before_the_day_everything_on_it)
{
    struct loss loss;
    struct recovery_report report;
    loss_open(&loss, (const uint64_t[]){500, 700, 0});
    loss_move_to(&loss, loss.day - 1);
    HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
    cr_assert_eq(report.refunded.count, 0);
    cr_assert_eq(report.waiting.count, 2);
    cr_assert_eq(amount_fen(report.waiting.amount), 1200);
    cr_assert_eq(report.next_day, loss.day);
    loss_move_to(&loss, loss.day);
    HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
    cr_assert_eq(report.refunded.count, 2);
    cr_assert_eq(amount_fen(report.refunded.amount), 1200);
    cr_assert_eq(loss_owned(&loss, &loss.fresh.pair), 1200);
    HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
    cr_assert_eq(report.refunded.count + report.waiting.count, 0);
    loss_close(&loss);
}

/* A customer's wallet asks what comes back of his lost ones: what waits, what he had already, and
 * nothing of others; and what is back is not told again. */
static struct lost_reply told(struct loss *loss, const struct key_pair *pair, enum status expected)
{
    const struct empty_body *none = NULL;
    struct lost_reply reply = {0};
    HALL_STATUS(street_call(&loss->street, &reply, VERB_LOST, &none, pair), expected);
    return reply;
}

Test(recovery, a_wallet_is_told_what_comes_back_of_those_that_were_lost)
{
    struct loss loss;
    struct resident bob;
    struct recovery_advance advance;
    struct recovery_report report;
    loss_open(&loss, (const uint64_t[]){500, 700, 0});
    street_resident(&bob, &loss.street, "Bob", 2, 1000);
    struct lost_reply reply = told(&loss, &loss.fresh.pair, STATUS_OK);
    cr_assert_eq(reply.keys, 1);
    cr_assert_eq(amount_fen(reply.waiting), 1200);
    cr_assert_eq(reply.next_day, loss.day);
    cr_assert_eq(told(&loss, &bob.wallet.pair, STATUS_OK).keys, 0);
    (void)told(&loss, &loss.alice.wallet.pair, STATUS_FORBIDDEN); /* the lost one: a thief's */
    HALL_STATUS(loss_advance(&loss, &advance, 700, 700, 700), STATUS_OK);
    reply = told(&loss, &loss.fresh.pair, STATUS_OK);
    cr_assert_eq(amount_fen(reply.waiting), 500);
    cr_assert_eq(amount_fen(reply.advanced), 700);
    loss.street.is_cut = true;
    (void)told(&loss, &loss.fresh.pair, STATUS_UNREACHABLE);
    loss.street.is_cut = false;
    loss.street.bank.now = loss.day * SECONDS_PER_DAY;
    loss.street.hall.now = loss.street.bank.now;
    HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
    reply = told(&loss, &loss.fresh.pair, STATUS_OK);
    cr_assert_eq(amount_fen(reply.waiting) + amount_fen(reply.advanced), 0);
    cr_assert_eq(reply.keys, 1);
    loss_close(&loss);
}

Test(recovery, the_banks_own_work_does_it_once_a_day)
{
    struct loss loss;
    loss_open(&loss, (const uint64_t[]){500, 0});
    loss_move_to(&loss, loss.day - 1);
    work(&loss);
    cr_assert_eq(loss_owned(&loss, &loss.fresh.pair), 0);
    loss_move_to(&loss, loss.day);
    loss.street.lost_replies = 3;
    work(&loss);
    work(&loss);
    cr_assert_eq(loss_owned(&loss, &loss.fresh.pair), 500);
    loss_close(&loss);
}

Test(recovery, a_wallet_that_is_only_offline_is_left_alone)
{
    struct loss loss;
    struct resident bob;
    struct world_coin coin;
    loss_open(&loss, (const uint64_t[]){500, 0});
    street_resident(&bob, &loss.street, "Bob", 2, 1000);
    street_coin(&coin, &loss.street, &bob, 900);
    loss_move_to(&loss, loss.day + 1);
    work(&loss);
    cr_assert_eq(loss_owned(&loss, &bob.wallet.pair), 900);
    cr_assert_eq(hall_coin(&loss.street.hall, &coin).state, COIN_UNSPENT);
    loss_close(&loss);
}

Test(recovery, G3_M4_a_payee_before_the_refund_keeps_the_coin_one_after_loses_it)
{
    struct loss loss;
    struct resident bob;
    struct world_coin to_bob[2];
    struct settle_reply reply;
    struct recovery_report report;
    loss_open(&loss, (const uint64_t[]){500, 700, 0});
    street_resident(&bob, &loss.street, "Bob", 2, 0);
    for (size_t i = 0; i < 2; i++) { /* paid before the wallet was lost, shown later */
        loss.coins[i].owner = &loss.alice.wallet;
        world_pay(&to_bob[i], NULL, &loss.street.hall.world, &loss.coins[i], &bob.wallet,
                  amount_fen(loss.coins[i].amount), NULL);
    }
    const struct span early = street_packet(&loss.street, &to_bob[0]);
    const struct span late = street_packet(&loss.street, &to_bob[1]);
    HALL_STATUS(street_settle(&loss.street, &reply, &early, 1, &bob), STATUS_OK);
    loss_move_to(&loss, loss.day);
    HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
    HALL_STATUS(street_settle(&loss.street, &reply, &late, 1, &bob), STATUS_OK);
    HALL_OUTCOME((enum outcome)reply.results.items[0].leaves.items[0].leaf.outcome, OUTCOME_LOST);
    cr_assert_eq(loss_owned(&loss, &bob.wallet.pair), 500);
    cr_assert_eq(loss_owned(&loss, &loss.fresh.pair), 700);
    cr_assert_eq(hall_cases(&loss.street.hall), 0);
    loss_close(&loss);
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
    loss_open(&loss, (const uint64_t[]){500, 700, 300, 0});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const enum status status =
            loss_advance(&loss, &made, rows[i].wanted, rows[i].customer_max, rows[i].bank_max);
        cr_assert_eq(status, rows[i].status, "row %zu: %s", i, status_name(status));
        sum += rows[i].paid;
        cr_assert_eq(loss_owned(&loss, &loss.fresh.pair), sum, "row %zu", i);
    }
    cr_assert_eq(loss_owned(&loss, &loss.alice.wallet.pair), 1500);
    loss_close(&loss);
}

Test(recovery, what_was_advanced_comes_to_the_vault_and_not_twice_to_the_customer)
{
    struct loss loss;
    struct recovery_advance made;
    struct recovery_report report;
    loss_open(&loss, (const uint64_t[]){500, 700, 0});
    const uint64_t vault = street_vault(&loss.street);
    HALL_STATUS(loss_advance(&loss, &made, 700, 10000, 10000), STATUS_OK);
    cr_assert_eq(street_vault(&loss.street), vault - 700);
    loss_move_to(&loss, loss.day);
    loss.street.lost_replies = 1; /* of the refund that brings it in: asked again */
    HALL_STATUS(loss_refund(&loss, &report), STATUS_UNREACHABLE);
    HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
    cr_assert_eq(report.refunded.count, 1);
    cr_assert_eq(amount_fen(report.refunded.amount), 500);
    cr_assert_eq(loss_owned(&loss, &loss.fresh.pair), 1200);
    cr_assert_eq(loss_owned(&loss, &loss.alice.wallet.pair), 0);
    cr_assert_eq(street_vault(&loss.street), vault);
    cr_assert_eq(loss_advances(&loss).items[0].state, ADVANCE_RECOVERED);
    loss_close(&loss);
}

/* The order is durable before it leaves: answered without a word, it is paid once, later. */
Test(recovery, an_advance_that_was_cut_is_paid_once)
{
    struct loss loss;
    struct recovery_advance made;
    loss_open(&loss, (const uint64_t[]){500, 700, 0});
    const uint64_t vault = street_vault(&loss.street);
    loss.street.lost_replies = 1; /* what the keys hold: nothing has begun */
    HALL_STATUS(loss_advance(&loss, &made, 700, 10000, 10000), STATUS_UNREACHABLE);
    cr_assert_eq(loss_advances(&loss).count, 0);
    loss.street.calls_until_cut = 1;
    HALL_STATUS(loss_advance(&loss, &made, 700, 10000, 10000), STATUS_PENDING);
    cr_assert_eq(loss_advances(&loss).items[0].state, ADVANCE_ORDERED);
    work(&loss);
    cr_assert_eq(loss_advances(&loss).items[0].state, ADVANCE_ORDERED);
    loss.street.is_cut = false;
    loss.street.lost_replies = 1; /* carried out, and nobody told so */
    work(&loss);
    work(&loss);
    cr_assert_eq(loss_advances(&loss).items[0].state, ADVANCE_PAID);
    cr_assert_eq(loss_owned(&loss, &loss.fresh.pair), 700);
    cr_assert_eq(street_vault(&loss.street), vault - 700);
    loss_close(&loss);
}

/* The vault's coins were gone: nobody got anything, and the coins may be advanced again. */
Test(recovery, an_advance_whose_order_fails_never_was)
{
    struct loss loss;
    struct recovery_advance made;
    loss_open(&loss, (const uint64_t[]){500, 700, 0});
    loss.street.calls_until_cut = 1;
    HALL_STATUS(loss_advance(&loss, &made, 700, 10000, 10000), STATUS_PENDING);
    street_rob(&loss.street);
    loss.street.is_cut = false;
    HALL_STATUS(loss_advance(&loss, &made, 500, 1199, 10000),
                STATUS_LIMIT_HELD); /* it counts yet */
    work(&loss);
    cr_assert_eq(loss_advances(&loss).count, 0);
    HALL_STATUS(loss_advance(&loss, &made, 500, 1199, 10000), STATUS_OK);
    cr_assert_eq(loss_owned(&loss, &loss.fresh.pair), 500);
    loss_close(&loss);
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
        loss_open(&loss, (const uint64_t[]){700, 0});
        HALL_STATUS(loss_advance(&loss, &made, 700, 10000, 10000), STATUS_OK);
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
        loss_move_to(&loss, loss.day);
        HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
        cr_assert_eq(report.refunded.count, 0);
        const struct advance row = loss_advances(&loss).items[0];
        cr_assert_eq(row.state, ADVANCE_OWED);
        cr_assert_eq(amount_fen(row.collected), due);
        cr_assert_eq(amount_fen(street_get(&loss.street, loss.alice.number).balance), before - due);
        loss_close(&loss);
    }
}

/* --- many of them --- */

/* 70 that the register refuses for ever (no order stands behind them), and behind them one that it
 * does not. */
Test(recovery, advances_that_are_refused_hold_up_no_others)
{
    enum { REFUSED = 70 };
    struct loss loss;
    struct recovery_advance made;
    loss_open(&loss, (const uint64_t[]){700, 0});
    HALL_STATUS(loss_advance(&loss, &made, 700, 10000, 10000), STATUS_OK);
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
    loss_move_to(&loss, loss.day);
    work(&loss);
    cr_assert(loss.street.bank.has_more); /* the first 64 were asked, in vain */
    work(&loss);
    cr_assert_not(loss.street.bank.has_more);
    const struct advance_list list = loss_advances(&loss);
    size_t recovered = 0;
    for (size_t i = 0; i < list.count; i++)
        recovered += list.items[i].state == ADVANCE_RECOVERED;
    cr_assert_eq(recovered, 1);
    cr_assert_eq(loss_owned(&loss, &loss.alice.wallet.pair), 0);
    loss_close(&loss);
}
