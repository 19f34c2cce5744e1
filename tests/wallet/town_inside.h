/* What the files of the town share. */
#ifndef DCEP_TESTS_WALLET_TOWN_INSIDE_H
#define DCEP_TESTS_WALLET_TOWN_INSIDE_H

#include "tests/wallet/town.h"

struct town_row *town_row_of(struct town *town, const struct id *coin_id); /* NULL */
struct town_answer *town_answer_of(struct town *town, struct span key, bool *fresh);
struct cose town_mint(struct town *town, struct amount amount, const struct public_key *owner);
enum outcome town_apply(struct town *town, const struct packet_payment *payment);
enum status town_verify(struct town *town, struct packet_view *view, struct span packet,
                        struct arena *arena);
struct cose town_sign_leaves(struct town *town, struct placed_leaf *const *placed, size_t count,
                             struct arena *arena);
enum status town_exchange(struct town *town, struct order_reply *reply,
                          const struct order_body *body, struct arena *arena);

#endif
