/* Rows of a cluster: packed, unpacked, looked at (contract in store_part.h).
 *
 * 1. What is packed is one canonical CBOR array of the fields after the key, so one codec, one set
 *    of bounds, and one spelling a row.
 * 2. Nothing unpacked is believed: the bytes are judged by the schema, as columns are.
 */
#include "common/store/store_part.h"

#include "common/store/store_row.h"
#include "common/wire/wire.h"

static struct schema rest_of(const struct table *table)
{
    struct schema rest = *table->schema;
    rest.fields += table->key_count;
    rest.field_count -= table->key_count;
    return rest;
}

enum err store_part_pack(struct buffer *body, const struct table *table, const void *row)
{
    const struct schema rest = rest_of(table);
    return wire_encode(body, &rest, row);
}

enum err store_part_unpack(const struct table *table, void *row, struct span body)
{
    struct arena none AUTO(arena_fini) = {0}; /* no field of a row is a list */
    const struct schema rest = rest_of(table);
    return wire_decode(&rest, row, body, &none) == ERR_OK ? ERR_OK : ERR_INTEGRITY;
}

bool store_part_is_scan(const struct store_query *query)
{
    return query->table->cluster != NULL && query->index_number >= 0 && query->prefix_count > 0;
}

bool store_part_is_whole(const struct store_query *query)
{
    return store_part_is_scan(query) || (query->prefix_count == 0 && !query->after);
}

static bool same_value(const struct field *field, const void *a, const void *b)
{
    if (store_row_absent(field, a) || store_row_absent(field, b))
        return store_row_absent(field, a) && store_row_absent(field, b);
    if (store_row_is_integer(field))
        return store_row_integer(field, a) == store_row_integer(field, b);
    return span_equal(store_row_bytes(field, a), store_row_bytes(field, b));
}

bool store_part_selects(const struct store_query *query, const void *row, const void *from)
{
    size_t positions[TABLE_FIELDS_MAX];
    if (!store_part_is_scan(query))
        return true;
    store_row_query_fields(positions, query);
    for (size_t i = 0; i < query->prefix_count; i++)
        if (!same_value(&query->table->schema->fields[positions[i]], row, from))
            return false;
    return true;
}
