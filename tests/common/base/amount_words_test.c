/* Formal Chinese numerals, the examples of the People's Bank's rules among them. */
#include "common/base/amount_words.h"

#include <criterion/criterion.h>
#include <string.h>

Test(amount_words, table)
{
    static const struct {
        const char *amount, *words;
    } rows[] = {
        {"0.00", "零元整"},
        {"0.01", "壹分"},
        {"0.10", "壹角"},
        {"0.56", "伍角陆分"},
        {"1.00", "壹元整"},
        {"1.01", "壹元零壹分"},
        {"10.00", "壹拾元整"},
        {"17.00", "壹拾柒元整"},
        {"20.05", "贰拾元零伍分"},
        {"100.10", "壹佰元壹角"},
        {"101.00", "壹佰零壹元整"},
        {"110.00", "壹佰壹拾元整"},
        {"325.04", "叁佰贰拾伍元零肆分"}, /* the rules' own examples: */
        {"1,409.50", "壹仟肆佰零玖元伍角"},
        {"1,680.32", "壹仟陆佰捌拾元叁角贰分"},
        {"6,007.14", "陆仟零柒元壹角肆分"},
        {"16,409.02", "壹万陆仟肆佰零玖元零贰分"},
        {"107,000.53", "壹拾万柒仟元伍角叁分"},
        {"1,000.00", "壹仟元整"},
        {"1,000.50", "壹仟元伍角"},
        {"1,001.05", "壹仟零壹元零伍分"},
        {"1,010.00", "壹仟零壹拾元整"},
        {"1,234.56", "壹仟贰佰叁拾肆元伍角陆分"},
        {"10,000.01", "壹万元零壹分"},
        {"10,001.00", "壹万零壹元整"},
        {"10,010.00", "壹万零壹拾元整"},
        {"10,100.00", "壹万零壹佰元整"},
        {"11,000.00", "壹万壹仟元整"},
        {"100,000.00", "壹拾万元整"},
        {"101,010.10", "壹拾万壹仟零壹拾元壹角"},
        {"1,000,000.00", "壹佰万元整"},
        {"1,000,001.00", "壹佰万零壹元整"},
        {"10,000,000.00", "壹仟万元整"},
        {"10,010,010.00", "壹仟零壹万零壹拾元整"},
        {"100,000,000.00", "壹亿元整"},
        {"100,000,001.00", "壹亿零壹元整"},
        {"100,001,000.00", "壹亿零壹仟元整"},
        {"100,010,000.00", "壹亿零壹万元整"},
        {"110,000,000.00", "壹亿壹仟万元整"},
        {"1,000,000,000.00", "壹拾亿元整"},
        {"1,000,000,000,000.00", "壹万亿元整"},
        {"1,000,100,000,000.01", "壹万零壹亿元零壹分"},
        {"10,000,001,000,000.00", "壹拾万亿零壹佰万元整"},
        {"90,071,992,547,409.91", "玖拾万零柒佰壹拾玖亿玖仟贰佰伍拾肆万柒仟肆佰零玖元玖角壹分"},
        {"77,777,777,777,777.77",
         "柒拾柒万柒仟柒佰柒拾柒亿柒仟柒佰柒拾柒万柒仟柒佰柒拾柒元柒角柒分"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct amount amount;
        char words[AMOUNT_WORDS_SIZE];
        cr_assert_eq(amount_parse(&amount, rows[i].amount), ERR_OK);
        amount_words(words, amount);
        cr_expect_str_eq(words, rows[i].words, "%s: %s", rows[i].amount, words);
    }
}

/* Read back by a reader that knows nothing of noughts: every digit stands with its unit. */
static uint64_t read_back(const char *words)
{
    static const struct {
        const char *word;
        uint64_t value;
    } marks[] = {{"零", 0}, {"壹", 1}, {"贰", 2}, {"叁", 3},  {"肆", 4},   {"伍", 5},   {"陆", 6},
                 {"柒", 7}, {"捌", 8}, {"玖", 9}, {"拾", 10}, {"佰", 100}, {"仟", 1000}};
    uint64_t total = 0, group = 0, last = 0, fen = 0;
    while (*words != '\0') {
        uint64_t value = UINT64_MAX;
        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
            if (strncmp(words, marks[i].word, 3) == 0)
                value = marks[i].value;
        if (value < 10) {
            last = value;
        } else if (value != UINT64_MAX) {
            group += last * value;
            last = 0;
        } else if (strncmp(words, "万", 3) == 0) {
            total += (group + last) * 10000;
            group = last = 0;
        } else if (strncmp(words, "亿", 3) == 0) {
            total = (total + group + last) * 100000000;
            group = last = 0;
        } else if (strncmp(words, "元", 3) == 0) {
            total += group + last;
            group = last = 0;
        } else if (strncmp(words, "角", 3) == 0) {
            fen += last * 10;
        } else if (strncmp(words, "分", 3) == 0) {
            fen += last;
        }
        words += 3;
    }
    return total * 100 + fen;
}

Test(amount_words, every_amount_reads_back)
{
    for (uint64_t step = 1; step < AMOUNT_MAX / 200; step = step * 7 + 3)
        for (uint64_t n = 0; n < 200; n++) {
            struct amount amount;
            char words[AMOUNT_WORDS_SIZE];
            cr_assert_eq(amount_from_fen(&amount, n * step), ERR_OK);
            amount_words(words, amount);
            cr_expect_eq(read_back(words), n * step, "%s", words);
            cr_expect(strstr(words, "零零") == NULL && strstr(words, "亿万") == NULL, "%s", words);
        }
}
