/* Key files on disk (contract in keyfile_disk.h).
 *
 * Never keeps a private key or a passphrase longer than the call. */
#include "common/crypto/keyfile_disk.h"

#include "common/base/file.h"

#include <stdio.h>

static struct keyfile_label label_of(const struct keyfile_place *place)
{
    struct keyfile_label label = {{0}, {0}};
    (void)snprintf(label.network, sizeof label.network, "%s", place->network);
    (void)snprintf(label.role, sizeof label.role, "%s", place->role);
    return label;
}

static struct span tls_context(char text[KEYFILE_CONTEXT_SIZE_MAX],
                               const struct keyfile_place *place)
{
    (void)snprintf(text, KEYFILE_CONTEXT_SIZE_MAX, "%s %s %s", place->program, place->network,
                   place->role);
    return span_text(text);
}

static struct span passphrase_for(struct span file, struct span passphrase)
{
    return keyfile_is_sealed(file) ? passphrase : (struct span){NULL, 0};
}

enum err keyfile_write(const struct keyfile_place *place, const struct key_pair *pair,
                       struct span passphrase)
{
    struct buffer file AUTO(secret_wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    const struct keyfile_label label = label_of(place);
    TRY(keyfile_seal(&file, pair, &label, passphrase));
    return file_write_new(place->path, buffer_span(&file), FILE_PRIVATE);
}

enum err keyfile_write_tls(const struct keyfile_place *place, const struct secret *key_pem,
                           struct span passphrase)
{
    struct buffer file AUTO(secret_wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    char context[KEYFILE_CONTEXT_SIZE_MAX];
    TRY(keyfile_seal_bytes(&file, span_of(key_pem->bytes, key_pem->size),
                           tls_context(context, place), passphrase));
    return file_write_new(place->path, buffer_span(&file), FILE_PRIVATE);
}

enum err keyfile_open_at(struct key_pair *out, struct span file, const struct keyfile_place *place,
                         struct span passphrase)
{
    const struct keyfile_label label = label_of(place);
    return keyfile_open(out, file, &label, passphrase_for(file, passphrase));
}

enum err keyfile_read(struct key_pair *out, const struct keyfile_place *place,
                      struct span passphrase)
{
    struct buffer file AUTO(secret_wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    TRY(file_read_secret(&file, place->path, KEYFILE_SIZE_MAX));
    return keyfile_open_at(out, buffer_span(&file), place, passphrase);
}

enum err keyfile_read_tls(struct secret *out, const struct keyfile_place *place,
                          struct span passphrase)
{
    struct buffer file AUTO(secret_wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    char context[KEYFILE_CONTEXT_SIZE_MAX];
    TRY(file_read_secret(&file, place->path, KEYFILE_SIZE_MAX));
    const struct span bytes = buffer_span(&file);
    return keyfile_open_bytes(out, bytes, tls_context(context, place),
                              passphrase_for(bytes, passphrase));
}

enum err keyfile_is_sealed_at(bool *sealed, const char *path)
{
    struct buffer file AUTO(secret_wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    TRY(file_read_secret(&file, path, KEYFILE_SIZE_MAX));
    *sealed = keyfile_is_sealed(buffer_span(&file));
    return ERR_OK;
}
