/* People with wallets in memory, for tests: certified by the small world's banks, keys unsealed, a
 * bank that answers as the test wants. Everything CHECKs or asserts; nothing fails. */
#ifndef DCEP_TESTS_WALLET_FOLK_H
#define DCEP_TESTS_WALLET_FOLK_H

#include "tests/support/world.h"
#include "wallet/handover/handover.h"

struct folk {
    struct world *world;
    struct world_wallet first; /* the key it starts with */
    struct wallet wallet;
    uint64_t drawn; /* random numbers so far */
    /* What the bank says; NULL: unreachable. */
    void *bank_context;
    enum err (*bank)(void *context, enum status *status, void *reply, enum verb verb,
                     const void *body, struct arena *arena);
};
void folk_open(struct folk *out, struct world *world, const char *name, uint64_t bank_id);
/* A wallet before init: no rows. */
void folk_open_empty(struct folk *out, struct world *world, const char *name);
void folk_close(struct folk *folk);
/* As after a crash: everything but the rows is forgotten. */
void folk_restart(struct folk *folk);

/* A token for its first key, AVAILABLE and settled; folk_take takes one that is there already. */
void folk_coin(struct folk *folk, uint64_t fen);
void folk_take(struct folk *folk, const struct world_coin *coin);
struct purse_totals folk_totals(struct folk *folk);
uint64_t folk_spendable(struct folk *folk); /* fen */
struct purse_plan folk_plan(struct folk *folk, const struct id *plan_id);
bool folk_has_plan(struct folk *folk, const struct id *plan_id);
size_t folk_signed_payments(
    struct folk *folk); /* by its keys, of one coin each; checks that none was
                                                   signed twice with other content */

/* request, in arena; pay it; take it. Each gives the file, or an empty span. */
struct span folk_request(struct folk *payee, uint64_t fen, struct id *request_id);
struct span folk_pay(struct folk *payer, struct span invoice, enum status *status);
struct handover_received folk_receive(struct folk *payee, struct span packet);
/* One payment from hand to hand that must go well, receipt included. */
void folk_hand_over(struct folk *payer, struct folk *payee, uint64_t fen);

#endif
