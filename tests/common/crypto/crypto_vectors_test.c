/* Vectors at the edges of ECDSA (tests/vectors/ecdsa_p256_sha256.json), through both backends: the
 * verdict written there, and so the same one. And the published ones of RFC 6979. */
#include "common/crypto/crypto.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#define VECTORS "tests/vectors/ecdsa_p256_sha256.json"
enum { BYTES_MAX = 2048, FEWEST = 200, CHECKS_MAX = 1024 };

struct bytes {
    uint8_t bytes[BYTES_MAX];
    size_t size;
};

static struct bytes bytes_of(const json_t *test, const char *name)
{
    const char *hex = json_string_value(json_object_get(test, name));
    struct bytes out = {.size = 0};

    cr_assert_not_null(hex, "%s", name);
    out.size = strlen(hex) / 2;
    cr_assert_leq(out.size, (size_t)BYTES_MAX);
    cr_assert_eq(hex_decode(out.bytes, out.size, hex), ERR_OK);
    return out;
}

static json_t *vectors_load(void)
{
    json_error_t error;
    json_t *root = json_load_file(VECTORS, 0, &error);

    cr_assert_not_null(root, "%s: %s (run from the root of the tree)", VECTORS, error.text);
    cr_assert_geq(json_array_size(json_object_get(root, "tests")), (size_t)FEWEST);
    return root;
}

static const char *text_of(const json_t *test, const char *name)
{
    return json_string_value(json_object_get(test, name));
}

static bool has_flag(const json_t *test, const char *flag)
{
    return strcmp(json_string_value(json_array_get(json_object_get(test, "flags"), 0)), flag) == 0;
}

/* A check with its message; false: key or signature has another size, refused by its type. */
static bool check_make(struct crypto_check *check, struct bytes *message, const json_t *test)
{
    struct bytes key = bytes_of(test, "key"), signature = bytes_of(test, "sig");

    *message = bytes_of(test, "msg");
    if (key.size != KEY_SIZE || signature.size != SIGNATURE_SIZE)
        return false;
    *check = (struct crypto_check){.message = span_of(message->bytes, message->size)};
    memcpy(check->key.bytes, key.bytes, KEY_SIZE);
    memcpy(check->signature.bytes, signature.bytes, SIGNATURE_SIZE);
    return true;
}

static enum err expected_of(const json_t *test)
{
    if (strcmp(text_of(test, "result"), "valid") == 0)
        return ERR_OK;
    return has_flag(test, "BadKey") ? ERR_POINT : ERR_SIGNATURE;
}

static void judge_all(const struct crypto *c)
{
    json_t *root = vectors_load(), *test;
    size_t index, verdicts[3] = {0};

    json_array_foreach(json_object_get(root, "tests"), index, test)
    {
        enum err expected = expected_of(test), verdict;
        struct crypto_check check;
        struct bytes message;

        if (!check_make(&check, &message, test)) {
            cr_expect_neq(expected, ERR_OK, "%s", text_of(test, "comment"));
            continue;
        }
        verdict = c->verify(&check.key, check.message, &check.signature);
        cr_expect_eq(verdict, expected, "%s, vector %zu: %s: %s", c->name, index + 1,
                     text_of(test, "comment"), err_name(verdict));
        verdicts[expected == ERR_OK ? 0 : expected == ERR_SIGNATURE ? 1 : 2]++;
    }
    cr_expect(verdicts[0] > 60 && verdicts[1] > 60 && verdicts[2] > 10, "all verdicts occur");
    json_decref(root);
}

Test(crypto, L3_vectors_mbedtls)
{
    judge_all(&crypto_mbedtls);
}

Test(crypto, L3_vectors_libcrypto)
{
    judge_all(&crypto_libcrypto);
}

/* All of them as one batch: a strange signature changes no neighbour's verdict. */
Test(crypto, L3_vectors_as_one_batch)
{
    static const struct crypto *const backends[] = {&crypto_mbedtls, &crypto_libcrypto};
    static struct crypto_check checks[CHECKS_MAX];
    static struct bytes messages[CHECKS_MAX];
    static bool expected[CHECKS_MAX];
    json_t *root = vectors_load(), *test;
    size_t index, count = 0;

    json_array_foreach(json_object_get(root, "tests"), index, test)
    {
        expected[count] = expected_of(test) == ERR_OK;
        if (check_make(&checks[count], &messages[count], test))
            count++;
        cr_assert_lt(count, (size_t)CHECKS_MAX);
    }
    for (size_t backend = 0; backend < 2; backend++) {
        cr_assert_eq(backends[backend]->verify_many(checks, count), ERR_OK);
        for (index = 0; index < count; index++)
            cr_expect_eq(checks[index].valid, expected[index], "%s: check %zu",
                         backends[backend]->name, index);
    }
    json_decref(root);
}

/* RFC 6979 A.2.5: the mbedTLS backend signs deterministically, so it gives the RFC's very bytes. */
Test(crypto, rfc6979_published_signatures)
{
    static const struct {
        const char *message, *signature;
    } rows[] = {
        {"sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                   "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
        {"test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
                 "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
    };
    uint8_t scalar[32];
    struct key_pair pair = {0};

    cr_assert_eq(hex_decode(scalar, sizeof scalar,
                            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"),
                 ERR_OK);
    cr_assert_eq(crypto_mbedtls.key_load(&pair, scalar), ERR_OK);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct span message = span_text(rows[row].message);
        char text[2 * SIGNATURE_SIZE + 1];
        struct signature signature;

        cr_assert_eq(crypto_mbedtls.sign(&signature, &pair, message), ERR_OK);
        hex_encode(text, SPAN(signature));
        cr_expect_str_eq(text, rows[row].signature);
        cr_expect_eq(crypto_libcrypto.verify(&pair.public_key, message, &signature), ERR_OK);
    }
}
