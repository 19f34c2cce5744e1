/* Text from outside: strict UTF-8, what is made visible, where it is cut, how wide it is. */
#include "common/base/text.h"

#include <criterion/criterion.h>
#include <string.h>

#define BAD "\xef\xbf\xbd"
#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

Test(text, utf8)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"", true},
        {"abc", true},
        {"\xc2\xa5", true},
        {"\xe8\x8c\xb6\xe9\xa6\x86", true},
        {"\xf0\x9f\x8d\xb5", true},
        {"\xf4\x8f\xbf\xbf", true},  /* U+10FFFF */
        {"\xed\x9f\xbf", true},      /* U+D7FF */
        {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xed\xa0\x80", false},     /* surrogate */
        {"\xed\xbf\xbf", false},
        {"\xc0\x80", false}, /* overlong */
        {"\xc1\xbf", false},
        {"\xe0\x9f\xbf", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\x80", false}, /* continuation alone */
        {"\xc2", false}, /* cut */
        {"\xe8\x8c", false},
        {"\xf0\x9f\x8d", false},
        {"\xe8"
         "a",
         false},
        {"\xff", false},
        {"\xf8\x88\x80\x80\x80", false},
        {"ok\xfe", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_eq(text_is_utf8(span_text(rows[i].text)), rows[i].good, "row %zu", i);
    cr_expect(text_is_utf8(span_of("a\0b", 3)), "NUL is a character");
}

Test(text, printable)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"", ""},
        {"tea", "tea"},
        {"\xe8\x8c\xb6\xe9\xa6\x86", "\xe8\x8c\xb6\xe9\xa6\x86"},
        {"a\x1b[31mb", "a" BAD "[31mb"},
        {"a\nb\tc\rd", "a" BAD "b" BAD "c" BAD "d"},
        {"\x7f", BAD},
        {"\xc2\x9b", BAD}, /* C1: CSI */
        {"a\xe2\x80\xae"
         "b",
         "a" BAD "b"},                         /* U+202E */
        {"\xe2\x81\xa6\xe2\x81\xa9", BAD BAD}, /* U+2066, U+2069 */
        {"p\xe2\x80\x8b"
         "ay",
         "p" BAD "ay"},                        /* U+200B */
        {"\xe2\x80\xa8\xe2\x80\xa9", BAD BAD}, /* U+2028, U+2029 */
        {"\xef\xbb\xbf"
         "x",
         BAD "x"},                        /* U+FEFF */
        {"\xd8\x9c", BAD},                /* U+061C */
        {"\xf3\xa0\x81\x81", BAD},        /* U+E0041 */
        {"\xe2\x80\x94", "\xe2\x80\x94"}, /* a dash is fine */
        {"\xff\xfe", BAD BAD},
        {"\xe8\x8c", BAD}, /* a cut character is one */
        {"\xe8\x8c"
         "a",
         BAD "a"},
        {"\xc0\xaf", BAD},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[64];
        text_printable(out, sizeof out, span_text(rows[i].in));
        cr_expect_str_eq(out, rows[i].out, "row %zu", i);
        cr_expect(text_is_utf8(span_text(out)), "row %zu", i);
    }
}

Test(text, printable_is_cut_between_characters)
{
    static const struct {
        size_t size;
        const char *out;
    } rows[] = {{1, ""},
                {2, "a"},
                {3, "a"},
                {4, "a"},
                {5, "a\xe8\x8c\xb6"},
                {6, "a\xe8\x8c\xb6"
                    "b"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[8];
        memset(out, 0x55, sizeof out);
        text_printable(out, rows[i].size,
                       span_text("a\xe8\x8c\xb6"
                                 "b"));
        cr_expect_str_eq(out, rows[i].out, "row %zu", i);
        cr_expect_eq(out[rows[i].size], 0x55, "row %zu: writes no further", i);
    }
}

Test(text, columns)
{
    static const struct {
        const char *text;
        size_t columns;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"\u00a512.50", 6},
        {"\xe8\x8c\xb6\xe9\xa6\x86", 4},
        {"a\xe8\x8c\xb6", 3},
        {"e\xcc\x81", 1},        /* combining accent */
        {"\xf0\x9f\x8d\xb5", 2}, /* an emoji */
        {"\xef\xbc\x81", 2},     /* full-width ! */
        {"\xff\xff", 2},         /* two replacement characters */
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_eq(text_columns(rows[i].text), rows[i].columns, "row %zu", i);
}
