/* Inside recovery: what its files share. Not for other files. */
#ifndef DCEP_INTERMEDIARY_RECOVERY_COIN_H
#define DCEP_INTERMEDIARY_RECOVERY_COIN_H

#include "intermediary/recovery.h"

/* A coin that the register says lies at a lost key. */
struct recovery_coin {
    struct held_coin held;
    uint64_t customer;
    bool is_advanced;
};
struct recovery_coin_list {
    struct recovery_coin *items;
    size_t count;
};
enum { RECOVERY_UNSPENT = 1, RECOVERY_ORPHAN = 3 }; /* states of a held coin: PROTOCOL.md 8.4 */

/* What these keys hold at the register. No transaction is open. */
enum err recovery_held(struct branch_env *env, enum status *status, struct recovery_coin_list *out,
                       const struct bank_wallet_list *wallets) MUST_USE;
/* Inside a transaction: a customer's lost keys. */
enum err recovery_lost_keys(struct branch_env *env, struct bank_wallet_list *out,
                            uint64_t customer) MUST_USE;
/* Inside a transaction: the newest key of a customer that is good. */
enum err recovery_new_key(struct branch_env *env, bool *found, struct public_key *out,
                          uint64_t customer) MUST_USE;
/* REFUND, and the register's word on each item; *tokens: of those that name a coin, in their
 * order. No transaction is open. STATUS_OK; else nothing is known. */
enum err recovery_ask(struct branch_env *env, enum status *status, struct refunds *out,
                      struct signed_item_list *tokens, struct refund_item_list items) MUST_USE;
/* Has what is due of these coins refunded. No transaction is open. report may be NULL. */
enum err recovery_take(struct branch_env *env, enum status *status, struct recovery_report *report,
                       const struct recovery_coin_list *coins) MUST_USE;
/* Advances: goes on with those ordered; takes those due. */
enum err recovery_advances_work(struct branch_env *env, enum status *status,
                                bool *pending) MUST_USE;

#endif
