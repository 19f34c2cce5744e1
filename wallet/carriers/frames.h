/* A message as numbered frames, for a carrier that shows one small code at a time (QR): any `count`
 * of them, in any order, give the message back (docs/PROTOCOL.md section 9.7; docs/adr/0022).
 *
 * 1. A message is given out only once its digest matches; until then nothing of it is believed.
 * 2. Gathering takes memory for FRAMES_MESSAGES_MAX messages at most, whatever is shown to it.
 * 3. The same message and limits give the same frames.
 *
 * Pure: no clock, file or randomness. Never looks into the message. */
#ifndef DCEP_WALLET_CARRIERS_FRAMES_H
#define DCEP_WALLET_CARRIERS_FRAMES_H

#include "common/base/span.h"
#include "common/wire/message.h"

enum {
    FRAMES_MESSAGES_MAX = 4,     /* gathered at a time: what was begun longest ago gives way */
    FRAMES_TEXT_SIZE_MAX = 4800, /* of one frame as text */
    FRAMES_TOTAL_MAX = FRAME_COUNT_MAX + FRAME_PARITY_MAX,
};

/* --- to be shown --- */
struct frames {
    struct span message; /* borrowed */
    uint8_t digest[FRAME_DIGEST_SIZE];
    size_t share_size, count, parity; /* frames are numbered from 0 to count + parity - 1 */
    uint8_t *spare;                   /* parity shares, in the arena of the split */
};
/* Cuts message into frames whose text is at most text_size bytes, and makes a quarter as many again
 * to spare (none for a single one). ERR_LIMIT: empty, beyond FILE_SIZE_MAX, or more than
 * FRAME_COUNT_MAX. */
enum err frames_split(struct frames *out, struct span message, size_t text_size,
                      struct arena *arena) MUST_USE;
/* The text of one frame, appended: only characters of QR's alphanumeric mode. */
enum err frames_text(const struct frames *frames, struct buffer *out, size_t index) MUST_USE;

/* --- seen --- */
struct frames_message { /* one that is being gathered; count 0: unused */
    struct arena arena;
    uint8_t digest[FRAME_DIGEST_SIZE];
    size_t size, count, share_size;
    size_t got;
    bool is_whole;     /* it was given out: only its name is kept */
    uint16_t *indices; /* of the shares, as they came */
    uint8_t *shares;
    uint64_t begun;
};
struct frames_gather { /* zeroed = empty */
    struct frames_message messages[FRAMES_MESSAGES_MAX];
    uint64_t begun;
};
enum frames_news {
    FRAMES_NEW,      /* one more */
    FRAMES_REPEATED, /* that one was there already, or its message was whole */
    FRAMES_WHOLE,    /* the message is whole, and its digest matches */
    FRAMES_DAMAGED,  /* enough of them came, and the digest does not match: they are dropped */
};
/* A text that was read. ERR_KIND: no frame of ours; ERR_PARSE, ERR_RANGE, ERR_CANONICAL ...: a
 * broken one; ERR_MEMORY. None of them changes anything. whole: with FRAMES_WHOLE the message, in
 * arena. */
enum err frames_add(struct frames_gather *gather, enum frames_news *news, struct span *whole,
                    struct span text, struct arena *arena) MUST_USE;
/* How far the furthest message is that is not whole; 0 of 0 if there is none. */
void frames_progress(const struct frames_gather *gather, size_t *got, size_t *count);
void frames_fini(struct frames_gather *gather); /* fit for AUTO */

/* --- inside: used by the other files of this module --- */
#define FRAMES_PREFIX "DCEP:"
enum { FRAMES_PREFIX_SIZE = sizeof FRAMES_PREFIX - 1 };
/* GF(2^16) with the polynomial x^16 + x^12 + x^3 + x + 1. */
enum { FRAMES_FIELD_ORDER = 65535 };
struct frames_field {
    uint16_t *power;     /* of 2, twice around */
    uint16_t *logarithm; /* of what is not zero */
};
enum err frames_field_make(struct frames_field *out, struct arena *arena) MUST_USE;
/* 1 / (row xor column): the part that data share `column` has in share `row`. row != column. */
uint16_t frames_field_part(const struct frames_field *field, size_t row, size_t column);
uint16_t frames_field_inverse(const struct frames_field *field, uint16_t value);
uint16_t frames_field_times(const struct frames_field *field, uint16_t a, uint16_t b);
/* to += factor * from, size bytes of two-byte numbers, most significant byte first. */
void frames_field_add(const struct frames_field *field, uint8_t *to, const uint8_t *from,
                      uint16_t factor, size_t size);
/* From any `count` different shares to the data shares, in place of what is missing: shares is
 * count * share_size bytes, indices[i] the number of the i-th. Afterwards share i is number i. */
enum err frames_solve(uint8_t *shares, uint16_t *indices, size_t count, size_t share_size,
                      struct arena *arena) MUST_USE;
void frames_digest(uint8_t out[FRAME_DIGEST_SIZE], struct span message);
/* Base 45 (RFC 9285). ERR_PARSE on decoding: another character, or a number that is too large. */
enum err frames_base45_encode(struct buffer *out, struct span bytes) MUST_USE;
enum err frames_base45_decode(struct buffer *out, struct span text) MUST_USE;

#endif
