/* The gate (contract in load_gate.h). */
#include "tools/bench/load_gate.h"

#include "common/base/time.h"
#include "common/base/wait.h"

void load_gate_open(struct load_gate *gate, size_t most)
{
    *gate = (struct load_gate){.window = net_window_make(most)};
    CHECK(pthread_mutex_init(&gate->lock, NULL) == 0);
    wait_open(&gate->changed);
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
        if (gate->under_way >= gate->window.open)
            pthread_cond_wait(&gate->changed, &gate->lock);
        else if (time_monotonic_ms() < gate->busy_until_ms)
            (void)wait_until(&gate->changed, &gate->lock, gate->busy_until_ms);
        else
            break;
    }
    gate->under_way++;
    pthread_mutex_unlock(&gate->lock);
}

void load_gate_leave(struct load_gate *gate, uint64_t busy_ms)
{
    pthread_mutex_lock(&gate->lock);
    gate->under_way--;
    if (busy_ms > 0)
        net_window_busy(&gate->window, gate->under_way);
    else
        net_window_answered(&gate->window);
    gate->busy_until_ms = busy_ms > 0 ? time_monotonic_ms() + busy_ms : 0;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}
