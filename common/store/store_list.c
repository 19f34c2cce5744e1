/* Many rows of a SQLite file: gathered, or added up (contract in store_list.h).
 *
 * 1. What is packed (store_part.h) SQLite neither compares nor adds up: it is looked at here.
 */
#include "common/store/store_list.h"

#include "common/store/store_cluster.h"
#include "common/store/store_late_list.h"
#include "common/store/store_part.h"
#include "common/store/store_row.h"
#include "common/store/store_statement.h"
#include "common/store/store_sweep.h"

#include <stdlib.h>
#include <string.h>

/* Items on their way to an array: how many there will be is known at the end. */
struct gathered {
    uint8_t *items;
    size_t count, capacity;
};

static void free_gathered(struct gathered *gathered)
{
    free(gathered->items);
}

static enum err next_item(void **out, struct gathered *gathered, size_t size)
{
    if (gathered->count == gathered->capacity) {
        const size_t capacity = gathered->capacity == 0 ? 16 : 2 * gathered->capacity;
        uint8_t *items = reallocarray(gathered->items, capacity, size);
        if (items == NULL) {
            return ERR_MEMORY;
        }
        gathered->items = items;
        gathered->capacity = capacity;
    }
    *out = gathered->items + gathered->count * size;
    return ERR_OK;
}

static size_t most(const struct store_query *query)
{
    return query->count_max == 0 ? SIZE_MAX : query->count_max;
}

static enum err gather(struct gathered *gathered, sqlite3_stmt *statement,
                       const struct store_query *query, const void *from, struct arena *arena)
{
    enum err error = store_statement_step(statement);
    while (error == ERR_OK && gathered->count < most(query)) {
        void *item = NULL;
        TRY(next_item(&item, gathered, query->table->schema->struct_size));
        TRY(store_statement_row(statement, query->table, item, NULL, arena));
        gathered->count += store_part_selects(query, item, from) ? 1 : 0;
        error = store_statement_step(statement);
    }
    return error == ERR_MISSING ? ERR_OK : error;
}

/* Two runs that are in order become one. */
static void merge(uint8_t *out, const struct gathered *a, const struct gathered *b,
                  const struct store_query *query)
{
    const size_t size = query->table->schema->struct_size;
    size_t i = 0;
    size_t j = 0;
    for (; i + j < a->count + b->count; out += size) {
        bool is_left = j == b->count;
        if (i < a->count && j < b->count) {
            const int order =
                store_row_compare(query->table, a->items + i * size, b->items + j * size);
            is_left = query->descending ? order > 0 : order < 0;
        }
        memcpy(out, is_left ? a->items + i++ * size : b->items + j++ * size, size);
    }
}

static enum err gather_by_key(struct gathered *gathered, struct store_sqlite *sqlite,
                              const struct store_query *query, const void *from,
                              struct arena *arena)
{
    const struct store_sql_shape shape = {.verb = STORE_SQL_LIST, .query = *query};
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_statement_open(&statement, sqlite, &shape, from));
    return gather(gathered, statement, query, from, arena);
}

static void free_numbers(int64_t **numbers)
{
    free(*numbers);
}

/* Those whose keys are not in the file yet. */
static enum err gather_late(struct gathered *gathered, struct store_sqlite *sqlite,
                            const struct store_query *query, const void *from, struct arena *arena)
{
    AUTO(free_numbers) int64_t *numbers = NULL;
    size_t count = 0;
    if (query->table->cluster == NULL)
        return ERR_OK;
    TRY(store_late_list(&numbers, &count, store_sweep_late(sqlite, query->table), query, from));
    for (size_t i = 0; i < count && gathered->count < most(query); i++) {
        void *item = NULL;
        TRY(next_item(&item, gathered, query->table->schema->struct_size));
        TRY(store_cluster_get_row(sqlite, query->table, item, numbers[i], arena));
        gathered->count += store_part_selects(query, item, from) ? 1 : 0;
    }
    return ERR_OK;
}

enum err store_list_rows(struct store *store, struct list *rows, const struct store_query *query,
                         const void *from, struct arena *arena)
{
    struct store_sqlite *sqlite = (struct store_sqlite *)store;
    const size_t size = query->table->schema->struct_size;
    AUTO(free_gathered) struct gathered gathered = {NULL, 0, 0};
    AUTO(free_gathered) struct gathered late = {NULL, 0, 0};
    TRY(gather_by_key(&gathered, sqlite, query, from, arena));
    TRY(gather_late(&late, sqlite, query, from, arena));
    const size_t count = gathered.count + late.count;
    if (count == 0) {
        return ERR_OK;
    }
    void *items = NULL;
    TRY(arena_alloc(arena, &items, count, size));
    merge(items, &gathered, &late, query);
    *rows = (struct list){items, count < most(query) ? count : most(query)};
    return ERR_OK;
}

static void free_row(void **row)
{
    free(*row);
}

static void add_row(struct store_total *total, const struct store_query *query, const void *row,
                    const void *from, const struct field *field)
{
    if (store_part_selects(query, row, from)) {
        store_total_add(total, store_row_integer(field, row));
    }
}

/* What is packed, SQLite can't add up. */
static enum err sum_part(struct store *store, struct store_total *total,
                         const struct store_query *query, const void *from,
                         const struct field *field)
{
    const struct store_sql_shape shape = {.verb = STORE_SQL_SUM, .query = *query};
    AUTO(arena_fini) struct arena arena = {0};
    AUTO(free_row) void *row = calloc(1, query->table->schema->struct_size);
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    if (row == NULL) {
        return ERR_MEMORY;
    }
    TRY(store_statement_open(&statement, (struct store_sqlite *)store, &shape, from));
    enum err error = store_statement_step(statement);
    while (error == ERR_OK) {
        TRY(store_statement_row(statement, query->table, row, NULL, &arena));
        add_row(total, query, row, from, field);
        arena_reset(&arena);
        error = store_statement_step(statement);
    }
    return error == ERR_MISSING ? ERR_OK : error;
}

/* If not the whole part was asked, the rows were found by their keys in the file alone. */
static enum err sum_late(struct store *store, struct store_total *total,
                         const struct store_query *query, const void *from,
                         const struct field *field)
{
    struct store_sqlite *sqlite = (struct store_sqlite *)store;
    AUTO(arena_fini) struct arena arena = {0};
    AUTO(free_row) void *row = calloc(1, query->table->schema->struct_size);
    AUTO(free_numbers) int64_t *numbers = NULL;
    size_t count = 0;
    if (store_part_is_whole(query))
        return ERR_OK;
    if (row == NULL)
        return ERR_MEMORY;
    TRY(store_late_list(&numbers, &count, store_sweep_late(sqlite, query->table), query, from));
    for (size_t i = 0; i < count; i++) {
        TRY(store_cluster_get_row(sqlite, query->table, row, numbers[i], &arena));
        add_row(total, query, row, from, field);
        arena_reset(&arena);
    }
    return ERR_OK;
}

enum err store_list_sum(struct store *store, struct store_total *total,
                        const struct store_query *query, const void *from,
                        const struct field *field)
{
    if (query->table->cluster != NULL) {
        TRY(sum_part(store, total, query, from, field));
        return sum_late(store, total, query, from, field);
    }
    const struct store_sql_shape shape = {
        .verb = STORE_SQL_SUM,
        .query = *query,
        .field = (size_t)(field - query->table->schema->fields),
    };
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_statement_open(&statement, (struct store_sqlite *)store, &shape, from));
    TRY(store_statement_step(statement));
    total->count = (uint64_t)sqlite3_column_int64(statement, 0);
    total->high = sqlite3_column_int64(statement, 1);
    total->low = sqlite3_column_int64(statement, 2);
    return ERR_OK;
}
