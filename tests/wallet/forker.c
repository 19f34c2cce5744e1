/* Mallory (forker.h). */
#include "tests/wallet/forker.h"

#include <criterion/criterion.h>

void forker_open(struct forker *out, struct world *world, uint64_t fen)
{
    world_wallet(&out->wallet, world, "mallory", WORLD_BANK_B);
    world_token(&out->coin, world, fen, &out->wallet);
}

struct span forker_packet(struct world *world, const struct world_coin *paid)
{
    struct world_packet packet = {0};
    struct buffer file AUTO(buffer_fini) = {0};
    struct span kept = {0};
    world_packet_add(&packet, paid);
    cr_assert_eq(wire_wrap(&file, world->network, KIND_PACKET, world_packet_bytes(world, &packet)),
                 ERR_OK);
    cr_assert_eq(arena_copy(&world->arena, &kept, buffer_span(&file)), ERR_OK);
    return kept;
}

struct span forker_pays(struct forker *forker, struct folk *payee, uint64_t fen)
{
    struct id id;
    struct world_coin paid, change;
    folk_request(payee, fen, &id);
    world_pay(&paid, &change, payee->world, &forker->coin, &payee->first, fen, &id);
    return forker_packet(payee->world, &paid);
}

void forker_pays_both(struct forker *forker, struct folk *a, struct folk *b)
{
    cr_assert_eq(folk_receive(a, forker_pays(forker, a, 600)).result, HANDOVER_TAKEN);
    cr_assert_eq(folk_receive(b, forker_pays(forker, b, 500)).result, HANDOVER_TAKEN);
}

enum kind forker_kind(struct span file)
{
    struct wire_wrapper wrapper = {0};
    cr_assert_eq(wire_unwrap(&wrapper, file), ERR_OK);
    return wrapper.kind;
}
