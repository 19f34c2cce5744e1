/* When what was committed moves from the write-ahead log to the database, and who moves it. Private
 * to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_LOG_H
#define DCEP_COMMON_STORE_STORE_LOG_H

#include "common/store/store_sqlite.h"

void store_log_watch(struct store_sqlite *sqlite, size_t pages_max); /* 0: the usual */
/* If at least so many pages wait: now, or soon if there is a settler. */
enum err store_log_settle(struct store_sqlite *sqlite, size_t pages_min) MUST_USE;

#endif
