/* Who plays in the central bank's tests: customers of two banks, each key certified and logged, and
 * the banks' vaults.
 *
 *   bank A   a and its second key a2, p and its newer key p2, e
 *   bank B   q, c, d
 *   x        certified by bank A in its packets, but never logged: nobody stands behind it */
#ifndef DCEP_TESTS_CENTRAL_CAST_H
#define DCEP_TESTS_CENTRAL_CAST_H

#include "tests/central/hall.h"

struct cast {
    struct hall hall;
    struct world_wallet a, a2, p, p2, q, c, d, e, x, vault_a, vault_b;
};
void cast_open(struct cast *out, enum hall_store kind);
void cast_close(struct cast *cast);

/* A coin and the request that it was paid under. */
struct note {
    struct world_coin coin;
    struct world_request request;
};
void cast_issue(struct world_coin *out, struct cast *cast, uint64_t fen,
                struct world_wallet *owner);
/* The whole coin, under a request of the payee. */
void cast_pay(struct note *out, struct cast *cast, const struct world_coin *coin,
              struct world_wallet *payee);
/* Part of it; change goes to change_key (NULL: the payer's own). */
void cast_pay_part(struct note *out, struct world_coin *change, struct cast *cast,
                   const struct world_coin *coin, struct world_wallet *payee, uint64_t fen,
                   struct world_wallet *change_key);
/* As cast_pay, the payee having this revocation list. */
void cast_pay_knowing(struct note *out, struct cast *cast, const struct world_coin *coin,
                      struct world_wallet *payee, uint64_t revocations_version);
enum outcome cast_settle(struct cast *cast, const struct note *note);
enum outcome cast_claim(struct cast *cast, const struct note *note);
/* A fresh coin, paid by a to winner, who is settled, and to each of the payees, who are not. */
void cast_fork(struct note *losers, struct cast *cast, uint64_t fen, struct world_wallet *winner,
               struct world_wallet *const *payees, size_t count);
/* Case number index has a proof, and it names this key. */
void cast_expect_proof(struct cast *cast, size_t index, const struct world_wallet *cheat);
uint64_t cast_owned(struct cast *cast, const struct world_wallet *wallet);   /* fen unspent */
uint64_t cast_orphans(struct cast *cast, const struct world_wallet *wallet); /* fen */
bool cast_is_revoked(struct cast *cast, const struct world_wallet *wallet);
/* An exchange of whole coins into outputs, handed in by bank A. */
enum status cast_exchange(struct order_reply *reply, struct cast *cast,
                          const struct world_coin *const *coins, size_t count,
                          const struct output *outputs, size_t output_count);
struct output cast_output(const struct world_wallet *wallet, uint64_t fen);
/* The policy's cap a customer. */
void cast_set_cap(struct cast *cast, uint64_t fen);

#endif
