/* Money of lost wallets: from a coin's redeem-by day on the bank has it voided and minted anew to
 * its customer's new key; before that it may pay him in advance, at its own risk, and takes the
 * coin itself when its day comes. Orphans of lost wallets are claimed likewise. Pure.
 *
 * A key is lost when the bank gave it up (certify_give_up, certify_revoke). A wallet that is only
 * offline for long is not: its owner exchanges his old coins himself.
 *
 * Invariants: 1 an advance is durable before the order that pays it leaves; a coin is advanced
 * once. 2 what the register says of a coin decides, and it says the same again: a lost answer
 * costs nothing. 3 an advance is never more than the coins it is paid for, nor above the bank's
 * limits. 4 whose coin was paid to somebody else owes the advance: his account is debited, the
 * rest is shown. */
#ifndef DCEP_INTERMEDIARY_RECOVERY_H
#define DCEP_INTERMEDIARY_RECOVERY_H

#include "intermediary/branch.h"

struct recovery_sum {
    uint64_t count;
    struct amount amount;
};
struct recovery_report {
    struct recovery_sum refunded; /* to the customer's new key */
    struct recovery_sum claimed;  /* orphans */
    struct recovery_sum waiting;  /* not yet of their day */
    struct recovery_sum advanced; /* paid in advance before: these come to the vault */
    uint64_t next_day;            /* of those that wait, the first one; 0: none */
};

/* --- with transactions of their own; all ask the central bank: STATUS_UNREACHABLE --- */
/* What is due of a customer's lost wallets. STATUS_OK, STATUS_STATE (he has no wallet that the
 * money could go to). */
enum err recovery_refund(struct branch_env *env, enum status *status, struct recovery_report *out,
                         uint64_t customer) MUST_USE;
struct recovery_advance {
    struct amount wanted;                 /* at most; all that there is: AMOUNT_MAX */
    struct amount customer_max, bank_max; /* of advances that are open, of one and of all */
    struct amount paid;                   /* out */
    struct amount left;                   /* out: of these limits, before */
    uint64_t count;                       /* out: coins */
};
/* Whole coins, the largest first, that together are at most `wanted`. STATUS_OK, STATUS_PENDING
 * (durable, paid later), STATUS_STATE as above, STATUS_UNKNOWN (no coin fits), STATUS_LIMIT_HELD
 * (above the limits, unless all were wanted), STATUS_VAULT, STATUS_BUSY. */
enum err recovery_advance(struct branch_env *env, enum status *status,
                          struct recovery_advance *advance, uint64_t customer) MUST_USE;
/* LOST: the same in short, for the customer's own wallet; nothing is refunded by it. */
enum err recovery_tell(struct branch_env *env, enum status *status, struct lost_reply *out,
                       uint64_t customer) MUST_USE;
/* Goes on with advances that were ordered, takes what they bring in, and, once a day, has refunded
 * what is due of all lost wallets: RECOVERY_KEYS at a time; branch->has_more: there are others. */
enum { RECOVERY_KEYS = HELD_KEYS_MAX };
enum err recovery_work(struct branch_env *env, enum status *status, bool *pending) MUST_USE;

/* --- inside a transaction --- */
/* A customer's advances; customer 0: all. */
enum err recovery_advances(struct branch_env *env, struct advance_list *out,
                           uint64_t customer) MUST_USE;

#endif
