/* Keys of a cluster (table.h) on their way into the file. Private to common/store.
 *
 * A row is appended, and its key is remembered, in memory. A sweep goes through these late keys in
 * order, again and again: while there are more than may be late, each commit puts as many into the
 * file's table of keys (the one that ends a sweep fewer, and the next makes up for it). So a page
 * of keys is written once a sweep and not once a payment (docs/adr/0055). A crash loses none: the
 * file says up to which row all have arrived, and who opens it takes the others' from the rows.
 *
 * Only who holds the file alone may let keys be late (store_sqlite_options, settles_aside); for
 * others they are in the file with their rows.
 */
#ifndef DCEP_COMMON_STORE_STORE_SWEEP_H
#define DCEP_COMMON_STORE_STORE_SWEEP_H

#include "common/store/store_late.h"
#include "common/store/store_sqlite.h"

/* One a cluster, caught up with what a crash left: in memory if the file is only read. */
enum err store_sweep_open(struct store_sqlite *sqlite, size_t late_max) MUST_USE;
void store_sweep_close(struct store_sqlite *sqlite);

/* Who only reads takes the late keys anew if the file has changed. */
enum err store_sweep_begin(struct store_sqlite *sqlite) MUST_USE;
/* Of a transaction that writes. */
enum err store_sweep_before_commit(struct store_sqlite *sqlite) MUST_USE;
void store_sweep_committed(struct store_sqlite *sqlite);
void store_sweep_rolled_back(struct store_sqlite *sqlite);

/* Of half a verb: what looks like an answer is ERR_INTEGRITY, so that the transaction ends. */
enum err store_sweep_must(enum err error) MUST_USE;
/* The key of a row that is inserted, and the number that the row gets. ERR_EXISTS. */
enum err store_sweep_add(struct store_sqlite *sqlite, int64_t *number, const struct table *table,
                         const void *row) MUST_USE;
/* The number of the row with that key. ERR_MISSING. */
enum err store_sweep_find(struct store_sqlite *sqlite, int64_t *number, const struct table *table,
                          const void *row) MUST_USE;
enum err store_sweep_remove(struct store_sqlite *sqlite, const struct table *table,
                            const void *row) MUST_USE; /* of a row that was deleted */
/* The late keys of its cluster: borrowed, and not to be changed. */
const struct store_late *store_sweep_late(const struct store_sqlite *sqlite,
                                          const struct table *table);

/* ERR_INTEGRITY, and the cluster's name, unless each row has one key and each key its row. */
enum err store_sweep_check(struct store_sqlite *sqlite, const char **name) MUST_USE;

#endif
