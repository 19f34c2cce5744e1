/* The central bank's key files (contract in keys.h), by common/crypto/keyfile_disk.h. */
#include "central/keys.h"

#include "common/base/file.h"
#include "common/crypto/keyfile_disk.h"

#include <string.h>

static struct keyfile_place place_of(const char *path, const char *network, const char *role)
{
    return (struct keyfile_place){path, "dcep-central", network, role};
}

enum err keys_write(const char *path, const struct key_pair *pair, const char *network,
                    const char *role, struct span passphrase)
{
    const struct keyfile_place place = place_of(path, network, role);
    return keyfile_write(&place, pair, passphrase);
}

enum err keys_write_tls(const char *path, const struct secret *key_pem, const char *network,
                        const char *role, struct span passphrase)
{
    const struct keyfile_place place = place_of(path, network, role);
    return keyfile_write_tls(&place, key_pem, passphrase);
}

enum err keys_open(struct key_pair *out, struct span file, const char *network, const char *role,
                   struct span passphrase)
{
    const struct keyfile_place place = place_of(NULL, network, role);
    return keyfile_open_at(out, file, &place, passphrase);
}

enum err keys_read(struct key_pair *out, const char *path, const char *network, const char *role,
                   struct span passphrase)
{
    const struct keyfile_place place = place_of(path, network, role);
    return keyfile_read(out, &place, passphrase);
}

enum err keys_read_tls(struct secret *out, const char *path, const char *network, const char *role,
                       struct span passphrase)
{
    const struct keyfile_place place = place_of(path, network, role);
    return keyfile_read_tls(out, &place, passphrase);
}

enum err keys_is_sealed(bool *sealed, const char *path)
{
    return keyfile_is_sealed_at(sealed, path);
}

enum err keys_write_public(const char *path, const struct public_key *key)
{
    char text[2 * KEY_SIZE + 2];
    hex_encode(text, SPAN(*key));
    text[2 * KEY_SIZE] = '\n';
    return file_write_new(path, span_of(text, 2 * KEY_SIZE + 1), FILE_PUBLIC);
}

enum err keys_read_public(struct public_key *out, const char *path)
{
    enum { LINE_SIZE = 2 * KEY_SIZE + 1 };
    struct buffer file AUTO(buffer_fini) = {.limit = LINE_SIZE};
    char text[LINE_SIZE + 1] = "";
    TRY(file_read(&file, path, LINE_SIZE));
    memcpy(text, file.data, file.size);
    text[strcspn(text, "\n")] = '\0';
    TRY(hex_decode(out->bytes, KEY_SIZE, text));
    return crypto()->key_check(out);
}
