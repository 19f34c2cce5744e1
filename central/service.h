/* The central bank's server as a function from bytes to bytes: call in, reply out, rows in
 * between. The shell (serve.c) batches calls into one transaction and replies after its commit;
 * the simulated world calls it directly. Pure.  Invariants: 1 nobody is known but by the
 * signature of the call. 2 the same call id with another body is refused. 3 a reply may be sent
 * only after the transaction it was made in is committed. */
#ifndef DCEP_CENTRAL_SERVICE_H
#define DCEP_CENTRAL_SERVICE_H

#include "central/clones.h"
#include "central/register.h"
#include "common/money/call.h"

struct service {
    char network[NETWORK_SIZE_MAX + 1];
    struct public_key root_key;
    struct key_pair issuing_key, register_key, revocation_key;
    struct store *store;
    struct trust trust; /* of the newest directory and revocation list */
    struct arena trust_arena;
    uint64_t now;              /* set before each call */
    struct call_log pruned_to; /* where service_prune goes on */
    struct clones_round clones;
};
/* Filled in by the caller: network, keys, store. Loads trust from the rows. Inside a
 * transaction. */
enum err service_load_trust(struct service *service) MUST_USE;
void service_fini(struct service *service); /* wipes keys; does not close the store */

/* What the operator's commands work with, inside a transaction of theirs. */
struct register_env service_env(struct service *service, struct arena *arena);

/* What makes preparing cheaper and changes no answer. heeds: does what this bank says of the
 * signatures in so many bytes help (PROTOCOL 8.3, SETTLE)? misled: it said what is not so. From any
 * thread. */
struct service_aids {
    struct packet_proven proven; /* payments that need not be proved again */
    struct store *store; /* told what will be asked for (store_foresee); NULL: nobody is told */
    void *context;
    bool (*heeds)(void *context, uint64_t bank_id, size_t size);
    void (*misled)(void *context, uint64_t bank_id, size_t size);
};

/* A call in steps, so that a server may do in many threads what needs no rows:
 *
 *     open     the request is borrowed until close
 *     prepare  any thread: reads it, proves the signatures that can be proved without rows
 *     apply    inside a transaction, in the order of calls; `before`: the call applied before it in
 *              the same transaction, or NULL
 *     sign     any thread, once all calls of the transaction are applied
 *     store    inside the transaction, once all are signed
 *     seal     any thread, once all are signed: makes the reply, which may leave when it is on disk
 *
 * The answer is the same as service_handle's. A failure of any step: that of the transaction. */
struct service_call;
enum err service_call_open(struct service_call **out, struct span request) MUST_USE;
/* aids: NULL, or all of them but the store. Without, nothing is remembered and nobody heeded. */
enum err service_call_prepare(struct service_call *call, const struct trust *trust,
                              const struct service_aids *aids) MUST_USE;
enum err service_call_apply(struct service *service, struct service_call *call,
                            const struct service_call *before) MUST_USE;
enum err service_call_sign(struct service_call *call) MUST_USE;
enum err service_call_store(struct service *service, const struct service_call *call) MUST_USE;
enum err service_call_seal(struct service_call *call) MUST_USE;
struct span service_call_reply(const struct service_call *call);
void service_call_close(struct service_call **call); /* fit for AUTO */

/* One call. Inside a transaction (STORE_WRITE). Any failure of machinery: the caller rolls back
 * and answers service_refuse(STATUS_FAILED). A call may change the revocation list: the
 * register's rules ask the rows, never trust.revocations. */
enum err service_handle(struct service *service, struct buffer *reply,
                        struct span request) MUST_USE;
/* A reply for a call that failed (STATUS_FAILED) or was not taken (STATUS_BUSY; retry_ms: when
 * there may be room, 0 if nobody knows); under the call id of 16 zero bytes if the request cannot
 * be read. */
enum err service_refuse(struct service *service, struct buffer *reply, struct span request,
                        enum status status, uint64_t retry_ms) MUST_USE;
/* Call ids older than a call may be: deleted, at most count_max at a time. */
enum err service_prune(struct service *service, size_t count_max) MUST_USE;
/* Looks for clones among payments that settled (clones_look). Inside a transaction, before its
 * calls are applied; if it is not committed, service_forget_clones. */
enum err service_look_for_clones(struct service *service, bool *more, size_t count_min,
                                 size_t parts) MUST_USE;
void service_forget_clones(struct service *service);

#endif
