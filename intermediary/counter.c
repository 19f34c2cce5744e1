/* Wallets' calls in, replies out (contract in counter.h).
 *
 * 1. The batch is what arrived while the last one was handled: no timer.
 * 2. One call to the register goes out at once; each further one at the same time must be fuller,
 *    so that under load they are full and without load nobody waits.
 * 3. A commit whose result is unknown is answered by silence: wallets ask again, the rows know. */
#include "intermediary/counter.h"

#include "common/base/log.h"
#include "common/base/time.h"

#include <stdlib.h>

struct held {                 /* a visit and the request it answers */
    struct relay_visit visit; /* first: it is a relay_visit */
    struct net_request request;
};

/* ---- answers ---- */

static void reply_or_drop(struct counter *counter, struct net_request *request, enum err error,
                          const struct buffer *reply)
{
    if (error == ERR_OK)
        net_server_reply(counter->wallets, request, buffer_span(reply));
    else
        net_server_drop(counter->wallets, request);
}

static void finish(struct counter *counter, struct held *held)
{
    struct buffer reply AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    const enum err error =
        counter->premises->is_broken ? ERR_COMMIT_UNKNOWN : relay_answer(&reply, &held->visit);
    reply_or_drop(counter, &held->request, error, &reply);
    relay_visit_fini(&held->visit);
    free(held);
}

/* Every call but a settlement. */
static void answer_elsewhere(struct counter *counter, struct held *held)
{
    struct buffer reply AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    struct branch *branch = &counter->premises->branch;
    enum err error = ERR_COMMIT_UNKNOWN;
    if (!counter->premises->is_broken)
        error = branch_handle(branch, &reply, held->visit.request);
    if (error == ERR_COMMIT_UNKNOWN) {
        counter->premises->is_broken = true;
    } else if (error != ERR_OK) {
        log_line(LOG_LEVEL_ERROR, "bank.call_failed error=%s", err_name(error));
        buffer_fini(&reply);
        error = branch_refuse(branch, &reply, held->visit.request, STATUS_FAILED);
    }
    reply_or_drop(counter, &held->request, error, &reply);
    relay_visit_fini(&held->visit);
    free(held);
}

/* ---- in ---- */

static void note(struct counter *counter, enum err error, const char *event)
{
    if (error == ERR_OK)
        return;
    counter->premises->is_broken = counter->premises->is_broken || error == ERR_COMMIT_UNKNOWN;
    log_line(LOG_LEVEL_ERROR, "%s error=%s", event, err_name(error));
}

void counter_take(struct counter *counter, struct net_request *requests, size_t count)
{
    struct relay_visit *visits[NET_CALLS_MAX];
    struct branch *branch = &counter->premises->branch;
    size_t taken = 0;
    CHECK(count <= NET_CALLS_MAX);
    branch->now = time_now();
    for (size_t i = 0; i < count; i++) {
        struct held *held = calloc(1, sizeof *held);
        if (held == NULL) {
            net_server_drop(counter->wallets, &requests[i]);
            continue;
        }
        held->request = requests[i];
        held->visit.request = requests[i].bytes;
        visits[taken++] = &held->visit;
    }
    note(counter, relay_take(branch, &counter->line, visits, taken), "bank.batch_failed");
    for (size_t i = 0; i < taken; i++)
        if (visits[i]->place == RELAY_ELSEWHERE)
            answer_elsewhere(counter, (struct held *)visits[i]);
        else if (visits[i]->place == RELAY_ANSWERED)
            finish(counter, (struct held *)visits[i]);
}

/* ---- to the register ---- */

static void wake(void *context)
{
    net_server_wake(context);
}

/* The line of the enrolment as it is now; another's is closed once nothing is under way on it. */
static bool has_lines(struct counter *counter)
{
    struct premises *premises = counter->premises;
    if (counter->lines != NULL && counter->lines_of == premises->loads)
        return true;
    if (premises->branch.in_flight > 0)
        return false;
    lines_close(&counter->lines);
    const struct lines_options options = {.client = premises_line(premises),
                                          .timeout_ms = premises->timeout_ms,
                                          .answered = wake,
                                          .context = counter->wallets};
    const enum err error = lines_open(&counter->lines, &options);
    counter->lines_of = premises->loads;
    if (error != ERR_OK)
        log_line(LOG_LEVEL_ERROR, "bank.lines error=%s", err_name(error));
    return error == ERR_OK;
}

static void bring_back(struct counter *counter, struct relay_call *call)
{
    struct branch *branch = &counter->premises->branch;
    branch->now = time_now();
    note(counter, relay_learn(branch, &counter->line, call), "bank.learn_failed");
    for (struct relay_visit *visit = call->visits, *next = NULL; visit != NULL; visit = next) {
        next = visit->next;
        finish(counter, (struct held *)visit);
    }
    relay_call_fini(call);
    free(call);
}

/* false: nothing may go. */
static bool send_one(struct counter *counter)
{
    struct branch *branch = &counter->premises->branch;
    bool found = false;
    const bool is_open = has_lines(counter);
    if (!is_open && branch->in_flight > 0)
        return false; /* on the old ones */
    struct relay_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return false;
    branch->now = time_now();
    note(counter, relay_next(branch, &found, call, &counter->line), "bank.call_failed");
    if (!found) {
        free(call);
        return false;
    }
    if (call->error == ERR_OK && !is_open)
        call->error = ERR_UNREACHABLE;
    if (call->error == ERR_OK)
        lines_send(counter->lines, call);
    else
        bring_back(counter, call);
    return true;
}

/* What is not sent yet stays here, where the next call gets fuller by it. */
static bool may_send(const struct counter *counter)
{
    const size_t under_way = counter->premises->branch.in_flight;
    const size_t most = counter->lines == NULL ? LINES_COUNT : lines_window(counter->lines);
    return counter->line.first != NULL && under_way < most &&
           counter->line.packet_count >= under_way * COUNTER_FULLER;
}

static void take_back(struct counter *counter)
{
    struct relay_call *call = NULL;
    while (counter->lines != NULL && (call = lines_take(counter->lines, false)) != NULL)
        bring_back(counter, call);
}

void counter_work(struct counter *counter)
{
    take_back(counter);
    while (!counter->premises->is_broken && may_send(counter) && send_one(counter))
        continue;
}

bool counter_is_waiting(const struct counter *counter)
{
    return counter->line.first != NULL || counter->premises->branch.in_flight > 0;
}

void counter_close(struct counter *counter)
{
    while (counter->premises->branch.in_flight > 0)
        bring_back(counter, lines_take(counter->lines, true));
    lines_close(&counter->lines);
    for (struct relay_visit *visit = counter->line.first, *next = NULL; visit != NULL;
         visit = next) {
        struct held *held = (struct held *)visit;
        next = visit->next;
        net_server_drop(counter->wallets, &held->request);
        relay_visit_fini(visit);
        free(held);
    }
    counter->line = (struct relay_line){0};
}
