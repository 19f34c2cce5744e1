/* The index by owner: which coins may a key own?
 *
 * An index that SQLite keeps in the order of owners touches a page at random for each coin, and
 * that costs more than the coin's own row. Here a call's coins become one sorted run of entries,
 * written in one go; RUNS_MERGED runs of a level become one of the next, and one of FINAL_ENTRIES
 * or more is left alone. So a run's bytes are written a few times each, always side by side, and
 * a key is looked up with one seek a run.
 *
 * 1. Entries are only ever added; coins do not change hands. Whether a coin is there, whose it is
 *    and whether it was spent is for the reader to ask of the coin's rows.
 * 2. The runs are a function of the calls and their order, whatever the batches; but for what a
 *    sweep takes out of them, once a line has left for the archive (register_owner_sweep.c).
 * 3. A chunk's key is not above its first entry, and above the last of the chunk before it.
 */
#include "central/register_row.h"

#include <stdlib.h>
#include <string.h>

enum {
    RUNS_MERGED = 16,
    FINAL_ENTRIES = 65536, /* 1.5 MiB: about 20 ms to merge, once in so many coins */
    LEVEL_FINAL = 15,
    OWNERS_CAPACITY_FIRST = 64,
    SERIAL_AT = KEY_ID_SIZE, /* an entry: owner, serial (big-endian), coin id; 8 bytes each */
    COIN_AT = 2 * KEY_ID_SIZE,
};

/* --- entries --- */

/* Of the key's x: its first byte only tells which of two points. */
static void put_owner(uint8_t *entry, const struct public_key *key)
{
    memcpy(entry, key->bytes + 1, KEY_ID_SIZE);
}

static void put_serial(uint8_t *entry, uint64_t serial)
{
    for (size_t i = 0; i < KEY_ID_SIZE; i++)
        entry[SERIAL_AT + i] = (uint8_t)(serial >> (8 * (KEY_ID_SIZE - 1 - i)));
}

static uint64_t get_serial(const uint8_t *entry)
{
    uint64_t serial = 0;
    for (size_t i = 0; i < KEY_ID_SIZE; i++)
        serial = serial << 8 | entry[SERIAL_AT + i];
    return serial;
}

static void put_entry(uint8_t *entry, const struct coin *coin)
{
    put_owner(entry, &coin->owner_key);
    put_serial(entry, coin->serial);
    memcpy(entry + COIN_AT, coin->coin_id.bytes, KEY_ID_SIZE);
}

static int compare_entries(const void *a, const void *b)
{
    return memcmp(a, b, OWNER_ENTRY_SIZE);
}

/* --- runs --- */

static enum err end_run(struct register_env *env, uint64_t *run, uint64_t level, bool descending)
{
    const struct owner_run from = {.level = level};
    const struct store_query end = {.table = &tables_table_owner_run,
                                    .index_number = -1,
                                    .prefix_count = 1,
                                    .descending = descending,
                                    .count_max = 1};
    struct list rows = {0};
    TRY(store_list(env->store, &rows, &end, &from, env->arena));
    *run = rows.count == 0 ? 0 : ((const struct owner_run *)rows.items)->run;
    return ERR_OK;
}

static enum err last_run(struct register_env *env, uint64_t *run, uint64_t level)
{
    return end_run(env, run, level, true);
}

static enum err write_run(struct register_env *env, uint64_t level, uint64_t run,
                          const uint8_t *entries, size_t count)
{
    for (size_t i = 0; i < count; i += OWNER_CHUNK_ENTRIES) {
        const uint8_t *first = entries + i * OWNER_ENTRY_SIZE;
        const size_t some = count - i < OWNER_CHUNK_ENTRIES ? count - i : OWNER_CHUNK_ENTRIES;
        struct owner_run row = {.level = level,
                                .run = run,
                                .first_serial = get_serial(first),
                                .chunk = i / OWNER_CHUNK_ENTRIES + 1,
                                .entries = span_of(first, some * OWNER_ENTRY_SIZE)};
        memcpy(row.first_owner.bytes, first, KEY_ID_SIZE);
        TRY(store_insert(env->store, &tables_table_owner_run, &row));
    }
    return ERR_OK;
}

static size_t entry_count(const struct list *rows)
{
    const struct owner_run *runs = rows->items;
    size_t size = 0;
    for (size_t i = 0; i < rows->count; i++)
        size += runs[i].entries.size;
    return size / OWNER_ENTRY_SIZE;
}

/* All entries of these rows, sorted; the rows are deleted. */
static enum err take_rows(struct register_env *env, uint8_t *out, const struct list *rows)
{
    const struct owner_run *runs = rows->items;
    size_t size = 0;
    for (size_t i = 0; i < rows->count; i++) {
        memcpy(out + size, runs[i].entries.data, runs[i].entries.size);
        size += runs[i].entries.size;
        TRY(store_delete(env->store, &tables_table_owner_run, &runs[i]));
    }
    qsort(out, size / OWNER_ENTRY_SIZE, OWNER_ENTRY_SIZE, compare_entries);
    return ERR_OK;
}

/* All runs of a level become one: of the next level, or for good. */
static enum err merge(struct register_env *env, uint64_t *level, uint64_t *run)
{
    struct arena arena AUTO(arena_fini) = {.limit = SIZE_MAX};
    struct register_env room = *env;
    const struct owner_run from = {.level = *level};
    struct list rows = {0};
    void *entries = NULL;
    room.arena = &arena;
    TRY(register_rows(&room, &rows, &tables_table_owner_run, -1, 1, &from));
    const size_t count = entry_count(&rows);
    TRY(arena_alloc(&arena, &entries, count, OWNER_ENTRY_SIZE));
    TRY(take_rows(&room, entries, &rows));
    *level = count >= FINAL_ENTRIES ? LEVEL_FINAL : *level + 1;
    TRY(last_run(&room, run, *level));
    return write_run(&room, *level, ++*run, entries, count);
}

static enum err add_run(struct register_env *env, uint8_t *entries, size_t count)
{
    uint64_t level = 0, run = 0;
    qsort(entries, count, OWNER_ENTRY_SIZE, compare_entries);
    TRY(last_run(env, &run, level));
    TRY(write_run(env, level, ++run, entries, count));
    while (run >= RUNS_MERGED && level < LEVEL_FINAL)
        TRY(merge(env, &level, &run));
    return ERR_OK;
}

/* --- adding --- */

static enum err reserve(struct register_env *env)
{
    struct register_owners *owners = env->owners;
    void *entries = NULL;
    if (owners->count < owners->capacity)
        return ERR_OK;
    const size_t capacity = owners->capacity == 0 ? OWNERS_CAPACITY_FIRST : 2 * owners->capacity;
    TRY(arena_alloc(env->arena, &entries, capacity, OWNER_ENTRY_SIZE));
    if (owners->count > 0)
        memcpy(entries, owners->entries, owners->count * OWNER_ENTRY_SIZE);
    owners->entries = entries;
    owners->capacity = capacity;
    return ERR_OK;
}

enum err register_owner_add(struct register_env *env, const struct coin *coin)
{
    struct register_owners *owners = env->owners;
    uint8_t alone[OWNER_ENTRY_SIZE];
    if (owners == NULL) {
        put_entry(alone, coin);
        return add_run(env, alone, 1);
    }
    TRY(reserve(env));
    put_entry(owners->entries + owners->count * OWNER_ENTRY_SIZE, coin);
    owners->count++;
    return ERR_OK;
}

enum err register_owner_flush(struct register_env *env)
{
    struct register_owners *owners = env->owners;
    if (owners == NULL || owners->count == 0)
        return ERR_OK;
    const size_t count = owners->count;
    owners->count = 0;
    return add_run(env, owners->entries, count);
}

/* --- visiting --- */

struct search {
    struct register_env *env;
    uint8_t from[OWNER_ENTRY_SIZE];
    const struct register_owner_visitor *visitor;
};

/* *over: the entries that follow are another owner's, or the visitor has enough. */
static enum err visit_chunk(const struct search *search, bool *over, const struct owner_run *chunk)
{
    const uint8_t *end = chunk->entries.data + chunk->entries.size;
    for (const uint8_t *at = chunk->entries.data; at < end && !*over; at += OWNER_ENTRY_SIZE) {
        if (memcmp(at, search->from, OWNER_ENTRY_SIZE) < 0)
            continue;
        *over = memcmp(at, search->from, KEY_ID_SIZE) != 0;
        if (!*over)
            TRY(search->visitor->visit(search->visitor->context, over, get_serial(at),
                                       at + COIN_AT));
    }
    return ERR_OK;
}

static enum err next_chunk(struct register_env *env, struct list *rows, struct owner_run *at,
                           bool descending)
{
    const struct store_query query = {.table = &tables_table_owner_run,
                                      .index_number = -1,
                                      .prefix_count = 2,
                                      .after = true,
                                      .descending = descending,
                                      .count_max = 1};
    TRY(store_list(env->store, rows, &query, at, env->arena));
    if (rows->count > 0)
        *at = *(const struct owner_run *)rows->items;
    return ERR_OK;
}

/* From the last chunk that begins before the entry looked for: it may hold it. */
static enum err visit_run(const struct search *search, uint64_t level, uint64_t run)
{
    struct owner_run at = {.level = level, .run = run, .first_serial = get_serial(search->from)};
    struct list rows = {0};
    bool over = false;
    memcpy(at.first_owner.bytes, search->from, KEY_ID_SIZE);
    TRY(next_chunk(search->env, &rows, &at, true));
    if (rows.count > 0)
        TRY(visit_chunk(search, &over, &at));
    while (!over) {
        TRY(next_chunk(search->env, &rows, &at, false));
        if (rows.count == 0)
            return ERR_OK;
        TRY(visit_chunk(search, &over, &at));
    }
    return ERR_OK;
}

enum err register_owner_visit(struct register_env *env, const struct public_key *key,
                              uint64_t after_serial, const struct register_owner_visitor *visitor)
{
    for (uint64_t level = 0; level <= LEVEL_FINAL; level++) {
        uint64_t first = 0, last = 0;
        TRY(end_run(env, &first, level, false));
        TRY(last_run(env, &last, level));
        for (uint64_t run = first; run <= last && run > 0; run++) {
            struct arena arena AUTO(arena_fini) = {0};
            struct register_env room = *env;
            struct search search = {.env = &room, .visitor = visitor};
            room.arena = &arena;
            put_owner(search.from, key);
            put_serial(search.from, after_serial);
            TRY(visit_run(&search, level, run));
        }
    }
    return ERR_OK;
}
