/* A row seen through its schema: one field at a time. Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_ROW_H
#define DCEP_COMMON_STORE_STORE_ROW_H

#include "common/store/store.h"

/* A stored SIGNED field: a tagged COSE_Sign1, from one with a payload of one byte up to a whole
 * request body; beside the payload it takes at most STORE_ROW_SIGNED_REST. */
enum {
    STORE_ROW_SIGNED_MIN = 75,
    STORE_ROW_SIGNED_MAX = 1024 * 1024,
    STORE_ROW_SIGNED_REST = 78,
};

void store_row_check_table(const struct table *table); /* CHECKs the declaration itself */
bool store_row_is_together(const struct table *a, const struct table *b); /* in one cluster */
/* Is an earlier table of the schema in its cluster? The first part stands for all. */
bool store_row_is_made_before(const struct store_schema *schema, size_t number);
/* The tables that stand for the clusters of a schema, in its order; CHECKs that they are not too
 * many. Returns how many. */
enum { STORE_ROW_CLUSTERS_MAX = 4 };
size_t store_row_clusters(const struct table *clusters[STORE_ROW_CLUSTERS_MAX],
                          const struct store_schema *schema);
/* CHECKs that two tables can be parts of one cluster. */
void store_row_check_cluster(const struct table *a, const struct table *b);
size_t store_row_position(const struct table *table,
                          const char *name);                  /* CHECKs that it is there */
size_t store_row_index_size(const struct table_index *index); /* fields */

/* The fields that a query holds equal, as positions; how many is query->prefix_count. */
void store_row_query_fields(size_t positions[TABLE_FIELDS_MAX], const struct store_query *query);
/* Whether rows found by query come in primary key order without sorting. */
bool store_row_query_ordered(const struct store_query *query);

bool store_row_is_integer(const struct field *field);
/* By the key: less than, equal to, more than 0. */
int store_row_compare(const struct table *table, const void *a, const void *b);
bool store_row_absent(const struct field *field,
                      const void *row); /* a nullable field without value */
/* UINT, AMOUNT, BALANCE. Beyond the field's bounds: ERR_RANGE. */
int64_t store_row_integer(const struct field *field, const void *row);
enum err store_row_set_integer(const struct field *field, void *row, int64_t value) MUST_USE;
/* BYTES, BLOB, TEXT; of a SIGNED its payload. Another size than declared: ERR_LIMIT. */
struct span store_row_bytes(const struct field *field, const void *row);
enum err store_row_set_bytes(const struct field *field, void *row, struct span bytes) MUST_USE;
void store_row_set_present(const struct field *field, void *row);

/* Every field within its bounds: ERR_RANGE, ERR_LIMIT, ERR_PARSE (text that is not UTF-8). */
enum err store_row_check(const struct table *table, const void *row,
                         const struct field **bad) MUST_USE;
/* What spans of row point at goes into the arena. */
enum err store_row_keep(const struct table *table, void *row, struct arena *arena) MUST_USE;
/* Copies; what spans point at goes into the arena. */
enum err store_row_copy(const struct table *table, void *out, const void *row,
                        struct arena *arena) MUST_USE;

#endif
