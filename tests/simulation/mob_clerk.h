/* The mob's friend at a bank: asks for refunds with the bank's key. */
#ifndef DCEP_TESTS_SIMULATION_MOB_CLERK_H
#define DCEP_TESTS_SIMULATION_MOB_CLERK_H

#include "tests/simulation/mob_loot.h"

void mob_clerk_act(struct mob *mob, struct arena *arena);

#endif
