/* What a backup holds (contract and layout in backup.h).
 *
 * 1. What is read back is what was written: a row that does not decode, a table that is not known
 *    or stands out of order, bytes after the end: all of it is refused.
 * 2. No private key, no code and no record that only serves to ask for a certificate is written. */
#include "wallet/state/backup.h"

#include "common/purse/purse_row.h"

#include <string.h>

enum { HEAD_SIZE = 8 + 8, ROW_SIZE_MAX = 4 * 1024 * 1024 };

static const uint8_t magic[8] = {'d', 'c', 'e', 'p', 'w', 'a', 'l', 1};

/* Secrets, and what died with them. */
static bool is_left_out(const struct table *table)
{
    return table == &tables_table_sealed_key || table == &tables_table_new_key;
}

static enum err put_number(struct buffer *out, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[size - 1 - i] = (uint8_t)(value >> (8 * i));
    return buffer_put(out, span_of(bytes, size));
}

/* --- writing --- */

static enum err put_row(struct buffer *out, const struct table *table, const void *row)
{
    struct buffer record AUTO(buffer_fini) = {.limit = ROW_SIZE_MAX};
    const struct span name = span_text(table->name);
    TRY(wire_encode(&record, table->schema, row));
    TRY(put_number(out, name.size, 1));
    TRY(buffer_put(out, name));
    TRY(put_number(out, record.size, 4));
    return buffer_put(out, buffer_span(&record));
}

static enum err put_table(struct purse_env *env, struct buffer *out, const struct table *table)
{
    struct arena arena AUTO(arena_fini) = {.limit = BACKUP_SIZE_MAX * (size_t)4};
    struct purse_env own = *env;
    struct list rows = {0};
    own.arena = &arena;
    TRY(purse_rows(&own, &rows, table, -1, 0, NULL));
    for (size_t i = 0; i < rows.count; i++)
        TRY(put_row(out, table, (const uint8_t *)rows.items + i * table->schema->struct_size));
    return ERR_OK;
}

static enum err write_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct buffer *out = context;
    TRY(buffer_put(out, span_of(magic, sizeof magic)));
    TRY(put_number(out, wallet->now, 8));
    for (const struct table *const *table = wallet_schema.tables; *table != NULL; table++)
        if (!is_left_out(*table))
            TRY(put_table(env, out, *table));
    return ERR_OK;
}

enum err backup_write(struct wallet *wallet, struct buffer *out)
{
    struct arena arena AUTO(arena_fini) = {0};
    return wallet_transact(wallet, write_work, out, &arena);
}

/* --- reading --- */

static enum err take(struct span *out, struct span *rest, size_t size)
{
    if (rest->size < size)
        return ERR_PARSE;
    *out = span_of(rest->data, size);
    *rest = span_of(rest->data + size, rest->size - size);
    return ERR_OK;
}

static enum err take_number(uint64_t *out, struct span *rest, size_t size)
{
    struct span bytes;
    TRY(take(&bytes, rest, size));
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out = *out << 8 | bytes.data[i];
    return ERR_OK;
}

/* The table of that name, at or after *table in the declared order. */
static enum err find_table(const struct table *const **table, struct span name)
{
    while (**table != NULL && !span_equal(span_text((**table)->name), name))
        (*table)++;
    return **table == NULL || is_left_out(**table) ? ERR_PARSE : ERR_OK;
}

static enum err read_row(struct wallet *wallet, const struct table *const **table,
                         struct span *rest)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct span name, record;
    uint64_t size = 0;
    void *row = NULL;
    TRY(take_number(&size, rest, 1));
    TRY(take(&name, rest, size));
    TRY(find_table(table, name));
    TRY(take_number(&size, rest, 4));
    TRY(take(&record, rest, size));
    TRY(arena_alloc(&arena, &row, 1, (**table)->schema->struct_size));
    TRY(wire_decode((**table)->schema, row, record, &arena));
    return store_insert(wallet->store, **table, row);
}

struct reading {
    struct span bytes;
    uint64_t made_at;
};

/* The state says that this is a restored wallet; with the last backup's code nobody joins again. */
static enum err mark_restored(struct wallet *wallet, struct purse_env *env)
{
    struct wallet_state state = {.id = 1};
    TRY(store_get(wallet->store, &tables_table_wallet_state, &state, env->arena));
    if (!state.is_joined || !state.has_directory)
        return ERR_PARSE;
    state.is_restored = 1;
    state.has_join_code = false;
    state.holder = HOLDER_SOFTWARE; /* an element's keys stay in it */
    state.element_index = state.element_count = 0;
    state.has_element_attestor = false;
    return store_update(wallet->store, &tables_table_wallet_state, &state);
}

static enum err read_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct reading *reading = context;
    const struct table *const *table = wallet_schema.tables;
    struct span rest = reading->bytes, head = {0};
    TRY(take(&head, &rest, sizeof magic));
    if (memcmp(head.data, magic, sizeof magic) != 0)
        return memcmp(head.data, magic, sizeof magic - 1) == 0 ? ERR_VERSION : ERR_PARSE;
    TRY(take_number(&reading->made_at, &rest, 8));
    while (rest.size > 0)
        TRY(read_row(wallet, &table, &rest));
    TRY(purse_freeze(env));
    const enum err error = mark_restored(wallet, env);
    return error == ERR_MISSING ? ERR_PARSE : error;
}

enum err backup_read(struct wallet *wallet, uint64_t *made_at, struct span bytes)
{
    struct arena arena AUTO(arena_fini) = {.limit = BACKUP_SIZE_MAX * (size_t)4};
    struct reading reading = {.bytes = bytes};
    TRY(wallet_transact(wallet, read_work, &reading, &arena));
    *made_at = reading.made_at;
    return wallet_load(wallet);
}
