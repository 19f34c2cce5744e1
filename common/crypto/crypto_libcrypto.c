/* The libcrypto backend: OpenSSL's P-256, for bulk verification in the servers.
 *
 * 1. A thread works in an engine of its own (crypto_engine.h): no locks.
 * 2. A verdict comes from arithmetic we can see: r = x(u1 G + u2 Q) mod n, over libcrypto's points.
 *    ECDSA_do_verify reports "infinity" as a failure of the machinery, so a forger could sink a
 *    batch; here it is an invalid signature like any other.
 * 3. verify is verify_many of one. A batch inverts its s together (Montgomery), and libcrypto the Z
 *    of its points: two inversions a batch. Where somebody says what R a signature has, they are
 *    one sum (crypto_sum.h); if it does not hold, each is verified by itself.
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
#include "common/crypto/crypto_sum.h"

#include <openssl/ecdsa.h>
#include <openssl/sha.h>

#include <string.h>

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
static bool batch_factors(struct crypto_engine *engine, const struct id *hash,
                          const BIGNUM *s_inverse)
{
    return BN_bin2bn(hash->bytes, sizeof hash->bytes, engine->u1) != NULL &&
           BN_mod_mul(engine->u1, engine->u1, s_inverse, engine->order, engine->context) == 1 &&
           BN_mod_mul(engine->u2, engine->r, s_inverse, engine->order, engine->context) == 1;
}

/* Can there be a point with this r and s? It reads them into r and x. */
static enum err batch_read(struct crypto_engine *engine, const struct crypto_check *check)
{
    const uint8_t *bytes = check->signature.bytes;

    if (BN_bin2bn(bytes, SCALAR_SIZE, engine->r) == NULL ||
        BN_bin2bn(bytes + SCALAR_SIZE, SCALAR_SIZE, engine->x) == NULL)
        return crypto_engine_error(ERR_CRYPTO);
    return in_range(engine, engine->r) && in_range(engine, engine->x) ? ERR_OK : ERR_SIGNATURE;
}

/* u1 G + u2 Q of one check of a batch, s inverted. ERR_POINT, ERR_SIGNATURE: there is none. */
static enum err batch_add(struct crypto_engine *engine, EC_POINT *sum,
                          const struct crypto_check *check, const struct id *hash,
                          const BIGNUM *s_inverse)
{
    const EC_POINT *key = NULL;

    TRY(crypto_engine_point(engine, &key, &check->key));
    TRY(batch_read(engine, check));
    if (!batch_factors(engine, hash, s_inverse) ||
        EC_POINT_mul(engine->group, sum, engine->u1, key, engine->u2, engine->context) != 1)
        return crypto_engine_error(ERR_CRYPTO);
    return ERR_OK;
}

/* x and y, in inverse, of a sum. With a Z of 1 its X and Y are they. One sum alone is not made so:
 * that takes three times as long as the inversion that libcrypto has for a point. */
static bool take_point(struct crypto_engine *engine, const EC_POINT *sum, bool is_affine)
{
    return is_affine
               ? EC_POINT_get_Jprojective_coordinates_GFp(
                     engine->group, sum, engine->x, engine->inverse, NULL, engine->context) == 1
               : EC_POINT_get_affine_coordinates(engine->group, sum, engine->x, engine->inverse,
                                                 engine->context) == 1;
}

/* x modulo n is r. */
static enum err batch_compare(struct crypto_engine *engine, const EC_POINT *sum, bool is_affine,
                              struct crypto_check *check)
{
    struct commitment *met = &check->commitment;

    if (EC_POINT_is_at_infinity(engine->group, sum))
        return ERR_SIGNATURE;
    if (BN_bin2bn(check->signature.bytes, SCALAR_SIZE, engine->r) == NULL ||
        !take_point(engine, sum, is_affine) ||
        BN_bn2binpad(engine->inverse, met->bytes, COMMITMENT_SIZE) != COMMITMENT_SIZE ||
        BN_nnmod(engine->x, engine->x, engine->order, engine->context) != 1)
        return crypto_engine_error(ERR_CRYPTO);
    return BN_cmp(engine->x, engine->r) == 0 ? ERR_OK : ERR_SIGNATURE;
}

static bool is_verdict(enum err error)
{
    return error == ERR_OK || error == ERR_POINT || error == ERR_SIGNATURE;
}

/* A batch on its way: what is known of each check. */
struct batch {
    struct crypto_check *checks;
    size_t count;
    struct id hashes[CRYPTO_ENGINE_BATCH];
    enum err verdicts[CRYPTO_ENGINE_BATCH]; /* ERR_OK until it is looked at by itself */
    bool is_judged[CRYPTO_ENGINE_BATCH];
};

/* Those with a commitment, in one sum. If that does not hold, nothing is known of any of them.
 * Range first: an s out of range stands in the batch as 1, and would be believed as 1. */
static enum err batch_sum(struct crypto_engine *engine, struct batch *batch)
{
    bool is_added[CRYPTO_ENGINE_BATCH] = {false}, holds = false;
    size_t told = 0;

    for (size_t index = 0; index < batch->count; index++)
        told += commitment_is_known(&batch->checks[index].commitment);
    if (told < CRYPTO_SUM_MIN)
        return ERR_OK;
    crypto_sum_begin(engine);
    for (size_t index = 0; index < batch->count; index++) {
        const struct crypto_check *check = &batch->checks[index];
        enum err form;

        if (!commitment_is_known(&check->commitment))
            continue;
        form = batch_read(engine, check);
        if (!is_verdict(form))
            return form;
        if (form == ERR_OK)
            TRY(crypto_sum_add(engine, &is_added[index], check, &batch->hashes[index],
                               engine->s[index]));
    }
    if (engine->weighed.count >= CRYPTO_SUM_MIN)
        TRY(crypto_sum_holds(engine, &holds));
    for (size_t index = 0; index < batch->count; index++)
        batch->is_judged[index] = holds && is_added[index];
    return ERR_OK;
}

/* The others, each by itself. What is refused before it has a sum leaves an earlier batch's, which
 * nobody reads. */
static enum err batch_each(struct crypto_engine *engine, struct batch *batch)
{
    const bool is_affine = batch->count > 1;
    size_t left = 0;

    for (size_t index = 0; index < batch->count; index++) {
        if (batch->is_judged[index])
            continue;
        left++;
        batch->verdicts[index] = batch_add(engine, engine->sums[index], &batch->checks[index],
                                           &batch->hashes[index], engine->s[index]);
        if (!is_verdict(batch->verdicts[index]))
            return batch->verdicts[index];
    }
    if (left > 0 && is_affine &&
        EC_POINTs_make_affine(engine->group, batch->count, engine->sums, engine->context) != 1)
        return crypto_engine_error(ERR_CRYPTO);
    for (size_t index = 0; index < batch->count; index++) {
        enum err *verdict = &batch->verdicts[index];

        if (!batch->is_judged[index] && *verdict == ERR_OK)
            *verdict = batch_compare(engine, engine->sums[index], is_affine, &batch->checks[index]);
        if (!is_verdict(*verdict))
            return *verdict;
    }
    return ERR_OK;
}

/* At most CRYPTO_ENGINE_BATCH; *last is the verdict on the last one. */
static enum err batch_verify(struct crypto_engine *engine, enum err *last,
                             struct crypto_check *checks, size_t count)
{
    struct batch batch = {.checks = checks, .count = count};

    if (!batch_multiply(engine, checks, count) || !batch_invert(engine, count))
        return crypto_engine_error(ERR_CRYPTO);
    for (size_t index = 0; index < count; index++)
        TRY(sha256(&batch.hashes[index], &checks[index].message, 1));
    TRY(batch_sum(engine, &batch));
    TRY(batch_each(engine, &batch));
    for (size_t index = 0; index < count; index++) {
        checks[index].valid = batch.verdicts[index] == ERR_OK;
        if (!checks[index].valid)
            checks[index].commitment = (struct commitment){{0}};
    }
    *last = batch.verdicts[count - 1];
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
