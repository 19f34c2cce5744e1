/* Which connections a server keeps when more come than it has places. Private to this room; pure.
 *
 * A caller is worth its place by calling: a connection that has not called yet counts as silent for
 * NET_CONNECTIONS_TRIAL_MS when it opens, so a flood of idle connections pushes itself out before
 * it pushes out anybody who called within that time.
 */
#ifndef DCEP_COMMON_NET_NET_CONNECTIONS_H
#define DCEP_COMMON_NET_NET_CONNECTIONS_H

#include <stdint.h>

enum { NET_CONNECTIONS_MAX = 256, NET_CONNECTIONS_TRIAL_MS = 60000 };

/* Zeroed = empty. A connection is known by its number, never 0; times are monotonic. */
struct net_connections {
    struct net_connection {
        uint32_t number; /* 0: a free place */
        uint64_t active_ms;
    } items[NET_CONNECTIONS_MAX];
};
/* The number of the connection that lost its place, the one silent longest; 0: there was room. */
uint32_t net_connections_add(struct net_connections *connections, uint32_t number, uint64_t now_ms);
/* It called. */
void net_connections_touch(struct net_connections *connections, uint32_t number, uint64_t now_ms);
void net_connections_remove(struct net_connections *connections, uint32_t number);

#endif
