/* A sorted set of keys (contract in store_late.h): chunks of sorted entries, and an array of them.
 *
 * 1. An entry is its key and its row's number; less than 0 if it was removed by the transaction.
 *    Such an entry stays where it is up to the commit, so that taking that back needs no memory.
 * 2. The head of an entry is its key's first 8 bytes as a number. Heads lie side by side, so that a
 *    search seldom has to go where the keys are.
 * 3. The log of a transaction has each change with the number that was there before: 0 if none,
 *    less than 0 if the transaction had removed it.
 */
#include "common/store/store_late.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_ENTRIES = 256, FIRST_CHUNKS = 16, UNDO_LIMIT = 1 << 30 };

struct store_late_chunk {
    size_t count;
    uint64_t heads[CHUNK_ENTRIES];
    uint8_t entries[];
};

/* The first size bytes of a key. */
struct sought {
    const uint8_t *key;
    size_t size;
    uint64_t head;
};

/* Where an entry is, or would be: the first that is not less. */
struct place {
    size_t chunk, at;
    bool is_there;
};

void store_late_init(struct store_late *late, size_t key_size)
{
    CHECK(key_size > 0 && key_size <= STORE_LATE_KEY_MAX);
    *late = (struct store_late){.key_size = key_size, .undo = {.limit = UNDO_LIMIT}};
}

void store_late_fini(struct store_late *late)
{
    for (size_t i = 0; i < late->chunk_count; i++)
        free(late->chunks[i]);
    free(late->chunks);
    free(late->heads);
    buffer_fini(&late->undo);
    *late = (struct store_late){0};
}

/* --- entries --- */

static size_t entry_size(const struct store_late *late)
{
    return late->key_size + sizeof(int64_t);
}

static uint8_t *entry_at(const struct store_late *late, size_t chunk, size_t at)
{
    return late->chunks[chunk]->entries + at * entry_size(late);
}

static int64_t row_at(const struct store_late *late, const struct place *place)
{
    int64_t row = 0;
    memcpy(&row, entry_at(late, place->chunk, place->at) + late->key_size, sizeof row);
    return row;
}

static void set_row(struct store_late *late, const struct place *place, int64_t row)
{
    memcpy(entry_at(late, place->chunk, place->at) + late->key_size, &row, sizeof row);
}

/* A shorter key has zeros behind it: it is before all that begin with it. */
static uint64_t head_of(const uint8_t *key, size_t size)
{
    uint64_t head = 0;
    for (size_t i = 0; i < sizeof head; i++)
        head = head << 8 | (i < size ? key[i] : 0);
    return head;
}

static struct sought seek(const uint8_t *key, size_t size)
{
    return (struct sought){key, size, head_of(key, size)};
}

/* The entry at that place, with that head, is before what is sought. */
static bool is_before(const struct store_late *late, size_t chunk, size_t at, uint64_t head,
                      const struct sought *sought)
{
    if (head != sought->head)
        return head < sought->head;
    return memcmp(entry_at(late, chunk, at), sought->key, sought->size) < 0;
}

/* The last chunk that begins before what is sought, or the first. */
static size_t find_chunk(const struct store_late *late, const struct sought *sought)
{
    size_t low = 0;
    size_t high = late->chunk_count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (is_before(late, middle, 0, late->heads[middle], sought))
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* By the first size bytes of key. */
static struct place find_place(const struct store_late *late, const uint8_t *key, size_t size)
{
    struct place place = {0, 0, false};
    const struct sought sought = seek(key, size);
    if (late->chunk_count == 0)
        return place;
    place.chunk = find_chunk(late, &sought);
    const struct store_late_chunk *chunk = late->chunks[place.chunk];
    size_t high = chunk->count;
    while (place.at < high) {
        const size_t middle = place.at + (high - place.at) / 2;
        if (is_before(late, place.chunk, middle, chunk->heads[middle], &sought))
            place.at = middle + 1;
        else
            high = middle;
    }
    if (place.at == chunk->count && place.chunk + 1 < late->chunk_count)
        place = (struct place){place.chunk + 1, 0, false};
    place.is_there = place.at < late->chunks[place.chunk]->count &&
                     memcmp(entry_at(late, place.chunk, place.at), key, size) == 0;
    return place;
}

/* --- chunks --- */

static enum err reserve_chunk(struct store_late *late)
{
    if (late->chunk_count < late->chunk_capacity)
        return ERR_OK;
    const size_t capacity = late->chunk_capacity == 0 ? FIRST_CHUNKS : 2 * late->chunk_capacity;
    struct store_late_chunk **chunks = reallocarray(late->chunks, capacity, sizeof *chunks);
    if (chunks == NULL)
        return ERR_MEMORY;
    late->chunks = chunks;
    uint64_t *heads = reallocarray(late->heads, capacity, sizeof *heads);
    if (heads == NULL)
        return ERR_MEMORY;
    late->heads = heads;
    late->chunk_capacity = capacity;
    return ERR_OK;
}

static enum err make_chunk(struct store_late *late, size_t number)
{
    TRY(reserve_chunk(late));
    struct store_late_chunk *chunk =
        malloc(sizeof *chunk + (size_t)CHUNK_ENTRIES * entry_size(late));
    if (chunk == NULL)
        return ERR_MEMORY;
    chunk->count = 0;
    const size_t after = late->chunk_count - number;
    memmove(late->chunks + number + 1, late->chunks + number,
            after * sizeof(struct store_late_chunk *));
    memmove(late->heads + number + 1, late->heads + number, after * sizeof *late->heads);
    late->chunks[number] = chunk;
    late->chunk_count++;
    return ERR_OK;
}

static void drop_chunk(struct store_late *late, size_t number)
{
    free(late->chunks[number]);
    const size_t after = --late->chunk_count - number;
    memmove(late->chunks + number, late->chunks + number + 1,
            after * sizeof(struct store_late_chunk *));
    memmove(late->heads + number, late->heads + number + 1, after * sizeof *late->heads);
}

/* The upper half moves to a new one. */
static enum err split(struct store_late *late, struct place *place)
{
    const size_t half = CHUNK_ENTRIES / 2;
    TRY(make_chunk(late, place->chunk + 1));
    struct store_late_chunk *lower = late->chunks[place->chunk];
    struct store_late_chunk *upper = late->chunks[place->chunk + 1];
    upper->count = CHUNK_ENTRIES - half;
    lower->count = half;
    memcpy(upper->entries, entry_at(late, place->chunk, half), upper->count * entry_size(late));
    memcpy(upper->heads, lower->heads + half, upper->count * sizeof *upper->heads);
    late->heads[place->chunk + 1] = upper->heads[0];
    if (place->at > half)
        *place = (struct place){place->chunk + 1, place->at - half, false};
    return ERR_OK;
}

static enum err put_entry(struct store_late *late, struct place *place, const uint8_t *key)
{
    if (late->chunk_count == 0)
        TRY(make_chunk(late, 0));
    if (late->chunks[place->chunk]->count == CHUNK_ENTRIES)
        TRY(split(late, place));
    struct store_late_chunk *chunk = late->chunks[place->chunk];
    uint8_t *at = entry_at(late, place->chunk, place->at);
    uint64_t *head = chunk->heads + place->at;
    const size_t after = chunk->count - place->at;
    memmove(at + entry_size(late), at, after * entry_size(late));
    memmove(head + 1, head, after * sizeof *head);
    memcpy(at, key, late->key_size);
    *head = head_of(key, late->key_size);
    chunk->count++;
    late->heads[place->chunk] = chunk->heads[0];
    return ERR_OK;
}

static void drop_entry(struct store_late *late, const struct place *place)
{
    struct store_late_chunk *chunk = late->chunks[place->chunk];
    uint8_t *at = entry_at(late, place->chunk, place->at);
    uint64_t *head = chunk->heads + place->at;
    const size_t after = --chunk->count - place->at;
    memmove(at, at + entry_size(late), after * entry_size(late));
    memmove(head, head + 1, after * sizeof *head);
    late->heads[place->chunk] = chunk->heads[0];
    if (chunk->count == 0)
        drop_chunk(late, place->chunk);
}

/* --- the set --- */

static enum err log_change(struct store_late *late, const uint8_t *key, int64_t row_before)
{
    uint8_t change[sizeof row_before + STORE_LATE_KEY_MAX];
    memcpy(change, &row_before, sizeof row_before);
    memcpy(change + sizeof row_before, key, late->key_size);
    return buffer_put(&late->undo, span_of(change, entry_size(late))); /* all of it or nothing */
}

bool store_late_find(const struct store_late *late, const uint8_t *key, int64_t *row)
{
    const struct place place = find_place(late, key, late->key_size);
    *row = place.is_there ? row_at(late, &place) : 0;
    return *row > 0;
}

enum err store_late_add(struct store_late *late, const uint8_t *key, int64_t row)
{
    struct place place = find_place(late, key, late->key_size);
    const int64_t before = place.is_there ? row_at(late, &place) : 0;
    CHECK(row > 0);
    if (before > 0)
        return ERR_EXISTS;
    TRY(log_change(late, key, before));
    if (!place.is_there) {
        const enum err error = put_entry(late, &place, key);
        if (error != ERR_OK) { /* nothing to take back */
            late->undo.size -= entry_size(late);
            return error;
        }
    }
    set_row(late, &place, row);
    late->count++;
    return ERR_OK;
}

enum err store_late_remove(struct store_late *late, const uint8_t *key)
{
    const struct place place = find_place(late, key, late->key_size);
    const int64_t before = place.is_there ? row_at(late, &place) : 0;
    if (before <= 0)
        return ERR_MISSING;
    TRY(log_change(late, key, before));
    set_row(late, &place, -before);
    late->count--;
    return ERR_OK;
}

/* Change number i: the number before it, and the key. */
static const uint8_t *logged(const struct store_late *late, size_t i, int64_t *row_before)
{
    const uint8_t *change = buffer_span(&late->undo).data + i * entry_size(late);
    memcpy(row_before, change, sizeof *row_before);
    return change + sizeof *row_before;
}

void store_late_commit(struct store_late *late)
{
    const size_t count = late->undo.size / entry_size(late);
    for (size_t i = 0; i < count; i++) {
        int64_t before = 0;
        const uint8_t *key = logged(late, i, &before);
        if (before <= 0) /* it was added; a later change removed it, or none */
            continue;
        const struct place place = find_place(late, key, late->key_size);
        if (place.is_there && row_at(late, &place) < 0)
            drop_entry(late, &place);
    }
    late->undo.size = 0;
}

void store_late_undo(struct store_late *late)
{
    for (size_t i = late->undo.size / entry_size(late); i > 0; i--) {
        int64_t before = 0;
        const uint8_t *key = logged(late, i - 1, &before);
        const struct place place = find_place(late, key, late->key_size);
        const bool was_live = before > 0;
        const bool is_live = row_at(late, &place) > 0;
        late->count = late->count + (was_live ? 1 : 0) - (is_live ? 1 : 0);
        if (before == 0)
            drop_entry(late, &place);
        else
            set_row(late, &place, before);
    }
    late->undo.size = 0;
}

/* --- in order --- */

struct store_late_walk store_late_walk(const struct store_late *late, const uint8_t *key,
                                       size_t size)
{
    const struct place place = find_place(late, key, size);
    return (struct store_late_walk){late, place.chunk, place.at};
}

const uint8_t *store_late_next(struct store_late_walk *walk, int64_t *row)
{
    while (walk->chunk < walk->late->chunk_count) {
        const struct place place = {walk->chunk, walk->at, true};
        if (walk->at == walk->late->chunks[walk->chunk]->count) {
            walk->chunk++;
            walk->at = 0;
            continue;
        }
        walk->at++;
        *row = row_at(walk->late, &place);
        if (*row > 0)
            return entry_at(walk->late, place.chunk, place.at);
    }
    return NULL;
}
