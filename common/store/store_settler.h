/* Who moves committed pages from the write-ahead log to the database while others commit: a thread
 * with a connection of its own. Private to common/store.
 *
 * It never waits for a writer and no writer for it; what a transaction still reads stays in the log
 * until the next time. Only a writer can start the log anew, and only when all of it was moved
 * (store_sqlite.c). */
#ifndef DCEP_COMMON_STORE_STORE_SETTLER_H
#define DCEP_COMMON_STORE_STORE_SETTLER_H

#include "common/base/err.h"

#include <stdbool.h>

/* How all connections of a process open the file: SQLite's VFS that keeps other processes out, but
 * not other connections of this one. */
#define STORE_SETTLER_VFS "unix-excl"

struct store_settler;
enum err store_settler_open(struct store_settler **out, const char *path) MUST_USE;
void store_settler_ask(struct store_settler *settler);     /* returns at once */
bool store_settler_is_idle(struct store_settler *settler); /* nothing is asked for or done */
/* Returns when nothing was asked for that is not done. */
void store_settler_wait(struct store_settler *settler);
void store_settler_close(
    struct store_settler **settler); /* what it does is finished; fit for AUTO */

#endif
