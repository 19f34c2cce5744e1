/* The files of a central bank's data directory: names, sealing, opening
 * (docs/adr/0004-keys-at-rest.md). */
#ifndef DCEP_CENTRAL_KEYS_H
#define DCEP_CENTRAL_KEYS_H

#include "common/crypto/keyfile.h"
#include "common/crypto/tls_certificate.h"

#define KEYS_CONFIG "central.ini"
#define KEYS_DATABASE "central.db"
#define KEYS_ARCHIVE "archive"
#define KEYS_ROOT "root.key"
#define KEYS_ROOT_NEXT ".next" /* after the root key's own name */
#define KEYS_ROOT_PUBLIC "root.pub"
#define KEYS_ISSUING "issuing.key"
#define KEYS_REGISTER "register.key"
#define KEYS_REVOCATION "revocation.key"
#define KEYS_TLS_AUTHORITY_KEY "tls-authority.key"
#define KEYS_TLS_AUTHORITY "tls-authority.pem"
#define KEYS_TLS_SERVER_KEY "tls-server.key"
#define KEYS_TLS_SERVER "tls-server.pem"

/* Sealed and written anew, 0600: ERR_EXISTS. An empty passphrase leaves it unsealed. */
enum err keys_write(const char *path, const struct key_pair *pair, const char *network,
                    const char *role, struct span passphrase) MUST_USE;
enum err keys_write_tls(const char *path, const struct secret *key_pem, const char *network,
                        const char *role, struct span passphrase) MUST_USE;

/* From bytes; a file that is not sealed needs no passphrase, and is not given one. */
enum err keys_open(struct key_pair *out, struct span file, const char *network, const char *role,
                   struct span passphrase) MUST_USE;
/* From the file, which must be ours alone. */
enum err keys_read(struct key_pair *out, const char *path, const char *network, const char *role,
                   struct span passphrase) MUST_USE;
enum err keys_read_tls(struct secret *out, const char *path, const char *network, const char *role,
                       struct span passphrase) MUST_USE;
enum err keys_is_sealed(bool *sealed, const char *path) MUST_USE;

/* The root's public key: a line of 66 hex digits. */
enum err keys_write_public(const char *path, const struct public_key *key) MUST_USE;
enum err keys_read_public(struct public_key *out, const char *path) MUST_USE;

#endif
