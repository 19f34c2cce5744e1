/* Rows of a cluster (table.h): a part's key is columns, the rest of its row is packed. Private to
 * common/store. */
#ifndef DCEP_COMMON_STORE_STORE_PART_H
#define DCEP_COMMON_STORE_STORE_PART_H

#include "common/store/store.h"

/* The fields beside the key, as one CBOR array (common/wire/wire.h). Appends. */
enum err store_part_pack(struct buffer *body, const struct table *table, const void *row) MUST_USE;
/* All fields of row are cleared first; what they point at is body's. ERR_INTEGRITY if it is not
 * within the schema. */
enum err store_part_unpack(const struct table *table, void *row, struct span body) MUST_USE;
/* Is row equal to from in what the query's scan asks for? A query by key: always. */
bool store_part_selects(const struct store_query *query, const void *row, const void *from);
/* A query by what is packed: every row of the part has to be looked at. */
bool store_part_is_scan(const struct store_query *query);
/* Every row of the part, whatever its key. */
bool store_part_is_whole(const struct store_query *query);

#endif
