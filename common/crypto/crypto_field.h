/* Numbers modulo the prime of P-256, for public values: which point a compressed key is.
 *
 * libcrypto's square root costs as much as a quarter of a verification, and a settlement meets two
 * fresh keys: who pays and who is paid. This one costs a fifth of that (docs/adr/0017). Private to
 * this room, and never for secrets: time depends on the value. */
#ifndef DCEP_COMMON_CRYPTO_CRYPTO_FIELD_H
#define DCEP_COMMON_CRYPTO_CRYPTO_FIELD_H

#include "common/base/span.h"

enum { FIELD_SIZE = 32, FIELD_POINT_SIZE = 65 };

/* 04 || x || y of a compressed key. False unless it is 02/03 || x with x < p on the curve. */
bool crypto_field_point(uint8_t out[FIELD_POINT_SIZE], const struct public_key *key);

#endif
