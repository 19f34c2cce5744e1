/* What SQLite's own failures become: every write and every sync of a transaction fails once, in
 * turn. */
#include "tests/common/store/failing_vfs.h"
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>

static const struct store_sqlite_options creating = {.create = true};
static const struct store_sqlite_options alone = {.create = true, .exclusive = true};
static const struct table *const coins = &contract_table_contract_coin;
enum { ROWS = 60 };

static enum err insert_rows(struct store *store)
{
    TRY(store_begin(store, STORE_WRITE));
    for (unsigned i = 0; i < ROWS; i++) {
        const struct contract_coin coin = contract_make_coin(2, i);
        TRY(store_insert(store, coins, &coin));
    }
    return store_commit(store);
}

static void expect_count_after_reopening(const char *path, size_t low, size_t high)
{
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, path, &contract_schema, &creating));
    EXPECT_OK(store_check(store, NULL, 0));
    const size_t count = contract_count(store, coins);
    cr_assert(count == low || count == high, "%zu rows", count);
}

struct failure {
    int code, number;
    enum err expected;
};

/* true: N is beyond the last write of the work */
static bool fail_once(const struct store_sqlite_options *options, long nth,
                      const struct failure *failure)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, options));
    contract_insert_coins(store, 1, 1);
    failing_vfs_fail_at(nth, failure->code, failure->number);
    const enum err error = insert_rows(store);
    failing_vfs_fail_at(-1, SQLITE_OK, 0);
    store_rollback(store);
    if (error == ERR_OK) {
        cr_assert_eq(contract_count(store, coins), 1 + ROWS);
        return true;
    }
    EXPECT_ERR(error, failure->expected);
    if (error == ERR_COMMIT_UNKNOWN) { /* the handle knows no more than we do */
        EXPECT_ERR(store_begin(store, STORE_READ), ERR_COMMIT_UNKNOWN);
        store_close(&store);
        expect_count_after_reopening(temporary.path, 1, 1 + ROWS);
        return false;
    }
    cr_assert_eq(contract_count(store, coins), 1);
    EXPECT_OK(insert_rows(store)); /* and with room again it goes through */
    store_close(&store);
    expect_count_after_reopening(temporary.path, 1 + ROWS, 1 + ROWS);
    return false;
}

static void fail_each_write(const struct store_sqlite_options *options, long writes_min)
{
    static const struct failure cases[] = {
        {SQLITE_FULL, ENOSPC, ERR_DISK_FULL},
        {SQLITE_IOERR_WRITE, EIO, ERR_COMMIT_UNKNOWN},
        {SQLITE_IOERR_WRITE, EROFS, ERR_READ_ONLY}, /* mounted so meanwhile: no write got through */
        {SQLITE_IOERR_FSYNC, EIO, ERR_COMMIT_UNKNOWN},
        {SQLITE_IOERR_FSYNC, EROFS, ERR_COMMIT_UNKNOWN}, /* but before this one some did */
    };
    failing_vfs_install(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        long nth = 0;
        while (!fail_once(options, nth, &cases[i]))
            nth++;
        cr_assert_geq(nth, writes_min); /* there were writes to fail */
    }
}

Test(store_failure, every_write_fails_once)
{
    fail_each_write(&creating, 5);
}

/* The log's frames in one piece, and the flush after it. */
Test(store_failure, every_large_write_fails_once)
{
    fail_each_write(&alone, 2);
}

Test(store_failure, making_a_database_fails_whole)
{
    failing_vfs_install(NULL);
    bool is_done = false;
    for (long nth = 0; !is_done; nth++) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        AUTO(store_close) struct store *store = NULL;
        failing_vfs_fail_at(nth, SQLITE_FULL, ENOSPC);
        is_done = store_sqlite_open(&store, temporary.path, &contract_schema, &creating) == ERR_OK;
        failing_vfs_fail_at(-1, SQLITE_OK, 0);
        store_close(&store);
        expect_count_after_reopening(temporary.path, 0, 0);
    }
}

Test(store_failure, every_commit_is_synced)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = NULL;
    failing_vfs_install(NULL);
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &creating));
    for (unsigned i = 0; i < 10; i++) {
        const long before = failing_vfs_syncs();
        contract_insert_coins(store, 1 + i, 1);
        cr_assert_gt(failing_vfs_syncs(), before);
    }
}

/* The directory itself, mounted so that this process may only read it; gone with the process. */
static bool mount_read_only(const char *directory)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(directory, directory, NULL, MS_BIND, NULL) == 0 &&
           mount(NULL, directory, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0;
}

Test(store_failure, a_read_only_disk_is_said_to_be_one_when_the_database_is_opened)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &creating));
    contract_insert_coins(store, 1, 3);
    store_close(&store);
    if (!mount_read_only(temporary.directory)) {
        cr_skip_test("no right to mount");
    }
    EXPECT_ERR(store_sqlite_open(&store, temporary.path, &contract_schema, &creating),
               ERR_READ_ONLY);
    EXPECT_ERR(store_sqlite_open(&store, temporary.other, &contract_schema, &creating),
               ERR_READ_ONLY);
    cr_assert_null(store);
    cr_assert_eq(umount(temporary.directory), 0);
    expect_count_after_reopening(temporary.path, 3, 3);
}
