/* Money: the range's edges, the text forms in and out, and that a refusal changes nothing. */
#include "common/base/amount.h"

#include <criterion/criterion.h>
#include <string.h>

#define MAX AMOUNT_MAX
#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static struct amount fen(uint64_t value)
{
    struct amount a;
    cr_assert_eq(amount_from_fen(&a, value), ERR_OK);
    return a;
}

Test(amount, from_fen)
{
    static const struct {
        uint64_t value;
        enum err error;
    } rows[] = {
        {0, ERR_OK}, {1, ERR_OK}, {MAX, ERR_OK}, {MAX + 1, ERR_RANGE}, {UINT64_MAX, ERR_RANGE}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct amount a = fen(42);
        cr_expect_eq(amount_from_fen(&a, rows[i].value), rows[i].error, "row %zu", i);
        cr_expect_eq(amount_fen(a), rows[i].error == ERR_OK ? rows[i].value : 42, "row %zu", i);
    }
}

Test(amount, add_and_sub)
{
    static const struct {
        uint64_t a, b, sum, difference;
        enum err add, sub;
    } rows[] = {
        {0, 0, 0, 0, ERR_OK, ERR_OK},
        {5, 3, 8, 2, ERR_OK, ERR_OK},
        {3, 5, 8, 42, ERR_OK, ERR_RANGE},
        {MAX, 0, MAX, MAX, ERR_OK, ERR_OK},
        {MAX - 1, 1, MAX, MAX - 2, ERR_OK, ERR_OK},
        {MAX, 1, 42, MAX - 1, ERR_RANGE, ERR_OK},
        {MAX, MAX, 42, 0, ERR_RANGE, ERR_OK},
        {0, MAX, MAX, 42, ERR_OK, ERR_RANGE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct amount sum = fen(42), difference = fen(42), a = fen(rows[i].a), b = fen(rows[i].b);
        cr_expect_eq(amount_add(&sum, a, b), rows[i].add, "row %zu", i);
        cr_expect_eq(amount_sub(&difference, a, b), rows[i].sub, "row %zu", i);
        cr_expect_eq(amount_fen(sum), rows[i].sum, "row %zu", i);
        cr_expect_eq(amount_fen(difference), rows[i].difference, "row %zu", i);
    }
}

Test(amount, capped_sum)
{
    cr_expect_eq(amount_fen(amount_add_capped(fen(1), fen(2))), 3u);
    cr_expect_eq(amount_fen(amount_add_capped(fen(MAX - 1), fen(1))), MAX);
    cr_expect_eq(amount_fen(amount_add_capped(fen(MAX), fen(1))), MAX);
    cr_expect_eq(amount_fen(amount_add_capped(fen(MAX), fen(MAX))), MAX);
}

Test(amount, order)
{
    cr_expect_eq(amount_compare(fen(1), fen(2)), -1);
    cr_expect_eq(amount_compare(fen(2), fen(2)), 0);
    cr_expect_eq(amount_compare(fen(MAX), fen(0)), 1);
    cr_expect_eq(amount_fen(amount_min(fen(1), fen(2))), 1u);
    cr_expect_eq(amount_fen(amount_min(fen(2), fen(1))), 1u);
    cr_expect(amount_is_zero(amount_zero()) && !amount_is_zero(fen(1)));
}

static const struct {
    const char *text;
    uint64_t value;
    enum err error;
} parse_rows[] = {
    {"0", 0, ERR_OK},
    {"12", 1200, ERR_OK},
    {"12.5", 1250, ERR_OK},
    {"12.50", 1250, ERR_OK},
    {"0.05", 5, ERR_OK},
    {"0.5", 50, ERR_OK},
    {"1,234.50", 123450, ERR_OK},
    {"12,345", 1234500, ERR_OK},
    {"123,456,789.01", 12345678901, ERR_OK},
    {"\u00a512.50", 1250, ERR_OK},
    {"\uffe51,234.50", 123450, ERR_OK},
    {"90071992547409.91", MAX, ERR_OK},
    {"90,071,992,547,409.91", MAX, ERR_OK},
    {"90071992547409.92", 0, ERR_RANGE},
    {"90071992547410", 0, ERR_RANGE},
    {"99999999999999999999999999999999", 0, ERR_RANGE},
    {"18446744073709551617", 0, ERR_RANGE},
    {"999,999,999,999,999,999,999", 0, ERR_RANGE},
    {"99999999999999999999999999999999x", 0, ERR_PARSE},
    {"", 0, ERR_PARSE},
    {"\u00a5", 0, ERR_PARSE},
    {"\u00a5\u00a51", 0, ERR_PARSE},
    {"\xc2", 0, ERR_PARSE},
    {"$1", 0, ERR_PARSE},
    {".5", 0, ERR_PARSE},
    {"5.", 0, ERR_PARSE},
    {"12.345", 0, ERR_PARSE},
    {"12.5.", 0, ERR_PARSE},
    {"1.2.3", 0, ERR_PARSE},
    {"-1", 0, ERR_PARSE},
    {"+1", 0, ERR_PARSE},
    {"1e3", 0, ERR_PARSE},
    {"0x10", 0, ERR_PARSE},
    {" 1", 0, ERR_PARSE},
    {"1 ", 0, ERR_PARSE},
    {"1,23", 0, ERR_PARSE},
    {"1,2345", 0, ERR_PARSE},
    {"1234,567", 0, ERR_PARSE},
    {"1,234567", 0, ERR_PARSE},
    {",123", 0, ERR_PARSE},
    {"1,", 0, ERR_PARSE},
    {"1,,234", 0, ERR_PARSE},
    {"1,234,", 0, ERR_PARSE},
    {"1.50,000", 0, ERR_PARSE},
    {"0,123", 0, ERR_PARSE},
    {"012", 0, ERR_PARSE},
    {"00", 0, ERR_PARSE},
    {"NaN", 0, ERR_PARSE},
};

Test(amount, parse)
{
    for (size_t i = 0; i < COUNT(parse_rows); i++) {
        struct amount a = fen(42);
        cr_expect_eq(amount_parse(&a, parse_rows[i].text), parse_rows[i].error, "%s",
                     parse_rows[i].text);
        cr_expect_eq(amount_fen(a), parse_rows[i].error == ERR_OK ? parse_rows[i].value : 42, "%s",
                     parse_rows[i].text);
    }
}

Test(amount, format)
{
    static const struct {
        uint64_t value;
        const char *people, *programs;
    } rows[] = {
        {0, "\u00a50.00", "0.00"},
        {5, "\u00a50.05", "0.05"},
        {99, "\u00a50.99", "0.99"},
        {100, "\u00a51.00", "1.00"},
        {99999, "\u00a5999.99", "999.99"},
        {100000, "\u00a51,000.00", "1000.00"},
        {123450, "\u00a51,234.50", "1234.50"},
        {100000000, "\u00a51,000,000.00", "1000000.00"},
        {MAX, "\u00a590,071,992,547,409.91", "90071992547409.91"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char people[AMOUNT_TEXT_SIZE], programs[AMOUNT_TEXT_SIZE];
        struct amount back;
        amount_format(people, fen(rows[i].value));
        amount_format_plain(programs, fen(rows[i].value));
        cr_expect_str_eq(people, rows[i].people);
        cr_expect_str_eq(programs, rows[i].programs);
        cr_expect(amount_parse(&back, people) == ERR_OK && amount_fen(back) == rows[i].value);
        cr_expect(amount_parse(&back, programs) == ERR_OK && amount_fen(back) == rows[i].value);
    }
}

Test(balance, arithmetic)
{
    const int64_t max = (int64_t)MAX;
    const struct {
        int64_t balance;
        uint64_t amount;
        int64_t sum, difference;
        enum err add, sub;
    } rows[] = {
        {0, 1, 1, -1, ERR_OK, ERR_OK},
        {-5, 3, -2, -8, ERR_OK, ERR_OK},
        {max, 0, max, max, ERR_OK, ERR_OK},
        {max, 1, 42, max - 1, ERR_RANGE, ERR_OK},
        {-max, 1, 1 - max, 42, ERR_OK, ERR_RANGE},
        {-max, MAX, 0, 42, ERR_OK, ERR_RANGE},
        {max, MAX, 42, 0, ERR_RANGE, ERR_OK},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct balance b = balance_from_fen(rows[i].balance);
        struct balance sum = balance_from_fen(42), difference = balance_from_fen(42);
        cr_expect_eq(balance_add(&sum, b, fen(rows[i].amount)), rows[i].add, "row %zu", i);
        cr_expect_eq(balance_sub(&difference, b, fen(rows[i].amount)), rows[i].sub, "row %zu", i);
        cr_expect_eq(balance_fen(sum), rows[i].sum, "row %zu", i);
        cr_expect_eq(balance_fen(difference), rows[i].difference, "row %zu", i);
    }
}

Test(balance, sum_and_order)
{
    struct balance out = balance_from_fen(42), max = balance_from_fen((int64_t)MAX);
    cr_expect_eq(balance_sum(&out, max, balance_from_fen(-(int64_t)MAX)), ERR_OK);
    cr_expect_eq(balance_fen(out), 0);
    cr_expect_eq(balance_sum(&out, max, balance_from_fen(1)), ERR_RANGE);
    cr_expect_eq(balance_fen(out), 0);
    cr_expect_eq(balance_compare(balance_from_fen(-1), max), -1);
    cr_expect_eq(balance_compare(max, max), 0);
    cr_expect_eq(balance_compare(max, balance_from_fen(-1)), 1);
}

Test(balance, format)
{
    static const struct {
        int64_t value;
        const char *people, *programs;
    } rows[] = {
        {0, "\u00a50.00", "0.00"},
        {-1, "-\u00a50.01", "-0.01"},
        {-123450, "-\u00a51,234.50", "-1234.50"},
        {123450, "\u00a51,234.50", "1234.50"},
        {-(int64_t)MAX, "-\u00a590,071,992,547,409.91", "-90071992547409.91"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char people[AMOUNT_TEXT_SIZE], programs[AMOUNT_TEXT_SIZE];
        balance_format(people, balance_from_fen(rows[i].value));
        balance_format_plain(programs, balance_from_fen(rows[i].value));
        cr_expect_str_eq(people, rows[i].people);
        cr_expect_str_eq(programs, rows[i].programs);
    }
}
