/* One CBOR item, over libcbor's streaming decoder and its encoders (contract in item.h).
 *
 * 1. Whatever item_read accepts, the item_put_* functions write as the same bytes: it is compared
 *    head by head.
 * 2. No memory is asked for, and no call is deeper than one item: nesting is a small array in
 *    item_scan.
 *
 * Never uses cbor_load: libcbor 0.8 allocates what a head claims before it has seen the content. */
#include "common/wire/item.h"

#include "common/base/text.h"
#include "common/wire/wire.h"

#include <cbor.h>

enum { HEAD_SIZE_MAX = 9, COSE_SIGN1_TAG = 18, COSE_SIGN1_TAG_BYTE = 0xd2 };

/* What libcbor's decoder saw; a FORBIDDEN one and an INDEFINITE one never leave this file. */
enum seen_type { SEEN_NOTHING, SEEN_ITEM, SEEN_INDEFINITE, SEEN_FORBIDDEN };
struct seen {
    enum seen_type type;
    struct item item;
};

static void seen_value(void *context, enum item_type type, uint64_t value)
{
    struct seen *seen = context;
    seen->type = SEEN_ITEM;
    seen->item.type = type;
    seen->item.value = value;
}

static void seen_content(void *context, enum item_type type, cbor_data data, size_t size)
{
    seen_value(context, type, 0);
    ((struct seen *)context)->item.content = span_of(data, size);
}

static void see_uint8(void *context, uint8_t value)
{
    seen_value(context, ITEM_UINT, value);
}
static void see_uint16(void *context, uint16_t value)
{
    seen_value(context, ITEM_UINT, value);
}
static void see_uint32(void *context, uint32_t value)
{
    seen_value(context, ITEM_UINT, value);
}
static void see_uint64(void *context, uint64_t value)
{
    seen_value(context, ITEM_UINT, value);
}
static void see_array(void *context, size_t count)
{
    seen_value(context, ITEM_ARRAY, count);
}
static void see_map(void *context, size_t count)
{
    seen_value(context, ITEM_MAP, count);
}
static void see_tag(void *context, uint64_t tag)
{
    seen_value(context, ITEM_TAG, tag);
}
static void see_null(void *context)
{
    seen_value(context, ITEM_NULL, 0);
}

static void see_bytes(void *context, cbor_data data, size_t size)
{
    seen_content(context, ITEM_BYTES, data, size);
}

static void see_text(void *context, cbor_data data, size_t size)
{
    seen_content(context, ITEM_TEXT, data, size);
}

static void see_indefinite(void *context)
{
    ((struct seen *)context)->type = SEEN_INDEFINITE;
}
static void see_forbidden(void *context)
{
    ((struct seen *)context)->type = SEEN_FORBIDDEN;
}

static void see_negative8(void *context, uint8_t value)
{
    (void)value;
    see_forbidden(context);
}

static void see_negative16(void *context, uint16_t value)
{
    (void)value;
    see_forbidden(context);
}

static void see_negative32(void *context, uint32_t value)
{
    (void)value;
    see_forbidden(context);
}

static void see_negative64(void *context, uint64_t value)
{
    (void)value;
    see_forbidden(context);
}

static void see_float(void *context, float value)
{
    (void)value;
    see_forbidden(context);
}

static void see_double(void *context, double value)
{
    (void)value;
    see_forbidden(context);
}

static void see_boolean(void *context, bool value)
{
    (void)value;
    see_forbidden(context);
}

static const struct cbor_callbacks callbacks = {
    .uint8 = see_uint8,
    .uint16 = see_uint16,
    .uint32 = see_uint32,
    .uint64 = see_uint64,
    .negint8 = see_negative8,
    .negint16 = see_negative16,
    .negint32 = see_negative32,
    .negint64 = see_negative64,
    .byte_string_start = see_indefinite,
    .byte_string = see_bytes,
    .string = see_text,
    .string_start = see_indefinite,
    .indef_array_start = see_indefinite,
    .array_start = see_array,
    .indef_map_start = see_indefinite,
    .map_start = see_map,
    .tag = see_tag,
    .float2 = see_float,
    .float4 = see_float,
    .float8 = see_double,
    .undefined = see_forbidden,
    .null = see_null,
    .boolean = see_boolean,
    .indef_break = see_indefinite,
};

static size_t encode_head(uint8_t head[HEAD_SIZE_MAX], const struct item *item)
{
    switch (item->type) {
    case ITEM_UINT:
        return cbor_encode_uint(item->value, head, HEAD_SIZE_MAX);
    case ITEM_BYTES:
        return cbor_encode_bytestring_start(item->content.size, head, HEAD_SIZE_MAX);
    case ITEM_TEXT:
        return cbor_encode_string_start(item->content.size, head, HEAD_SIZE_MAX);
    case ITEM_ARRAY:
        return cbor_encode_array_start(item->value, head, HEAD_SIZE_MAX);
    case ITEM_MAP:
        return cbor_encode_map_start(item->value, head, HEAD_SIZE_MAX);
    case ITEM_TAG:
        return cbor_encode_tag(item->value, head, HEAD_SIZE_MAX);
    case ITEM_NULL:
        return cbor_encode_null(head, HEAD_SIZE_MAX);
    }
    err_check_failed(__FILE__, __LINE__, "an item type of ours");
}

static enum err judge(const struct seen *seen)
{
    const struct item *item = &seen->item;
    uint8_t head[HEAD_SIZE_MAX];
    if (seen->type == SEEN_INDEFINITE)
        return ERR_CANONICAL;
    if (seen->type == SEEN_FORBIDDEN || (item->type == ITEM_MAP && item->value != 0))
        return ERR_PARSE;
    /* libcbor's encoders write the shortest form, so another size means another spelling. */
    if (encode_head(head, item) != item->size - item->content.size)
        return ERR_CANONICAL;
    if (item->type == ITEM_TAG && item->value != COSE_SIGN1_TAG)
        return ERR_PARSE;
    if (item->type == ITEM_TEXT && !text_is_utf8(item->content))
        return ERR_PARSE;
    return ERR_OK;
}

enum err item_read(struct item *out, struct span bytes)
{
    /* libcbor 0.8 calls the short tags 6 to 20 unassigned, and COSE_Sign1 is 18. */
    if (bytes.size > 0 && bytes.data[0] == COSE_SIGN1_TAG_BYTE) {
        *out = (struct item){.type = ITEM_TAG, .value = COSE_SIGN1_TAG, .size = 1};
        return ERR_OK;
    }
    struct seen seen = {0};
    if (bytes.size == 0)
        return ERR_PARSE;
    struct cbor_decoder_result result =
        cbor_stream_decode(bytes.data, bytes.size, &callbacks, &seen);
    if (result.status != CBOR_DECODER_FINISHED || seen.type == SEEN_NOTHING)
        return ERR_PARSE;
    seen.item.size = result.read;
    TRY(judge(&seen));
    *out = seen.item;
    return ERR_OK;
}

enum err item_take(struct item *out, struct span *rest, enum item_type type)
{
    TRY(item_read(out, *rest));
    if (out->type != type)
        return ERR_PARSE;
    *rest = span_of(rest->data + out->size, rest->size - out->size);
    return ERR_OK;
}

enum err item_scan(struct span bytes)
{
    uint64_t open[WIRE_DEPTH_MAX]; /* of each array or tag that is open: items still to come */
    size_t depth = 0;
    do {
        struct item item;
        TRY(item_read(&item, bytes));
        bytes = span_of(bytes.data + item.size, bytes.size - item.size);
        if (depth > 0)
            open[depth - 1]--;
        if (item.type == ITEM_ARRAY || item.type == ITEM_TAG) {
            if (depth == WIRE_DEPTH_MAX)
                return ERR_LIMIT;
            open[depth++] = item.type == ITEM_TAG ? 1 : item.value;
        }
        while (depth > 0 && open[depth - 1] == 0)
            depth--;
    } while (depth > 0);
    return bytes.size == 0 ? ERR_OK : ERR_PARSE;
}

static enum err put_item(struct buffer *out, const struct item *item)
{
    uint8_t head[HEAD_SIZE_MAX];
    size_t size = out->size;
    TRY(buffer_put(out, span_of(head, encode_head(head, item))));
    enum err error = buffer_put(out, item->content);
    if (error != ERR_OK)
        out->size = size;
    return error;
}

enum err item_put_uint(struct buffer *out, uint64_t value)
{
    return put_item(out, &(struct item){.type = ITEM_UINT, .value = value});
}

enum err item_put_bytes(struct buffer *out, struct span content)
{
    return put_item(out, &(struct item){.type = ITEM_BYTES, .content = content});
}

enum err item_put_text(struct buffer *out, struct span content)
{
    return put_item(out, &(struct item){.type = ITEM_TEXT, .content = content});
}

enum err item_put_array(struct buffer *out, size_t count)
{
    return put_item(out, &(struct item){.type = ITEM_ARRAY, .value = count});
}

enum err item_put_empty_map(struct buffer *out)
{
    return put_item(out, &(struct item){.type = ITEM_MAP});
}

enum err item_put_tag(struct buffer *out, uint64_t tag)
{
    return put_item(out, &(struct item){.type = ITEM_TAG, .value = tag});
}

enum err item_put_null(struct buffer *out)
{
    return put_item(out, &(struct item){.type = ITEM_NULL});
}
