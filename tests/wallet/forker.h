/* Mallory, who pays one coin to whoever asks: for the tests of early warning. */
#ifndef DCEP_TESTS_WALLET_FORKER_H
#define DCEP_TESTS_WALLET_FORKER_H

#include "tests/wallet/folk.h"

struct forker {
    struct world_wallet wallet;
    struct world_coin coin;
};
void forker_open(struct forker *out, struct world *world, uint64_t fen);
/* The file of a packet that pays a request of payee's with the coin, again and again. */
struct span forker_pays(struct forker *forker, struct folk *payee, uint64_t fen);
/* 600 fen of the coin to a and 500 to b, and both take them. */
void forker_pays_both(struct forker *forker, struct folk *a, struct folk *b);
/* Somebody's payment in a packet's file. */
struct span forker_packet(struct world *world, const struct world_coin *paid);
enum kind forker_kind(struct span file); /* of a wrapped file */

#endif
