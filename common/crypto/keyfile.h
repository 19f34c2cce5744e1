/* Keys at rest: one file a key, 0600, sealed under a passphrase with Argon2id (libsodium, 19 MiB,
 * 2 passes) and XChaCha20-Poly1305; or, for demo and tests only, unsealed (empty passphrase).
 * The file names network, role and public key in clear (authenticated as additional data).
 * docs/adr/0004-keys-at-rest.md has the layout. A file is at most KEYFILE_SIZE_MAX bytes. */
#ifndef DCEP_COMMON_CRYPTO_KEYFILE_H
#define DCEP_COMMON_CRYPTO_KEYFILE_H

#include "common/crypto/crypto.h"

enum {
    KEYFILE_SIZE_MAX = 4096,
    KEYFILE_ROLE_SIZE_MAX = 24,
    KEYFILE_NETWORK_SIZE_MAX = 16,
    KEYFILE_CONTEXT_SIZE_MAX = 255
};

struct keyfile_label {
    char network[KEYFILE_NETWORK_SIZE_MAX + 1];
    char role[KEYFILE_ROLE_SIZE_MAX + 1]; /* "root", "issuing", "register", "bank", "wallet", ... */
};

/* Sealed bytes of a key pair, appended to out. passphrase of size 0 = unsealed. */
enum err keyfile_seal(struct buffer *out, const struct key_pair *pair,
                      const struct keyfile_label *label, struct span passphrase) MUST_USE;
/* ERR_PARSE, ERR_VERSION, ERR_NETWORK / ERR_KIND (label differs), ERR_AUTH (wrong passphrase, one
 * needed, or one given for a file that is not sealed: a swapped file must not pass unnoticed). */
enum err keyfile_open(struct key_pair *out, struct span file, const struct keyfile_label *expected,
                      struct span passphrase) MUST_USE;
enum err keyfile_public(struct public_key *out,
                        struct span file) MUST_USE; /* no passphrase needed */
bool keyfile_is_sealed(struct span file);

/* The same sealing for other small secrets (1..SECRET_SIZE_MAX bytes): TLS private keys. context,
 * at most KEYFILE_CONTEXT_SIZE_MAX bytes, says what it is; another one: ERR_KIND. */
enum err keyfile_seal_bytes(struct buffer *out, struct span secret, struct span context,
                            struct span passphrase) MUST_USE;
enum err keyfile_open_bytes(struct secret *out, struct span file, struct span context,
                            struct span passphrase) MUST_USE;

#endif
