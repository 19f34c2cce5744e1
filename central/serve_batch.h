/* Calls that arrived together: one transaction, one flush, then the replies. */
#ifndef DCEP_CENTRAL_SERVE_BATCH_H
#define DCEP_CENTRAL_SERVE_BATCH_H

#include "central/service.h"
#include "common/net/net.h"

enum { SERVE_BATCH_CALLS_MAX = NET_CALLS_MAX };

struct serve_batch_call {
    struct net_request request; /* emptied by the answer */
    struct service_call *call;  /* prepared; NULL if that failed */
    enum err error;             /* of preparing */
};
/* How a step of all calls is done by many threads: begun, and waited for. One at a time. */
struct serve_batch_rounds {
    void *context;
    void (*begin)(void *context, struct serve_batch_call *calls, size_t count,
                  enum err (*step)(struct service_call *call));
    enum err (*end)(void *context);
};

/* What is done besides calls (serve_upkeep.h). in_batch: inside a batch's transaction, before its
 * calls; if it fails, the batch does without. undo: it was rolled back, be it for that or because
 * the batch failed. between: after a batch, or when there is none (is_idle), in transactions of its
 * own; fails with ERR_COMMIT_UNKNOWN only. */
struct serve_batch_chores {
    void *context;
    enum err (*in_batch)(void *context);
    void (*undo)(void *context);
    enum err (*between)(void *context, bool is_idle);
};
struct serve_batch_room {
    struct service *service;
    struct net_server *server;
    struct serve_batch_rounds rounds;
    struct serve_batch_chores chores; /* NULLs: none */
};

/* Handles all, and makes the replies, which are to be given after a store_flush.
 * ERR_COMMIT_UNKNOWN: who was not answered yet may not be, the database must be opened anew. Other
 * failures are answered and logged here. */
enum err serve_batch_write(const struct serve_batch_room *room, struct serve_batch_call *calls,
                           size_t count) MUST_USE;
/* Gives the reply to who has none yet, and closes the call; without is_flushed, silence. */
void serve_batch_answer(struct net_server *server, struct serve_batch_call *call, bool is_flushed);

#endif
