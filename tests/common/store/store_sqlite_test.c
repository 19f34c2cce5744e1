/* The contract suite over SQLite, then what only a file can do: be opened wrongly, shared,
 * killed, full, damaged. */
#include "tests/common/store/killed.h"
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include "common/base/file.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct store_sqlite_options creating = {.create = true};
static const struct store_sqlite_options existing = {.create = false};
static const struct store_sqlite_options alone = {.create = true, .exclusive = true};
static const struct store_sqlite_options reading = {.read_only = true};
static const struct table *const coins = &contract_table_contract_coin;

#define SQLITE_TEST(name) STORE_CONTRACT_FILE(store_sqlite, name, creating)
STORE_CONTRACT(SQLITE_TEST)

#define EXCLUSIVE_TEST(name) STORE_CONTRACT_FILE(store_sqlite_exclusive, name, alone)
STORE_CONTRACT(EXCLUSIVE_TEST)

static struct store *open_store(const char *path, const struct store_sqlite_options *options)
{
    struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, path, &contract_schema, options));
    return store;
}

static enum err try_open(const char *path, const struct store_schema *schema,
                         const struct store_sqlite_options *options)
{
    AUTO(store_close) struct store *store = NULL;
    return store_sqlite_open(&store, path, schema, options);
}

static int raw_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    const int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_close(db);
    return code;
}

/* --- opening --- */

Test(store_sqlite, files_are_private_and_rows_survive_closing)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = open_store(temporary.path, &creating);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    contract_insert_coins(store, 1, 5);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[256];
        struct stat about;
        (void)snprintf(name, sizeof name, "%s%s", temporary.path, suffixes[i]);
        cr_assert_eq(stat(name, &about), 0, "%s", name);
        cr_assert_eq(about.st_mode & 0777, 0600, "%s", name);
    }
    store_close(&store);
    store = open_store(temporary.path, &existing);
    cr_assert_eq(contract_count(store, coins), 5);
    EXPECT_OK(store_check(store, NULL, 0));
}

Test(store_sqlite, opens_only_what_is_its_own)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct store_schema other = contract_schema;
    other.application = "another";
    struct store_schema older = contract_schema;
    struct store_schema newer = contract_schema;
    newer.version = 2;
    EXPECT_ERR(try_open(temporary.path, &contract_schema, &existing), ERR_MISSING);
    EXPECT_ERR(try_open(temporary.path, &contract_schema, &reading), ERR_MISSING);
    EXPECT_ERR(try_open("/nowhere/at/all.db", &contract_schema, &creating), ERR_MISSING);
    EXPECT_ERR(try_open(temporary.directory, &contract_schema, &existing), ERR_IO);
    EXPECT_ERR(try_open(":memory:", &contract_schema, &creating), ERR_IO);
    EXPECT_OK(try_open(temporary.path, &newer, &creating));
    EXPECT_ERR(try_open(temporary.path, &older, &creating), ERR_VERSION); /* from the future */
    EXPECT_ERR(try_open(temporary.path, &other, &creating), ERR_VERSION);
    EXPECT_OK(try_open(temporary.path, &newer, &existing));
}

Test(store_sqlite, leaves_a_stranger_s_file_as_it_was)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(buffer_fini) struct buffer before = {0};
    AUTO(buffer_fini) struct buffer after = {0};
    cr_assert_eq(raw_sql(temporary.path, "CREATE TABLE theirs(a); INSERT INTO theirs VALUES (1)"),
                 SQLITE_OK);
    EXPECT_OK(file_read(&before, temporary.path, 1 << 20));
    EXPECT_ERR(try_open(temporary.path, &contract_schema, &creating), ERR_VERSION);
    EXPECT_OK(file_read(&after, temporary.path, 1 << 20));
    cr_assert(span_equal(buffer_span(&before), buffer_span(&after)));
    EXPECT_OK(file_replace(temporary.other, span_text("this is no database, not even one page"),
                           FILE_PRIVATE));
    EXPECT_ERR(try_open(temporary.other, &contract_schema, &creating), ERR_INTEGRITY);
}

Test(store_sqlite, takes_an_empty_file_for_a_database_not_made_yet)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    EXPECT_OK(file_replace(temporary.path, span_text(""), FILE_PRIVATE));
    EXPECT_ERR(try_open(temporary.path, &contract_schema, &existing), ERR_MISSING);
    EXPECT_OK(try_open(temporary.path, &contract_schema, &creating));
    EXPECT_OK(try_open(temporary.path, &contract_schema, &existing));
}

Test(store_sqlite, reads_only_when_told_to)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *writer = open_store(temporary.path, &creating);
    contract_insert_coins(writer, 1, 2);
    AUTO(store_close) struct store *reader = open_store(temporary.path, &reading);
    cr_assert_eq(contract_count(reader, coins), 2);
    EXPECT_ERR(store_begin(reader, STORE_WRITE), ERR_PERMISSION);
    EXPECT_OK(store_check(reader, NULL, 0));
}

Test(store_sqlite, keeps_others_out_when_exclusive)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *holder = open_store(temporary.path, &alone);
    EXPECT_ERR(try_open(temporary.path, &contract_schema, &existing), ERR_LOCKED);
    const pid_t child = fork();
    if (child == 0) {
        _exit(try_open(temporary.path, &contract_schema, &alone) == ERR_LOCKED ? 0 : 1);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    contract_insert_coins(holder, 1, 2);
    store_close(&holder);
    EXPECT_OK(try_open(temporary.path, &contract_schema, &existing));
}

/* --- processes --- */

Test(store_sqlite, one_writer_at_a_time_and_readers_see_commits_only)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *writer = open_store(temporary.path, &creating);
    AUTO(store_close) struct store *second = open_store(temporary.path, &existing);
    const struct contract_coin coin = contract_make_coin(1, 1);
    EXPECT_OK(store_begin(writer, STORE_WRITE));
    EXPECT_OK(store_insert(writer, coins, &coin));
    EXPECT_ERR(store_begin(second, STORE_WRITE), ERR_BUSY);
    cr_assert_eq(contract_count(second, coins), 0);
    EXPECT_OK(store_commit(writer));
    cr_assert_eq(contract_count(second, coins), 1);
    EXPECT_OK(store_begin(second, STORE_WRITE));
    EXPECT_ERR(store_insert(second, coins, &coin), ERR_EXISTS); /* the second spend */
    EXPECT_OK(store_commit(second));
}

/* No assertions in a child: they talk to the parent's runner, and wait for ever. */
static enum err insert_as_child(const char *path, uint64_t serial, unsigned count)
{
    AUTO(store_close) struct store *store = NULL;
    TRY(store_sqlite_open(&store, path, &contract_schema, &creating));
    for (unsigned i = 0; i < count; i++) {
        const struct contract_coin coin = contract_make_coin(serial, i);
        enum err error = store_begin(store, STORE_WRITE);
        while (error == ERR_BUSY) {
            error = store_begin(store, STORE_WRITE);
        }
        TRY(error);
        TRY(store_insert(store, coins, &coin));
        TRY(store_commit(store));
    }
    return ERR_OK;
}

static void fill_from_two_processes(const char *path, unsigned count)
{
    pid_t children[2];
    for (unsigned i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            _exit((int)insert_as_child(path, 1 + i, count));
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        int status = -1;
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_assert(WIFEXITED(status));
        EXPECT_OK((enum err)WEXITSTATUS(status));
    }
    AUTO(store_close) struct store *store = open_store(path, &existing);
    cr_assert_eq(contract_count(store, coins), 2 * count);
    EXPECT_OK(store_check(store, NULL, 0));
}

Test(store_sqlite, two_processes_make_and_fill_one_file)
{
    for (int turn = 0; turn < 20; turn++) { /* who is first differs */
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        fill_from_two_processes(temporary.path, 5);
    }
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    fill_from_two_processes(temporary.path, 50);
}

Test(store_sqlite, everything_acknowledged_survives_kill)
{
    killed_expect_whole(&creating);
}

/* --- the file defends itself --- */

#define ID_SQL "zeroblob(32)"
#define KEY_SQL "zeroblob(33)"
#define COIN_SQL(values) "INSERT INTO contract_coin VALUES (" values ")"
#define THING_SQL(small, amount, balance, blob, text, record, maybe_uint, maybe_id)                \
    "INSERT INTO contract_thing VALUES (zeroblob(16), " small ", " amount ", " balance             \
    ", zeroblob(8), " blob ", " text ", " record ", " maybe_uint ", " maybe_id                     \
    ", NULL, NULL, NULL, NULL, NULL)"

Test(store_sqlite, the_database_itself_refuses)
{
    static const struct {
        const char *sql;
        int expected;
    } cases[] = {
        {COIN_SQL("1, " ID_SQL ", 1, " KEY_SQL ", 1, NULL"), SQLITE_OK},
        {COIN_SQL("1, " ID_SQL ", 1, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT}, /* spent twice */
        {COIN_SQL("0, " ID_SQL ", 1, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("9007199254740992, " ID_SQL ", 1, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", 0, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", -1, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", 9007199254740992, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", 1.5, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", 'x', " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", NULL, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, zeroblob(31), 1, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, zeroblob(33), 1, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, NULL, 1, " KEY_SQL ", 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", 1, zeroblob(32), 1, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", 1, " KEY_SQL ", 0, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", 1, " KEY_SQL ", 6, NULL"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", 1, " KEY_SQL ", 1, zeroblob(31)"), SQLITE_CONSTRAINT},
        {COIN_SQL("2, " ID_SQL ", 1, " KEY_SQL ", 1, " ID_SQL), SQLITE_OK},
        {COIN_SQL("3, " ID_SQL ", 1, " KEY_SQL ", 1, " ID_SQL), SQLITE_CONSTRAINT}, /* unique */
        {THING_SQL("2", "0", "0", "zeroblob(2)", "''", "zeroblob(75)", "NULL", "NULL"),
         SQLITE_CONSTRAINT},
        {THING_SQL("3", "0", "0", "zeroblob(1)", "''", "zeroblob(75)", "NULL", "NULL"),
         SQLITE_CONSTRAINT},
        {THING_SQL("3", "0", "0", "zeroblob(301)", "''", "zeroblob(75)", "NULL", "NULL"),
         SQLITE_CONSTRAINT},
        {THING_SQL("3", "0", "0", "'text'", "''", "zeroblob(75)", "NULL", "NULL"),
         SQLITE_CONSTRAINT},
        {THING_SQL("3", "0", "-9007199254740992", "zeroblob(2)", "''", "zeroblob(75)", "NULL",
                   "NULL"),
         SQLITE_CONSTRAINT},
        {THING_SQL("3", "0", "0", "zeroblob(2)", "printf('%.21c', 'x')", "zeroblob(75)", "NULL",
                   "NULL"),
         SQLITE_CONSTRAINT},
        {THING_SQL("3", "0", "0", "zeroblob(2)", "''", "zeroblob(74)", "NULL", "NULL"),
         SQLITE_CONSTRAINT},
        {THING_SQL("3", "0", "0", "zeroblob(2)", "''", "zeroblob(75)", "101", "NULL"),
         SQLITE_CONSTRAINT},
        {THING_SQL("3", "0", "0", "zeroblob(2)", "''", "zeroblob(75)", "NULL", "zeroblob(2)"),
         SQLITE_CONSTRAINT},
        {THING_SQL("3", "0", "-9007199254740991", "zeroblob(300)", "printf('%.20c', 'x')",
                   "zeroblob(75)", "100", ID_SQL),
         SQLITE_OK},
    };
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    EXPECT_OK(try_open(temporary.path, &contract_schema, &creating));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int code = raw_sql(temporary.path, cases[i].sql);
        cr_assert_eq(code, cases[i].expected, "%s: %d", cases[i].sql, code);
    }
}

/* Rows that got in past the CHECKs are found, and told. */
Test(store_sqlite, check_finds_what_is_wrong)
{
    static const struct {
        const char *sql, *text;
    } cases[] = {
        {"PRAGMA ignore_check_constraints = ON; UPDATE contract_coin SET state = 9 WHERE serial = "
         "1",
         "contract_coin"},
        {"PRAGMA ignore_check_constraints = ON; UPDATE contract_coin SET owner_key = x'00'",
         "contract_coin"},
        {"UPDATE contract_thing SET record = zeroblob(80)", "contract_thing: record"},
        {"UPDATE contract_thing SET text = CAST(x'ff' AS TEXT)", "contract_thing: text"},
        {"DROP INDEX contract_coin_by_owner_key", "contract_coin: not as declared"},
        {"CREATE TABLE stranger(a)", "an object that is not of the schema: not as declared"},
        {"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ' 5', ' 6') "
         "WHERE name = 'contract_coin'",
         "contract_coin: not as declared"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        AUTO(store_close) struct store *store = open_store(temporary.path, &creating);
        char text[200];
        const struct contract_thing thing = contract_make_thing(1, true);
        contract_insert_coins(store, 1, 1);
        EXPECT_OK(store_begin(store, STORE_WRITE));
        EXPECT_OK(store_insert(store, &contract_table_contract_thing, &thing));
        EXPECT_OK(store_commit(store));
        EXPECT_OK(store_check(store, text, sizeof text));
        cr_assert_str_empty(text);
        cr_assert_eq(raw_sql(temporary.path, cases[i].sql), SQLITE_OK, "%s", cases[i].sql);
        EXPECT_ERR(store_check(store, text, sizeof text), ERR_INTEGRITY);
        cr_assert(strstr(text, cases[i].text) != NULL, "%s: %s", cases[i].sql, text);
    }
}

Test(store_sqlite, a_changed_schema_is_not_opened)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    EXPECT_OK(try_open(temporary.path, &contract_schema, &creating));
    cr_assert_eq(raw_sql(temporary.path, "DROP INDEX contract_coin_by_owner_key"), SQLITE_OK);
    EXPECT_ERR(try_open(temporary.path, &contract_schema, &existing), ERR_VERSION);
}

Test(store_sqlite, damage_is_told_from_absence)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = open_store(temporary.path, &creating);
    contract_insert_coins(store, 1, 200);
    store_close(&store);
    FILE *file = fopen(temporary.path, "r+b");
    cr_assert(file != NULL);
    static const char noise[3000] = "noise";
    cr_assert_eq(fseek(file, -3000, SEEK_END), 0);
    cr_assert_eq(fwrite(noise, 1, sizeof noise, file), sizeof noise);
    cr_assert_eq(fclose(file), 0);
    store = open_store(temporary.path, &existing);
    EXPECT_ERR(store_check(store, NULL, 0), ERR_INTEGRITY);
}

/* --- backup --- */

Test(store_sqlite, backs_up_while_open)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = open_store(temporary.path, &creating);
    struct stat about;
    contract_insert_coins(store, 1, 40);
    EXPECT_OK(store_backup(store, temporary.other));
    EXPECT_ERR(store_backup(store, temporary.other), ERR_EXISTS);
    EXPECT_ERR(store_backup(store, "/nowhere/at/all.db"), ERR_IO);
    char dangling[256];
    (void)snprintf(dangling, sizeof dangling, "%s/c.db", temporary.directory);
    cr_assert_eq(symlink("/nowhere/at/all.db", dangling), 0);
    EXPECT_ERR(store_backup(store, dangling), ERR_EXISTS);
    contract_insert_coins(store, 2, 1);
    cr_assert_eq(stat(temporary.other, &about), 0);
    cr_assert_eq(about.st_mode & 0777, 0600);
    AUTO(store_close) struct store *copy = open_store(temporary.other, &existing);
    cr_assert_eq(contract_count(copy, coins), 40);
    EXPECT_OK(store_check(copy, NULL, 0));
    cr_assert_eq(contract_count(store, coins), 41);
}

/* --- a disk that is really full --- */

static enum err fill_disk(struct store *store)
{
    for (unsigned i = 0;; i++) {
        TRY(store_begin(store, STORE_WRITE));
        for (unsigned k = 0; k < 20; k++) {
            const struct contract_coin coin = contract_make_coin(10 + i, k);
            TRY(store_insert(store, coins, &coin));
        }
        TRY(store_commit(store));
    }
}

/* In a mount namespace of this process, so that it goes when the process does. */
static bool mount_small_disk(const char *directory)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", directory, "tmpfs", 0, "size=1m") == 0;
}

Test(store_sqlite, says_that_the_disk_is_full)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    if (!mount_small_disk(temporary.directory)) {
        cr_skip_test("no right to mount");
    }
    struct store *store = open_store(temporary.path, &creating);
    contract_insert_coins(store, 1, 10);
    EXPECT_ERR(fill_disk(store), ERR_DISK_FULL);
    store_rollback(store);
    const size_t count = contract_count(store, coins);
    cr_assert_eq(count % 20, 10);
    store_close(&store);
    store = open_store(temporary.path, &existing);
    cr_assert_eq(contract_count(store, coins), count);
    EXPECT_OK(store_check(store, NULL, 0));
    store_close(&store);
    cr_assert_eq(umount(temporary.directory), 0);
}
