/* The index by owner: which coins may a key own?
 *
 * An index that SQLite keeps in the order of owners touches a page at random for each coin, and
 * that costs more than the coin's own row. Here a call's coins become one sorted run of entries,
 * written in one go; runs become fewer and longer, a part with each call (register_owner_runs.c).
 * So a run's bytes are written a few times each, always side by side, and a key is looked up with
 * one seek a run.
 *
 * 1. Entries are only ever added; coins do not change hands. Whether a coin is there, whose it is
 *    and whether it was spent is for the reader to ask of the coin's rows.
 * 2. The runs are a function of the calls and their order, whatever the batches; but for what a
 *    sweep takes out of them, once a line has left for the archive (register_owner_sweep.c).
 * 3. A chunk's key is not above its first entry, and above the last of the chunk before it.
 */
#include "central/register_owner_runs.h"

#include <string.h>

enum { OWNERS_CAPACITY_FIRST = 64 };

/* Of the key's x: its first byte only tells which of two points. */
static void put_owner(uint8_t *entry, const struct public_key *key)
{
    memcpy(entry, key->bytes + 1, KEY_ID_SIZE);
}

static void put_serial(uint8_t *entry, uint64_t serial)
{
    for (size_t i = 0; i < KEY_ID_SIZE; i++)
        entry[OWNER_SERIAL_AT + i] = (uint8_t)(serial >> (8 * (KEY_ID_SIZE - 1 - i)));
}

static void put_entry(uint8_t *entry, const struct coin *coin)
{
    put_owner(entry, &coin->owner_key);
    put_serial(entry, coin->serial);
    memcpy(entry + OWNER_COIN_AT, coin->coin_id.bytes, KEY_ID_SIZE);
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
        return register_owner_add_run(env, alone, 1);
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
    return register_owner_add_run(env, owners->entries, count);
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
            TRY(search->visitor->visit(search->visitor->context, over, register_owner_serial(at),
                                       at + OWNER_COIN_AT));
    }
    return ERR_OK;
}

/* From the last chunk that begins before the entry looked for: it may hold it. */
static enum err visit_run(const struct search *search, uint64_t level, uint64_t run)
{
    struct owner_run at = {
        .level = level, .run = run, .first_serial = register_owner_serial(search->from)};
    bool found = false, over = false;
    memcpy(at.first_owner.bytes, search->from, KEY_ID_SIZE);
    TRY(register_owner_step(search->env, &found, &at, true));
    if (found)
        TRY(visit_chunk(search, &over, &at));
    while (!over) {
        TRY(register_owner_step(search->env, &found, &at, false));
        if (!found)
            return ERR_OK;
        TRY(visit_chunk(search, &over, &at));
    }
    return ERR_OK;
}

enum err register_owner_visit(struct register_env *env, const struct public_key *key,
                              uint64_t after_serial, const struct register_owner_visitor *visitor)
{
    for (uint64_t level = 0; level <= OWNER_LEVEL_FINAL; level++) {
        uint64_t first = 0, last = 0;
        TRY(register_owner_runs(env, &first, &last, level));
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
