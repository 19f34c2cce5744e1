/* Loopback: a client whose calls are function calls, with the three faults a network has.
 *
 * 1. A lost request is never carried out; a lost reply was. The caller sees ERR_TIMEOUT for both
 *    and cannot tell them apart, as in life.
 * 2. A repeated request is carried out twice, with the same bytes; the caller gets the second
 *    reply.
 *
 * Never waits and never looks at a clock: the simulated world stays deterministic.
 */
#include "common/net/net.h"

#include <stdlib.h>

struct loopback {
    struct net_client base; /* first: a loopback is a client */
    struct net_loopback_options options;
};

static enum err carry_out(const struct loopback *loopback, struct buffer *reply,
                          struct span request)
{
    return loopback->options.handler(loopback->options.context, reply, request);
}

static enum err carry_out_unheard(const struct loopback *loopback, struct span request)
{
    struct buffer unheard AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    return carry_out(loopback, &unheard, request);
}

static enum net_loopback_fault next_fault(const struct loopback *loopback)
{
    if (loopback->options.fault == NULL)
        return NET_FAULT_NONE;
    return loopback->options.fault(loopback->options.context);
}

static enum err loopback_call(struct net_client *client, struct buffer *reply, struct span request,
                              uint64_t timeout_ms)
{
    const struct loopback *loopback = (const struct loopback *)client;
    (void)timeout_ms;
    switch (next_fault(loopback)) {
    case NET_FAULT_LOSE_REQUEST:
        return ERR_TIMEOUT;
    case NET_FAULT_LOSE_REPLY:
        (void)carry_out_unheard(loopback, request);
        return ERR_TIMEOUT;
    case NET_FAULT_REPEAT:
        (void)carry_out_unheard(loopback, request);
        return carry_out(loopback, reply, request);
    case NET_FAULT_NONE:
        break;
    }
    return carry_out(loopback, reply, request);
}

static void loopback_close(struct net_client *client)
{
    free(client);
}

static const struct net_client_ops LOOPBACK_OPS = {loopback_call, loopback_close, NULL};

enum err net_loopback_open(struct net_client **out, const struct net_loopback_options *options)
{
    struct loopback *loopback = calloc(1, sizeof *loopback);
    if (loopback == NULL)
        return ERR_MEMORY;
    loopback->base.ops = &LOOPBACK_OPS;
    loopback->options = *options;
    *out = &loopback->base;
    return ERR_OK;
}
