/* Keys at rest: what opens, and everything that must not. Group of adversarial case G6 too: no word
 * about what was wrong but "wrong passphrase". */
#include "common/crypto/keyfile.h"

#include <criterion/criterion.h>
#include <sodium/core.h>
#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_pwhash.h>
#include <string.h>

static const struct keyfile_label label = {"test", "root"};
static const struct span good = {(const uint8_t *)"correct horse", 13};
static const struct span none = {NULL, 0};

/* Where things lie in a key pair's file with that label. */
enum {
    AT_VERSION = 7,
    AT_SEALED = 8,
    AT_CONTENT = 9,
    AT_CONTEXT = 10,
    AT_PUBLIC_KEY = AT_CONTEXT + 1 + 1 + 4 + 1 + 4,
    AT_SALT = AT_PUBLIC_KEY + KEY_SIZE,
    AT_NONCE = AT_SALT + 16,
    AT_BOX = AT_NONCE + 24,
    FILE_SIZE = AT_BOX + 32 + 16,
};

static struct key_pair some_pair(void)
{
    uint8_t scalar[32] = {7, [31] = 9};
    struct key_pair pair = {0};

    cr_assert_eq(crypto()->key_load(&pair, scalar), ERR_OK);
    return pair;
}

static struct buffer sealed_file(struct span passphrase)
{
    struct key_pair pair = some_pair();
    struct buffer file = {0};

    cr_assert_eq(keyfile_seal(&file, &pair, &label, passphrase), ERR_OK);
    cr_assert_eq(file.size, (size_t)FILE_SIZE);
    return file;
}

Test(keyfile, sealed_and_opened)
{
    struct span passphrases[] = {good, none};

    for (size_t index = 0; index < 2; index++) {
        struct buffer file AUTO(buffer_fini) = sealed_file(passphrases[index]);
        struct key_pair pair = some_pair(), opened = {0};
        struct public_key key;

        cr_expect_eq(keyfile_is_sealed(buffer_span(&file)), index == 0);
        cr_expect_eq(keyfile_public(&key, buffer_span(&file)), ERR_OK);
        cr_expect(key_equal(&key, &pair.public_key));
        cr_expect_eq(keyfile_open(&opened, buffer_span(&file), &label, passphrases[index]), ERR_OK);
        cr_expect_arr_eq(opened.private_scalar, pair.private_scalar, 32);
        cr_expect(key_equal(&opened.public_key, &pair.public_key));
    }
}

Test(keyfile, sealed_hides_the_scalar_and_never_repeats)
{
    struct buffer a AUTO(buffer_fini) = sealed_file(good);
    struct buffer b AUTO(buffer_fini) = sealed_file(good);
    struct key_pair pair = some_pair();

    cr_expect_null(memmem(a.data, a.size, pair.private_scalar, 32));
    cr_expect_arr_neq(a.data + AT_SALT, b.data + AT_SALT, 16);
    cr_expect_arr_neq(a.data + AT_NONCE, b.data + AT_NONCE, 24);
    cr_expect_arr_neq(a.data + AT_BOX, b.data + AT_BOX, 48);
}

/* The promise of the design, redone here with libsodium alone: Argon2id, 2 passes, 19 MiB. */
Test(keyfile, argon2id_2_passes_19_mib)
{
    struct buffer file AUTO(buffer_fini) = sealed_file(good);
    struct key_pair pair = some_pair();
    uint8_t key[32], scalar[32];

    cr_assert_geq(sodium_init(), 0);
    cr_assert_eq(crypto_pwhash(key, sizeof key, "correct horse", 13, file.data + AT_SALT, 2,
                               19 * 1024 * 1024, crypto_pwhash_ALG_ARGON2ID13),
                 0);
    cr_assert_eq(crypto_aead_xchacha20poly1305_ietf_decrypt(scalar, NULL, NULL, file.data + AT_BOX,
                                                            48, file.data, AT_NONCE,
                                                            file.data + AT_NONCE, key),
                 0);
    cr_assert_arr_eq(scalar, pair.private_scalar, 32);
}

Test(keyfile, refusals)
{
    static const struct {
        const char *what;
        struct keyfile_label label;
        const char *sealed_under, *tried;
        enum err expected;
    } rows[] = {
        {"as sealed", {"test", "root"}, "abc", "abc", ERR_OK},
        {"as stored, unsealed", {"test", "root"}, "", "", ERR_OK},
        {"wrong passphrase", {"test", "root"}, "abc", "abd", ERR_AUTH},
        {"a prefix of it", {"test", "root"}, "abc", "ab", ERR_AUTH},
        {"longer", {"test", "root"}, "abc", "abcd", ERR_AUTH},
        {"other case", {"test", "root"}, "abc", "ABC", ERR_AUTH},
        {"one needed", {"test", "root"}, "abc", "", ERR_AUTH},
        {"one given for an unsealed file", {"test", "root"}, "", "abc", ERR_AUTH},
        {"another network", {"prod", "root"}, "abc", "abc", ERR_NETWORK},
        {"another role", {"test", "bank"}, "abc", "abc", ERR_KIND},
        {"role a prefix", {"test", "roo"}, "abc", "abc", ERR_KIND},
        {"both other: network first", {"prod", "bank"}, "abc", "abc", ERR_NETWORK},
        {"label before passphrase", {"prod", "root"}, "abc", "xyz", ERR_NETWORK},
    };

    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct buffer file AUTO(buffer_fini) = sealed_file(span_text(rows[row].sealed_under));
        struct key_pair opened = {0};
        static const struct key_pair untouched;
        enum err error =
            keyfile_open(&opened, buffer_span(&file), &rows[row].label, span_text(rows[row].tried));

        cr_expect_eq(error, rows[row].expected, "%s: %s", rows[row].what, err_name(error));
        if (error != ERR_OK)
            cr_expect_arr_eq(&opened, &untouched, sizeof opened, "%s: output touched",
                             rows[row].what);
    }
}

static void refuse_every_change(struct span passphrase, uint8_t flip)
{
    struct buffer file AUTO(buffer_fini) = sealed_file(passphrase);

    for (size_t at = 0; at < FILE_SIZE; at++) {
        struct key_pair opened = {0};

        file.data[at] ^= flip;
        cr_expect_neq(keyfile_open(&opened, buffer_span(&file), &label, passphrase), ERR_OK,
                      "offset %zu", at);
        file.data[at] ^= flip;
    }
}

Test(keyfile, every_byte_altered_is_refused_sealed)
{
    refuse_every_change(good, 0x01);
}

Test(keyfile, every_byte_altered_is_refused_unsealed)
{
    refuse_every_change(none, 0x01);
    refuse_every_change(none, 0x80);
}

Test(keyfile, every_truncation_and_tail_is_refused)
{
    struct buffer file AUTO(buffer_fini) = sealed_file(none);
    struct key_pair opened;

    for (size_t size = 0; size < FILE_SIZE; size++)
        cr_expect_neq(keyfile_open(&opened, span_of(file.data, size), &label, none), ERR_OK, "%zu",
                      size);
    cr_assert_eq(buffer_put(&file, span_text("\n")), ERR_OK);
    cr_expect_neq(keyfile_open(&opened, buffer_span(&file), &label, none), ERR_OK);
    cr_expect_eq(keyfile_open(&opened, none, &label, none), ERR_PARSE);
    cr_expect_not(keyfile_is_sealed(none));
}

/* A key swapped for another point, a version we do not know, a file of another kind. */
Test(keyfile, header_refusals)
{
    struct buffer file AUTO(buffer_fini) = sealed_file(none);
    struct key_pair opened;
    struct public_key key;
    struct span span = buffer_span(&file);

    file.data[AT_VERSION] = 2;
    cr_expect_eq(keyfile_open(&opened, span, &label, none), ERR_VERSION);
    file.data[AT_VERSION] = 1;
    file.data[AT_CONTENT] = 2;
    cr_expect_eq(keyfile_open(&opened, span, &label, none), ERR_KIND);
    cr_expect_eq(keyfile_public(&key, span), ERR_KIND);
    file.data[AT_CONTENT] = 3;
    cr_expect_eq(keyfile_open(&opened, span, &label, none), ERR_PARSE);
    file.data[AT_CONTENT] = 1;
    file.data[AT_PUBLIC_KEY] = 4;
    cr_expect_eq(keyfile_public(&key, span), ERR_POINT);
    file.data[AT_PUBLIC_KEY] = 2;
    file.data[AT_SEALED] = 1;
    cr_expect_eq(keyfile_open(&opened, span, &label, good), ERR_AUTH, "unsealed called sealed");
}

/* Well sealed, but the public key is not that of the scalar: our own mistake, found on opening. */
Test(keyfile, a_pair_that_is_none)
{
    struct buffer file AUTO(buffer_fini) = {0};
    struct key_pair pair = some_pair(), opened;

    pair.public_key.bytes[0] ^= 1;
    cr_assert_eq(keyfile_seal(&file, &pair, &label, none), ERR_OK);
    cr_expect_eq(keyfile_open(&opened, buffer_span(&file), &label, none), ERR_PARSE);
}

/* A downgrade: somebody who can write the file puts an unsealed key of his own in its place. */
Test(keyfile, G6_sealed_file_swapped_for_an_unsealed_one)
{
    struct buffer file AUTO(buffer_fini) = sealed_file(none);
    struct key_pair opened;

    cr_expect_eq(keyfile_open(&opened, buffer_span(&file), &label, good), ERR_AUTH);
}

Test(keyfile, labels_that_cannot_be)
{
    static struct keyfile_label rows[4] = {
        {"", "root"}, {"test", ""}, {"test", "root"}, {"t", "r"}};
    struct key_pair pair = some_pair();
    struct buffer file AUTO(buffer_fini) = {0};

    memset(rows[2].network, 'x', sizeof rows[2].network); /* no NUL */
    memset(rows[3].role, 'x', sizeof rows[3].role);
    for (size_t row = 0; row < 4; row++)
        cr_expect_eq(keyfile_seal(&file, &pair, &rows[row], none), ERR_PARSE, "row %zu", row);
    cr_expect_eq(file.size, 0U);
}

Test(keyfile, bytes_sealed_and_opened)
{
    static uint8_t largest[SECRET_SIZE_MAX] = {1, 2, 3};
    struct buffer file AUTO(buffer_fini) = {0};
    struct secret secret AUTO(secret_wipe) = {0};
    struct span context = span_text("tls key of bank 1");

    cr_assert_eq(keyfile_seal_bytes(&file, span_of(largest, sizeof largest), context, good),
                 ERR_OK);
    cr_assert_leq(file.size, (size_t)KEYFILE_SIZE_MAX);
    cr_expect(keyfile_is_sealed(buffer_span(&file)));
    cr_expect_eq(keyfile_open_bytes(&secret, buffer_span(&file), context, good), ERR_OK);
    cr_expect_eq(secret.size, sizeof largest);
    cr_expect_arr_eq(secret.bytes, largest, sizeof largest);
    secret_wipe(&secret);
    cr_expect_eq(keyfile_open_bytes(&secret, buffer_span(&file), context, none), ERR_AUTH);
    cr_expect_eq(keyfile_open_bytes(&secret, buffer_span(&file), span_text("other"), good),
                 ERR_KIND);
    cr_expect_eq(secret.size, 0U);
    file.data[file.size - 1] ^= 1;
    cr_expect_eq(keyfile_open_bytes(&secret, buffer_span(&file), context, good), ERR_AUTH);
    cr_expect_eq(secret.size, 0U, "nothing comes out");
}

Test(keyfile, bytes_limits)
{
    static uint8_t large[SECRET_SIZE_MAX + 1];
    struct buffer file AUTO(buffer_fini) = {0};
    struct span secret = span_of(large, 10);

    cr_expect_eq(keyfile_seal_bytes(&file, span_of(large, sizeof large), secret, none), ERR_LIMIT);
    cr_expect_eq(keyfile_seal_bytes(&file, none, secret, none), ERR_LIMIT);
    cr_expect_eq(
        keyfile_seal_bytes(&file, secret, span_of(large, KEYFILE_CONTEXT_SIZE_MAX + 1), none),
        ERR_LIMIT);
    cr_expect_eq(file.size, 0U);
    cr_expect_eq(keyfile_seal_bytes(&file, secret, span_of(large, KEYFILE_CONTEXT_SIZE_MAX), none),
                 ERR_OK);
}

/* A file of a key pair opened as bytes, and the other way round. */
Test(keyfile, kinds_do_not_mix)
{
    struct buffer pair_file AUTO(buffer_fini) = sealed_file(none);
    struct buffer bytes_file AUTO(buffer_fini) = {0};
    struct secret secret = {0};
    struct key_pair opened;
    struct span context = span_of(pair_file.data + AT_CONTEXT + 1, pair_file.data[AT_CONTEXT]);

    cr_expect_eq(keyfile_open_bytes(&secret, buffer_span(&pair_file), context, none), ERR_KIND);
    cr_assert_eq(keyfile_seal_bytes(&bytes_file, span_text("x"), context, none), ERR_OK);
    cr_expect_eq(keyfile_open(&opened, buffer_span(&bytes_file), &label, none), ERR_KIND);
}

Test(keyfile, a_wiped_pair_is_zero)
{
    struct key_pair pair = some_pair();
    static const struct key_pair zero;

    key_pair_wipe(&pair);
    cr_assert_arr_eq(&pair, &zero, sizeof pair);
}
