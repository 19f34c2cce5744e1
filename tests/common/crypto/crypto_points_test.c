/* Keys made points by libcrypto's backend, against mbedTLS, which takes its own way; and the memory
 * of their y, which changes no answer. */
#include "common/crypto/crypto_points.h"

#include "common/crypto/crypto.h"

#include <criterion/criterion.h>
#include <string.h>

/* Asked twice: the second answer may come from memory. */
static void expect_same(const struct public_key *key)
{
    uint8_t y[CRYPTO_Y_SIZE];
    char hex[2 * KEY_SIZE + 1];
    const bool is_point = crypto_mbedtls.key_check(key) == ERR_OK;
    hex_encode(hex, SPAN(*key));
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(crypto_libcrypto.key_check(key), is_point ? ERR_OK : ERR_POINT, "%s", hex);
    cr_assert_eq(crypto_points_find(y, key), is_point, "%s", hex);
    if (is_point)
        cr_assert_eq(y[CRYPTO_Y_SIZE - 1] & 1, key->bytes[0] & 1, "%s", hex);
}

static void expect_both(const char *x)
{
    struct public_key key = {.bytes = {0x02}};
    cr_assert_eq(hex_decode(key.bytes + 1, CRYPTO_Y_SIZE, x), ERR_OK);
    expect_same(&key);
    key.bytes[0] = 0x03;
    expect_same(&key);
    key.bytes[0] = 0x04;
    expect_same(&key);
}

Test(crypto_points, the_same_keys_are_points)
{
    struct public_key key = {.bytes = {0x02}};
    size_t points = 0;
    for (size_t i = 0; i < 400; i++) {
        const struct span seed = span_of(&i, sizeof i);
        const struct id x = crypto_hash(&seed, 1);
        key.bytes[0] = 0x02 + i % 2;
        memcpy(key.bytes + 1, x.bytes, CRYPTO_Y_SIZE);
        expect_same(&key);
        points += crypto_libcrypto.key_check(&key) == ERR_OK;
    }
    cr_assert(points > 140 && points < 260, "about half are: %zu", points);
}

Test(crypto_points, at_the_edges)
{
    expect_both("0000000000000000000000000000000000000000000000000000000000000000");
    expect_both("0000000000000000000000000000000000000000000000000000000000000001");
    expect_both("0000000000000000000000000000000000000000000000000000000000000005");
    /* p - 3 to p, and beyond */
    expect_both("ffffffff00000001000000000000000000000000fffffffffffffffffffffffc");
    expect_both("ffffffff00000001000000000000000000000000fffffffffffffffffffffffe");
    expect_both("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    expect_both("ffffffff00000001000000000000000000000001000000000000000000000004");
    expect_both("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
}

/* G and -G (SEC 2 section 2.4.2): their y, byte for byte. */
Test(crypto_points, the_base_point)
{
    static const char *const ys[] = {
        "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"};
    for (uint8_t i = 0; i < 2; i++) {
        struct public_key key = {.bytes = {(uint8_t)(0x02 + i)}};
        uint8_t y[CRYPTO_Y_SIZE], found[CRYPTO_Y_SIZE];
        cr_assert_eq(hex_decode(key.bytes + 1, CRYPTO_Y_SIZE,
                                "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
                     ERR_OK);
        cr_assert_eq(hex_decode(y, CRYPTO_Y_SIZE, ys[i]), ERR_OK);
        cr_assert_eq(crypto_libcrypto.key_check(&key), ERR_OK);
        cr_assert(crypto_points_find(found, &key));
        cr_assert_arr_eq(found, y, CRYPTO_Y_SIZE);
    }
}

/* Five keys of one set, of which four are remembered; each keeps its own y. */
Test(crypto_points, a_full_set_forgets_the_oldest)
{
    struct public_key key = {.bytes = {0x02}};
    uint8_t y[CRYPTO_Y_SIZE] = {0}, found[CRYPTO_Y_SIZE];
    for (uint8_t i = 1; i <= 5; i++) {
        key.bytes[1] = y[0] = i;
        crypto_points_keep(&key, y);
        crypto_points_keep(&key, y); /* once is enough */
    }
    for (uint8_t i = 1; i <= 5; i++) {
        key.bytes[1] = i;
        cr_assert_eq(crypto_points_find(found, &key), i > 1, "%d", i);
        if (i > 1)
            cr_assert_eq(found[0], i);
        key.bytes[0] = 0x03;
        cr_assert_not(crypto_points_find(found, &key), "the other key of the same x");
        key.bytes[0] = 0x02;
    }
}

Test(crypto_points, no_key_is_none)
{
    const struct public_key none = {{0}};
    uint8_t y[CRYPTO_Y_SIZE];
    cr_assert_not(crypto_points_find(y, &none));
}

/* More keys than there is room for: the verdicts stay what they are. */
Test(crypto_points, verdicts_do_not_depend_on_memory)
{
    const struct span hello = span_text("hello");
    struct key_pair pair;
    struct signature signature;
    uint8_t scalar[32] = {[31] = 7}, wrong[CRYPTO_Y_SIZE] = {1};
    cr_assert_eq(crypto_libcrypto.key_load(&pair, scalar), ERR_OK);
    cr_assert_eq(crypto_libcrypto.sign(&signature, &pair, hello), ERR_OK);
    cr_assert_eq(crypto_libcrypto.verify(&pair.public_key, hello, &signature), ERR_OK);
    struct public_key other = pair.public_key;
    for (size_t i = 0; i < 8; i++) { /* neighbours that push it out */
        other.bytes[1]++;
        crypto_points_keep(&other, wrong);
    }
    cr_assert_not(crypto_points_find(wrong, &pair.public_key));
    cr_assert_eq(crypto_libcrypto.key_check(&pair.public_key), ERR_OK);
    cr_assert_eq(crypto_libcrypto.verify(&pair.public_key, hello, &signature), ERR_OK);
    signature.bytes[40] ^= 1;
    cr_assert_eq(crypto_libcrypto.verify(&pair.public_key, hello, &signature), ERR_SIGNATURE);
}

/* Were a wrong y ever remembered, libcrypto would refuse the point: no forged key gets through. */
Test(crypto_points, libcrypto_has_the_last_word)
{
    const struct span hello = span_text("hello");
    struct key_pair pair;
    struct signature signature;
    uint8_t scalar[32] = {[31] = 9}, wrong[CRYPTO_Y_SIZE] = {1};
    cr_assert_eq(crypto_libcrypto.key_load(&pair, scalar), ERR_OK);
    cr_assert_eq(crypto_libcrypto.sign(&signature, &pair, hello), ERR_OK);
    crypto_points_keep(&pair.public_key, wrong);
    cr_assert_eq(crypto_libcrypto.verify(&pair.public_key, hello, &signature), ERR_POINT);
}
