/* The log in large pieces (contract in store_gather.h). Its form: https://sqlite.org/walformat.html
 *
 * A log is a head of 32 bytes and frames: a head of 24 bytes, and a page. SQLite appends frames one
 * by one; the head of a transaction's last one says how large the database is then, all others 0.
 *
 * 1. Only what is appended is gathered, from the head of a frame on. What is written over earlier
 *    frames (pages of a transaction that outgrew the cache, and then the heads once more, for their
 *    sums) is handed through, after what was gathered.
 * 2. The frame that ends a transaction is written, with all before it, before SQLite hears that it
 *    is: a transaction that is seen is in the file.
 * 3. The file changes in the order in which SQLite writes, though in larger steps.
 * 4. A write that fails is told to whoever wrote, read or flushed last, and what was gathered is
 *    forgotten: the transaction fails, as if that frame had, for SQLite rolls back whatever met
 *    such an error. A log that ends in the middle of a transaction ends before it. */
#include "common/store/store_gather.h"

#include "common/store/store_through.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    GATHER_SIZE = 0x1ffff, /* SQLite's VFS for Unix writes no more at once */
    PAGE_MAX = 4096,       /* larger ones are not gathered; ours are of this size */
    COMMIT_AT = 4,         /* in a frame's head: pages of the database after it, 4 bytes */
    COMMIT_SIZE = 4,
};

struct store_gather {
    struct store_through through;
    sqlite3_int64 end;   /* behind what was written to the log last */
    sqlite3_int64 start; /* of what is gathered, in the log */
    size_t size;         /* so many bytes of it */
    bool awaits_page;    /* the last of them is a head */
    bool is_commit;      /* of a transaction's last frame */
    uint8_t bytes[GATHER_SIZE];
};

/* A file that is not the log has none. */
struct gather_file {
    struct store_through_file through;
    struct store_gather *log;
};

static struct gather_file *self(sqlite3_file *file)
{
    return (struct gather_file *)file;
}

/* What was gathered goes to the file. */
static int put_down(sqlite3_file *file)
{
    struct store_gather *log = self(file)->log;
    if (log == NULL || log->size == 0)
        return SQLITE_OK;
    const int size = (int)log->size;
    log->size = 0;
    log->awaits_page = false;
    return store_through_below(file)->xWrite(store_through_real(file), log->bytes, size,
                                             log->start);
}

static bool is_commit_head(const uint8_t *head)
{
    static const uint8_t none[COMMIT_SIZE];
    return memcmp(head + COMMIT_AT, none, COMMIT_SIZE) != 0;
}

/* A head where the log ends, or the page of the head that was gathered last. */
static bool is_appended(const struct store_gather *log, int size, sqlite3_int64 offset)
{
    if (offset != log->end)
        return false;
    return log->awaits_page ? size <= PAGE_MAX : size == STORE_FRAME_HEAD;
}

static bool has_room_for_frame(const struct store_gather *log)
{
    return GATHER_SIZE - log->size >= STORE_FRAME_HEAD + PAGE_MAX;
}

static void keep(struct store_gather *log, const void *bytes, int size, sqlite3_int64 offset)
{
    if (log->size == 0)
        log->start = offset;
    memcpy(log->bytes + log->size, bytes, (size_t)size);
    log->size += (size_t)size;
    if (!log->awaits_page)
        log->is_commit = is_commit_head(bytes);
    log->awaits_page = !log->awaits_page;
}

static int write_log(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    struct store_gather *log = self(file)->log;
    const bool gathers = is_appended(log, size, offset);
    if (!gathers || (!log->awaits_page && !has_room_for_frame(log))) {
        const int code = put_down(file);
        if (code != SQLITE_OK)
            return code;
    }
    log->end = offset + size;
    if (!gathers)
        return store_through_below(file)->xWrite(store_through_real(file), bytes, size, offset);
    keep(log, bytes, size, offset);
    return log->is_commit && !log->awaits_page ? put_down(file) : SQLITE_OK;
}

static int on_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    if (self(file)->log != NULL)
        return write_log(file, bytes, size, offset);
    return store_through_below(file)->xWrite(store_through_real(file), bytes, size, offset);
}

/* --- whoever looks at what is held finds it in the file --- */

/* What is committed lies before what is held: only a transaction that outgrew the cache reads that.
 * Never SQLITE_FULL, after which SQLite may go on with a transaction that has lost frames. */
static int on_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    const struct store_gather *log = self(file)->log;
    const bool is_held = log != NULL && log->size > 0 && offset + size > log->start;
    if (is_held && put_down(file) != SQLITE_OK)
        return SQLITE_IOERR_READ;
    return store_through_below(file)->xRead(store_through_real(file), out, size, offset);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    const int code = put_down(file);
    return code != SQLITE_OK ? code
                             : store_through_below(file)->xTruncate(store_through_real(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
    const int code = put_down(file);
    return code != SQLITE_OK ? code
                             : store_through_below(file)->xSync(store_through_real(file), flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
    const int code = put_down(file);
    return code != SQLITE_OK ? code
                             : store_through_below(file)->xFileSize(store_through_real(file), size);
}

static int on_close(sqlite3_file *file)
{
    const int put = put_down(file);
    const int code = store_through_below(file)->xClose(store_through_real(file));
    file->pMethods = NULL;
    return put != SQLITE_OK ? put : code;
}

static int on_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                   int *out_flags)
{
    self(file)->log = (flags & SQLITE_OPEN_WAL) != 0 ? (struct store_gather *)vfs : NULL;
    return store_through_open(vfs, name, file, flags, out_flags);
}

/* --- a VFS of its own for each store --- */

enum err store_gather_open(struct store_gather **out, const char *below_name)
{
    struct store_gather *gather AUTO(store_gather_close) = calloc(1, sizeof *gather);
    if (gather == NULL)
        return ERR_MEMORY;
    struct store_through *through = &gather->through;
    TRY(store_through_init(through, below_name, "gather", sizeof(struct gather_file)));
    through->vfs.xOpen = on_open;
    through->methods.xRead = on_read;
    through->methods.xWrite = on_write;
    through->methods.xTruncate = on_truncate;
    through->methods.xSync = on_sync;
    through->methods.xFileSize = on_size;
    through->methods.xClose = on_close;
    TRY(store_through_register(through));
    *out = TAKE(gather);
    return ERR_OK;
}

const char *store_gather_name(const struct store_gather *gather)
{
    return gather->through.name;
}

void store_gather_close(struct store_gather **gather)
{
    struct store_gather *gone = TAKE(*gather);
    if (gone == NULL)
        return;
    store_through_fini(&gone->through);
    free(gone);
}
