/* What comes back of wallets that were lost: the bank knows what lies at their keys, those too that
 * no backup has heard of; it gets it refunded, and knows what it advanced.
 *
 * Never: money. The figure is the bank's word, and only shown; what comes back is found as
 * owned. */
#include "wallet/sync/sync_step.h"

#include "common/purse/purse_row.h"

static enum err has_frozen(struct purse_env *env, bool *has)
{
    struct purse_key_list keys = {0};
    *has = false;
    TRY(purse_keys(env, &keys));
    for (size_t i = 0; i < keys.count; i++)
        *has = *has || keys.items[i].state == PURSE_KEY_FROZEN;
    return ERR_OK;
}

/* A bank that gave up no key of this customer knows nothing of a wallet before: if there was one,
 * what its backup says stands, and the bank is asked again. */
static enum err told_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    const struct lost_reply *told = context;
    struct wallet_state *state = &wallet->state;
    bool is_restored = false;
    TRY(has_frozen(env, &is_restored));
    if (told->keys == 0 && is_restored)
        return ERR_OK;
    state->older_held = told->waiting;
    state->older_told_at = wallet->now;
    state->older_asks = !amount_is_zero(told->waiting) || !amount_is_zero(told->advanced);
    return store_update(env->store, &tables_table_wallet_state, state);
}

enum err sync_older(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0};
    static const struct empty_body body;
    struct lost_reply reply = {0};
    enum status status = STATUS_OK;
    if (run->wallet->state.older_asks == 0)
        return ERR_OK;
    TRY(sync_call(run->wallet, &status, &reply, VERB_LOST, &body, NULL, &arena));
    if (status == STATUS_UNREACHABLE)
        sync_note(run, status);
    return status == STATUS_OK ? wallet_transact(run->wallet, told_work, &reply, &arena) : ERR_OK;
}
