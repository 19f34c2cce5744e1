/* What wallets say of the signatures they hand in: the commitments of packets made beforehand, by
 * verifying them as a payee does. */
#ifndef DCEP_TOOLS_BENCH_LOAD_TOLD_H
#define DCEP_TOOLS_BENCH_LOAD_TOLD_H

#include "common/money/packet.h"

enum { LOAD_TOLD_MAX = 32 }; /* packets at once */
/* Of count packets of `line` payments each: line * COMMITMENT_SIZE bytes each, one behind the
 * other, into out. CHECKs that all are valid. */
void load_told_learn(uint8_t *out, const struct span *packets, size_t count, size_t line,
                     const struct trust *trust);

#endif
