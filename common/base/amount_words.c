/* Formal Chinese numerals: yuan in groups of four digits, then 角 and 分.
 *
 * Never rounds; two amounts never have the same words. */
#include "common/base/amount_words.h"

#include <string.h>

enum { FEN_PER_YUAN = 100, TEN_THOUSAND = 10000, HUNDRED_MILLION = 100000000 };

static void append(char text[AMOUNT_WORDS_SIZE], const char *word)
{
    const size_t used = strlen(text);
    CHECK(used + strlen(word) < AMOUNT_WORDS_SIZE);
    memcpy(text + used, word, strlen(word) + 1);
}

static const char *digit(uint64_t value)
{
    static const char *const digits[] = {"零", "壹", "贰", "叁", "肆",
                                         "伍", "陆", "柒", "捌", "玖"};
    return digits[value];
}

/* 1 to 9,999. is_later: something stands before it, so noughts in front are read. */
static void put_thousands(char text[AMOUNT_WORDS_SIZE], uint64_t value, bool is_later)
{
    static const char *const units[] = {"仟", "佰", "拾", ""};
    bool nought = false, any = is_later;
    uint64_t divisor = 1000;
    for (int i = 0; i < 4; i++, divisor /= 10) {
        const uint64_t here = value / divisor % 10;
        if (here == 0) {
            nought = true;
            continue;
        }
        if (nought && any)
            append(text, digit(0));
        append(text, digit(here));
        append(text, units[i]);
        nought = false;
        any = true;
    }
}

/* 1 to 99,999,999. */
static void put_millions(char text[AMOUNT_WORDS_SIZE], uint64_t value, bool is_later)
{
    const uint64_t high = value / TEN_THOUSAND, low = value % TEN_THOUSAND;
    if (high > 0) {
        put_thousands(text, high, is_later);
        append(text, "万");
    }
    if (low > 0 && high == 0 && is_later && low >= 1000)
        append(text, digit(0)); /* a whole group of noughts before it */
    if (low > 0)
        put_thousands(text, low, is_later || high > 0);
}

static void put_yuan(char text[AMOUNT_WORDS_SIZE], uint64_t yuan)
{
    const uint64_t high = yuan / HUNDRED_MILLION, low = yuan % HUNDRED_MILLION;
    if (high > 0) {
        put_millions(text, high, false);
        append(text, "亿");
    }
    if (low > 0)
        put_millions(text, low, high > 0);
}

void amount_words(char text[AMOUNT_WORDS_SIZE], struct amount a)
{
    const uint64_t fen = amount_fen(a), yuan = fen / FEN_PER_YUAN;
    const uint64_t tenths = fen / 10 % 10, hundredths = fen % 10;
    text[0] = '\0';
    put_yuan(text, yuan);
    if (fen == 0)
        append(text, digit(0));
    if (yuan > 0 || fen == 0)
        append(text, "元");
    if (tenths == 0 && hundredths == 0) {
        append(text, "整");
        return;
    }
    if (tenths > 0) {
        append(text, digit(tenths));
        append(text, "角");
    } else if (yuan > 0) {
        append(text, digit(0));
    }
    if (hundredths > 0) {
        append(text, digit(hundredths));
        append(text, "分");
    }
}
