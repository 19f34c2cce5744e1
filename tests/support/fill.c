/* Fills any record within its bounds, driven by its schema (contract in fill.h). */
#include "tests/support/fill.h"

#include <string.h>

enum { SIZE_SPREAD = 40, COUNT_SPREAD = 3 };

uint64_t fill_next(struct fill *fill)
{
    uint64_t z = fill->seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t below(struct fill *fill, uint64_t bound)
{
    return fill_next(fill) % bound;
}

/* A number within min..max; the edges one time in four. Small ones are as likely as large ones. */
static uint64_t integer(struct fill *fill, uint64_t min, uint64_t max)
{
    uint64_t spread = max - min;
    switch (below(fill, 8)) {
    case 0:
        return min;
    case 1:
        return max;
    default:
        return min + (fill_next(fill) >> below(fill, 64)) % (spread + 1);
    }
}

static uint64_t size_within(struct fill *fill, const struct field *field, uint64_t spread)
{
    uint64_t room = field->max - field->min;
    return field->min + below(fill, (room < spread ? room : spread) + 1);
}

static void random_bytes(struct fill *fill, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)fill_next(fill);
}

static struct span blob(struct fill *fill, size_t size)
{
    void *bytes;
    CHECK(arena_alloc(fill->arena, &bytes, size, 1) == ERR_OK);
    random_bytes(fill, bytes, size);
    return span_of(bytes, size);
}

/* Whole characters of one to four bytes; the rest of the size is filled with letters. */
static struct span text(struct fill *fill, size_t size)
{
    static const char *const characters[] = {
        "a", "\"", "\n", "\xc3\xa9", "\xe5\x85\x83", "\xe2\x80\xae", "\xf0\x9f\x8d\xb5"};
    void *bytes;
    CHECK(arena_alloc(fill->arena, &bytes, size, 1) == ERR_OK);
    memset(bytes, 'x', size);
    for (size_t at = 0; at < size;) {
        const char *character = characters[below(fill, sizeof characters / sizeof characters[0])];
        if (strlen(character) > size - at)
            break;
        memcpy((char *)bytes + at, character, strlen(character));
        at += strlen(character);
    }
    return span_of(bytes, size);
}

static void list_of(struct fill *fill, const struct field *field, void *member)
{
    struct list list = {.count = size_within(fill, field, COUNT_SPREAD)};
    size_t size = field->record->struct_size;
    CHECK(arena_alloc(fill->arena, &list.items, list.count, size) == ERR_OK);
    for (size_t i = 0; i < list.count; i++)
        fill_record(fill, field->record, (char *)list.items + i * size);
    memcpy(member, &list, sizeof list);
}

static void fill_amount(struct fill *fill, const struct field *field, struct amount *amount)
{
    CHECK(amount_from_fen(amount, integer(fill, field->min, field->max)) == ERR_OK);
}

static void fill_cose(struct fill *fill, struct cose *cose)
{
    cose->payload = blob(fill, 1 + below(fill, SIZE_SPREAD));
    random_bytes(fill, cose->signature.bytes, SIGNATURE_SIZE);
}

static void fill_field(struct fill *fill, const struct field *field, char *value)
{
    void *member = value + field->offset;
    if (field->nullable) {
        bool has = below(fill, 2) == 1;
        *(bool *)(value + field->has_offset) = has;
        if (!has)
            return;
    }
    switch (field->kind) {
    case FIELD_VERSION:
        return;
    case FIELD_UINT:
        *(uint64_t *)member = integer(fill, field->min, field->max);
        return;
    case FIELD_AMOUNT:
        return fill_amount(fill, field, member);
    case FIELD_BALANCE:
        return;
    case FIELD_BYTES:
        return random_bytes(fill, member, field->max);
    case FIELD_BLOB:
        *(struct span *)member = blob(fill, size_within(fill, field, SIZE_SPREAD));
        return;
    case FIELD_TEXT:
        *(struct span *)member = text(fill, size_within(fill, field, SIZE_SPREAD));
        return;
    case FIELD_SIGNED:
        return fill_cose(fill, member);
    case FIELD_RECORD:
        return fill_record(fill, field->record, member);
    case FIELD_LIST:
        return list_of(fill, field, member);
    }
}

void fill_record(struct fill *fill, const struct schema *schema, void *value)
{
    memset(value, 0, schema->struct_size);
    for (size_t i = 0; i < schema->field_count; i++)
        fill_field(fill, &schema->fields[i], value);
}

void *fill_new(struct fill *fill, const struct schema *schema)
{
    void *value;
    CHECK(arena_alloc(fill->arena, &value, 1, schema->struct_size) == ERR_OK);
    fill_record(fill, schema, value);
    return value;
}
