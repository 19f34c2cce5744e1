/* Limits: whose bound holds, what counts against it, and how the owner sets their own. */
#include "wallet/state/limits.h"

#include "tests/support/scene.h"
#include "tests/wallet/people.h"

#include <criterion/criterion.h>

static void open_people(void)
{
    people_open_limited();
    for (size_t i = 0; i < 40; i++)
        folk_coin(&alice, 10000);
}

TestSuite(limits, .init = open_people, .fini = people_close);

static enum status pays(uint64_t fen)
{
    enum status status = STATUS_FAILED;
    const struct span packet = folk_pay(&alice, folk_request(&bob, fen, NULL), &status);
    cr_assert_eq(packet.size > 0, status == STATUS_OK);
    return status;
}

static void set(struct folk *folk, struct limits_own own)
{
    cr_assert_eq(limits_set(&folk->wallet, &own), ERR_OK);
    folk_restart(folk);
}

static enum status asks(uint64_t fen)
{
    enum status status = STATUS_FAILED;
    cr_assert_eq(limits_ask(&bob.wallet, &status, world_fen(fen)), ERR_OK);
    return status;
}

Test(limits, the_lowest_of_policy_tier_and_own_holds)
{
    static const struct {
        uint64_t tier_payment, tier_day, own_payment, own_day, own_offline;
        uint64_t payment, day, offline;
        enum limits_source payment_source, day_source, offline_source;
    } rows[] = {
        {99999, 90000, 0, 0, 0, 50000, 90000, 100000, LIMITS_POLICY, LIMITS_TIER, LIMITS_POLICY},
        {40000, 90000, 0, 0, 0, 40000, 90000, 100000, LIMITS_TIER, LIMITS_TIER, LIMITS_POLICY},
        {40000, 90000, 100, 0, 0, 100, 90000, 100000, LIMITS_OWN, LIMITS_TIER, LIMITS_POLICY},
        {40000, 90000, 40000, 7, 9, 40000, 7, 9, LIMITS_TIER, LIMITS_OWN, LIMITS_OWN},
        {40000, 90000, 60000, 95000, 0, 40000, 90000, 100000, LIMITS_TIER, LIMITS_TIER,
         LIMITS_POLICY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct limits_bounds bounds;
        const struct wallet_certificate mine = {
            .limits = {world_fen(1), world_fen(rows[i].tier_payment), world_fen(rows[i].tier_day)}};
        set(&alice, (struct limits_own){.payment_max = world_fen(rows[i].own_payment),
                                        .day_max = world_fen(rows[i].own_day),
                                        .offline_max = world_fen(rows[i].own_offline),
                                        .reset = true});
        limits_bounds(&bounds, &alice.wallet, &mine);
        cr_expect_eq(amount_fen(bounds.payment.max), rows[i].payment, "row %zu", i);
        cr_expect_eq(amount_fen(bounds.day.max), rows[i].day, "row %zu", i);
        cr_expect_eq(amount_fen(bounds.offline.max), rows[i].offline, "row %zu", i);
        cr_expect_eq(bounds.payment.source, rows[i].payment_source, "row %zu", i);
        cr_expect_eq(bounds.day.source, rows[i].day_source, "row %zu", i);
        cr_expect_eq(bounds.offline.source, rows[i].offline_source, "row %zu", i);
    }
}

Test(limits, a_day_ends_and_a_clock_set_back_begins_none)
{
    set(&alice, (struct limits_own){.day_max = world_fen(30000)});
    expect_status(pays(20000), STATUS_OK);
    expect_status(pays(10001), STATUS_LIMIT_DAY);
    expect_status(pays(10000), STATUS_OK);
    expect_status(pays(1), STATUS_LIMIT_DAY);
    alice.wallet.now += 86400;
    bob.wallet.now += 86400;
    expect_status(pays(5000), STATUS_OK);
    cr_expect_eq(amount_fen(limits_paid_today(&alice.wallet)), 5000);
    alice.wallet.now -= 86400;
    bob.wallet.now -= 86400;
    cr_expect_eq(amount_fen(limits_paid_today(&alice.wallet)), 5000);
}

Test(limits, between_two_syncs_and_per_payment)
{
    set(&alice,
        (struct limits_own){.payment_max = world_fen(9000), .offline_max = world_fen(15000)});
    expect_status(pays(9001), STATUS_PAYMENT_LIMIT);
    expect_status(pays(9000), STATUS_OK);
    expect_status(pays(6001), STATUS_PAYMENT_LIMIT);
    expect_status(pays(6000), STATUS_OK);
    folk_restart(&alice);
    expect_status(pays(1), STATUS_PAYMENT_LIMIT);
}

/* What was signed is counted once, whatever crashed. */
Test(limits, a_payment_counts_once_however_often_its_writes_fail)
{
    enum status status = STATUS_FAILED;
    const struct span invoice = folk_request(&bob, 700, NULL);
    for (long n = 0; status != STATUS_OK; n++) {
        struct handover_offer offer = {0};
        struct span packet = {0};
        enum status now = STATUS_OK;
        store_fail_at(alice.wallet.store, n, ERR_IO);
        enum err error = handover_offer(&alice.wallet, &offer, &now, invoice, &world.arena);
        if (error == ERR_OK)
            error = handover_pay(&alice.wallet, &packet, &now, &offer, false, &world.arena);
        store_fail_at(alice.wallet.store, -1, ERR_OK);
        folk_restart(&alice);
        cr_assert_leq(amount_fen(limits_paid_today(&alice.wallet)), 700);
        status = error == ERR_OK ? now : STATUS_FAILED;
    }
    cr_expect_eq(amount_fen(limits_paid_today(&alice.wallet)), 700);
    cr_expect_eq(amount_fen(alice.wallet.state.paid_since_sync), 700);
}

Test(limits, lower_at_will_and_up_only_with_the_pin)
{
    const struct limits_own fifty = {.payment_max = world_fen(5000)};
    const struct limits_own sixty = {.payment_max = world_fen(6000)};
    const struct limits_own forty = {.payment_max = world_fen(4000), .day_max = world_fen(100)};
    const struct limits_own away = {.reset = true};
    const struct limits_own away_and_fifty = {.reset = true, .payment_max = world_fen(5000)};
    cr_expect_not(limits_raises(&alice.wallet, &fifty), "there was none");
    cr_expect_not(limits_raises(&alice.wallet, &away));
    set(&alice, fifty);
    cr_expect_not(limits_raises(&alice.wallet, &fifty));
    cr_expect_not(limits_raises(&alice.wallet, &forty));
    cr_expect(limits_raises(&alice.wallet, &sixty));
    cr_expect(limits_raises(&alice.wallet, &away));
    cr_expect_not(limits_raises(&alice.wallet, &away_and_fifty));
    set(&alice, forty);
    cr_expect(limits_raises(&alice.wallet, &away_and_fifty), "the day's goes away");
    set(&alice, away);
    cr_expect_eq(amount_fen(alice.wallet.state.own_payment_max), 0);
    cr_expect_eq(amount_fen(alice.wallet.state.own_day_max), 0);
}

/* Asking stops at what may be held; what comes all the same is money, and kept. */
Test(limits, what_may_be_held_bounds_requests)
{
    enum status status;
    const uint64_t most = amount_fen(bob.first.certificate.limits.held_max);
    expect_status(asks(most), STATUS_OK);
    expect_status(asks(most + 1), STATUS_LIMIT_HELD);
    const struct span early = folk_pay(&alice, folk_request(&bob, 10000, NULL), &status);
    set(&bob, (struct limits_own){.held_max = world_fen(12000)});
    folk_coin(&bob, 5000);
    expect_status(asks(7000), STATUS_OK);
    expect_status(asks(7001), STATUS_LIMIT_HELD);
    cr_expect_eq(folk_receive(&bob, early).result, HANDOVER_TAKEN);
    cr_expect_eq(folk_spendable(&bob), 15000);
    expect_status(asks(1), STATUS_LIMIT_HELD);
    bob.wallet.now = 1;
    expect_status(asks(1), STATUS_CLOCK);
}
