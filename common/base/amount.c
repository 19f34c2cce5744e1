/* Money: the only file that touches the field `fen`.
 *
 * 1. What comes out of this file is in range: an amount in 0..AMOUNT_MAX, a balance in
 *    -AMOUNT_MAX..AMOUNT_MAX.
 * 2. Nothing wraps: what would leave the range is refused with ERR_RANGE, the output untouched.
 * 3. What amount_format and amount_format_plain write, amount_parse reads back as the same amount.
 *
 * Never rounds, never uses floating point. */
#include "common/base/amount.h"

#include <stdio.h>
#include <string.h>

enum { FEN_PER_YUAN = 100, GROUP_DIGITS = 3 };

static const char yuan_sign[] = "\u00a5";
static const char yuan_sign_wide[] = "\uffe5"; /* what Chinese keyboards give */

struct amount amount_zero(void)
{
    return (struct amount){0};
}

enum err amount_from_fen(struct amount *out, uint64_t fen)
{
    if (fen > AMOUNT_MAX)
        return ERR_RANGE;
    *out = (struct amount){fen};
    return ERR_OK;
}

uint64_t amount_fen(struct amount a)
{
    return a.fen;
}

enum err amount_add(struct amount *out, struct amount a, struct amount b)
{
    if (a.fen > AMOUNT_MAX || b.fen > AMOUNT_MAX - a.fen)
        return ERR_RANGE;
    *out = (struct amount){a.fen + b.fen};
    return ERR_OK;
}

struct amount amount_add_capped(struct amount a, struct amount b)
{
    struct amount sum = {AMOUNT_MAX};
    return amount_add(&sum, a, b) == ERR_OK ? sum : (struct amount){AMOUNT_MAX};
}

enum err amount_sub(struct amount *out, struct amount a, struct amount b)
{
    if (a.fen > AMOUNT_MAX || b.fen > a.fen)
        return ERR_RANGE;
    *out = (struct amount){a.fen - b.fen};
    return ERR_OK;
}

int amount_compare(struct amount a, struct amount b)
{
    return (a.fen > b.fen) - (a.fen < b.fen);
}

bool amount_is_zero(struct amount a)
{
    return a.fen == 0;
}

struct amount amount_min(struct amount a, struct amount b)
{
    return a.fen < b.fen ? a : b;
}

/* ---- text in ---- */

/* Appends a digit; stays at the first value beyond the range, so that a malformed text is still
 * told from one that is only too large. */
static uint64_t append_digit(uint64_t value, char digit)
{
    return value > AMOUNT_MAX ? value : value * 10 + (uint64_t)(digit - '0');
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* The part before the point, in yuan. NULL if it isn't one; else where it ends. */
static const char *parse_yuan(uint64_t *yuan, const char *text)
{
    size_t first = count_digits(text);
    bool grouped = text[first] == ',';
    if (first == 0 || (grouped && first > GROUP_DIGITS))
        return NULL;
    if (text[0] == '0' && (first > 1 || grouped))
        return NULL;
    *yuan = 0;
    for (size_t i = 0; i < first; i++)
        *yuan = append_digit(*yuan, text[i]);
    text += first;
    while (*text == ',') {
        text++;
        if (count_digits(text) != GROUP_DIGITS)
            return NULL;
        for (size_t i = 0; i < GROUP_DIGITS; i++)
            *yuan = append_digit(*yuan, text[i]);
        text += GROUP_DIGITS;
    }
    return text;
}

/* ".5" is 50 fen, ".05" is 5; nothing at all is none. */
static const char *parse_fraction(uint64_t *fen, const char *text)
{
    *fen = 0;
    if (*text != '.')
        return text;
    text++;
    size_t digits = count_digits(text);
    if (digits < 1 || digits > 2)
        return NULL;
    *fen = (uint64_t)(text[0] - '0') * 10;
    if (digits == 2)
        *fen += (uint64_t)(text[1] - '0');
    return text + digits;
}

static const char *skip_sign(const char *text)
{
    if (strncmp(text, yuan_sign, strlen(yuan_sign)) == 0)
        return text + strlen(yuan_sign);
    if (strncmp(text, yuan_sign_wide, strlen(yuan_sign_wide)) == 0)
        return text + strlen(yuan_sign_wide);
    return text;
}

enum err amount_parse(struct amount *out, const char *text)
{
    uint64_t yuan, fen;
    const char *rest = parse_yuan(&yuan, skip_sign(text));
    if (rest != NULL)
        rest = parse_fraction(&fen, rest);
    if (rest == NULL || *rest != '\0')
        return ERR_PARSE;
    if (yuan > AMOUNT_MAX / FEN_PER_YUAN)
        return ERR_RANGE;
    return amount_from_fen(out, yuan * FEN_PER_YUAN + fen);
}

/* ---- text out ---- */

/* Yuan with a comma before each group of three, from the right. */
static void format_grouped(char text[AMOUNT_TEXT_SIZE], uint64_t yuan)
{
    char digits[AMOUNT_TEXT_SIZE];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)yuan);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % GROUP_DIGITS == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
}

static void format_people(char text[AMOUNT_TEXT_SIZE], const char *sign, uint64_t fen)
{
    char yuan[AMOUNT_TEXT_SIZE];
    CHECK(fen <= AMOUNT_MAX);
    format_grouped(yuan, fen / FEN_PER_YUAN);
    int size = snprintf(text, AMOUNT_TEXT_SIZE, "%s%s%s.%02u", sign, yuan_sign, yuan,
                        (unsigned)(fen % FEN_PER_YUAN));
    CHECK(size > 0 && size < AMOUNT_TEXT_SIZE);
}

static void format_programs(char text[AMOUNT_TEXT_SIZE], const char *sign, uint64_t fen)
{
    CHECK(fen <= AMOUNT_MAX);
    int size = snprintf(text, AMOUNT_TEXT_SIZE, "%s%llu.%02u", sign,
                        (unsigned long long)(fen / FEN_PER_YUAN), (unsigned)(fen % FEN_PER_YUAN));
    CHECK(size > 0 && size < AMOUNT_TEXT_SIZE);
}

void amount_format(char text[AMOUNT_TEXT_SIZE], struct amount a)
{
    format_people(text, "", a.fen);
}

void amount_format_plain(char text[AMOUNT_TEXT_SIZE], struct amount a)
{
    format_programs(text, "", a.fen);
}

/* ---- balances ---- */

static const int64_t balance_max = (int64_t)AMOUNT_MAX;

static enum err balance_from_sum(struct balance *out, int64_t sum)
{
    if (sum > balance_max || sum < -balance_max)
        return ERR_RANGE;
    *out = (struct balance){sum};
    return ERR_OK;
}

static bool balance_in_range(struct balance b)
{
    return b.fen <= balance_max && b.fen >= -balance_max;
}

/* Both terms are at most 2^53 in size, so the sums below can't overflow 64 bits. */
enum err balance_add(struct balance *out, struct balance b, struct amount a)
{
    if (!balance_in_range(b) || a.fen > AMOUNT_MAX)
        return ERR_RANGE;
    return balance_from_sum(out, b.fen + (int64_t)a.fen);
}

enum err balance_sub(struct balance *out, struct balance b, struct amount a)
{
    if (!balance_in_range(b) || a.fen > AMOUNT_MAX)
        return ERR_RANGE;
    return balance_from_sum(out, b.fen - (int64_t)a.fen);
}

enum err balance_sum(struct balance *out, struct balance a, struct balance b)
{
    if (!balance_in_range(a) || !balance_in_range(b))
        return ERR_RANGE;
    return balance_from_sum(out, a.fen + b.fen);
}

int balance_compare(struct balance a, struct balance b)
{
    return (a.fen > b.fen) - (a.fen < b.fen);
}

struct balance balance_from_fen(int64_t fen)
{
    CHECK(fen <= balance_max && fen >= -balance_max);
    return (struct balance){fen};
}

int64_t balance_fen(struct balance b)
{
    return b.fen;
}

void balance_format(char text[AMOUNT_TEXT_SIZE], struct balance b)
{
    format_people(text, b.fen < 0 ? "-" : "", (uint64_t)(b.fen < 0 ? -b.fen : b.fen));
}

void balance_format_plain(char text[AMOUNT_TEXT_SIZE], struct balance b)
{
    format_programs(text, b.fen < 0 ? "-" : "", (uint64_t)(b.fen < 0 ? -b.fen : b.fen));
}
