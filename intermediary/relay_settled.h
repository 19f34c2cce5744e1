/* Inside the relay: what a settled packet means for this bank's books. Not for other files. */
#ifndef DCEP_INTERMEDIARY_RELAY_SETTLED_H
#define DCEP_INTERMEDIARY_RELAY_SETTLED_H

#include "common/money/packet.h"
#include "intermediary/relay.h"

/* Each of its payments that settled is booked, the first time it is seen. Inside a transaction; the
 * caller believes the result. */
enum err relay_settled(struct branch_env *env, struct span packet,
                       const struct settle_result *result) MUST_USE;

/* The same of a packet that is verified already. */
enum err relay_settled_view(struct branch_env *env, const struct packet_view *view,
                            const struct settle_result *result) MUST_USE;

#endif
