/* The sum of a batch (contract in crypto_sum.h), over libcrypto's points and numbers.
 *
 * 1. The weights are the system's random numbers, new for each sum, drawn after the signatures
 *    came: who signs cannot know them, and so cannot make two errors that cancel.
 * 2. x of R is r itself. That R is a point, and its y below p, is asked of libcrypto each time.
 * 3. All is public: nothing here needs constant time.
 *
 * EC_POINTs_mul is deprecated in OpenSSL 3.0 but supported; EVP has no sum. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/crypto/crypto_sum.h"

void crypto_sum_begin(struct crypto_engine *engine)
{
    engine->weighed.count = 0;
    crypto_random(engine->weighed.weights, sizeof engine->weighed.weights);
}

/* R into out. r is in engine->r. ERR_POINT */
static enum err commitment_point(struct crypto_engine *engine, EC_POINT *out,
                                 const struct commitment *commitment)
{
    BIGNUM *const y = engine->x;
    if (BN_bin2bn(commitment->bytes, COMMITMENT_SIZE, y) == NULL)
        return crypto_engine_error(ERR_CRYPTO);
    if (BN_cmp(y, engine->prime) >= 0)
        return ERR_POINT;
    if (EC_POINT_set_affine_coordinates(engine->group, out, engine->r, y, engine->context) != 1)
        return crypto_engine_error(ERR_POINT);
    return ERR_OK;
}

static enum err load_points(struct crypto_engine *engine, const struct crypto_check *check)
{
    EC_POINT *const *pair = engine->weighed.points + 2 * engine->weighed.count;
    const EC_POINT *key = NULL;
    TRY(crypto_engine_point(engine, &key, &check->key));
    if (EC_POINT_copy(pair[0], key) != 1)
        return crypto_engine_error(ERR_CRYPTO);
    return commitment_point(engine, pair[1], &check->commitment);
}

/* z u2 and -z, and z u1 to the others'. */
static bool weigh(struct crypto_engine *engine, const struct id *hash, const BIGNUM *s_inverse)
{
    struct crypto_engine_sum *sum = &engine->weighed;
    const uint8_t *weight = sum->weights[sum->count];
    BIGNUM *const *pair = sum->factors + 2 * sum->count;
    BIGNUM *z = engine->x, *z_by_s = engine->u2, *z_u1 = engine->u1;
    return BN_bin2bn(weight, sizeof sum->weights[0], z) != NULL &&
           BN_mod_mul(z_by_s, z, s_inverse, engine->order, engine->context) == 1 &&
           BN_mod_mul(pair[0], z_by_s, engine->r, engine->order, engine->context) == 1 &&
           BN_sub(pair[1], engine->order, z) == 1 &&
           BN_bin2bn(hash->bytes, sizeof hash->bytes, z_u1) != NULL &&
           BN_mod_mul(z_u1, z_u1, z_by_s, engine->order, engine->context) == 1 &&
           (sum->count == 0 ? BN_copy(sum->of_g, z_u1) != NULL
                            : BN_mod_add_quick(sum->of_g, sum->of_g, z_u1, engine->order) == 1);
}

enum err crypto_sum_add(struct crypto_engine *engine, bool *added, const struct crypto_check *check,
                        const struct id *hash, const BIGNUM *s_inverse)
{
    CHECK(engine->weighed.count < CRYPTO_ENGINE_BATCH);
    *added = false;
    if (BN_bin2bn(check->signature.bytes, SCALAR_SIZE, engine->r) == NULL)
        return crypto_engine_error(ERR_CRYPTO);
    const enum err error = load_points(engine, check);
    if (error == ERR_POINT)
        return ERR_OK;
    TRY(error);
    if (!weigh(engine, hash, s_inverse))
        return crypto_engine_error(ERR_CRYPTO);
    engine->weighed.count++;
    *added = true;
    return ERR_OK;
}

enum err crypto_sum_holds(struct crypto_engine *engine, bool *holds)
{
    struct crypto_engine_sum *sum = &engine->weighed;
    const size_t count = 2 * sum->count;
    const EC_POINT *points[2 * CRYPTO_ENGINE_BATCH];
    const BIGNUM *factors[2 * CRYPTO_ENGINE_BATCH];
    for (size_t i = 0; i < count; i++) {
        points[i] = sum->points[i];
        factors[i] = sum->factors[i];
    }
    if (EC_POINTs_mul(engine->group, engine->point, sum->of_g, count, points, factors,
                      engine->context) != 1)
        return crypto_engine_error(ERR_CRYPTO);
    *holds = EC_POINT_is_at_infinity(engine->group, engine->point) == 1;
    return ERR_OK;
}
