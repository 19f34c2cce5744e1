/* Accounts, limits, withdrawals: each refusal a line, and no withdrawal lost or doubled whatever
 * the line to the central bank does. */
#include "tests/intermediary/street.h"

#include "common/base/time.h"

#include <criterion/criterion.h>

/* --- limits: one line an attempt --- */

static const struct attempt {
    const char *what;
    uint64_t balance, held, today, amount; /* yuan; limits: 20,000 held, 5,000, 10,000 a day */
    enum status expected;
} attempts[] = {
    {"all is well", 10000, 0, 0, 100, STATUS_OK},
    {"exactly the account", 100, 0, 0, 100, STATUS_OK},
    {"more than the account", 99, 0, 0, 100, STATUS_FUNDS},
    {"exactly the payment limit", 10000, 0, 0, 5000, STATUS_OK},
    {"above the payment limit", 10000, 0, 0, 5001, STATUS_LIMIT_PAYMENT},
    {"exactly the day's limit", 10000, 0, 6000, 4000, STATUS_OK},
    {"above the day's limit", 10000, 0, 6001, 4000, STATUS_LIMIT_DAY},
    {"exactly what may be held", 10000, 19000, 0, 1000, STATUS_OK},
    {"above what may be held", 10000, 19001, 0, 1000, STATUS_LIMIT_HELD},
    {"funds before limits", 1, 20000, 10000, 6000, STATUS_FUNDS},
    {"payment before day", 10000, 20000, 10000, 5001, STATUS_LIMIT_PAYMENT},
    {"day before held", 10000, 20000, 10000, 1, STATUS_LIMIT_DAY},
};

Test(teller, limits_in_their_order)
{
    const struct limits limits = {.held_max = world_fen(2000000),
                                  .payment_max = world_fen(500000),
                                  .day_max = world_fen(1000000)};
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        const struct attempt *attempt = &attempts[i];
        const struct teller_position position = {world_fen(attempt->balance * 100),
                                                 world_fen(attempt->held * 100),
                                                 world_fen(attempt->today * 100)};
        const enum status status =
            teller_judge(&limits, &position, world_fen(attempt->amount * 100));
        cr_expect_eq(status, attempt->expected, "%s: %s", attempt->what, status_name(status));
    }
}

/* --- the counter --- */

Test(teller, the_journal_follows_the_account)
{
    struct street street;
    enum status status = STATUS_OK;
    street_open(&street);
    const uint64_t number = street_customer(&street, "Alice", 3, 10000);
    struct branch_env env = street_begin(&street);
    HALL_OK(teller_pay_out(&env, &status, number, world_fen(2500), span_text("")));
    HALL_STATUS(status, STATUS_OK);
    HALL_OK(teller_pay_out(&env, &status, number, world_fen(7501), span_text("")));
    HALL_STATUS(status, STATUS_FUNDS);
    HALL_OK(teller_pay_in(&env, &status, number + 1, world_fen(1), span_text("")));
    HALL_STATUS(status, STATUS_UNKNOWN);
    street_end(&street);
    cr_assert_eq(amount_fen(street_get(&street, number).balance), 7500);
    cr_assert_eq(street_count(&street, &bank_table_account_entry), 2);
    street_close(&street);
}

/* --- withdrawals --- */

static const uint64_t spread[] = {10000, 5000, 5000, 2000, 1000, 500, 0}; /* 235.00 */
enum { SPREAD_SUM = 23500 };

struct withdrawals {
    struct street street;
    struct resident alice;
    struct note_order order;
};

static void open_withdrawals(struct withdrawals *w)
{
    street_open(&w->street);
    street_stock(&w->street, 200000);
    street_resident(&w->alice, &w->street, "Alice", 3, 100000);
    street_ask(&w->order, &w->street, &w->alice, spread);
}

static void expect_served(struct withdrawals *w, const struct tokens_reply *reply)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < reply->tokens.count; i++) {
        struct token token = {0};
        HALL_OK(token_decode(&token, reply->tokens.items[i].record.payload, &w->street.arena));
        cr_assert_eq(amount_fen(token.amount), spread[i]);
        sum += amount_fen(token.amount);
    }
    cr_assert_eq(sum, SPREAD_SUM);
    const struct customer alice = street_get(&w->street, w->alice.number);
    cr_assert_eq(amount_fen(alice.balance), 100000 - SPREAD_SUM);
    cr_assert_eq(amount_fen(alice.held), SPREAD_SUM);
    cr_assert_eq(hall_owned(&w->street.hall, &w->alice.wallet.pair.public_key), SPREAD_SUM);
    cr_assert_eq(street_vault(&w->street), 200000 - SPREAD_SUM);
}

static struct id hash_tokens(const struct tokens_reply *reply)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    HALL_OK(tokens_reply_encode(&bytes, reply));
    const struct span all = buffer_span(&bytes);
    return crypto_hash(&all, 1);
}

Test(teller_withdraw, the_same_id_brings_the_same_tokens)
{
    struct withdrawals w;
    struct tokens_reply first = {0}, second = {0};
    open_withdrawals(&w);
    HALL_STATUS(street_withdraw(&w.street, &first, &w.order, &w.alice), STATUS_OK);
    expect_served(&w, &first);
    const size_t calls = w.street.call_count;
    HALL_STATUS(street_withdraw(&w.street, &second, &w.order, &w.alice), STATUS_OK);
    const struct id a = hash_tokens(&first), b = hash_tokens(&second);
    cr_assert(id_equal(&a, &b));
    cr_assert_eq(w.street.call_count, calls);
    expect_served(&w, &second);
    street_close(&w.street);
}

Test(teller_withdraw, H9_the_same_id_for_something_else_is_refused)
{
    struct withdrawals w;
    struct tokens_reply reply = {0};
    struct note_order other;
    struct resident bob;
    open_withdrawals(&w);
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_OK);
    street_ask(&other, &w.street, &w.alice, (const uint64_t[]){100, 0});
    other.withdrawal.withdrawal_id = w.order.withdrawal.withdrawal_id;
    other.withdrawal.amounts.items = other.amounts;
    other.cose =
        world_sign(&w.street.hall.world, KIND_WITHDRAWAL, &other.withdrawal, &w.alice.wallet.pair);
    HALL_STATUS(street_withdraw(&w.street, &reply, &other, &w.alice), STATUS_REUSED);
    street_resident(&bob, &w.street, "Bob", 3, 0);
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &bob), STATUS_REUSED);
    cr_assert_eq(amount_fen(street_get(&w.street, w.alice.number).balance), 100000 - SPREAD_SUM);
    street_close(&w.street);
}

Test(teller_withdraw, refusals_debit_nothing)
{
    struct withdrawals w;
    struct tokens_reply reply = {0};
    struct note_order order;
    struct resident bob;
    open_withdrawals(&w);
    street_resident(&bob, &w.street, "Bob", 4, 1000000);
    street_ask(&order, &w.street, &w.alice, (const uint64_t[]){100001, 0});
    HALL_STATUS(street_withdraw(&w.street, &reply, &order, &w.alice), STATUS_FUNDS);
    street_ask(&order, &w.street, &bob, (const uint64_t[]){200001, 0});
    HALL_STATUS(street_withdraw(&w.street, &reply, &order, &bob), STATUS_LIMIT_PAYMENT);
    street_ask(&order, &w.street, &bob, (const uint64_t[]){200000, 0});
    HALL_STATUS(street_withdraw(&w.street, &reply, &order, &bob), STATUS_OK);
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_VAULT);
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &bob), STATUS_FORBIDDEN);
    order.withdrawal.amount = world_fen(200001);
    order.withdrawal.withdrawal_id = world_nonce(&w.street.hall.world);
    order.withdrawal.amounts.items = order.amounts;
    order.cose =
        world_sign(&w.street.hall.world, KIND_WITHDRAWAL, &order.withdrawal, &bob.wallet.pair);
    HALL_STATUS(street_withdraw(&w.street, &reply, &order, &bob), STATUS_SUM);
    order.cose.signature.bytes[9] ^= 1;
    HALL_STATUS(street_withdraw(&w.street, &reply, &order, &bob), STATUS_SIGNATURE);
    cr_assert_eq(amount_fen(street_get(&w.street, w.alice.number).balance), 100000);
    cr_assert_eq(street_count(&w.street, &bank_table_payout), 1);
    street_close(&w.street);
}

Test(teller_withdraw, the_day_ends)
{
    struct street street;
    struct resident bob;
    struct tokens_reply reply = {0};
    struct note_order order;
    street_open(&street);
    street_stock(&street, 900000);
    street_resident(&bob, &street, "Bob", 4, 1000000);
    for (int i = 0; i < 2; i++) {
        street_ask(&order, &street, &bob, (const uint64_t[]){200000, 0});
        HALL_STATUS(street_withdraw(&street, &reply, &order, &bob), STATUS_OK);
    }
    street_ask(&order, &street, &bob, (const uint64_t[]){100001, 0});
    HALL_STATUS(street_withdraw(&street, &reply, &order, &bob), STATUS_LIMIT_DAY);
    street.bank.now += SECONDS_PER_DAY;
    street_ask(&order, &street, &bob, (const uint64_t[]){100001, 0});
    HALL_STATUS(street_withdraw(&street, &reply, &order, &bob), STATUS_OK);
    street_close(&street);
}

Test(teller_withdraw, a_cut_line_makes_it_wait_and_debits_once)
{
    struct withdrawals w;
    struct tokens_reply reply = {0};
    open_withdrawals(&w);
    w.street.is_cut = true;
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_PENDING);
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_PENDING);
    street_audit(&w.street);
    cr_assert(street_work(&w.street));
    w.street.is_cut = false;
    cr_assert_not(street_work(&w.street));
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_OK);
    expect_served(&w, &reply);
    street_close(&w.street);
}

/* More wait than are gone on with at once: each comes to its turn, one a round at least. */
Test(teller_withdraw, many_that_wait_are_served_in_turns)
{
    enum { COUNT = TELLER_PAYOUTS_MAX + 4 };
    static struct note_order orders[COUNT];
    struct street street;
    struct resident alice;
    struct tokens_reply reply = {0};
    street_open(&street);
    for (size_t i = 0; i * VAULTROOM_PARTS < COUNT; i++)
        street_stock(&street, 100000);
    street_resident(&alice, &street, "Alice", 3, 100000);
    street.is_cut = true;
    for (size_t i = 0; i < COUNT; i++) {
        street_ask(&orders[i], &street, &alice, (const uint64_t[]){100, 0});
        HALL_STATUS(street_withdraw(&street, &reply, &orders[i], &alice), STATUS_PENDING);
    }
    street.is_cut = false;
    cr_assert(street_work(&street));
    cr_assert(street.bank.has_more);
    cr_assert_eq(hall_owned(&street.hall, &alice.wallet.pair.public_key), 100 * TELLER_PAYOUTS_MAX);
    cr_assert_not(street_work(&street));
    cr_assert_not(street.bank.has_more);
    cr_assert_eq(hall_owned(&street.hall, &alice.wallet.pair.public_key), 100 * COUNT);
    street_close(&street);
}

Test(teller_withdraw, a_lost_answer_is_asked_for_again)
{
    struct withdrawals w;
    struct tokens_reply reply = {0};
    open_withdrawals(&w);
    w.street.lost_replies = 1;
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_PENDING);
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_OK);
    expect_served(&w, &reply);
    street_close(&w.street);
}

Test(teller_withdraw, an_answer_without_inputs_is_none)
{
    struct withdrawals w;
    struct tokens_reply reply = {0};
    open_withdrawals(&w);
    w.street.is_empty = true;
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_PENDING);
    street_audit(&w.street);
    w.street.is_empty = false;
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_OK);
    expect_served(&w, &reply);
    street_close(&w.street);
}

/* Every write and every commit fails once, in turn; the wallet asks again each time. */
Test(teller_withdraw, nothing_is_lost_or_doubled_wherever_the_store_fails)
{
    for (long nth = 0;; nth++) {
        struct withdrawals w;
        struct tokens_reply reply = {0};
        open_withdrawals(&w);
        store_fail_at(w.street.bank.store, nth, ERR_IO);
        const enum status first = street_withdraw(&w.street, &reply, &w.order, &w.alice);
        store_fail_at(w.street.bank.store, -1, ERR_OK);
        if (first != STATUS_OK)
            HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_OK);
        expect_served(&w, &reply);
        street_close(&w.street);
        if (first == STATUS_OK) {
            cr_assert_gt(nth, 20);
            return;
        }
    }
}

Test(teller_withdraw, H3_an_order_that_fails_for_good_is_followed_by_another)
{
    struct withdrawals w;
    struct tokens_reply reply = {0};
    open_withdrawals(&w);
    w.street.is_cut = true;
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_PENDING);
    street_rob(&w.street);
    w.street.is_cut = false;
    HALL_STATUS(street_withdraw(&w.street, &reply, &w.order, &w.alice), STATUS_OK);
    cr_assert_eq(hall_owned(&w.street.hall, &w.alice.wallet.pair.public_key), SPREAD_SUM);
    cr_assert_eq(amount_fen(street_get(&w.street, w.alice.number).balance), 100000 - SPREAD_SUM);
    cr_assert_gt(hall_cases(&w.street.hall), 0);
    const struct fraud_case fraud = hall_case(&w.street.hall, 0);
    cr_assert(key_equal(&fraud.offender_key, &w.street.bank.vault_key.public_key));
    street_close(&w.street);
}
