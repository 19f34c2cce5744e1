/* Waiting with a deadline (contract in wait.h). The clock is CLOCK_MONOTONIC, as in time.c: nobody
 * sets it. */
#include "common/base/wait.h"

#include <time.h>

enum { MS_PER_S = 1000, NS_PER_MS = 1000000 };

void wait_open(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t deadline_ms)
{
    const struct timespec at = {.tv_sec = (time_t)(deadline_ms / MS_PER_S),
                                .tv_nsec = (long)(deadline_ms % MS_PER_S) * NS_PER_MS};
    return pthread_cond_timedwait(cond, lock, &at) == 0;
}
