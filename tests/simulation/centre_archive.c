/* The archive of the simulated central bank (contract in centre.h): lines leave a step at a time,
 * and come back a segment at a time.
 *
 * 1. A step is one transaction; one that failed, or whose commit is unknown, is a server that died:
 *    what it had gathered is gone, the segments that it kept are there.
 * 2. Segments are small: there are many of them, and a crash hits each of their steps. */
#include "tests/simulation/centre_inside.h"

#include "central/tables.h"
#include "tests/simulation/disk.h"

static const struct archive_limits limits = {.lines = 3, .rows_size = 4096, .chunks = 2};

static enum err keep(void *context, uint64_t number, struct span file)
{
    struct centre *centre = context;
    CHECK(number < CENTRE_SEGMENTS_MAX);
    centre->segments[number] = sim_keep(centre->sim, file);
    return ERR_OK;
}

static enum err fetch(void *context, struct buffer *file, uint64_t number)
{
    const struct centre *centre = context;
    return buffer_put(file, centre->segments[number]);
}

/* ---- leaving ---- */

static enum err step(struct centre *centre, bool *more)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct store *store = centre->service.store;
    const struct archive_folder folder = {centre, keep, fetch};
    struct register_env env = service_env(&centre->service, &arena);
    TRY(store_begin(store, STORE_WRITE));
    TRY(archive_step(&centre->archive, more, &env, &folder, &limits));
    return store_commit(store);
}

bool centre_archive(struct centre *centre)
{
    struct sim *sim = centre->sim;
    struct store *store = centre->service.store;
    bool more = false;
    centre->service.now = sim->now;
    const bool is_armed = disk_arm(sim, store, CENTRE_CRASH_PERMILLE);
    const enum err error = step(centre, &more);
    disk_disarm(store);
    if (error == ERR_OK)
        return more;
    store_rollback(store);
    archive_forget(&centre->archive);
    if (!is_armed)
        sim_check(sim, error, "a step of the archive");
    sim_count(sim, SIM_CRASHES);
    return true;
}

/* ---- coming back ---- */

static uint64_t put_back(struct centre *centre, struct register_env *env, uint64_t number)
{
    struct sim *sim = centre->sim;
    struct buffer rows AUTO(buffer_fini) = {.limit = ARCHIVE_ROWS_MAX};
    struct archive_segment segment = {0};
    struct id previous = {{0}};
    uint64_t line_count = 0;
    sim_check(sim, archive_find(env, &segment, &previous, number), "a segment");
    sim_check(
        sim,
        archive_unpack(&rows, &segment, &previous, sim->world.network, centre->segments[number]),
        "a segment");
    sim_check(sim, archive_restore(env, &line_count, &segment, buffer_span(&rows)), "a segment");
    return line_count;
}

static void put_back_from(struct centre *centre, uint64_t first, uint64_t last)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct store *store = centre->service.store;
    uint64_t line_count = 0;
    centre->service.now = centre->sim->now;
    struct register_env env = service_env(&centre->service, &arena);
    sim_check(centre->sim, store_begin(store, STORE_WRITE), "central begin");
    for (uint64_t number = first; number <= last; number++)
        line_count += put_back(centre, &env, number);
    sim_check(centre->sim, store_commit(store), "central commit");
    centre->sim->counts[SIM_PUT_BACK] += line_count;
    sim_note(centre->sim, "operator: puts %llu lines back", (unsigned long long)line_count);
}

/* Those that were sealed for good: numbers begin at 1. */
static uint64_t segment_count(struct centre *centre)
{
    struct arena arena AUTO(arena_fini) = {0};
    const struct store_query all = {.table = &tables_table_archive_segment, .index_number = -1};
    struct store *store = centre->service.store;
    struct list rows = {0};
    sim_check(centre->sim, store_begin(store, STORE_READ), "central begin");
    sim_check(centre->sim, store_list(store, &rows, &all, NULL, &arena), "segments");
    store_rollback(store);
    return rows.count;
}

void centre_put_back(struct centre *centre)
{
    const uint64_t count = segment_count(centre);
    if (count == 0)
        return;
    const uint64_t number = 1 + chance_below(&centre->sim->chance, count);
    put_back_from(centre, number, number);
}

void centre_put_all_back(struct centre *centre)
{
    put_back_from(centre, 1, segment_count(centre));
}
