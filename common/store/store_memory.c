/* The store in memory: what every backend has to do, said in C. Tests and the simulated world
 * run on it.
 *
 * 1. Each write appends to an undo log what it took away and what it put there; rollback walks
 *    the log backwards.
 * 2. A row that was replaced or deleted lives until the transaction ends.
 *
 * It never survives its process.
 */
#include "common/store/store_backend.h"
#include "common/store/store_row.h"
#include "common/store/store_shelf.h"

#include <stdio.h>
#include <stdlib.h>

struct undo {
    struct store_shelf *shelf;
    struct store_shelf_row *taken, *put; /* either may be NULL */
};
struct store_memory {
    struct store store;
    struct store_shelf *shelves; /* one a table, in the schema's order */
    size_t shelf_count;
    struct undo *log;
    size_t log_count, log_capacity;
};

static struct store_memory *self(struct store *store)
{
    return (struct store_memory *)store;
}

static struct store_shelf *shelf_of(struct store *store, const struct table *table)
{
    return &self(store)->shelves[store_table_position(store, table)];
}

/* --- transactions --- */

static enum err begin(struct store *store, enum store_mode mode)
{
    (void)mode;
    CHECK(self(store)->log_count == 0);
    return ERR_OK;
}

static enum err commit(struct store *store)
{
    struct store_memory *memory = self(store);
    for (size_t i = 0; i < memory->log_count; i++) {
        free(memory->log[i].taken);
    }
    memory->log_count = 0;
    return ERR_OK;
}

static enum err flush(struct store *store)
{
    (void)store;
    return ERR_OK;
}

static void rollback(struct store *store)
{
    struct store_memory *memory = self(store);
    while (memory->log_count > 0) {
        const struct undo *undo = &memory->log[--memory->log_count];
        if (undo->put != NULL) {
            store_shelf_remove(undo->shelf, undo->put);
            free(undo->put);
        }
        if (undo->taken != NULL) { /* its place was reserved when it was first put there */
            CHECK(store_shelf_add(undo->shelf, undo->taken) == ERR_OK);
        }
    }
}

static enum err reserve_log(struct store_memory *memory)
{
    if (memory->log_count < memory->log_capacity) {
        return ERR_OK;
    }
    const size_t capacity = memory->log_capacity == 0 ? 64 : 2 * memory->log_capacity;
    struct undo *log = realloc(memory->log, capacity * sizeof *log);
    if (log == NULL) {
        return ERR_MEMORY;
    }
    memory->log = log;
    memory->log_capacity = capacity;
    return ERR_OK;
}

/* taken off and put on the shelf as one, and logged */
static enum err replace(struct store *store, struct store_shelf *shelf,
                        struct store_shelf_row *taken, struct store_shelf_row *put)
{
    struct store_memory *memory = self(store);
    TRY(reserve_log(memory));
    if (taken != NULL) {
        store_shelf_remove(shelf, taken);
    }
    const enum err error = put == NULL ? ERR_OK : store_shelf_add(shelf, put);
    if (error != ERR_OK) {
        CHECK(taken == NULL || store_shelf_add(shelf, taken) == ERR_OK);
        return error;
    }
    memory->log[memory->log_count++] = (struct undo){shelf, taken, put};
    return ERR_OK;
}

/* --- rows --- */

static enum err find(struct store_shelf_row **out, struct store *store, const struct table *table,
                     const void *row)
{
    TRY(store_shelf_find(out, shelf_of(store, table), row));
    return *out == NULL ? ERR_MISSING : ERR_OK;
}

static enum err get(struct store *store, const struct table *table, void *row, struct arena *arena)
{
    struct store_shelf_row *found = NULL;
    TRY(find(&found, store, table, row));
    return store_row_copy(table, row, found->value, arena);
}

static void free_row(struct store_shelf_row **row)
{
    free(*row);
}

static enum err write_row(struct store *store, const struct table *table,
                          struct store_shelf_row *taken, const void *row)
{
    struct store_shelf *shelf = shelf_of(store, table);
    AUTO(free_row) struct store_shelf_row *made = NULL;
    TRY(store_shelf_make(&made, shelf, row));
    TRY(replace(store, shelf, taken, made));
    made = NULL;
    return ERR_OK;
}

static enum err insert(struct store *store, const struct table *table, const void *row)
{
    return write_row(store, table, NULL, row);
}

static enum err update(struct store *store, const struct table *table, const void *row)
{
    struct store_shelf_row *taken = NULL;
    TRY(find(&taken, store, table, row));
    return write_row(store, table, taken, row);
}

static enum err delete_row(struct store *store, const struct table *table, const void *row)
{
    struct store_shelf_row *taken = NULL;
    TRY(find(&taken, store, table, row));
    return replace(store, shelf_of(store, table), taken, NULL);
}

static enum err list(struct store *store, struct list *rows, const struct store_query *query,
                     const void *from, struct arena *arena)
{
    AUTO(store_shelf_selection_fini) struct store_shelf_selection found = {NULL, 0, NULL};
    const size_t size = query->table->schema->struct_size;
    TRY(store_shelf_select(&found, shelf_of(store, query->table), query, from));
    if (found.count == 0) {
        return ERR_OK;
    }
    void *items = NULL;
    TRY(arena_alloc(arena, &items, found.count, size));
    for (size_t i = 0; i < found.count; i++) {
        const size_t at = query->descending ? found.count - 1 - i : i;
        uint8_t *item = (uint8_t *)items + i * size;
        TRY(store_row_copy(query->table, item, found.rows[at]->value, arena));
    }
    *rows = (struct list){items, found.count};
    return ERR_OK;
}

static enum err sum(struct store *store, struct store_total *total, const struct store_query *query,
                    const void *from, const struct field *field)
{
    AUTO(store_shelf_selection_fini) struct store_shelf_selection found = {NULL, 0, NULL};
    struct store_query all = *query;
    all.count_max = 0;
    TRY(store_shelf_select(&found, shelf_of(store, query->table), &all, from));
    for (size_t i = 0; i < found.count; i++) {
        store_total_add(total, store_row_integer(field, found.rows[i]->value));
    }
    return ERR_OK;
}

/* --- the whole --- */

/* There is no log: a commit is all. */
static enum err settle_log(struct store *store, size_t pages_min)
{
    (void)store;
    (void)pages_min;
    return ERR_OK;
}

static enum err check(struct store *store, char *text, size_t text_size)
{
    for (size_t i = 0; i < self(store)->shelf_count; i++) {
        const struct store_shelf *shelf = &self(store)->shelves[i];
        const struct field *bad = NULL;
        enum err error = store_shelf_check(shelf);
        for (size_t at = 0; error == ERR_OK && at < shelf->orders[0].count; at++) {
            error = store_row_check(shelf->table, shelf->orders[0].rows[at]->value, &bad);
        }
        if (error != ERR_OK) {
            if (text != NULL) {
                (void)snprintf(text, text_size, "%s: %s", shelf->table->name,
                               bad == NULL ? "its orders contradict each other" : bad->name);
            }
            return ERR_INTEGRITY;
        }
    }
    return ERR_OK;
}

/* There is no file to copy. */
static enum err backup(struct store *store, const char *path)
{
    (void)store;
    (void)path;
    return ERR_MISSING;
}

static void close_store(struct store *store)
{
    struct store_memory *memory = self(store);
    for (size_t i = 0; i < memory->shelf_count; i++) {
        store_shelf_fini(&memory->shelves[i]);
    }
    free(memory->shelves);
    free(memory->log);
    free(memory);
}

static void foresee(struct store *store, const struct table *table, const void *row)
{
    (void)store;
    (void)table;
    (void)row;
}

enum err store_memory_open(struct store **out, const struct store_schema *schema)
{
    static const struct store_ops ops = {
        begin,      commit, commit, flush,   rollback,   get,   insert, update,
        delete_row, list,   sum,    foresee, settle_log, check, backup, close_store};
    struct store_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL) {
        return ERR_MEMORY;
    }
    store_init(&memory->store, &ops, schema);
    while (schema->tables[memory->shelf_count] != NULL) {
        memory->shelf_count++;
    }
    memory->shelves = calloc(memory->shelf_count + 1, sizeof *memory->shelves);
    if (memory->shelves == NULL) {
        free(memory);
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < memory->shelf_count; i++) {
        store_shelf_init(&memory->shelves[i], schema->tables[i]);
    }
    *out = &memory->store;
    return ERR_OK;
}
