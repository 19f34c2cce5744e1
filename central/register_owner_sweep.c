/* Entries of the index by owner whose coins have left for the archive leave it too: chunk by chunk,
 * in place. A chunk keeps its key, which only says where it begins at the earliest; an empty one is
 * deleted. */
#include "central/register_owner_runs.h"

#include <string.h>

static enum err keep_rest(struct register_env *env, const struct owner_run *chunk,
                          const uint8_t *entries, size_t size)
{
    struct owner_run rest = *chunk;
    if (size == chunk->entries.size)
        return ERR_OK;
    if (size == 0)
        return store_delete(env->store, &tables_table_owner_run, chunk);
    rest.entries = span_of(entries, size);
    return store_update(env->store, &tables_table_owner_run, &rest);
}

static enum err sweep_chunk(struct register_env *env, const struct owner_run *chunk,
                            const struct register_owner_filter *filter)
{
    uint8_t entries[OWNER_CHUNK_ENTRIES * OWNER_ENTRY_SIZE];
    size_t size = 0;
    for (size_t at = 0; at + OWNER_ENTRY_SIZE <= chunk->entries.size; at += OWNER_ENTRY_SIZE) {
        const uint8_t *entry = chunk->entries.data + at;
        bool gone = false;
        TRY(filter->is_gone(filter->context, &gone, register_owner_serial(entry)));
        if (gone)
            continue;
        memcpy(entries + size, entry, OWNER_ENTRY_SIZE);
        size += OWNER_ENTRY_SIZE;
    }
    return keep_rest(env, chunk, entries, size);
}

enum err register_owner_sweep(struct register_env *env, bool *more, struct owner_run *at,
                              size_t count_max, const struct register_owner_filter *filter)
{
    const struct store_query next = {.table = &tables_table_owner_run,
                                     .index_number = -1,
                                     .after = true,
                                     .count_max = count_max};
    struct list rows = {0};
    TRY(store_list(env->store, &rows, &next, at, env->arena));
    const struct owner_run *chunks = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        TRY(sweep_chunk(env, &chunks[i], filter));
    *more = rows.count == count_max;
    *at = *more ? chunks[rows.count - 1] : (struct owner_run){0};
    at->entries = (struct span){0};
    return ERR_OK;
}
