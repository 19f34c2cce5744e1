/* Secrets: wiping, comparing, and the hardened process. */
#include "common/base/secret.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

Test(secret, wipe_leaves_nothing)
{
    struct secret secret = {.size = 5}, empty = {.size = 0};
    memset(secret.bytes, 0xaa, sizeof secret.bytes);
    secret_wipe(&secret);
    cr_expect_eq(secret.size, 0u);
    cr_expect_eq(memcmp(secret.bytes, empty.bytes, sizeof secret.bytes), 0);
    char word[] = "secret";
    secret_wipe_bytes(word, 3);
    cr_expect_eq(memcmp(word, "\0\0\0ret", 7), 0);
    secret_wipe_bytes(NULL, 0);
}

static uint8_t *seen;

static void watch(struct secret *secret)
{
    secret_wipe(secret);
    seen = secret->bytes;
    cr_expect_eq(secret->bytes[0], 0);
}

Test(secret, a_scope_wipes_at_its_end)
{
    {
        struct secret secret AUTO(watch) = {.bytes = {1}, .size = 1};
        cr_expect_eq(secret.bytes[0], 1);
    }
    cr_expect_not_null(seen);
}

Test(secret, equal)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"", "", true},         {"a", "", false},      {"a", "a", true},
        {"abc", "abd", false},  {"xbc", "abc", false}, {"abc", "abcd", false},
        {"abcd", "abcd", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(secret_equal(span_text(rows[i].a), span_text(rows[i].b)), rows[i].equal,
                     "row %zu", i);
}

Test(secret, a_hardened_process_leaves_no_core)
{
    struct rlimit limit;
    secret_harden_process();
    cr_assert_eq(getrlimit(RLIMIT_CORE, &limit), 0);
    cr_expect_eq(limit.rlim_cur, 0u);
    cr_expect_eq(limit.rlim_max, 0u);
#ifndef DCEP_SANITIZED
    cr_expect_eq(prctl(PR_GET_DUMPABLE), 0);
#endif
}

Test(secret, a_wiped_buffer_is_an_empty_one)
{
    struct buffer buffer = {0}, untouched = {0};
    cr_assert_eq(buffer_put(&buffer, span_text("secret")), ERR_OK);
    secret_wipe_buffer(&buffer);
    cr_expect_eq(buffer.data, NULL);
    cr_expect_eq(buffer.size, 0u);
    secret_wipe_buffer(&untouched);
    cr_expect_eq(untouched.data, NULL);
}
