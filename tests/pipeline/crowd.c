/* Calls that wait in the house together (contract in crowd.h). */
#include "tests/pipeline/crowd.h"

#include "common/money/call.h"

#include <pthread.h>
#include <stdio.h>

struct caller {
    pthread_t thread;
    const char *address;
    struct wanted *call;
};

static struct caller callers[CROWD_MAX];

void crowd_call(struct net_client *client, struct wanted *call)
{
    buffer_fini(&call->reply);
    call->reply.limit = NET_SIZE_MAX;
    const enum err error = net_call(client, &call->reply, buffer_span(&call->request), WAIT_MS);
    if (error != ERR_OK)
        fprintf(stderr, "a call was not answered: %s\n", err_name(error));
    CHECK(error == ERR_OK);
}

static void *call_once(void *context)
{
    const struct caller *caller = context;
    struct net_client *client = NULL;
    CHECK(net_client_open(&client, &(struct net_client_options){.address = caller->address}) ==
          ERR_OK);
    crowd_call(client, caller->call);
    net_client_close(&client);
    return NULL;
}

void crowd_gather(struct net_request *out, struct bank_house *house, struct wanted *const *calls,
                  size_t count)
{
    CHECK(count <= CROWD_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t one = 1;
        callers[i] = (struct caller){.address = house->address, .call = calls[i]};
        CHECK(pthread_create(&callers[i].thread, NULL, call_once, &callers[i]) == 0);
        CHECK(net_server_take(house->server, &out[i], &one, WAIT_MS) == ERR_OK && one == 1);
    }
}

void crowd_leave(size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK(pthread_join(callers[i].thread, NULL) == 0);
}

void crowd_hand_in(struct bank_house *house, struct wanted *const *calls, size_t count)
{
    struct net_request requests[CROWD_MAX];
    crowd_gather(requests, house, calls, count);
    serve_pipeline_put(house->pipeline, requests, count);
    crowd_leave(count);
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
