/* One file under a passphrase: what opens, and everything that must not. */
#include "common/crypto/archive.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct span good = {(const uint8_t *)"four plain words here", 21};

static struct buffer sealed(struct span content)
{
    struct buffer file = {.limit = ARCHIVE_SIZE_MAX};
    cr_assert_eq(archive_seal(&file, content, good), ERR_OK);
    cr_assert_eq(file.size, content.size + ARCHIVE_OVERHEAD);
    return file;
}

/* What opening would refuse for its form alone, a check refuses too, and nothing else. */
static enum err try_open(struct span file, struct span passphrase)
{
    struct buffer content AUTO(buffer_fini) = {.limit = ARCHIVE_SIZE_MAX};
    const enum err error = archive_open(&content, file, passphrase);
    const enum err checked = archive_check(file);
    cr_expect(error == ERR_OK || content.size == 0, "something of it was shown");
    cr_expect_eq(checked, error == ERR_AUTH ? ERR_OK : error);
    return error;
}

Test(archive, sealed_and_opened)
{
    static const char *const contents[] = {"", "x", "a whole wallet"};
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        struct buffer file AUTO(buffer_fini) = sealed(span_text(contents[i]));
        struct buffer content AUTO(buffer_fini) = {0};
        cr_assert_eq(archive_open(&content, buffer_span(&file), good), ERR_OK);
        cr_expect(span_equal(buffer_span(&content), span_text(contents[i])));
    }
}

Test(archive, never_twice_the_same_bytes)
{
    struct buffer one AUTO(buffer_fini) = sealed(span_text("content"));
    struct buffer other AUTO(buffer_fini) = sealed(span_text("content"));
    cr_expect_not(span_equal(buffer_span(&one), buffer_span(&other)));
}

Test(archive, G6_wrong_passphrases_and_damage_look_the_same)
{
    struct buffer file AUTO(buffer_fini) = sealed(span_text("content"));
    cr_expect_eq(try_open(buffer_span(&file), span_text("four plain words herE")), ERR_AUTH);
    cr_expect_eq(try_open(buffer_span(&file), span_text("")), ERR_AUTH);
    for (size_t at = 8; at < file.size; at += 9) {
        file.data[at] ^= 1;
        cr_expect_eq(try_open(buffer_span(&file), good), ERR_AUTH, "byte %zu", at);
        file.data[at] ^= 1;
    }
    cr_expect_eq(try_open(span_of(file.data, file.size - 1), good), ERR_AUTH);
}

Test(archive, what_is_no_such_file)
{
    struct buffer file AUTO(buffer_fini) = sealed(span_text("content"));
    for (size_t size = 0; size < ARCHIVE_OVERHEAD; size++)
        cr_expect_eq(try_open(span_of(file.data, size), good), ERR_PARSE);
    file.data[7] = 2;
    cr_expect_eq(try_open(buffer_span(&file), good), ERR_VERSION);
    file.data[0] = 'x';
    cr_expect_eq(try_open(buffer_span(&file), good), ERR_PARSE);
}
