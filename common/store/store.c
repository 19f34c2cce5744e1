/* The verbs of store.h: what holds for every backend, then the backend.
 *
 * 1. A verb outside a transaction, or a write in a read transaction, is our bug: CHECK.
 * 2. A row outside its schema reaches no backend: ERR_RANGE, ERR_LIMIT, ERR_PARSE. SQLite's
 *    CHECK constraints say the same again for whoever writes to the file without us.
 * 3. After the machinery failed inside a transaction, every further verb and the commit give the
 *    same error until store_rollback: SQLite may have ended the transaction on its own, and what
 *    followed would commit alone.
 */
#include "common/store/store_backend.h"
#include "common/store/store_row.h"

void store_init(struct store *store, const struct store_ops *ops, const struct store_schema *schema)
{
    CHECK(schema->version >= 1);
    for (size_t i = 0; schema->tables[i] != NULL; i++) {
        store_row_check_table(schema->tables[i]);
        for (size_t j = 0; j < i; j++) {
            if (store_row_is_together(schema->tables[j], schema->tables[i])) {
                store_row_check_cluster(schema->tables[j], schema->tables[i]);
            }
        }
    }
    *store = (struct store){.ops = ops, .schema = schema, .fail_at = -1};
}

void store_total_add(struct store_total *total, int64_t fen)
{
    total->high += fen >> STORE_TOTAL_SHIFT;
    total->low += fen & ((INT64_C(1) << STORE_TOTAL_SHIFT) - 1);
    total->count++;
}

size_t store_table_position(const struct store *store, const struct table *table)
{
    size_t position = 0;
    while (store->schema->tables[position] != NULL && store->schema->tables[position] != table) {
        position++;
    }
    CHECK(store->schema->tables[position] != NULL);
    return position;
}

/* "Not found" and "out of bounds" are answers; the rest ends the transaction (rule 3). */
static enum err settle(struct store *store, enum err error)
{
    const enum err_class class = err_class(error);
    if (class != ERR_CLASS_OK && class != ERR_CLASS_ABSENT && class != ERR_CLASS_MALFORMED) {
        store->failure = error;
    }
    return error;
}

static enum err fail_if_due(struct store *store)
{
    if (store->fail_at < 0 || store->fail_at-- > 0) {
        return ERR_OK;
    }
    return store->fail_error;
}

void store_fail_at(struct store *store, long nth, enum err error)
{
    store->fail_at = nth;
    store->fail_error = error;
}

enum err store_begin(struct store *store, enum store_mode mode)
{
    CHECK(!store->in_transaction);
    TRY(store->ops->begin(store, mode));
    store->in_transaction = true;
    store->mode = mode;
    store->failure = ERR_OK;
    return ERR_OK;
}

static enum err commit(struct store *store, enum err (*how)(struct store *store))
{
    CHECK(store->in_transaction);
    TRY(store->failure);
    TRY(settle(store, fail_if_due(store)));
    TRY(settle(store, how(store)));
    store->in_transaction = false;
    return ERR_OK;
}

enum err store_commit(struct store *store)
{
    return commit(store, store->ops->commit);
}

enum err store_commit_early(struct store *store)
{
    return commit(store, store->ops->commit_early);
}

enum err store_flush(struct store *store)
{
    return store->ops->flush(store);
}

void store_rollback(struct store *store)
{
    if (store != NULL && store->in_transaction) {
        store->ops->rollback(store);
        store->in_transaction = false;
    }
}

static enum err before_read(struct store *store)
{
    CHECK(store->in_transaction);
    return store->failure;
}

static enum err before_write(struct store *store, const struct table *table, const void *row)
{
    const struct field *bad = NULL;
    CHECK(store->in_transaction && store->mode == STORE_WRITE);
    TRY(store->failure);
    TRY(store_row_check(table, row, &bad));
    return settle(store, fail_if_due(store));
}

enum err store_get(struct store *store, const struct table *table, void *row, struct arena *arena)
{
    TRY(before_read(store));
    return settle(store, store->ops->get(store, table, row, arena));
}

enum err store_insert(struct store *store, const struct table *table, const void *row)
{
    TRY(before_write(store, table, row));
    return settle(store, store->ops->insert(store, table, row));
}

enum err store_update(struct store *store, const struct table *table, const void *row)
{
    TRY(before_write(store, table, row));
    return settle(store, store->ops->update(store, table, row));
}

enum err store_put(struct store *store, const struct table *table, const void *row)
{
    TRY(before_write(store, table, row));
    enum err error = store->ops->update(store, table, row);
    if (error == ERR_MISSING) {
        error = store->ops->insert(store, table, row);
    }
    return settle(store, error);
}

/* Only the key counts here: the other fields may hold anything. */
enum err store_delete(struct store *store, const struct table *table, const void *row)
{
    CHECK(store->in_transaction && store->mode == STORE_WRITE);
    TRY(store->failure);
    TRY(settle(store, fail_if_due(store)));
    return settle(store, store->ops->remove(store, table, row));
}

enum err store_list(struct store *store, struct list *rows, const struct store_query *query,
                    const void *from, struct arena *arena)
{
    *rows = (struct list){NULL, 0};
    CHECK(from != NULL || (query->prefix_count == 0 && !query->after));
    TRY(before_read(store));
    return settle(store, store->ops->list(store, rows, query, from, arena));
}

static enum err total_balance(struct balance *sum, const struct store_total *total)
{
    int64_t fen = 0;
    const int64_t unit = INT64_C(1) << STORE_TOTAL_SHIFT;
    if (__builtin_mul_overflow(total->high, unit, &fen) ||
        __builtin_add_overflow(fen, total->low, &fen) || fen > (int64_t)AMOUNT_MAX ||
        fen < -(int64_t)AMOUNT_MAX) {
        return ERR_RANGE;
    }
    *sum = balance_from_fen(fen);
    return ERR_OK;
}

enum err store_sum(struct store *store, struct balance *sum, uint64_t *count,
                   const struct store_query *query, const void *from, const char *field)
{
    struct store_total total = {0, 0, 0};
    const struct schema *schema = query->table->schema;
    const struct field *summed = &schema->fields[store_row_position(query->table, field)];
    CHECK(summed->kind == FIELD_AMOUNT || summed->kind == FIELD_BALANCE);
    CHECK(from != NULL || (query->prefix_count == 0 && !query->after));
    TRY(before_read(store));
    TRY(settle(store, store->ops->sum(store, &total, query, from, summed)));
    TRY(total_balance(sum, &total));
    *count = total.count;
    return ERR_OK;
}

void store_foresee(struct store *store, const struct table *table, const void *row)
{
    store->ops->foresee(store, table, row);
}

enum err store_settle_log(struct store *store, size_t pages_min)
{
    CHECK(!store->in_transaction);
    return store->ops->settle_log(store, pages_min);
}

enum err store_check(struct store *store, char *text, size_t text_size)
{
    CHECK(!store->in_transaction);
    if (text != NULL && text_size > 0) {
        text[0] = '\0';
    }
    return store->ops->check(store, text, text_size);
}

enum err store_backup(struct store *store, const char *path)
{
    CHECK(!store->in_transaction);
    return store->ops->backup(store, path);
}

void store_close(struct store **store)
{
    if (*store != NULL) {
        store_rollback(*store);
        (*store)->ops->close(*store);
        *store = NULL;
    }
}
