/* A payment kept beside the coin it spent, in as few bytes as possible: its signature, then its
 * payload without what the row's key says anyway (version, serial, coin id). Every record has one
 * encoding, so what is left out is written again as it was: the very bytes that were signed. */
#ifndef DCEP_COMMON_MONEY_EVIDENCE_H
#define DCEP_COMMON_MONEY_EVIDENCE_H

#include "common/wire/message.h"

/* ERR_INTEGRITY: the payload is not that of a payment of this coin. */
enum err evidence_pack(struct span *out, const struct cose *payment, uint64_t serial,
                       const struct id *coin_id, struct arena *arena) MUST_USE;
enum err evidence_unpack(struct cose *out, struct span evidence, uint64_t serial,
                         const struct id *coin_id, struct arena *arena) MUST_USE;

#endif
