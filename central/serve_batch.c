/* Batches of calls.
 *
 * 1. No reply leaves before the transaction it was made in is durable: batches are committed early
 *    and answered by whoever flushed them.
 * 2. One call whose handling fails spoils no other: the batch is rolled back and each call gets a
 *    transaction of its own.
 * 3. A commit whose result is unknown is answered by silence: callers ask again, and the rows know.
 * 4. The log of call ids stays bounded: for each call, PRUNED_PER_CALL rows are looked at.
 *
 * Never looks into a call: that is the service's. */
#include "central/serve_batch.h"

#include "common/base/log.h"
#include "common/base/time.h"

enum { PRUNED_PER_CALL = 2 };

/* ---- all in one transaction ---- */

static enum err apply_all(struct service *service, struct serve_batch_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRY(calls[i].error);
        TRY(service_call_apply(service, calls[i].call, i > 0 ? calls[i - 1].call : NULL));
    }
    return ERR_OK;
}

static enum err sign_all(struct service *service, struct serve_batch_call *calls, size_t count,
                         const struct serve_batch_rounds *rounds)
{
    rounds->begin(rounds->context, calls, count, service_call_sign);
    TRY(rounds->end(rounds->context));
    for (size_t i = 0; i < count; i++)
        TRY(service_call_store(service, calls[i].call));
    return ERR_OK;
}

/* The workers make the replies meanwhile. */
static enum err commit(struct service *service, struct serve_batch_call *calls, size_t count,
                       const struct serve_batch_rounds *rounds)
{
    rounds->begin(rounds->context, calls, count, service_call_seal);
    const enum err committed = store_commit_early(service->store);
    const enum err sealed = rounds->end(rounds->context);
    return committed != ERR_OK ? committed : sealed;
}

static void roll_back(const struct serve_batch_room *room)
{
    store_rollback(room->service->store);
    if (room->chores.undo != NULL)
        room->chores.undo(room->chores.context);
}

/* With the chores that are due, if they go well. */
static enum err begin(const struct serve_batch_room *room)
{
    struct store *store = room->service->store;
    TRY(store_begin(store, STORE_WRITE));
    if (room->chores.in_batch == NULL)
        return ERR_OK;
    const enum err error = room->chores.in_batch(room->chores.context);
    if (error == ERR_OK)
        return ERR_OK;
    log_line(LOG_LEVEL_WARN, "central.chore_failed error=%s", err_name(error));
    roll_back(room);
    return store_begin(store, STORE_WRITE);
}

static enum err handle_all(const struct serve_batch_room *room, struct serve_batch_call *calls,
                           size_t count)
{
    struct service *service = room->service;
    TRY(begin(room));
    TRY(apply_all(service, calls, count));
    TRY(sign_all(service, calls, count, &room->rounds));
    TRY(service_prune(service, PRUNED_PER_CALL * count));
    return commit(service, calls, count, &room->rounds);
}

static void answer(struct net_server *server, struct net_request *request, struct span reply)
{
    if (reply.size > 0)
        net_server_reply(server, request, reply);
    else
        net_server_drop(server, request);
}

/* ---- each in one of its own ---- */

static enum err handle_one(struct service *service, struct buffer *reply, struct span request)
{
    TRY(store_begin(service->store, STORE_WRITE));
    TRY(service_handle(service, reply, request));
    TRY(service_prune(service, PRUNED_PER_CALL));
    return store_commit(service->store);
}

static enum err handle_alone(struct service *service, struct buffer *reply, struct span request)
{
    const enum err error = handle_one(service, reply, request);
    if (error == ERR_OK || error == ERR_COMMIT_UNKNOWN)
        return error;
    store_rollback(service->store);
    log_line(LOG_LEVEL_ERROR, "central.call_failed error=%s", err_name(error));
    buffer_fini(reply);
    *reply = (struct buffer){.limit = NET_SIZE_MAX};
    return service_refuse(service, reply, request, error == ERR_BUSY ? STATUS_BUSY : STATUS_FAILED,
                          0);
}

static enum err each_alone(struct service *service, struct net_server *server,
                           struct serve_batch_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer reply AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
        const enum err error = handle_alone(service, &reply, calls[i].request.bytes);
        if (error == ERR_COMMIT_UNKNOWN)
            return error;
        /* not even a refusal could be made: silence */
        answer(server, &calls[i].request,
               error == ERR_OK ? buffer_span(&reply) : (struct span){NULL, 0});
    }
    return ERR_OK;
}

enum err serve_batch_write(const struct serve_batch_room *room, struct serve_batch_call *calls,
                           size_t count)
{
    struct service *service = room->service;
    CHECK(count <= SERVE_BATCH_CALLS_MAX);
    service->now = time_now();
    const enum err error = handle_all(room, calls, count);
    if (error == ERR_COMMIT_UNKNOWN)
        return error;
    if (error != ERR_OK) {
        roll_back(room);
        log_line(LOG_LEVEL_WARN, "central.batch_failed calls=%zu error=%s", count, err_name(error));
        return each_alone(service, room->server, calls, count);
    }
    log_line(LOG_LEVEL_DEBUG, "central.batch calls=%zu", count);
    return ERR_OK;
}

void serve_batch_answer(struct net_server *server, struct serve_batch_call *call, bool is_flushed)
{
    const struct span silence = {NULL, 0};
    if (call->request.handle != NULL) /* silence: nobody can tell what became of it */
        answer(server, &call->request, is_flushed ? service_call_reply(call->call) : silence);
    service_call_close(&call->call);
}
