/* Calls to the central bank from threads of their own, several at a time, so that the bank's one
 * thread never waits for an answer. One that is told "busy" is sent again, the same bytes, as soon
 * as there is likely to be room: for half of the time-out, and as long as another is under way. */
#ifndef DCEP_INTERMEDIARY_LINES_H
#define DCEP_INTERMEDIARY_LINES_H

#include "common/net/net.h"
#include "intermediary/relay_batch.h"

enum { LINES_COUNT = 8 };
struct lines;
struct lines_options {
    struct net_client_options client;
    uint64_t timeout_ms;
    void (*answered)(void *context); /* called from any thread when lines_take has one */
    void *context;
};
enum err lines_open(struct lines **out, const struct lines_options *options) MUST_USE;
void lines_send(struct lines *lines, struct relay_call *call); /* it comes back from lines_take */
size_t lines_window(struct lines *lines); /* calls it sends at a time now: 1 to LINES_COUNT */
/* One that was answered; NULL: none was. waits: for one, while there are calls under way. */
struct relay_call *lines_take(struct lines *lines, bool waits);
void lines_close(struct lines **lines); /* waits for calls under way; fit for AUTO */

#endif
