/* Sync against a small town: order of steps, lost replies, crashes, lies. */
#include "tests/wallet/people.h"

#include "tests/support/scene.h"

#include <criterion/criterion.h>

TestSuite(sync, .init = people_open_in_town, .fini = people_close);

Test(sync, M1_the_payer_syncs_first)
{
    enum status status;
    town_coin(&town, &alice, 10000);
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    people_sync_well(&alice);
    cr_expect_eq(town.told_count, 1); /* what she signed commits to, verified by herself */
    cr_expect_eq(folk_spendable(&alice), 9300);
    cr_expect_eq(amount_fen(folk_totals(&alice).handed_over), 0);
    cr_expect(amount_is_zero(alice.wallet.state.paid_since_sync));
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_TAKEN);
    cr_expect_eq(amount_fen(people_sync_well(&bob).settled), 700);
    cr_expect_eq(town.told_count, 2);
    cr_expect_eq(folk_spendable(&bob), 700);
    cr_expect_eq(amount_fen(folk_totals(&bob).spendable_settled), 700);
    cr_expect_eq(town_unspent(&town), 10000);
}

Test(sync, a21_what_the_payer_handed_in_is_found_by_the_payee)
{
    enum status status;
    town_coin(&town, &alice, 10000);
    folk_pay(&alice, folk_request(&bob, 700, NULL), &status); /* the packet never arrives */
    people_sync_well(&alice);
    cr_expect_eq(amount_fen(people_sync_well(&bob).found), 700);
    cr_expect_eq(folk_spendable(&bob), 700);
    people_sync_well(&bob);
    cr_expect_eq(folk_spendable(&bob), 700);
}

static enum err get_request(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct purse_request *row = context;
    (void)wallet;
    const struct id id = row->request_id;
    return purse_request_get(env, row, &id);
}

static struct purse_request request_of(struct folk *folk, const struct id *id)
{
    struct purse_request row = {.request_id = *id};
    cr_assert_eq(wallet_transact(&folk->wallet, get_request, &row, &world.arena), ERR_OK);
    return row;
}

static enum err history_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    const struct store_query query = {.table = &tables_table_history, .index_number = -1};
    (void)wallet;
    return store_list(env->store, context, &query, NULL, &world.arena);
}

/* How often money of that kind stands in the history, each time with that amount. */
static size_t told(struct folk *folk, enum history_kind kind, uint64_t fen)
{
    struct list rows = {0};
    size_t count = 0;
    cr_assert_eq(wallet_transact(&folk->wallet, history_work, &rows, &world.arena), ERR_OK);
    for (size_t i = 0; i < rows.count; i++) {
        const struct history *row = &((const struct history *)rows.items)[i];
        if (row->kind != kind)
            continue;
        cr_expect_eq(amount_fen(row->amount), fen);
        count++;
    }
    return count;
}

/* What came without its packet is in the history, once, whenever the packet comes. */
Test(sync, what_was_found_stands_in_the_history_once)
{
    enum status status;
    town_coin(&town, &alice, 10000);
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    people_sync_well(&alice);
    people_sync_well(&bob);
    cr_expect_eq(told(&bob, HISTORY_FOUND, 700), 1);
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_DUPLICATE);
    people_sync_well(&bob);
    cr_expect_eq(told(&bob, HISTORY_FOUND, 700), 1);
    cr_expect_eq(told(&bob, HISTORY_RECEIVED, 700), 0);
    cr_expect_eq(told(&alice, HISTORY_FOUND, 0), 0);
}

/* The money was here before the packet: the request is paid, and the packet gets its receipt. */
Test(sync, a21_F8_a_packet_shown_after_its_coins_were_found_gets_one_receipt)
{
    enum status status;
    struct id id;
    for (int i = 0; i < 3; i++)
        town_coin(&town, &alice, 300);
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, &id), &status);
    people_sync_well(&alice);
    cr_expect_eq(request_of(&bob, &id).state, PURSE_REQUEST_OPEN);
    cr_expect_eq(amount_fen(people_sync_well(&bob).found), 700);
    cr_expect_eq(request_of(&bob, &id).state, PURSE_REQUEST_PAID);
    const struct handover_received first = folk_receive(&bob, packet);
    cr_expect_eq(first.result, HANDOVER_DUPLICATE);
    cr_expect_eq(amount_fen(first.amount), 700);
    folk_restart(&bob);
    bob.wallet.now += 60;
    const struct handover_received again = folk_receive(&bob, packet);
    cr_expect_eq(again.result, HANDOVER_DUPLICATE);
    cr_assert_gt(first.receipt.size, 0);
    cr_expect(span_equal(first.receipt, again.receipt), "the receipt, byte for byte");
    people_sync_well(&bob);
    cr_expect_eq(folk_spendable(&bob), 700);
    cr_expect_eq(town_unspent(&town), 900);
}

/* Two paid one request: the first to arrive paid it, and each packet is told what it is. */
Test(sync, b9_two_payments_found_count_for_one_request)
{
    enum status status;
    struct id id;
    town_coin(&town, &alice, 700);
    town_coin(&town, &carol, 700);
    const struct span invoice = folk_request(&bob, 700, &id);
    const struct span first = folk_pay(&alice, invoice, &status);
    const struct span second = folk_pay(&carol, invoice, &status);
    people_sync_well(&alice);
    people_sync_well(&bob);
    people_sync_well(&carol);
    cr_expect_eq(folk_receive(&bob, first).result, HANDOVER_DUPLICATE);
    people_sync_well(&bob);
    cr_expect_eq(folk_receive(&bob, second).result, HANDOVER_QUARANTINED);
    cr_expect_eq(folk_receive(&bob, first).result, HANDOVER_DUPLICATE);
    people_sync_well(&bob);
    cr_expect_eq(folk_spendable(&bob), 1400);
}

/* What is found on a losing line is no payment of anything. */
Test(sync, a1_I5_an_orphan_that_is_found_pays_no_request)
{
    enum status status;
    struct id id;
    struct world_coin coin;
    world_token(&coin, &world, 700, &alice.first);
    folk_take(&alice, &coin);
    town_know(&town, &coin);
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, &id), &status);
    town_spend_elsewhere(&town, &coin);
    (void)people_sync(&alice);
    (void)people_sync(&bob);
    cr_expect_eq(request_of(&bob, &id).state, PURSE_REQUEST_OPEN);
    cr_expect_neq(folk_receive(&bob, packet).result, HANDOVER_DUPLICATE);
}

Test(sync, every_sync_has_a_fresh_key_and_few_fresh_coins)
{
    for (int i = 0; i < 40; i++)
        town_coin(&town, &alice, 333);
    for (int i = 0; i < 3; i++) {
        people_sync_well(&alice);
        cr_expect_leq(folk_totals(&alice).coin_count, 24);
        cr_expect_eq(folk_spendable(&alice), 40 * 333);
    }
    cr_expect_eq(town.calls[VERB_CERTIFY], 3);
    folk_hand_over(&alice, &bob, 5000); /* under the new key */
}

/* Mallory's wallet was copied: the same key, the same coin, twice. */
static void pay_twice(void)
{
    struct folk mallory, copy;
    struct world_coin coin;
    folk_open(&mallory, &world, "mallory", WORLD_BANK_A);
    folk_open(&copy, &world, "mallory", WORLD_BANK_A);
    world_token(&coin, &world, 5000, &mallory.first);
    folk_take(&mallory, &coin);
    folk_take(&copy, &coin);
    folk_hand_over(&mallory, &bob, 5000);
    folk_hand_over(&copy, &carol, 5000);
    folk_close(&mallory);
    folk_close(&copy);
}

Test(sync, a1_the_loser_is_whole_within_one_sync_and_told_so)
{
    pay_twice();
    people_sync_well(&bob);
    const struct sync_report report = people_sync(&carol);
    cr_expect_eq(report.conflict_count, 1);
    cr_expect_eq(amount_fen(report.orphaned), 5000);
    cr_expect_eq(amount_fen(report.found), 5000);
    cr_expect_eq(folk_spendable(&carol), 5000);
    people_sync_well(&carol);
    cr_expect_eq(folk_spendable(&carol), 5000);
    cr_expect_eq(folk_spendable(&bob), 5000);
}

/* Carol paid part of the orphan on, and keeps the change: an orphan too, claimed with the request
 * under which the money had come. */
Test(sync, the_change_of_an_orphan_is_claimed_with_the_request_it_came_under)
{
    pay_twice();
    people_sync_well(&bob);
    folk_hand_over(&carol, &alice, 2000);
    const struct sync_report report = people_sync(&carol);
    cr_expect_eq(report.conflict_count, 1);
    cr_expect_eq(folk_spendable(&carol), 3000);
    cr_expect_eq(people_sync(&alice).conflict_count, 1);
    cr_expect_eq(folk_spendable(&alice), 2000);
    cr_expect_eq(town.claims_with_request, 2);
    cr_expect_eq(town.claims_without, 0);
}

Test(sync, M2_one_conflicting_input_of_three)
{
    struct world_coin coins[3];
    for (size_t i = 0; i < 3; i++) {
        world_token(&coins[i], &world, 1000 + i, &alice.first);
        folk_take(&alice, &coins[i]);
        town_know(&town, &coins[i]);
    }
    town_spend_elsewhere(&town, &coins[1]);
    const struct sync_report report = people_sync(&alice);
    cr_expect_eq(report.conflict_count, 1);
    cr_expect_eq(folk_spendable(&alice), 1000 + 1002);
    cr_expect_eq(folk_signed_payments(&alice), 3); /* one a coin, for ever */
    people_sync_well(&alice);
    cr_expect_eq(folk_spendable(&alice), 1000 + 1002);
}

/* M3, F16: each write of a sync fails once, and each reply is lost once; one set of coins comes of
 * it. */
static void prepare_work(void)
{
    enum status status;
    town_coin(&town, &alice, 3000);
    town_coin(&town, &alice, 250);
    folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    cr_assert_eq(status, STATUS_OK);
    cr_assert_eq(sync_withdraw(&alice.wallet, &status, world_fen(1200)), ERR_OK);
    cr_assert_eq(status, STATUS_OK);
}

Test(sync, M3_a_crash_at_every_write)
{
    prepare_work();
    const uint64_t before = folk_spendable(&alice);
    for (long n = 0;; n++) {
        struct sync_report report;
        store_fail_at(alice.wallet.store, n, ERR_IO);
        const enum err error = sync_all(&alice.wallet, &report);
        store_fail_at(alice.wallet.store, -1, ERR_OK);
        folk_restart(&alice);
        if (error == ERR_OK) {
            cr_expect_gt(n, 20, "there are writes to fail");
            break;
        }
    }
    people_sync_well(&alice);
    cr_expect_eq(folk_spendable(&alice), before);
    folk_signed_payments(&alice);
    people_sync_well(&bob);
    cr_expect_eq(folk_spendable(&bob), 700);
    cr_expect_eq(town_unspent(&town), before + 700);
}

Test(sync, M3_F16_each_reply_is_lost_once)
{
    prepare_work();
    const uint64_t before = folk_spendable(&alice);
    for (long n = 0; n < 12; n++) {
        town.lose_reply_at = n;
        people_sync(&alice);
        town.lose_reply_at = -1;
        folk_restart(&alice);
    }
    people_sync_well(&alice);
    cr_expect_eq(folk_spendable(&alice), before);
    cr_expect_eq(town_unspent(&town), before + 700);
    folk_signed_payments(&alice);
}

Test(sync, a_lost_certificate_is_asked_for_again_with_the_same_key)
{
    town_coin(&town, &alice, 1000);
    for (long n = 0; n < 4; n++) { /* fetch, owned, certify, exchange */
        town.lose_reply_at = n;
        people_sync(&alice);
        town.lose_reply_at = -1;
    }
    people_sync_well(&alice);
    cr_expect_eq(town.calls[VERB_CERTIFY], 3);
    cr_expect_eq(town.certified_count, 2);
    cr_expect_eq(folk_spendable(&alice), 1000);
}

Test(sync, an_order_that_could_not_be_sent_keeps_no_coin_from_being_paid)
{
    for (size_t i = 0; i < 20; i++) /* more than one order takes */
        town_coin(&town, &alice, 1000);
    town.lose_reply_at = 3; /* after fetch, owned, certify: the first exchange */
    cr_expect(people_sync(&alice).is_unreachable);
    cr_expect_eq(amount_fen(folk_totals(&alice).handed_over), 16000, "signed, and asked again");
    cr_expect_eq(folk_spendable(&alice), 4000);
    folk_hand_over(&alice, &bob, 3500);
    town.lose_reply_at = -1;
    people_sync_well(&alice);
    cr_expect_eq(folk_spendable(&alice), 16500);
    folk_signed_payments(&alice);
}

/* If the link is cut, what is worn was in the order that left. */
Test(sync, worn_coins_are_exchanged_first)
{
    for (size_t i = 0; i < 20; i++)
        town_coin(&town, &alice, 1000);
    town_coin(&town, &bob, 500);
    folk_hand_over(&bob, &alice, 500);
    town.lose_reply_at = 4; /* after fetch, settle, owned, certify */
    cr_expect(people_sync(&alice).is_unreachable);
    cr_expect_eq(amount_fen(folk_totals(&alice).handed_over), 15500, "the worn one and 15 others");
    town.lose_reply_at = -1;
    people_sync_well(&alice);
    cr_expect_eq(folk_spendable(&alice), 20500);
}

static enum err count_unsent(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct purse_plan_list plans = {0};
    size_t *count = context;
    (void)wallet;
    TRY(purse_plans(env, &plans, 0, PURSE_PLAN_RESERVED, PURSE_PLAN_RESERVED));
    *count = plans.count;
    return ERR_OK;
}

/* Killed between the reservation of its exchanges and their mark, and resumed without a network:
 * every coin can be paid that was not promised to an order. */
Test(sync, F3_a_sync_that_dies_at_any_write_locks_no_coin)
{
    struct sync_report report = {0};
    enum err error = ERR_IO;
    size_t failed = 0;
    for (size_t i = 0; i < 20; i++)
        town_coin(&town, &alice, 1000);
    for (long n = 0; error != ERR_OK; n++, failed++) {
        store_fail_at(alice.wallet.store, n, ERR_IO);
        error = sync_all(&alice.wallet, &report);
        store_fail_at(alice.wallet.store, -1, ERR_OK);
        folk_restart(&alice);
        cr_assert_eq(handover_resume(&alice.wallet), ERR_OK);
        size_t unsent = 0;
        cr_assert_eq(wallet_transact(&alice.wallet, count_unsent, &unsent, &world.arena), ERR_OK);
        cr_assert_eq(unsent, 0, "write %ld", n);
    }
    cr_expect_gt(failed, 3);
}

Test(sync, M5_a_word_that_is_not_the_registers_deletes_nothing)
{
    static const enum town_fault lies[] = {TOWN_FORGES, TOWN_SWAPS_PATHS, TOWN_DROPS_LEAVES};
    town_coin(&town, &alice, 1000);
    town_coin(&town, &alice, 1000);
    folk_hand_over(&alice, &bob, 1000);
    folk_hand_over(&alice, &bob, 900);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        town.fault = lies[i];
        cr_expect_gt(people_sync(&alice).refused_count, 0);
        cr_expect_geq(amount_fen(folk_totals(&alice).handed_over), 2000, "lie %zu", i);
        cr_expect_gt(people_sync(&bob).refused_count, 0);
        cr_expect_eq(amount_fen(folk_totals(&bob).spendable_settled), 0);
    }
    town.fault = TOWN_HONEST;
    people_sync(&alice);
    cr_expect_eq(amount_fen(folk_totals(&alice).handed_over), 0);
}

Test(sync, M7_what_was_spent_never_looks_like_mine_again)
{
    enum status status;
    town_coin(&town, &carol, 1000);
    const struct span packet = folk_pay(&carol, folk_request(&alice, 1000, NULL), &status);
    folk_receive(&alice, packet);
    folk_hand_over(&alice, &bob, 1000);
    people_sync_well(&alice); /* the register's word: forgotten, remembered as spent */
    cr_expect_eq(folk_receive(&alice, packet).result, HANDOVER_DUPLICATE);
    town.shows_spent = true; /* and the bank shows the old lines as mine */
    people_sync(&alice);
    cr_expect_eq(folk_spendable(&alice), 0);
    cr_expect_eq(town.calls[VERB_EXCHANGE], 0);
    folk_signed_payments(&alice);
}

Test(sync, pending_and_unreachable_change_nothing)
{
    town_coin(&town, &alice, 1000);
    folk_hand_over(&alice, &bob, 400);
    town.fault = TOWN_PENDING;
    cr_expect_eq(people_sync(&bob).pending_count, 1);
    cr_expect_eq(town.calls[VERB_CERTIFY], 0);
    bob.bank = NULL;
    cr_expect(people_sync(&bob).is_unreachable);
    cr_expect_eq(folk_spendable(&bob), 400);
    town.fault = TOWN_HONEST;
    town_serve(&town, &bob);
    cr_expect_eq(amount_fen(people_sync_well(&bob).settled), 400);
}

Test(sync, b9_a_quarantined_packet_is_settled_at_sync)
{
    enum status status;
    struct id id;
    town_coin(&town, &alice, 1000);
    const struct span invoice = folk_request(&bob, 400, &id);
    const struct span packet = folk_pay(&alice, invoice, &status);
    bob.wallet.is_restored = true; /* my own policy refuses */
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_QUARANTINED);
    bob.wallet.is_restored = false;
    cr_expect_eq(amount_fen(people_sync_well(&bob).settled), 400);
    cr_expect_eq(folk_spendable(&bob), 400);
    cr_expect_eq(request_of(&bob, &id).state, PURSE_REQUEST_PAID);
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_DUPLICATE);
}
