/* Boxes, derived keys, sums with a key. */
#include "common/crypto/safe.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct safe_key my_key = {{9, 8, 7}};

Test(safe, sealed_and_opened)
{
    static const struct span additional = {(const uint8_t *)"page 1", 6};
    uint8_t box[5 + SAFE_OVERHEAD], again[5 + SAFE_OVERHEAD], plain[5];
    cr_assert_eq(safe_seal(box, &my_key, span_text("hello"), additional), ERR_OK);
    cr_assert_eq(safe_seal(again, &my_key, span_text("hello"), additional), ERR_OK);
    cr_expect_arr_neq(box, again, sizeof box, "a nonce was used twice");
    cr_assert_eq(safe_open(plain, &my_key, span_of(box, sizeof box), additional), ERR_OK);
    cr_expect_arr_eq(plain, "hello", 5);
}

Test(safe, every_changed_bit_key_and_place_is_refused)
{
    static const struct span additional = {(const uint8_t *)"page 1", 6};
    static const struct safe_key other = {{9, 8, 6}};
    uint8_t box[5 + SAFE_OVERHEAD], plain[5];
    cr_assert_eq(safe_seal(box, &my_key, span_text("hello"), additional), ERR_OK);
    for (size_t bit = 0; bit < 8 * sizeof box; bit++) {
        box[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_expect_eq(safe_open(plain, &my_key, span_of(box, sizeof box), additional), ERR_AUTH);
        box[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    cr_expect_eq(safe_open(plain, &other, span_of(box, sizeof box), additional), ERR_AUTH);
    cr_expect_eq(safe_open(plain, &my_key, span_of(box, sizeof box), span_text("page 2")),
                 ERR_AUTH);
    for (size_t size = 0; size < sizeof box; size++)
        cr_expect_eq(safe_open(plain, &my_key, span_of(box, size), additional), ERR_AUTH);
}

Test(safe, one_key_for_one_use)
{
    struct safe_key keys, pages, again;
    cr_assert_eq(safe_key_derive(&keys, &my_key, SAFE_USE_KEYS), ERR_OK);
    cr_assert_eq(safe_key_derive(&pages, &my_key, SAFE_USE_PAGES), ERR_OK);
    cr_assert_eq(safe_key_derive(&again, &my_key, SAFE_USE_KEYS), ERR_OK);
    cr_expect_arr_eq(keys.bytes, again.bytes, SAFE_KEY_SIZE);
    cr_expect_arr_neq(keys.bytes, pages.bytes, SAFE_KEY_SIZE);
    cr_expect_arr_neq(keys.bytes, my_key.bytes, SAFE_KEY_SIZE);
}

static void expect_hex(const uint8_t *bytes, size_t size, const char *hex)
{
    char text[2 * SAFE_HMAC_SIZE + 1];
    hex_encode(text, span_of(bytes, size));
    cr_expect_str_eq(text, hex);
}

Test(safe, hmac_sha512_as_in_rfc_4231)
{
    static const uint8_t key[20] = {
        [0 ... 19] = 0x0b,
    };
    uint8_t sum[SAFE_HMAC_SIZE];
    cr_assert_eq(safe_hmac_sha512(sum, span_of(key, sizeof key), span_text("Hi There")), ERR_OK);
    expect_hex(sum, sizeof sum,
               "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
               "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
    cr_assert_eq(
        safe_hmac_sha512(sum, span_text("Jefe"), span_text("what do ya want for nothing?")),
        ERR_OK);
    expect_hex(sum, sizeof sum,
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
               "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}
