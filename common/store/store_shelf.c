/* One table in memory: a sorted array of rows for the primary key and for each index.
 *
 * 1. All orders hold the same rows. Adding reserves room in every order first, so it cannot fail
 *    half-way.
 * 2. Keys are bytes (store_key.h).
 *
 * Arrays instead of trees: serials rise with time, so the register's rows are appended, and
 * moving the pointers of some ten thousand rows costs less than walking a tree of them.
 */
#include "common/store/store_shelf.h"

#include "common/store/store_key.h"
#include "common/store/store_row.h"

#include <stdlib.h>
#include <string.h>

void store_shelf_init(struct store_shelf *shelf, const struct table *table)
{
    *shelf = (struct store_shelf){.table = table, .order_count = 1};
    while (shelf->order_count <= TABLE_INDEXES_MAX &&
           store_row_index_size(&table->indexes[shelf->order_count - 1]) > 0) {
        shelf->order_count++;
    }
}

void store_shelf_fini(struct store_shelf *shelf)
{
    for (size_t i = 0; i < shelf->orders[0].count; i++) {
        free(shelf->orders[0].rows[i]);
    }
    for (size_t i = 0; i < STORE_SHELF_ORDERS_MAX; i++) {
        free(shelf->orders[i].rows);
        shelf->orders[i] = (struct store_shelf_order){NULL, 0, 0};
    }
}

/* --- keys --- */

static size_t put_order(uint8_t *at, const struct table *table, size_t order, const void *value)
{
    size_t size = 0;
    if (order > 0) {
        const struct store_query whole = {.table = table,
                                          .index_number = (int)order - 1,
                                          .prefix_count =
                                              store_row_index_size(&table->indexes[order - 1])};
        size = store_key_prefix(at, &whole, value);
    }
    return size + store_key_primary(at == NULL ? NULL : at + size, table, value);
}

/* --- rows --- */

static size_t put_borrowed(uint8_t *at, const struct table *table, void *copy, const void *value)
{
    size_t size = 0;
    for (size_t i = 0; i < table->schema->field_count; i++) {
        const struct field *field = &table->schema->fields[i];
        if (store_row_is_integer(field) || field->kind == FIELD_BYTES ||
            store_row_absent(field, value)) {
            continue;
        }
        struct span bytes = store_row_bytes(field, value);
        if (at != NULL) {
            store_key_bytes(at + size, bytes);
            bytes.data = at + size;
            /* A SIGNED begins with its payload, so this serves it too. */
            memcpy((uint8_t *)copy + field->offset, &bytes, sizeof bytes);
        }
        size += bytes.size;
    }
    return size;
}
_Static_assert(offsetof(struct cose, payload) == 0, "put_borrowed writes a SIGNED's payload first");

enum err store_shelf_make(struct store_shelf_row **out, const struct store_shelf *shelf,
                          const void *value)
{
    const size_t align = _Alignof(max_align_t);
    const size_t head = (sizeof(struct store_shelf_row) + align - 1) / align * align;
    const struct table *table = shelf->table;
    size_t size = head + table->schema->struct_size + put_borrowed(NULL, table, NULL, value);
    for (size_t order = 0; order < shelf->order_count; order++) {
        size += put_order(NULL, table, order, value);
    }
    struct store_shelf_row *row = calloc(1, size);
    if (row == NULL) {
        return ERR_MEMORY;
    }
    row->value = (uint8_t *)row + head;
    uint8_t *at = (uint8_t *)row->value + table->schema->struct_size;
    memcpy(row->value, value, table->schema->struct_size);
    at += put_borrowed(at, table, row->value, value);
    for (size_t order = 0; order < shelf->order_count; order++) {
        row->keys[order] = span_of(at, put_order(at, table, order, value));
        at += row->keys[order].size;
    }
    *out = row;
    return ERR_OK;
}

/* --- orders --- */

/* The first position whose key is not before key; with past, the first beyond all keys that
 * begin with key. */
static size_t bound(struct store_shelf_row *const *rows, size_t count, size_t order,
                    struct span key, bool past)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct span other = rows[middle]->keys[order];
        const struct span cut = span_of(other.data, other.size < key.size ? other.size : key.size);
        const int side = past ? span_compare(cut, key) : span_compare(other, key);
        if (side < 0 || (past && side == 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool holds_prefix(const struct store_shelf_order *order, size_t number, struct span prefix)
{
    const size_t at = bound(order->rows, order->count, number, prefix, false);
    return at < order->count && order->rows[at]->keys[number].size >= prefix.size &&
           span_equal(span_of(order->rows[at]->keys[number].data, prefix.size), prefix);
}

static bool any_absent(const struct table *table, const struct table_index *index,
                       const void *value)
{
    for (size_t i = 0; i < store_row_index_size(index); i++) {
        const size_t position = store_row_position(table, index->fields[i]);
        if (store_row_absent(&table->schema->fields[position], value)) {
            return true;
        }
    }
    return false;
}

static bool is_taken(const struct store_shelf *shelf, const struct store_shelf_row *row)
{
    if (holds_prefix(&shelf->orders[0], 0, row->keys[0])) {
        return true;
    }
    for (size_t i = 1; i < shelf->order_count; i++) {
        const struct table_index *index = &shelf->table->indexes[i - 1];
        const struct span own = span_of(row->keys[i].data, row->keys[i].size - row->keys[0].size);
        if (index->unique && !any_absent(shelf->table, index, row->value) &&
            holds_prefix(&shelf->orders[i], i, own)) {
            return true;
        }
    }
    return false;
}

static enum err reserve(struct store_shelf_order *order)
{
    if (order->count < order->capacity) {
        return ERR_OK;
    }
    const size_t capacity = order->capacity == 0 ? 16 : 2 * order->capacity;
    struct store_shelf_row **rows = realloc(order->rows, capacity * sizeof *rows);
    if (rows == NULL) {
        return ERR_MEMORY;
    }
    order->rows = rows;
    order->capacity = capacity;
    return ERR_OK;
}

enum err store_shelf_add(struct store_shelf *shelf, struct store_shelf_row *row)
{
    if (is_taken(shelf, row)) {
        return ERR_EXISTS;
    }
    for (size_t i = 0; i < shelf->order_count; i++) {
        TRY(reserve(&shelf->orders[i]));
    }
    for (size_t i = 0; i < shelf->order_count; i++) {
        struct store_shelf_order *order = &shelf->orders[i];
        const size_t at = bound(order->rows, order->count, i, row->keys[i], false);
        memmove(order->rows + at + 1, order->rows + at, (order->count - at) * sizeof *order->rows);
        order->rows[at] = row;
        order->count++;
    }
    return ERR_OK;
}

void store_shelf_remove(struct store_shelf *shelf, struct store_shelf_row *row)
{
    for (size_t i = 0; i < shelf->order_count; i++) {
        struct store_shelf_order *order = &shelf->orders[i];
        const size_t at = bound(order->rows, order->count, i, row->keys[i], false);
        CHECK(at < order->count && order->rows[at] == row);
        order->count--;
        memmove(order->rows + at, order->rows + at + 1, (order->count - at) * sizeof *order->rows);
    }
}

/* --- looking --- */

static enum err key_buffer(struct buffer *out, const struct store_query *query, const void *value)
{
    const size_t size = query == NULL ? 0 : store_key_prefix(NULL, query, value);
    out->data = malloc(size + 1);
    if (out->data == NULL) {
        return ERR_MEMORY;
    }
    out->capacity = size + 1;
    out->size = store_key_prefix(out->data, query, value);
    return ERR_OK;
}

static enum err primary_key(struct buffer *out, const struct table *table, const void *value)
{
    const struct store_query key = {
        .table = table, .index_number = -1, .prefix_count = table->key_count};
    return key_buffer(out, &key, value);
}

enum err store_shelf_find(struct store_shelf_row **out, const struct store_shelf *shelf,
                          const void *value)
{
    AUTO(buffer_fini) struct buffer key = {0};
    const struct store_shelf_order *order = &shelf->orders[0];
    TRY(primary_key(&key, shelf->table, value));
    const size_t at = bound(order->rows, order->count, 0, buffer_span(&key), false);
    *out = NULL;
    if (at < order->count && span_equal(order->rows[at]->keys[0], buffer_span(&key))) {
        *out = order->rows[at];
    }
    return ERR_OK;
}

static int compare_primary(const void *a, const void *b)
{
    const struct store_shelf_row *const *left = a;
    const struct store_shelf_row *const *right = b;
    return span_compare((*left)->keys[0], (*right)->keys[0]);
}

static enum err sort_selection(struct store_shelf_selection *selection)
{
    const size_t size = selection->count * sizeof *selection->rows;
    selection->sorted = malloc(size + 1);
    if (selection->sorted == NULL) {
        return ERR_MEMORY;
    }
    if (size > 0) {
        memcpy(selection->sorted, selection->rows, size);
        qsort(selection->sorted, selection->count, sizeof *selection->sorted, compare_primary);
    }
    selection->rows = selection->sorted;
    return ERR_OK;
}

static enum err cut_after(struct store_shelf_selection *selection, const struct store_query *query,
                          const void *from)
{
    AUTO(buffer_fini) struct buffer key = {0};
    if (selection->count == 0) { /* rows may be NULL, and NULL + 0 is undefined */
        return ERR_OK;
    }
    TRY(primary_key(&key, query->table, from));
    const size_t at =
        bound(selection->rows, selection->count, 0, buffer_span(&key), !query->descending);
    if (query->descending) {
        selection->count = at;
    } else {
        selection->rows += at;
        selection->count -= at;
    }
    return ERR_OK;
}

enum err store_shelf_select(struct store_shelf_selection *out, const struct store_shelf *shelf,
                            const struct store_query *query, const void *from)
{
    AUTO(buffer_fini) struct buffer prefix = {0};
    const size_t number = (size_t)(query->index_number + 1);
    const struct store_shelf_order *order = &shelf->orders[number];
    TRY(key_buffer(&prefix, query, from));
    const struct span key = buffer_span(&prefix);
    const size_t first = bound(order->rows, order->count, number, key, false);
    const size_t end = bound(order->rows, order->count, number, key, true);
    out->rows = order->rows == NULL ? NULL : order->rows + first;
    out->count = end - first;
    if (!store_row_query_ordered(query)) {
        TRY(sort_selection(out));
    }
    if (query->after) {
        TRY(cut_after(out, query, from));
    }
    if (query->count_max > 0 && out->count > query->count_max) {
        out->rows += query->descending ? out->count - query->count_max : 0;
        out->count = query->count_max;
    }
    return ERR_OK;
}

void store_shelf_selection_fini(struct store_shelf_selection *selection)
{
    free(selection->sorted);
    *selection = (struct store_shelf_selection){NULL, 0, NULL};
}

enum err store_shelf_check(const struct store_shelf *shelf)
{
    for (size_t i = 0; i < shelf->order_count; i++) {
        const struct store_shelf_order *order = &shelf->orders[i];
        if (order->count != shelf->orders[0].count) {
            return ERR_INTEGRITY;
        }
        for (size_t at = 1; at < order->count; at++) {
            if (span_compare(order->rows[at - 1]->keys[i], order->rows[at]->keys[i]) >= 0) {
                return ERR_INTEGRITY;
            }
        }
    }
    return ERR_OK;
}
