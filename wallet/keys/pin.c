/* The PIN and what it opens (contract in pin.h). */
#include "wallet/keys/pin.h"

#include "common/base/file.h"
#include "common/crypto/keyfile.h"

#include <string.h>

enum { HEAD_SIZE = 8 + 1 + 8, FILE_MAX = HEAD_SIZE + KEYFILE_SIZE_MAX };

static const uint8_t magic[8] = {'d', 'c', 'e', 'p', 'p', 'i', 'n', 1};

struct pin_file {
    unsigned wrong_count;
    uint64_t last_at;
    struct span keyfile; /* in bytes */
    struct buffer bytes;
};

static void pin_file_fini(struct pin_file *file)
{
    buffer_fini(&file->bytes);
}

static struct span context(void)
{
    return span_text("dcep wallet master key");
}

uint64_t pin_wait_s(unsigned wrong_count)
{
    enum { MINUTE = 60, HOUR = 60 * MINUTE };
    static const unsigned waits[PIN_TRIES_MAX - PIN_TRIES_FREE + 1] = {
        5, 15, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 24 * HOUR};
    if (wrong_count < PIN_TRIES_FREE)
        return 0;
    return waits[wrong_count < PIN_TRIES_MAX ? wrong_count - PIN_TRIES_FREE
                                             : PIN_TRIES_MAX - PIN_TRIES_FREE];
}

/* --- the file --- */

static enum err read_file(struct pin_file *out, const char *path)
{
    TRY(file_read_secret(&out->bytes, path, FILE_MAX));
    const uint8_t *bytes = out->bytes.data;
    if (out->bytes.size <= HEAD_SIZE || memcmp(bytes, magic, sizeof magic) != 0)
        return ERR_PARSE;
    out->wrong_count = bytes[sizeof magic];
    for (size_t i = sizeof magic + 1; i < HEAD_SIZE; i++)
        out->last_at = out->last_at << 8 | bytes[i];
    out->keyfile = span_of(bytes + HEAD_SIZE, out->bytes.size - HEAD_SIZE);
    return ERR_OK;
}

static enum err put_file(struct buffer *out, const struct pin_file *file)
{
    uint8_t head[HEAD_SIZE];
    memcpy(head, magic, sizeof magic);
    head[sizeof magic] = (uint8_t)(file->wrong_count < UINT8_MAX ? file->wrong_count : UINT8_MAX);
    for (size_t i = 0; i < 8; i++)
        head[HEAD_SIZE - 1 - i] = (uint8_t)(file->last_at >> (8 * i));
    TRY(buffer_put(out, span_of(head, sizeof head)));
    return buffer_put(out, file->keyfile);
}

static enum err write_file(const char *path, const struct pin_file *file)
{
    struct buffer bytes AUTO(buffer_fini) = {.limit = FILE_MAX};
    TRY(put_file(&bytes, file));
    return file_replace(path, buffer_span(&bytes), FILE_PRIVATE);
}

/* file->keyfile is borrowed from `sealed`. */
static enum err seal(struct pin_file *file, struct buffer *sealed, const struct safe_key *master,
                     struct span pin)
{
    TRY(keyfile_seal_bytes(sealed, SPAN(*master), context(), pin));
    file->keyfile = buffer_span(sealed);
    return ERR_OK;
}

enum err pin_make(const char *path, const struct safe_key *master, struct span pin)
{
    struct buffer sealed AUTO(buffer_fini) = {0}, bytes AUTO(buffer_fini) = {.limit = FILE_MAX};
    struct pin_file file = {0};
    TRY(seal(&file, &sealed, master, pin));
    TRY(put_file(&bytes, &file));
    return file_write_new(path, buffer_span(&bytes), FILE_PRIVATE);
}

enum err pin_change(const char *path, const struct safe_key *master, struct span pin)
{
    struct buffer sealed AUTO(buffer_fini) = {0};
    struct pin_file file = {0};
    TRY(seal(&file, &sealed, master, pin));
    return write_file(path, &file);
}

enum err pin_is_set(bool *set, const char *path)
{
    struct pin_file file AUTO(pin_file_fini) = {0};
    TRY(read_file(&file, path));
    *set = keyfile_is_sealed(file.keyfile);
    return ERR_OK;
}

/* --- an attempt --- */

/* A clock that went back since the last attempt proves nothing: the wait begins anew from now, and
 * that is kept, or setting it right would lock the wallet until then. */
static enum err wait_left(uint64_t *left, struct pin_file *file, const char *path, uint64_t now)
{
    const uint64_t wait = pin_wait_s(file->wrong_count);
    *left = 0;
    if (wait == 0)
        return ERR_OK;
    if (now < file->last_at) {
        file->last_at = now;
        TRY(write_file(path, file));
    }
    const uint64_t passed = now - file->last_at;
    *left = passed < wait ? wait - passed : 0;
    return ERR_OK;
}

static enum err look(struct safe_key *master, struct pin_answer *answer,
                     const struct pin_file *file, struct span pin)
{
    struct secret secret AUTO(secret_wipe) = {0};
    const enum err error = keyfile_open_bytes(&secret, file->keyfile, context(), pin);
    if (error != ERR_OK && err_class(error) != ERR_CLASS_AUTH &&
        err_class(error) != ERR_CLASS_MALFORMED)
        return error;
    answer->verdict =
        error == ERR_OK && secret.size == sizeof master->bytes ? PIN_RIGHT : PIN_WRONG;
    if (answer->verdict == PIN_RIGHT)
        memcpy(master->bytes, secret.bytes, sizeof master->bytes);
    return ERR_OK;
}

enum err pin_look(struct safe_key *master, struct pin_answer *answer, const char *path,
                  struct span pin, uint64_t now)
{
    struct pin_file file AUTO(pin_file_fini) = {0};
    *answer = (struct pin_answer){.verdict = PIN_WAIT};
    TRY(read_file(&file, path));
    const uint64_t wait = pin_wait_s(file.wrong_count);
    const uint64_t passed = now > file.last_at ? now - file.last_at : 0;
    answer->wrong_count = file.wrong_count;
    answer->wait_s = keyfile_is_sealed(file.keyfile) && passed < wait ? wait - passed : 0;
    return answer->wait_s > 0 ? ERR_OK : look(master, answer, &file, pin);
}

enum err pin_open(struct safe_key *master, struct pin_answer *answer, const char *path,
                  struct span pin, uint64_t now)
{
    struct pin_file file AUTO(pin_file_fini) = {0};
    *answer = (struct pin_answer){.verdict = PIN_WAIT};
    TRY(read_file(&file, path));
    if (!keyfile_is_sealed(file.keyfile)) /* no PIN: nothing to be guessed */
        return look(master, answer, &file, pin);
    TRY(wait_left(&answer->wait_s, &file, path, now));
    answer->wrong_count = file.wrong_count;
    if (answer->wait_s > 0)
        return ERR_OK;
    file.wrong_count++;
    file.last_at = now;
    TRY(write_file(path, &file)); /* invariant 1 */
    TRY(look(master, answer, &file, pin));
    answer->wrong_count = file.wrong_count;
    answer->wait_s = answer->verdict == PIN_WRONG ? pin_wait_s(file.wrong_count) : 0;
    if (answer->verdict == PIN_WRONG)
        return ERR_OK;
    file.wrong_count = 0;
    file.last_at = 0;
    return write_file(path, &file);
}
