/* Hex: one value has one text. */
#include "common/base/span.h"

#include <criterion/criterion.h>
#include <string.h>

Test(hex, decode)
{
    static const struct {
        const char *text;
        size_t size;
        enum err error;
    } rows[] = {
        {"", 0, ERR_OK},       {"00", 1, ERR_OK},
        {"ff0a", 2, ERR_OK},   {"", 1, ERR_PARSE},
        {"0", 0, ERR_PARSE},   {"0", 1, ERR_PARSE},
        {"000", 1, ERR_PARSE}, {"0000", 1, ERR_PARSE},
        {"00", 2, ERR_PARSE},  {"0g", 1, ERR_PARSE},
        {"g0", 1, ERR_PARSE},  {"FF", 1, ERR_PARSE},
        {"f ", 1, ERR_PARSE},  {"0x", 1, ERR_PARSE},
        {"+1", 1, ERR_PARSE},  {"\xc3\xa9", 1, ERR_PARSE},
        {"0/", 1, ERR_PARSE},  {"0:", 1, ERR_PARSE},
        {"0`", 1, ERR_PARSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[4] = {0xee, 0xee, 0xee, 0xee};
        cr_expect_eq(hex_decode(bytes, rows[i].size, rows[i].text), rows[i].error, "row %zu", i);
        if (rows[i].error != ERR_OK)
            cr_expect_eq(bytes[0], 0xee, "row %zu: a refusal writes nothing", i);
        else
            cr_expect_eq(bytes[rows[i].size], 0xee, "row %zu: writes no more than asked", i);
    }
}

Test(hex, every_byte_comes_back)
{
    uint8_t bytes[256], back[256];
    char text[513];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    hex_encode(text, span_of(bytes, sizeof bytes));
    cr_expect_eq(strlen(text), 512u);
    cr_expect_eq(strncmp(text, "000102", 6), 0);
    cr_expect_str_eq(text + 506, "fdfeff");
    cr_assert_eq(hex_decode(back, sizeof back, text), ERR_OK);
    cr_expect_eq(memcmp(bytes, back, sizeof bytes), 0);
}
