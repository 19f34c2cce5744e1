/* Borrowed bytes: equality and order, empty spans with and without a pointer. */
#include "common/base/span.h"

#include <criterion/criterion.h>

Test(span, order_and_equality)
{
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        {"", "", 0},        {"", "a", -1},         {"a", "", 1},     {"a", "b", -1},
        {"b", "a", 1},      {"ab", "ab", 0},       {"a", "ab", -1},  {"ab", "a", 1},
        {"b", "ab", 1},     {"a\xff", "a\x01", 1}, {"\x80", "a", 1}, {"aa", "ab", -1},
        {"abc", "abd", -1}, {"abd", "abc", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct span a = span_text(rows[i].a), b = span_text(rows[i].b);
        cr_expect_eq(span_compare(a, b), rows[i].order, "row %zu", i);
        cr_expect_eq(span_equal(a, b), rows[i].order == 0, "row %zu", i);
    }
}

Test(span, an_empty_span_needs_no_pointer)
{
    struct span none = span_of(NULL, 0);
    cr_expect(span_equal(none, span_text("")));
    cr_expect_eq(span_compare(none, span_text("")), 0);
    cr_expect_eq(span_compare(none, span_text("a")), -1);
}

Test(span, fixed_size_values)
{
    struct id a = {{1}}, b = {{1}};
    struct public_key k = {{2}}, l = {{2}};
    cr_expect_eq(SPAN(a).size, (size_t)ID_SIZE);
    cr_expect_eq(SPAN(k).size, (size_t)KEY_SIZE);
    cr_expect(id_equal(&a, &b) && key_equal(&k, &l));
    b.bytes[ID_SIZE - 1] = 1;
    l.bytes[KEY_SIZE - 1] = 1;
    cr_expect(!id_equal(&a, &b) && !key_equal(&k, &l));
}
