/* Whose word on signatures is heeded. A wrong word costs one sum in vain for each batch that it is
 * in (crypto_sum.h). So a bank that said what is not so is not heeded again before it has handed in
 * SERVE_HEED_PAUSE times as many bytes as that call had: of what it hands in, at most one byte in
 * that many is verified in vain. Safe from several threads; changes no answer. */
#ifndef DCEP_CENTRAL_SERVE_HEED_H
#define DCEP_CENTRAL_SERVE_HEED_H

#include "common/wire/message.h"

#include <stdatomic.h>

enum { SERVE_HEED_PAUSE = 64 };
struct serve_heed {                   /* zeroed = every bank is heeded */
    _Atomic uint64_t rest[BANKS_MAX]; /* bytes to come that are not heeded, by bank_id */
};
/* A call with packets of so many bytes, about which something is said. */
bool serve_heed_next(struct serve_heed *heed, uint64_t bank_id, size_t size);
void serve_heed_misled(struct serve_heed *heed, uint64_t bank_id, size_t size);

#endif
