/* A trustworthy clock, and certificates that expire: nothing is taken under a clock that is known
 * to be wrong, nothing is lost by it, and a clock set right again is enough. */
#include "tests/wallet/people.h"

#include "tests/support/scene.h"

#include <criterion/criterion.h>

enum { DAY = 86400 };
static const uint64_t year = UINT64_C(365) * DAY;

static void open_people(void)
{
    people_open_in_town();
    town_coin(&town, &alice, 10000);
}

TestSuite(clock, .init = open_people, .fini = people_close);

static void syncs(struct folk *folk)
{
    struct sync_report report;
    cr_assert_eq(sync_all(&folk->wallet, &report), ERR_OK);
    cr_assert_eq(report.refused_count, 0, "%s", status_name(report.refusal));
    cr_assert(!report.is_unreachable);
}

static enum status pays(struct folk *payer, struct folk *payee, uint64_t fen)
{
    enum status status = STATUS_FAILED;
    folk_pay(payer, folk_request(payee, fen, NULL), &status);
    return status;
}

static enum status takes(struct folk *payee, uint64_t fen)
{
    enum status status = STATUS_FAILED;
    const struct span packet = folk_pay(&alice, folk_request(payee, fen, NULL), &status);
    expect_status(status, STATUS_OK);
    return folk_receive(payee, packet).status;
}

Test(clock, E11_a_payee_whose_clock_is_a_year_slow_or_reset)
{
    const uint64_t wrong[] = {WORLD_NOW - year, 0, 1};
    for (size_t i = 0; i < 3; i++) {
        enum status status;
        const struct span packet = folk_pay(&alice, folk_request(&bob, 10 + i, NULL), &status);
        bob.wallet.now = wrong[i];
        const struct handover_received received = folk_receive(&bob, packet);
        cr_expect_eq(received.result, HANDOVER_QUARANTINED, "kept, not taken");
        bob.wallet.now = WORLD_NOW;
        expect_status(takes(&bob, 20 + i), STATUS_OK);
    }
    cr_expect_eq(folk_spendable(&bob), 20 + 21 + 22);
    syncs(&bob);
    cr_expect_eq(folk_spendable(&bob), 10 + 11 + 12 + 20 + 21 + 22, "nothing was lost");
}

Test(clock, E11_slow_but_every_certificate_in_date_is_the_clocks_fault)
{
    enum status status;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    world.directory.version++;
    world.directory.made_at = WORLD_NOW + DAY / 4;
    world_publish(&world);
    cr_assert_eq(wallet_believe(&bob.wallet, &world.directory_cose, NULL), ERR_OK);
    folk_restart(&bob);
    const struct handover_received received = folk_receive(&bob, packet);
    cr_expect_eq(received.result, HANDOVER_QUARANTINED);
    expect_status(received.status, STATUS_CLOCK);
    expect_status(pays(&bob, &carol, 1), STATUS_CLOCK);
}

Test(clock, E11_a_clock_a_year_fast_and_set_right_again)
{
    enum status status;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    bob.wallet.now = WORLD_NOW + year;
    expect_status(folk_receive(&bob, packet).status, STATUS_CERTIFICATE_DATE);
    expect_status(pays(&bob, &carol, 1), STATUS_CERTIFICATE_DATE);
    bob.wallet.now = WORLD_NOW;
    expect_status(takes(&bob, 300), STATUS_OK);
    folk_hand_over(&bob, &carol, 300);
}

/* What counts as the newest signed time: each source, kept over a restart. */
Test(clock, E11_tokens_certificates_directory_list_and_the_registers_word)
{
    expect_status(takes(&bob, 300), STATUS_OK);
    folk_restart(&bob);
    cr_expect_geq(bob.wallet.state.newest_signed_time, (uint64_t)WORLD_TODAY * DAY - DAY,
                  "days of tokens and certificates");
    const struct key_id nobody = {{1}};
    world.revocations.made_at = WORLD_NOW - 50;
    world_revoke(&world, &nobody);
    cr_assert_eq(wallet_believe(&bob.wallet, NULL, &world.revocations_cose), ERR_OK);
    folk_restart(&bob);
    cr_expect_eq(wallet_newest_time(&bob.wallet), bob.wallet.trust.revocations.made_at);
    syncs(&bob);
    folk_restart(&bob);
    cr_expect_eq(bob.wallet.state.newest_signed_time, WORLD_NOW, "the register's word");
    syncs(&carol);
    folk_restart(&carol);
    cr_expect_eq(carol.wallet.state.newest_signed_time / DAY,
                 carol.first.certificate.not_before_day, "my new certificate's day");
}

/* A date to come, seen while the clock ran ahead, stops the wallet until its bank gives it a new
 * certificate, and not for a year. */
Test(clock, E11_a_poisoned_date_ends_with_the_next_sync)
{
    bob.wallet.now = WORLD_NOW + year;
    cr_assert_eq(store_begin(bob.wallet.store, STORE_WRITE), ERR_OK);
    cr_assert_eq(wallet_note_time(&bob.wallet, WORLD_NOW + year - 1), ERR_OK);
    cr_assert_eq(store_commit(bob.wallet.store), ERR_OK);
    bob.wallet.now = WORLD_NOW;
    folk_restart(&bob);
    expect_status(takes(&bob, 300), STATUS_CLOCK);
    syncs(&bob);
    expect_status(takes(&bob, 400), STATUS_OK);
    cr_expect_eq(folk_spendable(&bob), 700);
}

/* --- certificates that expire: an end to new payees, none to value --- */

Test(clock, E8_E9_an_expired_payer_pays_nobody_and_loses_nothing)
{
    enum status status;
    const struct span early = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    const uint64_t last = alice.first.certificate.not_after_day;
    alice.wallet.now = bob.wallet.now = (last + 1) * DAY;
    expect_status(pays(&alice, &bob, 5), STATUS_CERTIFICATE_DATE);
    const struct handover_received received = folk_receive(&bob, early);
    cr_expect_eq(received.result, HANDOVER_QUARANTINED);
    expect_status(received.status, STATUS_CERTIFICATE_DATE);
    cr_expect_eq(folk_spendable(&bob), 0);
    syncs(&bob);
    cr_expect_eq(folk_spendable(&bob), 700, "it settles: value is not destroyed");
    syncs(&alice);
    cr_expect_eq(folk_spendable(&alice), 9300, "under a new certificate");
}
