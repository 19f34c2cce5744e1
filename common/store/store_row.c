/* A row seen through its schema.
 *
 * 1. A field list is the one place where a bound is written: the same descriptor bounds the
 *    memory store's rows here and SQLite's columns in store_sql.c.
 * 2. Money is read and written by the functions of amount.h only.
 * 3. Declarations are our own: a bad one aborts at open, in every test. Row values never abort.
 */
#include "common/store/store_row.h"

#include "common/base/text.h"

#include <string.h>

static void *member(const struct field *field, void *row)
{
    return (uint8_t *)row + field->offset;
}

static const void *member_const(const struct field *field, const void *row)
{
    return (const uint8_t *)row + field->offset;
}

size_t store_row_position(const struct table *table, const char *name)
{
    size_t position = 0;
    while (position < table->schema->field_count &&
           strcmp(table->schema->fields[position].name, name) != 0) {
        position++;
    }
    CHECK(position < table->schema->field_count);
    return position;
}

size_t store_row_index_size(const struct table_index *index)
{
    size_t size = 0;
    while (size < TABLE_INDEX_FIELDS_MAX && index->fields[size] != NULL) {
        size++;
    }
    return size;
}

void store_row_query_fields(size_t positions[TABLE_FIELDS_MAX], const struct store_query *query)
{
    const struct table *table = query->table;
    if (query->index_number < 0) {
        CHECK(query->prefix_count <= table->key_count);
    } else {
        CHECK(query->index_number < TABLE_INDEXES_MAX);
        CHECK(query->prefix_count <= store_row_index_size(&table->indexes[query->index_number]));
    }
    for (size_t i = 0; i < query->prefix_count; i++) {
        positions[i] =
            query->index_number < 0
                ? i
                : store_row_position(table, table->indexes[query->index_number].fields[i]);
    }
}

bool store_row_query_ordered(const struct store_query *query)
{
    return query->index_number < 0 ||
           query->prefix_count == store_row_index_size(&query->table->indexes[query->index_number]);
}

static void check_index(const struct table *table, const struct table_index *index)
{
    CHECK(!index->unique || !index->is_scan);
    for (size_t i = 0; i < store_row_index_size(index); i++) {
        const struct field *field =
            &table->schema->fields[store_row_position(table, index->fields[i])];
        CHECK(field->kind != FIELD_BLOB && field->kind != FIELD_SIGNED);
    }
}

static void check_field(const struct field *field)
{
    CHECK(field->kind != FIELD_VERSION && field->kind != FIELD_RECORD && field->kind != FIELD_LIST);
    CHECK(field->kind != FIELD_UINT || field->max <= INTEGER_MAX);
    CHECK(field->kind == FIELD_SIGNED || field->min <= field->max);
}

static void check_part(const struct table *table)
{
    CHECK(table->part <= TABLE_PART_MAX && table->key_count < table->schema->field_count);
    for (size_t i = table->key_count; i < table->schema->field_count; i++) {
        CHECK(table->schema->fields[i].kind != FIELD_BALANCE);
    }
    for (size_t i = 0; i < TABLE_INDEXES_MAX; i++) {
        CHECK(store_row_index_size(&table->indexes[i]) == 0 || table->indexes[i].is_scan);
    }
}

void store_row_check_table(const struct table *table)
{
    const struct schema *schema = table->schema;
    CHECK(schema->field_count > 0 && schema->field_count <= TABLE_FIELDS_MAX);
    CHECK(table->key_count > 0 && table->key_count <= schema->field_count);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        check_field(field);
        CHECK(i >= table->key_count ||
              (!field->nullable && (field->kind == FIELD_UINT || field->kind == FIELD_BYTES)));
    }
    for (size_t i = 0; i < TABLE_INDEXES_MAX; i++) {
        check_index(table, &table->indexes[i]);
    }
    if (table->cluster != NULL) {
        check_part(table);
    }
}

void store_row_check_cluster(const struct table *a, const struct table *b)
{
    CHECK(a->part != b->part && a->key_count == b->key_count);
    for (size_t i = 0; i < a->key_count; i++) {
        const struct field *left = &a->schema->fields[i], *right = &b->schema->fields[i];
        CHECK(strcmp(left->name, right->name) == 0 && left->kind == right->kind &&
              left->min == right->min && left->max == right->max);
    }
}

bool store_row_is_together(const struct table *a, const struct table *b)
{
    return a->cluster != NULL && b->cluster != NULL && strcmp(a->cluster, b->cluster) == 0;
}

bool store_row_is_made_before(const struct store_schema *schema, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (store_row_is_together(schema->tables[i], schema->tables[number]))
            return true;
    return false;
}

size_t store_row_clusters(const struct table *clusters[STORE_ROW_CLUSTERS_MAX],
                          const struct store_schema *schema)
{
    size_t count = 0;
    for (size_t i = 0; schema->tables[i] != NULL; i++) {
        if (schema->tables[i]->cluster == NULL || store_row_is_made_before(schema, i))
            continue;
        CHECK(count < STORE_ROW_CLUSTERS_MAX);
        clusters[count++] = schema->tables[i];
    }
    return count;
}

bool store_row_is_integer(const struct field *field)
{
    return field->kind == FIELD_UINT || field->kind == FIELD_AMOUNT || field->kind == FIELD_BALANCE;
}

bool store_row_absent(const struct field *field, const void *row)
{
    bool present = true;
    if (field->nullable) {
        memcpy(&present, (const uint8_t *)row + field->has_offset, sizeof present);
    }
    return !present;
}

void store_row_set_present(const struct field *field, void *row)
{
    const bool present = true;
    if (field->nullable) {
        memcpy((uint8_t *)row + field->has_offset, &present, sizeof present);
    }
}

int64_t store_row_integer(const struct field *field, const void *row)
{
    const void *at = member_const(field, row);
    if (field->kind == FIELD_AMOUNT) {
        return (int64_t)amount_fen(*(const struct amount *)at);
    }
    if (field->kind == FIELD_BALANCE) {
        return balance_fen(*(const struct balance *)at);
    }
    const uint64_t *number = at;
    return (int64_t)*number;
}

/* Above INT64_MAX a uint64_t arrives here negative: out of range as well. */
static bool in_range(const struct field *field, int64_t value)
{
    if (field->kind == FIELD_BALANCE) {
        return value >= -(int64_t)field->max && value <= (int64_t)field->max;
    }
    return value >= 0 && (uint64_t)value >= field->min && (uint64_t)value <= field->max;
}

enum err store_row_set_integer(const struct field *field, void *row, int64_t value)
{
    void *at = member(field, row);
    if (!in_range(field, value)) {
        return ERR_RANGE;
    }
    if (field->kind == FIELD_AMOUNT) {
        return amount_from_fen(at, (uint64_t)value);
    }
    if (field->kind == FIELD_BALANCE) {
        *(struct balance *)at = balance_from_fen(value);
    } else {
        *(uint64_t *)at = (uint64_t)value;
    }
    return ERR_OK;
}

struct span store_row_bytes(const struct field *field, const void *row)
{
    const void *at = member_const(field, row);
    if (field->kind == FIELD_BYTES) {
        return span_of(at, field->max);
    }
    if (field->kind == FIELD_SIGNED) {
        return ((const struct cose *)at)->payload;
    }
    return *(const struct span *)at;
}

static enum err check_bytes(const struct field *field, struct span bytes)
{
    const bool is_signed = field->kind == FIELD_SIGNED;
    const size_t min = is_signed ? 1 : field->min;
    const size_t max = is_signed ? STORE_ROW_SIGNED_MAX - STORE_ROW_SIGNED_REST : field->max;
    if (bytes.size < min || bytes.size > max) {
        return ERR_LIMIT;
    }
    return field->kind == FIELD_TEXT && !text_is_utf8(bytes) ? ERR_PARSE : ERR_OK;
}

enum err store_row_set_bytes(const struct field *field, void *row, struct span bytes)
{
    TRY(check_bytes(field, bytes));
    if (field->kind == FIELD_BYTES) {
        memcpy(member(field, row), bytes.data, bytes.size);
    } else {
        *(struct span *)member(field, row) = bytes;
    }
    return ERR_OK;
}

static enum err check_value(const struct field *field, const void *row)
{
    if (store_row_absent(field, row)) {
        return ERR_OK;
    }
    if (store_row_is_integer(field)) {
        return in_range(field, store_row_integer(field, row)) ? ERR_OK : ERR_RANGE;
    }
    return check_bytes(field, store_row_bytes(field, row));
}

enum err store_row_check(const struct table *table, const void *row, const struct field **bad)
{
    for (size_t i = 0; i < table->schema->field_count; i++) {
        *bad = &table->schema->fields[i];
        TRY(check_value(*bad, row));
    }
    *bad = NULL;
    return ERR_OK;
}

/* cose.payload and a span member are the same thing to copy. */
static struct span *borrowed(const struct field *field, void *row)
{
    if (field->kind == FIELD_SIGNED) {
        return &((struct cose *)member(field, row))->payload;
    }
    return field->kind == FIELD_BLOB || field->kind == FIELD_TEXT ? member(field, row) : NULL;
}

enum err store_row_keep(const struct table *table, void *out, struct arena *arena)
{
    for (size_t i = 0; i < table->schema->field_count; i++) {
        struct span *bytes = borrowed(&table->schema->fields[i], out);
        if (bytes != NULL && !store_row_absent(&table->schema->fields[i], out)) {
            TRY(arena_copy(arena, bytes, *bytes));
        }
    }
    return ERR_OK;
}

enum err store_row_copy(const struct table *table, void *out, const void *row, struct arena *arena)
{
    memcpy(out, row, table->schema->struct_size);
    return store_row_keep(table, out, arena);
}

static int compare_field(const struct field *field, const void *a, const void *b)
{
    if (!store_row_is_integer(field))
        return span_compare(store_row_bytes(field, a), store_row_bytes(field, b));
    const int64_t left = store_row_integer(field, a);
    const int64_t right = store_row_integer(field, b);
    return (left > right) - (left < right);
}

int store_row_compare(const struct table *table, const void *a, const void *b)
{
    int order = 0;
    for (size_t i = 0; i < table->key_count && order == 0; i++)
        order = compare_field(&table->schema->fields[i], a, b);
    return order;
}
