/* Keys at rest. The layout of a file, version 1 (docs/adr/0004-keys-at-rest.md):
 *
 *   "dcepkey" 01   magic and version
 *   u8             1 = sealed under a passphrase, 0 = not
 *   u8             1 = a key pair, 2 = other bytes
 *   u8, bytes      context; of a key pair: u8, network, u8, role, public key (33)
 *   16             salt of Argon2id
 *   24             nonce
 *   size + 16      the secret, XChaCha20-Poly1305; all before the nonce is its additional data
 *
 * 1. The cost of a passphrase (Argon2id, 2 passes, 19 MiB) belongs to the version: a file cannot
 *    ask for less, or for all our memory.
 * 2. An unsealed file has the same form under a key of zeros: it shows damage, it hides nothing.
 * 3. A key pair comes out only if its scalar gives the public key that the file names.
 * 4. The label is compared before the passphrase is tried.
 *
 * Never: a file descriptor, a passphrase kept, a hint which part of a passphrase was wrong.
 */
#include "common/crypto/keyfile.h"

/* Not <sodium.h>: it declares a crypto_hash of its own. */
#include <sodium/core.h>
#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_pwhash.h>

#include <string.h>

enum {
    HEADER_SIZE = 10, /* magic, version, sealed, content */
    SALT_SIZE = crypto_pwhash_SALTBYTES,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    BOX_KEY_SIZE = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    SCALAR_SIZE = 32,
    ARGON2_PASSES = 2,
    ARGON2_BYTES = 19 * 1024 * 1024,
};

enum content { CONTENT_KEY_PAIR = 1, CONTENT_BYTES = 2 };

static const uint8_t magic[7] = {'d', 'c', 'e', 'p', 'k', 'e', 'y'};
enum { VERSION = 1 };

/* A file taken apart; everything borrowed. */
struct keyfile {
    bool sealed;
    enum content content;
    struct span context;
    struct span additional; /* what the tag covers besides the secret */
    const uint8_t *salt, *nonce;
    struct span box; /* secret and tag */
};

struct box_key {
    uint8_t bytes[BOX_KEY_SIZE];
};

static void box_key_wipe(struct box_key *key)
{
    secret_wipe_bytes(key, sizeof *key);
}

/* ---- the form ---- */

/* The next size bytes of rest. */
static enum err take(const uint8_t **out, struct span *rest, size_t size)
{
    if (rest->size < size)
        return ERR_PARSE;
    *out = rest->data;
    *rest = span_of(rest->data + size, rest->size - size);
    return ERR_OK;
}

/* A size in one byte, then as many bytes. */
static enum err take_short(struct span *out, struct span *rest)
{
    const uint8_t *size = NULL, *data = NULL;

    TRY(take(&size, rest, 1));
    TRY(take(&data, rest, *size));
    *out = span_of(data, *size);
    return ERR_OK;
}

static enum err parse(struct keyfile *out, struct span file)
{
    struct span rest = file;
    const uint8_t *header = NULL;

    if (file.size > KEYFILE_SIZE_MAX)
        return ERR_PARSE;
    TRY(take(&header, &rest, HEADER_SIZE));
    if (memcmp(header, magic, sizeof magic) != 0)
        return ERR_PARSE;
    if (header[7] != VERSION)
        return ERR_VERSION;
    if (header[8] > 1 || (header[9] != CONTENT_KEY_PAIR && header[9] != CONTENT_BYTES))
        return ERR_PARSE;
    out->sealed = header[8] == 1;
    out->content = header[9];
    TRY(take_short(&out->context, &rest));
    TRY(take(&out->salt, &rest, SALT_SIZE));
    out->additional = span_of(file.data, file.size - rest.size);
    TRY(take(&out->nonce, &rest, NONCE_BYTES));
    out->box = rest;
    if (rest.size <= TAG_SIZE || rest.size > SECRET_SIZE_MAX + TAG_SIZE)
        return ERR_PARSE;
    return ERR_OK;
}

/* Network, role and public key out of a key pair's context. */
static enum err parse_label(struct span *network, struct span *role, struct public_key *key,
                            const struct keyfile *file)
{
    struct span rest = file->context;
    const uint8_t *bytes = NULL;

    TRY(take_short(network, &rest));
    TRY(take_short(role, &rest));
    TRY(take(&bytes, &rest, KEY_SIZE));
    if (rest.size != 0)
        return ERR_PARSE;
    memcpy(key->bytes, bytes, KEY_SIZE);
    return crypto()->key_check(key);
}

static enum err put_short(struct buffer *out, struct span bytes)
{
    uint8_t size = (uint8_t)bytes.size;

    if (bytes.size > UINT8_MAX)
        return ERR_LIMIT;
    TRY(buffer_put(out, span_of(&size, 1)));
    return buffer_put(out, bytes);
}

/* A label is 1 to size-1 bytes and a NUL. */
static enum err label_text(struct span *out, const char *text, size_t size)
{
    *out = span_of(text, strnlen(text, size));
    return out->size == 0 || out->size == size ? ERR_PARSE : ERR_OK;
}

static enum err put_label(struct buffer *out, const struct keyfile_label *label,
                          const struct public_key *key)
{
    struct span network, role;

    TRY(label_text(&network, label->network, sizeof label->network));
    TRY(label_text(&role, label->role, sizeof label->role));
    TRY(put_short(out, network));
    TRY(put_short(out, role));
    return buffer_put(out, SPAN(*key));
}

/* ---- the box ---- */

static enum err derive(struct box_key *out, bool sealed, const uint8_t *salt,
                       struct span passphrase)
{
    memset(out, 0, sizeof *out);
    if (!sealed)
        return ERR_OK;
    if (crypto_pwhash(out->bytes, sizeof out->bytes, (const char *)passphrase.data, passphrase.size,
                      salt, ARGON2_PASSES, ARGON2_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return ERR_MEMORY; /* the only way that it fails */
    return ERR_OK;
}

static enum err seal(struct buffer *out, enum content content, struct span context,
                     struct span secret, struct span passphrase)
{
    struct box_key key AUTO(box_key_wipe) = {{0}};
    struct buffer file AUTO(buffer_fini) = {0};
    uint8_t box[SECRET_SIZE_MAX + TAG_SIZE], random[SALT_SIZE + NONCE_BYTES];
    uint8_t header[HEADER_SIZE] = {[7] = VERSION, passphrase.size > 0, (uint8_t)content};

    if (secret.size == 0 || secret.size > SECRET_SIZE_MAX)
        return ERR_LIMIT;
    if (sodium_init() < 0)
        return ERR_CRYPTO;
    memcpy(header, magic, sizeof magic);
    crypto_random(random, sizeof random);
    TRY(buffer_put(&file, span_of(header, sizeof header)));
    TRY(put_short(&file, context));
    TRY(buffer_put(&file, span_of(random, SALT_SIZE)));
    TRY(derive(&key, passphrase.size > 0, random, passphrase));
    if (crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL, secret.data, secret.size, file.data,
                                                   file.size, NULL, random + SALT_SIZE,
                                                   key.bytes) != 0)
        return ERR_CRYPTO;
    TRY(buffer_put(&file, span_of(random + SALT_SIZE, NONCE_BYTES)));
    TRY(buffer_put(&file, span_of(box, secret.size + TAG_SIZE)));
    return buffer_put(out, buffer_span(&file));
}

/* ERR_AUTH: the passphrase does not fit, or the file was altered: they look the same. */
static enum err unseal(struct secret *out, const struct keyfile *file, struct span passphrase)
{
    struct box_key key AUTO(box_key_wipe) = {{0}};

    if (file->sealed != (passphrase.size > 0))
        return ERR_AUTH;
    if (sodium_init() < 0)
        return ERR_CRYPTO;
    TRY(derive(&key, file->sealed, file->salt, passphrase));
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out->bytes, NULL, NULL, file->box.data, file->box.size, file->additional.data,
            file->additional.size, file->nonce, key.bytes) != 0)
        return file->sealed ? ERR_AUTH : ERR_PARSE;
    out->size = file->box.size - TAG_SIZE;
    return ERR_OK;
}

/* ---- the interface ---- */

enum err keyfile_seal(struct buffer *out, const struct key_pair *pair,
                      const struct keyfile_label *label, struct span passphrase)
{
    struct buffer context AUTO(buffer_fini) = {0};

    TRY(put_label(&context, label, &pair->public_key));
    return seal(out, CONTENT_KEY_PAIR, buffer_span(&context),
                span_of(pair->private_scalar, SCALAR_SIZE), passphrase);
}

enum err keyfile_open(struct key_pair *out, struct span file, const struct keyfile_label *expected,
                      struct span passphrase)
{
    struct secret secret AUTO(secret_wipe) = {0};
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    struct span network, role;
    struct public_key key;
    struct keyfile parsed;

    TRY(parse(&parsed, file));
    if (parsed.content != CONTENT_KEY_PAIR)
        return ERR_KIND;
    TRY(parse_label(&network, &role, &key, &parsed));
    if (!span_equal(network, span_text(expected->network)))
        return ERR_NETWORK;
    if (!span_equal(role, span_text(expected->role)))
        return ERR_KIND;
    if (parsed.box.size != SCALAR_SIZE + TAG_SIZE)
        return ERR_PARSE;
    TRY(unseal(&secret, &parsed, passphrase));
    if (crypto()->key_load(&pair, secret.bytes) != ERR_OK || !key_equal(&pair.public_key, &key))
        return ERR_PARSE;
    *out = pair;
    return ERR_OK;
}

enum err keyfile_public(struct public_key *out, struct span file)
{
    struct span network, role;
    struct keyfile parsed;

    TRY(parse(&parsed, file));
    if (parsed.content != CONTENT_KEY_PAIR)
        return ERR_KIND;
    return parse_label(&network, &role, out, &parsed);
}

bool keyfile_is_sealed(struct span file)
{
    struct keyfile parsed;

    return parse(&parsed, file) == ERR_OK && parsed.sealed;
}

enum err keyfile_seal_bytes(struct buffer *out, struct span secret, struct span context,
                            struct span passphrase)
{
    return seal(out, CONTENT_BYTES, context, secret, passphrase);
}

enum err keyfile_open_bytes(struct secret *out, struct span file, struct span context,
                            struct span passphrase)
{
    struct keyfile parsed;

    TRY(parse(&parsed, file));
    if (parsed.content != CONTENT_BYTES || !span_equal(parsed.context, context))
        return ERR_KIND;
    return unseal(out, &parsed, passphrase);
}
