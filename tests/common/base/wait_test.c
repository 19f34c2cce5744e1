/* Waiting: not shorter than the deadline, and not to it if somebody says so. */
#include "common/base/wait.h"

#include "common/base/time.h"

#include <criterion/criterion.h>

enum { SHORT_MS = 30, LONG_MS = 60 * 1000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static bool is_said;

static void *say(void *context)
{
    (void)context;
    pthread_mutex_lock(&lock);
    is_said = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return NULL;
}

Test(wait, ends_at_the_deadline, .timeout = 20)
{
    wait_open(&changed);
    const uint64_t deadline_ms = time_monotonic_ms() + SHORT_MS;
    pthread_mutex_lock(&lock);
    while (wait_until(&changed, &lock, deadline_ms)) /* it may wake for nothing */
        continue;
    pthread_mutex_unlock(&lock);
    cr_expect_geq(time_monotonic_ms(), deadline_ms);
    pthread_cond_destroy(&changed);
}

Test(wait, ends_when_told, .timeout = 20)
{
    pthread_t thread;
    bool is_woken = true;
    wait_open(&changed);
    pthread_mutex_lock(&lock);
    cr_assert_eq(pthread_create(&thread, NULL, say, NULL), 0);
    while (!is_said && is_woken)
        is_woken = wait_until(&changed, &lock, time_monotonic_ms() + LONG_MS);
    pthread_mutex_unlock(&lock);
    cr_expect(is_said);
    cr_expect(is_woken);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&changed);
}
