/* The gate (contract in load_gate.h). */
#include "tools/bench/load_gate.h"

#include "common/base/err.h"
#include "tools/bench/load_server.h"

#include <time.h>

enum { NS_PER_S = 1000000000 };

void load_gate_open(struct load_gate *gate, size_t most)
{
    pthread_condattr_t attributes;
    *gate = (struct load_gate){.window = net_window_make(most)};
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    CHECK(pthread_mutex_init(&gate->lock, NULL) == 0);
    CHECK(pthread_cond_init(&gate->changed, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

void load_gate_fini(struct load_gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

void load_gate_enter(struct load_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (true) {
        const uint64_t until = gate->busy_until_ns;
        const struct timespec at = {(time_t)(until / NS_PER_S), (long)(until % NS_PER_S)};
        if (gate->under_way >= gate->window.open)
            pthread_cond_wait(&gate->changed, &gate->lock);
        else if (load_now_ns() < until)
            (void)pthread_cond_timedwait(&gate->changed, &gate->lock, &at);
        else
            break;
    }
    gate->under_way++;
    pthread_mutex_unlock(&gate->lock);
}

void load_gate_leave(struct load_gate *gate, uint64_t busy_ns)
{
    pthread_mutex_lock(&gate->lock);
    gate->under_way--;
    if (busy_ns > 0)
        net_window_busy(&gate->window, gate->under_way);
    else
        net_window_answered(&gate->window);
    gate->busy_until_ns = busy_ns > 0 ? load_now_ns() + busy_ns : 0;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}
