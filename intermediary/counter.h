/* The counter: wallets' calls as they arrive together, from the network and back to it. Settlements
 * go on to the register in common calls (relay_batch.h), several under way at a time (lines.h);
 * every other call is answered at once, one after the other. One thread. */
#ifndef DCEP_INTERMEDIARY_COUNTER_H
#define DCEP_INTERMEDIARY_COUNTER_H

#include "intermediary/lines.h"
#include "intermediary/premises.h"

enum { COUNTER_FULLER = 16 }; /* packets that must wait for each call that is under way */

struct counter {
    struct premises *premises;
    struct net_server *wallets;
    struct lines *lines; /* NULL: not opened yet, or its certificates are others now */
    uint64_t lines_of;   /* the premises' loads when lines were opened */
    struct relay_line line;
};
/* What arrived: answered, or held until the register has answered. Each request is taken over. */
void counter_take(struct counter *counter, struct net_request *requests, size_t count);
/* Books and answers what came back, and sends on what may go. */
void counter_work(struct counter *counter);
/* Does a wallet wait for the register? */
bool counter_is_waiting(const struct counter *counter);
/* Nothing more is sent; what is under way is waited for and answered, the rest dropped. */
void counter_close(struct counter *counter);

#endif
