/* Pages sealed on their way to the disk, opened on their way back: database and write-ahead log.
 *
 * SQLite leaves the last SAFE_OVERHEAD bytes of each page alone (its "reserved" bytes): there the
 * nonce and the tag go, so a page stays a page and nothing moves. What SQLite sees there is zeros,
 * always, so its checksums over frames of the log are the same before and after.
 *
 * 1. No content is written but through here: pages of the database and of the log are sealed; the
 *    log's own heads (page numbers, sums) are not. A rollback journal holds no page: the file is in
 *    WAL mode from its first transaction on, and temporary tables stay in memory.
 * 2. A page is bound to its place: moved to another one it does not open.
 * 3. A page that does not open is an error, never other content. In the log it is left as it is:
 *    SQLite's sum over the frame then says that the log ends before it, as after a power cut.
 * 4. A write of another shape than SQLite's pages and heads is refused, not written in clear.
 *
 * Never: hides how large the file is, which pages change together, or that an older copy of the
 * whole was put back. */
#include "common/store/store_sealed.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE = STORE_SEALED_PAGE_SIZE,
    PLAIN = PAGE - SAFE_OVERHEAD,
    LOG_HEAD = 32,
    FRAME_HEAD = 24,
    FRAME = FRAME_HEAD + PAGE,
};

struct store_sealed {
    sqlite3_vfs vfs;
    sqlite3_vfs *system;
    struct safe_key key;
    char name[40];
};

enum place { PLACE_OTHER, PLACE_DATABASE, PLACE_LOG };
struct sealed_file {
    sqlite3_file base;
    const struct store_sealed *owner;
    enum place place;
    sqlite3_file *real; /* right after this struct */
};

static struct sealed_file *self(sqlite3_file *file)
{
    return (struct sealed_file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return self(file)->real;
}

/* --- pages --- */

/* What a page is bound to: which file, and where in it. */
struct binding {
    uint8_t bytes[9];
};

static struct binding binding_of(enum place place, sqlite3_int64 offset)
{
    struct binding binding = {{(uint8_t)place}};
    for (int i = 0; i < 8; i++)
        binding.bytes[1 + i] = (uint8_t)((uint64_t)offset >> (8 * i));
    return binding;
}

/* nonce | box | tag, as they lie in the page. */
static int write_page(struct sealed_file *file, const void *page, sqlite3_int64 offset)
{
    uint8_t sealed[PAGE];
    const struct binding binding = binding_of(file->place, offset);
    if (safe_seal(sealed, &file->owner->key, span_of(page, PLAIN), SPAN(binding)) != ERR_OK)
        return SQLITE_IOERR_WRITE;
    return file->real->pMethods->xWrite(file->real, sealed, PAGE, offset);
}

/* page: sealed in, open out. */
static bool open_page(const struct sealed_file *file, uint8_t *page, sqlite3_int64 offset)
{
    uint8_t plain[PLAIN];
    const struct binding binding = binding_of(file->place, offset);
    if (safe_open(plain, &file->owner->key, span_of(page, PAGE), SPAN(binding)) != ERR_OK)
        return false;
    memcpy(page, plain, PLAIN);
    memset(page + PLAIN, 0, SAFE_OVERHEAD);
    secret_wipe_bytes(plain, sizeof plain);
    return true;
}

/* Part of a page, by reading all of it: SQLite looks at the head of the first one before it knows
 * anything. A page that does not open reads as zeros there; it is asked for as a whole later. */
static int read_part(struct sealed_file *file, void *out, int size, sqlite3_int64 offset,
                     sqlite3_int64 start)
{
    uint8_t page[PAGE];
    if (offset - start + size > PAGE)
        return SQLITE_IOERR_READ;
    const int code = file->real->pMethods->xRead(file->real, page, PAGE, start);
    if (code != SQLITE_OK) {
        memset(out, 0, (size_t)size);
        return code;
    }
    if (!open_page(file, page, start))
        memset(page, 0, sizeof page);
    memcpy(out, page + (offset - start), (size_t)size);
    secret_wipe_bytes(page, sizeof page);
    return SQLITE_OK;
}

static int read_database(struct sealed_file *file, void *out, int size, sqlite3_int64 offset)
{
    if (size != PAGE || offset % PAGE != 0)
        return read_part(file, out, size, offset, offset - offset % PAGE);
    const int code = file->real->pMethods->xRead(file->real, out, size, offset);
    if (code != SQLITE_OK)
        return code;
    return open_page(file, out, offset) ? SQLITE_OK : SQLITE_CORRUPT;
}

static int read_log(struct sealed_file *file, void *out, int size, sqlite3_int64 offset)
{
    const sqlite3_int64 in_frame = offset < LOG_HEAD ? 0 : (offset - LOG_HEAD) % FRAME;
    if (offset >= LOG_HEAD && in_frame >= FRAME_HEAD && size < PAGE)
        return read_part(file, out, size, offset, offset - in_frame + FRAME_HEAD);
    const int code = file->real->pMethods->xRead(file->real, out, size, offset);
    if (code != SQLITE_OK || offset < LOG_HEAD || (in_frame == 0 && size == FRAME_HEAD))
        return code;
    if (in_frame == 0 && size == FRAME) { /* looking where the log ends */
        (void)open_page(file, (uint8_t *)out + FRAME_HEAD, offset + FRAME_HEAD);
        return SQLITE_OK;
    }
    if (in_frame != FRAME_HEAD || size != PAGE)
        return SQLITE_IOERR_READ;
    return open_page(file, out, offset) ? SQLITE_OK : SQLITE_CORRUPT;
}

static int on_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    switch (self(file)->place) {
    case PLACE_DATABASE:
        return read_database(self(file), out, size, offset);
    case PLACE_LOG:
        return read_log(self(file), out, size, offset);
    case PLACE_OTHER:
    default:
        return real_of(file)->pMethods->xRead(real_of(file), out, size, offset);
    }
}

static bool is_page(const struct sealed_file *file, int size, sqlite3_int64 offset)
{
    if (size != PAGE)
        return false;
    return file->place == PLACE_DATABASE
               ? offset % PAGE == 0
               : offset >= LOG_HEAD && (offset - LOG_HEAD) % FRAME == FRAME_HEAD;
}

static bool is_head(const struct sealed_file *file, int size, sqlite3_int64 offset)
{
    if (file->place != PLACE_LOG)
        return false;
    return (size == LOG_HEAD && offset == 0) ||
           (size == FRAME_HEAD && offset >= LOG_HEAD && (offset - LOG_HEAD) % FRAME == 0);
}

static int on_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    struct sealed_file *own = self(file);
    if (own->place != PLACE_OTHER && is_page(own, size, offset))
        return write_page(own, bytes, offset);
    if (own->place != PLACE_OTHER && !is_head(own, size, offset))
        return SQLITE_IOERR_WRITE; /* rule 4 */
    return own->real->pMethods->xWrite(own->real, bytes, size, offset);
}

/* --- handed through --- */

static int on_close(sqlite3_file *file)
{
    const int code = real_of(file)->pMethods->xClose(real_of(file));
    file->pMethods = NULL;
    return code;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int on_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int on_check_lock(sqlite3_file *file, int *held)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), held);
}

static int on_control(sqlite3_file *file, int verb, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), verb, argument);
}

static int on_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

/* The log's frames are never split to fit sectors, and never written in atomic batches. */
static int on_traits(sqlite3_file *file)
{
    const int traits = real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
    return (traits | SQLITE_IOCAP_POWERSAFE_OVERWRITE) & ~SQLITE_IOCAP_BATCH_ATOMIC;
}

static int on_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, out);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int on_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

/* Version 2: no memory-mapped reading, which would go around on_read. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_lock,
    .xFileControl = on_control,
    .xSectorSize = on_sector,
    .xDeviceCharacteristics = on_traits,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                   int *out_flags)
{
    const struct store_sealed *owner = vfs->pAppData;
    struct sealed_file *own = self(file);
    *own = (struct sealed_file){.owner = owner};
    own->real = (sqlite3_file *)(own + 1);
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
        own->place = PLACE_DATABASE;
    else if ((flags & SQLITE_OPEN_WAL) != 0)
        own->place = PLACE_LOG;
    const int code = owner->system->xOpen(owner->system, name, own->real, flags, out_flags);
    file->pMethods = own->real->pMethods != NULL ? &methods : NULL;
    return code;
}

/* --- a VFS of its own for each key --- */

enum err store_sealed_open(struct store_sealed **out, const struct safe_key *key)
{
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    struct store_sealed *sealed = calloc(1, sizeof *sealed);
    if (system == NULL || sealed == NULL) {
        free(sealed);
        return ERR_MEMORY;
    }
    safe_lock_memory(&sealed->key, sizeof sealed->key);
    sealed->key = *key;
    sealed->system = system;
    (void)snprintf(sealed->name, sizeof sealed->name, "sealed-%p", (void *)sealed);
    sealed->vfs = *system;
    sealed->vfs.pNext = NULL;
    sealed->vfs.zName = sealed->name;
    sealed->vfs.szOsFile = (int)sizeof(struct sealed_file) + system->szOsFile;
    sealed->vfs.pAppData = sealed;
    sealed->vfs.xOpen = on_open;
    if (sqlite3_vfs_register(&sealed->vfs, 0) != SQLITE_OK) {
        store_sealed_close(&sealed);
        return ERR_LIBRARY;
    }
    *out = sealed;
    return ERR_OK;
}

const char *store_sealed_name(const struct store_sealed *sealed)
{
    return sealed->name;
}

void store_sealed_close(struct store_sealed **sealed)
{
    struct store_sealed *gone = TAKE(*sealed);
    if (gone == NULL)
        return;
    (void)sqlite3_vfs_unregister(&gone->vfs);
    safe_unlock_memory(&gone->key, sizeof gone->key);
    free(gone);
}
