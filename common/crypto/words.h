/* Recovery words: entropy as words of a list (BIP-39), and the key that they stand for.
 *
 * The seed is BIP-39's (PBKDF2-HMAC-SHA512, 2,048 rounds), the key the master node of SLIP-0010 for
 * nist256p1: both have published vectors, so words written down today open in another program. Text
 * is UTF-8; of the two lists every word is its own NFKD form, so nothing has to be normalised but
 * spaces and capitals. */
#ifndef DCEP_COMMON_CRYPTO_WORDS_H
#define DCEP_COMMON_CRYPTO_WORDS_H

#include "common/crypto/crypto.h"

enum words_language { WORDS_ENGLISH, WORDS_CHINESE };
enum {
    WORDS_ENTROPY_SIZE = 16, /* of new ones: 12 words */
    WORDS_ENTROPY_MAX = 32,
    WORDS_COUNT_MAX = 24,
    WORDS_SEED_SIZE = 64,
};

/* text: words and single spaces. entropy: 16, 20, 24, 28 or 32 bytes, else ERR_LIMIT. */
enum err words_from_entropy(struct secret *text, enum words_language language,
                            struct span entropy) MUST_USE;

/* What people typed, as words_from_entropy would have written it: capitals, line ends and any
 * spaces are forgiven, Chinese needs none. */
enum words_verdict {
    WORDS_GOOD,
    WORDS_BAD_COUNT,   /* not 12, 15, 18, 21 or 24 of them */
    WORDS_UNKNOWN,     /* `position` (from 1) is no word of the list */
    WORDS_BAD_CHECKSUM /* words of the list, but never these in this order */
};
enum words_verdict words_read(struct secret *text, size_t *position, struct span typed);

/* text as of the two above; passphrase: BIP-39's, "" here (the vectors have another). */
enum err words_seed(uint8_t seed[WORDS_SEED_SIZE], struct span text,
                    const char *passphrase) MUST_USE;
enum err words_key_of_seed(struct key_pair *out, struct span seed) MUST_USE;
/* Both: the recovery key. */
enum err words_key(struct key_pair *out, struct span text) MUST_USE;

#endif
