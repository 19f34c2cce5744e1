/* Keys as bytes (contract in store_key.h). */
#include "common/store/store_key.h"

#include "common/store/store_row.h"

#include <string.h>

size_t store_key_bytes(uint8_t *at, struct span bytes)
{
    if (at != NULL && bytes.size > 0) {
        memcpy(at, bytes.data, bytes.size);
    }
    return bytes.size;
}

static size_t put_number(uint8_t *at, uint64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    return store_key_bytes(at, span_of(bytes, sizeof bytes));
}

/* The sign bit flipped: negative before positive. */
size_t store_key_integer(uint8_t *at, int64_t number)
{
    return put_number(at, (uint64_t)number ^ (UINT64_C(1) << 63));
}

int64_t store_key_read_integer(const uint8_t *at)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) {
        number = number << 8 | at[i];
    }
    return (int64_t)(number ^ (UINT64_C(1) << 63));
}

size_t store_key_field_size(const struct field *field)
{
    return store_row_is_integer(field) ? sizeof(int64_t) : (size_t)field->max;
}

size_t store_key_size(const struct table *table)
{
    size_t size = 1;
    for (size_t i = 0; i < table->key_count; i++)
        size += store_key_field_size(&table->schema->fields[i]);
    return size;
}

static size_t put_field(uint8_t *at, const struct field *field, const void *value)
{
    size_t size = 0;
    if (field->nullable) {
        const uint8_t mark = store_row_absent(field, value) ? 0 : 1;
        size += store_key_bytes(at, span_of(&mark, 1));
        if (mark == 0) {
            return size;
        }
    }
    if (store_row_is_integer(field)) {
        return size +
               store_key_integer(at == NULL ? NULL : at + size, store_row_integer(field, value));
    }
    const struct span bytes = store_row_bytes(field, value);
    if (field->kind == FIELD_TEXT) {
        size += put_number(at == NULL ? NULL : at + size, bytes.size);
    }
    return size + store_key_bytes(at == NULL ? NULL : at + size, bytes);
}

size_t store_key_primary(uint8_t *at, const struct table *table, const void *value)
{
    size_t size = 0;
    for (size_t i = 0; i < table->key_count; i++) {
        size += put_field(at == NULL ? NULL : at + size, &table->schema->fields[i], value);
    }
    return size;
}

size_t store_key_prefix(uint8_t *at, const struct store_query *query, const void *value)
{
    size_t positions[TABLE_FIELDS_MAX];
    size_t size = 0;
    store_row_query_fields(positions, query);
    for (size_t i = 0; i < query->prefix_count; i++) {
        size += put_field(at == NULL ? NULL : at + size,
                          &query->table->schema->fields[positions[i]], value);
    }
    return size;
}
