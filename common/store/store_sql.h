/* SQL made from table declarations: text only. Private to common/store.
 *
 * In every statement parameter ?N is field N - 1 of a row, whatever its place in the text; the
 * bound on the count of rows is the parameter after the last field. Of a part (table.h) the packed
 * rest of a row is the parameter after the key, its row's number the next one: who asks for a row
 * by its key has found the number (store_sweep.h).
 */
#ifndef DCEP_COMMON_STORE_STORE_SQL_H
#define DCEP_COMMON_STORE_STORE_SQL_H

#include "common/store/store.h"

enum store_sql_verb {
    STORE_SQL_GET,
    STORE_SQL_INSERT,
    STORE_SQL_UPDATE,
    STORE_SQL_DELETE,
    STORE_SQL_GET_ROW, /* of a part: by the row's number alone */
    STORE_SQL_LIST,
    STORE_SQL_SUM,
};
/* What a statement depends on; two of the same shape share a prepared statement. */
struct store_sql_shape {
    enum store_sql_verb verb;
    struct store_query query; /* for LIST and SUM; query.table always */
    size_t field;             /* position of what SUM adds up */
};

/* Text with a NUL; the first failure is kept and makes the rest do nothing. */
struct store_sql {
    struct buffer text;
    enum err error;
};
void store_sql_fini(struct store_sql *sql);
enum err store_sql_end(struct store_sql *sql, const char **text) MUST_USE;

/* Of a part: its cluster's. */
void store_sql_table(struct store_sql *sql, const struct table *table);
/* Of a part: its cluster's keys. */
void store_sql_keys(struct store_sql *sql, const struct table *table);
/* false: the table has no such index */
bool store_sql_index(struct store_sql *sql, const struct table *table, size_t number);
void store_sql_statement(struct store_sql *sql, const struct store_sql_shape *shape);
/* The fields to bind, as a bit set of positions. */
uint64_t store_sql_parameters(const struct store_sql_shape *shape);
/* The shape as a number: the key of the statement cache within one table. */
uint32_t store_sql_shape_code(const struct store_sql_shape *shape);

#endif
