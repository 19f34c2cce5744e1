/* Key files of a bank (contract in bank_files.h).
 *
 * 1. A private key is written 0600, whole or not at all, and never over another file.
 * 2. Network and role are part of what is sealed: a file of another network, or put in another's
 *    place, is refused. */
#include "intermediary/bank_files.h"

#include "common/base/file.h"

#include <stdio.h>

static void wipe_buffer(struct buffer *buffer)
{
    secret_wipe_bytes(buffer->data, buffer->size);
    buffer_fini(buffer);
}

static struct keyfile_label label_of(const char *network, const char *role)
{
    struct keyfile_label label = {{0}, {0}};
    (void)snprintf(label.network, sizeof label.network, "%s", network);
    (void)snprintf(label.role, sizeof label.role, "%s", role);
    return label;
}

static struct span tls_context(char text[KEYFILE_CONTEXT_SIZE_MAX], const char *network,
                               const char *role)
{
    (void)snprintf(text, KEYFILE_CONTEXT_SIZE_MAX, "dcep-bank %s %s", network, role);
    return span_text(text);
}

static struct span passphrase_for(struct span file, struct span passphrase)
{
    return keyfile_is_sealed(file) ? passphrase : (struct span){NULL, 0};
}

enum err bank_files_write(const char *path, const struct key_pair *pair, const char *network,
                          const char *role, struct span passphrase)
{
    struct buffer file AUTO(wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    const struct keyfile_label label = label_of(network, role);
    TRY(keyfile_seal(&file, pair, &label, passphrase));
    return file_write_new(path, buffer_span(&file), FILE_PRIVATE);
}

enum err bank_files_write_tls(const char *path, const struct secret *key_pem, const char *network,
                              const char *role, struct span passphrase)
{
    struct buffer file AUTO(wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    char context[KEYFILE_CONTEXT_SIZE_MAX];
    TRY(keyfile_seal_bytes(&file, span_of(key_pem->bytes, key_pem->size),
                           tls_context(context, network, role), passphrase));
    return file_write_new(path, buffer_span(&file), FILE_PRIVATE);
}

enum err bank_files_read(struct key_pair *out, const char *path, const char *network,
                         const char *role, struct span passphrase)
{
    struct buffer file AUTO(wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    const struct keyfile_label label = label_of(network, role);
    TRY(file_read_secret(&file, path, KEYFILE_SIZE_MAX));
    const struct span bytes = buffer_span(&file);
    return keyfile_open(out, bytes, &label, passphrase_for(bytes, passphrase));
}

enum err bank_files_read_tls(struct secret *out, const char *path, const char *network,
                             const char *role, struct span passphrase)
{
    struct buffer file AUTO(wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    char context[KEYFILE_CONTEXT_SIZE_MAX];
    TRY(file_read_secret(&file, path, KEYFILE_SIZE_MAX));
    const struct span bytes = buffer_span(&file);
    return keyfile_open_bytes(out, bytes, tls_context(context, network, role),
                              passphrase_for(bytes, passphrase));
}

enum err bank_files_is_sealed(bool *sealed, const char *path)
{
    struct buffer file AUTO(wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    TRY(file_read_secret(&file, path, KEYFILE_SIZE_MAX));
    *sealed = keyfile_is_sealed(buffer_span(&file));
    return ERR_OK;
}
