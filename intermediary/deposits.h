/* Deposits: a wallet's money into its owner's account, by a payment to the vault's key. Pure.
 *
 * Invariants: 1 genuine money to the vault is always kept. 2 it is credited to whoever asked for
 * the request that it was paid under, once, and only after it settled, whoever hands it in. */
#ifndef DCEP_INTERMEDIARY_DEPOSITS_H
#define DCEP_INTERMEDIARY_DEPOSITS_H

#include "intermediary/branch.h"

enum { DEPOSITS_REQUEST_S = 3600 };

/* DEPOSIT_REQUEST: the same deposit_id brings the same request; with another amount, or another
 * customer's: STATUS_REUSED. */
enum err deposits_request(struct branch_env *env, enum status *status,
                          struct deposit_request_reply *reply,
                          const struct deposit_request_body *body, uint64_t customer) MUST_USE;
/* DEPOSIT: STATUS_OK, STATUS_PENDING (kept, not settled yet), or the packet's verdict. A packet
 * that does not pay the vault is handed on all the same: its payee is credited by the register. */
enum err deposits_deposit(struct branch_env *env, enum status *status, struct deposit_reply *reply,
                          const struct deposit_body *body, uint64_t customer) MUST_USE;

/* --- inside a transaction --- */
struct deposits_intake {
    bool pays_vault;     /* genuine, and the vault's coins of it are kept now */
    enum status verdict; /* of the one verifier; OK if it does not pay the vault */
};
enum err deposits_take(struct branch_env *env, struct deposits_intake *out,
                       struct span packet) MUST_USE;
/* Could it pay the vault? Cheap; may err on the side of yes. */
bool deposits_may_pay(const struct branch_env *env, struct span packet);
/* A payment that settled, the first time: what of it pays the vault is credited. */
enum err deposits_credit(struct branch_env *env, const struct payment *payment) MUST_USE;
/* A payment that made a coin which the register says the vault owns. */
enum err deposits_found(struct branch_env *env, const struct cose *payment) MUST_USE;

#endif
