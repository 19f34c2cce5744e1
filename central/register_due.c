/* What the register signs: tokens, and its word on what settled.
 *
 * A signature depends on no row, and no row on it but the one that keeps a token. So with env->dues
 * a call only notes what is to be signed, and other threads may sign between the changes of a
 * transaction and its commit.
 *
 * 1. No token is kept without its signature: its row is written by register_dues_store.
 * 2. Who asks in the same transaction for a token that is still due gets it when it is signed.
 */
#include "central/register_row.h"
#include "common/money/merkle.h"

#include <string.h>

struct due_copy {
    struct due_copy *next;
    struct cose *out;
};
struct register_due {
    struct register_due *next;
    /* a token */
    bool is_token;
    struct minted minted;
    struct due_copy *copies;
    /* or a word on leaves */
    struct cose *settled;
    const struct leaf *leaves;
    size_t count;
    uint64_t made_at;
};

static enum err add_due(struct register_env *env, struct register_due **out)
{
    void *memory = NULL;
    struct register_dues *dues = env->dues;
    TRY(arena_alloc(env->arena, &memory, 1, sizeof(struct register_due)));
    *out = memory;
    if (dues->last == NULL)
        dues->first = *out;
    else
        dues->last->next = *out;
    dues->last = *out;
    return ERR_OK;
}

/* --- the word on leaves --- */

static enum err sign_leaves(const struct register_env *env, struct cose *out,
                            const struct leaf *leaves, size_t count, uint64_t made_at)
{
    void *memory = NULL;
    TRY(arena_alloc(env->arena, &memory, count, sizeof(struct id)));
    struct id *hashes = memory;
    for (size_t i = 0; i < count; i++)
        TRY(merkle_leaf_hash(&hashes[i], &leaves[i]));
    const struct settled record = {
        .merkle_root = merkle_root(hashes, count), .count = count, .made_at = made_at};
    return record_sign(out, env->trust->network, KIND_SETTLED, &record, env->register_key,
                       env->arena);
}

enum err register_sign_settled(struct register_env *env, bool *has_settled, struct cose *settled,
                               const struct leaf *leaves, size_t count)
{
    struct register_due *due = NULL;
    void *memory = NULL;
    *has_settled = count > 0;
    if (count == 0)
        return ERR_OK;
    if (env->dues == NULL)
        return sign_leaves(env, settled, leaves, count, env->now);
    TRY(arena_alloc(env->arena, &memory, count, sizeof *leaves));
    memcpy(memory, leaves, count * sizeof *leaves);
    TRY(add_due(env, &due));
    due->settled = settled;
    due->leaves = memory;
    due->count = count;
    due->made_at = env->now;
    return ERR_OK;
}

/* --- tokens --- */

enum err register_sign_token(struct register_env *env, struct minted *minted)
{
    struct register_due *due = NULL;
    if (env->dues == NULL) {
        TRY(record_sign_payload(&minted->token, env->trust->network, KIND_TOKEN,
                                minted->token.payload, env->issuing_key));
        return store_insert(env->store, &tables_table_minted, minted);
    }
    TRY(add_due(env, &due));
    due->is_token = true;
    due->minted = *minted;
    return ERR_OK;
}

static struct register_due *find_token(const struct register_dues *dues, uint64_t serial)
{
    for (; dues != NULL; dues = dues->before)
        for (struct register_due *due = dues->first; due != NULL; due = due->next)
            if (due->is_token && due->minted.serial == serial)
                return due;
    return NULL;
}

enum err register_due_token(struct register_env *env, bool *found, struct cose *out,
                            uint64_t serial)
{
    struct register_due *due = find_token(env->dues, serial);
    void *memory = NULL;
    *found = due != NULL;
    if (due == NULL)
        return ERR_OK;
    TRY(arena_alloc(env->arena, &memory, 1, sizeof(struct due_copy)));
    struct due_copy *copy = memory;
    *copy = (struct due_copy){due->copies, out};
    due->copies = copy;
    *out = due->minted.token;
    return ERR_OK;
}

/* --- later --- */

static enum err sign_due(struct register_due *due, const struct register_env *env)
{
    struct cose *token = &due->minted.token;
    if (!due->is_token)
        return sign_leaves(env, due->settled, due->leaves, due->count, due->made_at);
    TRY(record_sign_payload(token, env->trust->network, KIND_TOKEN, token->payload,
                            env->issuing_key));
    for (struct due_copy *copy = due->copies; copy != NULL; copy = copy->next)
        copy->out->signature = token->signature;
    return ERR_OK;
}

enum err register_dues_sign(const struct register_dues *dues, const struct register_env *env)
{
    for (struct register_due *due = dues->first; due != NULL; due = due->next)
        TRY(sign_due(due, env));
    return ERR_OK;
}

enum err register_dues_store(const struct register_dues *dues, struct store *store)
{
    for (const struct register_due *due = dues->first; due != NULL; due = due->next)
        if (due->is_token)
            TRY(store_insert(store, &tables_table_minted, &due->minted));
    return ERR_OK;
}
