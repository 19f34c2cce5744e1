/* Afterwards: is every answer that was given in the database? */
#ifndef DCEP_TOOLS_BENCH_LOAD_AUDIT_H
#define DCEP_TOOLS_BENCH_LOAD_AUDIT_H

#include "tools/bench/load_bank.h"
#include "tools/bench/load_plan.h"

struct load_audit {
    uint64_t settled, conflicts, others; /* outcomes answered */
    uint64_t refused;                    /* packets, one by one */
    uint64_t lost;                       /* answered, and not so in the database */
    uint64_t unproved; /* calls whose leaf the register's signature does not prove; has_paths */
};
/* Opens the database of a central bank that does not run, and has the register itself answer every
 * packet anew, changing nothing: what is settled it answers from its rows, with the same outcomes;
 * what is not there it would have to write, and can't. answers: of the plan's calls, those with a
 * reply. */
void load_audit_run(struct load_audit *out, const struct load_plan *plan,
                    const struct load_answer *answers, const struct load_bank *bank,
                    const char *database, bool has_paths);

#endif
