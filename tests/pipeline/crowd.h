/* Calls that wait in the house together, each by a connection of its own; what they are told. */
#ifndef DCEP_TESTS_PIPELINE_CROWD_H
#define DCEP_TESTS_PIPELINE_CROWD_H

#include "tests/pipeline/house.h"

enum { CROWD_MAX = 48 };

/* Waits for the answer; without one, says why and ends the program. */
void crowd_call(struct net_client *client, struct wanted *call);
/* All wait in the house, in this order; whoever puts their requests lets them leave. */
void crowd_gather(struct net_request *out, struct bank_house *house, struct wanted *const *calls,
                  size_t count);
void crowd_leave(size_t count); /* returns when all are answered */
/* Hands in all of them together; returns when all are answered. */
void crowd_hand_in(struct bank_house *house, struct wanted *const *calls, size_t count);
/* The status of a settlement; how many payments settled and packets were refused is added. */
enum status crowd_read_answer(const struct wanted *call, size_t *settled, size_t *refused);

#endif
