/* The files of a bank's data directory: names, sealing, opening (docs/adr/0004-keys-at-rest.md). */
#ifndef DCEP_INTERMEDIARY_BANK_FILES_H
#define DCEP_INTERMEDIARY_BANK_FILES_H

#include "common/crypto/keyfile.h"
#include "common/crypto/tls_certificate.h"

#define BANK_FILES_CONFIG "bank.ini"
#define BANK_FILES_DATABASE "bank.db"
#define BANK_FILES_BANK_KEY "bank.key"
#define BANK_FILES_VAULT_KEY "vault.key"
#define BANK_FILES_CLIENT_KEY "tls-client.key" /* shows itself to the central bank */
#define BANK_FILES_SERVER_KEY "tls-server.key"
#define BANK_FILES_SERVER "tls-server.pem" /* what wallets pin */

/* Sealed and written anew, 0600: ERR_EXISTS. An empty passphrase leaves it unsealed. */
enum err bank_files_write(const char *path, const struct key_pair *pair, const char *network,
                          const char *role, struct span passphrase) MUST_USE;
enum err bank_files_write_tls(const char *path, const struct secret *key_pem, const char *network,
                              const char *role, struct span passphrase) MUST_USE;
/* From a file that must be ours alone; one that is not sealed needs no passphrase, and is not given
 * one. */
enum err bank_files_read(struct key_pair *out, const char *path, const char *network,
                         const char *role, struct span passphrase) MUST_USE;
enum err bank_files_read_tls(struct secret *out, const char *path, const char *network,
                             const char *role, struct span passphrase) MUST_USE;
enum err bank_files_is_sealed(bool *sealed, const char *path) MUST_USE;

#endif
