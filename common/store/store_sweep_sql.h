/* The statements of a sweep (store_sweep.h): text only. Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_SWEEP_SQL_H
#define DCEP_COMMON_STORE_STORE_SWEEP_SQL_H

#include "common/store/store_sql.h"

enum { STORE_SWEEP_PUT_ROWS = 16 };
enum store_sweep_step {
    STORE_SWEEP_IS_BEHIND,  /* are there rows beyond the mark? */
    STORE_SWEEP_IS_MISSING, /* and has one of them no key in the file? */
    STORE_SWEEP_FETCH,      /* the keys of those that have none in the file into it, */
    STORE_SWEEP_LOAD,       /* or to be read: the row's number, the key, the part */
    STORE_SWEEP_NEXT_ROW,   /* the number of the row that comes next */
    STORE_SWEEP_LINE,     /* as LOAD, of the keys in the file whose first field is ?1, ?2 of them */
    STORE_SWEEP_FIND,     /* the number of the row of (key, part), */
    STORE_SWEEP_TAKE,     /* and out of the file with the key */
    STORE_SWEEP_PUT,      /* a key, part and row into the file, */
    STORE_SWEEP_PUT_MANY, /* or STORE_SWEEP_PUT_ROWS of them at once */
    STORE_SWEEP_MARK,     /* rows up to ?1 have their keys in the file */
    STORE_SWEEP_KEY_OF,   /* as LOAD, of row ?1 */
    STORE_SWEEP_STRAY,    /* how many keys there have not their row */
    STORE_SWEEP_MISSING,  /* and, if none, how many rows not their key */
    STORE_SWEEP_STEPS
};

/* Of the cluster that table is a part of. */
void store_sweep_sql(struct store_sql *sql, const struct table *table, enum store_sweep_step step);

#endif
