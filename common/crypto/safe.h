/* Sealing under a key that is at hand: XChaCha20-Poly1305 (libsodium). A passphrase's way to such a
 * key is common/crypto/keyfile.h. docs/adr/0024-a-wallet-at-rest.md says what hangs on
 * which key. */
#ifndef DCEP_COMMON_CRYPTO_SAFE_H
#define DCEP_COMMON_CRYPTO_SAFE_H

#include "common/base/secret.h"
#include "common/base/span.h"

enum {
    SAFE_KEY_SIZE = 32,
    SAFE_OVERHEAD = 24 + 16, /* a nonce, drawn each time, and the tag */
};
struct safe_key {
    uint8_t bytes[SAFE_KEY_SIZE];
};
void safe_key_wipe(struct safe_key *key); /* for AUTO */
void safe_key_draw(struct safe_key *out);
/* One key for one use: who learns a derived key learns neither this one nor another. */
enum safe_use { SAFE_USE_KEYS = 1, SAFE_USE_PAGES = 2, SAFE_USE_ELEMENT = 3 };
enum err safe_key_derive(struct safe_key *out, const struct safe_key *key,
                         enum safe_use use) MUST_USE;

/* out: nonce, box, tag: plain.size + SAFE_OVERHEAD bytes. additional: not in it, but it must be
 * the same when it is opened. out may not overlap plain. */
enum err safe_seal(uint8_t *out, const struct safe_key *key, struct span plain,
                   struct span additional) MUST_USE;
/* out: box.size - SAFE_OVERHEAD bytes. ERR_AUTH: another key, or it was altered. */
enum err safe_open(uint8_t *out, const struct safe_key *key, struct span box,
                   struct span additional) MUST_USE;

/* SHA-512 with a key (RFC 2104): what seeds and keys of recovery words are made with. */
enum { SAFE_HMAC_SIZE = 64 };
enum err safe_hmac_sha512(uint8_t out[SAFE_HMAC_SIZE], struct span key,
                          struct span message) MUST_USE;
/* PBKDF2 (RFC 8018) over it, one block. */
enum err safe_pbkdf2_sha512(uint8_t out[SAFE_HMAC_SIZE], struct span passphrase, struct span salt,
                            unsigned rounds) MUST_USE;

/* Memory that is neither swapped out nor dumped, as far as the system lets us (RLIMIT_MEMLOCK). */
void safe_lock_memory(void *data, size_t size);
void safe_unlock_memory(void *data, size_t size); /* wiped first */

#endif
