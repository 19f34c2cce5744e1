/* The backend of this process, random bytes, and the two hashes that every room wants.
 *
 * 1. crypto() is crypto_mbedtls until crypto_use names another one; a program chooses once, at
 *    start-up, before it has threads.
 * 2. Random bytes come from the kernel, whatever the backend; a kernel that has none stops us.
 *
 * Never: a curve of its own, a key that stays, a file.
 */
#include "common/crypto/crypto.h"

#include <string.h>
#include <sys/random.h>

static const struct crypto *chosen = &crypto_mbedtls;

const struct crypto *crypto(void)
{
    return chosen;
}

void crypto_use(const struct crypto *backend)
{
    CHECK(backend != NULL);
    chosen = backend;
}

const struct crypto *crypto_by_name(const char *name)
{
    static const struct crypto *const all[] = {&crypto_mbedtls, &crypto_libcrypto};

    for (size_t index = 0; index < sizeof all / sizeof all[0]; index++) {
        if (strcmp(all[index]->name, name) == 0)
            return all[index];
    }
    return NULL;
}

void crypto_random(void *out, size_t size)
{
    uint8_t *to = out;

    /* getrandom may give less than asked for (above 256 bytes, when a signal comes). */
    while (size > 0) {
        ssize_t got = getrandom(to, size < 256 ? size : 256, 0);

        CHECK(got > 0);
        to += got;
        size -= (size_t)got;
    }
}

enum err crypto_key_draw(struct key_pair *out,
                         enum err (*load)(struct key_pair *out, const uint8_t scalar[32]))
{
    uint8_t scalar[sizeof out->private_scalar];
    enum err error;

    do { /* out of range once in 2^32 */
        crypto_random(scalar, sizeof scalar);
        error = load(out, scalar);
    } while (error == ERR_RANGE);
    secret_wipe_bytes(scalar, sizeof scalar);
    return error;
}

enum err crypto_sign(struct signature *out, const struct key_pair *pair, struct span message)
{
    return pair->device != NULL
               ? pair->device->sign(pair->device->context, out, &pair->public_key, message)
               : crypto()->sign(out, pair, message);
}

struct id crypto_hash(const struct span *parts, size_t part_count)
{
    struct id id;

    CHECK(crypto()->sha256(&id, parts, part_count) == ERR_OK);
    return id;
}

struct key_id crypto_key_id(const struct public_key *key)
{
    struct span bytes = SPAN(*key);
    struct id id = crypto_hash(&bytes, 1);
    struct key_id key_id;

    memcpy(key_id.bytes, id.bytes, sizeof key_id.bytes);
    return key_id;
}

void key_pair_wipe(struct key_pair *pair)
{
    secret_wipe_bytes(pair, sizeof *pair);
}
