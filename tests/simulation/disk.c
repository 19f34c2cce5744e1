/* The simulated disk (contract in disk.h).
 *
 * 1. Every store is the memory store with four verbs changed: commit, and the three that write.
 * 2. A commit of unknown result was carried out: "not done" is what the failing writes are for. */
#include "tests/simulation/disk.h"

#include "common/store/store_backend.h"
#include "tests/simulation/auditor.h"

#include <stddef.h>

struct disk {
    struct store_ops ops; /* the store's own */
    const struct store_ops *memory;
    struct sim *sim;
    size_t owner;
    long commits; /* until the one whose result is unknown; negative: none */
};

static struct disk *disk_of(const struct store *store)
{
    return (struct disk *)((uintptr_t)store->ops - offsetof(struct disk, ops));
}

static enum err commit(struct store *store)
{
    struct disk *disk = disk_of(store);
    TRY(disk->memory->commit(store));
    if (disk->commits < 0 || disk->commits-- > 0)
        return ERR_OK;
    return ERR_COMMIT_UNKNOWN;
}

static enum err insert(struct store *store, const struct table *table, const void *row)
{
    const struct disk *disk = disk_of(store);
    auditor_touched(disk->sim->auditor, disk->owner, table, row);
    return disk->memory->insert(store, table, row);
}

static enum err update(struct store *store, const struct table *table, const void *row)
{
    const struct disk *disk = disk_of(store);
    auditor_touched(disk->sim->auditor, disk->owner, table, row);
    return disk->memory->update(store, table, row);
}

static enum err remove_row(struct store *store, const struct table *table, const void *row)
{
    const struct disk *disk = disk_of(store);
    auditor_touched(disk->sim->auditor, disk->owner, table, row);
    auditor_left(disk->sim->auditor, disk->owner, table, row);
    return disk->memory->remove(store, table, row);
}

struct store *disk_open(struct sim *sim, const struct store_schema *schema, size_t owner)
{
    struct disk *disk = sim_new(1, sizeof *disk);
    struct store *store = NULL;
    sim_check(sim, store_memory_open(&store, schema), "a store");
    *disk = (struct disk){
        .ops = *store->ops, .memory = store->ops, .sim = sim, .owner = owner, .commits = -1};
    disk->ops.commit = commit;
    disk->ops.insert = insert;
    disk->ops.update = update;
    disk->ops.remove = remove_row;
    store->ops = &disk->ops;
    return store;
}

bool disk_arm(struct sim *sim, struct store *store, unsigned permille)
{
    if (sim->is_lossless || !chance_permille(&sim->chance, permille))
        return false;
    const bool is_near = chance_permille(&sim->chance, 500);
    if (chance_permille(&sim->chance, 300))
        disk_of(store)->commits = (long)chance_below(&sim->chance, is_near ? 3 : 20);
    else
        store_fail_at(store, (long)chance_below(&sim->chance, is_near ? 12 : 120), ERR_IO);
    return true;
}

void disk_disarm(struct store *store)
{
    disk_of(store)->commits = -1;
    store_fail_at(store, -1, ERR_OK);
}
