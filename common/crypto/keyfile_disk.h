/* Key files on disk: written 0600, whole or not at all, never over another file; read only if they
 * are ours alone (docs/adr/0004-keys-at-rest.md). What a program calls its files is its own affair
 * (central/keys.h, intermediary/bank_files.h). */
#ifndef DCEP_COMMON_CRYPTO_KEYFILE_DISK_H
#define DCEP_COMMON_CRYPTO_KEYFILE_DISK_H

#include "common/crypto/keyfile.h"

/* Borrowed texts. Program, network and role are part of what is sealed: a file of another network,
 * or put in another's place, is refused. */
struct keyfile_place {
    const char *path, *program, *network, *role;
};

/* An empty passphrase leaves the file unsealed. ERR_EXISTS, and the errors of the disk. */
enum err keyfile_write(const struct keyfile_place *place, const struct key_pair *pair,
                       struct span passphrase) MUST_USE;
enum err keyfile_write_tls(const struct keyfile_place *place, const struct secret *key_pem,
                           struct span passphrase) MUST_USE;

/* A file that is not sealed needs no passphrase, and is not given one. ERR_MISSING, ERR_PERMISSION
 * (others may read it), and what keyfile_open says. */
enum err keyfile_read(struct key_pair *out, const struct keyfile_place *place,
                      struct span passphrase) MUST_USE;
enum err keyfile_read_tls(struct secret *out, const struct keyfile_place *place,
                          struct span passphrase) MUST_USE;
enum err keyfile_is_sealed_at(bool *sealed, const char *path) MUST_USE;

/* As keyfile_read, but from bytes that were read already. */
enum err keyfile_open_at(struct key_pair *out, struct span file, const struct keyfile_place *place,
                         struct span passphrase) MUST_USE;

#endif
