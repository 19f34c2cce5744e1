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
#include "common/store/store_near.h"
#include "common/store/store_row.h"
#include "common/store/store_statement.h"
#include "common/store/store_sweep_step.h"

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
    struct store_sweep_steps steps;
    struct store_late late;
    struct store_near near;
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

/* --- transactions --- */

static enum err know_next_row(struct store_sweep *sweep)
{
    if (sweep->next_row != 0)
        return ERR_OK;
    TRY(store_sweep_step_number(&sweep->next_row, &sweep->steps, STORE_SWEEP_NEXT_ROW));
    if (sweep->next_row < sweep->begun_at)
        sweep->next_row = sweep->begun_at;
    return ERR_OK;
}

enum err store_sweep_must(enum err error)
{
    const enum err_class class = err_class(error);
    const bool is_answer = class == ERR_CLASS_ABSENT || class == ERR_CLASS_MALFORMED;
    return is_answer ? ERR_INTEGRITY : error;
}

/* Late keys one after the other, where they lie. */
struct slice {
    size_t count;
    const uint8_t *keys[STORE_SWEEP_PUT_ROWS];
    int64_t rows[STORE_SWEEP_PUT_ROWS];
};

static void take_slice(struct slice *slice, struct store_late_walk *walk, size_t count_max)
{
    slice->count = 0;
    while (slice->count < count_max && slice->count < STORE_SWEEP_PUT_ROWS) {
        const uint8_t *key = store_late_next(walk, &slice->rows[slice->count]);
        if (key == NULL)
            break;
        slice->keys[slice->count++] = key;
    }
}

static enum err put_keys(struct store_sweep *sweep, enum store_sweep_step step,
                         const struct slice *slice, size_t from, size_t count)
{
    int parameter = 1;
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_sweep_step_open(&statement, &sweep->steps, step));
    for (size_t i = from; i < from + count; i++) {
        TRY(store_sweep_step_bind_key(statement, &parameter, sweep->table, slice->keys[i]));
        TRY(store_sqlite_err(sqlite3_bind_int64(statement, parameter++, slice->rows[i])));
    }
    return store_sweep_step_finish(statement);
}

/* What is removed stays where it lies up to the commit. */
static enum err put_slice(struct store_sweep *sweep, const struct slice *slice)
{
    const bool is_full = slice->count == STORE_SWEEP_PUT_ROWS;
    if (is_full)
        TRY(store_sweep_must(put_keys(sweep, STORE_SWEEP_PUT_MANY, slice, 0, slice->count)));
    for (size_t i = 0; i < slice->count; i++) {
        if (!is_full)
            TRY(store_sweep_must(put_keys(sweep, STORE_SWEEP_PUT, slice, i, 1)));
        TRY(store_sweep_must(store_late_remove(&sweep->late, slice->keys[i])));
    }
    if (slice->count == 0)
        return ERR_OK;
    sweep->to.size = sweep->late.key_size;
    memcpy(sweep->to.bytes, slice->keys[slice->count - 1], sweep->to.size);
    return ERR_OK;
}

/* So many of the late keys, or all that are left of this sweep, into the file. */
static enum err move_on(struct store_sweep *sweep, size_t count)
{
    struct slice slice;
    struct store_late_walk walk = store_late_walk(&sweep->late, sweep->at.bytes, sweep->at.size);
    sweep->moves = true;
    store_near_forget(&sweep->near);
    while (count > 0) {
        take_slice(&slice, &walk, count);
        TRY(put_slice(sweep, &slice));
        count -= slice.count;
        if (slice.count < STORE_SWEEP_PUT_ROWS)
            break;
    }
    sweep->ends = count > 0;
    if (!sweep->ends)
        return ERR_OK;
    TRY(store_sweep_must(know_next_row(sweep)));
    return store_sweep_must(
        store_sweep_step_run(&sweep->steps, STORE_SWEEP_MARK, sweep->begun_at - 1));
}

enum err store_sweep_before_commit(struct store_sqlite *sqlite)
{
    for (struct store_sweep *sweep = sqlite->sweeps; sweep->table != NULL; sweep++)
        if (sweep->late.count > sweep->late_max)
            TRY(move_on(sweep, sweep->late.count - sweep->late_max));
    return ERR_OK;
}

static void forget_transaction(struct store_sweep *sweep)
{
    sweep->to.size = 0;
    sweep->next_row = 0;
    sweep->moves = sweep->ends = false;
    store_near_forget(&sweep->near);
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

static enum err add_to_file(struct store_sweep *sweep, const struct place *key)
{
    const struct slice slice = {1, {key->bytes}, {sweep->next_row}};
    store_near_forget(&sweep->near);
    return put_keys(sweep, STORE_SWEEP_PUT, &slice, 0, 1);
}

static enum err add_late(struct store_sweep *sweep, const struct place *key)
{
    int64_t row = 0;
    const enum err error = store_near_find(&sweep->near, &row, &sweep->steps, key->bytes);
    if (error != ERR_MISSING)
        return error == ERR_OK ? ERR_EXISTS : error;
    return store_late_add(&sweep->late, key->bytes, sweep->next_row);
}

enum err store_sweep_add(struct store_sqlite *sqlite, int64_t *number, const struct table *table,
                         const void *row)
{
    struct place key;
    struct store_sweep *sweep = sweep_of(sqlite, table);
    write_key(&key, table, row);
    TRY(know_next_row(sweep));
    TRY(sweep->late_max == 0 ? add_to_file(sweep, &key) : add_late(sweep, &key));
    *number = sweep->next_row++;
    return ERR_OK;
}

enum err store_sweep_find(struct store_sqlite *sqlite, int64_t *number, const struct table *table,
                          const void *row)
{
    struct place key;
    struct store_sweep *sweep = sweep_of(sqlite, table);
    write_key(&key, table, row);
    if (store_late_find(&sweep->late, key.bytes, number))
        return ERR_OK;
    return store_near_find(&sweep->near, number, &sweep->steps, key.bytes);
}

enum err store_sweep_remove(struct store_sqlite *sqlite, const struct table *table, const void *row)
{
    int parameter = 1;
    struct place key;
    struct store_sweep *sweep = sweep_of(sqlite, table);
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    write_key(&key, table, row);
    const enum err error = store_late_remove(&sweep->late, key.bytes);
    if (error != ERR_MISSING)
        return store_sweep_must(error);
    store_near_forget(&sweep->near);
    TRY(store_sweep_step_open(&statement, &sweep->steps, STORE_SWEEP_TAKE));
    TRY(store_sweep_step_bind_key(statement, &parameter, table, key.bytes));
    TRY(store_sweep_step_finish(statement));
    return sqlite3_changes(sqlite->db) == 1 ? ERR_OK : ERR_INTEGRITY;
}

const struct store_late *store_sweep_late(const struct store_sqlite *sqlite,
                                          const struct table *table)
{
    return &sweep_of(sqlite, table)->late;
}

/* --- the whole --- */

/* Each late key leads to a row that has it. */
static enum err check_late(struct store_sweep *sweep)
{
    int64_t row = 0;
    struct store_late_walk walk = store_late_walk(&sweep->late, (const uint8_t *)"", 0);
    for (const uint8_t *key = store_late_next(&walk, &row); key != NULL;
         key = store_late_next(&walk, &row)) {
        struct place found;
        AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
        TRY(store_sweep_step_open(&statement, &sweep->steps, STORE_SWEEP_KEY_OF));
        TRY(store_sqlite_err(sqlite3_bind_int64(statement, 1, row)));
        TRY(store_sweep_must(store_statement_step(statement)));
        TRY(store_sweep_step_read_key(found.bytes, &found.size, sweep->table, statement));
        if (memcmp(found.bytes, key, found.size) != 0)
            return ERR_INTEGRITY;
    }
    return ERR_OK;
}

/* Each key leads to a row that has it, which is then the row's only one; so if there are as many
 * keys as rows, none is missing. */
static enum err check_sweep(struct store_sweep *sweep)
{
    int64_t missing = 0;
    int64_t stray = 0;
    TRY(store_sweep_step_number(&missing, &sweep->steps, STORE_SWEEP_MISSING));
    TRY(store_sweep_step_number(&stray, &sweep->steps, STORE_SWEEP_STRAY));
    if (stray != 0 || missing != (int64_t)sweep->late.count)
        return ERR_INTEGRITY;
    return check_late(sweep);
}

enum err store_sweep_check(struct store_sqlite *sqlite, const char **name)
{
    for (struct store_sweep *sweep = sqlite->sweeps; sweep->table != NULL; sweep++) {
        *name = sweep->table->cluster;
        TRY(check_sweep(sweep));
    }
    return ERR_OK;
}

/* --- opening --- */

static enum err fetch(struct store_sweep *sweep)
{
    TRY(store_sweep_step_run(&sweep->steps, STORE_SWEEP_FETCH, 0));
    TRY(know_next_row(sweep));
    return store_sweep_step_run(&sweep->steps, STORE_SWEEP_MARK, sweep->next_row - 1);
}

static enum err load_keys(struct store_sweep *sweep)
{
    AUTO(store_statement_close) sqlite3_stmt *statement = NULL;
    TRY(store_sweep_step_open(&statement, &sweep->steps, STORE_SWEEP_LOAD));
    enum err error = store_statement_step(statement);
    while (error == ERR_OK) {
        struct place key;
        TRY(store_sweep_step_read_key(key.bytes, &key.size, sweep->table, statement));
        TRY(store_late_add(&sweep->late, key.bytes, sqlite3_column_int64(statement, 0)));
        error = store_statement_step(statement);
    }
    TRY(error == ERR_MISSING ? ERR_OK : error);
    store_late_commit(&sweep->late);
    return ERR_OK;
}

static enum err in_transaction(struct store_sqlite *sqlite, struct store_sweep *sweep,
                               enum err (*act)(struct store_sweep *))
{
    TRY(store_sqlite_exec(sqlite->db, sqlite->read_only ? "BEGIN" : "BEGIN IMMEDIATE"));
    const enum err error = store_sweep_must(act(sweep));
    if (error == ERR_OK)
        return store_sqlite_exec(sqlite->db, "COMMIT");
    (void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
    return error;
}

/* Who does not hold the file alone writes only if a key is really missing. */
static enum err catch_up(struct store_sqlite *sqlite, struct store_sweep *sweep)
{
    int64_t is_behind = 0;
    TRY(store_sweep_step_number(&is_behind, &sweep->steps, STORE_SWEEP_IS_BEHIND));
    if (is_behind == 0)
        return ERR_OK;
    if (sqlite->read_only)
        return in_transaction(sqlite, sweep, load_keys);
    if (sweep->late_max == 0)
        TRY(store_sweep_step_number(&is_behind, &sweep->steps, STORE_SWEEP_IS_MISSING));
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
        store_late_init(&sweep->late, store_key_size(sweep->table));
        TRY(load_keys(sweep));
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
    TRY(know_next_row(sweep));
    sweep->begun_at = sweep->next_row;
    forget_transaction(sweep);
    return ERR_OK;
}

enum err store_sweep_open(struct store_sqlite *sqlite, size_t late_max)
{
    const struct table *clusters[STORE_ROW_CLUSTERS_MAX];
    const size_t count = store_row_clusters(clusters, sqlite->store.schema);
    sqlite->sweeps = calloc(count + 1, sizeof *sqlite->sweeps);
    if (sqlite->sweeps == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct store_sweep *sweep = &sqlite->sweeps[i];
        sweep->table = clusters[i];
        sweep->steps = (struct store_sweep_steps){.table = clusters[i], .db = sqlite->db};
        store_late_init(&sweep->late, store_key_size(clusters[i]));
        TRY(open_sweep(sqlite, sweep, late_max));
    }
    return ERR_OK;
}

void store_sweep_close(struct store_sqlite *sqlite)
{
    struct store_sweep *sweep = sqlite->sweeps;
    for (; sweep != NULL && sweep->table != NULL; sweep++) {
        store_late_fini(&sweep->late);
        store_sweep_step_close(&sweep->steps);
    }
    free(sqlite->sweeps);
}
