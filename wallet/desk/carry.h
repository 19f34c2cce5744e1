/* What a command carries in and out, as its options say: the carriers between the wallet's desk and
 * the other side.
 *
 * 1. Exactly one way in where a command takes something in, at least one way out where it must give
 *    something.
 * 2. Targets are checked, files read and images looked at before the wallet is opened: nothing is
 *    signed for bytes that cannot leave.
 * 3. What comes in is of a kind that the command takes, if it is a file of dcep at all. Before a
 *    camera, or among pictures, other kinds are named once and passed over. */
#ifndef DCEP_WALLET_DESK_CARRY_H
#define DCEP_WALLET_DESK_CARRY_H

#include "common/cli/cli.h"
#include "common/wire/message.h"
#include "wallet/carriers/carrier.h"

/* What a command takes in. */
struct carry_want {
    const char *argument; /* its file, by the name in the command's row */
    bool (*takes)(enum kind kind);
    const char *what; /* N_("a request for a payment") */
};

struct carry {
    struct cli *cli;
    const struct carry_want *want;
    struct carrier *seen;  /* --scan, --camera */
    struct carrier *codes; /* --qr */
    struct carrier *link;  /* --listen, --to: in and out */
    const char *where;     /* of the link */
    uint64_t passed_over;  /* a bit for each kind that was seen and not wanted */
    const char *other;     /* the last of them, a gettext key */
    const char *other_hint;
    struct buffer taken;
};

enum carry_out { CARRY_OUT_MAY, CARRY_OUT_MUST };
/* Each gives an exit code, the error set. want: borrowed; NULL: nothing comes in. */
int carry_open(struct carry *out, struct cli *cli, const struct carry_want *want,
               enum carry_out must) MUST_USE;
/* What came in, in carry's memory until the next take. */
int carry_take(struct carry *carry, struct span *message) MUST_USE;
/* Would it go? CLI_OK, or why not: before anything is said to be done. */
int carry_check(struct carry *carry, struct span message) MUST_USE;
/* To wherever the options say but the link. */
int carry_give(struct carry *carry, struct span message) MUST_USE;
void carry_close(struct carry *carry); /* fit for AUTO */

/* A failure of the link as an exit code. hint: may be NULL. */
int carry_fail_link(struct carry *carry, enum err error, const char *hint) MUST_USE;

#endif
