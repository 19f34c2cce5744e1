/* Lines that will be asked for soon, read by threads of their own: the pages are at hand when who
 * writes comes to them. Private to common/store.
 *
 * Who writes reads one page after the other, and waits for the disk each time; threads that only
 * read wait for many at once. What they read is thrown away: the operating system's copies of the
 * pages are what it was for. So nothing depends on it, and a line that cannot be read costs time
 * only.
 *
 * It costs CPU time too, for nothing where the file is in memory. So a question costs one point,
 * whether it is looked at or not, a page that the kernel had to read from the disk gives one, and
 * lines are read while there are more than STORE_AHEAD_POINTS_MIN: where each question costs a page
 * at least.
 * docs/adr/0056-lines-are-read-ahead.md. */
#ifndef DCEP_COMMON_STORE_STORE_AHEAD_H
#define DCEP_COMMON_STORE_STORE_AHEAD_H

#include "common/store/store.h"

enum {
    STORE_AHEAD_READERS = 8,
    STORE_AHEAD_QUESTIONS_MAX = 2048, /* that wait; what comes when there are so many is dropped */
    STORE_AHEAD_POINTS_MIN = 1024,
    STORE_AHEAD_POINTS_MAX = 2048, /* none are saved up beyond */
};

struct store_ahead;
/* The file is held by this process alone, through STORE_SETTLER_VFS. */
enum err store_ahead_open(struct store_ahead **out, const char *path,
                          const struct store_schema *schema) MUST_USE;
void store_ahead_close(struct store_ahead **ahead); /* fit for AUTO */

/* The rows of row's line (store_near.h). Any thread's; returns at once. */
void store_ahead_ask(struct store_ahead *ahead, const struct table *table, const void *row);
/* So many pages were read from the disk for somebody. Any thread's. */
void store_ahead_waited(struct store_ahead *ahead, uint64_t pages);
/* True: nobody begins to read any more, and who still reads has ended soon. What is asked meanwhile
 * waits, until this is false. */
void store_ahead_rest(struct store_ahead *ahead, bool rests);

/* How many pages the kernel has read from the disk for the calling thread, ever; those too that it
 * read ahead by itself. */
uint64_t store_ahead_pages(void);

/* For tests: of a store, NULL if nobody reads ahead; and how many lines were read. */
struct store_ahead *store_ahead_of(struct store *store);
uint64_t store_ahead_lines_read(struct store_ahead *ahead);

#endif
