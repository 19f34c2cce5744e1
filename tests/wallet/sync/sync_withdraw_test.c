/* Withdrawals and deposits: one debit, one credit, whatever is lost. */
#include "tests/wallet/people.h"
#include "tests/wallet/town_inside.h"

#include "tests/support/scene.h"

#include <criterion/criterion.h>

TestSuite(sync_withdraw, .init = people_open_in_town, .fini = people_close);

static enum status withdraw(uint64_t amount)
{
    enum status status = STATUS_FAILED;
    cr_assert_eq(sync_withdraw(&alice.wallet, &status, world_fen(amount)), ERR_OK);
    return status;
}

static enum status deposit(uint64_t amount, uint64_t *credited)
{
    enum status status = STATUS_FAILED;
    struct amount sum = amount_zero();
    cr_assert_eq(sync_deposit(&alice.wallet, &status, &sum, world_fen(amount)), ERR_OK);
    *credited = amount_fen(sum);
    return status;
}

static void sync_now(struct folk *folk)
{
    struct sync_report report;
    cr_assert_eq(sync_all(&folk->wallet, &report), ERR_OK);
    cr_assert_eq(report.refused_count, 0, "%s", status_name(report.refusal));
}

Test(sync_withdraw, F15_a_lost_reply_brings_the_same_tokens_once)
{
    expect_status(withdraw(12345), STATUS_OK);
    town.lose_reply_at = 0;
    expect_status(withdraw(500), STATUS_UNREACHABLE);
    cr_expect_eq(folk_spendable(&alice), 12345);
    folk_restart(&alice);
    sync_now(&alice);
    cr_expect_eq(folk_spendable(&alice), 12845);
    sync_now(&alice);
    cr_expect_eq(folk_spendable(&alice), 12845);
    cr_expect_eq(town_unspent(&town), 12845);
}

Test(sync_withdraw, F15_withdrawing_again_after_a_failure_is_the_same_withdrawal)
{
    town.lose_reply_at = 0;
    expect_status(withdraw(500), STATUS_UNREACHABLE);
    expect_status(withdraw(500), STATUS_OK);
    sync_now(&alice);
    cr_expect_eq(folk_spendable(&alice), 500);
    expect_status(withdraw(500), STATUS_OK); /* and now it is another one */
    cr_expect_eq(town_unspent(&town), 1000);
}

Test(sync_withdraw, what_the_bank_refuses_is_over)
{
    static const enum status refusals[] = {STATUS_FUNDS, STATUS_LIMIT_PAYMENT, STATUS_LIMIT_DAY,
                                           STATUS_LIMIT_HELD};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        town.withdrawals = refusals[i];
        expect_status(withdraw(100), refusals[i]);
    }
    town.withdrawals = STATUS_OK;
    const size_t calls = town.calls[VERB_WITHDRAW];
    sync_now(&alice);
    cr_expect_eq(town.calls[VERB_WITHDRAW], calls, "not asked again");
    cr_expect_eq(folk_spendable(&alice), 0);
    town.withdrawals = STATUS_PENDING;
    expect_status(withdraw(100), STATUS_PENDING);
    town.withdrawals = STATUS_OK;
    sync_now(&alice);
    cr_expect_eq(folk_spendable(&alice), 100);
}

Test(sync_withdraw, a_withdrawal_is_over_only_to_the_fen)
{
    town.withdraws_short = true;
    expect_status(withdraw(300), STATUS_ORDER);
    town.withdraws_short = false;
    sync_now(&alice);
    cr_expect_eq(folk_spendable(&alice), 300);
    town.withdraws_one_twice = true; /* two coins of 200 */
    expect_status(withdraw(400), STATUS_ORDER);
    town.withdraws_one_twice = false;
    sync_now(&alice);
    cr_expect_eq(folk_spendable(&alice), 700);
    town.withdrawals = STATUS_BUSY;
    expect_status(withdraw(300), STATUS_UNREACHABLE);
}

Test(sync_withdraw, the_tokens_of_an_earlier_withdrawal_are_no_answer)
{
    expect_status(withdraw(300), STATUS_OK);
    town.withdraws_the_first = true;
    expect_status(withdraw(300), STATUS_ORDER);
    cr_expect_eq(folk_spendable(&alice), 300);
    town.withdraws_the_first = false;
    sync_now(&alice);
    cr_expect_eq(folk_spendable(&alice), 600);
}

/* An advance, say: it is hers already, and was found. Passed off as what she withdraws later, the
 * bank would keep what it debited. */
Test(sync_withdraw, what_came_under_an_earlier_key_is_no_answer)
{
    town.answers[0] = (struct town_answer){
        .tokens = {town_mint(&town, world_fen(300), &alice.first.pair.public_key)},
        .token_count = 1};
    town.answer_count = 1;
    sync_now(&alice);
    cr_expect_eq(folk_spendable(&alice), 300);
    town.withdraws_the_first = true;
    expect_status(withdraw(300), STATUS_ORDER);
    town.withdraws_the_first = false;
    sync_now(&alice);
    cr_expect_eq(folk_spendable(&alice), 600);
}

/* Of all kinds that bring money. */
static uint64_t listed_in_history(void)
{
    const struct store_query query = {.table = &tables_table_history, .index_number = -1};
    struct list rows = {0};
    uint64_t sum = 0;
    cr_assert_eq(store_begin(alice.wallet.store, STORE_READ), ERR_OK);
    cr_assert_eq(store_list(alice.wallet.store, &rows, &query, NULL, &world.arena), ERR_OK);
    store_rollback(alice.wallet.store);
    for (size_t i = 0; i < rows.count; i++)
        sum += amount_fen(((const struct history *)rows.items)[i].amount);
    return sum;
}

Test(sync_withdraw, what_is_found_before_the_answer_is_listed_once)
{
    struct sync_report report;
    town.withdraws_silently = true;
    expect_status(withdraw(300), STATUS_PENDING);
    cr_assert_eq(sync_all(&alice.wallet, &report), ERR_OK);
    cr_expect_eq(amount_fen(report.found), 300, "OWNED shows the tokens");
    town.withdraws_silently = false;
    sync_now(&alice);
    cr_expect_eq(folk_spendable(&alice), 300);
    cr_expect_eq(listed_in_history(), 300);
    expect_status(withdraw(200), STATUS_OK);
    cr_expect_eq(listed_in_history(), 500);
}

Test(sync_withdraw, only_my_own_banks_vault_is_paid)
{
    uint64_t credited = 0;
    town_coin(&town, &alice, 1000);
    town.is_other_bank = true;
    expect_status(deposit(1000, &credited), STATUS_CERTIFICATE);
    cr_expect_eq(folk_spendable(&alice), 1000);
    cr_expect_eq(folk_signed_payments(&alice), 0);
}

Test(sync_withdraw, deposits_take_as_many_requests_as_it_needs)
{
    uint64_t credited = 0;
    for (int i = 0; i < 20; i++)
        town_coin(&town, &alice, 100);
    expect_status(deposit(2001, &credited), STATUS_FUNDS);
    cr_expect_eq(credited, 0);
    expect_status(deposit(2000, &credited), STATUS_OK);
    cr_expect_eq(credited, 2000);
    cr_expect_eq(town.calls[VERB_DEPOSIT], 2);
    cr_expect_eq(amount_fen(town.account), 2000);
    cr_expect_eq(folk_spendable(&alice), 0);
    cr_expect(amount_is_zero(alice.wallet.state.paid_since_sync), "no payment between people");
}

Test(sync_withdraw, the_largest_coin_counts_wherever_it_lies)
{
    static const uint64_t fen[][3] = {{200, 62, 368}, {62, 368, 200}, {368, 200, 62}};
    for (size_t i = 0; i < sizeof fen / sizeof fen[0]; i++) {
        struct amount all = amount_zero();
        uint64_t credited = 0;
        for (size_t j = 0; j < 3; j++)
            town_coin(&town, &alice, fen[i][j]);
        cr_assert_eq(sync_depositable(&alice.wallet, &all), ERR_OK);
        cr_expect_eq(amount_fen(all), 630);
        expect_status(deposit(630, &credited), STATUS_OK);
        cr_expect_eq(credited, 630);
    }
}

Test(sync_withdraw, deposits_are_above_the_offline_limit_and_within_the_tiers)
{
    uint64_t credited = 0;
    town_coin(&town, &alice, 700000);
    expect_status(deposit(650000, &credited), STATUS_OK); /* the tier: 5,000.00 a payment */
    cr_expect_eq(credited, 650000); /* in two: the change of the first is settled with it */
    cr_expect_eq(town.calls[VERB_DEPOSIT], 2);
    cr_expect_eq(folk_spendable(&alice), 50000);
}

Test(sync_withdraw, only_settled_coins_are_deposited)
{
    uint64_t credited = 0;
    town_coin(&town, &bob, 1000);
    folk_hand_over(&bob, &alice, 600);
    expect_status(deposit(600, &credited), STATUS_FUNDS);
    sync_now(&alice);
    expect_status(deposit(600, &credited), STATUS_OK);
    cr_expect_eq(credited, 600);
}

Test(sync_withdraw, a_lost_deposit_is_credited_once)
{
    uint64_t credited = 0;
    town_coin(&town, &alice, 1000);
    town.lose_reply_at = 1;
    expect_status(deposit(1000, &credited), STATUS_UNREACHABLE);
    cr_expect_eq(credited, 0);
    folk_restart(&alice);
    sync_now(&alice);
    sync_now(&alice);
    cr_expect_eq(amount_fen(town.account), 1000);
    cr_expect_eq(folk_spendable(&alice), 0);
    cr_expect_eq(amount_fen(folk_totals(&alice).handed_over), 0);
}

Test(sync_withdraw, a_packet_can_be_handed_in_for_the_account)
{
    enum status status;
    struct amount credited;
    town_coin(&town, &bob, 1000);
    const struct span packet = folk_pay(&bob, folk_request(&alice, 400, NULL), &status);
    alice.wallet.is_restored = true;
    cr_expect_eq(folk_receive(&alice, packet).result, HANDOVER_QUARANTINED);
    alice.wallet.is_restored = false;
    cr_assert_eq(sync_deposit_packet(&alice.wallet, &status, &credited, packet), ERR_OK);
    expect_status(status, STATUS_OK);
    cr_expect_eq(amount_fen(credited), 400);
    cr_expect_eq(amount_fen(town.account), 400);
}
