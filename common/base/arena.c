/* Memory for one request, freed as a whole (contract in span.h).
 *
 * 1. used counts what was handed out, rounded up to the alignment; it never passes the limit.
 * 2. Everything handed out is zeroed, and stays where it is until reset.
 * 3. Memory is asked of the system in blocks that double, so that a small request stays small.
 *
 * In sanitizer builds each allocation is a block of its own, so that stepping over its
 * end shows. */
#include "common/base/span.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#ifdef DCEP_SANITIZED
enum { BLOCK_SIZE_FIRST = 1, BLOCK_SIZE_MAX = 1 };
#else
enum { BLOCK_SIZE_FIRST = 4096, BLOCK_SIZE_MAX = 1 << 20 };
#endif

enum { ALIGNMENT = alignof(max_align_t) };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    alignas(max_align_t) uint8_t bytes[];
};

static size_t arena_limit(const struct arena *arena)
{
    return arena->limit != 0 ? arena->limit : ARENA_LIMIT_DEFAULT;
}

/* size is within the limit already, so the sum below can't overflow. */
static enum err add_block(struct arena *arena, size_t size)
{
    size_t block_size = BLOCK_SIZE_FIRST;
    if (arena->blocks != NULL && arena->blocks->size >= BLOCK_SIZE_FIRST)
        block_size = 2 * arena->blocks->size;
    if (block_size > BLOCK_SIZE_MAX)
        block_size = BLOCK_SIZE_MAX;
    if (block_size < size)
        block_size = size;
    struct arena_block *block = calloc(1, sizeof *block + block_size);
    if (block == NULL)
        return ERR_MEMORY;
    block->next = arena->blocks;
    block->size = block_size;
    arena->blocks = block;
    return ERR_OK;
}

enum err arena_alloc(struct arena *arena, void **out, size_t count, size_t size)
{
    size_t limit = arena_limit(arena), left = arena->used < limit ? limit - arena->used : 0;
    if (size != 0 && count > left / size)
        return ERR_LIMIT;
    /* A pointer to nothing is still a pointer. */
    size_t total = count * size != 0 ? count * size : 1;
    if (total > SIZE_MAX - ALIGNMENT)
        return ERR_LIMIT;
    total = (total + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (total > left)
        return ERR_LIMIT;
    struct arena_block *block = arena->blocks;
    if (block == NULL || total > block->size - block->used) {
        TRY(add_block(arena, total));
        block = arena->blocks;
    }
    *out = block->bytes + block->used;
    block->used += total;
    arena->used += total;
    return ERR_OK;
}

enum err arena_copy(struct arena *arena, struct span *out, struct span bytes)
{
    void *copy;
    TRY(arena_alloc(arena, &copy, bytes.size, 1));
    if (bytes.size != 0)
        memcpy(copy, bytes.data, bytes.size);
    *out = (struct span){copy, bytes.size};
    return ERR_OK;
}

void arena_reset(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
}

void arena_fini(struct arena *arena)
{
    arena_reset(arena);
}
