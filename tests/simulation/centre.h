/* The simulated central bank: the real service over a store in memory, and its operator. */
#ifndef DCEP_TESTS_SIMULATION_CENTRE_H
#define DCEP_TESTS_SIMULATION_CENTRE_H

#include "tests/simulation/sim.h"

struct centre *centre_open(struct sim *sim);
enum err centre_handle(struct centre *centre, struct buffer *reply, struct span request);
/* The operator: decides what waits; issue orders are approved, claims of forged money now and then
 * not. */
void centre_work(struct centre *centre);
/* Looks for clones among what settled; false once nothing is left. */
bool centre_look(struct centre *centre);
/* Retention (centre_archive.c). A step of it; false once nothing more is to be done today. */
bool centre_archive(struct centre *centre);
/* The operator puts a segment back: any one, or each of them. */
void centre_put_back(struct centre *centre);
void centre_put_all_back(struct centre *centre);
/* Money from outside into a reserve, or out; from the reserve into the guarantee, or back. */
void centre_credit(struct centre *centre, size_t bank, uint64_t value);
void centre_debit(struct centre *centre, size_t bank, uint64_t value);
void centre_post(struct centre *centre, size_t bank, uint64_t value);
void centre_release(struct centre *centre, size_t bank, uint64_t value);
struct store *centre_store(struct centre *centre);

#endif
