/* Amounts in the formal Chinese numerals of cheques and receipts, which a stroke of the pen cannot
 * change into others: 壹仟贰佰叁拾肆元伍角陆分. After the rules of the People's Bank of China for
 * filling in bills (《正确填写票据和结算凭证的基本规定》):
 *
 *  1. What ends with 元 closes with 整; what ends with 角 or 分 does not.
 *  2. Noughts in the middle, one or many, are read as one 零; those at the end are not read.
 *  3. Where 元 or 万 is a nought and the digit after it is none, 零 may stand or not: it is left out
 *     (1,680.32 is 壹仟陆佰捌拾元叁角贰分). Where 角 is a nought and 分 is none, it stands. */
#ifndef DCEP_COMMON_BASE_AMOUNT_WORDS_H
#define DCEP_COMMON_BASE_AMOUNT_WORDS_H

#include "common/base/amount.h"

enum { AMOUNT_WORDS_SIZE = 128 }; /* room for the longest, with NUL */
void amount_words(char text[AMOUNT_WORDS_SIZE], struct amount a);

#endif
