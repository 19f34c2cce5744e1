/* What goes on beside who writes, where the file is held alone (store_sqlite_options,
 * settles_aside). Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_ASIDE_H
#define DCEP_COMMON_STORE_STORE_ASIDE_H

#include "common/store/store_sqlite.h"

/* The log is flushed apart from commits (store_flush), settled by a thread of its own
 * (store_settler.h), and lines are read ahead (store_ahead.h). */
enum err store_aside_open(struct store_sqlite *sqlite, const char *path) MUST_USE;
void store_aside_close(struct store_sqlite *sqlite); /* harmless if it was not opened */

/* What is read from the disk for the calling thread between the two gives points for reading ahead.
 * Committed: a transaction that writes; one that is rolled back gives none. */
void store_aside_begin(struct store_sqlite *sqlite);
void store_aside_committed(struct store_sqlite *sqlite);

#endif
