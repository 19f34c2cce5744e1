/* Calls that arrived together: one transaction, then the replies. */
#ifndef DCEP_CENTRAL_SERVE_BATCH_H
#define DCEP_CENTRAL_SERVE_BATCH_H

#include "central/service.h"
#include "common/net/net.h"

/* Handles and answers. ERR_COMMIT_UNKNOWN: nobody was answered, the database must be opened anew.
 * Other failures are answered and logged here. */
enum err serve_batch(struct service *service, struct net_server *server,
                     struct net_request *requests, size_t count) MUST_USE;

#endif
