/* A connection that reads lines (store_near.h) and keeps nothing of them. Private to common/store.
 */
#ifndef DCEP_COMMON_STORE_STORE_AHEAD_READER_H
#define DCEP_COMMON_STORE_STORE_AHEAD_READER_H

#include "common/store/store_late.h"
#include "common/store/store_row.h"
#include "common/store/store_sweep_step.h"

struct store_ahead_line {
    size_t cluster;                    /* its number among the schema's (store_row_clusters) */
    uint8_t first[STORE_LATE_KEY_MAX]; /* the first field of the keys, as bytes */
};
struct store_ahead_reader {
    sqlite3 *db;
    struct store_sweep_steps clusters[STORE_ROW_CLUSTERS_MAX];
};

enum err store_ahead_reader_open(struct store_ahead_reader *reader, const char *path,
                                 const struct store_schema *schema) MUST_USE;
void store_ahead_reader_close(struct store_ahead_reader *reader);
/* The keys of a line, and the rows that they lead to; as many as store_near.h reads. */
enum err store_ahead_reader_read(struct store_ahead_reader *reader,
                                 const struct store_ahead_line *line) MUST_USE;

#endif
