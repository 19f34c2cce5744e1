/* A connection that reads lines (store_near.h) and keeps nothing of them. Private to common/store.
 */
#ifndef DCEP_COMMON_STORE_STORE_AHEAD_LINE_H
#define DCEP_COMMON_STORE_STORE_AHEAD_LINE_H

#include "common/store/store_late.h"
#include "common/store/store_sweep_step.h"

enum { STORE_AHEAD_CLUSTERS_MAX = 4 };

struct store_ahead_line {
    size_t cluster;                    /* its number in the schema */
    uint8_t first[STORE_LATE_KEY_MAX]; /* the first field of the keys, as bytes */
};
struct store_ahead_reader {
    sqlite3 *db;
    struct store_sweep_steps clusters[STORE_AHEAD_CLUSTERS_MAX];
};

/* The clusters of a schema, in its order; CHECKs that they are few. Returns how many. */
size_t store_ahead_clusters(const struct table *clusters[STORE_AHEAD_CLUSTERS_MAX],
                            const struct store_schema *schema);
enum err store_ahead_reader_open(struct store_ahead_reader *reader, const char *path,
                                 const struct store_schema *schema) MUST_USE;
void store_ahead_reader_close(struct store_ahead_reader *reader);
/* The keys of a line, and the rows that they lead to; as many as store_near.h reads. */
enum err store_ahead_reader_read(struct store_ahead_reader *reader,
                                 const struct store_ahead_line *line) MUST_USE;

#endif
