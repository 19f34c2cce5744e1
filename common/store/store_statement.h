/* Prepared statements: kept by table and shape, rows bound to them and read from them. Private
 * to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_STATEMENT_H
#define DCEP_COMMON_STORE_STORE_STATEMENT_H

#include "common/store/store_sql.h"
#include "common/store/store_sqlite.h"

struct store_statement_slot {
    uint32_t code;
    sqlite3_stmt *statement;
};
struct store_statement_cache {
    struct store_statement_slot *slots;
    size_t count, capacity;
};
void store_statement_cache_fini(struct store_statement_cache *cache);

/* Prepared or found, and the parameters of shape bound to row, which must outlive the
 * statement's use. */
enum err store_statement_open(sqlite3_stmt **out, struct store_sqlite *sqlite,
                              const struct store_sql_shape *shape, const void *row) MUST_USE;
void store_statement_close(sqlite3_stmt **statement); /* back to the cache; fit for AUTO */
/* ERR_OK: a row; ERR_MISSING: no more. */
enum err store_statement_step(sqlite3_stmt *statement) MUST_USE;
/* The current row of a statement that selects all columns of table. ERR_INTEGRITY, and bad (may
 * be NULL) tells which field, if the row is not within the schema. */
enum err store_statement_row(sqlite3_stmt *statement, const struct table *table, void *row,
                             const struct field **bad, struct arena *arena) MUST_USE;

#endif
