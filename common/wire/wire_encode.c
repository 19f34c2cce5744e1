/* The encoder: a value of a declared record to its only spelling (contract in wire.h).
 *
 * 1. What it writes, wire_decode accepts, and gives the same value back.
 * 2. A refused value leaves the buffer as it was.
 *
 * Never writes a balance: those live in rows. */
#include "common/base/text.h"
#include "common/wire/item.h"
#include "common/wire/wire.h"

#include <string.h>

static enum err encode_record(struct buffer *out, const struct schema *schema, const void *value);

static enum err encode_integer(struct buffer *out, const struct field *field, uint64_t value)
{
    if (value < field->min || value > field->max)
        return ERR_RANGE;
    return item_put_uint(out, value);
}

static enum err encode_text(struct buffer *out, const struct field *field, struct span text)
{
    if (text.size < field->min || text.size > field->max)
        return ERR_LIMIT;
    if (!text_is_utf8(text))
        return ERR_PARSE;
    return item_put_text(out, text);
}

static enum err encode_blob(struct buffer *out, const struct field *field, struct span blob)
{
    if (blob.size < field->min || blob.size > field->max)
        return ERR_LIMIT;
    return item_put_bytes(out, blob);
}

static enum err encode_list(struct buffer *out, const struct field *field, const void *member)
{
    /* Copied, because the member is a list of its own type: the same shape, another name. */
    struct list list;
    memcpy(&list, member, sizeof list);
    if (list.count < field->min || list.count > field->max)
        return ERR_LIMIT;
    TRY(item_put_array(out, list.count));
    const char *items = list.items;
    for (size_t i = 0; i < list.count; i++)
        TRY(encode_record(out, field->record, items + i * field->record->struct_size));
    return ERR_OK;
}

static enum err encode_field(struct buffer *out, const struct field *field, const char *value)
{
    const void *member = value + field->offset;
    if (field->nullable && !*(const bool *)(value + field->has_offset))
        return item_put_null(out);
    switch (field->kind) {
    case FIELD_VERSION:
        return item_put_uint(out, 1);
    case FIELD_UINT:
        return encode_integer(out, field, *(const uint64_t *)member);
    case FIELD_AMOUNT:
        return encode_integer(out, field, amount_fen(*(const struct amount *)member));
    case FIELD_BALANCE:
        break;
    case FIELD_BYTES:
        return item_put_bytes(out, span_of(member, field->max));
    case FIELD_BLOB:
        return encode_blob(out, field, *(const struct span *)member);
    case FIELD_TEXT:
        return encode_text(out, field, *(const struct span *)member);
    case FIELD_SIGNED:
        return wire_encode_cose(out, member);
    case FIELD_RECORD:
        return encode_record(out, field->record, member);
    case FIELD_LIST:
        return encode_list(out, field, member);
    }
    err_check_failed(__FILE__, __LINE__, "a field kind that goes on the wire");
}

static enum err encode_record(struct buffer *out, const struct schema *schema, const void *value)
{
    if (!schema->bare)
        TRY(item_put_array(out, schema->field_count));
    for (size_t i = 0; i < schema->field_count; i++)
        TRY(encode_field(out, &schema->fields[i], value));
    return ERR_OK;
}

enum err wire_encode(struct buffer *out, const struct schema *schema, const void *value)
{
    size_t size = out->size;
    enum err error = encode_record(out, schema, value);
    if (error != ERR_OK)
        out->size = size;
    return error;
}
