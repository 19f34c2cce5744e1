/* libcrypto with a memory (contract in memo.h).
 *
 * 1. What is remembered is the hash of key, message and signature, whole: a bit changed in any of
 *    them is another entry.
 * 2. Only good signatures are remembered. */
#include "tests/simulation/memo.h"

#include "tests/simulation/signer.h"

#include <string.h>

enum { MEMO_SLOTS = 1 << 16 };

static struct id memo_slots[MEMO_SLOTS];
static void (*memo_on_sign)(void *context, const struct public_key *key, struct span message);
static void *memo_context;

static struct id name_of(const struct public_key *key, struct span message,
                         const struct signature *signature)
{
    const struct span parts[] = {SPAN(*key), SPAN(*signature), message};
    struct id id;
    CHECK(crypto_libcrypto.sha256(&id, parts, 3) == ERR_OK);
    return id;
}

static struct id *slot_of(const struct id *name)
{
    uint32_t at;
    memcpy(&at, name->bytes, sizeof at);
    return &memo_slots[at % MEMO_SLOTS];
}

static enum err memo_sign(struct signature *out, const struct key_pair *pair, struct span message)
{
    TRY(signer_sign(out, pair, message));
    const struct id name = name_of(&pair->public_key, message, out);
    *slot_of(&name) = name;
    if (memo_on_sign != NULL)
        memo_on_sign(memo_context, &pair->public_key, message);
    return ERR_OK;
}

static enum err memo_verify(const struct public_key *key, struct span message,
                            const struct signature *signature)
{
    const struct id name = name_of(key, message, signature);
    if (id_equal(slot_of(&name), &name))
        return ERR_OK;
    TRY(crypto_libcrypto.verify(key, message, signature));
    *slot_of(&name) = name;
    return ERR_OK;
}

static enum err memo_verify_many(struct crypto_check *checks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const enum err error = memo_verify(&checks[i].key, checks[i].message, &checks[i].signature);
        if (error != ERR_OK && error != ERR_SIGNATURE && error != ERR_POINT)
            return error;
        checks[i].valid = error == ERR_OK;
        checks[i].commitment = (struct commitment){{0}}; /* it remembers verdicts only */
    }
    return ERR_OK;
}

/* Keys come from the world's own chance only. */
static enum err memo_key_generate(struct key_pair *out)
{
    (void)out;
    return ERR_CRYPTO;
}

void memo_open(void (*watch)(void *context, const struct public_key *key, struct span message),
               void *context)
{
    static struct crypto memo;
    memo = (struct crypto){
        .name = "memo",
        .key_check = crypto_libcrypto.key_check,
        .key_generate = memo_key_generate,
        .key_load = crypto_libcrypto.key_load,
        .sign = memo_sign,
        .verify = memo_verify,
        .verify_many = memo_verify_many,
        .sha256 = crypto_libcrypto.sha256,
    };
    signer_open();
    memset(memo_slots, 0, sizeof memo_slots);
    memo_on_sign = watch;
    memo_context = context;
    crypto_use(&memo);
}
