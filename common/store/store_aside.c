/* Beside who writes (contract in store_aside.h). */
#include "common/store/store_aside.h"

#include "common/store/store_ahead.h"
#include "common/store/store_settler.h"

#include <fcntl.h>
#include <unistd.h>

/* A descriptor of our own: SQLite's belongs to the connection's thread. (Locks are on other files:
 * closing this one drops none.) */
static enum err open_log(struct store_sqlite *sqlite)
{
    sqlite->log_fd =
        open(sqlite3_filename_wal(sqlite3_db_filename(sqlite->db, "main")), O_WRONLY | O_CLOEXEC);
    return sqlite->log_fd < 0 ? ERR_IO : ERR_OK;
}

enum err store_aside_open(struct store_sqlite *sqlite, const char *path)
{
    TRY(open_log(sqlite));
    TRY(store_sqlite_exec(sqlite->db, "PRAGMA synchronous = NORMAL"));
    TRY(store_settler_open(&sqlite->settler, path));
    return store_ahead_open(&sqlite->ahead, path, sqlite->store.schema);
}

void store_aside_close(struct store_sqlite *sqlite)
{
    store_ahead_close(&sqlite->ahead);
    store_settler_close(&sqlite->settler);
    if (sqlite->log_fd >= 0)
        (void)close(sqlite->log_fd);
}

void store_aside_begin(struct store_sqlite *sqlite)
{
    if (sqlite->ahead != NULL)
        sqlite->pages_before = store_ahead_pages();
}

void store_aside_committed(struct store_sqlite *sqlite)
{
    if (sqlite->ahead != NULL)
        store_ahead_waited(sqlite->ahead, store_ahead_pages() - sqlite->pages_before);
}
