/* Who reads ahead (contract in store_ahead.h).
 *
 * 1. A question is answered by one reader, in the order of asking; nobody waits for an answer.
 * 2. Points change under the lock; that there are none is seen without it. */
#include "common/store/store_ahead.h"

#include "common/store/store_ahead_reader.h"
#include "common/store/store_key.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { BLOCKS_A_PAGE = 8 }; /* getrusage counts blocks of 512 bytes */

struct reader {
    struct store_ahead *ahead;
    struct store_ahead_reader connection;
    pthread_t thread;
    bool has_thread;
};
struct store_ahead {
    pthread_mutex_t lock;
    pthread_cond_t asked;
    struct store_ahead_line questions[STORE_AHEAD_QUESTIONS_MAX]; /* a ring */
    uint64_t put, taken;                                          /* ever */
    uint64_t lines_read;
    bool rests, is_stopping;
    _Atomic int points; /* 0 to STORE_AHEAD_POINTS_MAX */
    const struct table *clusters[STORE_ROW_CLUSTERS_MAX];
    size_t cluster_count;
    struct reader readers[STORE_AHEAD_READERS];
};

uint64_t store_ahead_pages(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_THREAD, &usage) != 0 || usage.ru_inblock < 0)
        return 0;
    return (uint64_t)usage.ru_inblock / BLOCKS_A_PAGE;
}

void store_ahead_waited(struct store_ahead *ahead, uint64_t pages)
{
    if (pages == 0)
        return;
    pthread_mutex_lock(&ahead->lock);
    const uint64_t points = (uint64_t)atomic_load(&ahead->points);
    const uint64_t room = STORE_AHEAD_POINTS_MAX - points;
    atomic_store(&ahead->points, (int)(points + (pages < room ? pages : room)));
    pthread_mutex_unlock(&ahead->lock);
}

static size_t cluster_of(const struct store_ahead *ahead, const struct table *table)
{
    size_t number = 0;
    while (number < ahead->cluster_count && !store_row_is_together(ahead->clusters[number], table))
        number++;
    return number;
}

/* With the lock held. */
static void put(struct store_ahead *ahead, size_t cluster, const struct table *table,
                const void *row)
{
    const struct store_query line = {.table = table, .index_number = -1, .prefix_count = 1};
    const int points = atomic_load(&ahead->points);
    if (points > 0)
        atomic_store(&ahead->points, points - 1);
    if (points <= STORE_AHEAD_POINTS_MIN || ahead->put - ahead->taken == STORE_AHEAD_QUESTIONS_MAX)
        return;
    struct store_ahead_line *question = &ahead->questions[ahead->put % STORE_AHEAD_QUESTIONS_MAX];
    question->cluster = cluster;
    (void)store_key_prefix(question->first, &line, row);
    ahead->put++;
    pthread_cond_signal(&ahead->asked);
}

void store_ahead_ask(struct store_ahead *ahead, const struct table *table, const void *row)
{
    const size_t cluster = cluster_of(ahead, table);
    if (cluster == ahead->cluster_count || atomic_load(&ahead->points) == 0)
        return;
    pthread_mutex_lock(&ahead->lock);
    put(ahead, cluster, table, row);
    pthread_mutex_unlock(&ahead->lock);
}

void store_ahead_rest(struct store_ahead *ahead, bool rests)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->rests = rests;
    pthread_cond_broadcast(&ahead->asked);
    pthread_mutex_unlock(&ahead->lock);
}

struct store_ahead *store_ahead_of(struct store *store)
{
    return ((struct store_sqlite *)store)->ahead;
}

uint64_t store_ahead_lines_read(struct store_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    const uint64_t count = ahead->lines_read;
    pthread_mutex_unlock(&ahead->lock);
    return count;
}

/* With the lock held, which is given up meanwhile. */
static void answer(struct reader *reader)
{
    struct store_ahead *ahead = reader->ahead;
    const struct store_ahead_line question =
        ahead->questions[ahead->taken++ % STORE_AHEAD_QUESTIONS_MAX];
    pthread_mutex_unlock(&ahead->lock);
    const uint64_t before = store_ahead_pages();
    const enum err error = store_ahead_reader_read(&reader->connection, &question);
    store_ahead_waited(ahead, store_ahead_pages() - before);
    pthread_mutex_lock(&ahead->lock);
    ahead->lines_read += error == ERR_OK;
}

static void *read_on(void *context)
{
    struct reader *reader = context;
    struct store_ahead *ahead = reader->ahead;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->is_stopping) {
        if (ahead->taken < ahead->put && !ahead->rests)
            answer(reader);
        else
            pthread_cond_wait(&ahead->asked, &ahead->lock);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

static enum err start(struct store_ahead *ahead, const char *path,
                      const struct store_schema *schema)
{
    for (size_t i = 0; i < STORE_AHEAD_READERS; i++) {
        struct reader *reader = &ahead->readers[i];
        reader->ahead = ahead;
        TRY(store_ahead_reader_open(&reader->connection, path, schema));
        reader->has_thread = pthread_create(&reader->thread, NULL, read_on, reader) == 0;
        if (!reader->has_thread)
            return ERR_LIBRARY;
    }
    return ERR_OK;
}

enum err store_ahead_open(struct store_ahead **out, const char *path,
                          const struct store_schema *schema)
{
    struct store_ahead *ahead AUTO(store_ahead_close) = calloc(1, sizeof *ahead);
    if (ahead == NULL)
        return ERR_MEMORY;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->asked, NULL);
    ahead->cluster_count = store_row_clusters(ahead->clusters, schema);
    TRY(start(ahead, path, schema));
    *out = TAKE(ahead);
    return ERR_OK;
}

void store_ahead_close(struct store_ahead **handle)
{
    struct store_ahead *ahead = TAKE(*handle);
    if (ahead == NULL)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->is_stopping = true;
    pthread_cond_broadcast(&ahead->asked);
    pthread_mutex_unlock(&ahead->lock);
    for (size_t i = 0; i < STORE_AHEAD_READERS; i++) {
        if (ahead->readers[i].has_thread)
            pthread_join(ahead->readers[i].thread, NULL);
        store_ahead_reader_close(&ahead->readers[i].connection);
    }
    pthread_cond_destroy(&ahead->asked);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead);
}
