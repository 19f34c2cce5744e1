/* QR codes (ISO/IEC 18004): text to modules, modules to a picture. Alphanumeric mode only.
 *
 * 1. Black on white, and the white border of QR_QUIET modules is part of every picture.
 * 2. The same text gives the same picture. */
#ifndef DCEP_WALLET_CARRIERS_QR_H
#define DCEP_WALLET_CARRIERS_QR_H

#include "common/base/span.h"

enum { QR_VERSION_MAX = 40, QR_QUIET = 4, QR_WIDTH_MAX = 17 + 4 * QR_VERSION_MAX };

enum qr_level { QR_LOW, QR_MEDIUM }; /* how much of a code may be spoilt: 7 or 15 per cent */

struct qr_code {
    size_t width;                                 /* modules, without the border */
    uint8_t modules[QR_WIDTH_MAX * QR_WIDTH_MAX]; /* row by row; 1 = black */
};
/* Width of a version, without the border. */
size_t qr_width(unsigned version);
/* Characters that a code of that version holds. */
size_t qr_capacity(unsigned version, enum qr_level level);
/* The smallest version that holds it. ERR_LIMIT: none; ERR_PARSE: not alphanumeric. */
enum err qr_make(struct qr_code *out, struct span text, enum qr_level level) MUST_USE;

/* Pictures, appended. */
enum err qr_png(const struct qr_code *code, struct buffer *out) MUST_USE;
enum err qr_svg(const struct qr_code *code, struct buffer *out) MUST_USE;
/* Lines of half blocks, colours set explicitly: half as many lines as modules, a column each. */
enum err qr_terminal(const struct qr_code *code, struct buffer *out) MUST_USE;

#endif
