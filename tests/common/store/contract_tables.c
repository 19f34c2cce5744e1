#include "tests/common/store/contract_tables.h"

TABLES_DEFINE(CONTRACT_TABLES)

const struct table *const contract_tables[] = {TABLES_POINTERS(CONTRACT_TABLES) NULL};
