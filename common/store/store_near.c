/* The keys of a line (contract in store_near.h). */
#include "common/store/store_near.h"

#include "common/store/store_key.h"
#include "common/store/store_statement.h"

#include <string.h>

void store_near_forget(struct store_near *near)
{
    near->is_known = false;
}

static size_t line_size(const struct table *table)
{
    return store_key_field_size(&table->schema->fields[0]);
}

static enum err open_line(sqlite3_stmt **out, struct store_sweep_steps *steps, const uint8_t *key)
{
    const struct field *field = &steps->table->schema->fields[0];
    TRY(store_sweep_step_open(out, steps, STORE_SWEEP_LINE));
    TRY(store_sweep_step_bind_field(*out, 1, field, key));
    return store_sqlite_err(sqlite3_bind_int(*out, 2, STORE_NEAR_KEYS + 1));
}

static enum err read_line(struct store_near *near, struct store_sweep_steps *steps,
                          const uint8_t *key)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(open_line(&statement, steps, key));
    near->count = 0;
    enum err error = store_statement_step(statement);
    while (error == ERR_OK && near->count < STORE_NEAR_KEYS) {
        size_t size = 0;
        near->rows[near->count] = sqlite3_column_int64(statement, 0);
        TRY(store_sweep_step_read_key(near->keys[near->count], &size, steps->table, statement));
        near->count++;
        error = store_statement_step(statement);
    }
    near->is_whole = error == ERR_MISSING;
    near->is_known = error == ERR_OK || error == ERR_MISSING;
    memcpy(near->line, key, line_size(steps->table));
    return near->is_known ? ERR_OK : error;
}

static enum err ask(int64_t *row, struct store_sweep_steps *steps, const uint8_t *key)
{
    int parameter = 1;
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_sweep_step_open(&statement, steps, STORE_SWEEP_FIND));
    TRY(store_sweep_step_bind_key(statement, &parameter, steps->table, key));
    TRY(store_statement_step(statement));
    *row = sqlite3_column_int64(statement, 0);
    return ERR_OK;
}

enum err store_near_find(struct store_near *near, int64_t *row, struct store_sweep_steps *steps,
                         const uint8_t *key)
{
    const size_t size = store_key_size(steps->table);
    if (!near->is_known || memcmp(near->line, key, line_size(steps->table)) != 0) {
        store_near_forget(near);
        TRY(read_line(near, steps, key));
    }
    for (size_t i = 0; i < near->count; i++) {
        if (memcmp(near->keys[i], key, size) == 0) {
            *row = near->rows[i];
            return ERR_OK;
        }
    }
    return near->is_whole ? ERR_MISSING : ask(row, steps, key);
}
