/* The mbedTLS backend: PSA Crypto, so that mbedTLS 2.28 and 3.6 both build it.
 *
 * 1. Every use of PSA happens between session_open and session_close, which hold one mutex: 2.28 is
 *    not safe from several threads even when built for it.
 * 2. A key given to PSA is private, volatile, and destroyed before the session closes.
 * 3. What needs no secret, verifying and asking whether a key is a point, is not PSA's:
 *    crypto_mbedtls_verify.h.
 * 4. Signing is deterministic (RFC 6979): no signature depends on the quality of a random number.
 *
 * Never: a persistent PSA key, a fork after the first session, X.509 or TLS.
 */
#include "common/crypto/crypto.h"
#include "common/crypto/crypto_mbedtls_verify.h"

#if __has_include(<mbedtls/build_info.h>)
#include <mbedtls/build_info.h> /* 3.x */
#else
#include <mbedtls/version.h> /* 2.28 */
#endif
#include <psa/crypto.h>

#include <pthread.h>
#include <string.h>

_Static_assert(MBEDTLS_VERSION_NUMBER >= 0x021C0000, "mbedTLS 2.28 or later is needed for PSA");

enum { COORDINATE_SIZE = 32, POINT_SIZE = 65, POINT_UNCOMPRESSED = 0x04 };

#define ECDSA_SIGN PSA_ALG_DETERMINISTIC_ECDSA(PSA_ALG_SHA_256)

/* SEC 2, secp256r1: the order of the group */
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

static void key_compress(struct public_key *out, const uint8_t point[POINT_SIZE])
{
    out->bytes[0] = (uint8_t)(0x02 | (point[POINT_SIZE - 1] & 1));
    memcpy(out->bytes + 1, point + 1, COORDINATE_SIZE);
}

/* ---- the interface ---- */

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
    return crypto_key_draw(out, key_load);
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

static enum err hash_messages(struct id *out, const struct crypto_check *checks, size_t count)
{
    struct session session AUTO(session_close) = {0};

    TRY(session_open(&session));
    for (size_t index = 0; index < count; index++)
        TRY(session_hash(&out[index], &checks[index].message, 1));
    return ERR_OK;
}

static enum err verify_many(struct crypto_check *checks, size_t count)
{
    struct id hashes[CRYPTO_MBEDTLS_BATCH_MAX];

    for (size_t index = 0; index < count; index++)
        checks[index].valid = false;
    while (count > 0) {
        const size_t some = count < CRYPTO_MBEDTLS_BATCH_MAX ? count : CRYPTO_MBEDTLS_BATCH_MAX;

        TRY(hash_messages(hashes, checks, some));
        TRY(crypto_mbedtls_verify(checks, hashes, some));
        checks += some;
        count -= some;
    }
    return ERR_OK;
}

static enum err verify(const struct public_key *key, struct span message,
                       const struct signature *signature)
{
    struct crypto_check check = {.key = *key, .message = message, .signature = *signature};

    TRY(crypto_mbedtls_key_check(key));
    TRY(verify_many(&check, 1));
    return check.valid ? ERR_OK : ERR_SIGNATURE;
}

const struct crypto crypto_mbedtls = {
    .name = "mbedtls",
    .key_check = crypto_mbedtls_key_check,
    .key_generate = key_generate,
    .key_load = key_load,
    .sign = sign,
    .verify = verify,
    .verify_many = verify_many,
    .sha256 = sha256,
};
