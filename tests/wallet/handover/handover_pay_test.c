/* The payer's side: what it refuses to sign, and what no crash may do to it. */
#include "tests/wallet/people.h"

#include "tests/support/scene.h"
#include "wallet/state/wallet_file.h"

#include <criterion/criterion.h>

static void open_people(void)
{
    people_open();
    folk_coin(&alice, 10000);
}

TestSuite(handover_pay, .init = open_people, .fini = people_close);

static enum status pay_status(struct span invoice)
{
    enum status status = STATUS_OK;
    folk_pay(&alice, invoice, &status);
    return status;
}

Test(handover_pay, limits_of_an_honest_wallet)
{
    folk_coin(&alice, 200000);
    static const struct {
        uint64_t amount; /* fen */
        enum status expected;
    } rows[] = {
        {50001, STATUS_PAYMENT_LIMIT}, /* per payment: 500.00 */
        {50000, STATUS_OK},            /* 500.00 of 1,000.00 */
        {50000, STATUS_OK},            /* 1,000.00 */
        {1, STATUS_PAYMENT_LIMIT},     /* between two syncs */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_status(pay_status(folk_request(&bob, rows[i].amount, NULL)), rows[i].expected);
}

Test(handover_pay, what_it_refuses)
{
    expect_status(pay_status(folk_request(&bob, 10001, NULL)), STATUS_FUNDS);
    expect_status(pay_status(folk_request(&alice, 100, NULL)), STATUS_STATE); /* to itself */
    const struct span late = folk_request(&bob, 100, NULL);
    alice.wallet.now += 601;
    expect_status(pay_status(late), STATUS_REQUEST_UNKNOWN);
    alice.wallet.now = WORLD_NOW + UINT64_C(8) * 86400; /* my certificate: sync first */
    bob.wallet.now = alice.wallet.now;
    expect_status(pay_status(folk_request(&bob, 100, NULL)), STATUS_CERTIFICATE_DATE);
    alice.wallet.now = bob.wallet.now = WORLD_NOW;
    alice.wallet.is_restored = true;
    expect_status(pay_status(folk_request(&bob, 100, NULL)), STATUS_RESTORED);
    cr_expect_eq(folk_signed_payments(&alice), 0);
    cr_expect_eq(folk_spendable(&alice), 10000);
}

Test(handover_pay, b8_a_request_under_another_key_is_not_paid)
{
    struct world_request request;
    struct buffer body AUTO(buffer_fini) = {0}, file AUTO(buffer_fini) = {0};
    world_request(&request, &world, &bob.first, 100);
    struct invoice invoice = {.request = request.cose,
                              .has_certificate = true,
                              .certificate = carol.first.certificate_cose};
    cr_assert_eq(invoice_encode(&body, &invoice), ERR_OK);
    cr_assert_eq(wire_wrap(&file, world.network, KIND_INVOICE, buffer_span(&body)), ERR_OK);
    enum status status = pay_status(buffer_span(&file));
    cr_expect_eq(status_exit(status), 6, "%s", status_name(status));
}

Test(handover_pay, F5_K1_paying_again_shows_the_same_bytes)
{
    enum status status;
    struct id id;
    const struct span invoice = folk_request(&bob, 700, &id);
    const struct span first = folk_pay(&alice, invoice, &status);
    cr_assert_eq(handover_sent(&alice.wallet, &id), ERR_OK);
    folk_restart(&alice);
    alice.wallet.now += 900; /* past the request's expiry: what is signed may be shown */
    const struct span again = folk_pay(&alice, invoice, &status);
    expect_status(status, STATUS_OK);
    cr_expect(span_equal(first, again));
    cr_expect_eq(folk_signed_payments(&alice), 1);
    cr_expect_eq(folk_spendable(&alice), 9300);
    cr_expect_eq(amount_fen(alice.wallet.state.paid_since_sync), 700);
}

/* F3, F4, F13, I8: every write of `pay` fails once; after the restart the same request can be
 * paid, with one payment a coin. */
Test(handover_pay, F3_F4_F13_a_payer_that_dies_at_any_write)
{
    for (long n = 0;; n++) {
        struct id id;
        enum status status = STATUS_OK;
        struct handover_offer offer = {0};
        struct span packet = {0};
        folk_coin(&alice, 25);
        const uint64_t before = folk_spendable(&alice);
        const size_t signed_before = folk_signed_payments(&alice);
        const struct span invoice = folk_request(&bob, 10, &id);
        cr_assert_eq(handover_offer(&alice.wallet, &offer, &status, invoice, &world.arena), ERR_OK);
        store_fail_at(alice.wallet.store, n, ERR_IO);
        const enum err error =
            handover_pay(&alice.wallet, &packet, &status, &offer, false, &world.arena);
        store_fail_at(alice.wallet.store, -1, ERR_OK);
        folk_restart(&alice);
        if (error != ERR_OK)
            cr_assert_eq(packet.size, 0, "no byte leaves before it is durable");
        cr_assert_eq(handover_resume(&alice.wallet), ERR_OK);
        const struct span again = folk_pay(&alice, invoice, &status);
        cr_assert_eq(status, STATUS_OK, "write %ld: %s", n, status_name(status));
        if (error == ERR_OK)
            cr_expect(span_equal(packet, again));
        cr_assert_eq(folk_signed_payments(&alice), signed_before + 1);
        cr_assert_eq(folk_spendable(&alice), before - 10);
        cr_assert_eq(folk_receive(&bob, again).result, HANDOVER_TAKEN);
        if (error == ERR_OK) {
            cr_expect_gt(n, 8, "there are writes to fail");
            break;
        }
    }
}

/* The mark is durable, the signature is not: stopped between the two commits. */
static struct id stop_after_mark(uint64_t fen, struct span *invoice)
{
    struct id id;
    *invoice = folk_request(&bob, fen, &id);
    for (long n = 0;; n++) {
        enum status status = STATUS_OK;
        struct handover_offer offer = {0};
        struct span packet = {0};
        cr_assert_eq(handover_offer(&alice.wallet, &offer, &status, *invoice, &world.arena),
                     ERR_OK);
        store_fail_at(alice.wallet.store, n, ERR_IO);
        const enum err error =
            handover_pay(&alice.wallet, &packet, &status, &offer, false, &world.arena);
        store_fail_at(alice.wallet.store, -1, ERR_OK);
        cr_assert_neq(error, ERR_OK);
        folk_restart(&alice);
        if (folk_has_plan(&alice, &id) && folk_plan(&alice, &id).state == PURSE_PLAN_SIGNING)
            return id;
    }
}

Test(handover_pay, F4_after_the_mark_there_is_no_cancel_and_the_same_payload_is_signed)
{
    enum status status;
    struct span invoice;
    const struct id id = stop_after_mark(700, &invoice);
    cr_assert_eq(handover_cancel(&alice.wallet, &status, &id), ERR_OK);
    expect_status(status, STATUS_STATE);
    cr_assert_eq(handover_resume(&alice.wallet), ERR_OK);
    const struct purse_plan plan = folk_plan(&alice, &id);
    cr_expect_eq(plan.state, PURSE_PLAN_COMMITTED);
    const struct span packet = folk_pay(&alice, invoice, &status);
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_TAKEN);
}

/* M8: stopped after the reservation; the revocation list is newer when the machine is back. */
Test(handover_pay, M8_the_stored_payload_is_signed_whatever_list_came_meanwhile)
{
    enum status status;
    struct span invoice;
    struct arena arena AUTO(arena_fini) = {0};
    const struct id id = stop_after_mark(700, &invoice);
    const struct key_id somebody = crypto_key_id(&world.banks[1].vault_key.public_key);
    world_revoke(&world, &somebody);
    cr_assert_eq(wallet_believe(&alice.wallet, NULL, &world.revocations_cose), ERR_OK);
    const struct span packet = folk_pay(&alice, invoice, &status);
    expect_status(status, STATUS_OK);
    struct span body = {0};
    struct packet parsed = {0};
    struct payment payment = {0};
    expect_status(wallet_file_unwrap(&alice.wallet, &body, KIND_PACKET, packet), STATUS_OK);
    cr_assert_eq(packet_decode(&parsed, body, &arena), ERR_OK);
    cr_assert_eq(payment_decode(&payment, parsed.payments.items[0].record.payload, &arena), ERR_OK);
    cr_expect_eq(payment.revocations_version, 0, "as it was reserved");
    cr_expect_eq(folk_signed_payments(&alice), 1);
    cr_expect(id_equal(&payment.reference, &id));
}

Test(handover_pay, F11_cancel_by_state)
{
    struct id id;
    enum status status;
    const struct span invoice = folk_request(&bob, 700, &id);
    folk_pay(&alice, invoice, &status);
    cr_assert_eq(handover_cancel(&alice.wallet, &status, &id), ERR_OK);
    expect_status(status, STATUS_STATE);
    const struct id nobody = world_hash("no plan");
    cr_assert_eq(handover_cancel(&alice.wallet, &status, &nobody), ERR_OK);
    expect_status(status, STATUS_UNKNOWN);
}

Test(handover_pay, F12_the_same_coin_is_not_offered_twice)
{
    enum status status;
    folk_pay(&alice, folk_request(&bob, 10000, NULL), &status);
    expect_status(status, STATUS_OK);
    expect_status(pay_status(folk_request(&carol, 10000, NULL)), STATUS_FUNDS);
}

Test(handover_pay, hops_end_where_the_policy_says)
{
    struct folk *ring[] = {&alice, &bob, &carol};
    enum status status = STATUS_OK;
    for (size_t hop = 0; hop < 5; hop++)
        folk_hand_over(ring[hop % 3], ring[(hop + 1) % 3], 10000);
    folk_pay(ring[2], folk_request(ring[0], 10000, NULL), &status);
    expect_status(status, STATUS_HOPS);
}
