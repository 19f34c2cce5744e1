/* Recovery words (contract in words.h).
 *
 * 1. What is written can be read back, and gives the same key.
 * 2. Entropy, seed and indices are wiped.
 *
 * Never: draws entropy, keeps words, says more of a wrong word than where it stands. */
#include "common/crypto/words.h"

#include "common/crypto/safe.h"
#include "common/crypto/words_list.h"

#include <string.h>

enum { SEED_ROUNDS = 2048, BITS_PER_CHECK_BIT = 32, KEY_TRIES = 8 };

struct numbers { /* places in the list */
    uint16_t items[WORDS_COUNT_MAX];
    size_t count;
};

static void numbers_wipe(struct numbers *numbers)
{
    secret_wipe_bytes(numbers, sizeof *numbers);
}

/* --- the lists --- */

static const char *list_of(enum words_language language)
{
    return language == WORDS_CHINESE ? words_list_chinese : words_list_english;
}

static struct span word_at(const char *list, size_t number)
{
    while (number-- > 0)
        list = strchr(list, ' ') + 1;
    return span_of(list, (size_t)(strchr(list, ' ') - list));
}

static bool find_word(uint16_t *number, const char *list, struct span word)
{
    for (uint16_t i = 0; i < WORDS_LIST_COUNT; i++) {
        const char *end = strchr(list, ' ');
        if (span_equal(word, span_of(list, (size_t)(end - list)))) {
            *number = i;
            return true;
        }
        list = end + 1;
    }
    return false;
}

/* --- bits --- */

/* The entropy's bits, then as many of its hash as make whole words: size / 4. */
static struct buffer with_check(struct span entropy)
{
    struct buffer bits = {0};
    const struct id hash = crypto_hash(&entropy, 1);
    CHECK(buffer_put(&bits, entropy) == ERR_OK);
    CHECK(buffer_put(&bits, span_of(hash.bytes, 1)) == ERR_OK);
    return bits;
}

static void numbers_of(struct numbers *out, const struct buffer *bits)
{
    out->count = (bits->size - 1) * 8 / BITS_PER_CHECK_BIT * 3;
    for (size_t i = 0; i < out->count; i++) {
        unsigned number = 0;
        for (size_t bit = i * WORDS_LIST_BITS; bit < (i + 1) * WORDS_LIST_BITS; bit++)
            number = number << 1 | (bits->data[bit / 8] >> (7 - bit % 8) & 1);
        out->items[i] = (uint16_t)number;
    }
}

/* The entropy that these words would be of; their check bits are another matter. */
static size_t entropy_of(uint8_t entropy[WORDS_ENTROPY_MAX], const struct numbers *numbers)
{
    const size_t size = numbers->count / 3 * 4;
    memset(entropy, 0, WORDS_ENTROPY_MAX);
    for (size_t bit = 0; bit < size * 8; bit++) {
        const unsigned number = numbers->items[bit / WORDS_LIST_BITS];
        const size_t shift = WORDS_LIST_BITS - 1 - bit % WORDS_LIST_BITS;
        entropy[bit / 8] |= (uint8_t)((number >> shift & 1) << (7 - bit % 8));
    }
    return size;
}

/* --- writing --- */

static void put_text(struct secret *text, struct span bytes)
{
    CHECK(text->size + bytes.size <= sizeof text->bytes);
    memcpy(text->bytes + text->size, bytes.data, bytes.size);
    text->size += bytes.size;
}

static void put_words(struct secret *text, enum words_language language,
                      const struct numbers *numbers)
{
    secret_wipe(text);
    for (size_t i = 0; i < numbers->count; i++) {
        if (i > 0)
            put_text(text, span_text(" "));
        put_text(text, word_at(list_of(language), numbers->items[i]));
    }
}

enum err words_from_entropy(struct secret *text, enum words_language language, struct span entropy)
{
    struct numbers numbers AUTO(numbers_wipe) = {{0}, 0};
    if (entropy.size < 16 || entropy.size > WORDS_ENTROPY_MAX || entropy.size % 4 != 0)
        return ERR_LIMIT;
    struct buffer bits AUTO(buffer_fini) = with_check(entropy);
    numbers_of(&numbers, &bits);
    put_words(text, language, &numbers);
    return ERR_OK;
}

/* --- reading --- */

/* Bytes of white space at the beginning: ASCII, or the wide space of Chinese typing (U+3000). */
static size_t space_size(struct span text)
{
    static const uint8_t wide[3] = {0xe3, 0x80, 0x80};
    if (text.size > 0 && (text.data[0] == ' ' || (text.data[0] >= '\t' && text.data[0] <= '\r')))
        return 1;
    return text.size >= sizeof wide && memcmp(text.data, wide, sizeof wide) == 0 ? sizeof wide : 0;
}

/* Letters up to the next space, in lower case; or one Chinese character. */
static struct span next_word(uint8_t word[16], struct span *rest)
{
    size_t size = 0, used = 0;
    while (rest->size > 0 && space_size(*rest) > 0)
        *rest = span_of(rest->data + space_size(*rest), rest->size - space_size(*rest));
    const bool is_wide = rest->size > 0 && rest->data[0] >= 0x80;
    while (used < rest->size && space_size(span_of(rest->data + used, rest->size - used)) == 0) {
        const uint8_t byte = rest->data[used];
        if (is_wide && used > 0 && (byte & 0xc0) != 0x80)
            break;
        used++;
        if (size < 16)
            word[size++] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 'a' - 'A') : byte;
    }
    *rest = span_of(rest->data + used, rest->size - used);
    return span_of(word, size);
}

static enum words_language language_of(struct span typed)
{
    while (space_size(typed) > 0)
        typed = span_of(typed.data + space_size(typed), typed.size - space_size(typed));
    return typed.size > 0 && typed.data[0] >= 0x80 ? WORDS_CHINESE : WORDS_ENGLISH;
}

static enum words_verdict read_numbers(struct numbers *out, size_t *position, struct span typed)
{
    const char *list = list_of(language_of(typed));
    uint8_t word[16];
    enum words_verdict verdict = WORDS_GOOD;
    *position = 0;
    for (struct span next = next_word(word, &typed); next.size > 0 && verdict == WORDS_GOOD;
         next = next_word(word, &typed)) {
        if (out->count == WORDS_COUNT_MAX)
            verdict = WORDS_BAD_COUNT;
        else if (find_word(&out->items[out->count], list, next))
            out->count++;
        else
            verdict = WORDS_UNKNOWN;
    }
    secret_wipe_bytes(word, sizeof word);
    if (verdict == WORDS_UNKNOWN)
        *position = out->count + 1;
    if (verdict == WORDS_GOOD && (out->count < 12 || out->count % 3 != 0))
        verdict = WORDS_BAD_COUNT;
    return verdict;
}

enum words_verdict words_read(struct secret *text, size_t *position, struct span typed)
{
    struct numbers numbers AUTO(numbers_wipe) = {{0}, 0}, again AUTO(numbers_wipe) = {{0}, 0};
    uint8_t entropy[WORDS_ENTROPY_MAX];
    const enum words_verdict verdict = read_numbers(&numbers, position, typed);
    if (verdict != WORDS_GOOD)
        return verdict;
    const size_t size = entropy_of(entropy, &numbers);
    struct buffer bits AUTO(buffer_fini) = with_check(span_of(entropy, size));
    secret_wipe_bytes(entropy, sizeof entropy);
    numbers_of(&again, &bits);
    if (memcmp(numbers.items, again.items, sizeof numbers.items) != 0)
        return WORDS_BAD_CHECKSUM;
    put_words(text, language_of(typed), &numbers);
    return WORDS_GOOD;
}

/* --- the key --- */

enum err words_seed(uint8_t seed[WORDS_SEED_SIZE], struct span text, const char *passphrase)
{
    struct buffer salt AUTO(buffer_fini) = {0};
    TRY(buffer_put(&salt, span_text("mnemonic")));
    TRY(buffer_put(&salt, span_text(passphrase)));
    return safe_pbkdf2_sha512(seed, text, buffer_span(&salt), SEED_ROUNDS);
}

/* SLIP-0010: the left half of the sum is the scalar; the rare one out of range is summed again. */
enum err words_key_of_seed(struct key_pair *out, struct span seed)
{
    uint8_t sum[SAFE_HMAC_SIZE];
    enum err error = safe_hmac_sha512(sum, span_text("Nist256p1 seed"), seed);
    for (int tries = 0; error == ERR_OK && tries < KEY_TRIES; tries++) {
        error = crypto()->key_load(out, sum);
        if (error != ERR_RANGE)
            break;
        error = safe_hmac_sha512(sum, span_text("Nist256p1 seed"), span_of(sum, sizeof sum));
    }
    secret_wipe_bytes(sum, sizeof sum);
    return error;
}

enum err words_key(struct key_pair *out, struct span text)
{
    uint8_t seed[WORDS_SEED_SIZE];
    TRY(words_seed(seed, text, ""));
    const enum err error = words_key_of_seed(out, span_of(seed, sizeof seed));
    secret_wipe_bytes(seed, sizeof seed);
    return error;
}
