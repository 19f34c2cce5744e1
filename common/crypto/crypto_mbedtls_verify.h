/* What crypto_mbedtls does with public keys: is it a point, did it sign. Of this room only.
 *
 * Safe from several threads: one works, the others wait. The last CRYPTO_MBEDTLS_KNOWN_MAX keys are
 * remembered with what was computed of them, 2 KiB each; whether a key is remembered changes no
 * answer, only its cost.
 */
#ifndef DCEP_COMMON_CRYPTO_CRYPTO_MBEDTLS_VERIFY_H
#define DCEP_COMMON_CRYPTO_CRYPTO_MBEDTLS_VERIFY_H

#include "common/crypto/crypto.h"

enum { CRYPTO_MBEDTLS_KNOWN_MAX = 32, CRYPTO_MBEDTLS_BATCH_MAX = 16 };

/* ERR_POINT unless key is 02/03 || x with x < p on the curve. */
enum err crypto_mbedtls_key_check(const struct public_key *key) MUST_USE;

/* hashes[i] is the SHA-256 of checks[i].message, which is not read; its verdict goes to valid, R to
 * commitment, whatever was said of it.
 * At most CRYPTO_MBEDTLS_BATCH_MAX. */
enum err crypto_mbedtls_verify(struct crypto_check *checks, const struct id *hashes,
                               size_t count) MUST_USE;

#endif
