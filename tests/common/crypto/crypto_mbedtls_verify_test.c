/* Sums that no message leads to: here the hash is chosen, and so is where u1 G + u2 Q comes to lie.
 * What everybody meets is in crypto_contract_test.c, over both backends. */
#include "common/crypto/crypto_mbedtls_verify.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

/* SEC 2, secp256r1: x of G, 2 G and 3 G; the order */
#define G "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define G2 "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
#define G3 "5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c"
#define N "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define MINUS_G "94e82e0c1ed3bdb90743191a9c5bbf0d45e37d2c792c6ae3ff18917d23ca62bb" /* n - x(G) */
#define HALF_G2 "3e793d8c4681a7bf45291c01825a8d61e044b4f13bf90d9ad305a47e23b34cbc" /* x(2 G) / 2 */

/* valid: x(hash/s G + r/s Q) = r */
static const struct row {
    const char *what, *key, *hash, *r, *s;
    bool valid;
} rows[] = {
    {"0 G + 1 G", "03" G, ZERO, G, G, true},
    {"0 G + 1 G, the hash is n", "03" G, N, G, G, true},
    {"0 G + 1 -G: the same x", "02" G, ZERO, G, G, true},
    {"0 G + 2 G", "03" G, ZERO, G2, HALF_G2, true},
    {"0 G + 1 G is not 2 G", "03" G, ZERO, G2, G2, false},
    {"1 G + 1 G: a point and itself", "03" G, G2, G2, G2, true},
    {"1 G + 1 -G: infinity", "02" G, G2, G2, G2, false},
    {"1 G + 1 2G", "03" G2, G3, G3, G3, true},
    {"1 G + 1 -2G: -G, whose x is G's", "02" G2, G, G, G, true},
    {"-1 G + 1 2G", "03" G2, MINUS_G, G, G, true},
    {"not a point", "05" G, ZERO, G, G, false},
    {"r = 0", "03" G, G2, ZERO, G2, false},
    {"s = 0", "03" G, G2, G2, ZERO, false},
    {"r = n", "03" G, G2, N, G2, false},
    {"s = n", "03" G, G2, G2, N, false},
    {"1 G + 1 G again", "03" G, G2, G2, G2, true},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };
_Static_assert(ROW_COUNT == (int)CRYPTO_MBEDTLS_BATCH_MAX, "as many as share an inversion");

static void read_row(struct crypto_check *check, struct id *hash, const struct row *row)
{
    *check = (struct crypto_check){.valid = !row->valid};
    cr_assert_eq(hex_decode(check->key.bytes, KEY_SIZE, row->key), ERR_OK);
    cr_assert_eq(hex_decode(check->signature.bytes, 32, row->r), ERR_OK);
    cr_assert_eq(hex_decode(check->signature.bytes + 32, 32, row->s), ERR_OK);
    cr_assert_eq(hex_decode(hash->bytes, ID_SIZE, row->hash), ERR_OK);
}

Test(crypto_mbedtls_verify, chosen_sums_one_by_one)
{
    struct crypto_check check;
    struct id hash;
    for (size_t turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < ROW_COUNT; i++) {
            read_row(&check, &hash, &rows[i]);
            cr_assert_eq(crypto_mbedtls_verify(&check, &hash, 1), ERR_OK);
            cr_expect_eq(check.valid, rows[i].valid, "%s", rows[i].what);
        }
    }
}

Test(crypto_mbedtls_verify, chosen_sums_in_one_batch)
{
    struct crypto_check checks[ROW_COUNT];
    struct id hashes[ROW_COUNT];
    for (size_t i = 0; i < ROW_COUNT; i++)
        read_row(&checks[i], &hashes[i], &rows[i]);
    cr_assert_eq(crypto_mbedtls_verify(checks, hashes, ROW_COUNT), ERR_OK);
    for (size_t i = 0; i < ROW_COUNT; i++)
        cr_expect_eq(checks[i].valid, rows[i].valid, "%s", rows[i].what);
}

/* Nothing to divide by: all out of range, or none at all. */
Test(crypto_mbedtls_verify, empty_batches)
{
    struct crypto_check checks[2];
    struct id hashes[2];
    for (size_t i = 0; i < 2; i++) {
        read_row(&checks[i], &hashes[i], &rows[0]);
        memset(checks[i].signature.bytes + 32, i == 0 ? 0 : 0xff, 32);
        checks[i].valid = true;
    }
    cr_assert_eq(crypto_mbedtls_verify(checks, hashes, 0), ERR_OK);
    cr_assert(checks[0].valid, "not asked");
    cr_assert_eq(crypto_mbedtls_verify(checks, hashes, 2), ERR_OK);
    cr_assert_not(checks[0].valid);
    cr_assert_not(checks[1].valid);
}

enum { CROWD_COUNT = 3 * CRYPTO_MBEDTLS_KNOWN_MAX, THREAD_COUNT = 4, TURN_COUNT = 400 };
static struct crypto_check crowd[CROWD_COUNT];
static const struct span message = {(const uint8_t *)"message", 7};

/* Mostly keys that push others out, and now and then a signature by one that may just be going. */
static void *ask_in_thread(void *first)
{
    bool fine = true;
    for (size_t turn = 0; turn < TURN_COUNT; turn++) {
        const struct crypto_check *check = &crowd[(*(const size_t *)first + turn) % CROWD_COUNT];
        fine = fine && crypto_mbedtls.key_check(&check->key) == ERR_OK;
        if (turn % 10 == 0)
            fine = fine && crypto_mbedtls.verify(&check->key, message, &check->signature) == ERR_OK;
    }
    return fine ? first : NULL;
}

Test(crypto_mbedtls_verify, threads_push_out_each_others_keys)
{
    pthread_t threads[THREAD_COUNT];
    size_t first[THREAD_COUNT];
    for (size_t i = 0; i < CROWD_COUNT; i++) {
        struct key_pair pair AUTO(key_pair_wipe) = {0};
        cr_assert_eq(crypto_libcrypto.key_generate(&pair), ERR_OK);
        cr_assert_eq(crypto_libcrypto.sign(&crowd[i].signature, &pair, message), ERR_OK);
        crowd[i].key = pair.public_key;
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        first[i] = i * CROWD_COUNT / THREAD_COUNT;
        cr_assert_eq(pthread_create(&threads[i], NULL, ask_in_thread, &first[i]), 0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        void *result = NULL;
        cr_assert_eq(pthread_join(threads[i], &result), 0);
        cr_expect_not_null(result);
    }
}
