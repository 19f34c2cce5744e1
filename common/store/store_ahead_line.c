/* Lines read for nothing but their pages (contract in store_ahead_line.h).
 *
 * A line is read within one statement, so within one short transaction: what a reader still sees
 * cannot be moved from the log. */
#include "common/store/store_ahead_line.h"

#include "common/store/store_near.h"
#include "common/store/store_row.h"
#include "common/store/store_settler.h"
#include "common/store/store_statement.h"

size_t store_ahead_clusters(const struct table *clusters[STORE_AHEAD_CLUSTERS_MAX],
                            const struct store_schema *schema)
{
    size_t count = 0;
    for (size_t i = 0; schema->tables[i] != NULL; i++) {
        if (schema->tables[i]->cluster == NULL || store_row_is_made_before(schema, i))
            continue;
        CHECK(count < STORE_AHEAD_CLUSTERS_MAX);
        clusters[count++] = schema->tables[i];
    }
    return count;
}

enum err store_ahead_reader_open(struct store_ahead_reader *reader, const char *path,
                                 const struct store_schema *schema)
{
    const struct table *clusters[STORE_AHEAD_CLUSTERS_MAX];
    const size_t count = store_ahead_clusters(clusters, schema);
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    TRY(store_sqlite_err(sqlite3_open_v2(path, &reader->db, flags, STORE_SETTLER_VFS)));
    for (size_t i = 0; i < count; i++)
        reader->clusters[i] = (struct store_sweep_steps){.table = clusters[i], .db = reader->db};
    return store_sqlite_exec(reader->db, "PRAGMA cache_size = -1024; PRAGMA cell_size_check = ON");
}

void store_ahead_reader_close(struct store_ahead_reader *reader)
{
    for (size_t i = 0; i < STORE_AHEAD_CLUSTERS_MAX; i++)
        store_sweep_step_close(&reader->clusters[i]);
    (void)sqlite3_close_v2(reader->db);
}

static enum err read_row(struct store_sweep_steps *steps, int64_t number)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_sweep_step_open(&statement, steps, STORE_SWEEP_KEY_OF));
    TRY(store_sqlite_err(sqlite3_bind_int64(statement, 1, number)));
    return store_statement_step(statement);
}

enum err store_ahead_reader_read(struct store_ahead_reader *reader,
                                 const struct store_ahead_line *line)
{
    struct store_sweep_steps *steps = &reader->clusters[line->cluster];
    const struct field *field = &steps->table->schema->fields[0];
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_sweep_step_open(&statement, steps, STORE_SWEEP_LINE));
    TRY(store_sweep_step_bind_field(statement, 1, field, line->first));
    TRY(store_sqlite_err(sqlite3_bind_int(statement, 2, STORE_NEAR_KEYS)));
    enum err error = store_statement_step(statement);
    while (error == ERR_OK) {
        TRY(read_row(steps, sqlite3_column_int64(statement, 0)));
        error = store_statement_step(statement);
    }
    return error == ERR_MISSING ? ERR_OK : error;
}
