/* The decoder: bytes from outside to a value of a declared record (contract in wire.h).
 *
 * 1. Two passes. The first (item_scan) sees every byte before anything is believed; the second
 *    walks the schema, left to right, so the verdict of broken bytes is a function of the bytes.
 * 2. Memory is asked for lists only, after the count is within its bound and the first pass has
 *    seen that many items; so it is at most the sum of bound x item size along one path of the
 *    schema, whatever a head claims.
 * 3. It recurses as deep as the schema does, never as deep as the bytes say.
 * 4. What is accepted, wire_encode writes as the same bytes.
 *
 * Never copies strings: they borrow from the input. */
#include "common/wire/item.h"
#include "common/wire/wire.h"
#include "common/wire/wire_cose.h"

#include <string.h>

struct decoder {
    struct span rest;
    struct arena *arena;
};

static enum err decode_record(struct decoder *decoder, const struct schema *schema, void *value);

static enum err decode_integer(struct decoder *decoder, uint64_t *out, const struct field *field)
{
    struct item item;
    TRY(item_take(&item, &decoder->rest, ITEM_UINT));
    if (field->kind == FIELD_VERSION && item.value != 1)
        return ERR_VERSION;
    if (item.value < field->min || item.value > field->max)
        return ERR_RANGE;
    *out = item.value;
    return ERR_OK;
}

static enum err decode_amount(struct decoder *decoder, struct amount *out,
                              const struct field *field)
{
    uint64_t fen;
    TRY(decode_integer(decoder, &fen, field));
    return amount_from_fen(out, fen);
}

/* Byte strings of a fixed size: another size is another type, not a limit. */
static enum err decode_bytes(struct decoder *decoder, void *out, const struct field *field)
{
    struct item item;
    TRY(item_take(&item, &decoder->rest, ITEM_BYTES));
    if (item.content.size != field->max)
        return ERR_PARSE;
    memcpy(out, item.content.data, item.content.size);
    return ERR_OK;
}

static enum err decode_span(struct decoder *decoder, struct span *out, const struct field *field)
{
    struct item item;
    TRY(item_take(&item, &decoder->rest, field->kind == FIELD_TEXT ? ITEM_TEXT : ITEM_BYTES));
    if (item.content.size > field->max)
        return ERR_LIMIT;
    if (item.content.size < field->min)
        return ERR_PARSE;
    *out = item.content;
    return ERR_OK;
}

static enum err decode_list(struct decoder *decoder, void *out, const struct field *field)
{
    struct item item;
    struct list list;
    TRY(item_take(&item, &decoder->rest, ITEM_ARRAY));
    if (item.value > field->max)
        return ERR_LIMIT;
    if (item.value < field->min)
        return ERR_PARSE;
    list.count = item.value;
    CHECK(list.count <= decoder->rest.size); /* the first pass has seen the items */
    size_t size = field->record->struct_size;
    TRY(arena_alloc(decoder->arena, &list.items, list.count, size));
    for (size_t i = 0; i < list.count; i++)
        TRY(decode_record(decoder, field->record, (char *)list.items + i * size));
    memcpy(out, &list, sizeof list);
    return ERR_OK;
}

/* A nullable field: is it there? A null is stepped over. */
static enum err decode_presence(struct decoder *decoder, bool *present)
{
    struct item item;
    TRY(item_read(&item, decoder->rest));
    *present = item.type != ITEM_NULL;
    return *present ? ERR_OK : item_take(&item, &decoder->rest, ITEM_NULL);
}

static enum err decode_field(struct decoder *decoder, char *value, const struct field *field)
{
    void *member = value + field->offset;
    uint64_t version;
    if (field->nullable) {
        bool *present = (bool *)(value + field->has_offset);
        TRY(decode_presence(decoder, present));
        if (!*present)
            return ERR_OK;
    }
    switch (field->kind) {
    case FIELD_VERSION:
        return decode_integer(decoder, &version, field);
    case FIELD_UINT:
        return decode_integer(decoder, member, field);
    case FIELD_AMOUNT:
        return decode_amount(decoder, member, field);
    case FIELD_BALANCE:
        break;
    case FIELD_BYTES:
        return decode_bytes(decoder, member, field);
    case FIELD_BLOB:
    case FIELD_TEXT:
        return decode_span(decoder, member, field);
    case FIELD_SIGNED:
        return wire_take_cose(member, &decoder->rest);
    case FIELD_RECORD:
        return decode_record(decoder, field->record, member);
    case FIELD_LIST:
        return decode_list(decoder, member, field);
    }
    err_check_failed(__FILE__, __LINE__, "a field kind that goes on the wire");
}

/* A record of a later version may have other fields, so its version is judged before their number:
 * "unknown version" tells its reader to update, "malformed" would not. */
static enum err check_version(struct span rest, const struct schema *schema)
{
    struct item item;
    if (schema->fields[0].kind != FIELD_VERSION)
        return ERR_OK;
    TRY(item_take(&item, &rest, ITEM_UINT));
    return item.value == 1 ? ERR_OK : ERR_VERSION;
}

static enum err decode_array(struct decoder *decoder, const struct schema *schema)
{
    struct item item;
    TRY(item_take(&item, &decoder->rest, ITEM_ARRAY));
    if (item.value == 0)
        return ERR_PARSE;
    TRY(check_version(decoder->rest, schema));
    return item.value == schema->field_count ? ERR_OK : ERR_PARSE;
}

static enum err decode_record(struct decoder *decoder, const struct schema *schema, void *value)
{
    if (!schema->bare)
        TRY(decode_array(decoder, schema));
    for (size_t i = 0; i < schema->field_count; i++)
        TRY(decode_field(decoder, value, &schema->fields[i]));
    return ERR_OK;
}

enum err wire_decode(const struct schema *schema, void *value, struct span bytes,
                     struct arena *arena)
{
    struct decoder decoder = {bytes, arena};
    memset(value, 0, schema->struct_size);
    TRY(item_scan(bytes));
    enum err error = decode_record(&decoder, schema, value);
    if (error != ERR_OK)
        memset(value, 0, schema->struct_size); /* nobody reads half a record */
    else
        CHECK(decoder.rest.size == 0); /* item_scan saw one item */
    return error;
}
