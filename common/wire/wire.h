/* Encode, decode, wrap, dump: one walker over the schemas, over libcbor's streaming decoder.
 *
 * Decoding is strict: definite lengths, shortest heads, bounds before allocation, no trailing
 * bytes; what is accepted re-encodes to the same bytes. The verdict of broken bytes, in this order:
 *
 *   size         ERR_LIMIT beyond the caller's limit; the caller checks it, when it reads
 *   first pass   over all bytes, item by item, whatever comes first (item.h): ERR_PARSE (cut short,
 *                trailing, reserved, simple values, floats, negative integers, maps, tags but 18,
 *                broken UTF-8), ERR_CANONICAL (indefinite, not shortest), ERR_LIMIT (arrays and
 *                tags nested deeper than WIRE_DEPTH_MAX)
 *   second pass  against the schema, left to right: ERR_VERSION (judged before the number of
 *                fields, which may be another in another version), ERR_RANGE (integer outside its
 *                bounds), ERR_LIMIT (blob, text or list larger than its bound), ERR_PARSE (another
 *                type or number of fields, a fixed-size byte string of another size, too short)
 *
 * docs/PROTOCOL.md section 3. */
#ifndef DCEP_COMMON_WIRE_WIRE_H
#define DCEP_COMMON_WIRE_WIRE_H

#include "common/wire/message.h"

enum { WIRE_DEPTH_MAX = 12 };

/* Appends; on failure out is as before. ERR_RANGE: an integer outside its bounds. ERR_LIMIT: a
 * list, blob or text outside its bounds. ERR_PARSE: a text that is not UTF-8. A balance and a
 * signature without a payload are bugs of ours (CHECK). */
enum err wire_encode(struct buffer *out, const struct schema *schema, const void *value) MUST_USE;
/* arena holds the list items; on failure value is zeroed. */
enum err wire_decode(const struct schema *schema, void *value, struct span bytes,
                     struct arena *arena) MUST_USE;
/* A readable twin, for people and vectors: JSON-like text, byte strings in hex. Appends. */
enum err wire_dump(struct buffer *out, const struct schema *schema, const void *value) MUST_USE;

/* COSE_Sign1, RFC 9052: 18([h'A10126', {}, payload, signature]) and nothing else. */
enum err wire_encode_cose(struct buffer *out, const struct cose *cose) MUST_USE;
/* ERR_PARSE, ERR_CANONICAL, ERR_LIMIT. */
enum err wire_decode_cose(struct cose *out, struct span bytes) MUST_USE;
/* The signed bytes: Sig_structure of RFC 9052 section 4.4 with external_aad. Appends. */
enum err wire_sig_structure(struct buffer *out, struct span external_aad,
                            struct span payload) MUST_USE;

/* "dcep/1/<network>/<kind>" into text; network must be valid (wire_network_valid). */
enum { WIRE_AAD_SIZE_MAX = 64 };
struct span wire_aad(char text[WIRE_AAD_SIZE_MAX], const char *network, enum kind kind);
bool wire_network_valid(const char *network); /* [a-z0-9-]{1,16} */

/* The wrapper of what stands alone: [1, network, kind, body]. body = the encoded item
 * (COSE_Sign1 or array). */
struct wire_wrapper {
    char network[NETWORK_SIZE_MAX + 1];
    enum kind kind;
    struct span body; /* borrowed from the input */
};
enum err wire_wrap(struct buffer *out, const char *network, enum kind kind,
                   struct span body) MUST_USE;
/* Any wrapper: what is it? ERR_PARSE, ERR_CANONICAL, ERR_VERSION, ERR_KIND. */
enum err wire_unwrap(struct wire_wrapper *out, struct span bytes) MUST_USE;
/* And it must be this: ERR_NETWORK, then ERR_KIND. */
enum err wire_unwrap_expect(struct span *body, struct span bytes, const char *network,
                            enum kind kind) MUST_USE;

/* Typed forms: token_encode(buffer, &token), token_decode(&token, span, arena), for every
 * record. */
#define WIRE_TYPED(type, FIELDS, bare)                                                             \
    static inline MUST_USE enum err type##_encode(struct buffer *out, const struct type *value)    \
    {                                                                                              \
        return wire_encode(out, &message_##type, value);                                           \
    }                                                                                              \
    static inline MUST_USE enum err type##_decode(struct type *value, struct span bytes,           \
                                                  struct arena *arena)                             \
    {                                                                                              \
        return wire_decode(&message_##type, value, bytes, arena);                                  \
    }
MESSAGE_LIST(WIRE_TYPED)
#undef WIRE_TYPED

#endif
