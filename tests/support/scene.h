/* The scene of the verifier's tests and vectors: Alice (bank A), Bob (bank B) and Carol (bank A)
 * paid a tea shop (bank B).
 *
 *   first    100.00  Alice -> Bob 60.00, change 40.00; Bob -> Carol 50.00, change 10.00;
 *                    Carol -> shop 30.00, change 20.00
 *   second    20.00  Carol -> shop 20.00
 *
 * A test changes one thing, builds the packet again and asks for the verdict. */
#ifndef DCEP_TESTS_SUPPORT_SCENE_H
#define DCEP_TESTS_SUPPORT_SCENE_H

#include "tests/support/raw.h"
#include "tests/support/world.h"

struct scene {
    struct world world;
    struct world_wallet alice, bob, carol, shop, vault_a;
    struct world_coin first, second;             /* tokens of Alice and of Carol */
    struct world_coin to_bob, to_carol, to_shop; /* along the first line */
    struct world_coin second_to_shop;
    struct world_request request; /* the shop's, 50.00 */
    struct world_packet packet;   /* both lines; payments: a->b, b->c, c->shop, c->shop */
    struct packet_view view;      /* of the last verdict */
};
enum { SCENE_A_TO_B, SCENE_B_TO_C, SCENE_C_TO_SHOP, SCENE_SECOND };

void scene_open(struct scene *out);
void scene_close(struct scene *scene);
/* The packet of these coins' lines, from nothing. */
void scene_pack(struct scene *scene, const struct world_coin *const *coins, size_t count);
/* Verdict of the genuine check over the packet, or over any bytes. */
enum status scene_verify(struct scene *scene, enum packet_role role);
enum status scene_verify_bytes(struct scene *scene, enum packet_role role, struct span bytes);
/* Genuine for a payee, then acceptable under the scene's request at WORLD_NOW. */
enum status scene_accept(struct scene *scene);
struct packet_terms scene_terms(const struct scene *scene);
enum status scene_accept_terms(struct scene *scene, const struct packet_terms *terms);

/* The payment at `index` of the packet, changed by hand and signed by key; its children keep the
 * old coin id. */
struct payment scene_payment(struct scene *scene, size_t index);
void scene_resign(struct scene *scene, size_t index, const struct payment *payment,
                  const struct key_pair *pair);
/* The same without a new signature: a forgery. */
void scene_forge(struct scene *scene, size_t index, const struct payment *payment);

#define expect_status(actual, expected)                                                            \
    do {                                                                                           \
        enum status actual_ = (actual), expected_ = (expected);                                    \
        cr_expect_eq(actual_, expected_, "%s, not %s", status_name(actual_),                       \
                     status_name(expected_));                                                      \
    } while (0)

#endif
