/* Making and migrating a database.
 *
 * 1. One transaction: after kill -9 the file is of the old version or of the new one, whole.
 * 2. A migrated database is the same as a new one, CHECKs included: the text of every table and
 *    index is compared with what the declarations give, and a migration that does not get there
 *    is rolled back. SQLite can only add a nullable column to a table, so most migrations make
 *    the new table, copy, drop the old one and rename.
 * 3. Keys of a cluster may be behind its rows (store_sweep.h): a migration that gives rows other
 *    numbers, or copies keys, makes the keys anew from the rows and deletes the mark,
 *    '<cluster>_row' of store_meta.
 * 4. Another application's file, or a newer one, is never written to.
 */
#include "common/store/store_migrations.h"

#include "common/store/store_row.h"
#include "common/store/store_sql.h"

#include <stdio.h>
#include <string.h>

#define META_TABLE                                                                                 \
    "CREATE TABLE \"store_meta\"(\"name\" TEXT NOT NULL, \"value\" TEXT NOT NULL, "                \
    "PRIMARY KEY (\"name\")) STRICT, WITHOUT ROWID"

enum state { STATE_EMPTY, STATE_OLDER, STATE_CURRENT };

static enum err bind_text(sqlite3_stmt *statement, int number, const char *text)
{
    return store_sqlite_err(sqlite3_bind_text(statement, number, text, -1, SQLITE_STATIC));
}

/* --- whose is it --- */

static enum err expect_application(struct store_sqlite *sqlite)
{
    AUTO(store_sqlite_finalize) sqlite3_stmt *statement = NULL;
    const char *sql = "SELECT 1 FROM store_meta WHERE name = 'application' AND value = ?1";
    /* No such table: it bears our number, but nothing of ours is in it. */
    if (sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        return ERR_VERSION;
    }
    TRY(bind_text(statement, 1, sqlite->store.schema->application));
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) {
        return ERR_VERSION;
    }
    return code == SQLITE_ROW ? ERR_OK : store_sqlite_err(code);
}

static enum err look(enum state *state, unsigned *version, struct store_sqlite *sqlite)
{
    int64_t objects = 0;
    int64_t application = 0;
    int64_t number = 0;
    TRY(store_sqlite_number(sqlite->db, &objects, "SELECT count(*) FROM sqlite_schema"));
    TRY(store_sqlite_number(sqlite->db, &application, "PRAGMA application_id"));
    TRY(store_sqlite_number(sqlite->db, &number, "PRAGMA user_version"));
    *version = 0;
    *state = STATE_EMPTY;
    if (objects == 0 && application == 0 && number == 0) {
        return ERR_OK;
    }
    if (application != STORE_SQLITE_APPLICATION_ID || number < 1 ||
        number > sqlite->store.schema->version) {
        return ERR_VERSION;
    }
    TRY(expect_application(sqlite));
    *version = (unsigned)number;
    *state = *version < sqlite->store.schema->version ? STATE_OLDER : STATE_CURRENT;
    return ERR_OK;
}

/* In one read transaction: another process may be making the database right now. */
static enum err look_alone(enum state *state, unsigned *version, struct store_sqlite *sqlite)
{
    TRY(store_sqlite_exec(sqlite->db, "BEGIN"));
    const enum err error = look(state, version, sqlite);
    (void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
    return error;
}

enum err store_migrations_identify(struct store_sqlite *sqlite)
{
    enum state state = STATE_EMPTY;
    unsigned version = 0;
    return look_alone(&state, &version, sqlite);
}

/* --- making --- */

static enum err exec_sql(struct store_sqlite *sqlite, struct store_sql *sql)
{
    const char *text = NULL;
    TRY(store_sql_end(sql, &text));
    return store_sqlite_exec(sqlite->db, text);
}

static enum err make_keys(struct store_sqlite *sqlite, const struct table *table)
{
    AUTO(store_sql_fini) struct store_sql text = {0};
    store_sql_keys(&text, table);
    return exec_sql(sqlite, &text);
}

static enum err make_table(struct store_sqlite *sqlite, const struct table *table)
{
    AUTO(store_sql_fini) struct store_sql text = {0};
    store_sql_table(&text, table);
    TRY(exec_sql(sqlite, &text));
    if (table->cluster != NULL)
        return make_keys(sqlite, table);
    for (size_t i = 0; i < TABLE_INDEXES_MAX; i++) {
        AUTO(store_sql_fini) struct store_sql index = {0};
        if (store_sql_index(&index, table, i)) {
            TRY(exec_sql(sqlite, &index));
        }
    }
    return ERR_OK;
}

static enum err write_application(struct store_sqlite *sqlite)
{
    AUTO(store_sqlite_finalize) sqlite3_stmt *statement = NULL;
    const char *sql = "INSERT INTO store_meta(name, value) VALUES ('application', ?1)";
    TRY(store_sqlite_err(sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL)));
    TRY(bind_text(statement, 1, sqlite->store.schema->application));
    const int code = sqlite3_step(statement);
    return code == SQLITE_DONE ? ERR_OK : store_sqlite_err(code);
}

static enum err set_pragma(struct store_sqlite *sqlite, const char *name, unsigned value)
{
    char text[64];
    (void)snprintf(text, sizeof text, "PRAGMA %s = %u", name, value);
    return store_sqlite_exec(sqlite->db, text);
}

static enum err make(struct store_sqlite *sqlite)
{
    const struct store_schema *schema = sqlite->store.schema;
    TRY(store_sqlite_exec(sqlite->db, META_TABLE));
    TRY(write_application(sqlite));
    for (size_t i = 0; schema->tables[i] != NULL; i++) {
        if (!store_row_is_made_before(schema, i)) {
            TRY(make_table(sqlite, schema->tables[i]));
        }
    }
    TRY(set_pragma(sqlite, "application_id", STORE_SQLITE_APPLICATION_ID));
    return set_pragma(sqlite, "user_version", schema->version);
}

/* --- migrating --- */

static const struct store_migration *next_migration(const struct store_schema *schema,
                                                    unsigned version)
{
    for (size_t i = 0; i < schema->migration_count; i++) {
        if (schema->migrations[i].to_version == version + 1) {
            return &schema->migrations[i];
        }
    }
    return NULL;
}

static enum err migrate(struct store_sqlite *sqlite, unsigned version)
{
    const struct store_schema *schema = sqlite->store.schema;
    for (; version < schema->version; version++) {
        const struct store_migration *migration = next_migration(schema, version);
        CHECK(migration != NULL);
        TRY(store_sqlite_exec(sqlite->db, migration->sql));
        CHECK(sqlite3_get_autocommit(sqlite->db) == 0); /* a migration must not commit by itself */
    }
    return set_pragma(sqlite, "user_version", schema->version);
}

/* --- comparing --- */

static const char *skip_noise(const char *text)
{
    return text + strspn(text, " \t\r\n\"`[]");
}

/* The same but for white space and quoting, which ALTER TABLE changes. */
static bool same_sql(const char *a, const char *b)
{
    a = skip_noise(a);
    b = skip_noise(b);
    while (*a != '\0' && *a == *b) {
        a = skip_noise(a + 1);
        b = skip_noise(b + 1);
    }
    return *a == *b;
}

/* Is there an object whose text is the one expected? */
static enum err find_sql(struct store_sqlite *sqlite, const char *expected)
{
    AUTO(store_sqlite_finalize) sqlite3_stmt *statement = NULL;
    const char *sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL";
    TRY(store_sqlite_err(sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL)));
    int code = sqlite3_step(statement);
    while (code == SQLITE_ROW) {
        if (same_sql((const char *)sqlite3_column_text(statement, 0), expected)) {
            return ERR_OK;
        }
        code = sqlite3_step(statement);
    }
    return code == SQLITE_DONE ? ERR_VERSION : store_sqlite_err(code);
}

static enum err compare_keys(struct store_sqlite *sqlite, int64_t *count, const struct table *table)
{
    AUTO(store_sql_fini) struct store_sql text = {0};
    const char *expected = NULL;
    store_sql_keys(&text, table);
    TRY(store_sql_end(&text, &expected));
    ++*count;
    return find_sql(sqlite, expected);
}

static enum err compare_table(struct store_sqlite *sqlite, int64_t *count,
                              const struct table *table)
{
    AUTO(store_sql_fini) struct store_sql text = {0};
    const char *expected = NULL;
    store_sql_table(&text, table);
    TRY(store_sql_end(&text, &expected));
    TRY(find_sql(sqlite, expected));
    ++*count;
    if (table->cluster != NULL)
        return compare_keys(sqlite, count, table);
    for (size_t i = 0; i < TABLE_INDEXES_MAX; i++) {
        AUTO(store_sql_fini) struct store_sql index = {0};
        if (store_sql_index(&index, table, i)) {
            TRY(store_sql_end(&index, &expected));
            TRY(find_sql(sqlite, expected));
            ++*count;
        }
    }
    return ERR_OK;
}

enum err store_migrations_compare(struct store_sqlite *sqlite, const char **name)
{
    const struct store_schema *schema = sqlite->store.schema;
    int64_t expected = 1;
    int64_t found = 0;
    *name = "store_meta";
    TRY(find_sql(sqlite, META_TABLE));
    for (size_t i = 0; schema->tables[i] != NULL; i++) {
        *name = schema->tables[i]->name;
        if (!store_row_is_made_before(schema, i)) {
            TRY(compare_table(sqlite, &expected, schema->tables[i]));
        }
    }
    *name = "an object that is not of the schema";
    TRY(store_sqlite_number(sqlite->db, &found,
                            "SELECT count(*) FROM sqlite_schema "
                            "WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"));
    return found == expected ? ERR_OK : ERR_VERSION;
}

/* --- all of it --- */

/* Looked at again, now that nobody else can write. */
static enum err run_locked(struct store_sqlite *sqlite)
{
    const char *name = NULL;
    enum state state = STATE_EMPTY;
    unsigned version = 0;
    TRY(look(&state, &version, sqlite));
    if (state == STATE_EMPTY) {
        TRY(make(sqlite));
    } else if (state == STATE_OLDER) {
        TRY(migrate(sqlite, version));
    }
    TRY(store_migrations_compare(sqlite, &name));
    return store_sqlite_exec(sqlite->db, "COMMIT");
}

enum err store_migrations_run(struct store_sqlite *sqlite, bool create)
{
    const char *name = NULL;
    enum state state = STATE_EMPTY;
    unsigned version = 0;
    TRY(look_alone(&state, &version, sqlite));
    if (state == STATE_CURRENT) {
        return store_migrations_compare(sqlite, &name);
    }
    if (state == STATE_EMPTY && !create) {
        return ERR_MISSING;
    }
    if (sqlite->read_only) {
        return ERR_VERSION;
    }
    TRY(store_sqlite_exec(sqlite->db, "BEGIN IMMEDIATE"));
    const enum err error = run_locked(sqlite);
    if (sqlite3_get_autocommit(sqlite->db) == 0) {
        (void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return error;
}
