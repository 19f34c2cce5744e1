/* How many calls at a time: what a "busy" says and what answers say, one line an event. */
#include "common/net/net_window.h"

#include <criterion/criterion.h>

enum { MOST = 4 };

struct event {
    int answered;      /* so many calls, or */
    size_t under_way;  /* told "busy" beside so many others */
    size_t open_after; /* expected */
};

Test(net_window, finds_what_is_taken)
{
    static const struct event events[] = {
        {1000, 0, MOST}, /* nothing is refused: all of them */
        {0, 3, 3},       /* three are being worked on: three are taken */
        {0, 3, 3},       /* known */
        {3 * NET_WINDOW_TRIES - 1, 0, 3},
        {1, 0, MOST}, /* one more is tried */
        {0, 2, 3},    /* three were taken: the answer of one met the refusal */
        {0, 2, 2},    /* it did not */
        {2 * NET_WINDOW_TRIES, 0, 3},
        {3 * NET_WINDOW_TRIES, 0, MOST},
        {0, 0, 1}, /* none: we go on asking with one */
        {NET_WINDOW_TRIES - 1, 0, 1},
        {0, 0, 1}, /* refused: counted anew */
        {NET_WINDOW_TRIES - 1, 0, 1},
        {1, 0, 2},
        {0, 1, 1}, /* others came: one of ours is taken */
        {NET_WINDOW_TRIES, 0, 2},
        {2 * NET_WINDOW_TRIES, 0, 3},
        {3 * NET_WINDOW_TRIES, 0, MOST},
        {1000, 0, MOST},
    };
    struct net_window window = net_window_make(MOST);
    cr_assert_eq(window.open, MOST);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        for (int call = 0; call < events[i].answered; call++)
            net_window_answered(&window);
        if (events[i].answered == 0)
            net_window_busy(&window, events[i].under_way);
        cr_expect_eq(window.open, events[i].open_after, "event %zu: %zu", i, window.open);
    }
}

/* A window that shrank while calls were under way does not grow by a "busy". */
Test(net_window, a_refusal_never_opens_it)
{
    struct net_window window = net_window_make(MOST);
    net_window_busy(&window, 1);
    net_window_busy(&window, 3);
    cr_expect_eq(window.open, 2);
}
