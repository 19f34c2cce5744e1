/* The counter: accounts, the limits of the signed policy, withdrawals into wallets. Pure.
 *
 * Invariants: 1 an account changes only with a line in the journal, in the same transaction. 2 a
 * withdrawal is debited once, whatever is repeated, and served until its tokens are here. 3 nobody
 * is debited without an order that is stored in the same transaction. */
#ifndef DCEP_INTERMEDIARY_TELLER_H
#define DCEP_INTERMEDIARY_TELLER_H

#include "intermediary/customers.h"

/* --- inside a transaction --- */
/* Over the counter: STATUS_OK, STATUS_UNKNOWN, STATUS_FUNDS, STATUS_RANGE. */
enum err teller_pay_in(struct branch_env *env, enum status *status, uint64_t customer,
                       struct amount amount, struct span note) MUST_USE;
enum err teller_pay_out(struct branch_env *env, enum status *status, uint64_t customer,
                        struct amount amount, struct span note) MUST_USE;
/* A deposit that the register settled. */
enum err teller_credit(struct branch_env *env, uint64_t customer, struct amount amount) MUST_USE;
/* An advance whose coin went to somebody else: what the account has of it. */
enum err teller_collect(struct branch_env *env, struct amount *taken, uint64_t customer,
                        struct amount amount) MUST_USE;
enum err teller_entries(struct branch_env *env, struct account_entry_list *out,
                        uint64_t customer) MUST_USE;

/* May this customer withdraw this now? One table of rules: STATUS_OK, or the first in the order of
 * status.h of STATUS_FUNDS, STATUS_LIMIT_PAYMENT, STATUS_LIMIT_DAY, STATUS_LIMIT_HELD. */
struct teller_position {
    struct amount balance, held, withdrawn_today;
};
enum status teller_judge(const struct limits *limits, const struct teller_position *position,
                         struct amount amount);

/* What is known to be in a customer's wallets moves with what is settled; never below zero. */
enum err teller_held_more(struct branch_env *env, uint64_t customer, struct amount amount) MUST_USE;
enum err teller_held_less(struct branch_env *env, uint64_t customer, struct amount amount) MUST_USE;

/* --- with transactions of their own --- */
/* WITHDRAW: STATUS_OK with the tokens, STATUS_PENDING (debited), STATUS_REUSED, STATUS_FORBIDDEN
 * (the key is not the sender's customer's, or is revoked), STATUS_SUM (the amounts do not add up),
 * STATUS_SIGNATURE, form statuses, those of teller_judge, STATUS_VAULT, STATUS_BUSY. */
enum err teller_withdraw(struct branch_env *env, enum status *status, struct tokens_reply *reply,
                         const struct withdraw_body *body,
                         const struct bank_wallet *sender) MUST_USE;
enum { TELLER_PAYOUTS_MAX = 32 }; /* gone on with by one teller_work: others wait for their turn */
/* Goes on with withdrawals that wait. *pending: some still do; branch->has_more: for their turn
 * only. */
enum err teller_work(struct branch_env *env, enum status *status, bool *pending) MUST_USE;

#endif
