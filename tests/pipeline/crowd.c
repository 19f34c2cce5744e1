/* Calls that wait in the house together (contract in crowd.h). */
#include "tests/pipeline/crowd.h"

#include "common/money/call.h"

#include <pthread.h>

struct caller {
    pthread_t thread;
    const char *address;
    struct wanted *call;
};

static void *call_once(void *context)
{
    struct caller *caller = context;
    struct net_client *client = NULL;
    CHECK(net_client_open(&client, &(struct net_client_options){.address = caller->address}) ==
          ERR_OK);
    buffer_fini(&caller->call->reply);
    caller->call->reply.limit = NET_SIZE_MAX;
    CHECK(net_call(client, &caller->call->reply, buffer_span(&caller->call->request), WAIT_MS) ==
          ERR_OK);
    net_client_close(&client);
    return NULL;
}

void crowd_hand_in(struct bank_house *house, struct wanted *const *calls, size_t count)
{
    static struct caller callers[CROWD_MAX];
    static struct net_request requests[CROWD_MAX];
    CHECK(count <= CROWD_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t one = 1;
        callers[i] = (struct caller){.address = house->address, .call = calls[i]};
        CHECK(pthread_create(&callers[i].thread, NULL, call_once, &callers[i]) == 0);
        CHECK(net_server_take(house->server, &requests[i], &one, WAIT_MS) == ERR_OK && one == 1);
    }
    serve_pipeline_put(house->pipeline, requests, count);
    for (size_t i = 0; i < count; i++)
        CHECK(pthread_join(callers[i].thread, NULL) == 0);
    serve_pipeline_drain(house->pipeline);
}

enum status crowd_read_answer(const struct wanted *call, size_t *settled, size_t *refused)
{
    struct arena arena AUTO(arena_fini) = {.limit = NET_SIZE_MAX};
    struct settle_reply reply = {0};
    enum status status = STATUS_FAILED;
    CHECK(call_read_reply(&status, &reply, VERB_SETTLE, &call->id, buffer_span(&call->reply),
                          &arena) == ERR_OK);
    for (size_t i = 0; status == STATUS_OK && i < reply.results.count; i++) {
        const struct settle_result *result = &reply.results.items[i];
        *refused += result->status != STATUS_OK;
        for (size_t j = 0; j < result->leaves.count; j++)
            *settled += result->leaves.items[j].leaf.outcome == OUTCOME_SETTLED;
    }
    return status;
}
