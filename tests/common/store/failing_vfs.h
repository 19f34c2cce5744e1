/* A SQLite file system that fails on demand: the Nth write or sync from now, then every one
 * until switched off. */
#ifndef DCEP_TESTS_COMMON_STORE_FAILING_VFS_H
#define DCEP_TESTS_COMMON_STORE_FAILING_VFS_H

/* Over the VFS of that name (NULL: the default), in its place; and the process's default. */
void failing_vfs_install(const char *name);
/* code: what the failing call gives (SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC), and
 * for which errno; nth < 0: off. */
void failing_vfs_fail_at(long nth, int code, int number);
long failing_vfs_syncs(void);      /* since installed */
long failing_vfs_log_writes(void); /* likewise, to write-ahead logs */

#endif
