/* Whose word on signatures is heeded: a bank that said once what is not so is not heeded for its
 * next SERVE_HEED_PAUSE calls. A wrong word costs a call's verifications anew (crypto_sum.h), so at
 * most one call's in that many. Safe from several threads; changes no answer. */
#ifndef DCEP_CENTRAL_SERVE_HEED_H
#define DCEP_CENTRAL_SERVE_HEED_H

#include "common/wire/message.h"

#include <stdatomic.h>

enum { SERVE_HEED_PAUSE = 64 };
struct serve_heed {              /* zeroed = every bank is heeded */
    atomic_uint rest[BANKS_MAX]; /* calls to come that are not heeded, by bank_id */
};
bool serve_heed_next(struct serve_heed *heed, uint64_t bank_id); /* its next call */
void serve_heed_misled(struct serve_heed *heed, uint64_t bank_id);

#endif
