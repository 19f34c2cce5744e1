/* SQL made from table declarations.
 *
 * 1. Every bound of a field list becomes a CHECK; every column but a nullable one is NOT NULL;
 *    tables are STRICT.
 * 2. Rows lie in primary key order (WITHOUT ROWID) unless the key is a single integer, which
 *    then is the rowid; those of a cluster lie in order of arrival (docs/adr/0050).
 * 3. No value ever stands in the text: only names from our own declarations, quoted, the number of
 *    a part, and parameters.
 * 4. The parts of a cluster share one table: the key as columns with their CHECKs, the number of
 *    the part, and the packed rest (store_part.h), whose bounds only we judge. Their keys are a
 *    second table, each with the number of its row.
 */
#include "common/store/store_sql.h"

#include "common/store/store_part.h"
#include "common/store/store_row.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void store_sql_fini(struct store_sql *sql)
{
    buffer_fini(&sql->text);
}

static void add(struct store_sql *sql, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct store_sql *sql, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    CHECK(size >= 0 && (size_t)size < sizeof text);
    if (sql->error == ERR_OK) {
        sql->error = buffer_put(&sql->text, span_of(text, (size_t)size));
    }
}

enum err store_sql_end(struct store_sql *sql, const char **text)
{
    TRY(sql->error);
    TRY(buffer_put(&sql->text, span_of("", 1)));
    *text = (const char *)buffer_span(&sql->text).data;
    return ERR_OK;
}

/* --- tables --- */

static const char *column_type(const struct field *field)
{
    if (store_row_is_integer(field)) {
        return "INTEGER";
    }
    return field->kind == FIELD_TEXT ? "TEXT" : "BLOB";
}

/* length() of a TEXT counts characters up to a NUL: the cast makes it bytes. */
static void add_check(struct store_sql *sql, const struct field *field)
{
    if (field->kind == FIELD_BALANCE) {
        add(sql, "CHECK (\"%s\" BETWEEN -%" PRIu64 " AND %" PRIu64 ")", field->name, field->max,
            field->max);
    } else if (store_row_is_integer(field)) {
        add(sql, "CHECK (\"%s\" BETWEEN %" PRIu64 " AND %" PRIu64 ")", field->name, field->min,
            field->max);
    } else if (field->kind == FIELD_BYTES) {
        add(sql, "CHECK (length(\"%s\") = %" PRIu64 ")", field->name, field->max);
    } else if (field->kind == FIELD_SIGNED) {
        add(sql, "CHECK (length(\"%s\") BETWEEN %d AND %d)", field->name, STORE_ROW_SIGNED_MIN,
            STORE_ROW_SIGNED_MAX);
    } else {
        add(sql,
            field->kind == FIELD_TEXT
                ? "CHECK (length(CAST(\"%s\" AS BLOB)) BETWEEN %" PRIu64 " AND %" PRIu64 ")"
                : "CHECK (length(\"%s\") BETWEEN %" PRIu64 " AND %" PRIu64 ")",
            field->name, field->min, field->max);
    }
}

/* "a", "b", ...: the first count fields */
static void add_names(struct store_sql *sql, const struct table *table, size_t count,
                      const char *suffix)
{
    for (size_t i = 0; i < count; i++) {
        add(sql, "%s\"%s\"%s", i == 0 ? "" : ", ", table->schema->fields[i].name, suffix);
    }
}

static void add_parameters(struct store_sql *sql, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(sql, "%s?%zu", i == 0 ? "" : ", ", i + 1);
    }
}

static void add_columns(struct store_sql *sql, const struct table *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct field *field = &table->schema->fields[i];
        add(sql, "\"%s\" %s %s", field->name, column_type(field),
            field->nullable ? "" : "NOT NULL ");
        add_check(sql, field);
        add(sql, ", ");
    }
}

/* The same for every part: it says nothing of their other fields. */
static void add_cluster(struct store_sql *sql, const struct table *table)
{
    add(sql, "CREATE TABLE \"%s\"(\"row\" INTEGER PRIMARY KEY, ", table->cluster);
    add_columns(sql, table, table->key_count);
    add(sql,
        "\"part\" INTEGER NOT NULL CHECK (\"part\" BETWEEN 0 AND %d), "
        "\"body\" BLOB NOT NULL) STRICT",
        TABLE_PART_MAX);
}

void store_sql_keys(struct store_sql *sql, const struct table *table)
{
    add(sql, "CREATE TABLE \"%s_key\"(", table->cluster);
    for (size_t i = 0; i < table->key_count; i++) {
        const struct field *field = &table->schema->fields[i];
        add(sql, "\"%s\" %s NOT NULL, ", field->name, column_type(field));
    }
    add(sql, "\"part\" INTEGER NOT NULL, \"row\" INTEGER NOT NULL, PRIMARY KEY (");
    add_names(sql, table, table->key_count, "");
    add(sql, ", \"part\")) STRICT, WITHOUT ROWID");
}

void store_sql_table(struct store_sql *sql, const struct table *table)
{
    const struct schema *schema = table->schema;
    if (table->cluster != NULL) {
        add_cluster(sql, table);
        return;
    }
    add(sql, "CREATE TABLE \"%s\"(", table->name);
    add_columns(sql, table, schema->field_count);
    add(sql, "PRIMARY KEY (");
    add_names(sql, table, table->key_count, "");
    const bool is_rowid = table->key_count == 1 && schema->fields[0].kind == FIELD_UINT;
    add(sql, is_rowid ? ")) STRICT" : ")) STRICT, WITHOUT ROWID");
}

static void add_index_name(struct store_sql *sql, const struct table *table, size_t number)
{
    const struct table_index *index = &table->indexes[number];
    add(sql, "\"%s_by", table->name);
    for (size_t i = 0; i < store_row_index_size(index); i++) {
        add(sql, "_%s", index->fields[i]);
    }
    add(sql, "\"");
}

bool store_sql_index(struct store_sql *sql, const struct table *table, size_t number)
{
    const struct table_index *index = &table->indexes[number];
    const size_t size = store_row_index_size(index);
    if (size == 0 || index->is_scan) {
        return false;
    }
    add(sql, "CREATE %sINDEX ", index->unique ? "UNIQUE " : "");
    add_index_name(sql, table, number);
    add(sql, " ON \"%s\"(", table->name);
    for (size_t i = 0; i < size; i++) {
        add(sql, "%s\"%s\"", i == 0 ? "" : ", ", index->fields[i]);
    }
    add(sql, ")");
    return true;
}

/* --- statements --- */

static const char *place_of(const struct table *table)
{
    return table->cluster != NULL ? table->cluster : table->name;
}

static void add_key_equal(struct store_sql *sql, const struct table *table)
{
    add(sql, " WHERE ");
    for (size_t i = 0; i < table->key_count; i++) {
        add(sql, "%s\"%s\" = ?%zu", i == 0 ? "" : " AND ", table->schema->fields[i].name, i + 1);
    }
    if (table->cluster != NULL) {
        add(sql, " AND \"part\" = %u", table->part);
    }
}

/* The index asked for, not one that looks as good: its rows need no sorting. IS: an absent value
 * equals an absent one, as in the memory store. */
static void add_where(struct store_sql *sql, const struct store_query *query)
{
    size_t positions[TABLE_FIELDS_MAX];
    const struct table *table = query->table;
    const size_t prefix_count = store_part_is_scan(query) ? 0 : query->prefix_count;
    const char *word = " WHERE ";
    store_row_query_fields(positions, query);
    if (query->index_number >= 0 && prefix_count > 0 &&
        !table->indexes[query->index_number].is_scan) {
        add(sql, " INDEXED BY ");
        add_index_name(sql, table, (size_t)query->index_number);
    }
    for (size_t i = 0; i < prefix_count; i++, word = " AND ") {
        const struct field *field = &table->schema->fields[positions[i]];
        add(sql, "%s\"%s\" %s ?%zu", word, field->name, field->nullable ? "IS" : "=",
            positions[i] + 1);
    }
    if (table->cluster != NULL) {
        add(sql, "%s\"part\" = %u", word, table->part);
        word = " AND ";
    }
    if (query->after) {
        add(sql, "%s(", word);
        add_names(sql, table, table->key_count, "");
        add(sql, query->descending ? ") < (" : ") > (");
        add_parameters(sql, table->key_count);
        add(sql, ")");
    }
}

static void add_insert_part(struct store_sql *sql, const struct table *table)
{
    add(sql, "INSERT INTO \"%s\"(", table->cluster);
    add_names(sql, table, table->key_count, "");
    add(sql, ", \"part\", \"body\", \"row\") VALUES (");
    add_parameters(sql, table->key_count);
    add(sql, ", %u, ?%zu, ?%zu)", table->part, table->key_count + 1, table->key_count + 2);
}

/* Of a part by the row's number; another key's row is none. */
static void add_row_equal(struct store_sql *sql, const struct table *table)
{
    add_key_equal(sql, table);
    if (table->cluster != NULL)
        add(sql, " AND \"row\" = ?%zu", table->key_count + 2);
}

static void add_insert(struct store_sql *sql, const struct table *table)
{
    if (table->cluster != NULL) {
        add_insert_part(sql, table);
        return;
    }
    add(sql, "INSERT INTO \"%s\"(", table->name);
    add_names(sql, table, table->schema->field_count, "");
    add(sql, ") VALUES (");
    add_parameters(sql, table->schema->field_count);
    add(sql, ")");
}

/* A table that is all key has nothing to set, but whether the row is there must still be known. */
static void add_update(struct store_sql *sql, const struct table *table)
{
    const size_t count = table->schema->field_count;
    const size_t first = table->key_count < count ? table->key_count : 0;
    add(sql, "UPDATE \"%s\" SET ", place_of(table));
    if (table->cluster != NULL) {
        add(sql, "\"body\" = ?%zu", table->key_count + 1);
        add_row_equal(sql, table);
        return;
    }
    for (size_t i = first; i < count; i++) {
        add(sql, "%s\"%s\" = ?%zu", i == first ? "" : ", ", table->schema->fields[i].name, i + 1);
    }
    add_key_equal(sql, table);
}

static void add_select(struct store_sql *sql, const struct table *table)
{
    const bool is_part = table->cluster != NULL;
    add(sql, "SELECT ");
    add_names(sql, table, is_part ? table->key_count : table->schema->field_count, "");
    add(sql, "%s FROM \"%s\"", is_part ? ", \"body\"" : "", place_of(table));
}

/* By the key, of a part: what the key's row has beside it. */
static void add_select_by_key(struct store_sql *sql, const struct table *table)
{
    if (table->cluster == NULL) {
        add_select(sql, table);
        return;
    }
    add(sql, "SELECT ");
    add_names(sql, table, table->key_count, "");
    add(sql,
        ", (SELECT \"body\" FROM \"%s\" AS r WHERE r.\"row\" = k.\"row\") FROM \"%s_key\" AS k",
        table->cluster, table->cluster);
}

static void add_list(struct store_sql *sql, const struct store_query *query)
{
    add_select_by_key(sql, query->table);
    add_where(sql, query);
    add(sql, " ORDER BY ");
    add_names(sql, query->table, query->table->key_count, query->descending ? " DESC" : "");
    add(sql, " LIMIT ?%zu", query->table->schema->field_count + 1);
}

/* In halves, so that no sum of amounts can overflow SQLite's integers. What is packed is added up
 * by who reads it (store_list.c): the rows in whatever order they lie, if all of them are asked. */
static void add_sum(struct store_sql *sql, const struct store_query *query, size_t field)
{
    if (query->table->cluster != NULL) {
        if (store_part_is_whole(query))
            add_select(sql, query->table);
        else
            add_select_by_key(sql, query->table);
        add_where(sql, query);
        return;
    }
    const char *name = query->table->schema->fields[field].name;
    add(sql,
        "SELECT count(*), coalesce(sum(\"%s\" >> 26), 0), coalesce(sum(\"%s\" & 67108863), 0) "
        "FROM \"%s\"",
        name, name, query->table->name);
    add_where(sql, query);
}

void store_sql_statement(struct store_sql *sql, const struct store_sql_shape *shape)
{
    const struct table *table = shape->query.table;
    switch (shape->verb) {
    case STORE_SQL_GET:
        add_select(sql, table);
        add_row_equal(sql, table);
        break;
    case STORE_SQL_INSERT:
        add_insert(sql, table);
        break;
    case STORE_SQL_UPDATE:
        add_update(sql, table);
        break;
    case STORE_SQL_DELETE:
        add(sql, "DELETE FROM \"%s\"", place_of(table));
        add_row_equal(sql, table);
        break;
    case STORE_SQL_GET_ROW:
        add_select(sql, table);
        add(sql, " WHERE \"row\" = ?%zu AND \"part\" = %u", table->key_count + 2, table->part);
        break;
    case STORE_SQL_LIST:
        add_list(sql, &shape->query);
        break;
    case STORE_SQL_SUM:
        add_sum(sql, &shape->query, shape->field);
        break;
    }
}

static uint64_t first_bits(size_t count)
{
    return (UINT64_C(1) << count) - 1;
}

uint64_t store_sql_parameters(const struct store_sql_shape *shape)
{
    const struct table *table = shape->query.table;
    if (shape->verb == STORE_SQL_GET_ROW) {
        return 0;
    }
    if (shape->verb == STORE_SQL_INSERT || shape->verb == STORE_SQL_UPDATE) {
        return first_bits(table->cluster != NULL ? table->key_count : table->schema->field_count);
    }
    if (shape->verb != STORE_SQL_LIST && shape->verb != STORE_SQL_SUM) {
        return first_bits(table->key_count);
    }
    size_t positions[TABLE_FIELDS_MAX];
    uint64_t bits = shape->query.after ? first_bits(table->key_count) : 0;
    store_row_query_fields(positions, &shape->query);
    for (size_t i = 0; !store_part_is_scan(&shape->query) && i < shape->query.prefix_count; i++) {
        bits |= UINT64_C(1) << positions[i];
    }
    return bits;
}

uint32_t store_sql_shape_code(const struct store_sql_shape *shape)
{
    const struct store_query *query = &shape->query;
    if (shape->verb != STORE_SQL_LIST && shape->verb != STORE_SQL_SUM) {
        return (uint32_t)shape->verb;
    }
    return (uint32_t)shape->verb | (uint32_t)(query->index_number + 1) << 4 |
           (uint32_t)query->prefix_count << 8 | (uint32_t)query->after << 16 |
           (uint32_t)query->descending << 17 | (uint32_t)shape->field << 20;
}
