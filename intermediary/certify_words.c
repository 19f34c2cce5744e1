/* Recovery words as the bank knows them (contract in certify_words.h). */
#include "intermediary/certify_words.h"

enum status certify_words_read(const struct branch_env *env, struct recovery *out,
                               const struct cose *cose, const struct public_key *wallet_key)
{
    enum err error = recovery_decode(out, cose->payload, env->purse.arena);
    if (error == ERR_OK)
        error = record_verify(env->branch->network, KIND_RECOVERY, cose, &out->recovery_key);
    if (error == ERR_OK && !key_equal(&out->wallet_key, wallet_key))
        return STATUS_CERTIFICATE;
    return record_status(error);
}

enum err certify_words_find(struct branch_env *env, enum status *status, uint64_t *customer,
                            const struct public_key *key)
{
    struct words_key row = {.key = *key};
    bool found = false;
    TRY(branch_find(env, &found, &bank_table_words_key, &row));
    *status = found ? STATUS_OK : STATUS_WORDS;
    *customer = found ? row.customer : 0;
    return ERR_OK;
}

enum err certify_words_of(struct branch_env *env, bool *found, struct public_key *out,
                          uint64_t customer)
{
    const struct words_key from = {.customer = customer};
    struct list rows = {0};
    TRY(branch_rows(env, &rows, &bank_table_words_key, 0, 1, &from));
    *found = rows.count > 0;
    if (*found)
        *out = ((const struct words_key *)rows.items)->key;
    return ERR_OK;
}

static enum err void_older(struct branch_env *env, uint64_t customer)
{
    const struct words_key from = {.customer = customer};
    struct list rows = {0};
    TRY(branch_rows(env, &rows, &bank_table_words_key, 0, 1, &from));
    for (size_t i = 0; i < rows.count; i++)
        TRY(store_delete(env->purse.store, &bank_table_words_key,
                         &((const struct words_key *)rows.items)[i]));
    return ERR_OK;
}

enum err certify_words_keep(struct branch_env *env, enum status *status, uint64_t customer,
                            const struct recovery *recovery, const struct cose *cose)
{
    struct words_key row = {.key = recovery->recovery_key};
    bool found = false;
    TRY(branch_find(env, &found, &bank_table_words_key, &row));
    *status = found && row.customer != customer ? STATUS_CERTIFIED_ELSEWHERE : STATUS_OK;
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(void_older(env, customer));
    row.customer = customer;
    row.recovery = *cose;
    row.made_at = env->purse.now;
    return store_insert(env->purse.store, &bank_table_words_key, &row);
}

struct renewing {
    const struct cose *cose;
    struct recovery recovery;
    uint64_t customer;
};

static enum err keep(struct branch_env *env, enum status *status, void *context)
{
    const struct renewing *renewing = context;
    return certify_words_keep(env, status, renewing->customer, &renewing->recovery, renewing->cose);
}

enum err certify_words_new(struct branch_env *env, enum status *status, const struct cose *cose,
                           const struct bank_wallet *sender)
{
    struct renewing renewing = {.cose = cose, .customer = sender->customer};
    *status = certify_words_read(env, &renewing.recovery, cose, &sender->key);
    return *status == STATUS_OK ? branch_run(env, status, keep, &renewing) : ERR_OK;
}
