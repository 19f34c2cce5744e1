/* Square roots modulo the prime, against mbedTLS, which takes its own way. */
#include "common/crypto/crypto_field.h"

#include "common/crypto/crypto.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_same(const struct public_key *key)
{
    uint8_t point[FIELD_POINT_SIZE];
    char hex[2 * KEY_SIZE + 1];
    const bool is_point = crypto_field_point(point, key);
    hex_encode(hex, SPAN(*key));
    cr_assert_eq(is_point, crypto_mbedtls.key_check(key) == ERR_OK, "%s", hex);
    if (!is_point)
        return;
    cr_assert_eq(point[0], 0x04);
    cr_assert_arr_eq(point + 1, key->bytes + 1, FIELD_SIZE);
    cr_assert_eq(point[FIELD_POINT_SIZE - 1] & 1, key->bytes[0] & 1, "%s", hex);
}

static void expect_both(const char *x)
{
    struct public_key key = {.bytes = {0x02}};
    cr_assert_eq(hex_decode(key.bytes + 1, FIELD_SIZE, x), ERR_OK);
    expect_same(&key);
    key.bytes[0] = 0x03;
    expect_same(&key);
    key.bytes[0] = 0x04;
    expect_same(&key);
}

Test(crypto_field, the_same_keys_are_points)
{
    struct public_key key = {.bytes = {0x02}};
    size_t points = 0;
    for (size_t i = 0; i < 400; i++) {
        uint8_t point[FIELD_POINT_SIZE];
        const struct span seed = span_of(&i, sizeof i);
        const struct id x = crypto_hash(&seed, 1);
        key.bytes[0] = 0x02 + i % 2;
        memcpy(key.bytes + 1, x.bytes, FIELD_SIZE);
        expect_same(&key);
        points += crypto_field_point(point, &key);
    }
    cr_assert(points > 140 && points < 260, "about half are: %zu", points);
}

Test(crypto_field, at_the_edges)
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

/* G and -G (SEC 2 section 2.4.2): the whole point, byte for byte. */
Test(crypto_field, the_base_point)
{
    static const char *const ys[] = {
        "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"};
    for (uint8_t i = 0; i < 2; i++) {
        struct public_key key = {.bytes = {(uint8_t)(0x02 + i)}};
        uint8_t point[FIELD_POINT_SIZE], y[FIELD_SIZE];
        cr_assert_eq(hex_decode(key.bytes + 1, FIELD_SIZE,
                                "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
                     ERR_OK);
        cr_assert_eq(hex_decode(y, FIELD_SIZE, ys[i]), ERR_OK);
        cr_assert(crypto_field_point(point, &key));
        cr_assert_arr_eq(point + 1 + FIELD_SIZE, y, FIELD_SIZE);
    }
}
