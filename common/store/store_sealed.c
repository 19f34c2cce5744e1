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

#include "common/store/store_through.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE = STORE_SEALED_PAGE_SIZE,
    PLAIN = PAGE - SAFE_OVERHEAD,
    LOG_HEAD = STORE_LOG_HEAD,
    FRAME_HEAD = STORE_FRAME_HEAD,
    FRAME = FRAME_HEAD + PAGE,
};

struct store_sealed {
    struct store_through through;
    struct safe_key key;
};

enum place { PLACE_OTHER, PLACE_DATABASE, PLACE_LOG };
struct sealed_file {
    struct store_through_file through;
    const struct store_sealed *owner;
    enum place place;
};

static struct sealed_file *self(sqlite3_file *file)
{
    return (struct sealed_file *)file;
}

static int write_through(struct sealed_file *file, const void *bytes, int size,
                         sqlite3_int64 offset)
{
    sqlite3_file *real = file->through.real;
    return real->pMethods->xWrite(real, bytes, size, offset);
}

static int read_through(struct sealed_file *file, void *out, int size, sqlite3_int64 offset)
{
    sqlite3_file *real = file->through.real;
    return real->pMethods->xRead(real, out, size, offset);
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
    return write_through(file, sealed, PAGE, offset);
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
    const int code = read_through(file, page, PAGE, start);
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
    const int code = read_through(file, out, size, offset);
    if (code != SQLITE_OK)
        return code;
    return open_page(file, out, offset) ? SQLITE_OK : SQLITE_CORRUPT;
}

static int read_log(struct sealed_file *file, void *out, int size, sqlite3_int64 offset)
{
    const sqlite3_int64 in_frame = offset < LOG_HEAD ? 0 : (offset - LOG_HEAD) % FRAME;
    if (offset >= LOG_HEAD && in_frame >= FRAME_HEAD && size < PAGE)
        return read_part(file, out, size, offset, offset - in_frame + FRAME_HEAD);
    const int code = read_through(file, out, size, offset);
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
        return read_through(self(file), out, size, offset);
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
    return write_through(own, bytes, size, offset);
}

/* The log's frames are never split to fit sectors, and never written in atomic batches. */
static int on_traits(sqlite3_file *file)
{
    const int traits = store_through_below(file)->xDeviceCharacteristics(store_through_real(file));
    return (traits | SQLITE_IOCAP_POWERSAFE_OVERWRITE) & ~SQLITE_IOCAP_BATCH_ATOMIC;
}

static int on_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                   int *out_flags)
{
    struct sealed_file *own = self(file);
    *own = (struct sealed_file){.owner = (const struct store_sealed *)vfs};
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
        own->place = PLACE_DATABASE;
    else if ((flags & SQLITE_OPEN_WAL) != 0)
        own->place = PLACE_LOG;
    return store_through_open(vfs, name, file, flags, out_flags);
}

/* --- a VFS of its own for each key --- */

enum err store_sealed_open(struct store_sealed **out, const struct safe_key *key)
{
    struct store_sealed *sealed AUTO(store_sealed_close) = calloc(1, sizeof *sealed);
    if (sealed == NULL)
        return ERR_MEMORY;
    safe_lock_memory(&sealed->key, sizeof sealed->key);
    sealed->key = *key;
    TRY(store_through_init(&sealed->through, NULL, "sealed", sizeof(struct sealed_file)));
    sealed->through.vfs.xOpen = on_open;
    sealed->through.methods.xRead = on_read;
    sealed->through.methods.xWrite = on_write;
    sealed->through.methods.xDeviceCharacteristics = on_traits;
    TRY(store_through_register(&sealed->through));
    *out = TAKE(sealed);
    return ERR_OK;
}

const char *store_sealed_name(const struct store_sealed *sealed)
{
    return sealed->through.name;
}

void store_sealed_close(struct store_sealed **sealed)
{
    struct store_sealed *gone = TAKE(*sealed);
    if (gone == NULL)
        return;
    store_through_fini(&gone->through);
    safe_unlock_memory(&gone->key, sizeof gone->key);
    free(gone);
}
