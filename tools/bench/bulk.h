/* A store for bulk loads: the one row of `books`, which every new coin reads and writes twice, is
 * kept at hand and written when the transaction commits. Everything else, and every rule of
 * store.h, is the backend's. register_mint is called as ever and notices nothing. */
#ifndef DCEP_TOOLS_BENCH_BULK_H
#define DCEP_TOOLS_BENCH_BULK_H

#include "common/store/store.h"

/* From now on, outside a transaction. One store a process; only transactions that write. */
void bulk_begin(struct store *store);
/* The backend alone again. */
void bulk_end(struct store *store);

#endif
