/* ECDSA P-256 with SHA-256 (ES256, RFC 9053 section 2.1), SHA-256, random numbers: one interface,
 * two backends.
 *
 *   crypto_mbedtls    PSA; the wallet's and the default of everything
 *   crypto_libcrypto  OpenSSL's; bulk verification in the servers
 *
 * Both give the same verdict on every input (tests/common/crypto/). Signatures are 64 bytes r || s;
 * s and n-s are both valid: no id depends on a signature. Every function is safe from several
 * threads: crypto_libcrypto works without locks, crypto_mbedtls serialises itself with a mutex.
 */
#ifndef DCEP_COMMON_CRYPTO_CRYPTO_H
#define DCEP_COMMON_CRYPTO_CRYPTO_H

#include "common/base/secret.h"
#include "common/base/span.h"

/* A device that keeps private keys to itself and signs with them: a secure element. */
struct key_device {
    void *context;
    enum err (*sign)(void *context, struct signature *out, const struct public_key *key,
                     struct span message);
};

/* A key pair. The private scalar never leaves this struct but through keyfile.c, sealed; where a
 * device holds the key, the scalar is zero and the device signs. */
struct key_pair {
    struct public_key public_key;
    uint8_t private_scalar[32];
    const struct key_device *device; /* borrowed; NULL: private_scalar signs */
};
void key_pair_wipe(struct key_pair *pair); /* for AUTO */

struct crypto_check { /* one signature to verify */
    struct public_key key;
    struct span message; /* hashed with SHA-256 inside */
    struct signature signature;
    /* In: what somebody says it is; it may make verifying cheaper, and never changes a verdict.
     * Out, of a call that succeeded: what it is, where the backend met it; unknown where valid is
     * false. */
    struct commitment commitment;
    bool valid; /* out */
};

struct crypto {
    const char *name; /* "mbedtls", "libcrypto" */
    /* ERR_POINT unless key is 02/03 || x with x < p on the curve (never infinity). */
    enum err (*key_check)(const struct public_key *key);
    enum err (*key_generate)(struct key_pair *out); /* system randomness */
    /* The pair of a private scalar, big-endian; ERR_RANGE unless 1..n-1. Sealed keys come back this
     * way, and the deterministic worlds of the tests make theirs. */
    enum err (*key_load)(struct key_pair *out, const uint8_t scalar[32]);
    /* ERR_RANGE for a pair that is none (zeroed, wiped). */
    enum err (*sign)(struct signature *out, const struct key_pair *pair, struct span message);
    /* ERR_SIGNATURE if it does not verify, ERR_POINT if the key is no point. */
    enum err (*verify)(const struct public_key *key, struct span message,
                       const struct signature *signature);
    /* Many in one call, a verdict each (field valid). A failure of the machinery fails the whole.
     * This is where a vectorised library fits (docs/adr/0003-crypto-backends.md). */
    enum err (*verify_many)(struct crypto_check *checks, size_t count);
    enum err (*sha256)(struct id *out, const struct span *parts, size_t part_count);
};

extern const struct crypto crypto_mbedtls;
extern const struct crypto crypto_libcrypto;

/* The backend of this process: crypto_mbedtls until crypto_use says otherwise (once, at start). */
const struct crypto *crypto(void);
void crypto_use(const struct crypto *backend);
const struct crypto *crypto_by_name(const char *name); /* NULL if unknown */

/* Random bytes from the system only (getrandom). CHECKs on failure: there is no going on. */
void crypto_random(void *out, size_t size);

/* The key_generate of every backend: a pair of a scalar that the system draws, by its key_load. */
enum err crypto_key_draw(struct key_pair *out,
                         enum err (*load)(struct key_pair *out, const uint8_t scalar[32])) MUST_USE;

/* Signs with whatever holds the key: the backend, or the pair's device. */
enum err crypto_sign(struct signature *out, const struct key_pair *pair,
                     struct span message) MUST_USE;

/* Conveniences over crypto(). */
struct id crypto_hash(const struct span *parts, size_t part_count); /* CHECKs: it cannot fail */
struct key_id crypto_key_id(const struct public_key *key); /* first 8 bytes of SHA-256(key) */

#endif
