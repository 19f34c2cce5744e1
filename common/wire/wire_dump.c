/* The dumper: a readable twin of a value, for people and for the vectors (contract in wire.h).
 *
 * 1. It is JSON, and the same value gives the same text, on every machine and in every locale.
 * 2. It is safe to show: a character that moves the cursor, turns the direction of writing or is
 *    invisible is written as its \u escape, which JSON reads back as the very character.
 *
 * Never shortens, and never formats money: amounts are fen, as on the wire. */
#include "common/base/text.h"
#include "common/wire/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { INDENT = 2, HEX_CHUNK = 64, ESCAPE_SIZE = 8 };

static enum err dump_record(struct buffer *out, const struct schema *schema, const void *value,
                            size_t depth);

static enum err put_text(struct buffer *out, const char *text)
{
    return buffer_put(out, span_text(text));
}

static enum err put_line(struct buffer *out, size_t depth)
{
    TRY(put_text(out, "\n"));
    for (size_t i = 0; i < depth * INDENT; i++)
        TRY(put_text(out, " "));
    return ERR_OK;
}

static enum err dump_integer(struct buffer *out, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return put_text(out, text);
}

static enum err dump_hex(struct buffer *out, struct span bytes)
{
    char digits[2 * HEX_CHUNK + 1];
    TRY(put_text(out, "\""));
    for (size_t at = 0; at < bytes.size; at += HEX_CHUNK) {
        size_t left = bytes.size - at;
        hex_encode(digits, span_of(bytes.data + at, left < HEX_CHUNK ? left : HEX_CHUNK));
        TRY(put_text(out, digits));
    }
    return put_text(out, "\"");
}

/* One character of valid UTF-8: its bytes, and what it is. */
static struct span first_character(uint32_t *character, struct span text)
{
    uint8_t lead = text.data[0];
    size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t value = size == 1 ? lead : lead & (0x7fu >> size);
    for (size_t i = 1; i < size && i < text.size; i++)
        value = value << 6 | (text.data[i] & 0x3f);
    *character = value;
    return span_of(text.data, size < text.size ? size : text.size);
}

/* The same judge as for every other text that is shown: text_printable changes what is unsafe. */
static bool shows_as_it_is(struct span character)
{
    char shown[ESCAPE_SIZE];
    text_printable(shown, sizeof shown, character);
    return span_equal(span_text(shown), character);
}

static enum err dump_character(struct buffer *out, struct span bytes, uint32_t character)
{
    char escape[ESCAPE_SIZE];
    if (character == '"' || character == '\\')
        TRY(put_text(out, "\\"));
    else if (!shows_as_it_is(bytes) && character <= 0xffff) {
        snprintf(escape, sizeof escape, "\\u%04" PRIx32, character);
        return put_text(out, escape);
    }
    return buffer_put(out, bytes);
}

static enum err dump_text(struct buffer *out, struct span text)
{
    TRY(put_text(out, "\""));
    while (text.size > 0) {
        uint32_t character;
        struct span bytes = first_character(&character, text);
        TRY(dump_character(out, bytes, character));
        text = span_of(text.data + bytes.size, text.size - bytes.size);
    }
    return put_text(out, "\"");
}

static enum err dump_cose(struct buffer *out, const struct cose *cose)
{
    TRY(put_text(out, "{\"payload\": "));
    TRY(dump_hex(out, cose->payload));
    TRY(put_text(out, ", \"signature\": "));
    TRY(dump_hex(out, SPAN(cose->signature)));
    return put_text(out, "}");
}

static enum err dump_list(struct buffer *out, const struct field *field, const void *member,
                          size_t depth)
{
    struct list list;
    memcpy(&list, member, sizeof list);
    const char *items = list.items;
    TRY(put_text(out, "["));
    for (size_t i = 0; i < list.count; i++) {
        TRY(i > 0 ? put_text(out, ",") : ERR_OK);
        TRY(put_line(out, depth + 1));
        TRY(dump_record(out, field->record, items + i * field->record->struct_size, depth + 1));
    }
    if (list.count > 0)
        TRY(put_line(out, depth));
    return put_text(out, "]");
}

static enum err dump_field(struct buffer *out, const struct field *field, const char *value,
                           size_t depth)
{
    const void *member = value + field->offset;
    if (field->nullable && !*(const bool *)(value + field->has_offset))
        return put_text(out, "null");
    switch (field->kind) {
    case FIELD_VERSION:
        return dump_integer(out, 1);
    case FIELD_UINT:
        return dump_integer(out, *(const uint64_t *)member);
    case FIELD_AMOUNT:
        return dump_integer(out, amount_fen(*(const struct amount *)member));
    case FIELD_BALANCE:
        break;
    case FIELD_BYTES:
        return dump_hex(out, span_of(member, field->max));
    case FIELD_BLOB:
        return dump_hex(out, *(const struct span *)member);
    case FIELD_TEXT:
        return dump_text(out, *(const struct span *)member);
    case FIELD_SIGNED:
        return dump_cose(out, member);
    case FIELD_RECORD:
        return dump_record(out, field->record, member, depth);
    case FIELD_LIST:
        return dump_list(out, field, member, depth);
    }
    err_check_failed(__FILE__, __LINE__, "a field kind that goes on the wire");
}

static enum err dump_record(struct buffer *out, const struct schema *schema, const void *value,
                            size_t depth)
{
    if (schema->bare)
        return dump_field(out, &schema->fields[0], value, depth);
    TRY(put_text(out, "{"));
    for (size_t i = 0; i < schema->field_count; i++) {
        TRY(i > 0 ? put_text(out, ",") : ERR_OK);
        TRY(put_line(out, depth + 1));
        TRY(put_text(out, "\""));
        TRY(put_text(out, schema->fields[i].name));
        TRY(put_text(out, "\": "));
        TRY(dump_field(out, &schema->fields[i], value, depth + 1));
    }
    TRY(put_line(out, depth));
    return put_text(out, "}");
}

enum err wire_dump(struct buffer *out, const struct schema *schema, const void *value)
{
    size_t size = out->size;
    enum err error = dump_record(out, schema, value, 0);
    if (error != ERR_OK)
        out->size = size;
    return error;
}
