/* The simulated world: one central bank, two banks, eight wallets of which two are thieves', all
 * with their real cores, over stores in memory and a network that loses, repeats and delays.
 *
 * Everything is decided by the seed: acts, faults, crashes, keys. The only thing that differs
 * between two runs of a seed is the random number in each ECDSA signature, and no id depends on a
 * signature. */
#ifndef DCEP_TESTS_SIMULATION_SIM_H
#define DCEP_TESTS_SIMULATION_SIM_H

#include "common/money/call.h"
#include "common/store/store.h"
#include "tests/simulation/chance.h"
#include "tests/support/world.h"

#ifndef SIM_HONEST_COUNT
#define SIM_HONEST_COUNT 6 /* tools/bench/life_bench.c has more of them */
#endif
enum {
    SIM_BANKS = WORLD_BANKS,
    SIM_HONEST = SIM_HONEST_COUNT,
    SIM_CITIZENS = SIM_HONEST + 2, /* the last two are thieves */
    SIM_PERSONS = SIM_CITIZENS + SIM_BANKS,
    SIM_NOBODY = SIM_PERSONS, /* whoever owns a key of none of them */
};

/* What happened, for the table at the end: a run in which nothing happens proves nothing. */
#define SIM_COUNTS(C)                                                                              \
    C(ACTS, "acts")                                                                                \
    C(DAYS, "days that passed")                                                                    \
    C(PAID, "paid by hand")                                                                        \
    C(TAKEN, "taken offline")                                                                      \
    C(QUARANTINED, "quarantined")                                                                  \
    C(DUPLICATES, "shown again")                                                                   \
    C(WITHDRAWALS, "withdrawals")                                                                  \
    C(DEPOSITS, "deposits")                                                                        \
    C(SYNCS, "syncs")                                                                              \
    C(REDEEMS, "redeem orders")                                                                    \
    C(LOST, "messages lost")                                                                       \
    C(REPEATED, "messages repeated")                                                               \
    C(GARBLED, "answers garbled")                                                                  \
    C(LIES, "lies of banks")                                                                       \
    C(LATE, "late messages")                                                                       \
    C(CRASHES, "crashes")                                                                          \
    C(MALICIOUS, "malicious acts")                                                                 \
    C(FORGED, "forged tokens")                                                                     \
    C(PARTIAL, "partial orders")                                                                   \
    C(SIGNED, "payments signed")                                                                   \
    C(SHOWN, "payments shown")                                                                     \
    C(CONFLICTS, "conflicts")                                                                      \
    C(PROOFS, "proofs checked")                                                                    \
    C(ORPHANS, "orphans")                                                                          \
    C(MINTED_BACK, "minted back")                                                                  \
    C(CLAIMS, "claims")                                                                            \
    C(CLAIMS_PAID, "claims paid")                                                                  \
    C(REPLAYS, "calls replayed and compared")                                                      \
    C(COINS, "coin rows")                                                                          \
    C(FORK_LOSSES, "taken, lost to a fork")                                                        \
    C(TOLD, "files with news")                                                                     \
    C(NEWER, "newer lists by hand or sync")                                                        \
    C(FINDINGS, "paid twice, found by hand")                                                       \
    C(LOST_PHONES, "wallets lost")                                                                 \
    C(REFUNDS, "coins refunded")                                                                   \
    C(ADVANCES, "coins advanced")                                                                  \
    C(LATE_LOSSES, "taken, lost to a refund")                                                      \
    C(BACKUPS, "backups made")                                                                     \
    C(RESTORES, "backups restored")                                                                \
    C(NOT_YET, "refused until the sync")                                                           \
    C(SINCE, "signed since the backup")                                                            \
    C(SINCE_SHOWN, "of these shown after the restore")                                             \
    C(SINCE_LATE, "of these shown after the refund")                                               \
    C(CLONES, "clones proved")                                                                     \
    C(ARCHIVED, "lines archived")                                                                  \
    C(ARCHIVED_SHOWN, "answers: in the archive")                                                   \
    C(PUT_BACK, "lines put back")

enum sim_count {
#define SIM_COUNT_ENUM(name, text) SIM_##name,
    SIM_COUNTS(SIM_COUNT_ENUM)
#undef SIM_COUNT_ENUM
        SIM_COUNT_COUNT
};

struct sim {
    uint64_t seed, now, act_number, acts;
    struct chance chance;
    bool is_tracing;
    bool is_lossless;       /* no faults any more: everybody reconnects */
    unsigned loss_permille; /* the weather of this act */
    size_t carries_max;     /* longer messages do not arrive; 0: all do */
    struct world world;
    struct post *post;
    struct centre *centre;
    struct agency *agencies[SIM_BANKS];
    struct citizen *citizens[SIM_CITIZENS];
    bool has_lost[SIM_CITIZENS]; /* a wallet, once, or restored one */
    struct mob *mob;
    struct auditor *auditor;
    uint64_t counts[SIM_COUNT_COUNT];
    uint64_t digest;
};

void sim_open(struct sim *sim, uint64_t seed, uint64_t acts, bool is_tracing);
void sim_run(struct sim *sim); /* ends the process at the first violation */

/* One line of the story: into the digest, and out if the run is traced. */
void sim_note(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A rule was broken: says which, and the command that shows it again. */
_Noreturn void sim_fail(struct sim *sim, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Of the machinery, where nothing was made to fail. */
void sim_check(struct sim *sim, enum err error, const char *what);
void sim_count(struct sim *sim, enum sim_count count);

struct span sim_keep(struct sim *sim, struct span bytes); /* for as long as the run lasts */
void *sim_new(size_t count, size_t size);
int64_t sim_amount(struct amount amount); /* the auditor's arithmetic is its own */

#endif
