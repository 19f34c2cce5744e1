/* The engine of a thread (contract in crypto_engine.h).
 *
 * 1. The square root of a compressed key is taken once while it is remembered (crypto_points.h),
 *    and by libcrypto's numbers, because EC_POINT_oct2point takes twice as long over it. Whether
 *    what came out is on the curve is libcrypto's to say, every time a point is made of it.
 * 2. An engine goes with its thread; the main thread's, which runs no destructors, with libcrypto.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/crypto/crypto_engine.h"
#include "common/crypto/crypto_points.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { POINT_SIZE = 1 + 2 * CRYPTO_Y_SIZE /* 04, x, y */ };

static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static pthread_key_t engine_key;
static bool engine_key_made;
static _Thread_local struct crypto_engine *engine_mine;

static void engine_free(void *memory)
{
    struct crypto_engine *engine = memory;

    if (engine == NULL)
        return;
    for (size_t index = 0; index < CRYPTO_ENGINE_KEYS; index++)
        EC_POINT_free(engine->parsed[index].point);
    for (size_t index = 0; index < CRYPTO_ENGINE_BATCH; index++) {
        BN_free(engine->s[index]);
        BN_free(engine->product[index]);
        EC_POINT_free(engine->sums[index]);
    }
    BN_free(engine->weighed.of_g);
    for (size_t index = 0; index < 2 * CRYPTO_ENGINE_BATCH; index++) {
        BN_free(engine->weighed.factors[index]);
        EC_POINT_free(engine->weighed.points[index]);
    }
    BN_free(engine->r);
    BN_free(engine->u1);
    BN_free(engine->u2);
    BN_free(engine->x);
    BN_free(engine->inverse);
    BN_free(engine->prime);
    BN_free(engine->a);
    BN_free(engine->b);
    BN_free(engine->root_exponent);
    BN_MONT_CTX_free(engine->prime_mont);
    EC_POINT_free(engine->point);
    BN_CTX_free(engine->context);
    EC_GROUP_free(engine->group);
    free(engine);
    engine_mine = NULL;
}

/* The main thread runs no thread destructors: its engine goes when libcrypto does. */
static void engine_free_main(void)
{
    engine_free(engine_mine);
}

static void engine_make_key(void)
{
    engine_key_made =
        pthread_key_create(&engine_key, engine_free) == 0 && OPENSSL_atexit(engine_free_main) == 1;
}

static bool engine_fill_curve(struct crypto_engine *engine)
{
    engine->prime = BN_new();
    engine->a = BN_new();
    engine->b = BN_new();
    engine->root_exponent = BN_new();
    engine->prime_mont = BN_MONT_CTX_new();
    return engine->prime != NULL && engine->a != NULL && engine->b != NULL &&
           engine->root_exponent != NULL && engine->prime_mont != NULL &&
           EC_GROUP_get_curve(engine->group, engine->prime, engine->a, engine->b,
                              engine->context) == 1 &&
           BN_copy(engine->root_exponent, engine->prime) != NULL &&
           BN_add_word(engine->root_exponent, 1) == 1 &&
           BN_rshift(engine->root_exponent, engine->root_exponent, 2) == 1 &&
           BN_MONT_CTX_set(engine->prime_mont, engine->prime, engine->context) == 1;
}

static bool engine_fill_sum(struct crypto_engine *engine)
{
    struct crypto_engine_sum *sum = &engine->weighed;
    bool whole = true;

    sum->of_g = BN_new();
    for (size_t index = 0; index < 2 * CRYPTO_ENGINE_BATCH; index++) {
        sum->factors[index] = BN_new();
        sum->points[index] = EC_POINT_new(engine->group);
        whole = whole && sum->factors[index] != NULL && sum->points[index] != NULL;
    }
    return whole && sum->of_g != NULL;
}

static bool engine_fill(struct crypto_engine *engine)
{
    bool whole = true;

    engine->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    engine->context = BN_CTX_new();
    if (engine->group == NULL || engine->context == NULL)
        return false;
    engine->order = EC_GROUP_get0_order(engine->group);
    engine->point = EC_POINT_new(engine->group);
    for (size_t index = 0; index < CRYPTO_ENGINE_BATCH; index++) {
        engine->s[index] = BN_new();
        engine->product[index] = BN_new();
        engine->sums[index] = EC_POINT_new(engine->group);
        whole = whole && engine->s[index] != NULL && engine->product[index] != NULL &&
                engine->sums[index] != NULL;
    }
    engine->r = BN_new();
    engine->u1 = BN_new();
    engine->u2 = BN_new();
    engine->x = BN_new();
    engine->inverse = BN_new();
    return engine_fill_curve(engine) && engine_fill_sum(engine) && whole && engine->point != NULL &&
           engine->r != NULL && engine->u1 != NULL && engine->u2 != NULL && engine->x != NULL &&
           engine->inverse != NULL;
}

enum err crypto_engine_get(struct crypto_engine **out)
{
    if (engine_mine == NULL) {
        struct crypto_engine *engine;

        if (pthread_once(&engine_once, engine_make_key) != 0 || !engine_key_made)
            return ERR_MEMORY;
        engine = calloc(1, sizeof *engine);
        if (engine == NULL)
            return ERR_MEMORY;
        if (!engine_fill(engine) || pthread_setspecific(engine_key, engine) != 0) {
            engine_free(engine);
            return ERR_MEMORY;
        }
        engine_mine = engine;
    }
    *out = engine_mine;
    return ERR_OK;
}

enum err crypto_engine_error(enum err refusal)
{
    bool no_memory = ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;

    ERR_clear_error();
    return no_memory ? ERR_MEMORY : refusal;
}

/* A root of x^3 + a x + b, if there is one, of the parity asked for. False: libcrypto failed. */
static bool take_root(struct crypto_engine *engine, BIGNUM *y, const BIGNUM *x, bool is_odd)
{
    return BN_mod_sqr(y, x, engine->prime, engine->context) == 1 &&
           BN_mod_add_quick(y, y, engine->a, engine->prime) == 1 &&
           BN_mod_mul(y, y, x, engine->prime, engine->context) == 1 &&
           BN_mod_add_quick(y, y, engine->b, engine->prime) == 1 &&
           BN_mod_exp_mont(y, y, engine->root_exponent, engine->prime, engine->context,
                           engine->prime_mont) == 1 &&
           (BN_is_odd(y) == is_odd || BN_sub(y, engine->prime, y) == 1);
}

/* ERR_POINT. If x has no point, y is any number. */
static enum err compute_y(struct crypto_engine *engine, uint8_t y[CRYPTO_Y_SIZE],
                          const struct public_key *key)
{
    BIGNUM *x = engine->x, *root = engine->inverse;

    if (key->bytes[0] != 0x02 && key->bytes[0] != 0x03)
        return ERR_POINT;
    if (BN_bin2bn(key->bytes + 1, KEY_SIZE - 1, x) == NULL)
        return crypto_engine_error(ERR_CRYPTO);
    if (BN_cmp(x, engine->prime) >= 0)
        return ERR_POINT;
    if (!take_root(engine, root, x, key->bytes[0] == 0x03) ||
        BN_bn2binpad(root, y, CRYPTO_Y_SIZE) != CRYPTO_Y_SIZE)
        return crypto_engine_error(ERR_CRYPTO);
    return ERR_OK;
}

enum err crypto_engine_load(struct crypto_engine *engine, EC_POINT *out,
                            const struct public_key *key)
{
    uint8_t bytes[POINT_SIZE] = {0x04}, *const y = bytes + KEY_SIZE;
    const bool is_known = crypto_points_find(y, key);

    if (!is_known)
        TRY(compute_y(engine, y, key));
    memcpy(bytes + 1, key->bytes + 1, KEY_SIZE - 1);
    if (EC_POINT_oct2point(engine->group, out, bytes, sizeof bytes, engine->context) != 1)
        return crypto_engine_error(ERR_POINT);
    if (!is_known)
        crypto_points_keep(key, y);
    return ERR_OK;
}

enum err crypto_engine_point(struct crypto_engine *engine, const EC_POINT **out,
                             const struct public_key *key)
{
    struct crypto_engine_key *parsed =
        &engine->parsed[key->bytes[KEY_SIZE - 1] % CRYPTO_ENGINE_KEYS];
    enum err error;

    *out = parsed->point;
    if (parsed->point != NULL && key_equal(&parsed->key, key))
        return ERR_OK;
    if (parsed->point == NULL)
        parsed->point = EC_POINT_new(engine->group);
    if (parsed->point == NULL)
        return crypto_engine_error(ERR_MEMORY);
    error = crypto_engine_load(engine, parsed->point, key);
    if (error != ERR_OK) {
        EC_POINT_free(TAKE(parsed->point));
        return error;
    }
    parsed->key = *key;
    *out = parsed->point;
    return ERR_OK;
}
