/* Notes of payments, and pairs among them (contract in clones.h). */
#include "central/clones.h"

#include "central/cases.h"
#include "central/register_row.h"

#include <stdlib.h>
#include <string.h>

/* A note: key part (8 bytes), counter, serial (big-endian), coin part (8 bytes). Sorted by its
 * bytes it is in the order of clone_seen. */
enum {
    AT_COUNTER = 8,
    AT_SERIAL = 16,
    AT_COIN = 24,
    PART_SIZE = KEY_ID_SIZE,
    NOTES_AT_FIRST = 64,
    CALLS_AT_ONCE = 64, /* read at once: a row may have half a MiB */
};

static void put_number(uint8_t *out, uint64_t number)
{
    for (int i = 7; i >= 0; i--, number >>= 8)
        out[i] = (uint8_t)number;
}

static uint64_t get_number(const uint8_t *bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static enum err make_room(struct register_env *env)
{
    struct register_notes *notes = &env->notes;
    void *memory = NULL;
    if (notes->size + CLONE_ENTRY_SIZE <= notes->capacity)
        return ERR_OK;
    const size_t capacity =
        notes->capacity == 0 ? (size_t)NOTES_AT_FIRST * CLONE_ENTRY_SIZE : notes->capacity * 2;
    TRY(arena_alloc(env->arena, &memory, capacity, 1));
    if (notes->size > 0)
        memcpy(memory, notes->bytes, notes->size);
    notes->bytes = memory;
    notes->capacity = capacity;
    return ERR_OK;
}

enum err clones_note(struct register_env *env, const struct payment *payment,
                     const struct public_key *owner_key)
{
    TRY(make_room(env));
    uint8_t *note = env->notes.bytes + env->notes.size;
    /* the first byte of a point says little: which of two */
    memcpy(note, owner_key->bytes + 1, PART_SIZE);
    put_number(note + AT_COUNTER, payment->counter);
    put_number(note + AT_SERIAL, payment->serial);
    memcpy(note + AT_COIN, payment->coin_id.bytes, PART_SIZE);
    env->notes.size += CLONE_ENTRY_SIZE;
    return ERR_OK;
}

enum err clones_keep(struct register_env *env)
{
    const struct store_query newest = {
        .table = &tables_table_clone_log, .index_number = -1, .descending = true, .count_max = 1};
    struct clone_log row = {.number = 1, .entries = span_of(env->notes.bytes, env->notes.size)};
    struct list rows = {0};
    if (env->notes.size == 0)
        return ERR_OK;
    TRY(store_list(env->store, &rows, &newest, NULL, env->arena));
    if (rows.count > 0)
        row.number = ((const struct clone_log *)rows.items)->number + 1;
    env->notes.size = 0;
    return store_insert(env->store, &tables_table_clone_log, &row);
}

/* --- looking --- */

struct noted { /* a payment, as the rows have it */
    bool found;
    struct coin coin;
    struct cose payment;
    struct id payment_id;
};

/* The coin whose id begins so: the one that follows the id with zeros behind. */
static enum err find_noted(struct register_env *env, struct noted *out, uint64_t serial,
                           const struct key_id *coin_part)
{
    struct coin from = {.serial = serial};
    const struct store_query next = {.table = &tables_table_coin,
                                     .index_number = -1,
                                     .prefix_count = 1,
                                     .after = true,
                                     .count_max = 1};
    struct list rows = {0};
    memcpy(from.coin_id.bytes, coin_part->bytes, PART_SIZE);
    TRY(store_list(env->store, &rows, &next, &from, env->arena));
    *out = (struct noted){0};
    if (rows.count == 0)
        return ERR_OK;
    out->coin = *(const struct coin *)rows.items;
    if (memcmp(out->coin.coin_id.bytes, coin_part->bytes, PART_SIZE) != 0)
        return ERR_OK;
    struct spend spend = {.serial = serial, .coin_id = out->coin.coin_id};
    TRY(register_find(env, &out->found, &tables_table_spend, &spend));
    return out->found ? register_payment(env, &out->payment, &out->payment_id, &spend) : ERR_OK;
}

static enum err counter_of(struct register_env *env, uint64_t *counter, const struct noted *noted)
{
    struct payment payment = {0};
    TRY(payment_decode(&payment, noted->payment.payload, env->arena));
    *counter = payment.counter;
    return ERR_OK;
}

/* Two notes of the same beginnings; are they what they seem? */
static enum err accuse(struct register_env *env, const struct clone_seen *a,
                       const struct clone_seen *b)
{
    struct noted first = {0}, second = {0};
    uint64_t counter_a = 0, counter_b = 0;
    if (a->serial == b->serial && memcmp(&a->coin_part, &b->coin_part, PART_SIZE) == 0)
        return ERR_OK; /* itself, from a round that was forgotten */
    TRY(find_noted(env, &first, a->serial, &a->coin_part));
    TRY(find_noted(env, &second, b->serial, &b->coin_part));
    if (!first.found || !second.found || id_equal(&first.coin.coin_id, &second.coin.coin_id) ||
        !key_equal(&first.coin.owner_key, &second.coin.owner_key))
        return ERR_OK;
    TRY(counter_of(env, &counter_a, &first));
    TRY(counter_of(env, &counter_b, &second));
    if (counter_a != counter_b)
        return ERR_OK;
    const struct cases_conflict conflict = {
        .kind = PROOF_CLONE,
        .serial = a->serial,
        .coin_id = first.coin.coin_id,
        .offender_key = first.coin.owner_key,
        .payment_a_id = first.payment_id,
        .payment_b_id = second.payment_id,
        .payment_a = first.payment,
        .payment_b = second.payment,
    };
    return cases_open(env, &conflict);
}

static enum err look_at(struct register_env *env, const uint8_t *note)
{
    struct clone_seen row = {.counter = get_number(note + AT_COUNTER),
                             .serial = get_number(note + AT_SERIAL)};
    memcpy(row.key_part.bytes, note, PART_SIZE);
    memcpy(row.coin_part.bytes, note + AT_COIN, PART_SIZE);
    struct clone_seen seen = row;
    const enum err error = store_insert(env->store, &tables_table_clone_seen, &row);
    if (error != ERR_EXISTS)
        return error;
    TRY(store_get(env->store, &tables_table_clone_seen, &seen, env->arena));
    return accuse(env, &seen, &row);
}

static int in_order(const void *a, const void *b)
{
    return memcmp(a, b, CLONE_ENTRY_SIZE);
}

/* --- a round --- */

void clones_round_forget(struct clones_round *round)
{
    buffer_fini(&round->notes);
    *round = (struct clones_round){0};
}

/* As many of these calls as there is room for; of any size, if it is the first. */
static enum err take(struct clones_round *round, const struct clone_log *calls, size_t count)
{
    const size_t size_max = (size_t)CLONES_NOTES_MAX * CLONE_ENTRY_SIZE;
    for (size_t i = 0; i < count && !round->is_full; i++) {
        const bool has_room = round->call_count < CLONES_CALLS_MAX &&
                              round->notes.size + calls[i].entries.size <= size_max;
        round->is_full = round->call_count > 0 && !has_room;
        if (round->is_full)
            return ERR_OK;
        TRY(buffer_put(&round->notes, calls[i].entries));
        round->calls[round->call_count++] = calls[i].number;
    }
    return ERR_OK;
}

static enum err begin_round(struct register_env *env, struct clones_round *round)
{
    const struct store_query next = {.table = &tables_table_clone_log,
                                     .index_number = -1,
                                     .after = true,
                                     .count_max = CALLS_AT_ONCE};
    struct clone_log last = {0};
    for (bool more = true; more && !round->is_full;) {
        struct arena arena AUTO(arena_fini) = {0};
        struct list rows = {0};
        TRY(store_list(env->store, &rows, &next, &last, &arena));
        const struct clone_log *calls = rows.items;
        TRY(take(round, calls, rows.count));
        more = rows.count == CALLS_AT_ONCE;
        if (more)
            last.number = calls[rows.count - 1].number;
    }
    if (round->notes.size > 0)
        qsort(round->notes.data, round->notes.size / CLONE_ENTRY_SIZE, CLONE_ENTRY_SIZE, in_order);
    return ERR_OK;
}

/* Rows that came while it was on are the next round's. */
static enum err end_round(struct register_env *env, struct clones_round *round, bool *more)
{
    const struct store_query any = {
        .table = &tables_table_clone_log, .index_number = -1, .count_max = 1};
    struct list rows = {0};
    for (size_t i = 0; i < round->call_count; i++) {
        const struct clone_log call = {.number = round->calls[i]};
        TRY(store_delete(env->store, &tables_table_clone_log, &call));
    }
    TRY(store_list(env->store, &rows, &any, NULL, env->arena));
    *more = rows.count > 0;
    clones_round_forget(round);
    return ERR_OK;
}

/* Where the next part ends. */
static size_t part_end(const struct clones_round *round, size_t count_min, size_t parts)
{
    const size_t count = round->notes.size / CLONE_ENTRY_SIZE, at = round->at / CLONE_ENTRY_SIZE;
    const size_t equal = (count + parts - 1) / parts, part = equal > count_min ? equal : count_min;
    return (part < count - at ? at + part : count) * CLONE_ENTRY_SIZE;
}

enum err clones_look(struct register_env *env, struct clones_round *round, bool *more,
                     size_t count_min, size_t parts)
{
    CHECK(parts > 0);
    *more = false;
    if (round->call_count == 0)
        TRY(begin_round(env, round));
    if (round->call_count == 0)
        return ERR_OK;
    const size_t end = part_end(round, count_min, parts);
    for (; round->at < end; round->at += CLONE_ENTRY_SIZE)
        TRY(look_at(env, round->notes.data + round->at));
    *more = end / CLONE_ENTRY_SIZE < round->notes.size / CLONE_ENTRY_SIZE;
    return *more ? ERR_OK : end_round(env, round, more);
}
