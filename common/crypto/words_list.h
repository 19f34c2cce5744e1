/* The word lists of BIP-39 as data; common/crypto/words.h uses them. Private to common/crypto. */
#ifndef DCEP_COMMON_CRYPTO_WORDS_LIST_H
#define DCEP_COMMON_CRYPTO_WORDS_LIST_H

enum { WORDS_LIST_COUNT = 2048, WORDS_LIST_BITS = 11 };
/* Each word followed by a space. */
extern const char words_list_english[];
extern const char words_list_chinese[];

#endif
