/* The three whom most tests of wallets know by name, and where they live. Made anew for each test,
 * by its suite's .init; all that they are is forgotten with people_close. */
#ifndef DCEP_TESTS_WALLET_PEOPLE_H
#define DCEP_TESTS_WALLET_PEOPLE_H

#include "tests/wallet/town.h"
#include "wallet/sync/sync.h"

extern struct world world;
extern struct town town;
extern struct folk alice, bob, carol;

void people_open(void);         /* nowhere: no bank answers; Bob's is bank B, the others' A */
void people_open_limited(void); /* the same, and the policy lets pay 500 yuan, 1,000 in all */
void people_open_in_town(void); /* all at bank A, which the town answers for */
void people_close(void);

struct sync_report people_sync(struct folk *folk);
struct sync_report people_sync_well(struct folk *folk); /* and nothing is left to be wished for */

#endif
