/* What fsync_count.c tells of the server it is loaded into: one page of memory, shared. */
#ifndef DCEP_TOOLS_BENCH_FSYNC_PAGE_H
#define DCEP_TOOLS_BENCH_FSYNC_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

struct fsync_page {
    _Atomic uint64_t count;        /* flushes that succeeded */
    _Atomic uint64_t log_count;    /* of them, of a write-ahead log */
    _Atomic uint64_t log_start_ns; /* when the last of those began (monotonic clock) */
    _Atomic uint64_t log_ns;       /* how long they took, together */
};

#endif
