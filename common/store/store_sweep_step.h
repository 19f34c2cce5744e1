/* The statements of a sweep (store_sweep_sql.h), prepared once and run. Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_SWEEP_STEP_H
#define DCEP_COMMON_STORE_STORE_SWEEP_STEP_H

#include "common/store/store_sqlite.h"
#include "common/store/store_sweep_sql.h"

struct store_sweep_steps {
    const struct table *table; /* the part that stands for all of its cluster */
    sqlite3 *db;
    sqlite3_stmt *kept[STORE_SWEEP_STEPS];
};
void store_sweep_step_close(struct store_sweep_steps *steps);

/* Reset by store_statement_close. */
enum err store_sweep_step_open(sqlite3_stmt **out, struct store_sweep_steps *steps,
                               enum store_sweep_step step) MUST_USE;
/* For what gives no row, or whose row nobody wants. */
enum err store_sweep_step_finish(sqlite3_stmt *statement) MUST_USE;
/* Its only parameter, if it has one, is number. */
enum err store_sweep_step_run(struct store_sweep_steps *steps, enum store_sweep_step step,
                              int64_t number) MUST_USE;
/* The first column of its only row. */
enum err store_sweep_step_number(int64_t *number, struct store_sweep_steps *steps,
                                 enum store_sweep_step step) MUST_USE;

/* A field of a key as bytes (store_key.h), borrowed until the statement is reset. */
enum err store_sweep_step_bind_field(sqlite3_stmt *statement, int parameter,
                                     const struct field *field, const uint8_t *bytes) MUST_USE;
/* (key, part) as bytes: to parameter *parameter and those after it, which *parameter
 * is beyond then. The bytes are borrowed until the statement is reset. */
enum err store_sweep_step_bind_key(sqlite3_stmt *statement, int *parameter,
                                   const struct table *table, const uint8_t *key) MUST_USE;
/* The columns after the first; *size bytes. ERR_INTEGRITY unless they are as declared. */
enum err store_sweep_step_read_key(uint8_t *key, size_t *size, const struct table *table,
                                   sqlite3_stmt *statement) MUST_USE;

#endif
