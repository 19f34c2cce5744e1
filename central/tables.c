/* The central bank's rows, defined from their one declaration. */
#include "central/tables.h"

TABLES_DEFINE(CENTRAL_TABLES)

RECORD_SCHEMA(tables_schema, archive_line, ARCHIVE_LINE_FIELDS, false)

static const struct table *const tables_all[] = {TABLES_POINTERS(CENTRAL_TABLES) NULL};

const struct store_schema tables_schema = {
    .application = "central",
    .version = 1,
    .tables = tables_all,
};
