/* Loopback: what each fault does to the call and to its caller. */
#include "common/net/net.h"

#include <criterion/criterion.h>

struct world {
    enum net_loopback_fault fault;
    size_t carried_out;
};

static enum err count_and_answer(void *context, struct buffer *reply, struct span request)
{
    struct world *world = context;
    world->carried_out++;
    uint8_t number = (uint8_t)('0' + world->carried_out);
    TRY(buffer_put(reply, request));
    return buffer_put(reply, span_of(&number, 1));
}

static enum net_loopback_fault fault_now(void *context)
{
    return ((struct world *)context)->fault;
}

Test(net_loopback, faults)
{
    static const struct {
        enum net_loopback_fault fault;
        size_t carried_out;
        const char *reply;
        enum err expected;
    } rows[] = {
        {NET_FAULT_NONE, 1, "hello1", ERR_OK},
        {NET_FAULT_LOSE_REQUEST, 0, "", ERR_TIMEOUT},
        {NET_FAULT_LOSE_REPLY, 1, "", ERR_TIMEOUT},
        {NET_FAULT_REPEAT, 2, "hello2", ERR_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world = {.fault = rows[i].fault};
        struct net_client *client AUTO(net_client_close) = NULL;
        struct buffer reply AUTO(buffer_fini) = {0};
        struct net_loopback_options options = {count_and_answer, &world, fault_now};
        cr_assert_eq(net_loopback_open(&client, &options), ERR_OK);
        enum err error = net_call(client, &reply, span_text("hello"), 1000);
        cr_expect_eq(error, rows[i].expected, "row %zu: %s", i, err_name(error));
        cr_expect_eq(world.carried_out, rows[i].carried_out, "row %zu", i);
        cr_expect(span_equal(buffer_span(&reply), span_text(rows[i].reply)), "row %zu", i);
    }
}

static enum err fail(void *context, struct buffer *reply, struct span request)
{
    (void)context;
    (void)reply;
    (void)request;
    return ERR_BUSY;
}

Test(net_loopback, passes_on_what_the_handler_answers)
{
    struct net_client *client AUTO(net_client_close) = NULL;
    struct buffer reply AUTO(buffer_fini) = {0};
    struct net_loopback_options options = {.handler = fail};
    cr_assert_eq(net_loopback_open(&client, &options), ERR_OK);
    cr_expect_eq(net_call(client, &reply, span_text("x"), 1000), ERR_BUSY);
}

Test(net_loopback, refuses_a_request_beyond_the_limit)
{
    static uint8_t large[NET_SIZE_MAX + 1];
    struct world world = {.fault = NET_FAULT_NONE};
    struct net_client *client AUTO(net_client_close) = NULL;
    struct buffer reply AUTO(buffer_fini) = {0};
    struct net_loopback_options options = {count_and_answer, &world, NULL};
    cr_assert_eq(net_loopback_open(&client, &options), ERR_OK);
    cr_expect_eq(net_call(client, &reply, span_of(large, sizeof large), 1000), ERR_LIMIT);
    cr_expect_eq(world.carried_out, 0);
}
