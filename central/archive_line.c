/* One line of the archive: which may leave, its rows as bytes, taking them away and putting them
 * back (contract in archive.h). */
#include "central/archive.h"

#include "common/base/time.h"

#include <string.h>

enum { SIZE_BYTES = 4 };

/* --- reading --- */

static enum err rows_of(struct register_env *env, struct list *out, const struct table *table,
                        const void *from, size_t count_max)
{
    const struct store_query query = {
        .table = table, .index_number = -1, .prefix_count = 1, .count_max = count_max};
    return store_list(env->store, out, &query, from, env->arena);
}

/* The note of the payment that spent a coin, if that one is looked for under its key and counter
 * (clones.c). */
static enum err read_seen(struct register_env *env, bool *found, struct clone_seen *out,
                          const struct coin *coin, const struct spend *spend)
{
    struct cose cose = {0};
    struct id payment_id = {{0}};
    struct payment payment = {0};
    TRY(register_payment(env, &cose, &payment_id, spend));
    TRY(payment_decode(&payment, cose.payload, env->arena));
    *out = (struct clone_seen){.counter = payment.counter};
    memcpy(out->key_part.bytes, coin->owner_key.bytes + 1, KEY_ID_SIZE);
    TRY(register_find(env, found, &tables_table_clone_seen, out));
    *found = *found && out->serial == coin->serial &&
             memcmp(out->coin_part.bytes, coin->coin_id.bytes, KEY_ID_SIZE) == 0;
    return ERR_OK;
}

/* Coins and spends of a line are in the order of their ids: of a dead one they are pairs. */
static enum err read_all_seen(struct register_env *env, struct archive_line *line)
{
    void *memory = NULL;
    TRY(arena_alloc(env->arena, &memory, line->coins.count, sizeof(struct clone_seen)));
    line->seen = (struct clone_seen_list){memory, 0};
    for (size_t i = 0; i < line->coins.count; i++) {
        bool found = false;
        TRY(read_seen(env, &found, &line->seen.items[line->seen.count], &line->coins.items[i],
                      &line->spends.items[i]));
        line->seen.count += found;
    }
    return ERR_OK;
}

/* --- judging --- */

static bool is_early(const struct register_env *env, const struct coin *coin)
{
    return time_day(env->now) < coin->redeem_by_day + trust_policy(env->trust)->archive_days;
}

static enum archive_verdict judge_coins(const struct archive_line *line)
{
    for (size_t i = 0; i < line->coins.count; i++)
        if (line->coins.items[i].state != COIN_UNSPENT)
            return ARCHIVE_DISPUTED;
    if (line->spends.count != line->coins.count)
        return ARCHIVE_ALIVE;
    return ARCHIVE_DEAD;
}

/* A serial without coins is one whose rows contradict themselves: it is left for `db check`. */
static enum err read_coins(struct register_env *env, enum archive_verdict *verdict,
                           struct archive_line *line)
{
    const struct coin from = {.serial = line->minted.serial};
    const struct spend spends_from = {.serial = line->minted.serial};
    struct list rows = {0};
    TRY(rows_of(env, &rows, &tables_table_coin, &from, ARCHIVE_COINS_MAX + 1));
    line->coins = (struct coin_list){rows.items, rows.count};
    *verdict = rows.count == 0                    ? ARCHIVE_DISPUTED
               : is_early(env, line->coins.items) ? ARCHIVE_EARLY
               : rows.count > ARCHIVE_COINS_MAX   ? ARCHIVE_LARGE
                                                  : ARCHIVE_DEAD;
    if (*verdict != ARCHIVE_DEAD)
        return ERR_OK;
    TRY(rows_of(env, &rows, &tables_table_spend, &spends_from, 0));
    line->spends = (struct spend_list){rows.items, rows.count};
    *verdict = judge_coins(line);
    return ERR_OK;
}

static enum err read_others(struct register_env *env, enum archive_verdict *verdict,
                            struct archive_line *line)
{
    const struct loser losers_from = {.serial = line->minted.serial};
    const struct input inputs_from = {.serial = line->minted.serial};
    struct list rows = {0};
    TRY(rows_of(env, &rows, &tables_table_loser, &losers_from, 1));
    if (rows.count > 0)
        *verdict = ARCHIVE_DISPUTED;
    if (*verdict != ARCHIVE_DEAD)
        return ERR_OK;
    TRY(rows_of(env, &rows, &tables_table_input, &inputs_from, 0));
    line->inputs = (struct input_list){rows.items, rows.count};
    return read_all_seen(env, line);
}

enum err archive_judge(struct register_env *env, enum archive_verdict *verdict,
                       struct archive_line *out, const struct minted *minted)
{
    *out = (struct archive_line){.minted = *minted};
    TRY(read_coins(env, verdict, out));
    return *verdict == ARCHIVE_DEAD ? read_others(env, verdict, out) : ERR_OK;
}

/* --- as bytes --- */

size_t archive_row_count(const struct archive_line *line)
{
    return 1 + line->coins.count + line->spends.count + line->inputs.count + line->seen.count;
}

enum err archive_put_line(struct buffer *rows, const struct archive_line *line)
{
    struct buffer bytes AUTO(buffer_fini) = {.limit = ARCHIVE_ROWS_MAX};
    uint8_t size[SIZE_BYTES];
    TRY(wire_encode(&bytes, &tables_schema_archive_line, line));
    for (size_t i = 0; i < SIZE_BYTES; i++)
        size[i] = (uint8_t)(bytes.size >> (8 * (SIZE_BYTES - 1 - i)));
    TRY(buffer_put(rows, span_of(size, SIZE_BYTES)));
    return buffer_put(rows, buffer_span(&bytes));
}

enum err archive_next_line(struct archive_line *out, struct span *bytes, size_t *at,
                           struct span rows, struct arena *arena)
{
    size_t size = 0;
    if (rows.size - *at < SIZE_BYTES)
        return ERR_INTEGRITY;
    for (size_t i = 0; i < SIZE_BYTES; i++)
        size = size << 8 | rows.data[(*at)++];
    if (rows.size - *at < size)
        return ERR_INTEGRITY;
    *bytes = span_of(rows.data + *at, size);
    *at += size;
    if (out == NULL)
        return ERR_OK;
    return wire_decode(&tables_schema_archive_line, out, *bytes, arena) == ERR_OK ? ERR_OK
                                                                                  : ERR_INTEGRITY;
}

/* --- taking away, putting back --- */

static enum err each_row(struct store *store, const struct archive_line *line,
                         enum err (*act)(struct store *store, const struct table *table,
                                         const void *row))
{
    TRY(act(store, &tables_table_minted, &line->minted));
    for (size_t i = 0; i < line->coins.count; i++)
        TRY(act(store, &tables_table_coin, &line->coins.items[i]));
    for (size_t i = 0; i < line->spends.count; i++)
        TRY(act(store, &tables_table_spend, &line->spends.items[i]));
    for (size_t i = 0; i < line->inputs.count; i++)
        TRY(act(store, &tables_table_input, &line->inputs.items[i]));
    for (size_t i = 0; i < line->seen.count; i++)
        TRY(act(store, &tables_table_clone_seen, &line->seen.items[i]));
    return ERR_OK;
}

static enum err is_same(struct register_env *env, bool *same, struct archive_line *now,
                        struct span bytes)
{
    struct buffer fresh AUTO(buffer_fini) = {.limit = ARCHIVE_ROWS_MAX};
    enum archive_verdict verdict = ARCHIVE_ALIVE;
    const struct minted minted = now->minted;
    TRY(archive_judge(env, &verdict, now, &minted));
    *same = false;
    if (verdict != ARCHIVE_DEAD)
        return ERR_OK;
    TRY(wire_encode(&fresh, &tables_schema_archive_line, now));
    *same = span_equal(buffer_span(&fresh), bytes);
    return ERR_OK;
}

enum err archive_clear(struct register_env *env, struct span bytes)
{
    struct archive_line line = {0};
    bool found = false, same = false;
    if (wire_decode(&tables_schema_archive_line, &line, bytes, env->arena) != ERR_OK)
        return ERR_INTEGRITY;
    TRY(register_find(env, &found, &tables_table_minted, &line.minted));
    if (found)
        TRY(is_same(env, &same, &line, bytes));
    return same ? each_row(env->store, &line, store_delete) : ERR_OK;
}

/* A note of the same key and counter may have come meanwhile, of another coin: it stays. */
static enum err insert(struct store *store, const struct table *table, const void *row)
{
    const enum err error = store_insert(store, table, row);
    return error == ERR_EXISTS && table == &tables_table_clone_seen ? ERR_OK : error;
}

enum err archive_put_back(struct register_env *env, bool *is_back, const struct archive_line *line)
{
    struct minted minted = {.serial = line->minted.serial};
    bool found = false;
    TRY(register_find(env, &found, &tables_table_minted, &minted));
    *is_back = !found;
    return found ? ERR_OK : each_row(env->store, line, insert);
}
