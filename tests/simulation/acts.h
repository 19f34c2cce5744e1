/* The next act of the seeded world: who does what. */
#ifndef DCEP_TESTS_SIMULATION_ACTS_H
#define DCEP_TESTS_SIMULATION_ACTS_H

#include "tests/simulation/sim.h"

void acts_next(struct sim *sim);

#endif
