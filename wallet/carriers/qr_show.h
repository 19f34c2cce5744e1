/* The carrier that shows: a message as QR codes on a terminal, or in PNG or SVG files. Only gives.
 *
 * One code if one is enough: FILE.png. Else as many files as there are frames: FILE-1.png ... */
#ifndef DCEP_WALLET_CARRIERS_QR_SHOW_H
#define DCEP_WALLET_CARRIERS_QR_SHOW_H

#include "wallet/carriers/carrier.h"
#include "wallet/carriers/qr.h"

struct qr_show_options {
    const char *target; /* "terminal", or a file ending in .png or .svg; borrowed */
    unsigned density;   /* the largest QR version to be used; 0: what is easily read */
    unsigned fps;       /* frames a second, on a terminal */
    bool replace;       /* existing files */
    bool may_wait;      /* somebody is there: show until a key is pressed */
};
/* ERR_PARSE: no such target; ERR_EXISTS; ERR_SPACE: a code of that density does not fit the
 * terminal. Giving: ERR_LIMIT: too many frames; errors of writing. */
enum err qr_show(struct carrier **out, const struct qr_show_options *options) MUST_USE;

/* How many codes a message would take; 0: more than there can be. */
size_t qr_show_count(const struct carrier *carrier, struct span message);

enum { QR_SHOW_PATH_SIZE = 1100 };
struct qr_show_report { /* of what was given */
    size_t frames, needed;
    const char *first, *last; /* files */
};
struct qr_show_report qr_show_report(const struct carrier *carrier);

#endif
