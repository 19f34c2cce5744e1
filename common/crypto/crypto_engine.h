/* What a thread keeps to work with libcrypto: its curve, its numbers, the points of keys it met. Of
 * this room only.
 *
 * One for each thread that asks, freed when the thread ends; what is in it is nobody else's. point,
 * r to inverse, s, product, sums and weighed are scratch.
 */
#ifndef DCEP_COMMON_CRYPTO_CRYPTO_ENGINE_H
#define DCEP_COMMON_CRYPTO_CRYPTO_ENGINE_H

#include "common/crypto/crypto.h"

#include <openssl/bn.h>
#include <openssl/ec.h>

enum {
    CRYPTO_ENGINE_BATCH = 32, /* signatures that share two inversions */
    CRYPTO_ENGINE_KEYS = 256, /* a power of two; about 100 KiB a thread when full */
    SCALAR_SIZE = 32,         /* r, s, a private key: a number below the order */
    WEIGHT_SIZE = 16,         /* z of a sum */
};

struct crypto_engine_key {
    struct public_key key;
    EC_POINT *point; /* NULL = empty */
};

/* Of crypto_sum.h. For each signature in it z u2 and -z, Q and R; for all of them z u1 together. */
struct crypto_engine_sum {
    size_t count;
    BIGNUM *of_g, *factors[2 * CRYPTO_ENGINE_BATCH];
    EC_POINT *points[2 * CRYPTO_ENGINE_BATCH];
    uint8_t weights[CRYPTO_ENGINE_BATCH][WEIGHT_SIZE];
};

struct crypto_engine {
    EC_GROUP *group;
    const BIGNUM *order; /* of the group */
    BN_CTX *context;
    EC_POINT *point;
    BIGNUM *r, *u1, *u2, *x, *inverse;
    /* Of each signature of a batch: s; s[0] ... s[i] mod n; u1 G + u2 Q. */
    BIGNUM *s[CRYPTO_ENGINE_BATCH], *product[CRYPTO_ENGINE_BATCH];
    EC_POINT *sums[CRYPTO_ENGINE_BATCH];
    struct crypto_engine_sum weighed;
    BIGNUM *prime, *a, *b; /* y^2 = x^3 + a x + b modulo prime */
    BIGNUM *root_exponent; /* (prime + 1) / 4: the prime is 3 modulo 4 */
    BN_MONT_CTX *prime_mont;
    struct crypto_engine_key parsed[CRYPTO_ENGINE_KEYS];
};

enum err crypto_engine_get(struct crypto_engine **out) MUST_USE; /* the calling thread's */
/* What went wrong in libcrypto: memory, or what the caller says a refusal means. */
enum err crypto_engine_error(enum err refusal) MUST_USE;
/* A key's point into out; uses x and inverse. ERR_POINT. */
enum err crypto_engine_load(struct crypto_engine *engine, EC_POINT *out,
                            const struct public_key *key) MUST_USE;
/* The same, remembered, and borrowed until the next call. */
enum err crypto_engine_point(struct crypto_engine *engine, const EC_POINT **out,
                             const struct public_key *key) MUST_USE;

#endif
