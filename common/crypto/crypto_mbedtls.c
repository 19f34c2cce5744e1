/* The mbedTLS backend: PSA Crypto, so that mbedTLS 2.28 and 3.6 both build it.
 *
 * 1. Every use of PSA happens between session_open and session_close, which hold one mutex: 2.28 is
 *    not safe from several threads even when built for it.
 * 2. A key given to PSA is volatile and destroyed before the session closes.
 * 3. PSA takes no compressed points: key_uncompress finds y, and refuses what is no point.
 * 4. Signing is deterministic (RFC 6979): no signature depends on the quality of a random number.
 *
 * Never: a persistent PSA key, a fork after the first session, X.509 or TLS.
 */
#include "common/crypto/crypto.h"

#if __has_include(<mbedtls/build_info.h>)
#include <mbedtls/build_info.h> /* 3.x */
#else
#include <mbedtls/version.h> /* 2.28 */
#endif
#include <mbedtls/bignum.h>
#include <psa/crypto.h>

#include <pthread.h>
#include <string.h>

_Static_assert(MBEDTLS_VERSION_NUMBER >= 0x021C0000, "mbedTLS 2.28 or later is needed for PSA");

enum { COORDINATE_SIZE = 32, POINT_SIZE = 65, POINT_UNCOMPRESSED = 0x04 };

#define ECDSA_VERIFY PSA_ALG_ECDSA(PSA_ALG_SHA_256)
#define ECDSA_SIGN PSA_ALG_DETERMINISTIC_ECDSA(PSA_ALG_SHA_256)

/* SEC 2, secp256r1: y^2 = x^3 - 3x + b mod p. p = 3 mod 4: a square root is a (p+1)/4-th power. */
static const uint8_t curve_p[COORDINATE_SIZE] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t curve_b[COORDINATE_SIZE] = {
    0x5a, 0xc6, 0x35, 0xd8, 0xaa, 0x3a, 0x93, 0xe7, 0xb3, 0xeb, 0xbd, 0x55, 0x76, 0x98, 0x86, 0xbc,
    0x65, 0x1d, 0x06, 0xb0, 0xcc, 0x53, 0xb0, 0xf6, 0x3b, 0xce, 0x3c, 0x3e, 0x27, 0xd2, 0x60, 0x4b};
static const uint8_t curve_n[COORDINATE_SIZE] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/* ---- the session: one mutex, one initialisation, at most one key ---- */

struct session {
    bool open;
    psa_key_id_t key; /* 0 = none */
};

static pthread_mutex_t session_mutex = PTHREAD_MUTEX_INITIALIZER;
static bool psa_ready; /* under the mutex */

static void session_close(struct session *session)
{
    if (session->key != 0)
        (void)psa_destroy_key(session->key);
    if (session->open)
        CHECK(pthread_mutex_unlock(&session_mutex) == 0);
    *session = (struct session){0};
}

static enum err err_of(psa_status_t status)
{
    if (status == PSA_SUCCESS)
        return ERR_OK;
    return status == PSA_ERROR_INSUFFICIENT_MEMORY ? ERR_MEMORY : ERR_CRYPTO;
}

static enum err session_open(struct session *session)
{
    CHECK(pthread_mutex_lock(&session_mutex) == 0);
    session->open = true;
    if (!psa_ready) {
        TRY(err_of(psa_crypto_init()));
        psa_ready = true;
    }
    return ERR_OK;
}

static enum err session_import(struct session *session, psa_key_type_t type, psa_key_usage_t usage,
                               psa_algorithm_t algorithm, struct span bytes)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

    psa_set_key_type(&attributes, type);
    psa_set_key_bits(&attributes, 8 * COORDINATE_SIZE);
    psa_set_key_usage_flags(&attributes, usage);
    psa_set_key_algorithm(&attributes, algorithm);
    return err_of(psa_import_key(&attributes, bytes.data, bytes.size, &session->key));
}

/* ---- points ---- */

struct curve_numbers {
    mbedtls_mpi p, x, y, y_squared, t;
};

static void curve_numbers_init(struct curve_numbers *n)
{
    mbedtls_mpi_init(&n->p);
    mbedtls_mpi_init(&n->x);
    mbedtls_mpi_init(&n->y);
    mbedtls_mpi_init(&n->y_squared);
    mbedtls_mpi_init(&n->t);
}

static void curve_numbers_fini(struct curve_numbers *n)
{
    mbedtls_mpi_free(&n->p);
    mbedtls_mpi_free(&n->x);
    mbedtls_mpi_free(&n->y);
    mbedtls_mpi_free(&n->y_squared);
    mbedtls_mpi_free(&n->t);
}

/* y_squared = x^3 - 3x + b mod p = (x^2 - 3) x + b mod p. 0, or an error of mbedTLS. */
static int curve_equation(struct curve_numbers *n)
{
    int failed = mbedtls_mpi_mul_mpi(&n->t, &n->x, &n->x);

    if (failed == 0)
        failed = mbedtls_mpi_sub_int(&n->t, &n->t, 3);
    if (failed == 0)
        failed = mbedtls_mpi_mul_mpi(&n->t, &n->t, &n->x);
    if (failed == 0)
        failed = mbedtls_mpi_read_binary(&n->y, curve_b, sizeof curve_b);
    if (failed == 0)
        failed = mbedtls_mpi_add_mpi(&n->t, &n->t, &n->y);
    if (failed == 0)
        failed = mbedtls_mpi_mod_mpi(&n->y_squared, &n->t, &n->p);
    return failed;
}

/* y = y_squared^((p+1)/4) mod p, a root if there is one. */
static int curve_root(struct curve_numbers *n)
{
    int failed = mbedtls_mpi_add_int(&n->t, &n->p, 1);

    if (failed == 0)
        failed = mbedtls_mpi_shift_r(&n->t, 2);
    if (failed == 0)
        failed = mbedtls_mpi_exp_mod(&n->y, &n->y_squared, &n->t, &n->p, NULL);
    return failed;
}

/* t = y^2 mod p */
static int curve_square(struct curve_numbers *n)
{
    int failed = mbedtls_mpi_mul_mpi(&n->t, &n->y, &n->y);

    return failed != 0 ? failed : mbedtls_mpi_mod_mpi(&n->t, &n->t, &n->p);
}

static enum err key_uncompress(uint8_t point[POINT_SIZE], const struct public_key *key)
{
    struct curve_numbers n AUTO(curve_numbers_fini);
    uint8_t prefix = key->bytes[0];

    curve_numbers_init(&n);
    if (prefix != 0x02 && prefix != 0x03)
        return ERR_POINT;
    if (mbedtls_mpi_read_binary(&n.p, curve_p, sizeof curve_p) != 0 ||
        mbedtls_mpi_read_binary(&n.x, key->bytes + 1, COORDINATE_SIZE) != 0)
        return ERR_MEMORY;
    if (mbedtls_mpi_cmp_mpi(&n.x, &n.p) >= 0)
        return ERR_POINT;
    if (curve_equation(&n) != 0 || curve_root(&n) != 0 || curve_square(&n) != 0)
        return ERR_MEMORY;
    if (mbedtls_mpi_cmp_mpi(&n.t, &n.y_squared) != 0)
        return ERR_POINT; /* no root: no point has this x */
    /* y = 0 cannot be: the group has odd order, so no point of order two. */
    if (mbedtls_mpi_get_bit(&n.y, 0) != (prefix & 1) && mbedtls_mpi_sub_mpi(&n.y, &n.p, &n.y) != 0)
        return ERR_MEMORY;
    point[0] = POINT_UNCOMPRESSED;
    memcpy(point + 1, key->bytes + 1, COORDINATE_SIZE);
    if (mbedtls_mpi_write_binary(&n.y, point + 1 + COORDINATE_SIZE, COORDINATE_SIZE) != 0)
        return ERR_MEMORY;
    return ERR_OK;
}

static void key_compress(struct public_key *out, const uint8_t point[POINT_SIZE])
{
    out->bytes[0] = (uint8_t)(0x02 | (point[POINT_SIZE - 1] & 1));
    memcpy(out->bytes + 1, point + 1, COORDINATE_SIZE);
}

/* ---- the interface ---- */

static enum err key_check(const struct public_key *key)
{
    uint8_t point[POINT_SIZE];

    return key_uncompress(point, key);
}

static bool scalar_in_range(const uint8_t scalar[COORDINATE_SIZE])
{
    static const uint8_t zero[COORDINATE_SIZE];

    return memcmp(scalar, zero, sizeof zero) != 0 && memcmp(scalar, curve_n, sizeof curve_n) < 0;
}

static enum err key_load(struct key_pair *out, const uint8_t scalar[32])
{
    struct session session AUTO(session_close) = {0};
    uint8_t point[POINT_SIZE];
    size_t size = 0;

    if (!scalar_in_range(scalar))
        return ERR_RANGE;
    TRY(session_open(&session));
    TRY(session_import(&session, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), 0, 0,
                       span_of(scalar, COORDINATE_SIZE)));
    TRY(err_of(psa_export_public_key(session.key, point, sizeof point, &size)));
    if (size != sizeof point || point[0] != POINT_UNCOMPRESSED)
        return ERR_CRYPTO;
    key_compress(&out->public_key, point);
    memmove(out->private_scalar, scalar, sizeof out->private_scalar);
    out->device = NULL;
    return ERR_OK;
}

static enum err key_generate(struct key_pair *out)
{
    uint8_t scalar[COORDINATE_SIZE];
    enum err error;

    do { /* out of range once in 2^32 */
        crypto_random(scalar, sizeof scalar);
        error = key_load(out, scalar);
    } while (error == ERR_RANGE);
    secret_wipe_bytes(scalar, sizeof scalar);
    return error;
}

static enum err session_hash(struct id *out, const struct span *parts, size_t part_count)
{
    psa_hash_operation_t operation = PSA_HASH_OPERATION_INIT;
    psa_status_t status = psa_hash_setup(&operation, PSA_ALG_SHA_256);
    size_t size = 0;

    for (size_t index = 0; index < part_count && status == PSA_SUCCESS; index++) {
        if (parts[index].size > 0)
            status = psa_hash_update(&operation, parts[index].data, parts[index].size);
    }
    if (status == PSA_SUCCESS)
        status = psa_hash_finish(&operation, out->bytes, sizeof out->bytes, &size);
    (void)psa_hash_abort(&operation);
    return err_of(status);
}

static enum err sha256(struct id *out, const struct span *parts, size_t part_count)
{
    struct session session AUTO(session_close) = {0};

    TRY(session_open(&session));
    return session_hash(out, parts, part_count);
}

static enum err sign(struct signature *out, const struct key_pair *pair, struct span message)
{
    struct session session AUTO(session_close) = {0};
    struct id hash;
    size_t size = 0;

    if (!scalar_in_range(pair->private_scalar))
        return ERR_RANGE;
    TRY(session_open(&session));
    TRY(session_hash(&hash, &message, 1));
    TRY(session_import(&session, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1),
                       PSA_KEY_USAGE_SIGN_HASH, ECDSA_SIGN,
                       span_of(pair->private_scalar, sizeof pair->private_scalar)));
    TRY(err_of(psa_sign_hash(session.key, ECDSA_SIGN, hash.bytes, sizeof hash.bytes, out->bytes,
                             sizeof out->bytes, &size)));
    return size == sizeof out->bytes ? ERR_OK : ERR_CRYPTO;
}

static enum err verify(const struct public_key *key, struct span message,
                       const struct signature *signature)
{
    struct session session AUTO(session_close) = {0};
    uint8_t point[POINT_SIZE];
    struct id hash;
    psa_status_t status;

    TRY(key_uncompress(point, key));
    TRY(session_open(&session));
    TRY(session_hash(&hash, &message, 1));
    TRY(session_import(&session, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1),
                       PSA_KEY_USAGE_VERIFY_HASH, ECDSA_VERIFY, span_of(point, sizeof point)));
    status = psa_verify_hash(session.key, ECDSA_VERIFY, hash.bytes, sizeof hash.bytes,
                             signature->bytes, sizeof signature->bytes);
    return status == PSA_ERROR_INVALID_SIGNATURE ? ERR_SIGNATURE : err_of(status);
}

static enum err verify_many(struct crypto_check *checks, size_t count)
{
    for (size_t index = 0; index < count; index++)
        checks[index].valid = false;
    for (size_t index = 0; index < count; index++) {
        struct crypto_check *check = &checks[index];
        enum err error = verify(&check->key, check->message, &check->signature);

        if (error != ERR_OK && error != ERR_POINT && error != ERR_SIGNATURE)
            return error;
        check->valid = error == ERR_OK;
    }
    return ERR_OK;
}

const struct crypto crypto_mbedtls = {
    .name = "mbedtls",
    .key_check = key_check,
    .key_generate = key_generate,
    .key_load = key_load,
    .sign = sign,
    .verify = verify,
    .verify_many = verify_many,
    .sha256 = sha256,
};
