/* The purse's rows, defined from their one declaration. */
#include "common/purse/tables.h"

TABLES_DEFINE(PURSE_TABLES)
