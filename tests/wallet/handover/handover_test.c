/* Hand to hand, both offline: the payee's side, and what crashes and repeats do to either. */
#include "tests/wallet/people.h"

#include "tests/support/scene.h"

#include <criterion/criterion.h>

static void open_people(void)
{
    people_open();
    folk_coin(&alice, 10000);
}

TestSuite(handover, .init = open_people, .fini = people_close);

Test(handover, three_hops_with_the_coin_just_received)
{
    folk_coin(&carol, 500);
    folk_hand_over(&alice, &bob, 6000);
    folk_hand_over(&bob, &carol, 2500);
    folk_hand_over(&carol, &alice, 3000);
    cr_expect_eq(folk_spendable(&alice), 10000 - 6000 + 3000);
    cr_expect_eq(folk_spendable(&bob), 6000 - 2500);
    cr_expect_eq(folk_spendable(&carol), 500 + 2500 - 3000);
    cr_expect_eq(amount_fen(folk_totals(&alice).handed_over), 10000);
}

Test(handover, F8_B5_a_replayed_packet_gets_the_same_receipt_and_nothing_else)
{
    enum status status;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    const struct handover_received first = folk_receive(&bob, packet);
    cr_assert_eq(first.result, HANDOVER_TAKEN);
    folk_restart(&bob);
    const struct handover_received again = folk_receive(&bob, packet);
    cr_expect_eq(again.result, HANDOVER_DUPLICATE);
    expect_status(again.status, STATUS_DUPLICATE);
    cr_expect(span_equal(first.receipt, again.receipt), "the receipt, byte for byte");
    cr_expect_eq(folk_spendable(&bob), 700);
}

Test(handover, b6_a_packet_replayed_after_its_coins_were_paid_on)
{
    enum status status;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    const struct handover_received first = folk_receive(&bob, packet);
    folk_hand_over(&bob, &carol, 700);
    const struct handover_received again = folk_receive(&bob, packet);
    cr_expect_eq(again.result, HANDOVER_DUPLICATE);
    cr_expect(span_equal(first.receipt, again.receipt));
    cr_expect_eq(folk_spendable(&bob), 0);
    cr_expect_eq(folk_signed_payments(&bob), 1);
}

Test(handover, b7_a_packet_counts_for_the_request_it_names_only)
{
    enum status status;
    struct id one, two;
    const struct span first = folk_request(&bob, 700, &one);
    folk_request(&bob, 700, &two); /* the same amount, open too */
    const struct span packet = folk_pay(&alice, first, &status);
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_TAKEN);
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_DUPLICATE);
    cr_expect_eq(folk_spendable(&bob), 700);
}

/* Signed by Alice for a request that Bob never made: reference is somebody's nonsense. */
static struct span unsolicited(uint64_t fen)
{
    struct world_coin coin, paid;
    struct world_packet packet = {0};
    struct buffer file AUTO(buffer_fini) = {0};
    struct span kept;
    const struct id nothing = world_hash("no request");
    world_token(&coin, &world, fen, &alice.first);
    world_pay(&paid, NULL, &world, &coin, &bob.first, fen, &nothing);
    world_packet_add(&packet, &paid);
    cr_assert_eq(wire_wrap(&file, world.network, KIND_PACKET, world_packet_bytes(&world, &packet)),
                 ERR_OK);
    cr_assert_eq(arena_copy(&world.arena, &kept, buffer_span(&file)), ERR_OK);
    return kept;
}

Test(handover, b9_an_unsolicited_packet_is_kept_and_not_shown_as_paid)
{
    const struct span packet = unsolicited(900);
    const struct handover_received received = folk_receive(&bob, packet);
    cr_expect_eq(received.result, HANDOVER_QUARANTINED);
    expect_status(received.status, STATUS_REQUEST_UNKNOWN);
    cr_expect_eq(received.receipt.size, 0);
    cr_expect_eq(folk_spendable(&bob), 0);
    cr_expect_eq(amount_fen(folk_totals(&bob).quarantined), 900);
    enum status status; /* nor can it be spent */
    folk_pay(&bob, folk_request(&carol, 900, NULL), &status);
    expect_status(status, STATUS_FUNDS);
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_QUARANTINED);
    cr_expect_eq(amount_fen(folk_totals(&bob).quarantined), 900);
}

/* The payer shows his own packet to himself: his change came with no payment. */
Test(handover, what_i_paid_myself_is_no_payment_to_me)
{
    enum status status;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    const struct handover_received received = folk_receive(&alice, packet);
    cr_expect_eq(received.result, HANDOVER_REFUSED);
    cr_expect(received.is_my_own);
    expect_status(received.status, STATUS_REQUEST_UNKNOWN);
    cr_expect_eq(amount_fen(folk_totals(&alice).quarantined), 0);
    cr_expect_eq(folk_spendable(&alice), 10000 - 700);
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_TAKEN);
    folk_pay(&alice, folk_request(&alice, 900, NULL), &status);
    expect_status(status, STATUS_STATE); /* nor do I pay a request of my own */
}

Test(handover, b9_what_my_policy_refuses_is_quarantined)
{
    enum status status;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    const struct key_id revoked = crypto_key_id(&alice.first.pair.public_key);
    world_revoke(&world, &revoked);
    cr_assert_eq(wallet_believe(&bob.wallet, NULL, &world.revocations_cose), ERR_OK);
    const struct handover_received received = folk_receive(&bob, packet);
    cr_expect_eq(received.result, HANDOVER_QUARANTINED);
    expect_status(received.status, STATUS_REVOKED);
    cr_expect_eq(folk_spendable(&bob), 0);
}

Test(handover, F6_a_packet_cut_anywhere_leaves_nothing)
{
    enum status status;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    for (size_t size = 0; size < packet.size; size += 7) {
        const struct handover_received cut = folk_receive(&bob, span_of(packet.data, size));
        cr_assert_eq(cut.result, HANDOVER_REFUSED, "cut at %zu", size);
        cr_assert_eq(status_exit(cut.status), 6);
    }
    cr_expect_eq(folk_totals(&bob).coin_count, 0);
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_TAKEN);
}

Test(handover, a_packet_for_another_is_refused)
{
    enum status status;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    cr_expect_eq(folk_receive(&carol, packet).result, HANDOVER_REFUSED);
    cr_expect_eq(folk_totals(&carol).coin_count, 0);
}

Test(handover, e11_a_clock_below_what_was_signed_takes_nothing)
{
    enum status status;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    bob.wallet.now = WORLD_NOW - UINT64_C(365) * 86400;
    const struct handover_received received = folk_receive(&bob, packet);
    cr_expect_eq(received.result, HANDOVER_QUARANTINED);
}

/* A packet that answers a request of bob's; somebody up its line has a certificate of that day. */
static struct span line_over_certificate_of(uint64_t not_before_day)
{
    static struct world_wallet early;
    struct world_coin coin, held, paid;
    struct world_packet packet = {0};
    struct buffer file AUTO(buffer_fini) = {0};
    struct span kept;
    struct id request_id;
    folk_request(&bob, 900, &request_id);
    world_wallet(&early, &world, "early", WORLD_BANK_A);
    early.certificate.not_before_day = not_before_day;
    early.certificate.not_after_day = not_before_day;
    world_certify(&early, &world);
    world_token(&coin, &world, 900, &early);
    world_pay(&held, NULL, &world, &coin, &alice.first, 900, NULL);
    world_pay(&paid, NULL, &world, &held, &bob.first, 900, &request_id);
    world_packet_add(&packet, &paid);
    cr_assert_eq(wire_wrap(&file, world.network, KIND_PACKET, world_packet_bytes(&world, &packet)),
                 ERR_OK);
    cr_assert_eq(arena_copy(&world.arena, &kept, buffer_span(&file)), ERR_OK);
    return kept;
}

/* Else one bank could date a certificate so that whoever takes the coin never pays again. */
Test(handover, e11_a_date_to_come_up_the_line_does_not_stop_my_clock)
{
    const uint64_t days[] = {WORLD_TODAY + 36500, INTEGER_MAX};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        const struct handover_received received =
            folk_receive(&bob, line_over_certificate_of(days[i]));
        cr_expect_eq(received.result, HANDOVER_TAKEN);
        folk_hand_over(&bob, &carol, 100);
        folk_hand_over(&alice, &bob, 100);
    }
}

/* --- crashes: the nth write fails, for every n, then the machine starts again --- */

Test(handover, F7_F13_a_payee_that_dies_at_any_write_has_all_or_nothing)
{
    enum status status;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    for (long n = 0;; n++) {
        struct handover_received received = {0};
        store_fail_at(bob.wallet.store, n, ERR_DISK_FULL);
        const enum err error = handover_receive(&bob.wallet, &received, packet, &world.arena);
        store_fail_at(bob.wallet.store, -1, ERR_OK);
        folk_restart(&bob);
        if (error == ERR_OK) {
            cr_expect_gt(n, 4, "there are writes to fail");
            cr_expect_eq(received.result, HANDOVER_TAKEN);
            break;
        }
        cr_assert_eq(folk_totals(&bob).coin_count, 0, "nothing after write %ld", n);
    }
    cr_expect_eq(folk_spendable(&bob), 700);
}

Test(handover, F1_a_request_that_was_not_kept_is_not_shown)
{
    const struct handover_ask ask = {.amount = world_fen(700), .memo = "", .expires_s = 600};
    for (long n = 0; n < 3; n++) {
        struct span file = {0};
        struct id id;
        store_fail_at(bob.wallet.store, n, ERR_IO);
        const enum err error = handover_request(&bob.wallet, &file, &id, &ask, &world.arena);
        store_fail_at(bob.wallet.store, -1, ERR_OK);
        cr_assert(error != ERR_OK ? file.size == 0 : file.size > 0);
    }
}

/* --- the payee's table, cell by cell --- */

Test(handover, requests_x_packets)
{
#define NO HANDOVER_REFUSED
#define ASIDE HANDOVER_QUARANTINED
    static const enum handover_result rows[HANDOVER_ASKED_COUNT][HANDOVER_SHOWN_COUNT] = {
        /*                      NOT_MINE THE_SAME AGAINST GOOD */
        [HANDOVER_NOT_ASKED] = {NO, ASIDE, ASIDE, ASIDE},
        [HANDOVER_OPEN] = {NO, HANDOVER_DUPLICATE, ASIDE, HANDOVER_TAKEN},
        [HANDOVER_PAID] = {NO, HANDOVER_DUPLICATE, ASIDE, ASIDE},
    };
    for (unsigned asked = 0; asked < HANDOVER_ASKED_COUNT; asked++)
        for (unsigned shown = 0; shown < HANDOVER_SHOWN_COUNT; shown++)
            cr_expect_eq(handover_next((enum handover_asked)asked, (enum handover_shown)shown),
                         rows[asked][shown], "request %u, packet %u", asked, shown);
}

/* The file of a request can be shown again and again: it is paid once, by the same bytes. */
Test(handover, F2_a_request_shown_again_is_paid_once)
{
    enum status status;
    const struct span invoice = folk_request(&bob, 700, NULL);
    const struct span packet = folk_pay(&alice, invoice, &status);
    folk_restart(&bob);
    folk_restart(&alice);
    const struct span again = folk_pay(&alice, invoice, &status);
    cr_expect(span_equal(packet, again));
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_TAKEN);
    cr_expect_eq(folk_receive(&bob, again).result, HANDOVER_DUPLICATE);
    cr_expect_eq(folk_spendable(&bob), 700);
    cr_expect_eq(folk_spendable(&alice), 10000 - 700);
}
