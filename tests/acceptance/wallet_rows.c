/* The rows of a sealed wallet without a PIN, for tests that ask whether anything changed, or that
 * damage a database on purpose.
 *
 *   wallet_rows HOME          every row of every table, a line each, in the order of their tables
 *   wallet_rows HOME SQL      runs it
 *
 * Exits 0 if it could. */
#include "common/base/time.h"
#include "common/store/store_sealed.h"
#include "wallet/keys/pin.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_SIZE = 1024, SQL_SIZE = 256 };

static void must(bool held, const char *what, const char *why)
{
    if (held)
        return;
    fprintf(stderr, "wallet_rows: %s: %s\n", what, why);
    exit(1);
}

static struct safe_key pages_key(const char *home)
{
    struct safe_key master, pages;
    struct pin_answer answer = {0};
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/wallet.pin", home);
    enum err error = pin_open(&master, &answer, path, span_of("", 0), time_now());
    must(error == ERR_OK && answer.verdict == PIN_RIGHT, path, "a PIN opens it, or nothing does");
    error = safe_key_derive(&pages, &master, SAFE_USE_PAGES);
    must(error == ERR_OK, path, err_name(error));
    return pages;
}

static int print_row(void *table, int count, char **values, char **names)
{
    printf("%s", (const char *)table);
    for (int i = 0; i < count; i++)
        printf(" %s=%s", names[i], values[i] != NULL ? values[i] : "NULL");
    printf("\n");
    return 0;
}

static void run(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **),
                void *context)
{
    must(sqlite3_exec(db, sql, row, context, NULL) == SQLITE_OK, sql, sqlite3_errmsg(db));
}

/* Values are quoted by SQLite: bytes are hexadecimal, and nothing ends a line early. */
static int print_table(void *db, int count, char **values, char **names)
{
    char sql[SQL_SIZE], *columns = NULL;
    sqlite3_stmt *statement = NULL;
    (void)count;
    (void)names;
    snprintf(sql, sizeof sql,
             "SELECT group_concat('quote(\"' || name || '\") AS \"' || name || '\"') "
             "FROM pragma_table_info('%s')",
             values[0]);
    must(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
             sqlite3_step(statement) == SQLITE_ROW,
         values[0], sqlite3_errmsg(db));
    columns =
        sqlite3_mprintf("SELECT %s FROM \"%s\"", sqlite3_column_text(statement, 0), values[0]);
    must(columns != NULL, values[0], "no memory");
    sqlite3_finalize(statement);
    run(db, columns, print_row, values[0]);
    sqlite3_free(columns);
    return 0;
}

int main(int argc, char **argv)
{
    struct store_sealed *sealed = NULL;
    sqlite3 *db = NULL;
    char path[PATH_SIZE];
    must(argc == 2 || argc == 3, "usage", "wallet_rows HOME [SQL]");
    const struct safe_key key = pages_key(argv[1]);
    const enum err error = store_sealed_open(&sealed, &key);
    must(error == ERR_OK, "sealed", err_name(error));
    snprintf(path, sizeof path, "%s/wallet.db", argv[1]);
    must(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, store_sealed_name(sealed)) == SQLITE_OK,
         path, sqlite3_errmsg(db));
    run(db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL);
    if (argc == 3)
        run(db, argv[2], NULL, NULL);
    else
        run(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", print_table,
            db);
    sqlite3_close(db);
    store_sealed_close(&sealed);
    return 0;
}
