/* The bank's rows, defined from their one declaration. */
#include "intermediary/bank_tables.h"

TABLES_DEFINE(BANK_TABLES)

static const struct table *const bank_tables[] = {TABLES_POINTERS(BANK_TABLES)
                                                      TABLES_POINTERS(PURSE_TABLES) NULL};

const struct store_schema bank_schema = {
    .application = "bank",
    .version = 1,
    .tables = bank_tables,
};
