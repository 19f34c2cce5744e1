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
    CALLS_AT_ONCE = 8,                        /* read at once: a row may have half a MiB */
    GATHERED_LISTS = 32,                      /* of so many, in a look, */
    GATHERED_BYTES = 8192 * CLONE_ENTRY_SIZE, /* or so much */
    STRUCK_AT_ONCE = 256,
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

/* 0: there is none. */
static enum err newest_call(struct register_env *env, uint64_t *number)
{
    const struct store_query newest = {
        .table = &tables_table_clone_log, .index_number = -1, .descending = true, .count_max = 1};
    struct list rows = {0};
    TRY(store_list(env->store, &rows, &newest, NULL, env->arena));
    *number = rows.count == 0 ? 0 : ((const struct clone_log *)rows.items)->number;
    return ERR_OK;
}

enum err clones_keep(struct register_env *env)
{
    struct clone_log row = {.entries = span_of(env->notes.bytes, env->notes.size)};
    if (env->notes.size == 0)
        return ERR_OK;
    TRY(newest_call(env, &row.number));
    row.number++;
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
    struct arena arena AUTO(arena_fini) = {0}; /* of one: a look may meet many */
    struct register_env room = *env;
    room.arena = &arena;
    TRY(store_get(env->store, &tables_table_clone_seen, &seen, &arena));
    return accuse(&room, &seen, &row);
}

/* --- the order of notes: a binary heap, whose first is the least ---
 *
 * Sorting them all takes as long as a batch does, and how long with other orders of a part of them
 * is for those to say who choose the keys. */

static uint8_t *note_at(const struct clones_round *round, size_t at)
{
    return round->notes.data + at * CLONE_ENTRY_SIZE;
}

static bool is_below(const struct clones_round *round, size_t a, size_t b)
{
    return memcmp(note_at(round, a), note_at(round, b), CLONE_ENTRY_SIZE) < 0;
}

static void swap(const struct clones_round *round, size_t a, size_t b)
{
    uint8_t note[CLONE_ENTRY_SIZE];
    memcpy(note, note_at(round, a), sizeof note);
    memmove(note_at(round, a), note_at(round, b), sizeof note);
    memcpy(note_at(round, b), note, sizeof note);
}

/* One more, which lies behind them. */
static void put_note(struct clones_round *round)
{
    for (size_t at = round->left++; at > 0 && is_below(round, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(round, at, (at - 1) / 2);
}

/* The least of those that are left; it lies behind them then. */
static const uint8_t *take_note(struct clones_round *round)
{
    swap(round, 0, --round->left);
    for (size_t at = 0, child = 1; child < round->left; at = child, child = 2 * child + 1) {
        if (child + 1 < round->left && is_below(round, child + 1, child))
            child++;
        if (!is_below(round, child, at))
            break;
        swap(round, child, at);
    }
    return note_at(round, round->left);
}

/* --- a round --- */

void clones_round_forget(struct clones_round *round)
{
    buffer_fini(&round->notes);
    *round = (struct clones_round){0};
}

static enum err begin_round(struct register_env *env, struct clones_round *round)
{
    round->notes.limit = (size_t)CLONES_NOTES_MAX * CLONE_ENTRY_SIZE;
    return newest_call(env, &round->end);
}

static enum err take_call(struct clones_round *round, const struct clone_log *call)
{
    if (round->last == 0) { /* of any size */
        round->first = call->number;
        if (call->entries.size > round->notes.limit)
            round->notes.limit = call->entries.size;
    }
    TRY(buffer_put(&round->notes, call->entries));
    round->last = call->number;
    while (round->left < round->notes.size / CLONE_ENTRY_SIZE)
        put_note(round);
    return ERR_OK;
}

/* As many of these calls as there is room for. */
static enum err take(struct clones_round *round, const struct clone_log *calls, size_t count)
{
    for (size_t i = 0; i < count && calls[i].number <= round->end; i++) {
        const bool has_room = round->notes.size + calls[i].entries.size <= round->notes.limit;
        round->is_full = round->last > 0 && !has_room;
        if (round->is_full)
            return ERR_OK;
        TRY(take_call(round, &calls[i]));
    }
    return ERR_OK;
}

static enum err gather(struct register_env *env, struct clones_round *round)
{
    const struct store_query next = {.table = &tables_table_clone_log,
                                     .index_number = -1,
                                     .after = true,
                                     .count_max = CALLS_AT_ONCE};
    const size_t enough = round->notes.size + GATHERED_BYTES;
    for (size_t i = 0; i < GATHERED_LISTS && round->notes.size < enough; i++) {
        struct arena arena AUTO(arena_fini) = {0};
        const struct clone_log last = {.number = round->last};
        struct list rows = {0};
        TRY(store_list(env->store, &rows, &next, &last, &arena));
        TRY(take(round, rows.items, rows.count));
        round->is_gathered = round->is_full || round->last == round->end;
        if (round->is_gathered)
            return ERR_OK;
    }
    return ERR_OK;
}

static enum err look_at_part(struct register_env *env, struct clones_round *round, size_t count_min,
                             size_t parts)
{
    const size_t count = round->notes.size / CLONE_ENTRY_SIZE;
    const size_t equal = (count + parts - 1) / parts, part = equal > count_min ? equal : count_min;
    for (size_t i = 0; i < part && round->left > 0; i++)
        TRY(look_at(env, take_note(round)));
    return ERR_OK;
}

/* Numbers have no gaps: calls get the next one, and the oldest are struck off first. */
static enum err strike_off(struct register_env *env, struct clones_round *round)
{
    for (size_t i = 0; i < STRUCK_AT_ONCE && round->first <= round->last; i++, round->first++) {
        const struct clone_log call = {.number = round->first};
        TRY(store_delete(env->store, &tables_table_clone_log, &call));
    }
    return ERR_OK;
}

/* Rows that came while it was on are the next round's. */
static enum err end_round(struct register_env *env, struct clones_round *round, bool *more)
{
    uint64_t newest = 0;
    TRY(newest_call(env, &newest));
    *more = newest > 0;
    clones_round_forget(round);
    return ERR_OK;
}

enum err clones_look(struct register_env *env, struct clones_round *round, bool *more,
                     size_t count_min, size_t parts)
{
    CHECK(parts > 0);
    if (round->end == 0)
        TRY(begin_round(env, round));
    *more = round->end > 0;
    if (*more && !round->is_gathered)
        TRY(gather(env, round));
    if (!round->is_gathered)
        return ERR_OK;
    TRY(look_at_part(env, round, count_min, parts));
    if (round->left > 0)
        return ERR_OK;
    TRY(strike_off(env, round));
    return round->first <= round->last ? ERR_OK : end_round(env, round, more);
}
