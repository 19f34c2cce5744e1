/* A VFS around another one, in its place: writes and syncs are counted and may fail. */
#include "tests/common/store/failing_vfs.h"

#include "common/store/store_through.h"

#include <criterion/criterion.h>

static struct store_through shim;
static long left = -1;
static int failure = SQLITE_OK, failure_number;
static long syncs, log_writes;

void failing_vfs_fail_at(long nth, int code, int number)
{
    left = nth;
    failure = code;
    failure_number = number;
}

long failing_vfs_syncs(void)
{
    return syncs;
}

long failing_vfs_log_writes(void)
{
    return log_writes;
}

static int count_down(void)
{
    if (left > 0) {
        left--;
        return SQLITE_OK;
    }
    return left == 0 ? failure : SQLITE_OK;
}

struct failing_file {
    struct store_through_file through;
    bool is_log;
};

static int on_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    const int code = count_down();
    if (((struct failing_file *)file)->is_log)
        log_writes++;
    return code != SQLITE_OK
               ? code
               : store_through_below(file)->xWrite(store_through_real(file), data, size, offset);
}

static int on_sync(sqlite3_file *file, int flags)
{
    const int code = count_down();
    syncs++;
    return code != SQLITE_OK ? code
                             : store_through_below(file)->xSync(store_through_real(file), flags);
}

static int on_control(sqlite3_file *file, int operation, void *argument)
{
    if (operation == SQLITE_FCNTL_LAST_ERRNO && left == 0) {
        *(int *)argument = failure_number;
        return SQLITE_OK;
    }
    return store_through_below(file)->xFileControl(store_through_real(file), operation, argument);
}

static int on_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                   int *out_flags)
{
    ((struct failing_file *)file)->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    return store_through_open(vfs, name, file, flags, out_flags);
}

void failing_vfs_install(const char *name)
{
    cr_assert_eq(store_through_init(&shim, name, "failing", sizeof(struct failing_file)), ERR_OK);
    if (name != NULL)
        shim.vfs.zName = name; /* the first of a name is the one found */
    shim.vfs.xOpen = on_open;
    shim.methods.xWrite = on_write;
    shim.methods.xSync = on_sync;
    shim.methods.xFileControl = on_control;
    cr_assert_eq(sqlite3_vfs_register(&shim.vfs, 1), SQLITE_OK);
}
