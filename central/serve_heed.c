/* Banks that are not heeded for a while (contract in serve_heed.h).
 *
 * 1. Two banks in one place share it: the other is verified one by one meanwhile, which is only
 *    slower. */
#include "central/serve_heed.h"

static atomic_uint *rest_of(struct serve_heed *heed, uint64_t bank_id)
{
    return &heed->rest[bank_id % BANKS_MAX];
}

bool serve_heed_next(struct serve_heed *heed, uint64_t bank_id)
{
    atomic_uint *rest = rest_of(heed, bank_id);
    unsigned left = atomic_load(rest);
    while (left > 0)
        if (atomic_compare_exchange_weak(rest, &left, left - 1))
            return false;
    return true;
}

void serve_heed_misled(struct serve_heed *heed, uint64_t bank_id)
{
    atomic_store(rest_of(heed, bank_id), SERVE_HEED_PAUSE);
}
