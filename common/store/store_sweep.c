/* Keys that follow their rows (contract in store_sweep.h).
 *
 * 1. A key is late or in the file, never both and never neither: a roll-back takes both back.
 * 2. Where a sweep is changes only when the commit was done.
 * 3. When a sweep ends, all rows that were there when it began have their keys in the file. That
 *    is written there, in the same transaction: it bounds what opening has to read.
 * 4. A row's number that this mark has passed, or will pass when the sweep ends, is given to no
 *    other row, even if the rows there were deleted: opening would overlook it.
 * 5. Half of what was asked must not look like an answer (err.h): the transaction has to end.
 */
#include "common/store/store_sweep.h"

#include "common/store/store_key.h"
#include "common/store/store_late.h"
#include "common/store/store_row.h"
#include "common/store/store_statement.h"
#include "common/store/store_sweep_sql.h"

#include <stdlib.h>
#include <string.h>

/* (key, part) as bytes; the first size of them. None: before everything. */
struct place {
    uint8_t bytes[STORE_LATE_KEY_MAX];
    size_t size;
};

struct store_sweep {
    const struct table *table; /* the first part stands for all; NULL: the end of the array */
    size_t late_max;           /* 0: no key is late */
    sqlite3_stmt *steps[STORE_SWEEP_STEPS];
    struct store_late late;
    int64_t next_row;     /* 0: not known yet in this transaction */
    int64_t begun_at;     /* the next row when this sweep began */
    struct place at;      /* all keys up to here are in the file, */
    struct place to;      /* and by this transaction up to here, */
    bool moves, ends;     /* if that moves it at all; to the end */
    int64_t file_version; /* read only: what the late keys were taken from */
};

static struct store_sweep *sweep_of(const struct store_sqlite *sqlite, const struct table *table)
{
    size_t i = 0;
    while (sqlite->sweeps[i].table != NULL &&
           !store_row_is_together(sqlite->sweeps[i].table, table))
        i++;
    CHECK(sqlite->sweeps[i].table != NULL);
    return &sqlite->sweeps[i];
}

static void write_key(struct place *place, const struct table *table, const void *row)
{
    place->size = store_key_primary(place->bytes, table, row);
    place->bytes[place->size++] = (uint8_t)table->part;
}

/* --- steps --- */

static enum err open_step(sqlite3_stmt **out, struct store_sqlite *sqlite,
                          struct store_sweep *sweep, enum store_sweep_step step)
{
    sqlite3_stmt **kept = &sweep->steps[step];
    if (*kept == NULL) {
        AUTO(store_sql_fini) struct store_sql sql = {0};
        const char *text = NULL;
        store_sweep_sql(&sql, sweep->table, step);
        TRY(store_sql_end(&sql, &text));
        TRY(store_sqlite_err(
            sqlite3_prepare_v3(sqlite->db, text, -1, SQLITE_PREPARE_PERSISTENT, kept, NULL)));
    }
    *out = *kept;
    return ERR_OK;
}

static enum err finish(sqlite3_stmt *statement)
{
    const enum err error = store_statement_step(statement);
    return error == ERR_MISSING ? ERR_OK : error;
}

/* Its only parameter, if it has one, is number. */
static enum err run_step(struct store_sqlite *sqlite, struct store_sweep *sweep,
                         enum store_sweep_step step, int64_t number)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(open_step(&statement, sqlite, sweep, step));
    if (sqlite3_bind_parameter_count(statement) != 0)
        TRY(store_sqlite_err(sqlite3_bind_int64(statement, 1, number)));
    return finish(statement);
}

static enum err read_step(int64_t *number, struct store_sqlite *sqlite, struct store_sweep *sweep,
                          enum store_sweep_step step)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(open_step(&statement, sqlite, sweep, step));
    TRY(store_statement_step(statement));
    *number = sqlite3_column_int64(statement, 0);
    return ERR_OK;
}

static enum err know_next_row(struct store_sqlite *sqlite, struct store_sweep *sweep)
{
    if (sweep->next_row != 0)
        return ERR_OK;
    TRY(read_step(&sweep->next_row, sqlite, sweep, STORE_SWEEP_NEXT_ROW));
    if (sweep->next_row < sweep->begun_at)
        sweep->next_row = sweep->begun_at;
    return ERR_OK;
}

/* --- transactions --- */

enum err store_sweep_must(enum err error)
{
    const enum err_class class = err_class(error);
    const bool is_answer = class == ERR_CLASS_ABSENT || class == ERR_CLASS_MALFORMED;
    return is_answer ? ERR_INTEGRITY : error;
}

/* As write_key wrote it; SQLite reads the bytes before it returns from the statement. */
static enum err bind_key(sqlite3_stmt *statement, const struct store_sweep *sweep,
                         const uint8_t *key)
{
    int number = 1;
    for (size_t i = 0; i < sweep->table->key_count; i++, number++) {
        const struct field *field = &sweep->table->schema->fields[i];
        const size_t size = store_key_field_size(field);
        TRY(store_sqlite_err(
            store_row_is_integer(field)
                ? sqlite3_bind_int64(statement, number, store_key_read_integer(key))
                : sqlite3_bind_blob64(statement, number, key, size, SQLITE_STATIC)));
        key += size;
    }
    return store_sqlite_err(sqlite3_bind_int(statement, number, *key));
}

static enum err put_key(struct store_sqlite *sqlite, struct store_sweep *sweep, const uint8_t *key,
                        int64_t row)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(open_step(&statement, sqlite, sweep, STORE_SWEEP_PUT));
    TRY(bind_key(statement, sweep, key));
    TRY(store_sqlite_err(sqlite3_bind_int64(statement, (int)sweep->table->key_count + 2, row)));
    TRY(store_sweep_must(finish(statement)));
    return store_sweep_must(
        store_late_remove(&sweep->late, key)); /* it stays where it is up to the commit */
}

/* So many of the late keys, or all that are left of this sweep, into the file. */
static enum err put_slice(struct store_sqlite *sqlite, struct store_sweep *sweep, size_t count)
{
    int64_t row = 0;
    const uint8_t *key = NULL;
    struct store_late_walk walk = store_late_walk(&sweep->late, sweep->at.bytes, sweep->at.size);
    sweep->moves = true;
    for (size_t i = 0; i < count; i++) {
        key = store_late_next(&walk, &row);
        if (key == NULL)
            break;
        TRY(put_key(sqlite, sweep, key, row));
        sweep->to.size = sweep->late.key_size;
        memcpy(sweep->to.bytes, key, sweep->to.size);
    }
    sweep->ends = key == NULL;
    if (!sweep->ends)
        return ERR_OK;
    TRY(know_next_row(sqlite, sweep));
    return run_step(sqlite, sweep, STORE_SWEEP_MARK, sweep->begun_at - 1);
}

enum err store_sweep_before_commit(struct store_sqlite *sqlite)
{
    for (struct store_sweep *sweep = sqlite->sweeps; sweep->table != NULL; sweep++)
        if (sweep->late.count > sweep->late_max)
            TRY(put_slice(sqlite, sweep, sweep->late.count - sweep->late_max));
    return ERR_OK;
}

static void forget_transaction(struct store_sweep *sweep)
{
    sweep->to.size = 0;
    sweep->next_row = 0;
    sweep->moves = sweep->ends = false;
}

void store_sweep_committed(struct store_sqlite *sqlite)
{
    for (struct store_sweep *sweep = sqlite->sweeps; sweep->table != NULL; sweep++) {
        store_late_commit(&sweep->late);
        if (sweep->ends)
            sweep->begun_at = sweep->next_row;
        if (sweep->moves)
            sweep->at = sweep->ends ? (struct place){.size = 0} : sweep->to;
        forget_transaction(sweep);
    }
}

void store_sweep_rolled_back(struct store_sqlite *sqlite)
{
    for (struct store_sweep *sweep = sqlite->sweeps; sweep->table != NULL; sweep++) {
        store_late_undo(&sweep->late);
        forget_transaction(sweep);
    }
}

/* --- keys --- */

static struct store_sql_shape shape_of(enum store_sql_verb verb, const struct table *table)
{
    return (struct store_sql_shape){.verb = verb, .query = {.table = table}};
}

static enum err add_to_file(struct store_sqlite *sqlite, const struct table *table, const void *row,
                            int64_t number)
{
    const struct store_sql_shape shape = shape_of(STORE_SQL_INSERT_KEY, table);
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_statement_open(&statement, sqlite, &shape, row));
    TRY(store_sqlite_err(sqlite3_bind_int64(statement, (int)table->key_count + 2, number)));
    return finish(statement);
}

static enum err add_late(struct store_sqlite *sqlite, struct store_sweep *sweep,
                         const struct table *table, const void *row)
{
    struct place key;
    const struct store_sql_shape find = shape_of(STORE_SQL_FIND_KEY, table);
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    write_key(&key, table, row);
    TRY(store_statement_open(&statement, sqlite, &find, row));
    const enum err error = store_statement_step(statement);
    if (error != ERR_MISSING)
        return error == ERR_OK ? ERR_EXISTS : error;
    return store_late_add(&sweep->late, key.bytes, sweep->next_row);
}

enum err store_sweep_add(struct store_sqlite *sqlite, int64_t *number, const struct table *table,
                         const void *row)
{
    struct store_sweep *sweep = sweep_of(sqlite, table);
    TRY(know_next_row(sqlite, sweep));
    TRY(sweep->late_max == 0 ? add_to_file(sqlite, table, row, sweep->next_row)
                             : add_late(sqlite, sweep, table, row));
    *number = sweep->next_row++;
    return ERR_OK;
}

bool store_sweep_find(const struct store_sqlite *sqlite, int64_t *number, const struct table *table,
                      const void *row)
{
    struct place key;
    write_key(&key, table, row);
    return store_late_find(&sweep_of(sqlite, table)->late, key.bytes, number);
}

enum err store_sweep_remove(struct store_sqlite *sqlite, const struct table *table, const void *row)
{
    struct place key;
    const struct store_sql_shape shape = shape_of(STORE_SQL_DELETE_KEY, table);
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    write_key(&key, table, row);
    const enum err error = store_late_remove(&sweep_of(sqlite, table)->late, key.bytes);
    if (error != ERR_MISSING)
        return store_sweep_must(error);
    TRY(store_statement_open(&statement, sqlite, &shape, row));
    TRY(finish(statement));
    return sqlite3_changes(sqlite->db) == 1 ? ERR_OK : ERR_INTEGRITY;
}

const struct store_late *store_sweep_late(const struct store_sqlite *sqlite,
                                          const struct table *table)
{
    return &sweep_of(sqlite, table)->late;
}

/* --- the whole --- */

/* The row's number, then (key, part): as bytes, if they are as declared. */
static enum err read_key(struct place *key, const struct store_sweep *sweep,
                         sqlite3_stmt *statement)
{
    const size_t key_count = sweep->table->key_count;
    key->size = 0;
    for (size_t i = 0; i < key_count; i++) {
        const struct field *field = &sweep->table->schema->fields[i];
        const int column = (int)i + 1;
        uint8_t *at = key->bytes + key->size;
        const struct span bytes = {sqlite3_column_blob(statement, column),
                                   (size_t)sqlite3_column_bytes(statement, column)};
        if (store_row_is_integer(field))
            key->size += store_key_integer(at, sqlite3_column_int64(statement, column));
        else if (bytes.size == field->max)
            key->size += store_key_bytes(at, bytes);
        else
            return ERR_INTEGRITY;
    }
    key->bytes[key->size++] = (uint8_t)sqlite3_column_int(statement, (int)key_count + 1);
    return ERR_OK;
}

/* Each late key leads to a row that has it. */
static enum err check_late(struct store_sqlite *sqlite, struct store_sweep *sweep)
{
    int64_t row = 0;
    struct store_late_walk walk = store_late_walk(&sweep->late, (const uint8_t *)"", 0);
    for (const uint8_t *key = store_late_next(&walk, &row); key != NULL;
         key = store_late_next(&walk, &row)) {
        struct place found;
        AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
        TRY(open_step(&statement, sqlite, sweep, STORE_SWEEP_KEY_OF));
        TRY(store_sqlite_err(sqlite3_bind_int64(statement, 1, row)));
        TRY(store_sweep_must(store_statement_step(statement)));
        TRY(read_key(&found, sweep, statement));
        if (memcmp(found.bytes, key, found.size) != 0)
            return ERR_INTEGRITY;
    }
    return ERR_OK;
}

/* Each key leads to a row that has it, which is then the row's only one; so if there are as many
 * keys as rows, none is missing. */
static enum err check_sweep(struct store_sqlite *sqlite, struct store_sweep *sweep)
{
    int64_t missing = 0;
    int64_t stray = 0;
    TRY(read_step(&missing, sqlite, sweep, STORE_SWEEP_MISSING));
    TRY(read_step(&stray, sqlite, sweep, STORE_SWEEP_STRAY));
    if (stray != 0 || missing != (int64_t)sweep->late.count)
        return ERR_INTEGRITY;
    return check_late(sqlite, sweep);
}

enum err store_sweep_check(struct store_sqlite *sqlite, const char **name)
{
    for (struct store_sweep *sweep = sqlite->sweeps; sweep->table != NULL; sweep++) {
        *name = sweep->table->cluster;
        TRY(check_sweep(sqlite, sweep));
    }
    return ERR_OK;
}

/* --- opening --- */

static size_t key_size(const struct table *table)
{
    size_t size = 1;
    for (size_t i = 0; i < table->key_count; i++)
        size += store_key_field_size(&table->schema->fields[i]);
    return size;
}

static enum err fetch(struct store_sqlite *sqlite, struct store_sweep *sweep)
{
    TRY(run_step(sqlite, sweep, STORE_SWEEP_FETCH, 0));
    TRY(know_next_row(sqlite, sweep));
    return run_step(sqlite, sweep, STORE_SWEEP_MARK, sweep->next_row - 1);
}

static enum err load_keys(struct store_sqlite *sqlite, struct store_sweep *sweep)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(open_step(&statement, sqlite, sweep, STORE_SWEEP_LOAD));
    enum err error = store_statement_step(statement);
    while (error == ERR_OK) {
        struct place key;
        TRY(read_key(&key, sweep, statement));
        TRY(store_late_add(&sweep->late, key.bytes, sqlite3_column_int64(statement, 0)));
        error = store_statement_step(statement);
    }
    TRY(error == ERR_MISSING ? ERR_OK : error);
    store_late_commit(&sweep->late);
    return ERR_OK;
}

static enum err in_transaction(struct store_sqlite *sqlite, struct store_sweep *sweep,
                               enum err (*act)(struct store_sqlite *, struct store_sweep *))
{
    TRY(store_sqlite_exec(sqlite->db, sqlite->read_only ? "BEGIN" : "BEGIN IMMEDIATE"));
    const enum err error = store_sweep_must(act(sqlite, sweep));
    if (error == ERR_OK)
        return store_sqlite_exec(sqlite->db, "COMMIT");
    (void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
    return error;
}

/* Who does not hold the file alone writes only if a key is really missing. */
static enum err catch_up(struct store_sqlite *sqlite, struct store_sweep *sweep)
{
    int64_t is_behind = 0;
    TRY(read_step(&is_behind, sqlite, sweep, STORE_SWEEP_IS_BEHIND));
    if (is_behind == 0)
        return ERR_OK;
    if (sqlite->read_only)
        return in_transaction(sqlite, sweep, load_keys);
    if (sweep->late_max == 0)
        TRY(read_step(&is_behind, sqlite, sweep, STORE_SWEEP_IS_MISSING));
    return is_behind == 0 ? ERR_OK : in_transaction(sqlite, sweep, fetch);
}

enum err store_sweep_begin(struct store_sqlite *sqlite)
{
    for (struct store_sweep *sweep = sqlite->sweeps; sweep->table != NULL; sweep++) {
        int64_t version = 0;
        if (!sqlite->read_only)
            continue;
        TRY(store_sqlite_number(sqlite->db, &version, "PRAGMA data_version"));
        if (version == sweep->file_version)
            continue;
        store_late_fini(&sweep->late);
        store_late_init(&sweep->late, key_size(sweep->table));
        TRY(load_keys(sqlite, sweep));
        sweep->file_version = version;
    }
    return ERR_OK;
}

static enum err open_sweep(struct store_sqlite *sqlite, struct store_sweep *sweep, size_t late_max)
{
    sweep->late_max = late_max;
    TRY(store_sqlite_number(sqlite->db, &sweep->file_version, "PRAGMA data_version"));
    TRY(catch_up(sqlite, sweep));
    sweep->next_row = 0;
    TRY(know_next_row(sqlite, sweep));
    sweep->begun_at = sweep->next_row;
    forget_transaction(sweep);
    return ERR_OK;
}

enum err store_sweep_open(struct store_sqlite *sqlite, size_t late_max)
{
    size_t count = 0;
    sqlite->sweeps = calloc(sqlite->table_count + 1, sizeof *sqlite->sweeps);
    if (sqlite->sweeps == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < sqlite->table_count; i++) {
        const struct table *table = sqlite->store.schema->tables[i];
        if (table->cluster == NULL || store_row_is_made_before(sqlite->store.schema, i))
            continue;
        struct store_sweep *sweep = &sqlite->sweeps[count++];
        sweep->table = table;
        store_late_init(&sweep->late, key_size(table));
        TRY(open_sweep(sqlite, sweep, late_max));
    }
    return ERR_OK;
}

void store_sweep_close(struct store_sqlite *sqlite)
{
    struct store_sweep *sweep = sqlite->sweeps;
    for (; sweep != NULL && sweep->table != NULL; sweep++) {
        store_late_fini(&sweep->late);
        for (size_t i = 0; i < STORE_SWEEP_STEPS; i++)
            (void)sqlite3_finalize(sweep->steps[i]);
    }
    free(sqlite->sweeps);
}
