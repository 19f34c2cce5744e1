/* Lines read for nothing but their pages (contract in store_ahead_reader.h).
 *
 * A line is one short transaction, that of the statement over its keys: what is newer than it
 * cannot be moved from the log meanwhile, nor can the log begin anew. */
#include "common/store/store_ahead_reader.h"

#include "common/store/store_near.h"
#include "common/store/store_settler.h"
#include "common/store/store_statement.h"

enum err store_ahead_reader_open(struct store_ahead_reader *reader, const char *path,
                                 const struct store_schema *schema)
{
    const struct table *clusters[STORE_ROW_CLUSTERS_MAX];
    const size_t count = store_row_clusters(clusters, schema);
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    TRY(store_sqlite_err(sqlite3_open_v2(path, &reader->db, flags, STORE_SETTLER_VFS)));
    for (size_t i = 0; i < count; i++)
        reader->clusters[i] = (struct store_sweep_steps){.table = clusters[i], .db = reader->db};
    return store_sqlite_exec(reader->db, "PRAGMA cache_size = -1024; PRAGMA cell_size_check = ON");
}

void store_ahead_reader_close(struct store_ahead_reader *reader)
{
    for (size_t i = 0; i < STORE_ROW_CLUSTERS_MAX; i++)
        store_sweep_step_close(&reader->clusters[i]);
    (void)sqlite3_close_v2(reader->db);
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
        const int64_t row = sqlite3_column_int64(statement, 0);
        TRY(store_sweep_step_run(steps, STORE_SWEEP_KEY_OF, row));
        error = store_statement_step(statement);
    }
    return error == ERR_MISSING ? ERR_OK : error;
}
