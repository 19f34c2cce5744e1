/* The mob: two customers of different banks who share every key and every coin they ever saw, sign
 * what they like, replay what they heard, and have a friend at a bank and one at the mint. */
#ifndef DCEP_TESTS_SIMULATION_MOB_H
#define DCEP_TESTS_SIMULATION_MOB_H

#include "tests/simulation/sim.h"

struct mob *mob_open(struct sim *sim);
void mob_key(struct mob *mob, const struct key_pair *pair, size_t person);
/* An order as a bank sent it to the central bank. */
void mob_overhear(struct mob *mob, enum verb verb, const struct order_body *body, size_t bank);
void mob_act(struct mob *mob);

#endif
