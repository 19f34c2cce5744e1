/* The bank's server as a function from bytes to bytes: a wallet's call in, a reply out, rows and
 * calls to the central bank in between. Time, randomness and the way to the central bank are passed
 * in.
 *
 * Something must be durable before the central bank is called, and something after it answered. So
 * a call is a few steps, each a transaction of its own (branch_run), and none is open while the
 * central bank is asked (branch_call).
 *
 * Invariants:
 *  1. Nobody is known but by the signature of the call; the same call id with another body is
 *     refused.
 *  2. What a step wrote is kept only if its status is OK or PENDING.
 *  3. Nothing leaves for the central bank that is not durable: orders, packets, certificates.
 *  4. What was acknowledged is resumed by branch_work until it is done: queue, withdrawals, orders.
 * Never: a name, a phone or an id number in a message to the central bank; a clock, a socket, a
 * file. */
#ifndef DCEP_INTERMEDIARY_BRANCH_H
#define DCEP_INTERMEDIARY_BRANCH_H

#include "common/money/call.h"
#include "common/purse/purse.h"
#include "intermediary/bank_tables.h"

enum { BRANCH_SUSPECTS = 4096 }; /* marks; a collision costs another a check */
struct branch {
    /* Filled in by the caller: */
    struct store *store; /* bank_schema; no transaction open between calls of this header */
    struct key_pair bank_key, vault_key;
    uint64_t now; /* Unix seconds; set before each call */
    void *random_context;
    void (*random)(void *context, void *out, size_t size);
    void *central_context;
    /* One sealed call to the central bank and its reply's bytes. Any error: it may or may not have
     * been carried out. NULL: never reachable. */
    enum err (*central)(void *context, struct buffer *reply, struct span request);
    /* Filled in by branch_load: */
    char network[NETWORK_SIZE_MAX + 1];
    uint64_t bank_id; /* 0: not admitted yet; no trust then */
    struct public_key root_key;
    struct trust trust; /* of the newest directory and revocation list */
    struct arena trust_arena;
    /* For people: */
    enum status central_status; /* of the last call to the central bank */
    uint64_t central_at;        /* when it last answered; 0: never */
    struct bank_call pruned_to; /* where branch_prune goes on */
    size_t payout_at;           /* where teller_work goes on */
    bool has_more;  /* of the last branch_work: some waits for its turn only, call it again */
    bool has_asked; /* what the vault owns, since the start */
    /* Customers, by number, who once handed in what the register found badly signed. */
    uint8_t suspects[BRANCH_SUSPECTS];
    size_t in_flight; /* calls of relay_batch.h that the register has not answered yet */
    uint64_t asked_at;
    uint64_t recovered_day;         /* when recovery_work last went round; 0: not since the start */
    struct public_key recovered_to; /* where it goes on; all zero: at the beginning */
    struct advance advances_to;     /* where recovery_advances_work goes on; zeros: the beginning */
};

/* Of a new database: who this bank is. Its vault's key becomes the purse's. A transaction of its
 * own. ERR_EXISTS. */
enum err branch_create(struct branch *branch, const char *network, const char *name) MUST_USE;
/* Reads what is stored: at start, and after anything of it changed. ERR_MISSING: never created. */
enum err branch_load(struct branch *branch) MUST_USE;
void branch_fini(struct branch *branch); /* wipes keys; does not close the store */

/* The central bank's answer to this bank's enrolment: everything is verified, nothing is believed
 * for how it came but the root key. STATUS_OK, form statuses, STATUS_SIGNATURE, STATUS_CERTIFICATE
 * (another bank's, or not in the directory), STATUS_REUSED (admitted under another root or id). */
enum err branch_admit(struct branch *branch, enum status *status,
                      const struct admission *admission) MUST_USE;

/* One call of a wallet. ERR_COMMIT_UNKNOWN: do not answer, the wallet asks again. Any other
 * failure: answer with branch_refuse. */
enum err branch_handle(struct branch *branch, struct buffer *reply, struct span request) MUST_USE;
enum err branch_refuse(struct branch *branch, struct buffer *reply, struct span request,
                       enum status status) MUST_USE;
/* Goes on with everything that waits, and fetches directory and revocation list when they may be
 * old. *pending: something still waits, come back soon. */
enum err branch_work(struct branch *branch, bool *pending) MUST_USE;
enum { BRANCH_FETCH_S = 15, BRANCH_ASK_S = 600 };

/* --- inside the bank: what its modules share --- */

struct branch_env {
    struct branch *branch;
    struct purse_env purse; /* store, trust, now, arena: of the vault's purse and of everything */
};
void branch_env_open(struct branch_env *out, struct branch *branch, struct arena *arena);
/* One transaction. step's changes stay if it gives ERR_OK and *status is OK or PENDING. */
enum err branch_run(struct branch_env *env, enum status *status,
                    enum err (*step)(struct branch_env *env, enum status *status, void *context),
                    void *context) MUST_USE;
/* A call to the central bank, signed by the bank's key. *status is its status; STATUS_UNREACHABLE
 * whenever it is not known, or says only that it could not be taken now. reply: the verb's reply,
 * zeroed without a body; it lives in the arena. No transaction is open. */
enum err branch_call(struct branch_env *env, enum status *status, void *reply, enum verb verb,
                     const void *body) MUST_USE;
/* What a call to the central bank came to: *status in is what the reply said, out what it means
 * here, as of branch_call. */
enum err branch_heard(struct branch *branch, enum status *status, enum err error) MUST_USE;
void branch_random(struct branch_env *env, void *out, size_t size);
bool branch_is_done(enum status status); /* OK or PENDING: what was written stays */
/* Of a call that came in, inside a transaction: is it a SETTLE of a wallet that may send one? First
 * who says to have sent it, so that the signatures of many are verified together
 * (call_prove_many), then the rest. If it is not admitted nothing was written, and branch_handle
 * says why. */
struct branch_caller {
    bool is_known; /* and it is a SETTLE; nothing is proved yet */
    struct bank_wallet wallet;
};
enum err branch_meet_settle(struct branch_env *env, struct branch_caller *out,
                            const struct call_frame *frame) MUST_USE;
enum err branch_admit_settle(struct branch_env *env, bool *admitted, struct settle_body *body,
                             const struct branch_caller *caller,
                             const struct call_frame *frame) MUST_USE;

enum err branch_find(struct branch_env *env, bool *found, const struct table *table,
                     void *row) MUST_USE;
/* Rows equal in an index's first fields (index_number -1: the key's). */
enum err branch_rows(struct branch_env *env, struct list *out, const struct table *table,
                     int index_number, size_t prefix_count, const void *from) MUST_USE;
/* The first of them; *found false and ERR_OK if there is none. */
enum err branch_first(struct branch_env *env, bool *found, const struct table *table,
                      int index_number, size_t prefix_count, void *row) MUST_USE;
enum err branch_next_number(struct branch_env *env, uint64_t *number) MUST_USE;
enum err branch_next_numbers(struct branch_env *env, uint64_t *first, uint64_t count) MUST_USE;
enum err branch_next_customer(struct branch_env *env, uint64_t *number) MUST_USE;

/* Call ids older than a call may be: deleted, in a stretch of count_max rows at a time, and round
 * again. Inside a transaction. */
enum err branch_prune(struct branch_env *env, size_t count_max) MUST_USE;

/* Directory and revocation list from the central bank, verified and stored. */
enum err branch_fetch(struct branch *branch, enum status *status) MUST_USE;

#endif
