/* The calls of one bank that may be under way in a closed loop: as many as the server takes, found
 * out as a dcep-bank does (common/net/net_window.h, intermediary/lines.c). */
#ifndef DCEP_TOOLS_BENCH_LOAD_GATE_H
#define DCEP_TOOLS_BENCH_LOAD_GATE_H

#include "common/net/net_window.h"

#include <pthread.h>
#include <stdint.h>

struct load_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct net_window window;
    size_t under_way;
    uint64_t busy_until_ms; /* time_monotonic_ms; an answer ends it */
};
void load_gate_open(struct load_gate *gate, size_t most);
void load_gate_fini(struct load_gate *gate);
void load_gate_enter(struct load_gate *gate); /* waits */
/* busy_ms: what it was told to wait; 0: it was answered. */
void load_gate_leave(struct load_gate *gate, uint64_t busy_ms);

#endif
