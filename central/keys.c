/* Key files of the central bank.
 *
 * 1. A private key is written 0600, whole or not at all, and never over another file.
 * 2. The network and the key's role are part of what is sealed: a file of another network, or put
 *    in another's place, is refused.
 *
 * Never keeps a private key or a passphrase longer than the call. */
#include "central/keys.h"

#include "common/base/file.h"

#include <stdio.h>
#include <string.h>

static void wipe_buffer(struct buffer *buffer)
{
    secret_wipe_bytes(buffer->data, buffer->size);
    buffer_fini(buffer);
}

static struct keyfile_label label_of(const char *network, const char *role)
{
    struct keyfile_label label = {{0}, {0}};
    snprintf(label.network, sizeof label.network, "%s", network);
    snprintf(label.role, sizeof label.role, "%s", role);
    return label;
}

static struct span tls_context(char text[KEYFILE_CONTEXT_SIZE_MAX], const char *network,
                               const char *role)
{
    snprintf(text, KEYFILE_CONTEXT_SIZE_MAX, "dcep-central %s %s", network, role);
    return span_text(text);
}

enum err keys_write(const char *path, const struct key_pair *pair, const char *network,
                    const char *role, struct span passphrase)
{
    struct buffer file AUTO(wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    const struct keyfile_label label = label_of(network, role);
    TRY(keyfile_seal(&file, pair, &label, passphrase));
    return file_write_new(path, buffer_span(&file), FILE_PRIVATE);
}

enum err keys_write_tls(const char *path, const struct secret *key_pem, const char *network,
                        const char *role, struct span passphrase)
{
    struct buffer file AUTO(wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    char context[KEYFILE_CONTEXT_SIZE_MAX];
    TRY(keyfile_seal_bytes(&file, span_of(key_pem->bytes, key_pem->size),
                           tls_context(context, network, role), passphrase));
    return file_write_new(path, buffer_span(&file), FILE_PRIVATE);
}

static struct span passphrase_for(struct span file, struct span passphrase)
{
    return keyfile_is_sealed(file) ? passphrase : (struct span){NULL, 0};
}

enum err keys_open(struct key_pair *out, struct span file, const char *network, const char *role,
                   struct span passphrase)
{
    const struct keyfile_label label = label_of(network, role);
    return keyfile_open(out, file, &label, passphrase_for(file, passphrase));
}

enum err keys_read(struct key_pair *out, const char *path, const char *network, const char *role,
                   struct span passphrase)
{
    struct buffer file AUTO(wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    TRY(file_read_secret(&file, path, KEYFILE_SIZE_MAX));
    return keys_open(out, buffer_span(&file), network, role, passphrase);
}

enum err keys_read_tls(struct secret *out, const char *path, const char *network, const char *role,
                       struct span passphrase)
{
    struct buffer file AUTO(wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    char context[KEYFILE_CONTEXT_SIZE_MAX];
    TRY(file_read_secret(&file, path, KEYFILE_SIZE_MAX));
    const struct span bytes = buffer_span(&file);
    return keyfile_open_bytes(out, bytes, tls_context(context, network, role),
                              passphrase_for(bytes, passphrase));
}

enum err keys_is_sealed(bool *sealed, const char *path)
{
    struct buffer file AUTO(wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    TRY(file_read_secret(&file, path, KEYFILE_SIZE_MAX));
    *sealed = keyfile_is_sealed(buffer_span(&file));
    return ERR_OK;
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
