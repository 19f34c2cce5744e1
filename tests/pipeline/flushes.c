/* A flush that lasts, and what is committed meanwhile.
 *
 * The first call's flush is held up; the second call is committed beside it; the first flush ends.
 * The first call is answered, and the second only after a flush of its own: that of the first began
 * too early to mean anything for it. */
#include "tests/pipeline/flushes.h"

#include "tests/pipeline/crowd.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 20, STEPS_MAX = WAIT_MS / STEP_MS };

/* ---- a gate before each flush of the flusher ---- */

static atomic_bool is_closed;
static atomic_int log_fd = -1;
static atomic_size_t waited, let_in; /* how many ever came to it, may ever go through */

int fdatasync(int fd);

static void rest_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* SQLite opens the log to read, too: what is only written to is the store's own descriptor. */
int fdatasync(int fd)
{
    if (atomic_load(&is_closed) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
        atomic_store(&log_fd, fd);
        const size_t number = atomic_fetch_add(&waited, 1);
        while (atomic_load(&is_closed) && number >= atomic_load(&let_in))
            rest_ms(1);
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static int64_t log_written_ns(void)
{
    struct stat about = {0};
    CHECK(fstat(atomic_load(&log_fd), &about) == 0);
    return (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec;
}

static void wait_for_flush(size_t count)
{
    for (int i = 0; i < STEPS_MAX && atomic_load(&waited) < count; i++)
        rest_ms(STEP_MS);
    house_check(atomic_load(&waited) == count, "a flush for each", atomic_load(&waited));
}

/* Until the log was written to, and for a step no longer is. */
static void wait_for_commit(int64_t before)
{
    int64_t last = before;
    for (int i = 0; i < STEPS_MAX; i++) {
        rest_ms(STEP_MS);
        const int64_t written = log_written_ns();
        if (written > before && written == last)
            return;
        last = written;
    }
    house_check(false, "it is committed while the other is flushed", 0);
}

/* ---- calls ---- */

struct asked {
    struct net_client *client;
    struct wanted *call;
    pthread_t thread;
    atomic_bool is_answered;
};

static void *ask(void *context)
{
    struct asked *asked = context;
    crowd_call(asked->client, asked->call);
    atomic_store(&asked->is_answered, true);
    return NULL;
}

static void put(struct bank_house *house, struct asked *asked, struct wanted *call)
{
    struct net_request request;
    size_t one = 1;
    asked->call = call;
    CHECK(net_client_open(&asked->client,
                          &(struct net_client_options){.address = house->address}) == ERR_OK);
    CHECK(pthread_create(&asked->thread, NULL, ask, asked) == 0);
    CHECK(net_server_take(house->server, &request, &one, WAIT_MS) == ERR_OK && one == 1);
    serve_pipeline_put(house->pipeline, &request, one);
}

static void leave(struct asked *asked)
{
    CHECK(pthread_join(asked->thread, NULL) == 0);
    net_client_close(&asked->client);
}

static void hold_up(struct bank_house *house, struct asked asked[2], struct wanted calls[2])
{
    atomic_store(&is_closed, true);
    put(house, &asked[0], &calls[0]);
    wait_for_flush(1);
    rest_ms(STEP_MS); /* a file's time is that of the last tick */
    const int64_t before = log_written_ns();
    put(house, &asked[1], &calls[1]);
    wait_for_commit(before);
    house_check(!atomic_load(&asked[0].is_answered), "no answer before its flush", 0);
    atomic_store(&let_in, 1);
    leave(&asked[0]);
    wait_for_flush(2);
    rest_ms(STEP_MS);
    house_check(!atomic_load(&asked[1].is_answered), "nor after one that began before it", 1);
    atomic_store(&is_closed, false);
    leave(&asked[1]);
}

void flushes_before_answers(void)
{
    static struct world_coin coins[2];
    struct wanted calls[2];
    struct asked asked[2] = {0};
    struct world world AUTO(world_close);
    struct world_wallet owner, payee;
    struct bank_house house;
    size_t settled = 0, refused = 0;
    world_open(&world);
    crypto_use(&crypto_libcrypto);
    world_wallet(&owner, &world, "owner", WORLD_BANK_A);
    world_wallet(&payee, &world, "payee", WORLD_BANK_A);
    house_open(&house, &world, 2);
    house_mint(&house, coins, 2, &owner);
    for (size_t i = 0; i < 2; i++)
        house_settle(&calls[i], &world, &coins[i], 1, &payee, i);
    hold_up(&house, asked, calls);
    serve_pipeline_drain(house.pipeline);
    for (size_t i = 0; i < 2; i++)
        house_check(crowd_read_answer(&calls[i], &settled, &refused) == STATUS_OK, "answered", i);
    house_check(settled == 2 && refused == 0, "and settled", settled);
    house_check_books(&house, 0);
    house_finish(calls, 2);
    house_close(&house);
}
