/* A growing byte buffer with a hard limit (contract in span.h).
 *
 * 1. size <= capacity, and size never passes the limit.
 * 2. A refused put leaves the buffer as it was.
 * 3. Buffers carry key files and passphrases too, so memory is wiped before it is given back;
 *    that is why growing copies instead of calling realloc. */
#include "common/base/span.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_CAPACITY_FIRST = 256 };

static size_t buffer_limit(const struct buffer *buffer)
{
    return buffer->limit != 0 ? buffer->limit : BUFFER_LIMIT_DEFAULT;
}

static void release(struct buffer *buffer)
{
    if (buffer->data != NULL)
        explicit_bzero(buffer->data, buffer->capacity);
    free(buffer->data);
}

/* Doubling keeps the cost of many small puts linear; needed is within the limit already. */
static enum err grow(struct buffer *buffer, size_t needed)
{
    size_t limit = buffer_limit(buffer);
    size_t capacity = buffer->capacity != 0 ? buffer->capacity : BUFFER_CAPACITY_FIRST;
    while (capacity < needed)
        capacity = capacity > limit / 2 ? limit : 2 * capacity;
    uint8_t *data = malloc(capacity);
    if (data == NULL)
        return ERR_MEMORY;
    if (buffer->size != 0)
        memcpy(data, buffer->data, buffer->size);
    release(buffer);
    buffer->data = data;
    buffer->capacity = capacity;
    return ERR_OK;
}

enum err buffer_put(struct buffer *buffer, struct span bytes)
{
    size_t limit = buffer_limit(buffer);
    if (buffer->size > limit || bytes.size > limit - buffer->size)
        return ERR_LIMIT;
    if (bytes.size == 0)
        return ERR_OK;
    if (buffer->size + bytes.size > buffer->capacity)
        TRY(grow(buffer, buffer->size + bytes.size));
    memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
    buffer->size += bytes.size;
    return ERR_OK;
}

struct span buffer_span(const struct buffer *buffer)
{
    return (struct span){buffer->data, buffer->size};
}

void buffer_fini(struct buffer *buffer)
{
    release(buffer);
    buffer->data = NULL;
    buffer->size = 0;
    buffer->capacity = 0;
}
