/* The carrier that looks: QR codes in image files, or before a camera. Only takes.
 *
 * Pictures are strangers' bytes, and the libraries that read them are large. They are read by
 * another program, dcep-scan, which is started for each of them with no environment, none of the
 * wallet's memory and files, and bounds on memory and time; it locks itself in before it looks
 * (scanner/confine.h). Whatever becomes of it, here it is an error with a name.
 *
 * 1. A file is read once, and no more than SCAN_IMAGE_SIZE_MAX of it.
 * 2. What the reader says is text that anybody may have written: it is bounded, and it is believed
 *    only when the message's digest matches. */
#ifndef DCEP_WALLET_CARRIERS_SCAN_H
#define DCEP_WALLET_CARRIERS_SCAN_H

#include "wallet/carriers/carrier.h"

enum { SCAN_IMAGE_SIZE_MAX = 32 * 1024 * 1024 };

/* Looked at by take, in any order, until a message is whole. The names are borrowed. Taking:
 * ERR_MISSING: no message is whole; ERR_INTEGRITY: frames that do not fit together; else the first
 * picture that could not be read, when no message is whole without it. */
enum err scan_files(struct carrier **out, const char *const *paths, size_t count,
                    uint64_t picture_ms) MUST_USE; /* for each of them */
enum err scan_camera(struct carrier **out, const char *device, uint64_t timeout_ms) MUST_USE;

/* Asked of each message that is whole: is it the one that is looked for? What is not is passed
 * over. Not called: the first one is. */
void scan_want(struct carrier *carrier, bool (*wants)(void *context, struct span message),
               void *context);
/* Called when one more frame was seen, of a message in several. */
void scan_tell(struct carrier *carrier, void (*tell)(void *context, size_t got, size_t count),
               void *context);

struct scan_report {
    bool is_camera;
    size_t got, count;   /* frames, of the message that is furthest */
    const char *path;    /* what could not be read */
    const char *problem; /* why, a gettext key */
};
struct scan_report scan_report(const struct carrier *carrier);

#endif
