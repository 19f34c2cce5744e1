/* Waiting for another thread, until a deadline of time_monotonic_ms. Shells only. */
#ifndef DCEP_COMMON_BASE_WAIT_H
#define DCEP_COMMON_BASE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

void wait_open(pthread_cond_t *cond); /* by that clock; pthread_cond_destroy ends it */
/* With the lock held. False at the deadline; true: something may have changed. */
bool wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t deadline_ms);

#endif
