/* One file under a passphrase (contract and layout in archive.h).
 *
 * 1. The cost of a passphrase belongs to the version: a file can't ask for less, or for all memory.
 * 2. The derived key is wiped.
 *
 * Never: a hint whether the passphrase was wrong or the file damaged. */
#include "common/crypto/archive.h"

#include "common/crypto/safe.h"

/* Not <sodium.h>: it declares a crypto_hash of its own. */
#include <sodium/core.h>
#include <sodium/crypto_pwhash.h>
#include <sodium/randombytes.h>

#include <string.h>

enum {
    HEAD_SIZE = 8,
    SALT_SIZE = crypto_pwhash_SALTBYTES,
    START_SIZE = HEAD_SIZE + SALT_SIZE,
    ARGON2_PASSES = 3,
    ARGON2_BYTES = 64 * 1024 * 1024,
};
_Static_assert(ARCHIVE_OVERHEAD == START_SIZE + SAFE_OVERHEAD, "the layout");

static const uint8_t head[HEAD_SIZE] = {'d', 'c', 'e', 'p', 'a', 'r', 'c', 1};

static enum err stretch(struct safe_key *out, const uint8_t *salt, struct span passphrase)
{
    if (passphrase.size == 0)
        return ERR_AUTH;
    if (sodium_init() < 0)
        return ERR_CRYPTO;
    return crypto_pwhash(out->bytes, sizeof out->bytes, (const char *)passphrase.data,
                         passphrase.size, salt, ARGON2_PASSES, ARGON2_BYTES,
                         crypto_pwhash_ALG_ARGON2ID13) == 0
               ? ERR_OK
               : ERR_MEMORY;
}

/* Room for `size` bytes in a buffer that holds nothing yet. */
static enum err room(struct buffer *out, size_t size, size_t limit)
{
    static const uint8_t zeros[4096] = {0};
    out->limit = limit;
    while (out->size < size) {
        const size_t left = size - out->size;
        TRY(buffer_put(out, span_of(zeros, left < sizeof zeros ? left : sizeof zeros)));
    }
    return ERR_OK;
}

enum err archive_seal(struct buffer *out, struct span content, struct span passphrase)
{
    struct safe_key key AUTO(safe_key_wipe) = {{0}};
    struct buffer box AUTO(buffer_fini) = {0};
    uint8_t start[START_SIZE];
    if (content.size > ARCHIVE_SIZE_MAX - ARCHIVE_OVERHEAD)
        return ERR_LIMIT;
    memcpy(start, head, HEAD_SIZE);
    if (sodium_init() < 0)
        return ERR_CRYPTO;
    randombytes_buf(start + HEAD_SIZE, SALT_SIZE);
    TRY(stretch(&key, start + HEAD_SIZE, passphrase));
    TRY(room(&box, content.size + SAFE_OVERHEAD, ARCHIVE_SIZE_MAX));
    TRY(safe_seal(box.data, &key, content, span_of(start, sizeof start)));
    TRY(buffer_put(out, span_of(start, sizeof start)));
    return buffer_put(out, buffer_span(&box));
}

enum err archive_check(struct span file)
{
    if (file.size < ARCHIVE_OVERHEAD || file.size > ARCHIVE_SIZE_MAX ||
        memcmp(file.data, head, HEAD_SIZE - 1) != 0)
        return ERR_PARSE;
    return file.data[HEAD_SIZE - 1] == head[HEAD_SIZE - 1] ? ERR_OK : ERR_VERSION;
}

enum err archive_open(struct buffer *out, struct span file, struct span passphrase)
{
    struct safe_key key AUTO(safe_key_wipe) = {{0}};
    struct buffer content AUTO(buffer_fini) = {0};
    TRY(archive_check(file));
    TRY(stretch(&key, file.data + HEAD_SIZE, passphrase));
    TRY(room(&content, file.size - ARCHIVE_OVERHEAD + 1, ARCHIVE_SIZE_MAX));
    TRY(safe_open(content.data, &key, span_of(file.data + START_SIZE, file.size - START_SIZE),
                  span_of(file.data, START_SIZE)));
    return buffer_put(out, span_of(content.data, content.size - 1));
}
