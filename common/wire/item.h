/* One CBOR item: read strictly, written in its shortest form. Of this room only; the one file of
 * the project that talks to libcbor is item.c.
 *
 * An item is its head and, for a byte string or a text, its content. The items inside an array or
 * behind a tag are items of their own, read next.
 */
#ifndef DCEP_COMMON_WIRE_ITEM_H
#define DCEP_COMMON_WIRE_ITEM_H

#include "common/base/span.h"

/* All that this protocol knows; the map is the empty one of a COSE header. */
enum item_type { ITEM_UINT, ITEM_BYTES, ITEM_TEXT, ITEM_ARRAY, ITEM_MAP, ITEM_TAG, ITEM_NULL };

struct item {
    enum item_type type;
    uint64_t value;      /* of UINT and TAG; the count of ARRAY and MAP */
    struct span content; /* of BYTES and TEXT; borrowed */
    size_t size;         /* of the item, in bytes */
};

/* The first item of bytes, judged in this order:
 *   ERR_PARSE      not all there, or reserved
 *   ERR_CANONICAL  of indefinite length, or the break that ends one
 *   ERR_PARSE      a negative integer, float, simple value but null, or a map with something in it
 *   ERR_CANONICAL  its head is not the shortest
 *   ERR_PARSE      a tag but 18, or text that is not UTF-8 */
enum err item_read(struct item *out, struct span bytes) MUST_USE;
/* As item_read, steps over it, and it must be of this type, else ERR_PARSE. */
enum err item_take(struct item *out, struct span *rest, enum item_type type) MUST_USE;
/* The first pass: exactly one item with all that is inside it, each as item_read wants it, arrays
 * and tags nested at most WIRE_DEPTH_MAX deep (ERR_LIMIT), nothing after it (ERR_PARSE).
 * Allocates nothing, recurses never. */
enum err item_scan(struct span bytes) MUST_USE;

/* Append. The items of an array, and the item behind a tag, are put next. */
enum err item_put_uint(struct buffer *out, uint64_t value) MUST_USE;
enum err item_put_bytes(struct buffer *out, struct span content) MUST_USE;
enum err item_put_text(struct buffer *out, struct span content) MUST_USE;
enum err item_put_array(struct buffer *out, size_t count) MUST_USE;
enum err item_put_empty_map(struct buffer *out) MUST_USE;
enum err item_put_tag(struct buffer *out, uint64_t tag) MUST_USE;
enum err item_put_null(struct buffer *out) MUST_USE;

#endif
