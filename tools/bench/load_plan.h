/* What a load generator sends: packets, all made and signed before the clock runs, and the calls
 * they go in; those of an open loop that gathers are made as they go (load_line.h). */
#ifndef DCEP_TOOLS_BENCH_LOAD_PLAN_H
#define DCEP_TOOLS_BENCH_LOAD_PLAN_H

#include "tools/bench/crowd.h"

/* Of its packets, and of what is said of their signatures: the message stays below 64 KiB. */
enum { LOAD_CALL_SIZE = 64 * 1024 - 1024 };

struct load_packet {
    uint64_t coin;
    uint32_t variant; /* 1: the second payment of a coin */
    uint32_t size;
    uint64_t at; /* in the bytes of its share */
    uint32_t share;
};
struct load_call {
    size_t first, count; /* packets */
};
struct load_plan_options {
    size_t payments;             /* how many are made, about: fewer if the coins end */
    size_t line;                 /* payments a packet */
    size_t packets_max;          /* a call: 1 to SETTLE_PACKETS_MAX */
    size_t warm_payments;        /* the first so many go in calls as full as they get */
    uint64_t coin_from, coin_to; /* the coins to draw from */
    uint64_t skip;               /* so many draws were used up by earlier runs */
    double cheats;               /* this share of the wallets pays each coin twice */
    bool is_told;                /* calls say what their signatures commit to */
};
struct load_plan {
    struct load_plan_options options;
    const struct crowd *crowd;
    struct load_packet *packets;
    struct load_call *calls;
    struct buffer bytes[CROWD_THREADS_MAX];
    uint8_t *commitments; /* of each packet in turn; NULL: nothing is said */
    size_t packet_count, payment_count, double_count;
    size_t call_count;      /* there is room for one of each packet */
    size_t warm_call_count; /* of the first payments */
};
void load_plan_open(struct load_plan *plan, const struct crowd *crowd,
                    const struct load_plan_options *options);
void load_plan_fini(struct load_plan *plan);
/* How many packets from first on a call has room for, at most most. */
size_t load_plan_fits(const struct load_plan *plan, size_t first, size_t most);
struct span load_plan_packet(const struct load_plan *plan, size_t index);
struct span load_plan_commitments(const struct load_plan *plan, size_t index); /* or empty */

#endif
