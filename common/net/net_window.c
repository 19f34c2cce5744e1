/* The window (contract in net_window.h). */
#include "common/net/net_window.h"

#include "common/base/err.h"

struct net_window net_window_make(size_t most)
{
    CHECK(most >= 1);
    return (struct net_window){.open = most, .most = most};
}

void net_window_busy(struct net_window *window, size_t under_way)
{
    const size_t taken = under_way + 1; /* of one more the answer may be on its way */
    window->answered = 0;
    if (under_way >= window->open || window->open == 1)
        return;
    window->open = taken < window->open ? taken : window->open - 1;
}

void net_window_answered(struct net_window *window)
{
    if (window->open == window->most || ++window->answered < NET_WINDOW_TRIES * window->open)
        return;
    window->open++;
    window->answered = 0;
}
