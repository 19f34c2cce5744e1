/* The other half of keys: y for a compressed key, remembered. Of this room only.
 *
 * Bounded: CRYPTO_POINTS_MAX keys and no more, about 17 MiB once that many were seen, whatever
 * keys are shown. Public values only, safe from several threads. What is found here is what was
 * kept for exactly these bytes; whether it is remembered changes no answer, only its cost.
 */
#ifndef DCEP_COMMON_CRYPTO_CRYPTO_POINTS_H
#define DCEP_COMMON_CRYPTO_CRYPTO_POINTS_H

#include "common/base/span.h"

enum { CRYPTO_POINTS_MAX = 256 * 1024, CRYPTO_Y_SIZE = 32 };

bool crypto_points_find(uint8_t y[CRYPTO_Y_SIZE], const struct public_key *key);
/* A key that was found to be a point of the curve. */
void crypto_points_keep(const struct public_key *key, const uint8_t y[CRYPTO_Y_SIZE]);

#endif
