/* Latencies, counted in buckets that grow with the value: each is kept to 1.6 %, from a microsecond
 * to hours, however many there are. */
#ifndef DCEP_TOOLS_BENCH_HISTOGRAM_H
#define DCEP_TOOLS_BENCH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_SCALES = 36 }; /* steps in each doubling */
struct histogram {
    uint64_t counts[HISTOGRAM_SCALES * HISTOGRAM_STEPS];
    uint64_t count, max;
};
void histogram_add(struct histogram *histogram, uint64_t value);
void histogram_merge(struct histogram *histogram, const struct histogram *other);
/* The value that a share (0 to 1) of all lie at or below, to the end of its bucket; 0 if there are
 * none. */
uint64_t histogram_at(const struct histogram *histogram, double share);

#endif
