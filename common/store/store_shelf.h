/* One table in memory: rows in order, by the primary key and by each index. Private to
 * common/store. */
#ifndef DCEP_COMMON_STORE_STORE_SHELF_H
#define DCEP_COMMON_STORE_STORE_SHELF_H

#include "common/store/store.h"

enum { STORE_SHELF_ORDERS_MAX = 1 + TABLE_INDEXES_MAX };

/* A row never changes: an update puts another in its place. keys[0] is the primary key, keys[i +
 * 1] the fields of index i followed by the primary key, each as bytes that compare like the
 * values. One allocation. */
struct store_shelf_row {
    void *value;
    struct span keys[STORE_SHELF_ORDERS_MAX];
};
struct store_shelf_order {
    struct store_shelf_row **rows;
    size_t count, capacity;
};
struct store_shelf {
    const struct table *table;
    size_t order_count;
    struct store_shelf_order orders[STORE_SHELF_ORDERS_MAX];
};

void store_shelf_init(struct store_shelf *shelf, const struct table *table);
void store_shelf_fini(struct store_shelf *shelf); /* frees the rows on it too */

/* A deep copy of value; free() it unless it is put on the shelf. */
enum err store_shelf_make(struct store_shelf_row **out, const struct store_shelf *shelf,
                          const void *value) MUST_USE;
enum err store_shelf_add(struct store_shelf *shelf,
                         struct store_shelf_row *row) MUST_USE;                  /* ERR_EXISTS */
void store_shelf_remove(struct store_shelf *shelf, struct store_shelf_row *row); /* does not free */
/* The row whose primary key value has, or NULL. */
enum err store_shelf_find(struct store_shelf_row **out, const struct store_shelf *shelf,
                          const void *value) MUST_USE;

/* The rows of a query, in primary key order, `after` and count_max applied; descending is left
 * to the reader, who then starts at the end. Valid until the shelf changes. */
struct store_shelf_selection {
    struct store_shelf_row **rows;
    size_t count;
    struct store_shelf_row **sorted; /* our own array, if the order's would not do */
};
enum err store_shelf_select(struct store_shelf_selection *out, const struct store_shelf *shelf,
                            const struct store_query *query, const void *from) MUST_USE;
void store_shelf_selection_fini(struct store_shelf_selection *selection);
/* Orders agree with each other and are sorted. */
enum err store_shelf_check(const struct store_shelf *shelf) MUST_USE;

#endif
