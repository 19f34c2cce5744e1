/* Borrowed bytes, fixed-size byte values, bounded writers and arenas.
 *
 * Argument order everywhere in this project: object, outputs, inputs, options.
 * A span is borrowed for the call: keeping it means copying it (arena_copy).
 */
#ifndef DCEP_COMMON_BASE_SPAN_H
#define DCEP_COMMON_BASE_SPAN_H

#include "common/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    const uint8_t *data;
    size_t size; /* bytes */
};

/* Fixed-size values of the protocol (docs/PROTOCOL.md section 2). */
enum { ID_SIZE = 32, KEY_SIZE = 33, KEY_ID_SIZE = 8, NONCE_SIZE = 16, SIGNATURE_SIZE = 64 };
enum { COMMITMENT_SIZE = 32 };
struct id {
    uint8_t bytes[ID_SIZE]; /* SHA-256 */
};
struct public_key {
    uint8_t bytes[KEY_SIZE]; /* compressed P-256 point, SEC 1 section 2.3.3 */
};
struct key_id {
    uint8_t bytes[KEY_ID_SIZE]; /* first 8 bytes of SHA-256(public key) */
};
struct nonce {
    uint8_t bytes[NONCE_SIZE];
};
struct signature {
    uint8_t bytes[SIGNATURE_SIZE]; /* r || s, big-endian, RFC 9053 section 2.1 */
};
/* y of R, the point that r is the x of (SEC 1 section 4.1.3). Whoever verified a signature has met
 * it. All zero, which is no point's y: not known. */
struct commitment {
    uint8_t bytes[COMMITMENT_SIZE]; /* big-endian */
};

#define SPAN(value) ((struct span){(const uint8_t *)(value).bytes, sizeof(value).bytes})
struct span span_of(const void *data, size_t size);
struct span span_text(const char *text); /* without the NUL */
bool span_equal(struct span a, struct span b);
int span_compare(struct span a, struct span b); /* lexicographic, like memcmp; shorter first */
bool id_equal(const struct id *a, const struct id *b);
bool key_equal(const struct public_key *a, const struct public_key *b);
bool commitment_equal(const struct commitment *a, const struct commitment *b);
bool commitment_is_known(const struct commitment *commitment);

/* Hex, lower case. hex_encode writes 2*size digits and a NUL; text must hold them.
 * hex_decode: ERR_PARSE on a bad digit or another length than 2*size. */
void hex_encode(char *text, struct span bytes);
enum err hex_decode(uint8_t *bytes, size_t size, const char *text) MUST_USE;

/* A growing byte buffer with a hard limit; used for encoding. Zeroed with limit set = valid. */
struct buffer {
    uint8_t *data;
    size_t size, capacity;
    size_t limit; /* ERR_LIMIT beyond; 0 means BUFFER_LIMIT_DEFAULT */
};
enum { BUFFER_LIMIT_DEFAULT = 4 * 1024 * 1024 };
enum err buffer_put(struct buffer *buffer, struct span bytes) MUST_USE;
struct span buffer_span(const struct buffer *buffer); /* borrowed until the next put */
void buffer_fini(struct buffer *buffer);

/* Memory for one request: freed as a whole. arena_alloc returns zeroed, max-aligned memory;
 * ERR_LIMIT once limit bytes were handed out (0 means ARENA_LIMIT_DEFAULT). Zeroed = valid. */
struct arena {
    struct arena_block *blocks;
    size_t used, limit;
};
enum { ARENA_LIMIT_DEFAULT = 64 * 1024 * 1024 };
enum err arena_alloc(struct arena *arena, void **out, size_t count, size_t size) MUST_USE;
enum err arena_copy(struct arena *arena, struct span *out, struct span bytes) MUST_USE;
void arena_reset(struct arena *arena); /* keeps nothing */
void arena_fini(struct arena *arena);

#endif
