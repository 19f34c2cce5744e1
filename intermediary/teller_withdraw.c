/* Withdrawals: debited once, served by an exchange of vault coins into tokens for the wallet's
 * key, and by another one if the first fails for good (contract in teller.h). */
#include "common/base/time.h"
#include "intermediary/certify.h"
#include "intermediary/teller_debit.h"
#include "intermediary/vaultroom.h"

enum { ORDERS_MAX = 4 }; /* tried at one call; the rest is left to the bank's work */

struct withdrawing {
    const struct cose *cose;
    const struct bank_wallet *sender;
    struct withdrawal withdrawal;
    struct id body_hash;
    struct payout payout;
    struct tokens_reply *reply; /* may be NULL */
};

/* --- is it a good one? --- */

static enum status read_withdrawal(struct withdrawing *w, const struct branch_env *env)
{
    struct amount sum = amount_zero();
    enum err error = withdrawal_decode(&w->withdrawal, w->cose->payload, env->purse.arena);
    if (error == ERR_OK)
        error = record_verify(env->branch->network, KIND_WITHDRAWAL, w->cose,
                              &w->withdrawal.wallet_key);
    if (error != ERR_OK)
        return record_status(error);
    for (size_t i = 0; i < w->withdrawal.amounts.count; i++)
        if (amount_add(&sum, sum, w->withdrawal.amounts.items[i].amount) != ERR_OK)
            return STATUS_RANGE;
    w->body_hash = crypto_hash(&w->cose->payload, 1);
    return amount_compare(sum, w->withdrawal.amount) == 0 ? STATUS_OK : STATUS_SUM;
}

static enum err check_key(struct branch_env *env, enum status *status, const struct withdrawing *w)
{
    struct bank_wallet wallet = {0};
    bool found = false;
    TRY(certify_wallet(env, &found, &wallet, &w->withdrawal.wallet_key));
    const bool is_good = found && wallet.customer == w->sender->customer &&
                         (wallet.state == BANK_WALLET_ACTIVE || wallet.state == BANK_WALLET_OLD) &&
                         !trust_is_revoked(env->purse.trust, &wallet.key);
    *status = is_good ? STATUS_OK : STATUS_FORBIDDEN;
    return ERR_OK;
}

static enum err judge(struct branch_env *env, enum status *status, const struct withdrawing *w)
{
    struct customer customer = {0};
    struct day_total day = {.customer = w->sender->customer, .day = time_day(env->purse.now)};
    bool found = false;
    TRY(branch_find(env, &found, &bank_table_day_total, &day));
    TRY(customers_get(env, &found, &customer, w->sender->customer));
    const struct limits *limits = found ? customers_limits(env, customer.tier) : NULL;
    const struct teller_position position = {customer.balance, customer.held, day.withdrawn};
    *status = limits == NULL ? STATUS_STATE : teller_judge(limits, &position, w->withdrawal.amount);
    return ERR_OK;
}

/* --- orders that serve it --- */

static enum err reserve(struct branch_env *env, enum status *status, struct id *plan_id,
                        const struct withdrawal *withdrawal)
{
    struct output outputs[WITHDRAWAL_AMOUNTS_MAX];
    for (size_t i = 0; i < withdrawal->amounts.count; i++)
        outputs[i] = (struct output){.amount = withdrawal->amounts.items[i].amount,
                                     .key = withdrawal->wallet_key};
    return vaultroom_reserve(env, status, plan_id, outputs, withdrawal->amounts.count);
}

/* A new one: debit, order and row in one transaction. */
static enum err open_payout(struct branch_env *env, enum status *status, struct withdrawing *w)
{
    TRY(check_key(env, status, w));
    if (*status == STATUS_OK)
        TRY(judge(env, status, w));
    if (*status != STATUS_OK)
        return ERR_OK;
    w->payout = (struct payout){
        .withdrawal_id = w->withdrawal.withdrawal_id,
        .customer = w->sender->customer,
        .wallet_key = w->withdrawal.wallet_key,
        .amount = w->withdrawal.amount,
        .withdrawal = *w->cose,
        .body_hash = w->body_hash,
        .state = PAYOUT_ORDERED,
        .has_plan_id = true,
        .made_at = env->purse.now,
    };
    TRY(reserve(env, status, &w->payout.plan_id, &w->withdrawal));
    if (*status == STATUS_OK)
        TRY(teller_debit(env, status, w->payout.customer, w->payout.amount));
    return *status == STATUS_OK ? store_insert(env->purse.store, &bank_table_payout, &w->payout)
                                : ERR_OK;
}

static enum err find_or_open(struct branch_env *env, enum status *status, void *context)
{
    struct withdrawing *w = context;
    bool found = false;
    w->payout = (struct payout){.withdrawal_id = w->withdrawal.withdrawal_id};
    TRY(branch_find(env, &found, &bank_table_payout, &w->payout));
    if (!found)
        return open_payout(env, status, w);
    *status =
        id_equal(&w->payout.body_hash, &w->body_hash) && w->payout.customer == w->sender->customer
            ? STATUS_OK
            : STATUS_REUSED;
    return ERR_OK;
}

/* The order before came to nothing: its good inputs are in the vault again. */
static enum err order_again(struct branch_env *env, enum status *status, void *context)
{
    struct withdrawing *w = context;
    struct withdrawal withdrawal = {0};
    TRY(withdrawal_decode(&withdrawal, w->payout.withdrawal.payload, env->purse.arena));
    TRY(reserve(env, status, &w->payout.plan_id, &withdrawal));
    if (*status != STATUS_OK)
        return ERR_OK;
    w->payout.has_plan_id = true;
    w->payout.state = PAYOUT_ORDERED;
    return store_update(env->purse.store, &bank_table_payout, &w->payout);
}

/* With the order's answer: the tokens are kept, or the withdrawal waits for another order. */
static enum err serve(struct branch_env *env, const struct vaultroom_answer *answer, void *context)
{
    struct withdrawing *w = context;
    struct withdrawal withdrawal = {0};
    TRY(withdrawal_decode(&withdrawal, w->payout.withdrawal.payload, env->purse.arena));
    w->payout.has_plan_id = false;
    w->payout.state = answer->used ? PAYOUT_DONE : PAYOUT_WAITING;
    w->payout.done_at = answer->used ? env->purse.now : 0;
    for (size_t i = 0; answer->used && i < withdrawal.amounts.count; i++) {
        const struct payout_token row = {
            .withdrawal_id = w->payout.withdrawal_id,
            .position = i,
            .token = answer->reply->tokens.items[i].record,
        };
        TRY(store_insert(env->purse.store, &bank_table_payout_token, &row));
    }
    return store_update(env->purse.store, &bank_table_payout, &w->payout);
}

static enum err drive(struct branch_env *env, enum status *status, struct withdrawing *w)
{
    *status = STATUS_OK;
    for (int i = 0; i < ORDERS_MAX && *status == STATUS_OK; i++) {
        if (w->payout.state == PAYOUT_WAITING)
            TRY(branch_run(env, status, order_again, w));
        if (*status != STATUS_OK || w->payout.state == PAYOUT_DONE)
            break;
        const struct id plan_id = w->payout.plan_id;
        TRY(vaultroom_send(env, status, &plan_id, serve, w));
    }
    *status = w->payout.state == PAYOUT_DONE ? STATUS_OK : STATUS_PENDING;
    return ERR_OK;
}

/* --- the answer --- */

static enum err give_tokens(struct branch_env *env, enum status *status, void *context)
{
    struct withdrawing *w = context;
    const struct payout_token from = {.withdrawal_id = w->payout.withdrawal_id};
    struct list rows = {0};
    void *memory = NULL;
    *status = STATUS_OK;
    TRY(branch_rows(env, &rows, &bank_table_payout_token, -1, 1, &from));
    TRY(arena_alloc(env->purse.arena, &memory, rows.count + 1, sizeof(struct signed_item)));
    w->reply->tokens = (struct signed_item_list){memory, rows.count};
    const struct payout_token *tokens = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        w->reply->tokens.items[i].record = tokens[i].token;
    return ERR_OK;
}

enum err teller_withdraw(struct branch_env *env, enum status *status, struct tokens_reply *reply,
                         const struct withdraw_body *body, const struct bank_wallet *sender)
{
    struct withdrawing w = {.cose = &body->withdrawal, .sender = sender, .reply = reply};
    *status = read_withdrawal(&w, env);
    if (*status == STATUS_OK)
        TRY(branch_run(env, status, find_or_open, &w));
    if (*status == STATUS_OK)
        TRY(drive(env, status, &w));
    return *status == STATUS_OK ? branch_run(env, status, give_tokens, &w) : ERR_OK;
}

static enum err find_payouts(struct branch_env *env, enum status *status, void *context)
{
    struct payout_list *out = context;
    struct list waiting = {0}, ordered = {0};
    void *memory = NULL;
    struct payout from = {.state = PAYOUT_WAITING};
    *status = STATUS_OK;
    TRY(branch_rows(env, &waiting, &bank_table_payout, 0, 1, &from));
    from.state = PAYOUT_ORDERED;
    TRY(branch_rows(env, &ordered, &bank_table_payout, 0, 1, &from));
    TRY(arena_alloc(env->purse.arena, &memory, waiting.count + ordered.count + 1,
                    sizeof(struct payout)));
    *out = (struct payout_list){memory, 0};
    const struct payout *rows = ordered.items;
    for (size_t i = 0; i < ordered.count; i++)
        out->items[out->count++] = rows[i];
    rows = waiting.items;
    for (size_t i = 0; i < waiting.count; i++)
        out->items[out->count++] = rows[i];
    return ERR_OK;
}

/* From where the last call ended, and round again: one that cannot be served holds up no other. */
enum err teller_work(struct branch_env *env, enum status *status, bool *pending)
{
    struct branch *branch = env->branch;
    struct payout_list payouts = {0};
    size_t tried = 0, served = 0;
    TRY(branch_run(env, status, find_payouts, &payouts));
    const size_t first = branch->payout_at < payouts.count ? branch->payout_at : 0;
    while (tried < payouts.count && tried < TELLER_PAYOUTS_MAX) {
        struct withdrawing w = {.payout = payouts.items[(first + tried) % payouts.count]};
        TRY(drive(env, status, &w));
        tried++;
        served += *status == STATUS_OK;
        if (branch->central_status == STATUS_UNREACHABLE)
            break;
    }
    /* those that were served are gone from the list */
    branch->payout_at = first + tried - served;
    *pending = *pending || served < payouts.count;
    branch->has_more =
        branch->has_more || (served > 0 && tried == TELLER_PAYOUTS_MAX && tried < payouts.count);
    *status = STATUS_OK;
    return ERR_OK;
}
