/* The steps of the one verifier, in their order. Of this room only.
 *
 * Each step looks at the whole packet, puts one status and stops at the first payment it refuses;
 * packet_verify stops at the first step whose status is not OK. The return value is machinery only.
 */
#ifndef DCEP_COMMON_MONEY_PACKET_CHECK_H
#define DCEP_COMMON_MONEY_PACKET_CHECK_H

#include "common/money/packet.h"

/* What is known of a question to the curve. */
enum packet_memo { PACKET_UNASKED, PACKET_GOOD, PACKET_BAD };
struct packet_check {
    struct packet_view *view;
    const struct trust *trust;
    const struct packet_options *options;
    struct arena *arena;
    struct span bytes;
    /* Parallel to the payments: */
    struct id (*children)[OUTPUTS_MAX];   /* the coins it makes */
    bool is_vouched[PACKET_PAYMENTS_MAX]; /* by `known.payment`: the register only */
    /* by packet_prove: its signature; the keys that it pays to */
    enum packet_memo signature[PACKET_PAYMENTS_MAX], points[PACKET_PAYMENTS_MAX];
    bool is_misled; /* by packet_tell, as packet_prove found */
};

/* packet_read.c */
enum err packet_read(enum status *status, struct packet_check *check) MUST_USE; /* LIMIT to RANGE */
/* packet_link.c, in this order; packet_link puts ids, parents and leaves */
enum err packet_link(enum status *status, struct packet_check *check) MUST_USE; /* LIMIT: leaves */
enum err packet_check_issuer(enum status *status, struct packet_check *check) MUST_USE;
enum err packet_check_twice(enum status *status, struct packet_check *check) MUST_USE;
enum err packet_check_chain(enum status *status, struct packet_check *check) MUST_USE;
/* packet_rules.c */
enum err packet_check_sum(enum status *status, struct packet_check *check) MUST_USE;
enum err packet_check_points(enum status *status, struct packet_check *check) MUST_USE;
enum err packet_check_register(enum status *status, struct packet_check *check) MUST_USE;
enum err packet_ask_points(bool *good, const struct packet_payment *payment) MUST_USE;
/* packet_signers.c */
enum err packet_check_certificates(enum status *status, struct packet_check *check) MUST_USE;
enum err packet_check_signatures(enum status *status, struct packet_check *check) MUST_USE;

/* packet_prove.c: the questions of many packets at once */
enum err packet_prove_payments(struct packet_check *const *checks, size_t count,
                               const struct packet_proven *proven, struct arena *arena) MUST_USE;

#endif
