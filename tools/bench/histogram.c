/* Latencies in buckets (contract in histogram.h). Values below HISTOGRAM_STEPS have a bucket each;
 * above, each doubling is cut into HISTOGRAM_STEPS. */
#include "tools/bench/histogram.h"

enum { STEP_BITS = 6 };
_Static_assert(1 << STEP_BITS == HISTOGRAM_STEPS, "steps are a power of two");

static size_t bucket_of(uint64_t value)
{
    size_t scale = 0;
    while (value >= 2 * HISTOGRAM_STEPS) {
        value >>= 1;
        scale++;
    }
    if (value >= HISTOGRAM_STEPS) {
        value -= HISTOGRAM_STEPS;
        scale++;
    }
    const size_t last = (size_t)HISTOGRAM_SCALES * HISTOGRAM_STEPS - 1;
    const size_t bucket = scale * HISTOGRAM_STEPS + (size_t)value;
    return bucket < last ? bucket : last;
}

/* The largest value of a bucket. */
static uint64_t end_of(size_t bucket)
{
    const size_t scale = bucket / HISTOGRAM_STEPS;
    const uint64_t step = bucket % HISTOGRAM_STEPS;
    return scale == 0 ? step : ((HISTOGRAM_STEPS + step + 1) << (scale - 1)) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->counts[bucket_of(value)]++;
    histogram->count++;
    if (value > histogram->max)
        histogram->max = value;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    for (size_t i = 0; i < sizeof histogram->counts / sizeof histogram->counts[0]; i++)
        histogram->counts[i] += other->counts[i];
    histogram->count += other->count;
    if (other->max > histogram->max)
        histogram->max = other->max;
}

uint64_t histogram_at(const struct histogram *histogram, double share)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < sizeof histogram->counts / sizeof histogram->counts[0]; i++) {
        seen += histogram->counts[i];
        if (seen > 0 && (double)seen >= share * (double)histogram->count)
            return end_of(i) < histogram->max ? end_of(i) : histogram->max;
    }
    return histogram->max;
}
