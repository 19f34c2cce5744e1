/* The wallet's rows, defined from their one declaration. */
#include "wallet/state/tables.h"

TABLES_DEFINE(WALLET_TABLES)

static const struct table *const tables_all[] = {TABLES_POINTERS(WALLET_TABLES)
                                                     TABLES_POINTERS(PURSE_TABLES) NULL};

const struct store_schema wallet_schema = {
    .application = "wallet",
    .version = 1,
    .tables = tables_all,
};
