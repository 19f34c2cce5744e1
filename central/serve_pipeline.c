/* The pipeline: a ring of calls, workers that prepare them, one writer, one who flushes.
 *
 * 1. Calls are applied in the order in which they were put, whatever worker finishes first: the
 *    rows depend neither on the number of workers nor on where a batch ends.
 * 2. The lock guards the ring and the round; nobody reads a call, signs or touches the store under
 *    it. A call belongs to one thread at a time: to the worker that took it, then to the writer,
 *    within a round to whoever took it there, then to who flushes.
 * 3. Workers see of the service what does not change while there are calls in the pipeline: the
 *    network's name, the trust, the keys. The store they only tell what will be asked for.
 * 4. Nothing is answered but after a flush that began when its transaction was committed. Commands
 *    and a backup find all of it on disk: they wait until the pipeline is empty, and the writer
 *    done with what follows its last batch: the answers may be out before that.
 *
 * Never waits for a clock: it is read to tell who is refused when to ask again. Never looks into a
 * call. */
#include "central/serve_pipeline.h"

#include "central/serve_heed.h"
#include "central/serve_proven.h"
#include "central/serve_room.h"
#include "common/base/log.h"
#include "common/base/time.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    RING_SIZE = 2 * NET_CALLS_MAX, /* the net lets in NET_CALLS_MAX at a time */
    /* A pause: nothing came during a batch no larger than this. */
    PAUSE_BYTES_MAX = 64 * 1024,
    PAUSE_PAGES_MIN = 1024, /* that settling the log then is worth its flush */
};

struct place {
    struct serve_batch_call call;
    size_t size;
    uint64_t put_ms;
    bool is_prepared;
};

/* One step of all calls of a batch, shared by all threads. */
struct round {
    enum err (*step)(struct service_call *call);
    struct serve_batch_call *calls;
    size_t count, next, done;
    enum err error;
};

struct serve_pipeline {
    struct service *service;
    struct net_server *server;
    struct serve_batch_chores chores;
    pthread_mutex_t lock;
    /* For workers; the writer; who flushes; who puts and drains. */
    pthread_cond_t work, prepared, written_more, idle;
    struct place ring[RING_SIZE];
    uint64_t put, taken, written, done; /* calls ever put, taken by a worker, committed, answered */
    struct serve_room room;
    struct serve_proven *proven; /* a call that comes again is not verified again */
    struct serve_heed heed;
    struct round round;
    bool is_resting; /* the writer is to do chores, or does them */
    bool is_writing; /* the writer has a batch, or does what follows one: the store is its */
    bool is_stopping, is_broken;
    pthread_t writer, flusher, workers[SERVE_WORKERS_MAX];
    size_t worker_count;
    bool has_writer, has_flusher;
};

static struct place *place_at(struct serve_pipeline *pipeline, uint64_t number)
{
    return &pipeline->ring[number % RING_SIZE];
}

/* ---- rounds ---- */

/* With the lock held, which is given up meanwhile. */
static void do_step(struct serve_pipeline *pipeline)
{
    struct round *round = &pipeline->round;
    struct service_call *call = round->calls[round->next++].call;
    enum err (*const step)(struct service_call * call) = round->step;
    pthread_mutex_unlock(&pipeline->lock);
    const enum err error = step(call);
    pthread_mutex_lock(&pipeline->lock);
    if (error != ERR_OK)
        round->error = error;
    if (++round->done == round->count)
        pthread_cond_signal(&pipeline->prepared);
}

static void round_begin(void *context, struct serve_batch_call *calls, size_t count,
                        enum err (*step)(struct service_call *call))
{
    struct serve_pipeline *pipeline = context;
    pthread_mutex_lock(&pipeline->lock);
    pipeline->round = (struct round){.step = step, .calls = calls, .count = count};
    if (count > 1)
        pthread_cond_broadcast(&pipeline->work);
    pthread_mutex_unlock(&pipeline->lock);
}

static enum err round_end(void *context)
{
    struct serve_pipeline *pipeline = context;
    pthread_mutex_lock(&pipeline->lock);
    struct round *round = &pipeline->round;
    while (round->next < round->count)
        do_step(pipeline);
    while (round->done < round->count)
        pthread_cond_wait(&pipeline->prepared, &pipeline->lock);
    const enum err error = round->error;
    *round = (struct round){0};
    pthread_mutex_unlock(&pipeline->lock);
    return error;
}

/* ---- workers ---- */

static bool heeds(void *context, uint64_t bank_id, size_t size)
{
    struct serve_pipeline *pipeline = context;
    return serve_heed_next(&pipeline->heed, bank_id, size);
}

static void misled(void *context, uint64_t bank_id, size_t size)
{
    struct serve_pipeline *pipeline = context;
    serve_heed_misled(&pipeline->heed, bank_id, size);
    log_line(LOG_LEVEL_INFO, "central.commitments_wrong bank=%" PRIu64, bank_id);
}

static void prepare_one(struct serve_pipeline *pipeline)
{
    const uint64_t number = pipeline->taken++;
    struct place *place = place_at(pipeline, number);
    const struct service_aids aids = {serve_proven_memory(pipeline->proven),
                                      pipeline->service->store, pipeline, heeds, misled};
    pthread_mutex_unlock(&pipeline->lock);
    struct serve_batch_call *call = &place->call;
    call->error = service_call_open(&call->call, call->request.bytes);
    if (call->error == ERR_OK)
        call->error = service_call_prepare(call->call, &pipeline->service->trust, &aids);
    pthread_mutex_lock(&pipeline->lock);
    place->is_prepared = true;
    if (number == pipeline->written)
        pthread_cond_signal(&pipeline->prepared);
}

static void *work_on(void *context)
{
    struct serve_pipeline *pipeline = context;
    pthread_mutex_lock(&pipeline->lock);
    while (!pipeline->is_stopping) {
        if (pipeline->round.next < pipeline->round.count)
            do_step(pipeline);
        else if (pipeline->taken < pipeline->put)
            prepare_one(pipeline);
        else
            pthread_cond_wait(&pipeline->work, &pipeline->lock);
    }
    pthread_mutex_unlock(&pipeline->lock);
    return NULL;
}

/* ---- the writer ---- */

/* The next calls that are prepared, in the order of their coming. */
static size_t gather(struct serve_pipeline *pipeline, struct serve_batch_call *calls)
{
    size_t count = 0;
    while (count < SERVE_BATCH_CALLS_MAX && pipeline->written + count < pipeline->put) {
        const struct place *place = place_at(pipeline, pipeline->written + count);
        if (!place->is_prepared)
            break;
        calls[count++] = place->call;
    }
    return count;
}

/* The calls of this batch are the last that came: who comes next waits as long as this takes, and
 * not for as long as a commit that finds the log full. */
static void use_pause(struct serve_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->lock);
    const bool is_pause =
        pipeline->put == pipeline->written && pipeline->room.bytes <= PAUSE_BYTES_MAX;
    pthread_mutex_unlock(&pipeline->lock);
    const enum err error =
        is_pause ? store_settle_log(pipeline->service->store, PAUSE_PAGES_MIN) : ERR_OK;
    if (error != ERR_OK)
        log_line(LOG_LEVEL_WARN, "central.log_not_settled error=%s", err_name(error));
}

static enum err do_chores(struct serve_pipeline *pipeline, bool is_idle)
{
    const struct serve_batch_chores *chores = &pipeline->chores;
    return chores->between == NULL ? ERR_OK : chores->between(chores->context, is_idle);
}

/* To who flushes. */
static void hand_over(struct serve_pipeline *pipeline, const struct serve_batch_call *calls,
                      size_t count, enum err error)
{
    pthread_mutex_lock(&pipeline->lock);
    for (size_t i = 0; i < count; i++)
        place_at(pipeline, pipeline->written++)->call = calls[i];
    pipeline->is_broken = pipeline->is_broken || error != ERR_OK;
    pthread_cond_signal(&pipeline->written_more);
    pthread_mutex_unlock(&pipeline->lock);
}

static void write_batch(struct serve_pipeline *pipeline, struct serve_batch_call *calls,
                        size_t count)
{
    const struct serve_batch_room room = {.service = pipeline->service,
                                          .server = pipeline->server,
                                          .rounds = {pipeline, round_begin, round_end},
                                          .chores = pipeline->chores};
    enum err error = ERR_COMMIT_UNKNOWN;
    const bool is_broken = pipeline->is_broken;
    pipeline->is_writing = true;
    pthread_mutex_unlock(&pipeline->lock);
    if (!is_broken)
        error = serve_batch_write(&room, calls, count);
    hand_over(pipeline, calls, count, error);
    if (error == ERR_OK) {
        use_pause(pipeline);
        error = do_chores(pipeline, false);
    }
    pthread_mutex_lock(&pipeline->lock);
    pipeline->is_broken = pipeline->is_broken || error != ERR_OK;
    pipeline->is_writing = false;
    pthread_cond_broadcast(&pipeline->idle);
}

static void rest(struct serve_pipeline *pipeline)
{
    const bool is_broken = pipeline->is_broken;
    pthread_mutex_unlock(&pipeline->lock);
    const enum err error = is_broken ? ERR_COMMIT_UNKNOWN : do_chores(pipeline, true);
    pthread_mutex_lock(&pipeline->lock);
    pipeline->is_broken = pipeline->is_broken || error != ERR_OK;
    pipeline->is_resting = false;
    pthread_cond_broadcast(&pipeline->idle);
}

static void *write_on(void *context)
{
    struct serve_pipeline *pipeline = context;
    struct serve_batch_call calls[SERVE_BATCH_CALLS_MAX];
    pthread_mutex_lock(&pipeline->lock);
    while (!pipeline->is_stopping) {
        const size_t count = gather(pipeline, calls);
        if (count > 0)
            write_batch(pipeline, calls, count);
        else if (pipeline->is_resting)
            rest(pipeline);
        else
            pthread_cond_wait(&pipeline->prepared, &pipeline->lock);
    }
    pthread_mutex_unlock(&pipeline->lock);
    return NULL;
}

/* ---- who flushes ---- */

static void release(struct serve_pipeline *pipeline, uint64_t end)
{
    const uint64_t put_ms = place_at(pipeline, pipeline->done)->put_ms;
    size_t size = 0;
    while (pipeline->done < end) {
        struct place *place = place_at(pipeline, pipeline->done++);
        size += place->size;
        *place = (struct place){0};
    }
    serve_room_leave(&pipeline->room, size, put_ms, time_monotonic_ms());
    pthread_cond_broadcast(&pipeline->idle);
}

/* All that was committed while the last flush lasted. */
static void flush(struct serve_pipeline *pipeline)
{
    const uint64_t first = pipeline->done, end = pipeline->written;
    enum err error = pipeline->is_broken ? ERR_COMMIT_UNKNOWN : ERR_OK;
    pthread_mutex_unlock(&pipeline->lock);
    if (error == ERR_OK)
        error = store_flush(pipeline->service->store);
    for (uint64_t number = first; number < end; number++)
        serve_batch_answer(pipeline->server, &place_at(pipeline, number)->call, error == ERR_OK);
    pthread_mutex_lock(&pipeline->lock);
    pipeline->is_broken = pipeline->is_broken || error != ERR_OK;
    release(pipeline, end);
}

static void *flush_on(void *context)
{
    struct serve_pipeline *pipeline = context;
    pthread_mutex_lock(&pipeline->lock);
    while (!pipeline->is_stopping) {
        if (pipeline->done < pipeline->written)
            flush(pipeline);
        else
            pthread_cond_wait(&pipeline->written_more, &pipeline->lock);
    }
    pthread_mutex_unlock(&pipeline->lock);
    return NULL;
}

/* ---- who puts and drains ---- */

/* retry_ms: by when what waits now will be done. Sooner there is no room for all who ask again. */
static void refuse(struct serve_pipeline *pipeline, struct net_request *request, uint64_t retry_ms)
{
    struct buffer reply AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    if (service_refuse(pipeline->service, &reply, request->bytes, STATUS_BUSY, retry_ms) == ERR_OK)
        net_server_reply(pipeline->server, request, buffer_span(&reply));
    else
        net_server_drop(pipeline->server, request);
}

static bool put_one(struct serve_pipeline *pipeline, const struct net_request *request)
{
    const size_t size = request->bytes.size;
    if (pipeline->put - pipeline->done == RING_SIZE || !serve_room_is_for(&pipeline->room, size))
        return false;
    *place_at(pipeline, pipeline->put++) =
        (struct place){.call = {.request = *request}, .size = size, .put_ms = time_monotonic_ms()};
    serve_room_enter(&pipeline->room, size);
    return true;
}

void serve_pipeline_put(struct serve_pipeline *pipeline, struct net_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_lock(&pipeline->lock);
        const bool is_in = put_one(pipeline, &requests[i]);
        const uint64_t retry_ms = serve_room_wait_ms(&pipeline->room);
        if (is_in)
            pthread_cond_signal(&pipeline->work);
        pthread_mutex_unlock(&pipeline->lock);
        if (!is_in)
            refuse(pipeline, &requests[i], retry_ms);
    }
}

void serve_pipeline_rest(struct serve_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->lock);
    pipeline->is_resting = true;
    pthread_cond_signal(&pipeline->prepared);
    pthread_mutex_unlock(&pipeline->lock);
}

void serve_pipeline_drain(struct serve_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->lock);
    while (pipeline->done < pipeline->put || pipeline->is_resting || pipeline->is_writing)
        pthread_cond_wait(&pipeline->idle, &pipeline->lock);
    pthread_mutex_unlock(&pipeline->lock);
}

bool serve_pipeline_is_broken(struct serve_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->lock);
    const bool is_broken = pipeline->is_broken;
    pthread_mutex_unlock(&pipeline->lock);
    return is_broken;
}

/* ---- opening and closing ---- */

static enum err start(struct serve_pipeline *pipeline, size_t worker_count)
{
    pipeline->has_writer = pthread_create(&pipeline->writer, NULL, write_on, pipeline) == 0;
    pipeline->has_flusher = pthread_create(&pipeline->flusher, NULL, flush_on, pipeline) == 0;
    if (!pipeline->has_writer || !pipeline->has_flusher)
        return ERR_LIBRARY;
    while (pipeline->worker_count < worker_count) {
        if (pthread_create(&pipeline->workers[pipeline->worker_count], NULL, work_on, pipeline) !=
            0)
            return ERR_LIBRARY;
        pipeline->worker_count++;
    }
    return ERR_OK;
}

enum err serve_pipeline_open(struct serve_pipeline **out, struct service *service,
                             struct net_server *server, const struct serve_batch_chores *chores,
                             size_t worker_count)
{
    struct serve_pipeline *pipeline AUTO(serve_pipeline_close) = calloc(1, sizeof *pipeline);
    CHECK(worker_count >= 1 && worker_count <= SERVE_WORKERS_MAX);
    if (pipeline == NULL)
        return ERR_MEMORY;
    pipeline->service = service;
    pipeline->server = server;
    if (chores != NULL)
        pipeline->chores = *chores;
    pthread_mutex_init(&pipeline->lock, NULL);
    pthread_cond_init(&pipeline->work, NULL);
    pthread_cond_init(&pipeline->prepared, NULL);
    pthread_cond_init(&pipeline->written_more, NULL);
    pthread_cond_init(&pipeline->idle, NULL);
    TRY(serve_proven_open(&pipeline->proven));
    TRY(start(pipeline, worker_count));
    *out = TAKE(pipeline);
    return ERR_OK;
}

void serve_pipeline_close(struct serve_pipeline **handle)
{
    struct serve_pipeline *pipeline = TAKE(*handle);
    if (pipeline == NULL)
        return;
    serve_pipeline_drain(pipeline);
    pthread_mutex_lock(&pipeline->lock);
    pipeline->is_stopping = true;
    pthread_cond_broadcast(&pipeline->work);
    pthread_cond_broadcast(&pipeline->prepared);
    pthread_cond_broadcast(&pipeline->written_more);
    pthread_mutex_unlock(&pipeline->lock);
    if (pipeline->has_writer)
        pthread_join(pipeline->writer, NULL);
    if (pipeline->has_flusher)
        pthread_join(pipeline->flusher, NULL);
    for (size_t i = 0; i < pipeline->worker_count; i++)
        pthread_join(pipeline->workers[i], NULL);
    pthread_cond_destroy(&pipeline->work);
    pthread_cond_destroy(&pipeline->prepared);
    pthread_cond_destroy(&pipeline->written_more);
    pthread_cond_destroy(&pipeline->idle);
    pthread_mutex_destroy(&pipeline->lock);
    serve_proven_close(&pipeline->proven);
    free(pipeline);
}
