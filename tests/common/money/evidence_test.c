/* Payments kept without what their row says. */
#include "common/money/evidence.h"
#include "tests/support/world.h"

#include <criterion/criterion.h>

#define WORLD(w)                                                                                   \
    struct world w AUTO(world_close);                                                              \
    world_open(&w)

static struct cose paid(struct world *world, struct world_coin *coin)
{
    struct world_coin spent;
    static struct world_wallet alice, bob;
    world_wallet(&alice, world, "alice", WORLD_BANK_A);
    world_wallet(&bob, world, "bob", WORLD_BANK_B);
    world_token(coin, world, 5000, &alice);
    world_pay(&spent, NULL, world, coin, &bob, 3000, NULL);
    return spent.payments[0];
}

Test(evidence, comes_back_byte_for_byte)
{
    static const uint64_t serials[] = {1, 23, 24, 255, 256, 65535, 65536, UINT32_MAX, INTEGER_MAX};
    WORLD(w);
    struct world_coin coin;
    struct payment payment = {0};
    const struct cose first = paid(&w, &coin);
    cr_assert_eq(payment_decode(&payment, first.payload, &w.arena), ERR_OK);
    for (size_t i = 0; i < sizeof serials / sizeof serials[0]; i++) {
        struct cose cose, back = {0};
        struct span evidence;
        payment.serial = serials[i];
        cr_assert_eq(
            record_sign(&cose, WORLD_NETWORK, KIND_PAYMENT, &payment, &coin.owner->pair, &w.arena),
            ERR_OK);
        cr_assert_eq(evidence_pack(&evidence, &cose, payment.serial, &payment.coin_id, &w.arena),
                     ERR_OK);
        cr_assert_lt(evidence.size, SIGNATURE_SIZE + cose.payload.size - ID_SIZE);
        cr_assert_eq(evidence_unpack(&back, evidence, payment.serial, &payment.coin_id, &w.arena),
                     ERR_OK);
        cr_assert(span_equal(back.payload, cose.payload));
        cr_assert(span_equal(SPAN(back.signature), SPAN(cose.signature)));
    }
}

Test(evidence, is_of_this_coin_or_refused)
{
    WORLD(w);
    struct world_coin coin;
    struct span evidence;
    struct cose back;
    const struct cose cose = paid(&w, &coin);
    const struct id other = world_hash("another coin");
    const struct cose stub = {.payload = span_of(cose.payload.data, 20)};
    cr_assert_eq(evidence_pack(&evidence, &cose, coin.serial, &other, &w.arena), ERR_INTEGRITY);
    cr_assert_eq(evidence_pack(&evidence, &cose, coin.serial + 1, &coin.coin_id, &w.arena),
                 ERR_INTEGRITY);
    cr_assert_eq(evidence_pack(&evidence, &stub, coin.serial, &coin.coin_id, &w.arena),
                 ERR_INTEGRITY);
    cr_assert_eq(evidence_unpack(&back, span_of(cose.payload.data, SIGNATURE_SIZE - 1), coin.serial,
                                 &coin.coin_id, &w.arena),
                 ERR_INTEGRITY);
}
