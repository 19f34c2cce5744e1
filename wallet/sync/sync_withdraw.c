/* Withdrawing: signed and durable before it leaves; the same withdrawal brings the same tokens.
 *
 * Invariants: 1 a withdrawal is over only when its tokens are here, to the fen, or the bank
 * refused it.
 * 2 an answer that is not known leaves it open. */
#include "wallet/sync/sync_step.h"

#include "common/purse/purse_row.h"

#include <string.h>

struct withdrawing {
    struct withdrawal_row row;
    struct amount amount;
    const struct tokens_reply *reply;
    struct withdrawal asked; /* read, when it is answered */
    enum status *status;
};

static enum err list_open(struct wallet *wallet, struct purse_env *env, void *context)
{
    const struct withdrawal_row from = {.state = WITHDRAWAL_OPEN};
    (void)wallet;
    return purse_rows(env, context, &tables_table_withdrawal_row, 0, 1, &from);
}

/* One of that amount whose answer is not known yet: asked again, it is this one that is meant. */
static enum err find_open(struct wallet *wallet, struct purse_env *env,
                          struct withdrawing *withdrawing, bool *found)
{
    struct list rows = {0};
    *found = false;
    TRY(list_open(wallet, env, &rows));
    const struct withdrawal_row *open = rows.items;
    for (size_t i = 0; i < rows.count && !*found; i++) {
        *found = amount_compare(open[i].amount, withdrawing->amount) == 0;
        withdrawing->row = open[i];
    }
    return ERR_OK;
}

static enum err make_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct withdrawing *withdrawing = context;
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    struct amount amounts[WITHDRAWAL_AMOUNTS_MAX];
    struct amount_item items[WITHDRAWAL_AMOUNTS_MAX];
    bool found = false;
    TRY(find_open(wallet, env, withdrawing, &found));
    if (found)
        return ERR_OK;
    TRY(wallet_current_pair(wallet, env, &pair));
    struct withdrawal withdrawal = {.wallet_key = pair.public_key,
                                    .amount = withdrawing->amount,
                                    .amounts.items = items,
                                    .made_at = wallet->now};
    withdrawal.amounts.count = purse_spread(amounts, WITHDRAWAL_AMOUNTS_MAX, withdrawing->amount);
    for (size_t i = 0; i < withdrawal.amounts.count; i++)
        items[i].amount = amounts[i];
    wallet->random(wallet->context, withdrawal.withdrawal_id.bytes, NONCE_SIZE);
    withdrawing->row = (struct withdrawal_row){.withdrawal_id = withdrawal.withdrawal_id,
                                               .amount = withdrawing->amount,
                                               .state = WITHDRAWAL_OPEN,
                                               .made_at = wallet->now};
    TRY(record_sign(&withdrawing->row.withdrawal, wallet->trust.network, KIND_WITHDRAWAL,
                    &withdrawal, &pair, env->arena));
    return store_insert(env->store, &tables_table_withdrawal_row, &withdrawing->row);
}

/* OWNED may have brought it first, and then it stands in the history as found. */
static enum err add_listed(struct purse_env *env, struct amount *listed, const struct cose *cose)
{
    struct token token = {0};
    bool seen = false, is_answer = false;
    const struct id token_id = record_id(env->trust->network, KIND_TOKEN, cose->payload);
    const struct id root = record_coin_root(&token_id);
    if (token_decode(&token, cose->payload, env->arena) != ERR_OK)
        return ERR_OK; /* and not taken either */
    TRY(purse_seen(env, &seen, token.serial, &root));
    TRY(purse_is_answer(env, &is_answer, cose));
    return seen && !is_answer ? amount_add(listed, *listed, token.amount) : ERR_OK;
}

/* What answered an earlier withdrawal, or an order, is not what this one was debited for; nor is a
 * token for another key than the one that asked: money that came in another way is under an earlier
 * one. */
static enum err take_answer(struct purse_env *env, enum status *status, struct token *token,
                            const struct cose *cose, const struct withdrawing *withdrawing,
                            const struct id *question_id)
{
    bool answers = false;
    TRY(purse_take_token(env, status, cose));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(token_decode(token, cose->payload, env->arena));
    TRY(purse_token_answers(env, &answers, cose, question_id));
    if (answers && key_equal(&token->owner_key, &withdrawing->asked.wallet_key))
        return purse_note_answer(env, cose, question_id);
    *status = STATUS_ORDER;
    return ERR_OK;
}

static enum err take_tokens(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct withdrawing *withdrawing = context;
    struct amount sum = amount_zero(), listed = amount_zero();
    struct id reference = {{0}};
    memcpy(reference.bytes, withdrawing->row.withdrawal_id.bytes, NONCE_SIZE);
    TRY(withdrawal_decode(&withdrawing->asked, withdrawing->row.withdrawal.payload, env->arena));
    for (size_t i = 0; i < withdrawing->reply->tokens.count; i++) {
        const struct cose *cose = &withdrawing->reply->tokens.items[i].record;
        struct token token = {0};
        enum status status = STATUS_OK;
        TRY(add_listed(env, &listed, cose));
        TRY(take_answer(env, &status, &token, cose, withdrawing, &reference));
        if (status != STATUS_OK) {
            *withdrawing->status = status;
            continue;
        }
        TRY(amount_add(&sum, sum, token.amount));
    }
    if (amount_compare(sum, withdrawing->row.amount) != 0 ||
        !purse_tokens_differ(&withdrawing->reply->tokens)) {
        *withdrawing->status = status_first(*withdrawing->status, STATUS_ORDER);
        return ERR_OK;
    }
    withdrawing->row.state = WITHDRAWAL_DONE;
    TRY(store_update(env->store, &tables_table_withdrawal_row, &withdrawing->row));
    TRY(amount_sub(&sum, sum, listed));
    return amount_is_zero(sum) ? ERR_OK
                               : wallet_history(wallet, HISTORY_WITHDRAWN, sum, &reference,
                                                wallet->state.bank_name, span_text(""));
}

static enum err refuse_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct withdrawing *withdrawing = context;
    (void)wallet;
    withdrawing->row.state = WITHDRAWAL_REFUSED;
    return store_update(env->store, &tables_table_withdrawal_row, &withdrawing->row);
}

static enum err ask(struct wallet *wallet, struct withdrawing *withdrawing, struct arena *arena)
{
    const struct withdraw_body body = {.withdrawal = withdrawing->row.withdrawal};
    struct tokens_reply reply = {0};
    TRY(sync_call(wallet, withdrawing->status, &reply, VERB_WITHDRAW, &body, NULL, arena));
    withdrawing->reply = &reply;
    if (*withdrawing->status == STATUS_OK)
        return wallet_transact(wallet, take_tokens, withdrawing, arena);
    return sync_is_transient(*withdrawing->status)
               ? ERR_OK
               : wallet_transact(wallet, refuse_work, withdrawing, arena);
}

enum err sync_withdraw(struct wallet *wallet, enum status *status, struct amount amount)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct withdrawing withdrawing = {.amount = amount, .status = status};
    *status = STATUS_OK;
    TRY(wallet_transact(wallet, make_work, &withdrawing, &arena));
    return ask(wallet, &withdrawing, &arena);
}

enum err sync_withdrawals(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct list rows = {0};
    TRY(wallet_transact(run->wallet, list_open, &rows, &arena));
    const struct withdrawal_row *open = rows.items;
    for (size_t i = 0; i < rows.count && !run->is_stopped; i++) {
        enum status status = STATUS_OK;
        struct withdrawing withdrawing = {.row = open[i], .status = &status};
        TRY(ask(run->wallet, &withdrawing, &arena));
        sync_note(run, status);
    }
    return ERR_OK;
}
