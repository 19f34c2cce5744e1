/* The libcrypto backend: OpenSSL's P-256, for bulk verification in the servers.
 *
 * 1. A thread works in an engine of its own (crypto_engine.h): no locks.
 * 2. A verdict comes from arithmetic we can see: r = x(u1 G + u2 Q) mod n, over libcrypto's points.
 *    ECDSA_do_verify reports "infinity" as a failure of the machinery, so a forger could sink a
 *    batch; here it is an invalid signature like any other.
 * 3. verify is verify_many of one. A batch inverts its s together (Montgomery), and libcrypto the Z
 *    of its points: two inversions a batch.
 *
 * EC_KEY, ECDSA_do_sign and EC_POINTs_make_affine are deprecated in OpenSSL 3.0 but supported:
 * through EVP a compressed key costs 30 us to load and a signature as much again, and a point's x
 * an inversion of its own. docs/adr/0003-crypto-backends.md, 0017.
 *
 * Never: secret-dependent arithmetic of our own (signing is libcrypto's), X.509 or TLS.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/crypto/crypto_engine.h"
#include "common/crypto/crypto_points.h"

#include <openssl/ecdsa.h>
#include <openssl/sha.h>

#include <string.h>

enum { SCALAR_SIZE = 32 };

static enum err sha256(struct id *out, const struct span *parts, size_t part_count)
{
    SHA256_CTX context;
    bool fine = SHA256_Init(&context) == 1;

    for (size_t index = 0; index < part_count; index++)
        fine = fine && SHA256_Update(&context, parts[index].data, parts[index].size) == 1;
    fine = fine && SHA256_Final(out->bytes, &context) == 1;
    return fine ? ERR_OK : ERR_CRYPTO;
}

/* ---- verification ---- */

static bool in_range(const struct crypto_engine *engine, const BIGNUM *number)
{
    return !BN_is_zero(number) && BN_cmp(number, engine->order) < 0;
}

/* s[i] of each signature, and the running products. An s that is out of range is replaced by 1: its
 * check is refused later, by in_range on the bytes again. */
static bool batch_multiply(struct crypto_engine *engine, const struct crypto_check *checks,
                           size_t count)
{
    for (size_t index = 0; index < count; index++) {
        const uint8_t *bytes = checks[index].signature.bytes + SCALAR_SIZE;
        BIGNUM *s = engine->s[index];
        bool fine = BN_bin2bn(bytes, SCALAR_SIZE, s) != NULL;

        if (fine && !in_range(engine, s))
            fine = BN_one(s) == 1;
        if (fine && index == 0)
            fine = BN_copy(engine->product[0], s) != NULL;
        else if (fine)
            fine = BN_mod_mul(engine->product[index], engine->product[index - 1], s, engine->order,
                              engine->context) == 1;
        if (!fine)
            return false;
    }
    return true;
}

/* s[i] becomes its inverse, last to first: inverse holds 1 / (s[0] ... s[i]). */
static bool batch_invert(struct crypto_engine *engine, size_t count)
{
    if (BN_mod_inverse(engine->inverse, engine->product[count - 1], engine->order,
                       engine->context) == NULL)
        return false;
    for (size_t index = count - 1; index > 0; index--) {
        if (BN_mod_mul(engine->x, engine->inverse, engine->product[index - 1], engine->order,
                       engine->context) != 1 ||
            BN_mod_mul(engine->inverse, engine->inverse, engine->s[index], engine->order,
                       engine->context) != 1 ||
            BN_copy(engine->s[index], engine->x) == NULL)
            return false;
    }
    return BN_copy(engine->s[0], engine->inverse) != NULL;
}

/* u1 = hash / s, u2 = r / s */
static bool batch_factors(struct crypto_engine *engine, const struct crypto_check *check,
                          const BIGNUM *s_inverse)
{
    struct id hash;

    return sha256(&hash, &check->message, 1) == ERR_OK &&
           BN_bin2bn(hash.bytes, sizeof hash.bytes, engine->u1) != NULL &&
           BN_mod_mul(engine->u1, engine->u1, s_inverse, engine->order, engine->context) == 1 &&
           BN_mod_mul(engine->u2, engine->r, s_inverse, engine->order, engine->context) == 1;
}

/* u1 G + u2 Q of one check of a batch, s inverted. ERR_POINT, ERR_SIGNATURE: there is none. */
static enum err batch_add(struct crypto_engine *engine, EC_POINT *sum,
                          const struct crypto_check *check, const BIGNUM *s_inverse)
{
    const uint8_t *bytes = check->signature.bytes;
    const EC_POINT *key = NULL;

    TRY(crypto_engine_point(engine, &key, &check->key));
    if (BN_bin2bn(bytes, SCALAR_SIZE, engine->r) == NULL ||
        BN_bin2bn(bytes + SCALAR_SIZE, SCALAR_SIZE, engine->x) == NULL)
        return crypto_engine_error(ERR_CRYPTO);
    if (!in_range(engine, engine->r) || !in_range(engine, engine->x))
        return ERR_SIGNATURE;
    if (!batch_factors(engine, check, s_inverse) ||
        EC_POINT_mul(engine->group, sum, engine->u1, key, engine->u2, engine->context) != 1)
        return crypto_engine_error(ERR_CRYPTO);
    return ERR_OK;
}

/* With a Z of 1 a sum's X is its x. One sum alone is not made so: that takes three times as long as
 * the inversion that libcrypto has for a point. */
static bool take_x(struct crypto_engine *engine, const EC_POINT *sum, bool is_affine)
{
    return is_affine ? EC_POINT_get_Jprojective_coordinates_GFp(engine->group, sum, engine->x, NULL,
                                                                NULL, engine->context) == 1
                     : EC_POINT_get_affine_coordinates(engine->group, sum, engine->x, NULL,
                                                       engine->context) == 1;
}

/* x modulo n is r. */
static enum err batch_compare(struct crypto_engine *engine, const EC_POINT *sum, bool is_affine,
                              const struct crypto_check *check)
{
    if (EC_POINT_is_at_infinity(engine->group, sum))
        return ERR_SIGNATURE;
    if (BN_bin2bn(check->signature.bytes, SCALAR_SIZE, engine->r) == NULL ||
        !take_x(engine, sum, is_affine) ||
        BN_nnmod(engine->x, engine->x, engine->order, engine->context) != 1)
        return crypto_engine_error(ERR_CRYPTO);
    return BN_cmp(engine->x, engine->r) == 0 ? ERR_OK : ERR_SIGNATURE;
}

static bool is_verdict(enum err error)
{
    return error == ERR_OK || error == ERR_POINT || error == ERR_SIGNATURE;
}

/* At most CRYPTO_ENGINE_BATCH; *last is the verdict on the last one. What is refused before it has
 * a sum leaves an earlier batch's, which nobody reads. */
static enum err batch_verify(struct crypto_engine *engine, enum err *last,
                             struct crypto_check *checks, size_t count)
{
    enum err verdicts[CRYPTO_ENGINE_BATCH];
    const bool is_affine = count > 1;

    if (!batch_multiply(engine, checks, count) || !batch_invert(engine, count))
        return crypto_engine_error(ERR_CRYPTO);
    for (size_t index = 0; index < count; index++) {
        verdicts[index] = batch_add(engine, engine->sums[index], &checks[index], engine->s[index]);
        if (!is_verdict(verdicts[index]))
            return verdicts[index];
    }
    if (is_affine &&
        EC_POINTs_make_affine(engine->group, count, engine->sums, engine->context) != 1)
        return crypto_engine_error(ERR_CRYPTO);
    for (size_t index = 0; index < count; index++) {
        if (verdicts[index] == ERR_OK)
            verdicts[index] = batch_compare(engine, engine->sums[index], is_affine, &checks[index]);
        if (!is_verdict(verdicts[index]))
            return verdicts[index];
        checks[index].valid = verdicts[index] == ERR_OK;
    }
    *last = verdicts[count - 1];
    return ERR_OK;
}

static enum err verify_many(struct crypto_check *checks, size_t count)
{
    struct crypto_engine *engine = NULL;
    enum err last = ERR_OK;

    for (size_t index = 0; index < count; index++)
        checks[index].valid = false;
    TRY(crypto_engine_get(&engine));
    for (size_t done = 0; done < count; done += CRYPTO_ENGINE_BATCH) {
        size_t left = count - done;

        TRY(batch_verify(engine, &last, checks + done,
                         left < CRYPTO_ENGINE_BATCH ? left : CRYPTO_ENGINE_BATCH));
    }
    return ERR_OK;
}

static enum err verify(const struct public_key *key, struct span message,
                       const struct signature *signature)
{
    struct crypto_check check = {.key = *key, .message = message, .signature = *signature};
    struct crypto_engine *engine = NULL;
    enum err verdict = ERR_SIGNATURE;

    TRY(crypto_engine_get(&engine));
    TRY(batch_verify(engine, &verdict, &check, 1));
    return verdict;
}

static enum err key_check(const struct public_key *key)
{
    struct crypto_engine *engine = NULL;
    uint8_t y[CRYPTO_Y_SIZE];

    if (crypto_points_find(y, key))
        return ERR_OK;
    TRY(crypto_engine_get(&engine));
    return crypto_engine_load(engine, engine->point, key);
}

/* ---- private keys ---- */

static void scalar_fini(BIGNUM **scalar)
{
    BN_clear_free(*scalar);
}

static void ec_key_fini(EC_KEY **key)
{
    EC_KEY_free(*key); /* clears the private key */
}

static void ecdsa_sig_fini(ECDSA_SIG **sig)
{
    ECDSA_SIG_free(*sig);
}

static enum err key_load(struct key_pair *out, const uint8_t bytes[32])
{
    BIGNUM *scalar AUTO(scalar_fini) = BN_bin2bn(bytes, SCALAR_SIZE, NULL);
    struct crypto_engine *engine = NULL;

    TRY(crypto_engine_get(&engine));
    if (scalar == NULL)
        return crypto_engine_error(ERR_MEMORY);
    if (!in_range(engine, scalar))
        return ERR_RANGE;
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    if (EC_POINT_mul(engine->group, engine->point, scalar, NULL, NULL, engine->context) != 1 ||
        EC_POINT_point2oct(engine->group, engine->point, POINT_CONVERSION_COMPRESSED,
                           out->public_key.bytes, KEY_SIZE, engine->context) != KEY_SIZE)
        return crypto_engine_error(ERR_CRYPTO);
    memmove(out->private_scalar, bytes, sizeof out->private_scalar);
    out->device = NULL;
    return ERR_OK;
}

static enum err key_generate(struct key_pair *out)
{
    return crypto_key_draw(out, key_load);
}

static enum err sign(struct signature *out, const struct key_pair *pair, struct span message)
{
    BIGNUM *scalar AUTO(scalar_fini) = BN_bin2bn(pair->private_scalar, SCALAR_SIZE, NULL);
    EC_KEY *key AUTO(ec_key_fini) = EC_KEY_new();
    ECDSA_SIG *sig AUTO(ecdsa_sig_fini) = NULL;
    struct crypto_engine *engine = NULL;
    struct id hash;

    TRY(crypto_engine_get(&engine));
    TRY(sha256(&hash, &message, 1));
    if (scalar == NULL || key == NULL)
        return crypto_engine_error(ERR_MEMORY);
    if (!in_range(engine, scalar))
        return ERR_RANGE;
    if (EC_KEY_set_group(key, engine->group) != 1 || EC_KEY_set_private_key(key, scalar) != 1)
        return crypto_engine_error(ERR_CRYPTO);
    sig = ECDSA_do_sign(hash.bytes, sizeof hash.bytes, key);
    if (sig == NULL ||
        BN_bn2binpad(ECDSA_SIG_get0_r(sig), out->bytes, SCALAR_SIZE) != SCALAR_SIZE ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out->bytes + SCALAR_SIZE, SCALAR_SIZE) != SCALAR_SIZE)
        return crypto_engine_error(ERR_CRYPTO);
    return ERR_OK;
}

const struct crypto crypto_libcrypto = {
    .name = "libcrypto",
    .key_check = key_check,
    .key_generate = key_generate,
    .key_load = key_load,
    .sign = sign,
    .verify = verify,
    .verify_many = verify_many,
    .sha256 = sha256,
};
