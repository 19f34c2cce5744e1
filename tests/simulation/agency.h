/* A simulated bank: the real branch over a store in memory, and its staff. */
#ifndef DCEP_TESTS_SIMULATION_AGENCY_H
#define DCEP_TESTS_SIMULATION_AGENCY_H

#include "tests/simulation/sim.h"

struct agency *agency_open(struct sim *sim, size_t index);
enum err agency_handle(struct agency *agency, struct buffer *reply, struct span request);
void agency_work(struct agency *agency);
void agency_order(struct agency *agency, uint64_t value);  /* money from the central bank */
void agency_return(struct agency *agency, uint64_t value); /* and back */
/* A customer with money in the account, and the join file of the first wallet (in the run's
 * arena). */
uint64_t agency_customer(struct agency *agency, const char *name, uint64_t value);
/* Cash in or out over the counter; false if it was refused. */
bool agency_cash(struct agency *agency, uint64_t customer, uint64_t value, bool is_in);
struct span agency_join_file(struct agency *agency, uint64_t customer);

/* A customer's wallet is lost: its keys are given up; false if that was not done whole: again. */
bool agency_give_up(struct agency *agency, uint64_t customer);
/* True if it was ordered, whatever became of the order. */
bool agency_advance(struct agency *agency, uint64_t customer, uint64_t value);
void agency_refund(struct agency *agency, uint64_t customer);

struct store *agency_store(struct agency *agency);
int64_t agency_account(struct agency *agency, uint64_t customer); /* 0: of all customers */
/* Withdrawals, deposits, orders and packets that still wait. */
size_t agency_waiting(struct agency *agency, char *text, size_t size);

#endif
