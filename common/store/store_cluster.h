/* The verbs of tables that lie together (table.h), as of a backend (store_backend.h): a key is late
 * or in the table of keys (store_sweep.h), and leads to its row. Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_CLUSTER_H
#define DCEP_COMMON_STORE_STORE_CLUSTER_H

#include "common/store/store_sqlite.h"

enum err store_cluster_get(struct store_sqlite *sqlite, const struct table *table, void *row,
                           struct arena *arena) MUST_USE;
/* The row of that number: ERR_INTEGRITY if there is none. */
enum err store_cluster_get_row(struct store_sqlite *sqlite, const struct table *table, void *row,
                               int64_t number, struct arena *arena) MUST_USE;
enum err store_cluster_insert(struct store_sqlite *sqlite, const struct table *table,
                              const void *row) MUST_USE;
enum err store_cluster_update(struct store_sqlite *sqlite, const struct table *table,
                              const void *row) MUST_USE;
enum err store_cluster_delete(struct store_sqlite *sqlite, const struct table *table,
                              const void *row) MUST_USE;

#endif
