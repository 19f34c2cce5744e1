/* The server under load, as the kernel and fsync_count.c see it; and the ceiling it is held to. */
#ifndef DCEP_TOOLS_BENCH_LOAD_SERVER_H
#define DCEP_TOOLS_BENCH_LOAD_SERVER_H

#include "tools/bench/fsync_page.h"

#include <stdbool.h>

struct load_server {
    const char *pid;
    const struct fsync_page *page; /* NULL: nobody counts */
};
struct load_sample {
    double at_s;              /* monotonic clock */
    double cpu_s;             /* of the server, user and system, all threads */
    double rss_mib, anon_mib; /* resident; of it, memory that is no file's */
    uint64_t fsyncs, log_fsyncs;
    double log_flushed_s;    /* what the latter took */
    double stolen_s;         /* of all cores: what the machine's host gave to others */
    uint64_t payments, busy; /* answered so far; filled in by the caller, as what follows */
    double behind_cpu_s;     /* of the register behind a bank */
};
void load_server_open(struct load_server *server, const char *pid, const char *fsync_file);
void load_server_look(const struct load_server *server, struct load_sample *out);
/* Has a log been flushed from a moment after sent_ns on? */
bool load_server_is_flushed(const struct load_server *server, uint64_t sent_ns);

/* Verifications a CPU-second of one core, with the key at hand (always the same) and with another
 * key each time; the faster backend, about seconds long each. told: with the key and the
 * commitments at hand; busy: with the key at hand, of a core while all others verify too;
 * libcrypto's. */
struct load_ceiling {
    double same_key, fresh_keys, told, busy;
};
void load_ceiling_measure(struct load_ceiling *out, double seconds);

uint64_t load_now_ns(void);
void load_sleep_until(uint64_t ns);

#endif
