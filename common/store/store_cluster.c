/* The verbs of tables that lie together (contract in store_cluster.h). */
#include "common/store/store_cluster.h"

#include "common/store/store_statement.h"
#include "common/store/store_sweep.h"

/* The statement of a verb, by the row's number. */
static enum err open_verb(sqlite3_stmt **out, struct store_sqlite *sqlite,
                          const struct store_sql_shape *shape, const void *row, int64_t number)
{
    TRY(store_statement_open(out, sqlite, shape, row));
    return store_sqlite_err(
        sqlite3_bind_int64(*out, (int)shape->query.table->key_count + 2, number));
}

static enum err read_row(struct store_sqlite *sqlite, const struct store_sql_shape *shape,
                         void *row, int64_t number, struct arena *arena)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(open_verb(&statement, sqlite, shape, row, number));
    TRY(store_statement_step(statement));
    return store_statement_row(statement, shape->query.table, row, NULL, arena);
}

/* A key leads to its row: if that is not there, the file is damaged. */
static enum err write_row(struct store_sqlite *sqlite, const struct store_sql_shape *shape,
                          const void *row, int64_t number)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(open_verb(&statement, sqlite, shape, row, number));
    const enum err error = store_statement_step(statement);
    if (error != ERR_MISSING)
        return error;
    return sqlite3_changes(sqlite->db) == 1 ? ERR_OK : ERR_INTEGRITY;
}

enum err store_cluster_get(struct store_sqlite *sqlite, const struct table *table, void *row,
                           struct arena *arena)
{
    int64_t number = 0;
    const struct store_sql_shape shape = {.verb = STORE_SQL_GET, .query = {.table = table}};
    TRY(store_sweep_find(sqlite, &number, table, row));
    return store_sweep_must(read_row(sqlite, &shape, row, number, arena));
}

enum err store_cluster_get_row(struct store_sqlite *sqlite, const struct table *table, void *row,
                               int64_t number, struct arena *arena)
{
    const struct store_sql_shape shape = {.verb = STORE_SQL_GET_ROW, .query = {.table = table}};
    return store_sweep_must(read_row(sqlite, &shape, row, number, arena));
}

/* What can be wrong with the row is found before its key is added. */
enum err store_cluster_insert(struct store_sqlite *sqlite, const struct table *table,
                              const void *row)
{
    int64_t number = 0;
    const struct store_sql_shape shape = {.verb = STORE_SQL_INSERT, .query = {.table = table}};
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_statement_open(&statement, sqlite, &shape, row));
    TRY(store_sweep_add(sqlite, &number, table, row));
    TRY(store_sqlite_err(sqlite3_bind_int64(statement, (int)table->key_count + 2, number)));
    const enum err error = store_statement_step(statement);
    return error == ERR_MISSING ? ERR_OK : store_sweep_must(error);
}

static enum err change_row(struct store_sqlite *sqlite, enum store_sql_verb verb,
                           const struct table *table, const void *row)
{
    int64_t number = 0;
    const struct store_sql_shape shape = {.verb = verb, .query = {.table = table}};
    TRY(store_sweep_find(sqlite, &number, table, row));
    return write_row(sqlite, &shape, row, number);
}

enum err store_cluster_update(struct store_sqlite *sqlite, const struct table *table,
                              const void *row)
{
    return change_row(sqlite, STORE_SQL_UPDATE, table, row);
}

enum err store_cluster_delete(struct store_sqlite *sqlite, const struct table *table,
                              const void *row)
{
    TRY(change_row(sqlite, STORE_SQL_DELETE, table, row));
    return store_sweep_remove(sqlite, table, row);
}
