/* Many signatures in one sum, where somebody says what R each of them has. Of this room only.
 *
 * With z random and 128 bits long for each, all of R = u1 G + u2 Q hold if
 *
 *     (sum of z u1) G + sum of (z u2) Q - sum of z R = 0
 *
 * but for one chance in 2^128 (Bellare, Garay, Rabin: Fast Batch Verification for Modular
 * Exponentiation and Digital Signatures, 1998, the small exponents test; for ECDSA with R at hand,
 * Antipa et al.: Accelerated Verification of ECDSA Signatures, 2005). libcrypto doubles once for
 * all points of such a sum. docs/adr/0054-who-verified-says-what-he-met.md
 *
 *     begin, then add for each, at most CRYPTO_ENGINE_BATCH, then holds
 */
#ifndef DCEP_COMMON_CRYPTO_CRYPTO_SUM_H
#define DCEP_COMMON_CRYPTO_CRYPTO_SUM_H

#include "common/crypto/crypto_engine.h"

enum { CRYPTO_SUM_MIN = 4 /* fewer are verified as fast one by one */ };

void crypto_sum_begin(struct crypto_engine *engine);
/* A check with a commitment, r and s in range; its 1 / s, and its hash. *added false: its key or
 * its R is no point. Uses r, u1, u2, x and inverse. */
enum err crypto_sum_add(struct crypto_engine *engine, bool *added, const struct crypto_check *check,
                        const struct id *hash, const BIGNUM *s_inverse) MUST_USE;
/* True: all that were added are valid. False: at least one is not, or its R is another. */
enum err crypto_sum_holds(struct crypto_engine *engine, bool *holds) MUST_USE;

#endif
