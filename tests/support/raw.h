/* Records written by hand, item by item: what the encoder refuses to write, for tests of what a
 * decoder and a verifier must refuse to read. Of tests only. */
#ifndef DCEP_TESTS_SUPPORT_RAW_H
#define DCEP_TESTS_SUPPORT_RAW_H

#include "tests/support/world.h"

/* CBOR heads and items; major types of RFC 8949 section 3.1. */
enum raw_major { RAW_UINT = 0, RAW_BYTES = 2, RAW_TEXT = 3, RAW_ARRAY = 4, RAW_TAG = 6 };
void raw_head(struct buffer *out, enum raw_major major, uint64_t value);
void raw_bytes(struct buffer *out, struct span content);
void raw_hex(struct buffer *out, const char *digits); /* items as they are spelled */

/* A payment whose outputs are spelled by hand. */
struct raw_output {
    const char *amount_hex; /* the item of the amount */
    struct span key;        /* the content of the key's byte string */
};
struct span raw_payment(struct world *world, const struct payment *payment,
                        const struct raw_output *outputs, size_t count);
/* The token with its amount spelled by hand, and its version. */
struct span raw_token(struct world *world, const struct token *token, uint64_t version,
                      const char *amount_hex);
/* Any payload, signed. */
struct cose raw_sign(struct world *world, enum kind kind, struct span payload,
                     const struct key_pair *pair);
/* A COSE_Sign1 whose protected header, unprotected header and payload items are spelled by hand. */
struct span raw_cose(struct world *world, const char *tag_hex, const char *protected_hex,
                     const char *unprotected_hex, struct span payload_item, struct span signature);
/* Its other half: s becomes n - s, for the order n of the curve. */
void raw_negate(struct signature *signature);
/* Bytes of a buffer, kept in the world's arena; the buffer is freed. */
struct span raw_keep(struct world *world, struct buffer *buffer);

#endif
