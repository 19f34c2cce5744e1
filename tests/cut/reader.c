/* Lets the auditor read a wallet's database, which is sealed: the key is in wallet.pin (no
 * passphrase), the pages are opened by the wallet's own VFS; what is read and what it means is the
 * auditor's business alone. Runs for as long as it is asked, so that no cut pays for a start.
 *
 *   open DIRECTORY   that copy of a wallet's directory, made as whole as after a crash
 *   SELECT ...       each row one line: columns by tab, iNUMBER, xHEX or n; then a line "."
 *   close
 *
 * Each answer ends with "."; "!" and a word: it could not be done. */
#include "common/base/file.h"
#include "common/store/store_sealed.h"
#include "wallet/keys/pin.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_SIZE = 8192, PATH_SIZE = LINE_MAX_SIZE + 32 };

struct reader {
    struct store_sealed *sealed;
    sqlite3 *db;
};

static void close_database(struct reader *reader)
{
    (void)sqlite3_close(reader->db);
    reader->db = NULL;
    if (reader->sealed != NULL)
        store_sealed_close(&reader->sealed);
}

static enum err page_key(struct safe_key *pages, const char *directory)
{
    char path[PATH_SIZE];
    struct pin_answer answer;
    struct safe_key master AUTO(safe_key_wipe) = {{0}};
    (void)snprintf(path, sizeof path, "%s/wallet.pin", directory);
    TRY(pin_open(&master, &answer, path, span_of("", 0), 0));
    return answer.verdict == PIN_RIGHT ? safe_key_derive(pages, &master, SAFE_USE_PAGES) : ERR_AUTH;
}

static enum err open_database(struct reader *reader, const char *directory)
{
    char path[PATH_SIZE];
    struct safe_key pages AUTO(safe_key_wipe) = {{0}};
    close_database(reader);
    TRY(page_key(&pages, directory));
    TRY(store_sealed_open(&reader->sealed, &pages));
    (void)snprintf(path, sizeof path, "%s/wallet.db", directory);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &reader->db, flags, store_sealed_name(reader->sealed)) != SQLITE_OK ||
        sqlite3_exec(reader->db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF", NULL,
                     NULL, NULL) != SQLITE_OK)
        return ERR_IO;
    return ERR_OK;
}

static void print_column(sqlite3_stmt *row, int column)
{
    const int kind = sqlite3_column_type(row, column);
    if (column > 0)
        (void)putchar('\t');
    if (kind == SQLITE_NULL) {
        (void)putchar('n');
    } else if (kind == SQLITE_INTEGER) {
        (void)printf("i%lld", (long long)sqlite3_column_int64(row, column));
    } else {
        const uint8_t *bytes = sqlite3_column_blob(row, column);
        (void)putchar('x');
        for (int i = 0; i < sqlite3_column_bytes(row, column); i++)
            (void)printf("%02x", bytes[i]);
    }
}

static const char *answer_query(struct reader *reader, const char *sql)
{
    sqlite3_stmt *row = NULL;
    if (reader->db == NULL || sqlite3_prepare_v2(reader->db, sql, -1, &row, NULL) != SQLITE_OK)
        return reader->db == NULL ? "nothing is open" : sqlite3_errmsg(reader->db);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
        for (int column = 0; column < sqlite3_column_count(row); column++)
            print_column(row, column);
        (void)putchar('\n');
    }
    (void)sqlite3_finalize(row);
    return code == SQLITE_DONE ? NULL : sqlite3_errmsg(reader->db);
}

static const char *answer(struct reader *reader, const char *line)
{
    if (strncmp(line, "open ", 5) == 0) {
        const enum err error = open_database(reader, line + 5);
        return error == ERR_OK ? NULL : err_name(error);
    }
    if (strcmp(line, "close") != 0)
        return answer_query(reader, line);
    close_database(reader);
    return NULL;
}

int main(void)
{
    char line[LINE_MAX_SIZE];
    struct reader reader = {0};
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *wrong = answer(&reader, line);
        (void)(wrong == NULL ? printf(".\n") : printf("!%s\n", wrong));
        (void)fflush(stdout);
    }
    close_database(&reader);
    return 0;
}
