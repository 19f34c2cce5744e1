/* The libcrypto backend: OpenSSL's P-256, for bulk verification in the servers.
 *
 * 1. A thread works in an engine of its own (scratch numbers, parsed keys), made at its first use
 *    and freed when it ends: no locks.
 * 2. A verdict comes from arithmetic we can see: r = x(u1 G + u2 Q) mod n, over libcrypto's points.
 *    ECDSA_do_verify reports "infinity" as a failure of the machinery, so a forger could sink a
 *    batch; here it is an invalid signature like any other.
 * 3. verify is verify_many of one. A batch inverts its s together (Montgomery): one inversion.
 * 4. The square root of a compressed key is taken once while it is remembered (crypto_points.h),
 *    and by libcrypto's numbers, because EC_POINT_oct2point takes twice as long over it. Whether
 *    what came out is on the curve is libcrypto's to say, every time a point is made of it.
 *
 * EC_KEY and ECDSA_do_sign are deprecated in OpenSSL 3.0 but supported: through EVP a compressed
 * key costs 30 us to load and a signature as much again. docs/adr/0003-crypto-backends.md.
 *
 * Never: secret-dependent arithmetic of our own (signing is libcrypto's), X.509 or TLS.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/crypto/crypto.h"
#include "common/crypto/crypto_points.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCALAR_SIZE = 32,
    POINT_SIZE = 1 + 2 * CRYPTO_Y_SIZE, /* 04, x, y */
    BATCH_COUNT = 32,                   /* signatures that share one inversion */
    PARSED_KEY_COUNT = 256,             /* a power of two; about 100 KiB a thread when full */
};

struct parsed_key {
    struct public_key key;
    EC_POINT *point; /* NULL = empty */
};

struct engine {
    EC_GROUP *group;
    const BIGNUM *order; /* of the group */
    BN_CTX *context;
    EC_POINT *point; /* R */
    BIGNUM *r, *u1, *u2, *x, *inverse;
    BIGNUM *s[BATCH_COUNT], *product[BATCH_COUNT]; /* product[i] = s[0] ... s[i] mod n */
    BIGNUM *prime, *a, *b;                         /* y^2 = x^3 + a x + b modulo prime */
    BIGNUM *root_exponent;                         /* (prime + 1) / 4: the prime is 3 modulo 4 */
    BN_MONT_CTX *prime_mont;
    struct parsed_key parsed[PARSED_KEY_COUNT];
};

/* ---- the engine of a thread ---- */

static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static pthread_key_t engine_key;
static bool engine_key_made;
static _Thread_local struct engine *engine_mine;

static void engine_free(void *memory)
{
    struct engine *engine = memory;

    if (engine == NULL)
        return;
    for (size_t index = 0; index < PARSED_KEY_COUNT; index++)
        EC_POINT_free(engine->parsed[index].point);
    for (size_t index = 0; index < BATCH_COUNT; index++) {
        BN_free(engine->s[index]);
        BN_free(engine->product[index]);
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

static bool engine_fill_curve(struct engine *engine)
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

static bool engine_fill(struct engine *engine)
{
    bool whole = true;

    engine->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    engine->context = BN_CTX_new();
    if (engine->group == NULL || engine->context == NULL)
        return false;
    engine->order = EC_GROUP_get0_order(engine->group);
    engine->point = EC_POINT_new(engine->group);
    for (size_t index = 0; index < BATCH_COUNT; index++) {
        engine->s[index] = BN_new();
        engine->product[index] = BN_new();
        whole = whole && engine->s[index] != NULL && engine->product[index] != NULL;
    }
    engine->r = BN_new();
    engine->u1 = BN_new();
    engine->u2 = BN_new();
    engine->x = BN_new();
    engine->inverse = BN_new();
    return engine_fill_curve(engine) && whole && engine->point != NULL && engine->r != NULL &&
           engine->u1 != NULL && engine->u2 != NULL && engine->x != NULL && engine->inverse != NULL;
}

static enum err engine_get(struct engine **out)
{
    if (engine_mine == NULL) {
        struct engine *engine;

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

/* What went wrong in libcrypto: memory, or what the caller says a refusal means. */
static enum err engine_error(enum err refusal)
{
    bool no_memory = ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;

    ERR_clear_error();
    return no_memory ? ERR_MEMORY : refusal;
}

/* A root of x^3 + a x + b, if there is one, of the parity asked for. False: libcrypto failed. */
static bool take_root(struct engine *engine, BIGNUM *y, const BIGNUM *x, bool is_odd)
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
static enum err compute_y(struct engine *engine, uint8_t y[CRYPTO_Y_SIZE],
                          const struct public_key *key)
{
    BIGNUM *x = engine->x, *root = engine->inverse;

    if (key->bytes[0] != 0x02 && key->bytes[0] != 0x03)
        return ERR_POINT;
    if (BN_bin2bn(key->bytes + 1, KEY_SIZE - 1, x) == NULL)
        return engine_error(ERR_CRYPTO);
    if (BN_cmp(x, engine->prime) >= 0)
        return ERR_POINT;
    if (!take_root(engine, root, x, key->bytes[0] == 0x03) ||
        BN_bn2binpad(root, y, CRYPTO_Y_SIZE) != CRYPTO_Y_SIZE)
        return engine_error(ERR_CRYPTO);
    return ERR_OK;
}

/* ERR_POINT. */
static enum err load_point(struct engine *engine, EC_POINT *out, const struct public_key *key)
{
    uint8_t bytes[POINT_SIZE] = {0x04}, *const y = bytes + KEY_SIZE;
    const bool is_known = crypto_points_find(y, key);

    if (!is_known)
        TRY(compute_y(engine, y, key));
    memcpy(bytes + 1, key->bytes + 1, KEY_SIZE - 1);
    if (EC_POINT_oct2point(engine->group, out, bytes, sizeof bytes, engine->context) != 1)
        return engine_error(ERR_POINT);
    if (!is_known)
        crypto_points_keep(key, y);
    return ERR_OK;
}

/* The point of a key, borrowed until the next call. ERR_POINT. */
static enum err engine_point(struct engine *engine, const EC_POINT **out,
                             const struct public_key *key)
{
    struct parsed_key *parsed = &engine->parsed[key->bytes[KEY_SIZE - 1] % PARSED_KEY_COUNT];
    enum err error;

    *out = parsed->point;
    if (parsed->point != NULL && key_equal(&parsed->key, key))
        return ERR_OK;
    if (parsed->point == NULL)
        parsed->point = EC_POINT_new(engine->group);
    if (parsed->point == NULL)
        return engine_error(ERR_MEMORY);
    error = load_point(engine, parsed->point, key);
    if (error != ERR_OK) {
        EC_POINT_free(TAKE(parsed->point));
        return error;
    }
    parsed->key = *key;
    *out = parsed->point;
    return ERR_OK;
}

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

static bool in_range(const struct engine *engine, const BIGNUM *number)
{
    return !BN_is_zero(number) && BN_cmp(number, engine->order) < 0;
}

/* s[i] of each signature, and the running products. An s that is out of range is replaced by 1: its
 * check is refused later, by in_range on the bytes again. */
static bool batch_multiply(struct engine *engine, const struct crypto_check *checks, size_t count)
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
static bool batch_invert(struct engine *engine, size_t count)
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
static bool batch_factors(struct engine *engine, const struct crypto_check *check,
                          const BIGNUM *s_inverse)
{
    struct id hash;

    return sha256(&hash, &check->message, 1) == ERR_OK &&
           BN_bin2bn(hash.bytes, sizeof hash.bytes, engine->u1) != NULL &&
           BN_mod_mul(engine->u1, engine->u1, s_inverse, engine->order, engine->context) == 1 &&
           BN_mod_mul(engine->u2, engine->r, s_inverse, engine->order, engine->context) == 1;
}

/* One check of a batch, s inverted. ERR_POINT, ERR_SIGNATURE. */
static enum err batch_check(struct engine *engine, const struct crypto_check *check,
                            const BIGNUM *s_inverse)
{
    const uint8_t *bytes = check->signature.bytes;
    const EC_POINT *key = NULL;

    TRY(engine_point(engine, &key, &check->key));
    if (BN_bin2bn(bytes, SCALAR_SIZE, engine->r) == NULL ||
        BN_bin2bn(bytes + SCALAR_SIZE, SCALAR_SIZE, engine->x) == NULL)
        return engine_error(ERR_CRYPTO);
    if (!in_range(engine, engine->r) || !in_range(engine, engine->x))
        return ERR_SIGNATURE;
    if (!batch_factors(engine, check, s_inverse) ||
        EC_POINT_mul(engine->group, engine->point, engine->u1, key, engine->u2, engine->context) !=
            1)
        return engine_error(ERR_CRYPTO);
    if (EC_POINT_is_at_infinity(engine->group, engine->point))
        return ERR_SIGNATURE;
    if (EC_POINT_get_affine_coordinates(engine->group, engine->point, engine->x, NULL,
                                        engine->context) != 1 ||
        BN_nnmod(engine->x, engine->x, engine->order, engine->context) != 1)
        return engine_error(ERR_CRYPTO);
    return BN_cmp(engine->x, engine->r) == 0 ? ERR_OK : ERR_SIGNATURE;
}

/* At most BATCH_COUNT; *last is the verdict on the last one. */
static enum err batch_verify(struct engine *engine, enum err *last, struct crypto_check *checks,
                             size_t count)
{
    if (!batch_multiply(engine, checks, count) || !batch_invert(engine, count))
        return engine_error(ERR_CRYPTO);
    for (size_t index = 0; index < count; index++) {
        *last = batch_check(engine, &checks[index], engine->s[index]);
        if (*last != ERR_OK && *last != ERR_POINT && *last != ERR_SIGNATURE)
            return *last;
        checks[index].valid = *last == ERR_OK;
    }
    return ERR_OK;
}

static enum err verify_many(struct crypto_check *checks, size_t count)
{
    struct engine *engine = NULL;
    enum err last = ERR_OK;

    for (size_t index = 0; index < count; index++)
        checks[index].valid = false;
    TRY(engine_get(&engine));
    for (size_t done = 0; done < count; done += BATCH_COUNT) {
        size_t left = count - done;

        TRY(batch_verify(engine, &last, checks + done, left < BATCH_COUNT ? left : BATCH_COUNT));
    }
    return ERR_OK;
}

static enum err verify(const struct public_key *key, struct span message,
                       const struct signature *signature)
{
    struct crypto_check check = {.key = *key, .message = message, .signature = *signature};
    struct engine *engine = NULL;
    enum err verdict = ERR_SIGNATURE;

    TRY(engine_get(&engine));
    TRY(batch_verify(engine, &verdict, &check, 1));
    return verdict;
}

static enum err key_check(const struct public_key *key)
{
    struct engine *engine = NULL;
    uint8_t y[CRYPTO_Y_SIZE];

    if (crypto_points_find(y, key))
        return ERR_OK;
    TRY(engine_get(&engine));
    return load_point(engine, engine->point, key);
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
    struct engine *engine = NULL;

    TRY(engine_get(&engine));
    if (scalar == NULL)
        return engine_error(ERR_MEMORY);
    if (!in_range(engine, scalar))
        return ERR_RANGE;
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    if (EC_POINT_mul(engine->group, engine->point, scalar, NULL, NULL, engine->context) != 1 ||
        EC_POINT_point2oct(engine->group, engine->point, POINT_CONVERSION_COMPRESSED,
                           out->public_key.bytes, KEY_SIZE, engine->context) != KEY_SIZE)
        return engine_error(ERR_CRYPTO);
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
    struct engine *engine = NULL;
    struct id hash;

    TRY(engine_get(&engine));
    TRY(sha256(&hash, &message, 1));
    if (scalar == NULL || key == NULL)
        return engine_error(ERR_MEMORY);
    if (!in_range(engine, scalar))
        return ERR_RANGE;
    if (EC_KEY_set_group(key, engine->group) != 1 || EC_KEY_set_private_key(key, scalar) != 1)
        return engine_error(ERR_CRYPTO);
    sig = ECDSA_do_sign(hash.bytes, sizeof hash.bytes, key);
    if (sig == NULL ||
        BN_bn2binpad(ECDSA_SIG_get0_r(sig), out->bytes, SCALAR_SIZE) != SCALAR_SIZE ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out->bytes + SCALAR_SIZE, SCALAR_SIZE) != SCALAR_SIZE)
        return engine_error(ERR_CRYPTO);
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
