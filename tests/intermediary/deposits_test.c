/* Deposits: asked for, paid to the vault's key, credited once, after they settled. */
#include "tests/intermediary/street.h"

#include <criterion/criterion.h>

struct depositor {
    struct street street;
    struct resident alice;
    struct world_wallet vault;
    struct world_coin coin; /* Alice's, 50.00 */
    struct nonce deposit_id;
    struct id request_id;
    struct request request;
};

static enum status ask(struct depositor *d, uint64_t fen)
{
    const struct deposit_request_body body = {.deposit_id = d->deposit_id,
                                              .amount = world_fen(fen)};
    struct deposit_request_reply reply = {0};
    const enum status status =
        street_call(&d->street, &reply, VERB_DEPOSIT_REQUEST, &body, &d->alice.wallet.pair);
    if (status != STATUS_OK)
        return status;
    HALL_OK(record_open(&d->request, WORLD_NETWORK, KIND_REQUEST, &reply.request,
                        &d->street.bank.vault_key.public_key, &d->street.arena));
    d->request_id = record_id(WORLD_NETWORK, KIND_REQUEST, reply.request.payload);
    return STATUS_OK;
}

static void open_depositor(struct depositor *d)
{
    street_open(&d->street);
    street_stock(&d->street, 200000);
    street_resident(&d->alice, &d->street, "Alice", 3, 100000);
    street_coin(&d->coin, &d->street, &d->alice, 5000);
    world_vault(&d->vault, &d->street.hall.world, WORLD_BANK_A);
    d->deposit_id = world_nonce(&d->street.hall.world);
    HALL_STATUS(ask(d, 3000), STATUS_OK);
}

static enum status bring(struct depositor *d, struct deposit_reply *reply, struct span packet)
{
    const struct deposit_body body = {.packet = packet};
    return street_call(&d->street, reply, VERB_DEPOSIT, &body, &d->alice.wallet.pair);
}

static uint64_t balance(struct depositor *d)
{
    return amount_fen(street_get(&d->street, d->alice.number).balance);
}

static void pay(struct world_coin *paid, struct depositor *d, uint64_t fen)
{
    struct world_coin change;
    world_pay(paid, &change, &d->street.hall.world, &d->coin, &d->vault, fen, &d->request_id);
}

Test(deposits, the_same_id_brings_the_same_request)
{
    struct depositor d;
    open_depositor(&d);
    const struct id first = d.request_id;
    HALL_STATUS(ask(&d, 3000), STATUS_OK);
    cr_assert(id_equal(&first, &d.request_id));
    HALL_STATUS(ask(&d, 3001), STATUS_REUSED);
    struct resident bob;
    street_resident(&bob, &d.street, "Bob", 3, 0);
    const struct deposit_request_body body = {.deposit_id = d.deposit_id,
                                              .amount = world_fen(3000)};
    struct deposit_request_reply reply = {0};
    HALL_STATUS(street_call(&d.street, &reply, VERB_DEPOSIT_REQUEST, &body, &bob.wallet.pair),
                STATUS_REUSED);
    cr_assert_eq(d.request.coins_max, PACKET_COINS_MAX);
    street_close(&d.street);
}

Test(deposits, credited_once_whoever_brings_it)
{
    struct depositor d;
    struct world_coin paid;
    struct deposit_reply reply = {0};
    struct settle_reply settled = {0};
    open_depositor(&d);
    const uint64_t before = balance(&d), vault = street_vault(&d.street);
    pay(&paid, &d, 3000);
    const struct span packet = street_packet(&d.street, &paid);
    for (int i = 0; i < 2; i++) {
        HALL_STATUS(bring(&d, &reply, packet), STATUS_OK);
        cr_assert_eq(amount_fen(reply.credited), 3000);
        cr_assert_eq(balance(&d), before + 3000);
    }
    HALL_STATUS(street_settle(&d.street, &settled, &packet, 1, &d.alice), STATUS_OK);
    cr_assert_eq(balance(&d), before + 3000);
    cr_assert_eq(street_vault(&d.street), vault + 3000);
    cr_assert_eq(amount_fen(street_get(&d.street, d.alice.number).held), 2000);
    street_close(&d.street);
}

Test(deposits, a_packet_in_the_outbox_is_a_deposit_too)
{
    struct depositor d;
    struct world_coin paid;
    struct settle_reply settled = {0};
    open_depositor(&d);
    const uint64_t before = balance(&d);
    pay(&paid, &d, 3000);
    const struct span packet = street_packet(&d.street, &paid);
    HALL_STATUS(street_settle(&d.street, &settled, &packet, 1, &d.alice), STATUS_OK);
    cr_assert_eq(balance(&d), before + 3000);
    street_close(&d.street);
}

Test(deposits, no_credit_before_it_settled)
{
    struct depositor d;
    struct world_coin paid;
    struct deposit_reply reply = {0};
    open_depositor(&d);
    const uint64_t before = balance(&d);
    pay(&paid, &d, 3000);
    const struct span packet = street_packet(&d.street, &paid);
    d.street.is_cut = true;
    HALL_STATUS(bring(&d, &reply, packet), STATUS_PENDING);
    cr_assert_eq(reply.result.status, STATUS_PENDING);
    cr_assert_eq(balance(&d), before);
    d.street.is_cut = false;
    cr_assert_not(street_work(&d.street));
    cr_assert_eq(balance(&d), before + 3000);
    HALL_STATUS(bring(&d, &reply, packet), STATUS_OK);
    cr_assert_eq(amount_fen(reply.credited), 3000);
    cr_assert_eq(balance(&d), before + 3000);
    street_close(&d.street);
}

/* Genuine money to the vault is kept and credited even if it is not what was asked for. */
Test(deposits, another_amount_is_kept_aside_until_it_settled)
{
    struct depositor d;
    struct world_coin paid;
    struct deposit_reply reply = {0};
    open_depositor(&d);
    const uint64_t before = balance(&d);
    pay(&paid, &d, 2999);
    const struct span packet = street_packet(&d.street, &paid);
    d.street.is_cut = true;
    HALL_STATUS(bring(&d, &reply, packet), STATUS_PENDING);
    cr_assert_eq(balance(&d), before);
    struct purse_totals totals = {0};
    struct branch_env env = street_begin(&d.street);
    HALL_OK(purse_totals(&env.purse, &totals));
    street_end(&d.street);
    cr_assert_eq(amount_fen(totals.quarantined), 2999);
    d.street.is_cut = false;
    HALL_STATUS(bring(&d, &reply, packet), STATUS_OK);
    cr_assert_eq(amount_fen(reply.credited), 2999);
    cr_assert_eq(balance(&d), before + 2999);
    street_close(&d.street);
}

Test(deposits, money_that_was_spent_before_is_not_credited)
{
    struct depositor d;
    struct world_coin paid, elsewhere;
    struct world_wallet carol;
    struct deposit_reply reply = {0};
    open_depositor(&d);
    const uint64_t before = balance(&d), vault = street_vault(&d.street);
    world_wallet(&carol, &d.street.hall.world, "carol", WORLD_BANK_B);
    world_pay(&elsewhere, NULL, &d.street.hall.world, &d.coin, &carol, 5000, NULL);
    HALL_OUTCOME(hall_settle(&d.street.hall, &elsewhere), OUTCOME_SETTLED);
    pay(&paid, &d, 3000);
    HALL_STATUS(bring(&d, &reply, street_packet(&d.street, &paid)), STATUS_OK);
    HALL_OUTCOME((enum outcome)reply.result.leaves.items[0].leaf.outcome, OUTCOME_CONFLICT);
    cr_assert(amount_is_zero(reply.credited));
    cr_assert_eq(balance(&d), before);
    cr_assert_eq(street_vault(&d.street), vault);
    street_close(&d.street);
}

Test(deposits, a_forged_packet_is_refused_with_its_verdict)
{
    struct depositor d;
    struct world_coin paid;
    struct deposit_reply reply = {0};
    open_depositor(&d);
    pay(&paid, &d, 3000);
    paid.payments[0].signature.bytes[7] ^= 1;
    HALL_STATUS(bring(&d, &reply, street_packet(&d.street, &paid)), STATUS_SIGNATURE);
    cr_assert_eq(street_count(&d.street, &bank_table_relay_packet), 0);
    street_close(&d.street);
}

/* Brought to another bank: the register says that the vault owns it, and the asker is credited. */
Test(deposits, found_by_asking_what_the_vault_owns)
{
    struct depositor d;
    struct world_coin paid;
    struct deposit_reply reply = {0};
    open_depositor(&d);
    const uint64_t before = balance(&d), vault = street_vault(&d.street);
    pay(&paid, &d, 3000);
    HALL_OUTCOME(hall_settle(&d.street.hall, &paid), OUTCOME_SETTLED);
    for (int i = 0; i < 2; i++) {
        d.street.bank.now += BRANCH_ASK_S;
        (void)street_work(&d.street);
        cr_assert_eq(balance(&d), before + 3000);
    }
    cr_assert_eq(street_vault(&d.street), vault + 3000);
    HALL_STATUS(bring(&d, &reply, street_packet(&d.street, &paid)), STATUS_OK);
    cr_assert_eq(balance(&d), before + 3000);
    street_close(&d.street);
}

Test(deposits, nothing_is_credited_twice_wherever_the_store_fails)
{
    for (long nth = 0;; nth++) {
        struct depositor d;
        struct world_coin paid;
        struct deposit_reply reply = {0};
        open_depositor(&d);
        const uint64_t before = balance(&d);
        pay(&paid, &d, 3000);
        const struct span packet = street_packet(&d.street, &paid);
        store_fail_at(d.street.bank.store, nth, ERR_IO);
        const enum status first = bring(&d, &reply, packet);
        store_fail_at(d.street.bank.store, -1, ERR_OK);
        if (first != STATUS_OK)
            HALL_STATUS(bring(&d, &reply, packet), STATUS_OK);
        cr_assert_eq(balance(&d), before + 3000);
        street_close(&d.street);
        if (first == STATUS_OK) {
            cr_assert_gt(nth, 10);
            return;
        }
    }
}

/* Whoever brought it may never come again: what the vault kept, the bank's own work settles. */
Test(deposits, what_the_vault_kept_is_settled_wherever_the_store_fails)
{
    for (long nth = 0; nth < 24; nth++) {
        struct depositor d;
        struct world_coin paid;
        struct deposit_reply reply = {0};
        open_depositor(&d);
        const uint64_t before = balance(&d);
        pay(&paid, &d, 3000);
        store_fail_at(d.street.bank.store, nth, ERR_IO);
        (void)bring(&d, &reply, street_packet(&d.street, &paid));
        store_fail_at(d.street.bank.store, -1, ERR_OK);
        const bool was_kept = street_count(&d.street, &purse_table_purse_inbox) > 0;
        (void)street_work(&d.street);
        cr_assert_eq(street_count(&d.street, &purse_table_purse_inbox), 0, "failure %ld", nth);
        if (was_kept)
            cr_assert_eq(balance(&d), before + 3000, "failure %ld", nth);
        street_close(&d.street);
    }
}
