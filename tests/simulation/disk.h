/* The simulated disk: stores in memory whose writes fail, and whose commits succeed without saying
 * so. Either way the program that owns the store crashes, and starts again on what is there. */
#ifndef DCEP_TESTS_SIMULATION_DISK_H
#define DCEP_TESTS_SIMULATION_DISK_H

#include "tests/simulation/sim.h"

/* owner: the person whose store it is; SIM_NOBODY: the central bank. The auditor is told of each
 * row that somebody tries to write, whether or not it is ever committed. */
struct store *disk_open(struct sim *sim, const struct store_schema *schema, size_t owner);
/* A crash on its way, now and then: some later write or commit of the store fails (ERR_IO), or a
 * commit is done and its result unknown (ERR_COMMIT_UNKNOWN). True if so. */
bool disk_arm(struct sim *sim, struct store *store, unsigned permille);
void disk_disarm(struct store *store);

#endif
