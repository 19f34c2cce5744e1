/* Which late keys a query asks for (contract in store_late_list.h). */
#include "common/store/store_late_list.h"

#include "common/store/store_key.h"

#include <stdlib.h>
#include <string.h>

struct numbers {
    int64_t *items;
    size_t count, capacity;
};

static enum err put_number(struct numbers *numbers, int64_t number)
{
    if (numbers->count == numbers->capacity) {
        const size_t capacity = numbers->capacity == 0 ? 16 : 2 * numbers->capacity;
        int64_t *items = reallocarray(numbers->items, capacity, sizeof *items);
        if (items == NULL)
            return ERR_MEMORY;
        numbers->items = items;
        numbers->capacity = capacity;
    }
    numbers->items[numbers->count++] = number;
    return ERR_OK;
}

static void turn(struct numbers *numbers)
{
    for (size_t i = 0; i < numbers->count / 2; i++) {
        int64_t *other = &numbers->items[numbers->count - 1 - i];
        const int64_t item = numbers->items[i];
        numbers->items[i] = *other;
        *other = item;
    }
}

/* The first size of the bytes. */
struct bound {
    uint8_t bytes[STORE_LATE_KEY_MAX];
    size_t size;
};

struct bounds {
    struct bound prefix, from;
    const struct store_query *query;
};

static bool is_asked(const struct bounds *bounds, const uint8_t *key, size_t key_size)
{
    const int order = memcmp(key, bounds->from.bytes, bounds->from.size);
    if (key[key_size - 1] != bounds->query->table->part)
        return false;
    return !bounds->query->after || (bounds->query->descending ? order < 0 : order > 0);
}

static enum err collect(struct numbers *numbers, const struct store_late *late,
                        const struct bounds *bounds)
{
    const struct bound *first = &bounds->prefix;
    if (bounds->query->after && !bounds->query->descending)
        first = &bounds->from;
    struct store_late_walk walk = store_late_walk(late, first->bytes, first->size);
    int64_t number = 0;
    const uint8_t *key = store_late_next(&walk, &number);
    for (; key != NULL && memcmp(key, bounds->prefix.bytes, bounds->prefix.size) == 0;
         key = store_late_next(&walk, &number))
        if (is_asked(bounds, key, late->key_size))
            TRY(put_number(numbers, number));
    if (bounds->query->descending)
        turn(numbers);
    return ERR_OK;
}

enum err store_late_list(int64_t **rows, size_t *count, const struct store_late *late,
                         const struct store_query *query, const void *from)
{
    struct bounds bounds = {.query = query};
    struct numbers numbers = {NULL, 0, 0};
    if (query->index_number < 0 && query->prefix_count > 0)
        bounds.prefix.size = store_key_prefix(bounds.prefix.bytes, query, from);
    if (query->after)
        bounds.from.size = store_key_primary(bounds.from.bytes, query->table, from);
    const enum err error = collect(&numbers, late, &bounds);
    *rows = numbers.items;
    *count = numbers.count;
    return error;
}
