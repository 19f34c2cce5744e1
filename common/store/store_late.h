/* A sorted set of keys in memory, each with the number of its row. Private to common/store.
 *
 * What a transaction changed is taken back by store_late_undo, which cannot fail. Keys are bytes
 * that compare like their values (store_key.h), all of one size.
 */
#ifndef DCEP_COMMON_STORE_STORE_LATE_H
#define DCEP_COMMON_STORE_STORE_LATE_H

#include "common/base/span.h"

enum { STORE_LATE_KEY_MAX = 128 };

struct store_late_chunk;
struct store_late {
    size_t key_size, count;
    struct store_late_chunk **chunks; /* in order, none of them empty */
    uint64_t *heads;                  /* of each chunk's first entry */
    size_t chunk_count, chunk_capacity;
    struct buffer undo; /* what was added and removed since the last commit */
};

void store_late_init(struct store_late *late, size_t key_size); /* 1 to STORE_LATE_KEY_MAX */
void store_late_fini(struct store_late *late);

bool store_late_find(const struct store_late *late, const uint8_t *key, int64_t *row);
enum err store_late_add(struct store_late *late, const uint8_t *key,
                        int64_t row) MUST_USE;                                    /* ERR_EXISTS */
enum err store_late_remove(struct store_late *late, const uint8_t *key) MUST_USE; /* ERR_MISSING */
void store_late_commit(struct store_late *late);
void store_late_undo(struct store_late *late);

/* In order, from where a walk begins; store_late_add and what ends a transaction end all walks. */
struct store_late_walk {
    const struct store_late *late;
    size_t chunk, at;
};
/* Before the first key that is not less than the first size bytes of key. */
struct store_late_walk store_late_walk(const struct store_late *late, const uint8_t *key,
                                       size_t size);
/* NULL: no more. */
const uint8_t *store_late_next(struct store_late_walk *walk, int64_t *row);

#endif
