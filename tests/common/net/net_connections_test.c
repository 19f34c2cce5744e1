/* Who loses its place when a server is full. */
#include "common/net/net_connections.h"

#include <criterion/criterion.h>
#include <stddef.h>

enum { START_MS = 1000000 };

static void fill(struct net_connections *connections, uint32_t first)
{
    for (uint32_t i = 0; i < NET_CONNECTIONS_MAX; i++)
        cr_assert_eq(net_connections_add(connections, first + i, START_MS + i), 0);
}

Test(net_connections, the_oldest_that_never_called_goes_first)
{
    struct net_connections connections = {0};
    fill(&connections, 1);
    net_connections_touch(&connections, 1, START_MS);
    net_connections_touch(&connections, 3, START_MS);
    cr_expect_eq(net_connections_add(&connections, 1001, START_MS + 5000), 2);
    cr_expect_eq(net_connections_add(&connections, 1002, START_MS + 5000), 4);
}

Test(net_connections, a_flood_pushes_itself_out)
{
    struct net_connections connections = {0};
    fill(&connections, 1);
    for (uint32_t i = 1; i <= 10; i++)
        net_connections_touch(&connections, i, START_MS);
    for (uint32_t i = 0; i < 10 * NET_CONNECTIONS_MAX; i++)
        cr_assert_gt(net_connections_add(&connections, 1001 + i, START_MS + 1000 + i), 10);
}

Test(net_connections, silence_beyond_the_trial_counts)
{
    struct net_connections connections = {0};
    fill(&connections, 1);
    for (uint32_t i = 2; i <= NET_CONNECTIONS_MAX; i++)
        net_connections_touch(&connections, i, START_MS + 3 * NET_CONNECTIONS_TRIAL_MS);
    net_connections_touch(&connections, 1, START_MS);
    cr_expect_eq(net_connections_add(&connections, 1001, START_MS + 3 * NET_CONNECTIONS_TRIAL_MS),
                 1);
}

Test(net_connections, a_removed_one_leaves_a_place)
{
    struct net_connections connections = {0};
    fill(&connections, 1);
    net_connections_remove(&connections, 7);
    net_connections_remove(&connections, 4711); /* unknown: nothing */
    cr_expect_eq(net_connections_add(&connections, 1001, START_MS), 0);
    cr_expect_neq(net_connections_add(&connections, 1002, START_MS), 0);
}
