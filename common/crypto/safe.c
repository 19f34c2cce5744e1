/* Sealing under a key that is at hand (contract in safe.h).
 *
 * 1. A nonce is drawn for each box: 24 bytes, so that no count of them is kept anywhere.
 * 2. Derived keys, states and intermediate sums are wiped.
 *
 * Never: a file, a passphrase's stretching, a hint why a box does not open. */
#include "common/crypto/safe.h"

#include "common/crypto/crypto.h"

/* Not <sodium.h>: it declares a crypto_hash of its own. */
#include <sodium/core.h>
#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_auth_hmacsha512.h>
#include <sodium/crypto_kdf.h>
#include <sodium/utils.h>

#include <string.h>

enum { NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
_Static_assert(SAFE_OVERHEAD == NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES, "a box");
_Static_assert(SAFE_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a key");
_Static_assert(SAFE_KEY_SIZE == crypto_kdf_KEYBYTES, "a key to derive from");

void safe_key_wipe(struct safe_key *key)
{
    secret_wipe_bytes(key, sizeof *key);
}

void safe_key_draw(struct safe_key *out)
{
    crypto_random(out->bytes, sizeof out->bytes);
}

enum err safe_key_derive(struct safe_key *out, const struct safe_key *key, enum safe_use use)
{
    static const char context[crypto_kdf_CONTEXTBYTES] = {'d', 'c', 'e', 'p', 's', 'a', 'f', 'e'};
    if (sodium_init() < 0 ||
        crypto_kdf_derive_from_key(out->bytes, sizeof out->bytes, use, context, key->bytes) != 0)
        return ERR_CRYPTO;
    return ERR_OK;
}

enum err safe_seal(uint8_t *out, const struct safe_key *key, struct span plain,
                   struct span additional)
{
    if (sodium_init() < 0)
        return ERR_CRYPTO;
    crypto_random(out, NONCE_BYTES);
    if (crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_BYTES, NULL, plain.data, plain.size,
                                                   additional.data, additional.size, NULL, out,
                                                   key->bytes) != 0)
        return ERR_CRYPTO;
    return ERR_OK;
}

enum err safe_open(uint8_t *out, const struct safe_key *key, struct span box,
                   struct span additional)
{
    if (sodium_init() < 0)
        return ERR_CRYPTO;
    if (box.size < SAFE_OVERHEAD ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, box.data + NONCE_BYTES,
                                                   box.size - NONCE_BYTES, additional.data,
                                                   additional.size, box.data, key->bytes) != 0)
        return ERR_AUTH;
    return ERR_OK;
}

/* ---- sums with a key ---- */

enum err safe_hmac_sha512(uint8_t out[SAFE_HMAC_SIZE], struct span key, struct span message)
{
    crypto_auth_hmacsha512_state state;
    const bool done = sodium_init() >= 0 &&
                      crypto_auth_hmacsha512_init(&state, key.data, key.size) == 0 &&
                      crypto_auth_hmacsha512_update(&state, message.data, message.size) == 0 &&
                      crypto_auth_hmacsha512_final(&state, out) == 0;
    secret_wipe_bytes(&state, sizeof state);
    return done ? ERR_OK : ERR_CRYPTO;
}

enum err safe_pbkdf2_sha512(uint8_t out[SAFE_HMAC_SIZE], struct span passphrase, struct span salt,
                            unsigned rounds)
{
    static const uint8_t first_block[4] = {0, 0, 0, 1};
    struct buffer start AUTO(buffer_fini) = {0};
    uint8_t sum[SAFE_HMAC_SIZE];
    TRY(buffer_put(&start, salt));
    TRY(buffer_put(&start, span_of(first_block, sizeof first_block)));
    enum err error = safe_hmac_sha512(sum, passphrase, buffer_span(&start));
    memcpy(out, sum, sizeof sum);
    for (unsigned round = 1; error == ERR_OK && round < rounds; round++) {
        error = safe_hmac_sha512(sum, passphrase, span_of(sum, sizeof sum));
        for (size_t i = 0; i < sizeof sum; i++)
            out[i] ^= sum[i];
    }
    secret_wipe_bytes(sum, sizeof sum);
    return error;
}

/* ---- memory ---- */

void safe_lock_memory(void *data, size_t size)
{
    (void)sodium_mlock(data, size);
}

void safe_unlock_memory(void *data, size_t size)
{
    (void)sodium_munlock(data, size); /* wipes, also if the lock was refused */
}
