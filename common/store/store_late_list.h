/* Which late keys a query asks for. Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_LATE_LIST_H
#define DCEP_COMMON_STORE_STORE_LATE_LIST_H

#include "common/store/store.h"
#include "common/store/store_late.h"

/* The numbers of the rows that query asks for by the key, in its order; those that it asks for by
 * what is packed are among them. count_max is left to the reader. free(*rows), also after an
 * error. */
enum err store_late_list(int64_t **rows, size_t *count, const struct store_late *late,
                         const struct store_query *query, const void *from) MUST_USE;

#endif
