/* Between wallets and the register: packets handed in, orders, questions. Pure.
 *
 * Invariants: 1 a packet that was taken is kept until the register has answered it, and booked
 * once.
 * 2 wallets get each outcome with its place in the tree that the register signed. 3 the relay
 * decides nothing: it can delay, not change. 4 what nobody could settle is answered, not kept: it
 * runs the register's own checks, as far as they need no row of the register. */
#ifndef DCEP_INTERMEDIARY_RELAY_H
#define DCEP_INTERMEDIARY_RELAY_H

#include "intermediary/branch.h"

enum {
    RELAY_QUEUE_MAX = 65536,          /* packets that wait; beyond, STATUS_BUSY */
    RELAY_CUSTOMER_MAX = 1024,        /* of them, of one customer; beyond, STATUS_BUSY */
    RELAY_CALL_SIZE_MAX = 256 * 1024, /* of one call's packets: outcomes with paths fit a reply */
    RELAY_BATCH_SIZE = 64 * 1024,     /* of what is sent at once: packets and commitments */
    RELAY_BATCHES_MAX = 8,            /* sent by one relay_work: others wait for their turn */
    RELAY_OWN_S = 10, /* what waits longer is in nobody's call any more: relay_work's */
};

/* SETTLE: STATUS_OK; STATUS_PENDING (kept; each result has status PENDING, or says why its packet
 * was not kept); STATUS_BUSY; STATUS_LIMIT (more than RELAY_CALL_SIZE_MAX at once). */
enum err relay_settle(struct branch_env *env, enum status *status, struct settle_reply *reply,
                      const struct settle_body *body, uint64_t customer) MUST_USE;
/* Inside a transaction: into the queue, once; nothing is sent. STATUS_OK; STATUS_BUSY: too many
 * wait. */
enum err relay_keep(struct branch_env *env, enum status *status, struct span packet,
                    uint64_t customer) MUST_USE;
/* EXCHANGE of a wallet and OWNED: the register's answer, or STATUS_UNREACHABLE. */
enum err relay_exchange(struct branch_env *env, enum status *status, struct order_reply *reply,
                        const struct order_body *body) MUST_USE;
enum err relay_owned(struct branch_env *env, enum status *status, struct owned_reply *reply,
                     const struct owned_body *body) MUST_USE;

/* The paths of an order's inputs; of a SETTLE's leaves. The register sends the whole tree
 * without. */
enum err relay_place_order(struct branch_env *env, struct order_reply *reply) MUST_USE;
enum err relay_place(struct branch_env *env, struct settle_reply *reply) MUST_USE;

/* A settled payment, for the first time: what is held moves, deposits are credited. *fresh: it was
 * the first time. Inside a transaction. */
enum err relay_book(struct branch_env *env, bool *fresh, const struct id *payment_id) MUST_USE;

/* The queue goes on, by RELAY_BATCHES_MAX at most. *pending: some still waits; branch->has_more:
 * for its turn only. */
enum err relay_work(struct branch_env *env, enum status *status, bool *pending) MUST_USE;
struct relay_totals {
    uint64_t waiting_count, done_count;
    uint64_t oldest_at; /* when the oldest waiting one came; 0: none waits */
};
enum err relay_totals(struct branch_env *env, struct relay_totals *out) MUST_USE;

#endif
