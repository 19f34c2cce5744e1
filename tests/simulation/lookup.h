/* From short bytes (ids, keys) to numbers: the tables in which the auditor remembers. */
#ifndef DCEP_TESTS_SIMULATION_LOOKUP_H
#define DCEP_TESTS_SIMULATION_LOOKUP_H

#include "common/base/span.h"

enum { LOOKUP_KEY_SIZE_MAX = 48 };
struct lookup_slot {
    uint8_t key[LOOKUP_KEY_SIZE_MAX];
    size_t size;
    size_t value;
};
struct lookup {
    struct lookup_slot *slots;
    size_t capacity, count;
};
/* The number of a key: 0 if there was none, and there is a place for it now. Valid until the next
 * call. */
size_t *lookup_at(struct lookup *lookup, struct span key);
/* 0 if there is none. */
size_t lookup_get(const struct lookup *lookup, struct span key);
void lookup_fini(struct lookup *lookup);

#endif
