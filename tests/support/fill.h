/* Values of any declared record, made from a seed: what round trips, corpora and fuzzers start
 * from.
 *
 * The same seed gives the same value. Bounds are met often (smallest, largest), sizes stay small
 * but where a record's least is large; nothing is genuine: keys are no points, signatures sign
 * nothing. */
#ifndef DCEP_TESTS_SUPPORT_FILL_H
#define DCEP_TESTS_SUPPORT_FILL_H

#include "common/wire/message.h"

struct fill {
    uint64_t seed;
    struct arena *arena; /* spans and list items live here */
};

/* The next number of the seed's sequence (splitmix64). */
uint64_t fill_next(struct fill *fill);
/* value has schema->struct_size bytes. */
void fill_record(struct fill *fill, const struct schema *schema, void *value);
/* As fill_record, into memory of the arena. */
void *fill_new(struct fill *fill, const struct schema *schema);

#endif
