/* Which connections a server keeps when more come than it has places.
 *
 * 1. There is always a place for the newest: the one silent longest loses its own.
 * 2. Who called within NET_CONNECTIONS_TRIAL_MS keeps its place as long as there is one that has
 *    not called yet.
 *
 * Never closes anything: the server does.
 */
#include "common/net/net_connections.h"

#include <stddef.h>

static struct net_connection *find(struct net_connections *connections, uint32_t number)
{
    for (size_t i = 0; i < NET_CONNECTIONS_MAX; i++) {
        if (connections->items[i].number == number)
            return &connections->items[i];
    }
    return NULL;
}

static struct net_connection *most_silent(struct net_connections *connections)
{
    struct net_connection *found = &connections->items[0];
    for (size_t i = 1; i < NET_CONNECTIONS_MAX; i++) {
        if (connections->items[i].active_ms < found->active_ms)
            found = &connections->items[i];
    }
    return found;
}

uint32_t net_connections_add(struct net_connections *connections, uint32_t number, uint64_t now_ms)
{
    struct net_connection *place = find(connections, 0);
    if (place == NULL)
        place = most_silent(connections);
    uint32_t evicted = place->number;
    uint64_t trial_ms = NET_CONNECTIONS_TRIAL_MS;
    place->number = number;
    place->active_ms = now_ms > trial_ms ? now_ms - trial_ms : 0;
    return evicted;
}

void net_connections_touch(struct net_connections *connections, uint32_t number, uint64_t now_ms)
{
    struct net_connection *known = find(connections, number);
    if (known != NULL)
        known->active_ms = now_ms;
}

void net_connections_remove(struct net_connections *connections, uint32_t number)
{
    struct net_connection *known = find(connections, number);
    if (known != NULL)
        *known = (struct net_connection){0};
}
