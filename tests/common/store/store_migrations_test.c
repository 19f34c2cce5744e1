/* From version 1 to 2 and 3 of a small schema: rows kept, the result the same as a new database,
 * or nothing changed. */
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <string.h>

/* Version 2 adds an index and a nullable field; version 3 renames a bound, so the table is made
 * anew. */
#define BOOK_1_FIELDS(F) F(UINT, page, 1, 100) F(ID, id) F(AMOUNT, amount)
#define BOOK_2_FIELDS(F) BOOK_1_FIELDS(F) F(OPT_UINT, note, 0, 9)
#define BOOK_3_FIELDS(F) F(UINT, page, 1, 200) F(ID, id) F(AMOUNT, amount) F(OPT_UINT, note, 0, 9)
#define TABLES_1(T) T(one, book, BOOK_1_FIELDS, 2)
TABLES_DECLARE(TABLES_1)
TABLES_DEFINE(TABLES_1)

/* Each version's struct is another one, but the table's name in the file is the same. */
RECORD_STRUCT(book_2, BOOK_2_FIELDS)
RECORD_SCHEMA(two_schema, book_2, BOOK_2_FIELDS, false)
RECORD_STRUCT(book_3, BOOK_3_FIELDS)
RECORD_SCHEMA(three_schema, book_3, BOOK_3_FIELDS, false)
static const struct table book_2_table = {
    .name = "book", .schema = &two_schema_book_2, .key_count = 2, .indexes = {TABLE_INDEX("note")}};
static const struct table book_3_table = {.name = "book",
                                          .schema = &three_schema_book_3,
                                          .key_count = 2,
                                          .indexes = {TABLE_INDEX("note")}};

static const struct table *const tables_1[] = {&one_table_book, NULL};
static const struct table *const tables_2[] = {&book_2_table, NULL};
static const struct table *const tables_3[] = {&book_3_table, NULL};

static const struct store_migration migrations[] = {
    {2, "ALTER TABLE book ADD COLUMN note INTEGER CHECK (note BETWEEN 0 AND 9);"
        "CREATE INDEX book_by_note ON book(note);"},
    {3, "CREATE TABLE book_new(page INTEGER NOT NULL CHECK (page BETWEEN 1 AND 200),"
        " id BLOB NOT NULL CHECK (length(id) = 32),"
        " amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),"
        " note INTEGER CHECK (note BETWEEN 0 AND 9),"
        " PRIMARY KEY (page, id)) STRICT, WITHOUT ROWID;"
        "INSERT INTO book_new SELECT page, id, amount, note FROM book;"
        "DROP TABLE book;"
        "ALTER TABLE book_new RENAME TO book;"
        "CREATE INDEX book_by_note ON book(note);"},
};

static const struct store_schema versions[] = {
    {"library", 1, tables_1, NULL, 0},
    {"library", 2, tables_2, migrations, 1},
    {"library", 3, tables_3, migrations, 2},
};
static const struct store_sqlite_options creating = {.create = true};
static const struct store_sqlite_options existing = {.create = false};
static const struct store_sqlite_options reading = {.read_only = true};

static void make_version_1(const char *path)
{
    AUTO(store_close) struct store *store = NULL;
    struct book book = {.page = 7};
    book.id.bytes[0] = 3;
    EXPECT_OK(amount_from_fen(&book.amount, 55));
    EXPECT_OK(store_sqlite_open(&store, path, &versions[0], &creating));
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_OK(store_insert(store, &one_table_book, &book));
    EXPECT_OK(store_commit(store));
}

static enum err try_open(const char *path, const struct store_schema *schema,
                         const struct store_sqlite_options *options)
{
    AUTO(store_close) struct store *store = NULL;
    return store_sqlite_open(&store, path, schema, options);
}

static void expect_row(struct store *store, const struct table *table)
{
    AUTO(arena_fini) struct arena arena = {0};
    struct book_3 book = {.page = 7};
    book.id.bytes[0] = 3;
    EXPECT_OK(store_begin(store, STORE_READ));
    EXPECT_OK(store_get(store, table, &book, &arena));
    EXPECT_OK(store_commit(store));
    cr_assert(amount_fen(book.amount) == 55 && !book.has_note);
}

Test(store_migrations, version_1_becomes_the_present_one)
{
    for (size_t to = 1; to < 3; to++) { /* straight from 1, over each step between */
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        AUTO(store_close) struct store *store = NULL;
        make_version_1(temporary.path);
        EXPECT_ERR(try_open(temporary.path, &versions[to], &reading), ERR_VERSION);
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &versions[to], &existing));
        expect_row(store, versions[to].tables[0]);
        EXPECT_OK(store_check(store, NULL, 0)); /* compares with what a new one would be */
        store_close(&store);
        EXPECT_ERR(try_open(temporary.path, &versions[to - 1], &existing), ERR_VERSION);
        EXPECT_OK(try_open(temporary.path, &versions[to], &reading));
    }
}

/* The new bounds are in the file, not only in the program. */
Test(store_migrations, a_migrated_file_has_the_new_checks)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    sqlite3 *db = NULL;
    make_version_1(temporary.path);
    EXPECT_OK(try_open(temporary.path, &versions[2], &existing));
    cr_assert_eq(sqlite3_open(temporary.path, &db), SQLITE_OK);
    const char *good = "INSERT INTO book VALUES (200, zeroblob(32), 1, 9)";
    const char *high = "INSERT INTO book VALUES (201, zeroblob(32), 1, 9)";
    const char *note = "INSERT INTO book VALUES (199, zeroblob(32), 1, 10)";
    cr_assert_eq(sqlite3_exec(db, good, NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, high, NULL, NULL, NULL), SQLITE_CONSTRAINT);
    cr_assert_eq(sqlite3_exec(db, note, NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

/* A migration that breaks, or does not arrive at the declared tables, leaves version 1 as it
 * was. */
Test(store_migrations, a_bad_migration_changes_nothing)
{
    static const struct {
        const char *sql;
        enum err expected;
    } cases[] = {
        {"ALTER TABLE book ADD COLUMN note INTEGER; DELETE FROM book", ERR_VERSION}, /* no CHECK */
        {"DROP TABLE book", ERR_VERSION},
        {"DELETE FROM book; no such words", ERR_LIBRARY},
        {"DELETE FROM book; INSERT INTO book VALUES (0, zeroblob(32), 1)", ERR_INTEGRITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        AUTO(store_close) struct store *store = NULL;
        const struct store_migration bad = {2, cases[i].sql};
        const struct store_schema schema = {"library", 2, tables_2, &bad, 1};
        make_version_1(temporary.path);
        EXPECT_ERR(try_open(temporary.path, &schema, &existing), cases[i].expected);
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &versions[0], &existing));
        EXPECT_OK(store_check(store, NULL, 0));
        AUTO(arena_fini) struct arena arena = {0};
        struct list rows;
        const struct store_query all = {.table = &one_table_book, .index_number = -1};
        EXPECT_OK(store_begin(store, STORE_READ));
        EXPECT_OK(store_list(store, &rows, &all, NULL, &arena));
        cr_assert_eq(rows.count, 1);
        EXPECT_OK(store_commit(store));
    }
}
