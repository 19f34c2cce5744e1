/* The purse's tables: both backends take them. */
#include "common/purse/tables.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct table *const tables[] = {TABLES_POINTERS(PURSE_TABLES) NULL};
static const struct store_schema schema = {.application = "purse", .version = 1, .tables = tables};

Test(tables, sqlite_and_memory_open_them)
{
    struct store *memory AUTO(store_close) = NULL, *file AUTO(store_close) = NULL;
    char directory[] = "/tmp/purse-XXXXXX", path[64], text[128] = "";
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/purse.db", directory);
    const struct store_sqlite_options options = {.create = true};
    cr_expect_eq(store_memory_open(&memory, &schema), ERR_OK);
    cr_assert_eq(store_sqlite_open(&file, path, &schema, &options), ERR_OK);
    cr_expect_eq(store_check(file, text, sizeof text), ERR_OK, "%s", text);
    store_close(&file);
    unlink(path);
    rmdir(directory);
}
