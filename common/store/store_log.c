/* Settling the log (contract in store_log.h).
 *
 * 1. A log begins anew only when all of it was moved and a writer comes: that last piece is the
 *    writer's. So when the log is long the settler is asked once more, and what came while it was
 *    at that is all that the writer moves, and waits for the disk with.
 * 2. Nor does it begin anew while somebody reads: those who read ahead rest from when it is long
 *    until a commit finds it short.
 * 3. It cannot grow without end: beyond its length and a part more, a commit waits for the settler.
 */
#include "common/store/store_log.h"

#include "common/store/store_ahead.h"
#include "common/store/store_settler.h"

/* Passive: it waits for nobody, and leaves what somebody still reads. */
static int checkpoint(struct store_sqlite *sqlite)
{
    return sqlite3_wal_checkpoint_v2(sqlite->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void let_rest(struct store_sqlite *sqlite, bool rests)
{
    if (sqlite->ahead != NULL && sqlite->ahead_rests != rests)
        store_ahead_rest(sqlite->ahead, rests);
    sqlite->ahead_rests = rests;
}

/* True: it is the writer's turn, for the settler was asked when the log was long, and has ended. */
static bool let_settler_go_first(struct store_sqlite *sqlite)
{
    const size_t max = sqlite->log_pages_max;
    const bool is_too_long = sqlite->log_pages >= max + max / STORE_SQLITE_SETTLER_SLACK;
    const bool is_first = !sqlite->is_asked_at_end;
    if (is_first) {
        let_rest(sqlite, true);
        store_settler_ask(sqlite->settler);
    }
    sqlite->is_asked_at_end = true;
    if (is_too_long)
        store_settler_wait(sqlite->settler);
    return is_too_long || (!is_first && store_settler_is_idle(sqlite->settler));
}

static void settle_long_log(struct store_sqlite *sqlite)
{
    if (sqlite->settler != NULL && !let_settler_go_first(sqlite))
        return;
    sqlite->is_asked_at_end = false;
    if (checkpoint(sqlite) == SQLITE_OK)
        sqlite->log_pages = 0;
}

/* If that many pages came since it was asked last. */
static void ask_settler(struct store_sqlite *sqlite, size_t pages_min)
{
    if (sqlite->log_pages < sqlite->asked_pages) { /* the log was started anew */
        sqlite->asked_pages = 0;
        sqlite->is_asked_at_end = false;
    }
    if (sqlite->log_pages < sqlite->asked_pages + pages_min ||
        sqlite->log_pages >= sqlite->log_pages_max)
        return;
    sqlite->asked_pages = sqlite->log_pages;
    store_settler_ask(sqlite->settler);
}

/* After each commit. Its failure is not the commit's: that is in the log. */
static int on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct store_sqlite *sqlite = context;
    (void)db;
    (void)name;
    sqlite->log_pages = (size_t)pages;
    if ((size_t)pages >= sqlite->log_pages_max) {
        settle_long_log(sqlite);
        return SQLITE_OK;
    }
    let_rest(sqlite, false);
    if (sqlite->settler != NULL)
        ask_settler(sqlite, sqlite->log_pages_max / STORE_SQLITE_SETTLER_TURNS);
    return SQLITE_OK;
}

void store_log_watch(struct store_sqlite *sqlite, size_t pages_max)
{
    sqlite->log_pages_max = pages_max != 0 ? pages_max : STORE_SQLITE_CHECKPOINT_PAGES;
    (void)sqlite3_wal_hook(sqlite->db, on_commit, sqlite);
}

enum err store_log_settle(struct store_sqlite *sqlite, size_t pages_min)
{
    if (atomic_load(&sqlite->unknown) || sqlite->read_only || sqlite->log_pages < pages_min)
        return ERR_OK;
    if (sqlite->settler != NULL) {
        ask_settler(sqlite, pages_min);
        return ERR_OK;
    }
    sqlite->log_pages = 0; /* the next commit tells how many there are */
    return store_sqlite_err(checkpoint(sqlite));
}
