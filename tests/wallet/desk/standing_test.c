/* How a wallet stands, as its rows say: nothing is counted twice, and nothing is left out. */
#include "wallet/desk/standing.h"

#include "common/base/time.h"
#include "tests/support/scene.h"
#include "tests/wallet/people.h"

#include <criterion/criterion.h>

TestSuite(standing, .init = people_open_limited, .fini = people_close);

static struct standing of(struct folk *folk)
{
    struct standing standing;
    cr_assert_eq(standing_read(&folk->wallet, &standing, &world.arena), ERR_OK);
    return standing;
}

Test(standing, of_a_wallet_without_money)
{
    const struct standing standing = of(&alice);
    cr_assert_not(standing.has_coin || standing.is_restored);
    cr_assert(standing.has_certificate);
    cr_assert(key_equal(&standing.certificate.wallet_key, &alice.first.pair.public_key));
    cr_assert_eq(standing.directory_version, world.directory.version);
    cr_assert_eq(standing.directory_made_at, world.directory.made_at);
    cr_assert_eq(standing.directory_not_after, world.directory.not_after);
    cr_assert_eq(amount_fen(standing.payable), 0);
    cr_assert_eq(amount_fen(standing.payment_max), 50000);
    cr_assert_eq(amount_fen(standing.left_until_sync), 100000);
    cr_assert_eq(amount_fen(standing.left_to_withdraw_today), 1000000);
    cr_assert_eq(standing.next_spend_by + standing.next_redeem_by, 0);
}

Test(standing, of_one_before_init)
{
    struct folk empty;
    folk_open_empty(&empty, &world, "nobody");
    const struct standing standing = of(&empty);
    cr_assert_not(standing.has_certificate || standing.has_coin);
    cr_assert_eq(standing.directory_version, 0);
    cr_assert_eq(amount_fen(standing.payable), 0);
    folk_close(&empty);
}

/* The second of the wallet's coins becomes five days older than the others. */
static void age_coins(struct folk *folk)
{
    const struct store_query query = {.table = &purse_table_purse_coin, .index_number = -1};
    struct list rows = {0};
    struct store *store = folk->wallet.store;
    cr_assert_eq(store_begin(store, STORE_WRITE), ERR_OK);
    cr_assert_eq(store_list(store, &rows, &query, NULL, &world.arena), ERR_OK);
    struct purse_coin *coins = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        coins[i].spend_by_day -= i == 1 ? 5 : 0;
        coins[i].redeem_by_day -= i == 1 ? 5 : 0;
        cr_assert_eq(store_update(store, &purse_table_purse_coin, &coins[i]), ERR_OK);
    }
    cr_assert_eq(store_commit(store), ERR_OK);
}

Test(standing, coins_their_days_and_what_can_be_paid)
{
    folk_coin(&alice, 30000);
    const uint64_t spend_by = of(&alice).next_spend_by, redeem_by = of(&alice).next_redeem_by;
    folk_coin(&alice, 20000);
    folk_coin(&alice, 20000);
    age_coins(&alice);
    const struct standing standing = of(&alice);
    cr_assert(standing.has_coin);
    cr_assert_eq(standing.next_spend_by, spend_by - 5);
    cr_assert_eq(standing.next_redeem_by, redeem_by - 5);
    cr_assert_eq(amount_fen(standing.totals.spendable), 70000);
    cr_assert_eq(amount_fen(standing.payable), 50000); /* the policy's bound for one payment */
    cr_assert_gt(standing.next_spend_by, time_day(alice.wallet.now));
    cr_assert_gt(standing.next_redeem_by, standing.next_spend_by);
    alice.wallet.now += 400 * SECONDS_PER_DAY;
    cr_assert_eq(of(&alice).next_spend_by, standing.next_spend_by); /* told, though long past */
    cr_assert_eq(amount_fen(of(&alice).payable), 0);
}

Test(standing, a_payment_is_counted_where_it_stands)
{
    enum status status = STATUS_FAILED;
    folk_coin(&alice, 30000);
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    struct standing standing = of(&alice);
    cr_assert_eq(standing.reserved_count + standing.unsent_count + standing.unconfirmed_count, 1);
    cr_assert_eq(standing.reserved_count, 0);
    cr_assert_eq(amount_fen(standing.left_until_sync), 100000 - 700);
    cr_assert_eq(standing.unsettled_count, 0);
    cr_assert_eq(of(&bob).unsettled_count, 0);
    (void)folk_receive(&bob, packet);
    standing = of(&bob);
    cr_assert_eq(standing.unsettled_count, 1);
    cr_assert_eq(standing.unsent_count + standing.unconfirmed_count, 0);
    cr_assert_eq(amount_fen(standing.totals.spendable), 700);
    cr_assert_eq(amount_fen(standing.totals.spendable_settled), 0);
}

static void insert(const struct table *table, const void *row)
{
    cr_assert_eq(store_begin(alice.wallet.store, STORE_WRITE), ERR_OK);
    cr_assert_eq(store_insert(alice.wallet.store, table, row), ERR_OK);
    cr_assert_eq(store_commit(alice.wallet.store), ERR_OK);
}

static void withdrew(uint64_t fen, enum withdrawal_state state, uint64_t made_at)
{
    const struct withdrawal_row row = {.withdrawal_id = world_nonce(&world),
                                       .amount = world_fen(fen),
                                       .state = state,
                                       .withdrawal = world.directory_cose,
                                       .made_at = made_at};
    insert(&tables_table_withdrawal_row, &row);
}

Test(standing, todays_withdrawals_count_unless_they_were_refused)
{
    const uint64_t today = alice.wallet.now;
    withdrew(500, WITHDRAWAL_OPEN, today);
    withdrew(300, WITHDRAWAL_DONE, today);
    withdrew(90000, WITHDRAWAL_REFUSED, today);
    withdrew(70, WITHDRAWAL_OPEN, today - SECONDS_PER_DAY);
    withdrew(9000, WITHDRAWAL_DONE, today - SECONDS_PER_DAY);
    const struct standing standing = of(&alice);
    cr_assert_eq(standing.withdrawal_count, 2); /* open ones, of whichever day */
    cr_assert_eq(amount_fen(standing.withdrawn_today), 800);
    cr_assert_eq(amount_fen(standing.left_to_withdraw_today), 1000000 - 800);
    withdrew(2000000, WITHDRAWAL_OPEN, today);
    cr_assert_eq(amount_fen(of(&alice).left_to_withdraw_today), 0);
}

Test(standing, deposits_wait_until_they_are_credited_or_failed)
{
    for (uint64_t state = DEPOSIT_ASKED; state <= DEPOSIT_FAILED; state++) {
        const struct deposit_row row = {.deposit_id = world_nonce(&world),
                                        .amount = world_fen(5),
                                        .state = state,
                                        .made_at = alice.wallet.now};
        insert(&tables_table_deposit_row, &row);
    }
    cr_assert_eq(of(&alice).deposit_count, 2);
}

Test(standing, a_restored_wallet_can_pay_nothing)
{
    folk_coin(&alice, 30000);
    cr_assert_eq(amount_fen(of(&alice).payable), 30000);
    alice.wallet.is_restored = true;
    const struct standing standing = of(&alice);
    cr_assert(standing.is_restored);
    cr_assert_eq(amount_fen(standing.payable), 0);
}

/* All that alice has is from a backup. */
static void freeze(enum purse_coin_state state)
{
    const struct store_query query = {.table = &purse_table_purse_coin, .index_number = -1};
    struct purse_env env = {.store = alice.wallet.store, .arena = &world.arena};
    struct list rows = {0};
    cr_assert_eq(store_begin(env.store, STORE_WRITE), ERR_OK);
    cr_assert_eq(purse_freeze(&env), ERR_OK);
    cr_assert_eq(store_list(env.store, &rows, &query, NULL, &world.arena), ERR_OK);
    struct purse_coin *coin = rows.items;
    coin->state = state;
    cr_assert_eq(store_update(env.store, &purse_table_purse_coin, coin), ERR_OK);
    cr_assert_eq(store_commit(env.store), ERR_OK);
}

/* Money that came back by refund is spendable: a wallet that synced since does not tell it twice,
 * nor ask for a sync that would not change it. */
Test(standing, what_older_keys_held_is_told_until_a_sync_a_week_after_its_day)
{
    folk_coin(&alice, 30000);
    const uint64_t day = of(&alice).next_redeem_by;
    freeze(PURSE_QUARANTINED);
    alice.wallet.now = (day + 400) * SECONDS_PER_DAY;
    alice.wallet.state.last_sync_at = (day + 7) * SECONDS_PER_DAY - 1;
    const struct standing before = of(&alice);
    cr_assert_eq(amount_fen(before.totals.frozen), 30000, "told as long as it did not sync");
    cr_assert_eq(before.quarantined_count, 0);
    cr_assert_eq(before.next_redeem_by, 0);
    alice.wallet.state.last_sync_at = (day + 7) * SECONDS_PER_DAY;
    cr_assert_eq(amount_fen(of(&alice).totals.frozen), 0);
    cr_assert_eq(amount_fen(of(&alice).totals.quarantined), 0);
}

/* The bank's word takes the place of what a backup says; what came after it counts beside it. */
Test(standing, what_the_bank_told_of_older_keys_is_told_to_the_fen)
{
    folk_coin(&alice, 30000);
    freeze(PURSE_QUARANTINED);
    alice.wallet.state.older_held = world_fen(12345);
    alice.wallet.state.older_told_at = alice.wallet.now;
    cr_assert_eq(amount_fen(of(&alice).totals.frozen), 12345);
    alice.wallet.state.older_held = amount_zero();
    cr_assert_eq(amount_fen(of(&alice).totals.frozen), 0);
    alice.wallet.state.older_told_at = alice.wallet.now - 1;
    cr_assert_eq(amount_fen(of(&alice).totals.frozen), 30000);
}

Test(standing, an_orphan_of_an_older_key_is_the_banks_to_claim)
{
    folk_coin(&alice, 30000);
    freeze(PURSE_ORPHANED);
    cr_assert_eq(of(&alice).orphan_count, 0);
}
