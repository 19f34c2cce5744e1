/* The byte buffer: growth, the limit, and that a refusal changes nothing. */
#include "common/base/span.h"

#include <criterion/criterion.h>
#include <string.h>

Test(buffer, limit)
{
    static const struct {
        size_t limit, first, second;
        enum err error;
    } rows[] = {
        {10, 0, 0, ERR_OK},       {10, 10, 0, ERR_OK},
        {10, 5, 5, ERR_OK},       {10, 5, 6, ERR_LIMIT},
        {10, 10, 1, ERR_LIMIT},   {1, 0, 2, ERR_LIMIT},
        {1000, 300, 700, ERR_OK}, {1000, 300, 701, ERR_LIMIT},
        {0, 4000, 4000, ERR_OK},  {8000, 4000, 4001, ERR_LIMIT},
    };
    static const uint8_t bytes[4096] = {7};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer buffer AUTO(buffer_fini) = {.limit = rows[i].limit};
        cr_assert_eq(buffer_put(&buffer, span_of(bytes, rows[i].first)), ERR_OK);
        cr_expect_eq(buffer_put(&buffer, span_of(bytes, rows[i].second)), rows[i].error, "row %zu",
                     i);
        size_t expected = rows[i].first + (rows[i].error == ERR_OK ? rows[i].second : 0);
        cr_expect_eq(buffer.size, expected, "row %zu", i);
        cr_expect(buffer.capacity <= (rows[i].limit > 256 ? rows[i].limit : 8192), "row %zu", i);
    }
}

Test(buffer, the_default_limit_holds)
{
    static uint8_t bytes[BUFFER_LIMIT_DEFAULT / 2];
    struct buffer buffer AUTO(buffer_fini) = {0};
    cr_expect_eq(buffer_put(&buffer, span_of(bytes, sizeof bytes)), ERR_OK);
    cr_expect_eq(buffer_put(&buffer, span_of(bytes, sizeof bytes)), ERR_OK);
    cr_expect_eq(buffer_put(&buffer, span_of(bytes, 1)), ERR_LIMIT);
}

Test(buffer, what_was_put_is_there)
{
    struct buffer buffer AUTO(buffer_fini) = {0};
    for (unsigned i = 0; i < 3000; i++) {
        uint8_t byte = (uint8_t)(i * 7);
        cr_assert_eq(buffer_put(&buffer, span_of(&byte, 1)), ERR_OK);
    }
    struct span all = buffer_span(&buffer);
    cr_assert_eq(all.size, 3000u);
    for (unsigned i = 0; i < 3000; i++)
        cr_assert_eq(all.data[i], (uint8_t)(i * 7));
}

Test(buffer, fini_is_repeatable_and_leaves_it_usable)
{
    struct buffer buffer = {.limit = 5};
    buffer_fini(&buffer);
    cr_assert_eq(buffer_put(&buffer, span_text("abcde")), ERR_OK);
    buffer_fini(&buffer);
    buffer_fini(&buffer);
    cr_expect_eq(buffer.size, 0u);
    cr_expect_eq(buffer_put(&buffer, span_text("abcdef")), ERR_LIMIT);
}
