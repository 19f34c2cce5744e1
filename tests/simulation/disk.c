/* The simulated disk (contract in disk.h).
 *
 * 1. Every store is the memory store with one verb changed: commit.
 * 2. A commit of unknown result was carried out: "not done" is what the failing writes are for. */
#include "tests/simulation/disk.h"

#include "common/store/store_backend.h"

enum { DISKS_MAX = 512 }; /* a lost wallet leaves one behind */

static const struct store_ops *disk_memory_ops;
static struct {
    const struct store *store;
    long commits; /* until the one whose result is unknown; negative: none */
} disk_all[DISKS_MAX];
static size_t disk_count;

static long *commits_of(const struct store *store)
{
    for (size_t i = 0; i < disk_count; i++)
        if (disk_all[i].store == store)
            return &disk_all[i].commits;
    CHECK(disk_count < DISKS_MAX);
    disk_all[disk_count].store = store;
    disk_all[disk_count].commits = -1;
    return &disk_all[disk_count++].commits;
}

static enum err commit(struct store *store)
{
    long *commits = commits_of(store);
    TRY(disk_memory_ops->commit(store));
    if (*commits < 0 || (*commits)-- > 0)
        return ERR_OK;
    return ERR_COMMIT_UNKNOWN;
}

struct store *disk_open(struct sim *sim, const struct store_schema *schema)
{
    static struct store_ops ops;
    struct store *store = NULL;
    sim_check(sim, store_memory_open(&store, schema), "a store");
    if (disk_memory_ops == NULL) {
        disk_memory_ops = store->ops;
        ops = *disk_memory_ops;
        ops.commit = commit;
    }
    store->ops = &ops;
    return store;
}

bool disk_arm(struct sim *sim, struct store *store, unsigned permille)
{
    if (sim->is_lossless || !chance_permille(&sim->chance, permille))
        return false;
    const bool is_near = chance_permille(&sim->chance, 500);
    if (chance_permille(&sim->chance, 300))
        *commits_of(store) = (long)chance_below(&sim->chance, is_near ? 3 : 20);
    else
        store_fail_at(store, (long)chance_below(&sim->chance, is_near ? 12 : 120), ERR_IO);
    return true;
}

void disk_disarm(struct store *store)
{
    *commits_of(store) = -1;
    store_fail_at(store, -1, ERR_OK);
}
