/* Banks that are not heeded for a while (contract in serve_heed.h).
 *
 * 1. Calls that misled while others were under way count one by one.
 * 2. Two banks in one place share it: the other is verified one by one meanwhile, which is only
 *    slower. */
#include "central/serve_heed.h"

static _Atomic uint64_t *rest_of(struct serve_heed *heed, uint64_t bank_id)
{
    return &heed->rest[bank_id % BANKS_MAX];
}

bool serve_heed_next(struct serve_heed *heed, uint64_t bank_id, size_t size)
{
    _Atomic uint64_t *rest = rest_of(heed, bank_id);
    uint64_t left = atomic_load(rest);
    while (left > 0)
        if (atomic_compare_exchange_weak(rest, &left, left > size ? left - size : 0))
            return false;
    return true;
}

void serve_heed_misled(struct serve_heed *heed, uint64_t bank_id, size_t size)
{
    atomic_fetch_add(rest_of(heed, bank_id), (uint64_t)SERVE_HEED_PAUSE * size);
}
