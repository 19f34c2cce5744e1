/* The verbs of the SQLite backend that read many rows (store_backend.h). Private to
 * common/store. */
#ifndef DCEP_COMMON_STORE_STORE_LIST_H
#define DCEP_COMMON_STORE_STORE_LIST_H

#include "common/store/store_sqlite.h"

enum err store_list_rows(struct store *store, struct list *rows, const struct store_query *query,
                         const void *from, struct arena *arena) MUST_USE;
enum err store_list_sum(struct store *store, struct store_total *total,
                        const struct store_query *query, const void *from,
                        const struct field *field) MUST_USE;

#endif
