/* Borrowed bytes and the fixed-size values of the protocol: comparing them.
 *
 * 1. Nothing here owns memory. An empty span may have a NULL pointer; no libc function sees it.
 * 2. Comparison is for public bytes; secrets are compared by secret_equal.
 *
 * The other nouns of span.h live in hex.c, buffer.c, arena.c, commitment.c. */
#include "common/base/span.h"

#include <string.h>

struct span span_of(const void *data, size_t size)
{
    CHECK(data != NULL || size == 0);
    return (struct span){data, size};
}

struct span span_text(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int span_compare(struct span a, struct span b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);
    if (order != 0)
        return order < 0 ? -1 : 1;
    return (a.size > b.size) - (a.size < b.size);
}

bool id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool key_equal(const struct public_key *a, const struct public_key *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
