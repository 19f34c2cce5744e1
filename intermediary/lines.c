/* Threads that send (contract in lines.h).
 *
 * 1. A call is in one place at a time: in the queue, with a thread, among the answered.
 * 2. One connection carries them all; a line that hung rests for a moment, and one that was told
 *    "busy" for as long as it was told. What comes meanwhile is told so at once: each caller would
 *    else wait a whole time-out.
 *
 * Never looks into a call, and into an answer only for how long to rest. */
#include "intermediary/lines.h"

#include "common/base/time.h"
#include "common/money/call.h"

#include <pthread.h>
#include <stdlib.h>

enum { REST_MS = 2000 };

struct call_queue {
    struct relay_call *first, *last;
};

struct lines {
    struct lines_options options;
    struct net_client *client;
    pthread_t threads[LINES_COUNT];
    size_t thread_count;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t changed;
    struct call_queue to_send, answered;
    uint64_t resting_until_ms;
    bool is_closing;
};

static void push(struct call_queue *queue, struct relay_call *call)
{
    call->next = NULL;
    if (queue->first == NULL)
        queue->first = call;
    else
        queue->last->next = call;
    queue->last = call;
}

static struct relay_call *pop(struct call_queue *queue)
{
    struct relay_call *call = queue->first;
    if (call != NULL)
        queue->first = call->next;
    return call;
}

/* NULL: closing, and nothing is left to send. */
static struct relay_call *next_call(struct lines *lines, bool *rests)
{
    pthread_mutex_lock(&lines->lock);
    while (lines->to_send.first == NULL && !lines->is_closing)
        pthread_cond_wait(&lines->changed, &lines->lock);
    struct relay_call *call = pop(&lines->to_send);
    *rests = time_monotonic_ms() < lines->resting_until_ms;
    pthread_mutex_unlock(&lines->lock);
    return call;
}

static uint64_t rest_ms(const struct relay_call *call)
{
    if (call->error == ERR_TIMEOUT)
        return REST_MS;
    return call->error == ERR_OK ? call_retry_ms(buffer_span(&call->answer)) : 0;
}

static void finish_call(struct lines *lines, struct relay_call *call)
{
    const uint64_t until_ms = time_monotonic_ms() + rest_ms(call);
    pthread_mutex_lock(&lines->lock);
    if (until_ms > lines->resting_until_ms)
        lines->resting_until_ms = until_ms;
    push(&lines->answered, call);
    pthread_cond_broadcast(&lines->changed);
    pthread_mutex_unlock(&lines->lock);
    lines->options.answered(lines->options.context);
}

static void *send_calls(void *context)
{
    struct lines *lines = context;
    struct relay_call *call = NULL;
    bool rests = false;
    while ((call = next_call(lines, &rests)) != NULL) {
        call->answer.limit = NET_SIZE_MAX;
        call->error = rests ? ERR_UNREACHABLE
                            : net_call(lines->client, &call->answer, buffer_span(&call->request),
                                       lines->options.timeout_ms);
        finish_call(lines, call);
    }
    return NULL;
}

enum err lines_open(struct lines **out, const struct lines_options *options)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (lines == NULL)
        return ERR_MEMORY;
    pthread_mutex_init(&lines->lock, NULL);
    pthread_cond_init(&lines->changed, NULL);
    struct lines *opened AUTO(lines_close) = lines;
    lines->options = *options;
    TRY(net_client_open(&lines->client, &options->client));
    for (; lines->thread_count < LINES_COUNT; lines->thread_count++)
        if (pthread_create(&lines->threads[lines->thread_count], NULL, send_calls, lines) != 0)
            return ERR_MEMORY;
    *out = TAKE(opened);
    return ERR_OK;
}

void lines_send(struct lines *lines, struct relay_call *call)
{
    pthread_mutex_lock(&lines->lock);
    push(&lines->to_send, call);
    pthread_cond_broadcast(&lines->changed);
    pthread_mutex_unlock(&lines->lock);
}

struct relay_call *lines_take(struct lines *lines, bool waits)
{
    pthread_mutex_lock(&lines->lock);
    while (waits && lines->answered.first == NULL)
        pthread_cond_wait(&lines->changed, &lines->lock);
    struct relay_call *call = pop(&lines->answered);
    pthread_mutex_unlock(&lines->lock);
    return call;
}

void lines_close(struct lines **at)
{
    struct lines *lines = TAKE(*at);
    if (lines == NULL)
        return;
    pthread_mutex_lock(&lines->lock);
    lines->is_closing = true;
    pthread_cond_broadcast(&lines->changed);
    pthread_mutex_unlock(&lines->lock);
    for (size_t i = 0; i < lines->thread_count; i++)
        pthread_join(lines->threads[i], NULL);
    net_client_close(&lines->client);
    pthread_cond_destroy(&lines->changed);
    pthread_mutex_destroy(&lines->lock);
    free(lines);
}
