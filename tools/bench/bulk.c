/* The row of `books` at hand (contract in bulk.h). It holds no blobs, so a copy of the struct is a
 * copy of the row. */
#include "tools/bench/bulk.h"

#include "central/books.h"
#include "common/store/store_backend.h"

static struct {
    const struct store_ops *backend;
    struct store_ops ops;
    struct books books;
    bool has_books;
} bulk;

static enum err get_row(struct store *store, const struct table *table, void *row,
                        struct arena *arena)
{
    if (table != &tables_table_books)
        return bulk.backend->get(store, table, row, arena);
    if (!bulk.has_books) {
        TRY(bulk.backend->get(store, table, row, arena));
        bulk.books = *(const struct books *)row;
        bulk.has_books = true;
    }
    *(struct books *)row = bulk.books;
    return ERR_OK;
}

static enum err update_row(struct store *store, const struct table *table, const void *row)
{
    if (table != &tables_table_books)
        return bulk.backend->update(store, table, row);
    CHECK(bulk.has_books); /* who writes it has read it */
    bulk.books = *(const struct books *)row;
    return ERR_OK;
}

static enum err commit_all(struct store *store)
{
    if (bulk.has_books)
        TRY(bulk.backend->update(store, &tables_table_books, &bulk.books));
    bulk.has_books = false;
    return bulk.backend->commit(store);
}

static void roll_back(struct store *store)
{
    bulk.has_books = false;
    bulk.backend->rollback(store);
}

void bulk_begin(struct store *store)
{
    CHECK(bulk.backend == NULL && !store->in_transaction);
    bulk.backend = store->ops;
    bulk.ops = *store->ops;
    bulk.ops.get = get_row;
    bulk.ops.update = update_row;
    bulk.ops.commit = commit_all;
    bulk.ops.rollback = roll_back;
    store->ops = &bulk.ops;
}

void bulk_end(struct store *store)
{
    CHECK(bulk.backend != NULL && !store->in_transaction);
    store->ops = bulk.backend;
    bulk.backend = NULL;
}
