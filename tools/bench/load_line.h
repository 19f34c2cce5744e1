/* Whose turn is next: the calls of a plan in their order, each when it is due.
 *
 * Without a rate a call goes as soon as somebody takes it. With one, payment i behind the warm-up
 * is due at i / rate, the first at 1 / rate, a packet with its last payment, and its call goes
 *   - as the plan has cut it: when its last packet is due; or
 *   - gathered, as one dcep-bank does (intermediary/counter.c): at once if none is under way, each
 *     further one at the same time must be fuller, and no more at a time than a bank has. Other
 *     than a bank, which sends it again, nothing is done here about a call that is told "busy". */
#ifndef DCEP_TOOLS_BENCH_LOAD_LINE_H
#define DCEP_TOOLS_BENCH_LOAD_LINE_H

#include "tools/bench/load_plan.h"

#include <pthread.h>

struct load_line_options {
    double rate;  /* payments a second; 0: whenever somebody takes one */
    bool gathers; /* with a rate: the plan's cuts behind the warm-up are not used, but made anew */
};
struct load_line {
    struct load_plan *plan;
    struct load_line_options options;
    pthread_mutex_t turn, lock;
    pthread_cond_t changed;
    size_t next_call, next_packet, done; /* calls and packets ever taken; calls over */
    uint64_t open_ns, end_ns;            /* packets are due from then on; 0: not yet */
};
void load_line_open(struct load_line *line, struct load_plan *plan,
                    const struct load_line_options *options);
void load_line_fini(struct load_line *line);
void load_line_start(struct load_line *line, uint64_t now_ns); /* the warm-up is over */
/* What is due later stays; of calls cut beforehand, each whose last packet is. */
void load_line_end(struct load_line *line, uint64_t end_ns);

/* Waits until the next call has its time: its index in the plan. false: there is no more. From any
 * thread, which tells when that call is over. */
bool load_line_take(struct load_line *line, size_t *out);
void load_line_done(struct load_line *line);

bool load_line_is_timed(const struct load_line *line, size_t call);
uint64_t load_line_due_ns(const struct load_line *line, size_t packet); /* of a timed call */
bool load_line_is_warm(struct load_line *line);    /* the warm-up is answered */
bool load_line_is_used_up(struct load_line *line); /* all was sent, and answered in some way */

#endif
