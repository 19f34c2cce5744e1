/* The network between the simulated programs: calls over loopback clients with faults, and packets
 * from hand to hand. What went over it is kept for a while, to come again late. */
#ifndef DCEP_TESTS_SIMULATION_POST_H
#define DCEP_TESTS_SIMULATION_POST_H

#include "common/net/net.h"
#include "tests/simulation/sim.h"

enum { POST_TO_CENTRE = SIM_BANKS, POST_KEPT = 64 };

struct post *post_open(struct sim *sim);
/* A client of bank `to`, or of the central bank. */
struct net_client *post_client(struct sim *sim, size_t to);
/* A call of some time ago arrives again; its reply reaches nobody. */
void post_late_call(struct sim *sim);

/* Packets from hand to hand: kept when shown; one of them again, or size 0. The same for requests
 * (person: the payee) and receipts (person: the payer). */
void post_keep_packet(struct sim *sim, size_t payee, struct span file);
struct span post_old_packet(struct sim *sim, size_t *payee);
void post_keep_request(struct sim *sim, size_t payee, struct span file);
struct span post_old_request(struct sim *sim, size_t *payee);
void post_keep_receipt(struct sim *sim, size_t payer, struct span file);
struct span post_old_receipt(struct sim *sim, size_t *payer);
/* Cut short, or a bit turned over. */
struct span post_damage(struct sim *sim, struct span file);
bool post_is_lost(struct sim *sim);

#endif
