/* The contract of crypto.h, run over both backends, and each against the other. */
#include "common/crypto/crypto.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

static const struct crypto *const backends[] = {&crypto_mbedtls, &crypto_libcrypto};
enum { BACKEND_COUNT = sizeof backends / sizeof backends[0] };

#define EACH_BACKEND(c)                                                                            \
    for (size_t i_##c = 0; i_##c < BACKEND_COUNT; i_##c++)                                         \
        for (const struct crypto *c = backends[i_##c]; c != NULL; c = NULL)

/* SEC 2, secp256r1 */
#define P_HEX "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define N_HEX "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define N_LESS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define N_PLUS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552"
#define G_X "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define TOP "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static const struct span hello = {(const uint8_t *)"hello", 5};

static struct key_pair pair_of(const struct crypto *c, uint8_t last)
{
    struct key_pair pair = {0};
    uint8_t scalar[32] = {[0] = 0x5a, [31] = last};

    cr_assert_eq(c->key_load(&pair, scalar), ERR_OK);
    return pair;
}

static void put_hex(uint8_t *out, size_t size, const char *hex)
{
    cr_assert_eq(hex_decode(out, size, hex), ERR_OK, "%s", hex);
}

Test(crypto, names_and_choice)
{
    cr_assert_eq(crypto(), &crypto_mbedtls);
    cr_assert_eq(crypto_by_name("mbedtls"), &crypto_mbedtls);
    cr_assert_eq(crypto_by_name("libcrypto"), &crypto_libcrypto);
    cr_assert_null(crypto_by_name("openssl"));
    crypto_use(&crypto_libcrypto);
    cr_assert_eq(crypto(), &crypto_libcrypto);
}

Test(crypto, sign_and_verify_across_backends)
{
    for (uint8_t seed = 0; seed < 20; seed++) {
        EACH_BACKEND(signer)
        {
            struct key_pair pair AUTO(key_pair_wipe) = pair_of(signer, seed);
            struct signature signature;

            cr_assert_eq(signer->sign(&signature, &pair, hello), ERR_OK);
            EACH_BACKEND(judge)
            {
                cr_expect_eq(judge->verify(&pair.public_key, hello, &signature), ERR_OK, "%s by %s",
                             signer->name, judge->name);
                cr_expect_eq(judge->verify(&pair.public_key, span_text("hellO"), &signature),
                             ERR_SIGNATURE);
                cr_expect_eq(judge->key_check(&pair.public_key), ERR_OK);
            }
        }
    }
}

Test(crypto, both_backends_derive_the_same_public_key)
{
    for (unsigned seed = 0; seed < 40; seed++) {
        struct key_pair a = pair_of(&crypto_mbedtls, (uint8_t)seed);
        struct key_pair b = pair_of(&crypto_libcrypto, (uint8_t)seed);

        cr_assert(key_equal(&a.public_key, &b.public_key));
        cr_assert_arr_eq(a.private_scalar, b.private_scalar, 32);
    }
}

Test(crypto, scalars)
{
    static const struct {
        const char *scalar, *public_key; /* NULL: refused */
    } rows[] = {
        {ZERO, NULL},
        {N_HEX, NULL},
        {N_PLUS_1, NULL},
        {TOP, NULL},
        {ONE, "03" G_X},
        {N_LESS_1, "02" G_X},
        {"0000000000000000000000000000000000000000000000000000000000000002",
         "037cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"},
    };

    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        EACH_BACKEND(c)
        {
            uint8_t scalar[32];
            struct key_pair pair = {0};
            enum err error;

            put_hex(scalar, sizeof scalar, rows[row].scalar);
            error = c->key_load(&pair, scalar);
            cr_expect_eq(error, rows[row].public_key != NULL ? ERR_OK : ERR_RANGE, "%s row %zu: %s",
                         c->name, row, err_name(error));
            if (error == ERR_OK) {
                char text[2 * KEY_SIZE + 1];

                hex_encode(text, SPAN(pair.public_key));
                cr_expect_str_eq(text, rows[row].public_key);
            }
        }
    }
}

Test(crypto, generated_keys_differ_and_work)
{
    EACH_BACKEND(c)
    {
        struct key_pair a = {0}, b = {0};
        struct signature signature;

        cr_assert_eq(c->key_generate(&a), ERR_OK);
        cr_assert_eq(c->key_generate(&b), ERR_OK);
        cr_assert_not(key_equal(&a.public_key, &b.public_key));
        cr_assert_eq(c->sign(&signature, &a, hello), ERR_OK);
        cr_assert_eq(c->verify(&a.public_key, hello, &signature), ERR_OK);
        cr_assert_eq(c->verify(&b.public_key, hello, &signature), ERR_SIGNATURE);
        key_pair_wipe(&a);
        cr_assert_eq(c->sign(&signature, &a, hello), ERR_RANGE, "a wiped pair signs nothing");
    }
}

/* FIPS 180-2 appendix B, and the empty message */
Test(crypto, sha256_published)
{
    static const struct {
        const char *parts[3], *hash;
    } rows[] = {
        {{""}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {{NULL}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {{"abc"}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {{"a", "", "bc"}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {{"abcdbcdecdefdefgefghfghighij", "hijkijkljklmklmnlmnomnopnopq"},
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        EACH_BACKEND(c)
        {
            struct span parts[3] = {0};
            char text[2 * ID_SIZE + 1];
            struct id id;
            size_t count = 0;

            while (count < 3 && rows[row].parts[count] != NULL) {
                parts[count] = span_text(rows[row].parts[count]);
                count++;
            }
            cr_assert_eq(c->sha256(&id, parts, count), ERR_OK);
            hex_encode(text, SPAN(id));
            cr_expect_str_eq(text, rows[row].hash, "%s row %zu", c->name, row);
        }
    }
}

Test(crypto, key_id_is_the_head_of_the_hash)
{
    struct key_pair pair = pair_of(&crypto_mbedtls, 1);
    struct span bytes = SPAN(pair.public_key);
    struct id hash = crypto_hash(&bytes, 1);
    struct key_id key_id = crypto_key_id(&pair.public_key);

    cr_assert_arr_eq(key_id.bytes, hash.bytes, KEY_ID_SIZE);
}

Test(crypto, random_bytes_fill_all_and_differ)
{
    static uint8_t a[1000], b[1000];
    size_t zeros = 0;

    crypto_random(a, sizeof a);
    crypto_random(b, sizeof b);
    cr_assert_arr_neq(a, b, sizeof a);
    for (size_t index = 900; index < sizeof a; index++)
        zeros += a[index] == 0;
    cr_assert_lt(zeros, 20, "the end is filled too");
    crypto_random(a, 0);
}

Test(crypto, L1_bad_keys)
{
    static const struct {
        const char *what, *key;
        enum err expected;
    } rows[] = {
        {"generator, odd y", "03" G_X, ERR_OK},
        {"generator, even y", "02" G_X, ERR_OK},
        {"x = 5 (smallest on the curve), even",
         "02"
         "0000000000000000000000000000000000000000000000000000000000000005",
         ERR_OK},
        {"x = 0, b is a square", "02" ZERO, ERR_OK},
        {"x = 0, the other root", "03" ZERO, ERR_OK},
        {"x = 1, not on the curve", "02" ONE, ERR_POINT},
        {"x = 1, odd", "03" ONE, ERR_POINT},
        {"x = p", "02" P_HEX, ERR_POINT},
        {"x = p, odd", "03" P_HEX, ERR_POINT},
        {"x = p + 5, would be 5",
         "02"
         "ffffffff00000001000000000000000000000001000000000000000000000004",
         ERR_POINT},
        {"x = 2^256 - 1", "03" TOP, ERR_POINT},
        {"infinity, padded", "00" ZERO, ERR_POINT},
        {"prefix 00", "00" G_X, ERR_POINT},
        {"prefix 01", "01" G_X, ERR_POINT},
        {"prefix 04 (uncompressed)", "04" G_X, ERR_POINT},
        {"prefix 05", "05" G_X, ERR_POINT},
        {"prefix 06 (hybrid)", "06" G_X, ERR_POINT},
        {"prefix 07 (hybrid)", "07" G_X, ERR_POINT},
        {"prefix 82", "82" G_X, ERR_POINT},
        {"prefix ff", "ff" G_X, ERR_POINT},
    };

    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        EACH_BACKEND(c)
        {
            struct signature signature = {{[31] = 1, [63] = 1}};
            struct public_key key;
            enum err verdict = rows[row].expected == ERR_OK ? ERR_SIGNATURE : ERR_POINT;

            put_hex(key.bytes, sizeof key.bytes, rows[row].key);
            cr_expect_eq(c->key_check(&key), rows[row].expected, "%s: %s", c->name, rows[row].what);
            cr_expect_eq(c->verify(&key, hello, &signature), verdict, "%s: verify, %s", c->name,
                         rows[row].what);
        }
    }
}

/* Every x from 0 to 999 and both prefixes: the backends agree on what is a point. */
Test(crypto, L1_backends_agree_on_points)
{
    size_t points = 0;

    for (unsigned x = 0; x < 1000; x++) {
        struct public_key key = {{(uint8_t)(2 + x % 2), [31] = (uint8_t)(x >> 8), (uint8_t)x}};
        enum err a = crypto_mbedtls.key_check(&key), b = crypto_libcrypto.key_check(&key);

        cr_expect_eq(a, b, "x = %u", x);
        points += a == ERR_OK;
    }
    cr_assert(points > 400 && points < 600);
}

/* A number that stands for itself, or for r or s of a good signature, or n minus it, or n more. */
enum form { FORM_HEX, FORM_SAME, FORM_NEGATED, FORM_OTHER_HALF };

struct bad_half {
    enum form form;
    const char *hex;
};

/* out = n - in, big-endian, for 0 < in < n. The 32-byte pattern of -in is its two's complement. */
static void negate(uint8_t out[32], const uint8_t in[32], const char *modulus)
{
    uint8_t n[32] = {0};
    int borrow = 0;

    if (modulus != NULL)
        put_hex(n, sizeof n, modulus);
    for (size_t index = 32; index-- > 0;) {
        int digit = n[index] - in[index] - borrow;

        borrow = digit < 0;
        out[index] = (uint8_t)(digit & 0xff);
    }
}

static void put_half(uint8_t out[32], const struct signature *good, size_t offset,
                     const struct bad_half *half)
{
    switch (half->form) {
    case FORM_HEX:
        put_hex(out, 32, half->hex);
        break;
    case FORM_SAME:
        memcpy(out, good->bytes + offset, 32);
        break;
    case FORM_NEGATED:
        negate(out, good->bytes + offset, half->hex);
        break;
    case FORM_OTHER_HALF:
        memcpy(out, good->bytes + 32 - offset, 32);
        break;
    }
}

#define HEX(text)                                                                                  \
    {                                                                                              \
        FORM_HEX, text                                                                             \
    }
#define SAME                                                                                       \
    {                                                                                              \
        FORM_SAME, NULL                                                                            \
    }

Test(crypto, L2_bad_signatures)
{
    static const struct {
        const char *what;
        struct bad_half r, s;
        enum err expected;
    } rows[] = {
        {"good", SAME, SAME, ERR_OK},
        {"s replaced by n - s", SAME, {FORM_NEGATED, N_HEX}, ERR_OK},
        {"r = 0", HEX(ZERO), SAME, ERR_SIGNATURE},
        {"s = 0", SAME, HEX(ZERO), ERR_SIGNATURE},
        {"both 0", HEX(ZERO), HEX(ZERO), ERR_SIGNATURE},
        {"r = n", HEX(N_HEX), SAME, ERR_SIGNATURE},
        {"s = n", SAME, HEX(N_HEX), ERR_SIGNATURE},
        {"r = n + 1", HEX(N_PLUS_1), SAME, ERR_SIGNATURE},
        {"s = n + 1", SAME, HEX(N_PLUS_1), ERR_SIGNATURE},
        {"r = n - 1", HEX(N_LESS_1), SAME, ERR_SIGNATURE},
        {"s = n - 1", SAME, HEX(N_LESS_1), ERR_SIGNATURE},
        {"r = p", HEX(P_HEX), SAME, ERR_SIGNATURE},
        {"s = 2^256 - 1", SAME, HEX(TOP), ERR_SIGNATURE},
        {"r = 1, s = 1", HEX(ONE), HEX(ONE), ERR_SIGNATURE},
        {"r replaced by n - r", {FORM_NEGATED, N_HEX}, SAME, ERR_SIGNATURE},
        {"r negative (two's complement)", {FORM_NEGATED, NULL}, SAME, ERR_SIGNATURE},
        {"s negative (two's complement)", SAME, {FORM_NEGATED, NULL}, ERR_SIGNATURE},
        {"r and s exchanged", {FORM_OTHER_HALF, NULL}, {FORM_OTHER_HALF, NULL}, ERR_SIGNATURE},
    };
    struct key_pair pair = pair_of(&crypto_mbedtls, 7);
    struct signature good, bad;

    cr_assert_eq(crypto_mbedtls.sign(&good, &pair, hello), ERR_OK);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        put_half(bad.bytes, &good, 0, &rows[row].r);
        put_half(bad.bytes + 32, &good, 32, &rows[row].s);
        EACH_BACKEND(c)
        {
            enum err verdict = c->verify(&pair.public_key, hello, &bad);

            cr_expect_eq(verdict, rows[row].expected, "%s: %s: %s", c->name, rows[row].what,
                         err_name(verdict));
        }
    }
}

Test(crypto, L2_any_bit_flipped)
{
    struct key_pair pair = pair_of(&crypto_libcrypto, 8);
    struct signature good;

    cr_assert_eq(crypto_libcrypto.sign(&good, &pair, hello), ERR_OK);
    for (size_t bit = 0; bit < 8 * SIGNATURE_SIZE; bit++) {
        struct signature bad = good;

        bad.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        cr_expect_eq(crypto_libcrypto.verify(&pair.public_key, hello, &bad), ERR_SIGNATURE);
        if (bit % 16 == 0)
            cr_expect_eq(crypto_mbedtls.verify(&pair.public_key, hello, &bad), ERR_SIGNATURE);
    }
}

/* d = -hash / r and any s make u1 G + u2 Q the point at infinity. libcrypto's own ECDSA calls that
 * a failure of the machinery: one such signature would sink a batch. It must be a refusal. */
Test(crypto, L2_sum_at_infinity_is_a_refusal)
{
    static const char key_hex[] =
        "036a089b4e9d894bb5d4eda47487338e78bafe01e382cc35cbf8bccf4e37655fe6";
    struct crypto_check checks[2] = {{.message = hello}, {.message = hello}};
    struct key_pair pair = pair_of(&crypto_libcrypto, 3);

    checks[0].key = pair.public_key;
    cr_assert_eq(crypto_libcrypto.sign(&checks[0].signature, &pair, hello), ERR_OK);
    put_hex(checks[1].key.bytes, KEY_SIZE, key_hex); /* r = 7: tools/make_ecdsa_vectors.py */
    checks[1].signature.bytes[31] = 7;
    checks[1].signature.bytes[63] = 1;
    EACH_BACKEND(c)
    {
        cr_expect_eq(c->verify_many(checks, 2), ERR_OK, "%s", c->name);
        cr_expect(checks[0].valid);
        cr_expect_not(checks[1].valid);
    }
}

enum { MANY_COUNT = 100 };

/* 100 checks, more than two internal batches; every fifth is spoilt, each in another way. */
static void many_fill(struct crypto_check *checks, uint8_t (*messages)[4])
{
    for (size_t index = 0; index < MANY_COUNT; index++) {
        struct key_pair pair = pair_of(&crypto_libcrypto, (uint8_t)(index % 7));
        struct crypto_check *check = &checks[index];

        memcpy(messages[index], (uint8_t[]){1, 2, 3, (uint8_t)index}, 4);
        *check = (struct crypto_check){.key = pair.public_key, .message = {messages[index], 4}};
        cr_assert_eq(crypto_libcrypto.sign(&check->signature, &pair, check->message), ERR_OK);
        check->valid = index % 2 == 0; /* whatever was there before */
        if (index % 5 != 4)
            continue;
        if (index % 25 == 4)
            check->message.size = 3;
        else if (index % 25 == 9)
            memset(check->signature.bytes + 32, 0, 32);
        else if (index % 25 == 14)
            memset(check->signature.bytes, 0xff, 32);
        else if (index % 25 == 19)
            check->key.bytes[0] = 4;
        else
            check->key.bytes[0] ^= 1;
    }
}

Test(crypto, verify_many_gives_a_verdict_each)
{
    static struct crypto_check checks[MANY_COUNT];
    static uint8_t messages[MANY_COUNT][4];

    EACH_BACKEND(c)
    {
        many_fill(checks, messages);
        cr_assert_eq(c->verify_many(checks, MANY_COUNT), ERR_OK);
        for (size_t index = 0; index < MANY_COUNT; index++)
            cr_expect_eq(checks[index].valid, index % 5 != 4, "%s: %zu", c->name, index);
        cr_assert_eq(c->verify_many(checks, 0), ERR_OK);
        cr_assert_eq(c->verify_many(NULL, 0), ERR_OK);
    }
}

/* More keys than a backend remembers, then the same ones again: the memory is never wrong. */
static void keys_in_turn(const struct crypto *c, size_t key_count)
{
    static struct crypto_check checks[600];

    for (size_t index = 0; index < key_count; index++) {
        uint8_t scalar[32] = {1, [30] = (uint8_t)(index >> 8), (uint8_t)(index & 0xff)};
        struct key_pair pair = {0};

        cr_assert_eq(crypto_libcrypto.key_load(&pair, scalar), ERR_OK);
        cr_assert_eq(crypto_libcrypto.sign(&checks[index].signature, &pair, hello), ERR_OK);
        checks[index].key = pair.public_key;
    }
    for (size_t turn = 0; turn < 2 * key_count; turn++) {
        const struct crypto_check *check = &checks[turn % key_count];
        struct public_key mirrored = check->key;

        mirrored.bytes[0] ^= 1;
        cr_expect_eq(c->verify(&check->key, hello, &check->signature), ERR_OK);
        cr_expect_eq(c->verify(&mirrored, hello, &check->signature), ERR_SIGNATURE);
    }
}

Test(crypto, many_keys_in_turn)
{
    keys_in_turn(&crypto_libcrypto, 600);
    keys_in_turn(&crypto_mbedtls, 40);
}

static void *verify_in_thread(void *argument)
{
    const struct crypto *c = argument;
    bool fine = true;

    for (uint8_t seed = 0; seed < 12; seed++) {
        struct key_pair pair = pair_of(c, seed);
        struct signature signature = {{0}};

        fine = fine && c->sign(&signature, &pair, hello) == ERR_OK;
        fine = fine && c->verify(&pair.public_key, hello, &signature) == ERR_OK;
        signature.bytes[40] ^= 1;
        fine = fine && c->verify(&pair.public_key, hello, &signature) == ERR_SIGNATURE;
    }
    return fine ? argument : NULL;
}

Test(crypto, several_threads)
{
    enum { THREAD_COUNT = 8 };

    EACH_BACKEND(c)
    {
        pthread_t threads[THREAD_COUNT];

        for (size_t index = 0; index < THREAD_COUNT; index++)
            cr_assert_eq(pthread_create(&threads[index], NULL, verify_in_thread, (void *)c), 0);
        for (size_t index = 0; index < THREAD_COUNT; index++) {
            void *result = NULL;

            cr_assert_eq(pthread_join(threads[index], &result), 0);
            cr_expect_not_null(result, "%s", c->name);
        }
    }
}
