/* Money: integer fen (1/100 yuan) in a one-field struct. Only amount.c touches the field.
 * Range 0..AMOUNT_MAX = 2^53-1 (docs/PROTOCOL.md section 2.3). Add and subtract are must-use and
 * refuse to leave the range; on refusal the output is untouched. */
#ifndef DCEP_COMMON_BASE_AMOUNT_H
#define DCEP_COMMON_BASE_AMOUNT_H

#include "common/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct amount {
    uint64_t fen;
};

#define AMOUNT_MAX UINT64_C(9007199254740991)
enum { AMOUNT_TEXT_SIZE = 40 }; /* room for the longest text of amount_format, with NUL */

struct amount amount_zero(void);
/* All three: ERR_RANGE outside 0..AMOUNT_MAX. */
enum err amount_from_fen(struct amount *out, uint64_t fen) MUST_USE;
enum err amount_add(struct amount *out, struct amount a, struct amount b) MUST_USE;
enum err amount_sub(struct amount *out, struct amount a, struct amount b) MUST_USE;
/* The sum, or AMOUNT_MAX where it would leave the range: for totals that are shown or compared,
 * never for books. Forged coins that were not settled yet can add up to more than there is. */
struct amount amount_add_capped(struct amount a, struct amount b);
uint64_t amount_fen(struct amount a);
int amount_compare(struct amount a, struct amount b); /* -1, 0, 1 */
bool amount_is_zero(struct amount a);
struct amount amount_min(struct amount a, struct amount b);

/* Text in: "12", "12.5", "12.50", "1,234.50", with or without the yuan sign; commas only as correct
 * thousands groups. ERR_PARSE for anything else (sign, exponent, three decimals, empty),
 * ERR_RANGE above AMOUNT_MAX. */
enum err amount_parse(struct amount *out, const char *text) MUST_USE;
/* Text out, into a buffer of AMOUNT_TEXT_SIZE: people "¥1,234.50", programs "1234.50". */
void amount_format(char text[AMOUNT_TEXT_SIZE], struct amount a);
void amount_format_plain(char text[AMOUNT_TEXT_SIZE], struct amount a);

/* A signed sum for the books: net funded and the loss account may go below zero.
 * add, sub and sum: ERR_RANGE outside -AMOUNT_MAX..AMOUNT_MAX. */
struct balance {
    int64_t fen;
};
enum err balance_add(struct balance *out, struct balance b, struct amount a) MUST_USE;
enum err balance_sub(struct balance *out, struct balance b, struct amount a) MUST_USE;
enum err balance_sum(struct balance *out, struct balance a, struct balance b) MUST_USE;
int balance_compare(struct balance a, struct balance b);
struct balance balance_from_fen(int64_t fen); /* CHECKs |fen| <= AMOUNT_MAX: our own rows only */
int64_t balance_fen(struct balance b);
void balance_format(char text[AMOUNT_TEXT_SIZE], struct balance b); /* "-¥1,234.50" */
void balance_format_plain(char text[AMOUNT_TEXT_SIZE], struct balance b);

#endif
