/* Each message's first signature, remembered (contract in signatures.h). */
#include "tests/pipeline/signatures.h"

#include "common/crypto/crypto.h"

#include <pthread.h>
#include <stdlib.h>

static struct signed_before {
    struct id message;
    struct signature signature;
} * remembered;
static size_t remembered_count, remembered_capacity;
static pthread_mutex_t remembered_lock = PTHREAD_MUTEX_INITIALIZER;

static void reserve(void)
{
    if (remembered_count < remembered_capacity)
        return;
    remembered_capacity = 2 * remembered_capacity + 64;
    remembered = realloc(remembered, remembered_capacity * sizeof *remembered);
    CHECK(remembered != NULL);
}

static enum err sign_again(struct signature *out, const struct key_pair *pair, struct span message)
{
    struct signed_before row = {.message = crypto_hash(&message, 1)};
    size_t at = 0;
    TRY(crypto_libcrypto.sign(&row.signature, pair, message));
    pthread_mutex_lock(&remembered_lock);
    while (at < remembered_count && !id_equal(&remembered[at].message, &row.message))
        at++;
    if (at == remembered_count) {
        reserve();
        remembered[remembered_count++] = row;
    }
    *out = remembered[at].signature;
    pthread_mutex_unlock(&remembered_lock);
    return ERR_OK;
}

void signatures_remember(void)
{
    static struct crypto again;
    again = crypto_libcrypto;
    again.sign = sign_again;
    crypto_use(&again);
}

void signatures_forget(void)
{
    free(remembered);
    remembered = NULL;
    remembered_count = remembered_capacity = 0;
}
