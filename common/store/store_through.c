/* Handing through (contract in store_through.h).
 *
 * Version 2 of the methods: no memory-mapped reading, which would go around xRead. */
#include "common/store/store_through.h"

#include <stdint.h>
#include <stdio.h>

sqlite3_file *store_through_real(sqlite3_file *file)
{
    return ((struct store_through_file *)file)->real;
}

const sqlite3_io_methods *store_through_below(sqlite3_file *file)
{
    return store_through_real(file)->pMethods;
}

static int on_close(sqlite3_file *file)
{
    const int code = store_through_below(file)->xClose(store_through_real(file));
    file->pMethods = NULL;
    return code;
}

static int on_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    return store_through_below(file)->xRead(store_through_real(file), out, size, offset);
}

static int on_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    return store_through_below(file)->xWrite(store_through_real(file), bytes, size, offset);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return store_through_below(file)->xTruncate(store_through_real(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
    return store_through_below(file)->xSync(store_through_real(file), flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return store_through_below(file)->xFileSize(store_through_real(file), size);
}

static int on_lock(sqlite3_file *file, int level)
{
    return store_through_below(file)->xLock(store_through_real(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
    return store_through_below(file)->xUnlock(store_through_real(file), level);
}

static int on_check_lock(sqlite3_file *file, int *held)
{
    return store_through_below(file)->xCheckReservedLock(store_through_real(file), held);
}

static int on_control(sqlite3_file *file, int verb, void *argument)
{
    return store_through_below(file)->xFileControl(store_through_real(file), verb, argument);
}

static int on_sector(sqlite3_file *file)
{
    return store_through_below(file)->xSectorSize(store_through_real(file));
}

static int on_traits(sqlite3_file *file)
{
    return store_through_below(file)->xDeviceCharacteristics(store_through_real(file));
}

static int on_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    return store_through_below(file)->xShmMap(store_through_real(file), region, size, extend, out);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return store_through_below(file)->xShmLock(store_through_real(file), offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
    store_through_below(file)->xShmBarrier(store_through_real(file));
}

static int on_shm_unmap(sqlite3_file *file, int remove)
{
    return store_through_below(file)->xShmUnmap(store_through_real(file), remove);
}

static const sqlite3_io_methods all_through = {
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

enum err store_through_init(struct store_through *through, const char *below_name, const char *kind,
                            size_t file_size)
{
    through->below = sqlite3_vfs_find(below_name);
    if (through->below == NULL)
        return ERR_LIBRARY;
    (void)snprintf(through->name, sizeof through->name, "%s-%p", kind, (void *)through);
    through->methods = all_through;
    through->file_size = file_size;
    through->vfs = *through->below;
    through->vfs.pNext = NULL;
    through->vfs.zName = through->name;
    through->vfs.szOsFile = (int)file_size + through->below->szOsFile;
    through->vfs.xOpen = store_through_open;
    return ERR_OK;
}

enum err store_through_register(struct store_through *through)
{
    const int code = sqlite3_vfs_register(&through->vfs, 0);
    return code == SQLITE_OK ? ERR_OK : ERR_LIBRARY;
}

void store_through_fini(struct store_through *through)
{
    (void)sqlite3_vfs_unregister(&through->vfs);
}

int store_through_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                       int *out_flags)
{
    struct store_through *through = (struct store_through *)vfs;
    struct store_through_file *own = (struct store_through_file *)file;
    own->real = (sqlite3_file *)((uint8_t *)file + through->file_size);
    const int code = through->below->xOpen(through->below, name, own->real, flags, out_flags);
    file->pMethods = own->real->pMethods != NULL ? &through->methods : NULL;
    return code;
}
