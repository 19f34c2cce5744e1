/* The steps of a sync, and what they share. Of this room only. */
#ifndef DCEP_WALLET_SYNC_SYNC_STEP_H
#define DCEP_WALLET_SYNC_SYNC_STEP_H

#include "wallet/sync/sync.h"

struct sync_run {
    struct wallet *wallet;
    struct sync_report *report;
    bool is_stopped; /* the bank does not answer, or cannot reach the register: try another time */
};

/* A call signed with my current key, or with `pair`. *status is STATUS_UNREACHABLE whenever the
 * answer is not known (and for STATUS_BUSY); reply is zeroed then. Errors are the machinery's here:
 * a wrong PIN, a broken store. */
enum err sync_call(struct wallet *wallet, enum status *status, void *reply, enum verb verb,
                   const void *body, const struct key_pair *pair, struct arena *arena) MUST_USE;
/* Not an answer to what was asked: asking again, the same, may give another one. */
bool sync_is_transient(enum status status);
/* Books a status other than OK in the report; unreachable and pending stop the run. */
void sync_note(struct sync_run *run, enum status status);
void sync_note_news(struct sync_run *run, const struct purse_news *news);

/* A packet's result is the register's word only if it names every payment of the packet. Learned in
 * one transaction; *status as of purse_learn, STATUS_SIGNATURE if it does not cover the packet. */
struct sync_result {
    struct span packet;
    const struct settle_result *result;
    const struct cose *settled; /* NULL: none */
    struct purse_inbox *entry;  /* closed if not NULL and the word is good */
    enum status *status;
    struct purse_news *news;
};
enum err sync_learn(struct wallet *wallet, const struct sync_result *result) MUST_USE;

/* In this order. */
enum err sync_rejoin(struct sync_run *run) MUST_USE;      /* restored: a key of its own first */
enum err sync_resume(struct sync_run *run) MUST_USE;      /* signed is what was marked */
enum err sync_fetch(struct sync_run *run) MUST_USE;       /* directory, revocation list */
enum err sync_deposits(struct sync_run *run) MUST_USE;    /* those not answered yet */
enum err sync_settle(struct sync_run *run) MUST_USE;      /* inbox and outbox */
enum err sync_withdrawals(struct sync_run *run) MUST_USE; /* those not answered yet */
enum err sync_orders(struct sync_run *run) MUST_USE;      /* those not answered yet */
enum err sync_claims(struct sync_run *run) MUST_USE;      /* an order for each orphan */
enum err sync_older(struct sync_run *run) MUST_USE;       /* what comes back of lost wallets */
enum err sync_owned(struct sync_run *run) MUST_USE;       /* what the register says is mine */
enum err sync_certify(struct sync_run *run) MUST_USE;     /* a new key */
enum err sync_exchange(struct sync_run *run) MUST_USE;    /* everything AVAILABLE to it */

/* Settles these packets only; also outside a sync. */
enum err sync_settle_packet(struct sync_run *run, struct span packet) MUST_USE;

#endif
