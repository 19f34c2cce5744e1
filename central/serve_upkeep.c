/* Chores, each when it is due.
 *
 * 1. A chore that fails spoils no call: it is rolled back, logged, and done again later.
 * 2. What settled is looked at for clones soon, but not before it is answered: within two rounds.
 *
 * Never decides about money: that is the core's. */
#include "central/serve_upkeep.h"

#include "common/base/log.h"
#include "common/base/time.h"

#include <stdio.h>

enum {
    LOOK_MS = 1000,
    PRUNE_EVERY_MS = 10000, /* besides what each batch prunes */
    PRUNE_COUNT = 4096,
    /* The search goes on in pieces too small to be felt, as large as the time since the last. */
    CLONES_EVERY_MS = 10,
    CLONES_PIECE_MS_MAX = 20,
    CLONES_RETRY_MS = 1000,
    /* While calls go on coming a round takes some four seconds: the more notes it has, the fewer
     * pages a note takes. */
    CLONES_ROUND_MS = 4000,
    CLONES_COUNT_MIN = 256, /* in 100 ms */
    /* When nobody calls, or a round could not take all that waited: the search keeps up with eight
     * times as much. */
    CLONES_ROUND_FAST_MS = 800,
    CLONES_COUNT_FAST = 8192,
    QUIET_MS = 100,        /* then nobody calls */
    ARCHIVE_EVERY_MS = 50, /* while there is something to archive; a step takes some ms */
    ARCHIVE_LOOK_MS = 60000,
};

static bool is_due(uint64_t *last_ms, uint64_t every_ms)
{
    const uint64_t now_ms = time_monotonic_ms();
    if (now_ms < *last_ms + every_ms)
        return false;
    *last_ms = now_ms;
    return true;
}

/* ---- inside a transaction ---- */

/* A piece of a round that takes so long, and at least so many notes in 100 ms. */
static enum err look(struct serve_upkeep *upkeep, uint64_t round_ms, uint64_t count_min)
{
    bool more = false;
    const uint64_t now_ms = time_monotonic_ms(), since_ms = now_ms - upkeep->clones_ms;
    const uint64_t piece_ms = since_ms < CLONES_PIECE_MS_MAX ? since_ms : CLONES_PIECE_MS_MAX;
    upkeep->clones_ms = now_ms + CLONES_RETRY_MS; /* if it fails */
    TRY(service_look_for_clones(upkeep->service, &more, count_min * piece_ms / 100,
                                round_ms / piece_ms));
    upkeep->clones_ms = now_ms;
    atomic_store(&upkeep->may_have_clones, more);
    return ERR_OK;
}

static enum err look_fast(struct serve_upkeep *upkeep)
{
    return look(upkeep, CLONES_ROUND_FAST_MS, CLONES_COUNT_FAST);
}

static enum err look_slowly(struct serve_upkeep *upkeep)
{
    return upkeep->service->clones.is_full ? look_fast(upkeep)
                                           : look(upkeep, CLONES_ROUND_MS, CLONES_COUNT_MIN);
}

static bool is_look_due(const struct serve_upkeep *upkeep)
{
    return atomic_load(&upkeep->may_have_clones) &&
           time_monotonic_ms() >= upkeep->clones_ms + CLONES_EVERY_MS;
}

static enum err prune(struct serve_upkeep *upkeep)
{
    return service_prune(upkeep->service, PRUNE_COUNT);
}

/* Lines that are all spent and old leave, a few at a time. */
static enum err archive(struct serve_upkeep *upkeep)
{
    struct arena arena AUTO(arena_fini) = {0};
    const struct archive_folder folder = archive_files_folder(&upkeep->archive_files);
    struct register_env env = service_env(upkeep->service, &arena);
    bool more = false;
    TRY(archive_step(&upkeep->archive, &more, &env, &folder, &archive_limits));
    atomic_store(&upkeep->is_archiving, more);
    upkeep->archive_ms = time_monotonic_ms() + (more ? ARCHIVE_EVERY_MS : ARCHIVE_LOOK_MS);
    return ERR_OK;
}

static bool is_archive_due(const struct serve_upkeep *upkeep)
{
    return time_monotonic_ms() >= upkeep->archive_ms;
}

/* The rows are as they were: so is what is remembered of them. What failed may fail again: what can
 * wait waits. */
static void undo(void *context)
{
    struct serve_upkeep *upkeep = context;
    service_forget_clones(upkeep->service);
    atomic_store(&upkeep->may_have_clones, true);
    atomic_store(&upkeep->is_archiving, false);
    archive_forget(&upkeep->archive);
    upkeep->archive_ms = time_monotonic_ms() + ARCHIVE_LOOK_MS;
}

static enum err in_batch(void *context)
{
    struct serve_upkeep *upkeep = context;
    if (is_look_due(upkeep))
        TRY(look_slowly(upkeep));
    return is_archive_due(upkeep) ? archive(upkeep) : ERR_OK;
}

/* ---- when there is no batch ---- */

/* In a transaction of its own. Of all that can go wrong only one thing matters to the caller. */
static enum err alone(struct serve_upkeep *upkeep, const char *name,
                      enum err (*chore)(struct serve_upkeep *upkeep))
{
    struct store *store = upkeep->service->store;
    upkeep->service->now = time_now();
    enum err error = store_begin(store, STORE_WRITE);
    if (error == ERR_OK)
        error = chore(upkeep);
    if (error == ERR_OK)
        error = store_commit(store);
    if (error == ERR_OK)
        return ERR_OK;
    store_rollback(store);
    undo(upkeep);
    log_line(LOG_LEVEL_WARN, "central.%s_failed error=%s", name, err_name(error));
    return error == ERR_COMMIT_UNKNOWN ? error : ERR_OK;
}

static enum err between(void *context, bool is_idle)
{
    struct serve_upkeep *upkeep = context;
    atomic_store(&upkeep->is_quiet, is_idle);
    if (!is_idle) { /* a batch was done */
        atomic_store(&upkeep->may_have_clones, true);
        return ERR_OK;
    }
    if (is_look_due(upkeep))
        TRY(alone(upkeep, "clones", look_fast));
    if (is_archive_due(upkeep))
        TRY(alone(upkeep, "archive", archive));
    if (is_due(&upkeep->pruned_ms, PRUNE_EVERY_MS))
        TRY(alone(upkeep, "prune", prune));
    return ERR_OK;
}

/* ---- whoever owns it ---- */

void serve_upkeep_init(struct serve_upkeep *upkeep, struct service *service,
                       const char *archive_path)
{
    *upkeep = (struct serve_upkeep){.service = service};
    snprintf(upkeep->archive_files.path, sizeof upkeep->archive_files.path, "%s", archive_path);
    atomic_store(&upkeep->may_have_clones, true); /* of the last run */
}

void serve_upkeep_fini(struct serve_upkeep *upkeep)
{
    archive_forget(&upkeep->archive);
}

struct serve_batch_chores serve_upkeep_chores(struct serve_upkeep *upkeep)
{
    return (struct serve_batch_chores){upkeep, in_batch, undo, between};
}

uint64_t serve_upkeep_wait_ms(const struct serve_upkeep *upkeep)
{
    if (atomic_load(&upkeep->is_archiving))
        return ARCHIVE_EVERY_MS;
    if (atomic_load(&upkeep->may_have_clones))
        return atomic_load(&upkeep->is_quiet) ? CLONES_EVERY_MS : QUIET_MS;
    return LOOK_MS;
}
