/* Prepared statements, rows in and out.
 *
 * 1. A statement is reset before its row goes out of scope: bound bytes are borrowed, not
 *    copied.
 * 2. Nothing read from the file is believed: type, size and range of each column are judged by
 *    the schema.
 */
#include "common/store/store_statement.h"

#include "common/store/store_part.h"
#include "common/store/store_row.h"
#include "common/wire/wire.h"

#include <stdlib.h>
#include <string.h>

void store_statement_cache_fini(struct store_statement_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++) {
        sqlite3_finalize(cache->slots[i].statement);
    }
    free(cache->slots);
    *cache = (struct store_statement_cache){NULL, 0, 0};
}

static enum err reserve_slot(struct store_statement_cache *cache)
{
    if (cache->count < cache->capacity) {
        return ERR_OK;
    }
    const size_t capacity = cache->capacity == 0 ? 8 : 2 * cache->capacity;
    struct store_statement_slot *slots = realloc(cache->slots, capacity * sizeof *slots);
    if (slots == NULL) {
        return ERR_MEMORY;
    }
    cache->slots = slots;
    cache->capacity = capacity;
    return ERR_OK;
}

static enum err prepare(struct store_statement_cache *cache, sqlite3 *db,
                        const struct store_sql_shape *shape)
{
    AUTO(store_sql_fini) struct store_sql sql = {0};
    const char *text = NULL;
    struct store_statement_slot slot = {store_sql_shape_code(shape), NULL};
    TRY(reserve_slot(cache));
    store_sql_statement(&sql, shape);
    TRY(store_sql_end(&sql, &text));
    TRY(store_sqlite_err(
        sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &slot.statement, NULL)));
    cache->slots[cache->count++] = slot;
    return ERR_OK;
}

static enum err find_statement(sqlite3_stmt **out, struct store_sqlite *sqlite,
                               const struct store_sql_shape *shape)
{
    const uint32_t code = store_sql_shape_code(shape);
    const size_t position = store_table_position(&sqlite->store, shape->query.table);
    struct store_statement_cache *cache = &sqlite->caches[position];
    size_t at = 0;
    while (at < cache->count && cache->slots[at].code != code) {
        at++;
    }
    if (at == cache->count) {
        TRY(prepare(cache, sqlite->db, shape));
    }
    *out = cache->slots[at].statement;
    return ERR_OK;
}

/* SQLite takes a NULL pointer for NULL, whatever the size. */
static const void *solid(struct span bytes)
{
    return bytes.data == NULL ? (const uint8_t *)"" : bytes.data;
}

static enum err bind_signed(sqlite3_stmt *statement, int number, const struct cose *cose)
{
    AUTO(buffer_fini) struct buffer bytes = {0};
    TRY(wire_encode_cose(&bytes, cose));
    return store_sqlite_err(sqlite3_bind_blob64(statement, number, buffer_span(&bytes).data,
                                                buffer_span(&bytes).size, SQLITE_TRANSIENT));
}

static enum err bind_field(sqlite3_stmt *statement, int number, const struct field *field,
                           const void *row)
{
    if (store_row_absent(field, row)) {
        return store_sqlite_err(sqlite3_bind_null(statement, number));
    }
    if (store_row_is_integer(field)) {
        return store_sqlite_err(
            sqlite3_bind_int64(statement, number, store_row_integer(field, row)));
    }
    if (field->kind == FIELD_SIGNED) {
        return bind_signed(statement, number,
                           (const struct cose *)((const uint8_t *)row + field->offset));
    }
    const struct span bytes = store_row_bytes(field, row);
    if (field->kind == FIELD_TEXT) {
        return store_sqlite_err(sqlite3_bind_text64(statement, number, solid(bytes), bytes.size,
                                                    SQLITE_STATIC, SQLITE_UTF8));
    }
    return store_sqlite_err(
        sqlite3_bind_blob64(statement, number, solid(bytes), bytes.size, SQLITE_STATIC));
}

static enum err bind_rest(sqlite3_stmt *statement, struct store_sqlite *sqlite,
                          const struct table *table, const void *row)
{
    sqlite->packed.size = 0;
    TRY(store_part_pack(&sqlite->packed, table, row));
    const struct span rest = buffer_span(&sqlite->packed);
    return store_sqlite_err(sqlite3_bind_blob64(statement, (int)table->key_count + 1, rest.data,
                                                rest.size, SQLITE_STATIC));
}

static bool is_written(const struct store_sql_shape *shape)
{
    return shape->verb == STORE_SQL_INSERT || shape->verb == STORE_SQL_UPDATE;
}

static enum err bind_row(sqlite3_stmt *statement, struct store_sqlite *sqlite,
                         const struct store_sql_shape *shape, const void *row)
{
    const struct schema *schema = shape->query.table->schema;
    const uint64_t parameters = store_sql_parameters(shape);
    for (size_t i = 0; i < schema->field_count; i++) {
        if ((parameters >> i & 1) != 0) {
            TRY(bind_field(statement, (int)i + 1, &schema->fields[i], row));
        }
    }
    if (shape->query.table->cluster != NULL && is_written(shape)) {
        return bind_rest(statement, sqlite, shape->query.table, row);
    }
    if (shape->verb != STORE_SQL_LIST) {
        return ERR_OK;
    }
    const size_t max = store_part_is_scan(&shape->query) ? 0 : shape->query.count_max;
    const int64_t limit = max == 0 || max > INT64_MAX ? -1 : (int64_t)max;
    return store_sqlite_err(sqlite3_bind_int64(statement, (int)schema->field_count + 1, limit));
}

enum err store_statement_open(sqlite3_stmt **out, struct store_sqlite *sqlite,
                              const struct store_sql_shape *shape, const void *row)
{
    TRY(find_statement(out, sqlite, shape));
    return bind_row(*out, sqlite, shape, row);
}

void store_statement_close(sqlite3_stmt **statement)
{
    if (*statement != NULL) {
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
    }
}

enum err store_statement_step(sqlite3_stmt *statement)
{
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        return ERR_OK;
    }
    return code == SQLITE_DONE ? ERR_MISSING : store_sqlite_err(code);
}

static struct span column_bytes(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);
    return (struct span){data, (size_t)sqlite3_column_bytes(statement, column)};
}

/* Whatever is wrong with a value in the file, the file is what is wrong. */
static enum err judged(enum err error)
{
    return error == ERR_OK ? ERR_OK : ERR_INTEGRITY;
}

static int expected_type(const struct field *field)
{
    if (store_row_is_integer(field)) {
        return SQLITE_INTEGER;
    }
    return field->kind == FIELD_TEXT ? SQLITE_TEXT : SQLITE_BLOB;
}

static enum err read_field(sqlite3_stmt *statement, int column, const struct field *field,
                           void *row, struct arena *arena)
{
    struct span bytes = {NULL, 0};
    const int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_NULL) {
        return field->nullable ? ERR_OK : ERR_INTEGRITY;
    }
    if (type != expected_type(field)) {
        return ERR_INTEGRITY;
    }
    store_row_set_present(field, row);
    if (type == SQLITE_INTEGER) {
        return judged(store_row_set_integer(field, row, sqlite3_column_int64(statement, column)));
    }
    if (field->kind == FIELD_BYTES) {
        return judged(store_row_set_bytes(field, row, column_bytes(statement, column)));
    }
    TRY(arena_copy(arena, &bytes, column_bytes(statement, column)));
    if (field->kind == FIELD_SIGNED) {
        struct cose *cose = (struct cose *)((uint8_t *)row + field->offset);
        return judged(wire_decode_cose(cose, bytes));
    }
    return judged(store_row_set_bytes(field, row, bytes));
}

/* The rest first: unpacking clears the row. Nothing in it may point at the column's bytes. */
static enum err read_rest(sqlite3_stmt *statement, const struct table *table, void *row,
                          struct arena *arena)
{
    if (sqlite3_column_type(statement, (int)table->key_count) != SQLITE_BLOB) {
        return ERR_INTEGRITY;
    }
    TRY(store_part_unpack(table, row, column_bytes(statement, (int)table->key_count)));
    return store_row_keep(table, row, arena);
}

enum err store_statement_row(sqlite3_stmt *statement, const struct table *table, void *row,
                             const struct field **bad, struct arena *arena)
{
    const struct schema *schema = table->schema;
    size_t count = schema->field_count;
    memset(row, 0, schema->struct_size);
    if (table->cluster != NULL) {
        count = table->key_count;
        if (bad != NULL) {
            *bad = &schema->fields[count];
        }
        TRY(read_rest(statement, table, row, arena));
    }
    for (size_t i = 0; i < count; i++) {
        const enum err error = read_field(statement, (int)i, &schema->fields[i], row, arena);
        if (error != ERR_OK) {
            if (bad != NULL) {
                *bad = &schema->fields[i];
            }
            return error;
        }
    }
    return ERR_OK;
}
