/* A bank's key files (contract in bank_files.h), by common/crypto/keyfile_disk.h. */
#include "intermediary/bank_files.h"

#include "common/crypto/keyfile_disk.h"

static struct keyfile_place place_of(const char *path, const char *network, const char *role)
{
    return (struct keyfile_place){path, "dcep-bank", network, role};
}

enum err bank_files_write(const char *path, const struct key_pair *pair, const char *network,
                          const char *role, struct span passphrase)
{
    const struct keyfile_place place = place_of(path, network, role);
    return keyfile_write(&place, pair, passphrase);
}

enum err bank_files_write_tls(const char *path, const struct secret *key_pem, const char *network,
                              const char *role, struct span passphrase)
{
    const struct keyfile_place place = place_of(path, network, role);
    return keyfile_write_tls(&place, key_pem, passphrase);
}

enum err bank_files_read(struct key_pair *out, const char *path, const char *network,
                         const char *role, struct span passphrase)
{
    const struct keyfile_place place = place_of(path, network, role);
    return keyfile_read(out, &place, passphrase);
}

enum err bank_files_read_tls(struct secret *out, const char *path, const char *network,
                             const char *role, struct span passphrase)
{
    const struct keyfile_place place = place_of(path, network, role);
    return keyfile_read_tls(out, &place, passphrase);
}

enum err bank_files_is_sealed(bool *sealed, const char *path)
{
    return keyfile_is_sealed_at(sealed, path);
}
