/* Who plays in the central bank's tests (contract in cast.h). */
#include "tests/central/cast.h"

#include "common/money/proof.h"

#include <criterion/criterion.h>

void cast_open(struct cast *out, enum hall_store kind)
{
    hall_open(&out->hall, kind);
    const struct {
        struct world_wallet *wallet;
        const char *name, *customer;
        uint64_t bank_id;
    } parts[] = {
        {&out->a, "a", "a", WORLD_BANK_A},  {&out->a2, "a2", "a", WORLD_BANK_A},
        {&out->p, "p", "p", WORLD_BANK_A},  {&out->p2, "p2", "p", WORLD_BANK_A},
        {&out->e, "e", "e", WORLD_BANK_A},  {&out->q, "q", "q", WORLD_BANK_B},
        {&out->c, "c", "c", WORLD_BANK_B},  {&out->d, "d", "d", WORLD_BANK_B},
        {&out->x, "x", NULL, WORLD_BANK_A},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        world_wallet(parts[i].wallet, &out->hall.world, parts[i].name, parts[i].bank_id);
        if (parts[i].customer != NULL)
            hall_log(&out->hall, parts[i].wallet, parts[i].customer);
    }
    world_vault(&out->vault_a, &out->hall.world, WORLD_BANK_A);
    world_vault(&out->vault_b, &out->hall.world, WORLD_BANK_B);
}

void cast_close(struct cast *cast)
{
    hall_close(&cast->hall);
}

void cast_issue(struct world_coin *out, struct cast *cast, uint64_t fen, struct world_wallet *owner)
{
    const uint64_t bank_id = owner == &cast->vault_b           ? WORLD_BANK_B
                             : owner->certificate.bank_id == 0 ? WORLD_BANK_A
                                                               : owner->certificate.bank_id;
    hall_issue(out, &cast->hall, bank_id, fen, owner);
}

void cast_pay(struct note *out, struct cast *cast, const struct world_coin *coin,
              struct world_wallet *payee)
{
    cast_pay_knowing(out, cast, coin, payee, 0);
}

void cast_pay_part(struct note *out, struct world_coin *change, struct cast *cast,
                   const struct world_coin *coin, struct world_wallet *payee, uint64_t fen,
                   struct world_wallet *change_key)
{
    struct world *world = &cast->hall.world;
    struct world_wallet *keeper = change_key == NULL ? coin->owner : change_key;
    world_request(&out->request, world, payee, fen);
    struct payment payment = world_payment_value(world, coin, payee, fen, &out->request.id);
    payment.outputs.items[1].key = keeper->pair.public_key;
    const struct cose cose = world_sign(world, KIND_PAYMENT, &payment, &coin->owner->pair);
    const struct id id = record_id(WORLD_NETWORK, KIND_PAYMENT, cose.payload);
    struct world_coin child = *coin;
    child.signers[child.payment_count] = coin->owner;
    child.payments[child.payment_count++] = cose;
    out->coin = *change = child;
    out->coin.amount = payment.outputs.items[0].amount;
    out->coin.owner = payee;
    out->coin.coin_id = record_coin_output(&id, 0);
    change->amount = payment.outputs.items[1].amount;
    change->owner = keeper;
    change->coin_id = record_coin_output(&id, 1);
}

void cast_pay_knowing(struct note *out, struct cast *cast, const struct world_coin *coin,
                      struct world_wallet *payee, uint64_t revocations_version)
{
    struct world *world = &cast->hall.world;
    const uint64_t fen = amount_fen(coin->amount);
    world_request(&out->request, world, payee, fen);
    out->request.request.revocations_version = revocations_version;
    out->request.cose = world_sign(world, KIND_REQUEST, &out->request.request, &payee->pair);
    out->request.id = record_id(WORLD_NETWORK, KIND_REQUEST, out->request.cose.payload);
    world_pay(&out->coin, NULL, world, coin, payee, fen, &out->request.id);
}

enum outcome cast_settle(struct cast *cast, const struct note *note)
{
    return hall_settle(&cast->hall, &note->coin);
}

enum outcome cast_claim(struct cast *cast, const struct note *note)
{
    return hall_claim(&cast->hall, &note->coin, &note->request);
}

void cast_fork(struct note *losers, struct cast *cast, uint64_t fen, struct world_wallet *winner,
               struct world_wallet *const *payees, size_t count)
{
    struct world_coin coin;
    struct note won;
    cast_issue(&coin, cast, fen, &cast->a);
    cast_pay(&won, cast, &coin, winner);
    HALL_OUTCOME(cast_settle(cast, &won), OUTCOME_SETTLED);
    for (size_t i = 0; i < count; i++) {
        cast_pay(&losers[i], cast, &coin, payees[i]);
        HALL_OUTCOME(cast_settle(cast, &losers[i]), OUTCOME_CONFLICT);
    }
}

void cast_expect_proof(struct cast *cast, size_t index, const struct world_wallet *cheat)
{
    struct proof_finding finding = {0};
    const struct fraud_case row = hall_case(&cast->hall, index);
    cr_assert(row.has_proof);
    HALL_STATUS(proof_verify(&finding, WORLD_NETWORK, &cast->hall.world.root.public_key, row.proof,
                             &cast->hall.world.arena),
                STATUS_OK);
    cr_assert(key_equal(&finding.key, &cheat->pair.public_key));
    cr_assert_eq(finding.kind, row.kind);
    cr_assert_eq(finding.is_vault, cheat->is_vault);
}

uint64_t cast_owned(struct cast *cast, const struct world_wallet *wallet)
{
    return hall_owned(&cast->hall, &wallet->pair.public_key);
}

uint64_t cast_orphans(struct cast *cast, const struct world_wallet *wallet)
{
    return hall_orphans(&cast->hall, &wallet->pair.public_key);
}

bool cast_is_revoked(struct cast *cast, const struct world_wallet *wallet)
{
    bool revoked = false;
    uint64_t version = 0;
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(authority_revoked_version(&env, &revoked, &version, &wallet->pair.public_key));
    hall_end(&cast->hall);
    return revoked;
}

enum status cast_exchange(struct order_reply *reply, struct cast *cast,
                          const struct world_coin *const *coins, size_t count,
                          const struct output *outputs, size_t output_count)
{
    struct hall_order order;
    hall_order_exchange(&order, &cast->hall, outputs, output_count);
    hall_order_fund(&order, &cast->hall, coins, count);
    return hall_order(&cast->hall, reply, &order, WORLD_BANK_A);
}

struct output cast_output(const struct world_wallet *wallet, uint64_t fen)
{
    return (struct output){world_fen(fen), wallet->pair.public_key};
}

void cast_set_cap(struct cast *cast, uint64_t fen)
{
    cast->hall.world.policy.compensation_max = world_fen(fen);
    world_publish(&cast->hall.world);
}
