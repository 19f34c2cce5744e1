/* Calls in their order and time (contract in load_line.h).
 *
 * One caller waits for the next call's time, with the turn; the others wait for the turn. */
#include "tools/bench/load_line.h"

#include "common/base/wait.h"
#include "intermediary/counter.h"
#include "tools/bench/load_server.h"

enum { NS_PER_S = 1000000000 };

void load_line_open(struct load_line *line, struct load_plan *plan,
                    const struct load_line_options *options)
{
    *line = (struct load_line){.plan = plan, .options = *options, .end_ns = UINT64_MAX};
    CHECK(pthread_mutex_init(&line->turn, NULL) == 0);
    CHECK(pthread_mutex_init(&line->lock, NULL) == 0);
    wait_open(&line->changed);
    if (options->gathers && options->rate > 0)
        plan->call_count = plan->warm_call_count; /* the others are made as they go */
}

void load_line_fini(struct load_line *line)
{
    pthread_cond_destroy(&line->changed);
    pthread_mutex_destroy(&line->lock);
    pthread_mutex_destroy(&line->turn);
}

static void set(struct load_line *line, uint64_t *at, uint64_t ns)
{
    pthread_mutex_lock(&line->lock);
    *at = ns;
    pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
}

void load_line_start(struct load_line *line, uint64_t now_ns)
{
    set(line, &line->open_ns, now_ns);
}

void load_line_end(struct load_line *line, uint64_t end_ns)
{
    set(line, &line->end_ns, end_ns);
}

bool load_line_is_timed(const struct load_line *line, size_t call)
{
    return line->options.rate > 0 && call >= line->plan->warm_call_count;
}

/* The first packet behind the warm-up. */
static size_t first_timed(const struct load_plan *plan)
{
    if (plan->warm_call_count == 0)
        return 0;
    const struct load_call *last = &plan->calls[plan->warm_call_count - 1];
    return last->first + last->count;
}

uint64_t load_line_due_ns(const struct load_line *line, size_t packet)
{
    const size_t number = packet - first_timed(line->plan) + 1;
    const double payments = (double)number * (double)line->plan->options.line;
    return line->open_ns + (uint64_t)(payments / line->options.rate * NS_PER_S);
}

/* ---- when the next call goes; all with the lock held ---- */

static bool is_gathering(const struct load_line *line)
{
    return line->options.gathers && load_line_is_timed(line, line->next_call);
}

static bool has_more(const struct load_line *line)
{
    return is_gathering(line) ? line->next_packet < line->plan->packet_count
                              : line->next_call < line->plan->call_count;
}

static uint64_t gathered_ns(const struct load_line *line)
{
    const size_t under_way = line->next_call - line->done;
    if (under_way >= LINES_COUNT)
        return UINT64_MAX; /* until one comes back */
    const size_t wanted = under_way == 0 ? 1 : under_way * COUNTER_FULLER;
    const size_t left = line->plan->packet_count - line->next_packet;
    const size_t last = line->next_packet + (wanted < left ? wanted : left) - 1;
    const uint64_t full_ns = load_line_due_ns(line, last);
    /* At the end the rest goes, with what is due by then. */
    return full_ns < line->end_ns ? full_ns : line->end_ns;
}

static uint64_t cut_ns(const struct load_line *line)
{
    const struct load_call *call = &line->plan->calls[line->next_call];
    return load_line_due_ns(line, call->first + call->count - 1);
}

static uint64_t time_of_next(const struct load_line *line)
{
    if (!load_line_is_timed(line, line->next_call))
        return 0;
    if (line->open_ns == 0)
        return UINT64_MAX; /* until the warm-up is answered */
    return is_gathering(line) ? gathered_ns(line) : cut_ns(line);
}

/* Nothing that is left is due before the end. */
static bool is_over(const struct load_line *line, uint64_t now_ns)
{
    if (!has_more(line))
        return true;
    if (!load_line_is_timed(line, line->next_call))
        return now_ns >= line->end_ns;
    if (line->open_ns == 0)
        return false;
    return (is_gathering(line) ? load_line_due_ns(line, line->next_packet) : cut_ns(line)) >=
           line->end_ns;
}

static void wait_for(struct load_line *line, uint64_t at_ns)
{
    const struct timespec at = {.tv_sec = (time_t)(at_ns / NS_PER_S),
                                .tv_nsec = (long)(at_ns % NS_PER_S)};
    if (at_ns == UINT64_MAX)
        pthread_cond_wait(&line->changed, &line->lock);
    else
        (void)pthread_cond_timedwait(&line->changed, &line->lock, &at);
}

/* ---- taking ---- */

/* What is due by now, as far as a call has room. */
static void make_call(struct load_line *line, uint64_t now_ns)
{
    struct load_plan *plan = line->plan;
    const size_t most = load_plan_fits(plan, line->next_packet, plan->options.packets_max);
    size_t count = 1;
    while (count < most && load_line_due_ns(line, line->next_packet + count) <= now_ns)
        count++;
    plan->calls[plan->call_count++] = (struct load_call){line->next_packet, count};
}

static bool take(struct load_line *line, size_t *out)
{
    uint64_t now_ns = load_now_ns(), at_ns = 0;
    while (!is_over(line, now_ns) && (at_ns = time_of_next(line)) > now_ns) {
        wait_for(line, at_ns);
        now_ns = load_now_ns();
    }
    if (is_over(line, now_ns))
        return false;
    if (is_gathering(line))
        make_call(line, now_ns);
    *out = line->next_call++;
    line->next_packet += line->plan->calls[*out].count;
    return true;
}

bool load_line_take(struct load_line *line, size_t *out)
{
    pthread_mutex_lock(&line->turn);
    pthread_mutex_lock(&line->lock);
    const bool is_taken = take(line, out);
    pthread_mutex_unlock(&line->lock);
    pthread_mutex_unlock(&line->turn);
    return is_taken;
}

void load_line_done(struct load_line *line)
{
    pthread_mutex_lock(&line->lock);
    line->done++;
    pthread_cond_signal(&line->changed);
    pthread_mutex_unlock(&line->lock);
}

/* ---- how far it is ---- */

bool load_line_is_warm(struct load_line *line)
{
    pthread_mutex_lock(&line->lock);
    const bool is_warm = line->done >= line->plan->warm_call_count;
    pthread_mutex_unlock(&line->lock);
    return is_warm;
}

bool load_line_is_used_up(struct load_line *line)
{
    pthread_mutex_lock(&line->lock);
    const bool is_used_up = !has_more(line) && line->done == line->next_call;
    pthread_mutex_unlock(&line->lock);
    return is_used_up;
}
