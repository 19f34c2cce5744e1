/* What the bank goes on with by itself (contract in branch.h): one round, in one order, cut short
 * when the central bank cannot be reached. */
#include "intermediary/branch.h"

#include "intermediary/recovery.h"
#include "intermediary/relay.h"
#include "intermediary/teller.h"
#include "intermediary/vaultroom.h"

enum { CALLS_PRUNED_AT_ONCE = 256 };

enum err branch_prune(struct branch_env *env, size_t count_max)
{
    struct branch *branch = env->branch;
    struct list rows = {0};
    const struct store_query stretch = {
        .table = &bank_table_bank_call, .index_number = -1, .after = true, .count_max = count_max};
    TRY(store_list(env->purse.store, &rows, &stretch, &branch->pruned_to, env->purse.arena));
    const struct bank_call *calls = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        if (calls[i].made_at + CALL_AGE_MAX_S + CALL_AHEAD_MAX_S < branch->now)
            TRY(store_delete(env->purse.store, &bank_table_bank_call, &calls[i]));
    branch->pruned_to = rows.count == count_max ? calls[rows.count - 1] : (struct bank_call){0};
    return ERR_OK;
}

/* Without calls, too, the old ones go. */
static enum err prune_calls(struct branch_env *env, enum status *status, void *context)
{
    (void)context;
    *status = STATUS_OK;
    return branch_prune(env, CALLS_PRUNED_AT_ONCE);
}

static enum err read_fetched(struct branch_env *env, enum status *status, void *context)
{
    struct bank_trust row = {.id = BANK_NUMBER_ONE};
    uint64_t *fetched_at = context;
    *status = STATUS_OK;
    TRY(store_get(env->purse.store, &bank_table_bank_trust, &row, env->purse.arena));
    *fetched_at = row.fetched_at;
    return ERR_OK;
}

/* Directory and list, and what the vault owns, when it is time. */
static enum err look_round(struct branch_env *env, enum status *status)
{
    struct branch *branch = env->branch;
    uint64_t fetched_at = 0;
    TRY(branch_run(env, status, read_fetched, &fetched_at));
    if (branch->now >= fetched_at + BRANCH_FETCH_S || branch->trust.revocations.version == 0) {
        TRY(branch_run(env, status, prune_calls, NULL));
        TRY(branch_fetch(branch, status));
    }
    if (*status != STATUS_UNREACHABLE &&
        (!branch->has_asked || branch->now >= branch->asked_at + BRANCH_ASK_S))
        TRY(vaultroom_ask(env, status));
    return ERR_OK;
}

enum err branch_work(struct branch *branch, bool *pending)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    enum status status = STATUS_OK;
    *pending = branch->has_more = false;
    if (branch->bank_id == 0)
        return ERR_OK;
    branch_env_open(&env, branch, &arena);
    TRY(look_round(&env, &status));
    if (status == STATUS_UNREACHABLE) {
        *pending = true;
        return ERR_OK;
    }
    TRY(relay_work(&env, &status, pending));
    TRY(teller_work(&env, &status, pending));
    TRY(recovery_work(&env, &status, pending));
    return vaultroom_work(&env, &status, pending);
}
