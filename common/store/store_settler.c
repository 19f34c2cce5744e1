/* The thread that settles the log (contract in store_settler.h).
 *
 * 1. Its connection only ever runs checkpoints: it holds no lock that a writer needs.
 * 2. synchronous=FULL here too: the log is on disk before a page of it is written to the database,
 *    and the database before the log is started anew.
 * 3. A checkpoint that fails leaves the log as it was: the next one begins there. */
#include "common/store/store_settler.h"

#include "common/store/store_sqlite.h"

#include <pthread.h>
#include <stdlib.h>

struct store_settler {
    sqlite3 *db; /* the thread's */
    pthread_mutex_t lock;
    pthread_cond_t asked, done;
    pthread_t thread;
    bool has_thread, is_asked, is_at_work, is_stopping;
};

static void *settle(void *context)
{
    struct store_settler *settler = context;
    pthread_mutex_lock(&settler->lock);
    while (!settler->is_stopping) {
        if (!settler->is_asked) {
            pthread_cond_wait(&settler->asked, &settler->lock);
            continue;
        }
        settler->is_asked = false;
        settler->is_at_work = true;
        pthread_mutex_unlock(&settler->lock);
        (void)sqlite3_wal_checkpoint_v2(settler->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        pthread_mutex_lock(&settler->lock);
        settler->is_at_work = false;
        pthread_cond_broadcast(&settler->done);
    }
    pthread_mutex_unlock(&settler->lock);
    return NULL;
}

enum err store_settler_open(struct store_settler **out, const char *path)
{
    struct store_settler *settler AUTO(store_settler_close) = calloc(1, sizeof *settler);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (settler == NULL)
        return ERR_MEMORY;
    pthread_mutex_init(&settler->lock, NULL);
    pthread_cond_init(&settler->asked, NULL);
    pthread_cond_init(&settler->done, NULL);
    TRY(store_sqlite_err(sqlite3_open_v2(path, &settler->db, flags, STORE_SETTLER_VFS)));
    TRY(store_sqlite_exec(settler->db, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0"));
    settler->has_thread = pthread_create(&settler->thread, NULL, settle, settler) == 0;
    if (!settler->has_thread)
        return ERR_LIBRARY;
    *out = TAKE(settler);
    return ERR_OK;
}

void store_settler_ask(struct store_settler *settler)
{
    pthread_mutex_lock(&settler->lock);
    settler->is_asked = true;
    pthread_cond_signal(&settler->asked);
    pthread_mutex_unlock(&settler->lock);
}

bool store_settler_is_idle(struct store_settler *settler)
{
    pthread_mutex_lock(&settler->lock);
    const bool is_idle = !settler->is_asked && !settler->is_at_work;
    pthread_mutex_unlock(&settler->lock);
    return is_idle;
}

void store_settler_wait(struct store_settler *settler)
{
    pthread_mutex_lock(&settler->lock);
    while (settler->is_asked || settler->is_at_work)
        pthread_cond_wait(&settler->done, &settler->lock);
    pthread_mutex_unlock(&settler->lock);
}

void store_settler_close(struct store_settler **handle)
{
    struct store_settler *settler = TAKE(*handle);
    if (settler == NULL)
        return;
    pthread_mutex_lock(&settler->lock);
    settler->is_stopping = true;
    pthread_cond_signal(&settler->asked);
    pthread_mutex_unlock(&settler->lock);
    if (settler->has_thread)
        pthread_join(settler->thread, NULL);
    (void)sqlite3_close_v2(settler->db);
    pthread_cond_destroy(&settler->done);
    pthread_cond_destroy(&settler->asked);
    pthread_mutex_destroy(&settler->lock);
    free(settler);
}
