/* Open addressing, never more than half full (contract in lookup.h). */
#include "tests/simulation/lookup.h"

#include <stdlib.h>
#include <string.h>

static size_t hash_of(struct span key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.size; i++)
        hash = (hash ^ key.data[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ (hash >> 29));
}

static struct lookup_slot *find(const struct lookup *lookup, struct span key)
{
    size_t at = hash_of(key) & (lookup->capacity - 1);
    while (lookup->slots[at].size != 0 &&
           !span_equal(span_of(lookup->slots[at].key, lookup->slots[at].size), key))
        at = (at + 1) & (lookup->capacity - 1);
    return &lookup->slots[at];
}

static void grow(struct lookup *lookup)
{
    struct lookup old = *lookup;
    lookup->capacity = old.capacity == 0 ? 1024 : 2 * old.capacity;
    lookup->slots = calloc(lookup->capacity, sizeof *lookup->slots);
    CHECK(lookup->slots != NULL);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].size != 0)
            *find(lookup, span_of(old.slots[i].key, old.slots[i].size)) = old.slots[i];
    free(old.slots);
}

size_t *lookup_at(struct lookup *lookup, struct span key)
{
    CHECK(key.size > 0 && key.size <= LOOKUP_KEY_SIZE_MAX);
    if (2 * (lookup->count + 1) > lookup->capacity)
        grow(lookup);
    struct lookup_slot *slot = find(lookup, key);
    if (slot->size == 0) {
        memcpy(slot->key, key.data, key.size);
        slot->size = key.size;
        lookup->count++;
    }
    return &slot->value;
}

size_t lookup_get(const struct lookup *lookup, struct span key)
{
    return lookup->capacity == 0 ? 0 : find(lookup, key)->value;
}

void lookup_fini(struct lookup *lookup)
{
    free(lookup->slots);
    *lookup = (struct lookup){0};
}
