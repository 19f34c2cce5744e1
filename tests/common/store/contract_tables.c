/* The tables of contract_tables.h, defined: all that a room writes in its tables.c. */
#include "tests/common/store/contract_tables.h"

TABLES_DEFINE(CONTRACT_TABLES)

const struct table *const contract_tables[] = {TABLES_POINTERS(CONTRACT_TABLES) NULL};
