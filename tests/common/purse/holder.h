/* Somebody who holds coins, in memory: the purse's tables, one transaction, keys of the small
 * world.
 * Every helper asserts. */
#ifndef DCEP_TESTS_COMMON_PURSE_HOLDER_H
#define DCEP_TESTS_COMMON_PURSE_HOLDER_H

#include "common/purse/purse_row.h"
#include "tests/support/scene.h"
#include "tests/support/world.h"

enum { HOLDER_KEYS_MAX = 4 };
struct holder {
    struct world world;
    struct store *store;
    struct purse_env env;
    struct world_wallet me, other; /* me: my current key; bank A; other: bank B */
    struct key_pair pairs[HOLDER_KEYS_MAX];
    size_t pair_count;
};
void holder_open(struct holder *out); /* a transaction is open until holder_close */
void holder_close(struct holder *holder);
void holder_key(struct holder *holder, const struct world_wallet *wallet);
/* A token of mine, taken; its line in *coin. */
void holder_coin(struct world_coin *coin, struct holder *holder, uint64_t fen);
enum status holder_take_token(struct holder *holder, const struct cose *token);
struct purse_coin holder_row(struct holder *holder, uint64_t serial, const struct id *coin_id);
bool holder_holds(struct holder *holder, uint64_t serial, const struct id *coin_id);
struct purse_totals holder_totals(struct holder *holder);
/* A packet for me, verified as a payee would. */
struct span holder_packet(struct packet_view *view, struct holder *holder,
                          const struct world_coin *const *coins, size_t count);
/* Reserve, mark, sign: fen of my coins paid under a request of `other`. */
struct purse_plan holder_pay(struct holder *holder, uint64_t fen, struct world_request *request);

#endif
