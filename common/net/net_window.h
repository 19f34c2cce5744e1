/* How many calls at a time a callee takes from one caller: found out by asking. Pure; the caller
 * counts its calls and has the lock.
 *
 * As TCP finds its window (additive increase, multiplicative decrease: RFC 5681), but what is told
 * here is more than that something was lost: a callee that says "busy" says it while the other
 * calls of this caller are being worked on, so their number is what it takes; or one more, whose
 * answer met the refusal on its way. */
#ifndef DCEP_COMMON_NET_NET_WINDOW_H
#define DCEP_COMMON_NET_NET_WINDOW_H

#include <stddef.h>

/* Calls in a row, for each that is open, that were answered before one more is tried: a "busy" is
 * a whole request sent in vain. */
enum { NET_WINDOW_TRIES = 16 };

struct net_window {
    size_t open;     /* calls that may be under way: 1 to most */
    size_t most;     /* at least 1 */
    size_t answered; /* since it last changed */
};

struct net_window net_window_make(size_t most);
/* under_way: calls without the one that was told "busy". */
void net_window_busy(struct net_window *window, size_t under_way);
void net_window_answered(struct net_window *window);

#endif
