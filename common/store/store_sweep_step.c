/* The statements of a sweep, run (contract in store_sweep_step.h). */
#include "common/store/store_sweep_step.h"

#include "common/store/store_key.h"
#include "common/store/store_row.h"
#include "common/store/store_statement.h"

void store_sweep_step_close(struct store_sweep_steps *steps)
{
    for (size_t i = 0; i < STORE_SWEEP_STEPS; i++)
        (void)sqlite3_finalize(steps->kept[i]);
}

enum err store_sweep_step_open(sqlite3_stmt **out, struct store_sweep_steps *steps,
                               enum store_sweep_step step)
{
    sqlite3_stmt **kept = &steps->kept[step];
    if (*kept == NULL) {
        AUTO(store_sql_fini) struct store_sql sql = {0};
        const char *text = NULL;
        store_sweep_sql(&sql, steps->table, step);
        TRY(store_sql_end(&sql, &text));
        TRY(store_sqlite_err(
            sqlite3_prepare_v3(steps->db, text, -1, SQLITE_PREPARE_PERSISTENT, kept, NULL)));
    }
    *out = *kept;
    return ERR_OK;
}

enum err store_sweep_step_finish(sqlite3_stmt *statement)
{
    const enum err error = store_statement_step(statement);
    return error == ERR_MISSING ? ERR_OK : error;
}

enum err store_sweep_step_run(struct store_sweep_steps *steps, enum store_sweep_step step,
                              int64_t number)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_sweep_step_open(&statement, steps, step));
    if (sqlite3_bind_parameter_count(statement) != 0)
        TRY(store_sqlite_err(sqlite3_bind_int64(statement, 1, number)));
    return store_sweep_step_finish(statement);
}

enum err store_sweep_step_number(int64_t *number, struct store_sweep_steps *steps,
                                 enum store_sweep_step step)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_sweep_step_open(&statement, steps, step));
    TRY(store_statement_step(statement));
    *number = sqlite3_column_int64(statement, 0);
    return ERR_OK;
}

enum err store_sweep_step_bind_field(sqlite3_stmt *statement, int parameter,
                                     const struct field *field, const uint8_t *bytes)
{
    if (store_row_is_integer(field))
        return store_sqlite_err(
            sqlite3_bind_int64(statement, parameter, store_key_read_integer(bytes)));
    return store_sqlite_err(sqlite3_bind_blob64(statement, parameter, bytes,
                                                store_key_field_size(field), SQLITE_STATIC));
}

enum err store_sweep_step_bind_key(sqlite3_stmt *statement, int *parameter,
                                   const struct table *table, const uint8_t *key)
{
    for (size_t i = 0; i < table->key_count; i++) {
        const struct field *field = &table->schema->fields[i];
        TRY(store_sweep_step_bind_field(statement, (*parameter)++, field, key));
        key += store_key_field_size(field);
    }
    return store_sqlite_err(sqlite3_bind_int(statement, (*parameter)++, *key));
}

enum err store_sweep_step_read_key(uint8_t *key, size_t *size, const struct table *table,
                                   sqlite3_stmt *statement)
{
    uint8_t *at = key;
    for (size_t i = 0; i < table->key_count; i++) {
        const struct field *field = &table->schema->fields[i];
        const int column = (int)i + 1;
        const struct span bytes = {sqlite3_column_blob(statement, column),
                                   (size_t)sqlite3_column_bytes(statement, column)};
        if (store_row_is_integer(field))
            at += store_key_integer(at, sqlite3_column_int64(statement, column));
        else if (bytes.size == field->max)
            at += store_key_bytes(at, bytes);
        else
            return ERR_INTEGRITY;
    }
    *at++ = (uint8_t)sqlite3_column_int(statement, (int)table->key_count + 1);
    *size = (size_t)(at - key);
    return ERR_OK;
}
