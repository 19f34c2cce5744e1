/* What a backend fills in. Private to common/store: programs see store.h alone.
 *
 * store.c keeps the rules that hold for every backend (transaction state, row bounds, the sticky
 * failure, the test seam), so a backend's verb is only called inside a transaction of the right
 * mode, with a row within its schema.
 */
#ifndef DCEP_COMMON_STORE_STORE_BACKEND_H
#define DCEP_COMMON_STORE_STORE_BACKEND_H

#include "common/store/store.h"

/* A sum that can't overflow: high * 2^STORE_TOTAL_SHIFT + low. */
enum { STORE_TOTAL_SHIFT = 26 };
struct store_total {
    int64_t high, low;
    uint64_t count;
};

struct store_ops {
    enum err (*begin)(struct store *store, enum store_mode mode);
    enum err (*commit)(struct store *store);
    enum err (*commit_early)(struct store *store);
    enum err (*flush)(struct store *store);
    void (*rollback)(struct store *store);
    enum err (*get)(struct store *store, const struct table *table, void *row, struct arena *arena);
    enum err (*insert)(struct store *store, const struct table *table, const void *row);
    enum err (*update)(struct store *store, const struct table *table, const void *row);
    enum err (*remove)(struct store *store, const struct table *table, const void *row);
    enum err (*list)(struct store *store, struct list *rows, const struct store_query *query,
                     const void *from, struct arena *arena);
    enum err (*sum)(struct store *store, struct store_total *total, const struct store_query *query,
                    const void *from, const struct field *field);
    void (*foresee)(struct store *store, const struct table *table, const void *row);
    enum err (*settle_log)(struct store *store, size_t pages_min);
    enum err (*check)(struct store *store, char *text, size_t text_size);
    enum err (*backup)(struct store *store, const char *path);
    void (*close)(struct store *store); /* frees the store too */
};

/* The first member of every backend's store. */
struct store {
    const struct store_ops *ops;
    const struct store_schema *schema;
    bool in_transaction;
    enum store_mode mode;
    enum err failure; /* sticky until rollback: nothing may follow a broken write */
    long fail_at;
    enum err fail_error;
};

/* CHECKs every table's declaration. */
void store_init(struct store *store, const struct store_ops *ops,
                const struct store_schema *schema);
void store_total_add(struct store_total *total, int64_t fen);
/* Where table stands in the schema's list; CHECKs that it does. */
size_t store_table_position(const struct store *store, const struct table *table);

#endif
