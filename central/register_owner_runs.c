/* Runs of the index by owner, and their merging (contract in register_owner_runs.h).
 *
 * 1. RUNS_MERGED runs of a level, its sources, become one of the next, or a final one. Calls do
 *    that in parts, in proportion to their own entries, so that none waits for a whole merge; a row
 *    of owner_merge tells which merges are under way.
 * 2. A merge is where the run that it writes ends. A source's chunk is deleted when all of it is
 *    there: until then entries are in both, which readers have to bear (register_row.h).
 * 3. A run is no source before all of it is written: what a merge writes goes on where that ends.
 * 4. A source's number is given to no other run while its merge goes on, even if a sweep deleted
 *    all of its chunks. */
#include "central/register_owner_runs.h"

#include <stdlib.h>
#include <string.h>

enum {
    RUNS_MERGED = 16,
    FINAL_ENTRIES = 65536,
    MERGES_MAX = OWNER_LEVEL_FINAL, /* one a level */
    /* A merge is done before the next is due if it is faster than entries come: it is by this. */
    FASTER = 2,
    MOVED_MIN = 4 * OWNER_CHUNK_ENTRIES, /* for less it is not worth opening the sources */
    RESTS_MAX = 8,                       /* so small calls do it every so often */
};

uint64_t register_owner_serial(const uint8_t *entry)
{
    uint64_t serial = 0;
    for (size_t i = 0; i < KEY_ID_SIZE; i++)
        serial = serial << 8 | entry[OWNER_SERIAL_AT + i];
    return serial;
}

static int compare_entries(const void *a, const void *b)
{
    return memcmp(a, b, OWNER_ENTRY_SIZE);
}

/* --- rows --- */

/* The chunk at an end of those that begin like from, or of those behind it. */
static enum err end_chunk_of(struct register_env *env, bool *found, struct owner_run *out,
                             const struct owner_run *from, struct store_query query)
{
    struct list rows = {0};
    query.table = &tables_table_owner_run;
    query.index_number = -1;
    query.count_max = 1;
    TRY(store_list(env->store, &rows, &query, from, env->arena));
    *found = rows.count > 0;
    if (*found)
        *out = *(const struct owner_run *)rows.items;
    return ERR_OK;
}

enum err register_owner_step(struct register_env *env, bool *found, struct owner_run *at,
                             bool descending)
{
    return end_chunk_of(
        env, found, at, at,
        (struct store_query){.prefix_count = 2, .after = true, .descending = descending});
}

/* The first chunk of a run, or the last. */
static enum err end_of_run(struct register_env *env, bool *found, struct owner_run *out,
                           uint64_t level, uint64_t run, bool descending)
{
    const struct owner_run from = {.level = level, .run = run};
    return end_chunk_of(env, found, out, &from,
                        (struct store_query){.prefix_count = 2, .descending = descending});
}

static enum err end_of_level(struct register_env *env, uint64_t *run, uint64_t level,
                             bool descending)
{
    struct owner_run chunk = {.level = level};
    bool found = false;
    TRY(end_chunk_of(env, &found, &chunk, &chunk,
                     (struct store_query){.prefix_count = 1, .descending = descending}));
    *run = chunk.run; /* 0: none was found */
    return ERR_OK;
}

enum err register_owner_runs(struct register_env *env, uint64_t *first, uint64_t *last,
                             uint64_t level)
{
    TRY(end_of_level(env, first, level, false));
    return end_of_level(env, last, level, true);
}

/* entries: at most a chunk of them. */
static enum err write_chunk(struct register_env *env, uint64_t level, uint64_t run, uint64_t chunk,
                            const uint8_t *entries, size_t count)
{
    struct owner_run row = {.level = level,
                            .run = run,
                            .first_serial = register_owner_serial(entries),
                            .chunk = chunk,
                            .entries = span_of(entries, count * OWNER_ENTRY_SIZE)};
    memcpy(row.first_owner.bytes, entries, KEY_ID_SIZE);
    return store_insert(env->store, &tables_table_owner_run, &row);
}

/* --- merges that are under way --- */

struct merges {
    struct owner_merge items[MERGES_MAX];
    size_t count;
};

static enum err read_merges(struct register_env *env, struct merges *merges)
{
    const struct store_query all = {
        .table = &tables_table_owner_merge, .index_number = -1, .count_max = MERGES_MAX};
    struct list rows = {0};
    TRY(store_list(env->store, &rows, &all, NULL, env->arena));
    merges->count = rows.count;
    if (rows.count > 0)
        memcpy(merges->items, rows.items, rows.count * sizeof *merges->items);
    return ERR_OK;
}

static bool is_merging(const struct merges *merges, uint64_t level)
{
    for (size_t i = 0; i < merges->count; i++)
        if (merges->items[i].level == level)
            return true;
    return false;
}

/* A number that no run of that level has, nor a source had. (What a merge writes is there: each
 * writes before another begins.) */
static enum err next_run(struct register_env *env, uint64_t *run, const struct merges *merges,
                         uint64_t level)
{
    TRY(end_of_level(env, run, level, true));
    for (size_t i = 0; i < merges->count; i++) {
        const struct owner_merge *merge = &merges->items[i];
        if (merge->level == level && merge->last_source > *run)
            *run = merge->last_source;
    }
    ++*run;
    return ERR_OK;
}

/* --- moving entries --- */

/* A source: its chunk, and the next entry of it. */
struct head {
    struct owner_run chunk;
    size_t at;
    bool is_open;
};

struct mover {
    struct register_env *env;
    struct owner_merge merge;
    struct head heads[RUNS_MERGED];
    uint8_t last[OWNER_ENTRY_SIZE]; /* of the run that is written */
    bool has_last;
    uint64_t chunk; /* how many it has */
    uint8_t entries[OWNER_CHUNK_ENTRIES * OWNER_ENTRY_SIZE];
    size_t count;
};

static bool is_moved(const struct mover *mover, const uint8_t *entry)
{
    return mover->has_last && memcmp(entry, mover->last, OWNER_ENTRY_SIZE) <= 0;
}

/* To the next entry that is not moved; chunks before it go. */
static enum err settle_head(struct mover *mover, struct head *head)
{
    while (head->is_open) {
        const struct span entries = head->chunk.entries;
        while (head->at < entries.size && is_moved(mover, entries.data + head->at))
            head->at += OWNER_ENTRY_SIZE;
        if (head->at < entries.size)
            return ERR_OK;
        const struct owner_run passed = head->chunk;
        TRY(register_owner_step(mover->env, &head->is_open, &head->chunk, false));
        TRY(store_delete(mover->env->store, &tables_table_owner_run, &passed));
        head->at = 0;
    }
    return ERR_OK;
}

static enum err open_mover(struct mover *mover)
{
    const struct owner_merge *merge = &mover->merge;
    struct owner_run tail = {0};
    TRY(end_of_run(mover->env, &mover->has_last, &tail, merge->to_level, merge->to_run, true));
    if (mover->has_last) {
        mover->chunk = tail.chunk;
        memcpy(mover->last, tail.entries.data + tail.entries.size - OWNER_ENTRY_SIZE,
               OWNER_ENTRY_SIZE);
    }
    for (size_t i = 0; i < RUNS_MERGED && i < merge->last_source; i++) {
        struct head *head = &mover->heads[i];
        TRY(end_of_run(mover->env, &head->is_open, &head->chunk, merge->level,
                       merge->last_source - i, false));
        TRY(settle_head(mover, head));
    }
    return ERR_OK;
}

static struct head *lowest(struct mover *mover)
{
    struct head *found = NULL;
    for (size_t i = 0; i < RUNS_MERGED; i++) {
        struct head *head = &mover->heads[i];
        if (head->is_open &&
            (found == NULL || memcmp(head->chunk.entries.data + head->at,
                                     found->chunk.entries.data + found->at, OWNER_ENTRY_SIZE) < 0))
            found = head;
    }
    return found;
}

static enum err end_chunk(struct mover *mover)
{
    if (mover->count == 0)
        return ERR_OK;
    const size_t count = mover->count;
    mover->count = 0;
    return write_chunk(mover->env, mover->merge.to_level, mover->merge.to_run, ++mover->chunk,
                       mover->entries, count);
}

/* Once, if several sources have it. */
static enum err put(struct mover *mover, const uint8_t *entry)
{
    if (is_moved(mover, entry))
        return ERR_OK;
    memcpy(mover->last, entry, OWNER_ENTRY_SIZE);
    mover->has_last = true;
    memcpy(mover->entries + mover->count++ * OWNER_ENTRY_SIZE, entry, OWNER_ENTRY_SIZE);
    return mover->count == OWNER_CHUNK_ENTRIES ? end_chunk(mover) : ERR_OK;
}

/* At least so many, in whole chunks, or all. */
static enum err move(struct mover *mover, bool *is_over, size_t count_min)
{
    struct head *head = lowest(mover);
    for (size_t moved = 0; head != NULL && (moved < count_min || mover->count > 0); moved++) {
        TRY(put(mover, head->chunk.entries.data + head->at));
        TRY(settle_head(mover, head));
        head = lowest(mover);
    }
    *is_over = head == NULL;
    return end_chunk(mover);
}

static enum err go_on(struct register_env *env, bool *is_over, const struct owner_merge *merge,
                      size_t count_min)
{
    struct arena arena AUTO(arena_fini) = {.limit = SIZE_MAX};
    struct register_env room = *env;
    struct mover mover = {.env = &room, .merge = *merge};
    room.arena = &arena;
    TRY(open_mover(&mover));
    TRY(move(&mover, is_over, count_min));
    return *is_over ? store_delete(env->store, &tables_table_owner_merge, merge) : ERR_OK;
}

/* --- when a merge begins --- */

/* Chunks are full but for a run's last, unless a sweep was there. */
static enum err count_entries(struct register_env *env, uint64_t *count, uint64_t level,
                              uint64_t first)
{
    *count = 0;
    for (uint64_t run = first; run < first + RUNS_MERGED; run++) {
        struct arena arena AUTO(arena_fini) = {0};
        struct register_env room = *env;
        struct owner_run last = {0};
        bool found = false;
        room.arena = &arena;
        TRY(end_of_run(&room, &found, &last, level, run, true));
        *count +=
            found ? (last.chunk - 1) * OWNER_CHUNK_ENTRIES + last.entries.size / OWNER_ENTRY_SIZE
                  : 0;
    }
    return ERR_OK;
}

/* The runs of a level that nothing is written to any more. *last 0: there are none. */
static enum err whole_runs(struct register_env *env, uint64_t *first, uint64_t *last,
                           const struct merges *merges, uint64_t level)
{
    TRY(register_owner_runs(env, first, last, level));
    for (size_t i = 0; i < merges->count; i++)
        if (merges->items[i].to_level == level && merges->items[i].to_run <= *last)
            *last = merges->items[i].to_run - 1;
    return ERR_OK;
}

/* If it has enough runs and none of its merges is under way. */
static enum err begin(struct register_env *env, bool *begins, struct merges *merges, uint64_t level)
{
    uint64_t first = 0, last = 0, count = 0;
    *begins = false;
    if (level == OWNER_LEVEL_FINAL || is_merging(merges, level))
        return ERR_OK;
    TRY(whole_runs(env, &first, &last, merges, level));
    if (last == 0 || last + 1 < first + RUNS_MERGED)
        return ERR_OK;
    TRY(count_entries(env, &count, level, first));
    struct owner_merge *merge = &merges->items[merges->count];
    *merge = (struct owner_merge){
        .level = level,
        .last_source = first + RUNS_MERGED - 1,
        .to_level = count >= FINAL_ENTRIES ? OWNER_LEVEL_FINAL : level + 1,
    };
    TRY(next_run(env, &merge->to_run, merges, merge->to_level));
    *begins = true;
    merges->count++;
    return store_insert(env->store, &tables_table_owner_merge, merge);
}

/* All merges that are under way, by so many entries each. *due: levels where one may begin. */
static enum err go_on_all(struct register_env *env, struct merges *merges, unsigned *due,
                          size_t count_min)
{
    const struct merges all = *merges;
    merges->count = 0;
    for (size_t i = 0; i < all.count; i++) {
        const struct owner_merge *merge = &all.items[i];
        bool is_over = false;
        TRY(go_on(env, &is_over, merge, count_min));
        if (is_over)
            *due |= 1U << merge->to_level;
        else
            merges->items[merges->count++] = *merge;
    }
    return ERR_OK;
}

/* One a level at most: what has gathered is no one call's to merge. A merge that is over at once
 * may be the cause of the next level's. */
static enum err begin_all(struct register_env *env, struct merges *merges, unsigned due,
                          size_t count_min)
{
    for (uint64_t level = 0; level < OWNER_LEVEL_FINAL; level++) {
        bool begins = false, is_over = false;
        if ((due >> level & 1U) != 0)
            TRY(begin(env, &begins, merges, level));
        if (!begins)
            continue;
        const struct owner_merge merge = merges->items[merges->count - 1];
        TRY(go_on(env, &is_over, &merge, count_min));
        due |= is_over ? 1U << merge.to_level : 0;
        merges->count -= is_over ? 1 : 0;
    }
    return ERR_OK;
}

/* Of a batch of many small calls, too, the merges must not be what takes longest. */
static bool is_due(uint64_t run, size_t count)
{
    const size_t calls = MOVED_MIN / (FASTER * count);
    return calls == 0 || run % (calls < RESTS_MAX ? calls : RESTS_MAX) == 0;
}

enum err register_owner_add_run(struct register_env *env, uint8_t *entries, size_t count)
{
    const size_t count_min = FASTER * count > MOVED_MIN ? FASTER * count : MOVED_MIN;
    struct merges merges = {.count = 0};
    uint64_t run = 0, chunk = 0;
    unsigned due = 1U << 0;
    qsort(entries, count, OWNER_ENTRY_SIZE, compare_entries);
    TRY(read_merges(env, &merges));
    TRY(next_run(env, &run, &merges, 0));
    for (size_t i = 0; i < count; i += OWNER_CHUNK_ENTRIES)
        TRY(write_chunk(env, 0, run, ++chunk, entries + i * OWNER_ENTRY_SIZE,
                        count - i < OWNER_CHUNK_ENTRIES ? count - i : OWNER_CHUNK_ENTRIES));
    if (!is_due(run, count))
        return ERR_OK;
    TRY(go_on_all(env, &merges, &due, count_min));
    return begin_all(env, &merges, due, count_min);
}
