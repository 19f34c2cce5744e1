/* Threads that send (contract in lines.h).
 *
 * 1. A call is in one place at a time: in the queue, with a thread, among the answered.
 * 2. A call that was told "busy" goes to the head of the queue. It is sent again when another was
 *    answered, since there is room then, or when the time that it was told is over; and from then
 *    on no more at a time than the central bank took (net_window.h).
 * 3. Who would have to wait for more than half of the time-out, with no other call under way, is
 *    told so at once. So is everybody for a moment after a call that hung: each would else wait a
 *    whole time-out.
 *
 * Never looks into a call, and into an answer only for how long to wait. */
#include "intermediary/lines.h"

#include "common/base/time.h"
#include "common/base/wait.h"
#include "common/money/call.h"
#include "common/net/net_window.h"

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
    struct net_window window;
    size_t under_way;
    uint64_t hung_until_ms; /* after a call that was not answered */
    uint64_t busy_until_ms; /* after one that was told so */
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

static void push_first(struct call_queue *queue, struct relay_call *call)
{
    call->next = queue->first;
    if (queue->first == NULL)
        queue->last = call;
    queue->first = call;
}

static struct relay_call *pop(struct call_queue *queue)
{
    struct relay_call *call = queue->first;
    if (call != NULL)
        queue->first = call->next;
    return call;
}

/* ---- waiting ---- */

/* Told to wait until then, with no call under way whose answer would say otherwise. */
static bool is_too_long(const struct lines *lines, const struct relay_call *call, uint64_t until_ms)
{
    return lines->under_way == 0 && (lines->is_closing || until_ms > call->until_ms);
}

static bool is_in_vain(const struct lines *lines, const struct relay_call *call, uint64_t now)
{
    return now < lines->hung_until_ms ||
           (now < lines->busy_until_ms && is_too_long(lines, call, lines->busy_until_ms));
}

/* NULL: closing, and nothing is left to send. */
static struct relay_call *next_call(struct lines *lines, bool *in_vain)
{
    while (true) {
        const struct relay_call *first = lines->to_send.first;
        const uint64_t now = time_monotonic_ms();
        *in_vain = first != NULL && is_in_vain(lines, first, now);
        if (*in_vain || (first == NULL && lines->is_closing))
            return pop(&lines->to_send);
        if (first == NULL || lines->under_way >= lines->window.open)
            pthread_cond_wait(&lines->changed, &lines->lock);
        else if (now < lines->busy_until_ms)
            (void)wait_until(&lines->changed, &lines->lock, lines->busy_until_ms);
        else
            return pop(&lines->to_send);
    }
}

/* ---- sending ---- */

/* True: it waits, and is sent again. */
static bool learn_busy(struct lines *lines, struct relay_call *call, uint64_t retry_ms)
{
    const uint64_t until_ms = time_monotonic_ms() + retry_ms;
    net_window_busy(&lines->window, lines->under_way);
    if (until_ms > lines->busy_until_ms)
        lines->busy_until_ms = until_ms;
    if (is_too_long(lines, call, until_ms))
        return false;
    buffer_fini(&call->answer);
    push_first(&lines->to_send, call);
    return true;
}

/* True: it is over. */
static bool learn(struct lines *lines, struct relay_call *call)
{
    const uint64_t retry_ms = call->error == ERR_OK ? call_retry_ms(buffer_span(&call->answer)) : 0;
    lines->under_way--;
    if (retry_ms > 0)
        return !learn_busy(lines, call, retry_ms);
    if (call->error == ERR_TIMEOUT) {
        lines->hung_until_ms = time_monotonic_ms() + REST_MS;
    } else if (call->error == ERR_OK && call_is_busy(buffer_span(&call->answer))) {
        net_window_busy(&lines->window,
                        lines->under_way); /* no time was told: nothing to wait for */
    } else if (call->error == ERR_OK) {
        lines->busy_until_ms = 0;
        net_window_answered(&lines->window);
    }
    return true;
}

/* With the lock held, which is given up meanwhile. */
static void send_call(struct lines *lines, struct relay_call *call)
{
    const uint64_t half_ms = lines->options.timeout_ms / 2, now = time_monotonic_ms();
    const uint64_t left_ms = half_ms + (call->until_ms > now ? call->until_ms - now : 0);
    lines->under_way++;
    pthread_mutex_unlock(&lines->lock);
    call->answer.limit = NET_SIZE_MAX;
    call->error = net_call(lines->client, &call->answer, buffer_span(&call->request), left_ms);
    pthread_mutex_lock(&lines->lock);
}

static void *send_calls(void *context)
{
    struct lines *lines = context;
    struct relay_call *call = NULL;
    bool in_vain = false;
    pthread_mutex_lock(&lines->lock);
    while ((call = next_call(lines, &in_vain)) != NULL) {
        bool is_over = true;
        if (in_vain) {
            call->error = ERR_UNREACHABLE;
        } else {
            send_call(lines, call);
            is_over = learn(lines, call);
        }
        if (is_over)
            push(&lines->answered, call);
        pthread_cond_broadcast(&lines->changed);
        pthread_mutex_unlock(&lines->lock);
        if (is_over)
            lines->options.answered(lines->options.context);
        pthread_mutex_lock(&lines->lock);
    }
    pthread_mutex_unlock(&lines->lock);
    return NULL;
}

/* ---- */

enum err lines_open(struct lines **out, const struct lines_options *options)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (lines == NULL)
        return ERR_MEMORY;
    pthread_mutex_init(&lines->lock, NULL);
    wait_open(&lines->changed);
    struct lines *opened AUTO(lines_close) = lines;
    lines->options = *options;
    lines->window = net_window_make(LINES_COUNT);
    TRY(net_client_open(&lines->client, &options->client));
    for (; lines->thread_count < LINES_COUNT; lines->thread_count++)
        if (pthread_create(&lines->threads[lines->thread_count], NULL, send_calls, lines) != 0)
            return ERR_MEMORY;
    *out = TAKE(opened);
    return ERR_OK;
}

void lines_send(struct lines *lines, struct relay_call *call)
{
    call->until_ms = time_monotonic_ms() + lines->options.timeout_ms / 2;
    pthread_mutex_lock(&lines->lock);
    push(&lines->to_send, call);
    pthread_cond_broadcast(&lines->changed);
    pthread_mutex_unlock(&lines->lock);
}

size_t lines_window(struct lines *lines)
{
    pthread_mutex_lock(&lines->lock);
    const size_t open = lines->window.open;
    pthread_mutex_unlock(&lines->lock);
    return open;
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
