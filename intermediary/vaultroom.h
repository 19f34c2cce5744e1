/* The vault's coins: ordered with the reserve, given back to it, exchanged, claimed. Pure.
 *
 * An order to the register is durable, marked and signed, each in a transaction, before it leaves;
 * it is sent as the same bytes until it is answered.
 *
 * Invariants: 1 a vault coin is named by one plan at most (purse.h). 2 what an answered order
 * leaves to do (tokens of a withdrawal, the end of a return) is written in the transaction that
 * learns the answer. 3 expiry doesn't stop an order: the register never judges by dates. */
#ifndef DCEP_INTERMEDIARY_VAULTROOM_H
#define DCEP_INTERMEDIARY_VAULTROOM_H

#include "intermediary/branch.h"

enum {
    VAULTROOM_PARTS = 16,        /* coins of an issue order: many withdrawals can be on their way */
    VAULTROOM_COINS_WANTED = 64, /* above this, small coins are merged */
};

/* --- for people --- */
/* STATUS_OK (done), STATUS_PENDING (waits for the operator, or for the central bank), STATUS_FUNDS
 * (over the reserve), STATUS_REJECTED. */
enum err vaultroom_order(struct branch_env *env, enum status *status, uint64_t *number,
                         struct amount amount) MUST_USE;
/* STATUS_OK, STATUS_PENDING, STATUS_VAULT. */
enum err vaultroom_return(struct branch_env *env, enum status *status, uint64_t *number,
                          struct amount amount) MUST_USE;
enum err vaultroom_orders(struct branch_env *env, struct vault_order_list *out) MUST_USE;
enum err vaultroom_returns(struct branch_env *env, struct vault_return_list *out) MUST_USE;

/* --- for withdrawals --- */
/* Inside a transaction: an exchange of vault coins into outputs, the rest back to the vault,
 * reserved and marked. STATUS_OK, STATUS_VAULT (not enough), STATUS_BUSY (enough, but in too many
 * coins: they are merged by vaultroom_work), STATUS_LIMIT (no room for the change among the
 * outputs). */
enum err vaultroom_reserve(struct branch_env *env, enum status *status, struct id *plan_id,
                           const struct output *outputs, size_t count) MUST_USE;
/* What is written with the answer, in its transaction. used: the order was carried out. */
struct vaultroom_answer {
    const struct purse_plan *plan;
    const struct order_reply *reply;
    bool used;
};
/* Signs if need be, sends, learns. STATUS_OK: answered; STATUS_PENDING: not yet. hook may be
 * NULL. */
enum err vaultroom_send(struct branch_env *env, enum status *status, const struct id *plan_id,
                        enum err (*hook)(struct branch_env *env,
                                         const struct vaultroom_answer *answer, void *context),
                        void *context) MUST_USE;

/* Goes on with issue orders, returns, claims and merges; *pending: something waits. Stops at once
 * when the central bank cannot be reached: STATUS_UNREACHABLE. */
enum err vaultroom_work(struct branch_env *env, enum status *status, bool *pending) MUST_USE;
/* What the register says the vault owns: compensations, deposits that were handed in elsewhere. */
enum err vaultroom_ask(struct branch_env *env, enum status *status) MUST_USE;

#endif
