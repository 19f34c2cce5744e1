/* The scene of the verifier's tests (contract in scene.h). */
#include "tests/support/scene.h"

#include <string.h>

static void make_wallets(struct scene *scene)
{
    world_wallet(&scene->alice, &scene->world, "alice", WORLD_BANK_A);
    world_wallet(&scene->bob, &scene->world, "bob", WORLD_BANK_B);
    world_wallet(&scene->carol, &scene->world, "carol", WORLD_BANK_A);
    world_wallet(&scene->shop, &scene->world, "shop", WORLD_BANK_B);
    world_vault(&scene->vault_a, &scene->world, WORLD_BANK_A);
}

void scene_open(struct scene *out)
{
    memset(out, 0, sizeof *out);
    world_open(&out->world);
    make_wallets(out);
    world_request(&out->request, &out->world, &out->shop, 5000);
    world_token(&out->first, &out->world, 10000, &out->alice);
    world_token(&out->second, &out->world, 2000, &out->carol);
    world_pay(&out->to_bob, NULL, &out->world, &out->first, &out->bob, 6000, NULL);
    world_pay(&out->to_carol, NULL, &out->world, &out->to_bob, &out->carol, 5000, NULL);
    world_pay(&out->to_shop, NULL, &out->world, &out->to_carol, &out->shop, 3000, &out->request.id);
    world_pay(&out->second_to_shop, NULL, &out->world, &out->second, &out->shop, 2000,
              &out->request.id);
    const struct world_coin *coins[] = {&out->to_shop, &out->second_to_shop};
    scene_pack(out, coins, 2);
}

void scene_close(struct scene *scene)
{
    world_close(&scene->world);
}

void scene_pack(struct scene *scene, const struct world_coin *const *coins, size_t count)
{
    memset(&scene->packet, 0, sizeof scene->packet);
    for (size_t i = 0; i < count; i++)
        world_packet_add(&scene->packet, coins[i]);
}

enum status scene_verify_bytes(struct scene *scene, enum packet_role role, struct span bytes)
{
    struct packet_options options = {.role = role};
    enum status status;
    CHECK(packet_verify(&scene->view, &status, bytes, &scene->world.trust, &options,
                        &scene->world.arena) == ERR_OK);
    return status;
}

enum status scene_verify(struct scene *scene, enum packet_role role)
{
    return scene_verify_bytes(scene, role, world_packet_bytes(&scene->world, &scene->packet));
}

struct packet_terms scene_terms(const struct scene *scene)
{
    return (struct packet_terms){
        .now = WORLD_NOW,
        .newest_signed_time = WORLD_NOW - 3600,
        .request = &scene->request.request,
        .request_id = scene->request.id,
    };
}

enum status scene_accept_terms(struct scene *scene, const struct packet_terms *terms)
{
    enum status status = scene_verify(scene, PACKET_FOR_PAYEE);
    if (status != STATUS_OK)
        return status;
    CHECK(packet_accept(&status, &scene->view, &scene->world.trust, terms) == ERR_OK);
    return status;
}

enum status scene_accept(struct scene *scene)
{
    struct packet_terms terms = scene_terms(scene);
    return scene_accept_terms(scene, &terms);
}

struct payment scene_payment(struct scene *scene, size_t index)
{
    struct payment payment;
    CHECK(payment_decode(&payment, scene->packet.payments[index].payload, &scene->world.arena) ==
          ERR_OK);
    return payment;
}

void scene_resign(struct scene *scene, size_t index, const struct payment *payment,
                  const struct key_pair *pair)
{
    scene->packet.payments[index] = world_sign(&scene->world, KIND_PAYMENT, payment, pair);
}

void scene_forge(struct scene *scene, size_t index, const struct payment *payment)
{
    struct signature signature = scene->packet.payments[index].signature;
    scene_resign(scene, index, payment, &scene->alice.pair);
    scene->packet.payments[index].signature = signature;
}
