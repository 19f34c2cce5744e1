/* Settlements of many wallets on their way to the register in common calls. Pure: the caller sends
 * the calls, as many at a time as it likes, and brings back what was answered.
 *
 *     wallets' calls -> relay_take: admitted, verified, kept; one transaction
 *                    -> relay_next: the next common call, sealed -> (sent, answered)
 *                    -> relay_learn: booked, one transaction -> relay_answer: each wallet's reply
 *
 * Invariants: 1 to 4 of relay.h. 5 a wallet's packets go in one call, so that one signature of the
 * register answers it; each gets its own leaves with their paths in the tree of all. 6 what
 * concerns a serial is sent in the order in which it came: a call never waits but for one that is
 * under way and concerns a serial of its own. 7 what was not answered in time is told PENDING and
 * goes on with relay_work. */
#ifndef DCEP_INTERMEDIARY_RELAY_BATCH_H
#define DCEP_INTERMEDIARY_RELAY_BATCH_H

#include "common/money/packet.h"
#include "intermediary/relay.h"

enum {
    RELAY_SERIALS = 1 << 14
}; /* marks of what is under way; a collision makes one wait in vain */

enum relay_place_of {
    RELAY_ELSEWHERE, /* no settlement, or not to be admitted: branch_handle's */
    RELAY_ANSWERED,  /* nothing of it goes to the register: relay_answer at once */
    RELAY_HELD,      /* kept: it is answered after its common call */
};
/* One of its packets. */
struct relay_item {
    enum status verdict;     /* OK: kept */
    struct packet_view view; /* empty where the verdict was left to the register */
    uint64_t number;         /* of its row */
    struct span commitments; /* as the wallet told them: not verified here, and handed on */
};
/* One wallet's call, from its arrival to its answer. */
struct relay_visit {
    struct span request; /* borrowed until the answer */
    enum relay_place_of place;
    enum status status; /* of the reply */
    struct arena arena; /* of everything below */
    struct call_frame frame;
    struct branch_caller caller;
    struct settle_body body;
    struct relay_item *items; /* of each packet */
    size_t kept_count, kept_size;
    uint16_t *marks; /* of the serials that its packets concern */
    size_t mark_count;
    struct settle_reply reply; /* results in the places of the packets */
    struct relay_visit *next;  /* in the line, then in the call */
};
/* One call to the register. */
struct relay_call {
    struct relay_visit *visits; /* in the order of their packets */
    size_t packet_count, size;
    struct nonce id;
    struct arena arena;            /* of what was answered: the visits borrow from it */
    struct buffer request, answer; /* answer, error: filled in by the caller */
    enum err error;
    struct relay_call *next; /* the caller's */
    uint64_t until_ms;       /* the caller's */
};
struct relay_line { /* of visits; zeroed = valid */
    struct relay_visit *first, *last;
    size_t packet_count;
    uint16_t marks[RELAY_SERIALS]; /* calls under way that concern a serial, by its hash */
};

/* ERR_COMMIT_UNKNOWN: nobody is answered. Any other failure: nothing was kept, and every visit is
 * ELSEWHERE. Those HELD stand in line now. Of a visit only the request is filled in. */
enum err relay_take(struct branch *branch, struct relay_line *line,
                    struct relay_visit *const *visits, size_t count) MUST_USE;
/* *found false: nothing waits, or what does must wait for a call under way. A call that could not
 * be sealed has no request and its error is set: it goes to relay_learn at once. */
enum err relay_next(struct branch *branch, bool *found, struct relay_call *out,
                    struct relay_line *line) MUST_USE;
/* After it was answered, or not. ERR_COMMIT_UNKNOWN as above; after any other failure the visits
 * are told PENDING. The visits are then the caller's to answer. */
enum err relay_learn(struct branch *branch, struct relay_line *line,
                     struct relay_call *call) MUST_USE;
enum err relay_answer(struct buffer *reply, struct relay_visit *visit) MUST_USE;

void relay_visit_fini(struct relay_visit *visit);
void relay_call_fini(struct relay_call *call);

#endif
