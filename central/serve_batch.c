/* Batches of calls.
 *
 * 1. No reply leaves before the transaction it was made in is durable.
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

struct replies {
    struct buffer items[NET_CALLS_MAX];
};

static void replies_fini(struct replies *replies)
{
    for (size_t i = 0; i < NET_CALLS_MAX; i++)
        buffer_fini(&replies->items[i]);
}

static enum err handle_all(struct service *service, struct buffer *replies,
                           const struct net_request *requests, size_t count)
{
    TRY(store_begin(service->store, STORE_WRITE));
    for (size_t i = 0; i < count; i++)
        TRY(service_handle(service, &replies[i], requests[i].bytes));
    TRY(service_prune(service, PRUNED_PER_CALL * count));
    return store_commit(service->store);
}

static enum err handle(struct service *service, struct buffer *replies,
                       const struct net_request *requests, size_t count)
{
    service->now = time_now();
    for (size_t i = 0; i < count; i++) {
        buffer_fini(&replies[i]);
        replies[i] = (struct buffer){.limit = NET_SIZE_MAX};
    }
    enum err error = handle_all(service, replies, requests, count);
    if (error != ERR_OK && error != ERR_COMMIT_UNKNOWN)
        store_rollback(service->store);
    return error;
}

static enum err handle_alone(struct service *service, struct buffer *reply,
                             const struct net_request *request)
{
    enum err error = handle(service, reply, request, 1);
    if (error == ERR_OK || error == ERR_COMMIT_UNKNOWN)
        return error;
    log_line(LOG_LEVEL_ERROR, "central.call_failed error=%s", err_name(error));
    buffer_fini(reply);
    *reply = (struct buffer){.limit = NET_SIZE_MAX};
    return service_refuse(service, reply, request->bytes,
                          error == ERR_BUSY ? STATUS_BUSY : STATUS_FAILED);
}

static void answer(struct net_server *server, struct net_request *request,
                   const struct buffer *reply)
{
    if (reply->size > 0)
        net_server_reply(server, request, buffer_span(reply));
    else
        net_server_drop(server, request);
}

static enum err each_alone(struct service *service, struct net_server *server,
                           struct net_request *requests, size_t count, struct buffer *replies)
{
    for (size_t i = 0; i < count; i++) {
        const enum err error = handle_alone(service, &replies[i], &requests[i]);
        if (error == ERR_COMMIT_UNKNOWN)
            return error;
        if (error != ERR_OK) /* not even a refusal could be made */
            buffer_fini(&replies[i]);
        answer(server, &requests[i], &replies[i]);
    }
    return ERR_OK;
}

enum err serve_batch(struct service *service, struct net_server *server,
                     struct net_request *requests, size_t count)
{
    struct replies replies AUTO(replies_fini) = {{{0}}};
    CHECK(count <= NET_CALLS_MAX);
    const enum err error = handle(service, replies.items, requests, count);
    if (error == ERR_COMMIT_UNKNOWN)
        return error;
    if (error != ERR_OK) {
        log_line(LOG_LEVEL_WARN, "central.batch_failed calls=%zu error=%s", count, err_name(error));
        return each_alone(service, server, requests, count, replies.items);
    }
    log_line(LOG_LEVEL_DEBUG, "central.batch calls=%zu", count);
    for (size_t i = 0; i < count; i++)
        answer(server, &requests[i], &replies.items[i]);
    return ERR_OK;
}
