/* Receipts: for the payer, and for anybody. */
#include "tests/wallet/people.h"

#include "tests/support/scene.h"

#include <criterion/criterion.h>

static struct span invoice, packet, receipt;
static struct id request_id;

static void open_people(void)
{
    enum status status;
    people_open();
    folk_coin(&alice, 10000);
    invoice = folk_request(&bob, 700, &request_id);
    packet = folk_pay(&alice, invoice, &status);
    receipt = folk_receive(&bob, packet).receipt;
}

TestSuite(handover_receipt, .init = open_people, .fini = people_close);

static enum status confirm(struct folk *folk, struct span file)
{
    struct id id;
    enum status status = STATUS_FAILED;
    cr_assert_eq(handover_confirm(&folk->wallet, &status, &id, file), ERR_OK);
    return status;
}

Test(handover_receipt, F9_confirms_once_and_again)
{
    expect_status(confirm(&alice, receipt), STATUS_OK);
    cr_expect_eq(folk_plan(&alice, &request_id).state, PURSE_PLAN_CONFIRMED);
    expect_status(confirm(&alice, receipt), STATUS_OK);
    cr_expect_eq(folk_plan(&alice, &request_id).state, PURSE_PLAN_CONFIRMED);
    expect_status(confirm(&carol, receipt), STATUS_UNKNOWN);
}

/* The receipt with one thing changed, wrapped again. */
static struct span altered(void (*change)(struct confirmation *, struct receipt *))
{
    struct buffer body AUTO(buffer_fini) = {0}, file AUTO(buffer_fini) = {0};
    struct confirmation confirmation = {0};
    struct receipt value = {0};
    struct span inner = {0}, kept = {0};
    cr_assert_eq(wire_unwrap_expect(&inner, receipt, world.network, KIND_CONFIRMATION), ERR_OK);
    cr_assert_eq(confirmation_decode(&confirmation, inner, &world.arena), ERR_OK);
    cr_assert_eq(receipt_decode(&value, confirmation.receipt.payload, &world.arena), ERR_OK);
    change(&confirmation, &value);
    cr_assert_eq(confirmation_encode(&body, &confirmation), ERR_OK);
    cr_assert_eq(wire_wrap(&file, world.network, KIND_CONFIRMATION, buffer_span(&body)), ERR_OK);
    cr_assert_eq(arena_copy(&world.arena, &kept, buffer_span(&file)), ERR_OK);
    return kept;
}

static void forge(struct confirmation *confirmation, struct receipt *value)
{
    (void)value;
    confirmation->receipt.signature.bytes[5] ^= 1;
}

static void name_other_payment(struct confirmation *confirmation, struct receipt *value)
{
    value->payment_ids.items[0].id = world_hash("another");
    confirmation->receipt = world_sign(&world, KIND_RECEIPT, value, &bob.first.pair);
}

static void sign_as_carol(struct confirmation *confirmation, struct receipt *value)
{
    confirmation->receipt = world_sign(&world, KIND_RECEIPT, value, &carol.first.pair);
}

Test(handover_receipt, F10_forged_or_foreign_receipts_confirm_nothing)
{
    expect_status(confirm(&alice, altered(forge)), STATUS_SIGNATURE);
    expect_status(confirm(&alice, altered(sign_as_carol)), STATUS_SIGNATURE);
    expect_status(confirm(&alice, altered(name_other_payment)), STATUS_CHAIN);
    expect_status(confirm(&alice, packet), STATUS_KIND);
    cr_expect_eq(folk_plan(&alice, &request_id).state, PURSE_PLAN_COMMITTED);
}

Test(handover_receipt, anybody_can_verify_one)
{
    struct handover_receipt facts;
    enum status status;
    cr_assert_eq(handover_receipt_verify(&carol.wallet, &facts, &status, receipt, &world.arena),
                 ERR_OK);
    expect_status(status, STATUS_OK);
    cr_expect_eq(amount_fen(facts.request.amount), 700);
    cr_assert_eq(handover_receipt_verify(&carol.wallet, &facts, &status, altered(sign_as_carol),
                                         &world.arena),
                 ERR_OK);
    expect_status(status, STATUS_SIGNATURE);
}
