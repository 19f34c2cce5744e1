/* Orders of the vault to the register, and money ordered with the reserve (contract in
 * vaultroom.h). Returns, claims, merges: vaultroom_work.c. */
#include "intermediary/vaultroom_plan.h"

#include "intermediary/relay.h"

#include <stdlib.h>
#include <string.h>

/* --- choosing vault coins --- */

static int larger_first(const void *a, const void *b)
{
    const struct purse_coin *x = a, *y = b;
    const int by_amount = amount_compare(y->amount, x->amount);
    return by_amount != 0 ? by_amount : span_compare(SPAN(x->coin_id), SPAN(y->coin_id));
}

enum err vaultroom_coins(struct branch_env *env, struct purse_coin_list *out, struct amount *total)
{
    size_t kept = 0;
    *total = amount_zero();
    TRY(purse_coins(&env->purse, out, PURSE_AVAILABLE));
    for (size_t i = 0; i < out->count; i++) {
        const struct purse_coin *coin = &out->items[i];
        if (!coin->is_settled || coin->has_purpose)
            continue;
        TRY(amount_add(total, *total, coin->amount));
        out->items[kept++] = *coin;
    }
    out->count = kept;
    if (kept > 1)
        qsort(out->items, kept, sizeof out->items[0], larger_first);
    return ERR_OK;
}

/* The smallest coin that covers it alone, else the largest ones: few inputs, and large coins stay
 * whole for as long as small ones do. */
enum err vaultroom_choose(struct branch_env *env, enum status *status,
                          struct purse_coin_list *chosen, struct amount *sum, struct amount amount)
{
    struct amount total = amount_zero();
    *status = STATUS_OK;
    *sum = amount_zero();
    TRY(vaultroom_coins(env, chosen, &total));
    if (amount_compare(total, amount) < 0) {
        *status = STATUS_VAULT;
        return ERR_OK;
    }
    size_t first = 0, count = 0;
    while (first + 1 < chosen->count &&
           amount_compare(chosen->items[first + 1].amount, amount) >= 0)
        first++;
    while (amount_compare(*sum, amount) < 0 && count < PACKET_COINS_MAX)
        TRY(amount_add(sum, *sum, chosen->items[first + count++].amount));
    *chosen = (struct purse_coin_list){chosen->items + first, count};
    if (amount_compare(*sum, amount) < 0)
        *status = STATUS_BUSY;
    return ERR_OK;
}

/* --- orders --- */

enum err vaultroom_exchange(struct branch_env *env, struct id *plan_id,
                            const struct purse_coin_list *coins, const struct output_list *outputs,
                            enum purse_plan_kind kind)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct purse_plan plan = {0};
    struct span order = {0};
    struct exchange exchange = {.outputs = *outputs, .made_at = env->purse.now};
    branch_random(env, exchange.nonce.bytes, sizeof exchange.nonce.bytes);
    TRY(exchange_encode(&bytes, &exchange));
    TRY(arena_copy(env->purse.arena, &order, buffer_span(&bytes)));
    TRY(purse_reserve_order(&env->purse, &plan, coins, kind, order));
    *plan_id = plan.plan_id;
    return purse_mark(&env->purse, &plan);
}

enum err vaultroom_reserve(struct branch_env *env, enum status *status, struct id *plan_id,
                           const struct output *outputs, size_t count)
{
    struct output all[ORDER_OUTPUTS_MAX];
    struct output_list list = {all, 0};
    struct purse_coin_list coins = {0};
    struct amount wanted = amount_zero(), sum = amount_zero(), change = amount_zero();
    for (size_t i = 0; i < count; i++) {
        TRY(amount_add(&wanted, wanted, outputs[i].amount));
        all[list.count++] = outputs[i];
    }
    TRY(vaultroom_choose(env, status, &coins, &sum, wanted));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(amount_sub(&change, sum, wanted));
    if (!amount_is_zero(change) && list.count == ORDER_OUTPUTS_MAX) {
        *status = STATUS_LIMIT;
        return ERR_OK;
    }
    if (!amount_is_zero(change))
        all[list.count++] =
            (struct output){.amount = change, .key = env->branch->vault_key.public_key};
    return vaultroom_exchange(env, plan_id, &coins, &list, PURSE_PLAN_EXCHANGE);
}

struct sending {
    const struct id *plan_id;
    enum err (*hook)(struct branch_env *env, const struct vaultroom_answer *answer, void *context);
    void *context;
    struct purse_plan plan;
    struct signed_item_list requests;
    struct order_reply reply;
};

static enum err sign_plan(struct branch_env *env, enum status *status, void *context)
{
    struct sending *sending = context;
    *status = STATUS_OK;
    TRY(purse_plan_get(&env->purse, &sending->plan, sending->plan_id));
    if (sending->plan.kind == PURSE_PLAN_CLAIM)
        TRY(purse_plan_requests(&env->purse, &sending->requests, &sending->plan));
    TRY(purse_mark(&env->purse, &sending->plan));
    return purse_sign(&env->purse, &sending->plan);
}

/* An answered plan has done its work: the register keeps the payments, the tombs keep the coins. */
static enum err drop_plan(struct branch_env *env, const struct purse_plan *plan)
{
    const struct purse_plan_item from = {.plan_id = plan->plan_id};
    struct list rows = {0};
    TRY(branch_rows(env, &rows, &purse_table_purse_plan_item, -1, 1, &from));
    const struct purse_plan_item *items = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        TRY(store_delete(env->purse.store, &purse_table_purse_plan_item, &items[i]));
    return store_delete(env->purse.store, &purse_table_purse_plan, plan);
}

/* An answer that does not prove itself, or not for every input, is no answer. */
static enum err learn_answer(struct branch_env *env, enum status *status, void *context)
{
    struct sending *sending = context;
    struct purse_news news = {0};
    struct vaultroom_answer answer = {&sending->plan, &sending->reply, false};
    TRY(purse_learn_order(&env->purse, status, &news, &sending->plan, &sending->reply));
    if (*status != STATUS_OK || sending->plan.state != PURSE_PLAN_SETTLED) {
        *status = STATUS_UNREACHABLE;
        return ERR_OK;
    }
    for (size_t i = 0; i < sending->reply.inputs.count; i++)
        if (sending->reply.inputs.items[i].placed.leaf.outcome == OUTCOME_USED)
            answer.used = true;
    if (sending->hook != NULL)
        TRY(sending->hook(env, &answer, sending->context));
    return drop_plan(env, &sending->plan);
}

enum err vaultroom_send(struct branch_env *env, enum status *status, const struct id *plan_id,
                        enum err (*hook)(struct branch_env *env,
                                         const struct vaultroom_answer *answer, void *context),
                        void *context)
{
    struct sending sending = {.plan_id = plan_id, .hook = hook, .context = context};
    TRY(branch_run(env, status, sign_plan, &sending));
    const bool is_redeem = sending.plan.kind == PURSE_PLAN_REDEEM;
    const struct order_body body = {
        .order = sending.plan.order, .packet = sending.plan.packet, .requests = sending.requests};
    TRY(branch_call(env, status, &sending.reply, is_redeem ? VERB_REDEEM : VERB_EXCHANGE, &body));
    if (*status == STATUS_OK) {
        TRY(relay_place_order(env, &sending.reply));
        TRY(branch_run(env, status, learn_answer, &sending));
    }
    if (*status != STATUS_OK)
        *status = STATUS_PENDING; /* sent again, the same bytes, until it is answered */
    return ERR_OK;
}

/* --- money ordered with the reserve --- */

struct ordering {
    struct vault_order order;
    struct tokens_reply reply;
};

/* Several coins, as even as can be. */
static enum err split(struct output outputs[VAULTROOM_PARTS], size_t *count, struct amount amount,
                      const struct public_key *key)
{
    const uint64_t fen = amount_fen(amount);
    *count = fen < VAULTROOM_PARTS ? 1 : VAULTROOM_PARTS;
    for (size_t i = 0; i < *count; i++) {
        outputs[i].key = *key;
        TRY(amount_from_fen(&outputs[i].amount, fen / *count + (i < fen % *count ? 1 : 0)));
    }
    return ERR_OK;
}

static enum err store_order(struct branch_env *env, enum status *status, void *context)
{
    struct vault_order *row = &((struct ordering *)context)->order;
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct output outputs[VAULTROOM_PARTS];
    struct issue issue = {.outputs = {outputs, 0}, .made_at = env->purse.now};
    *status = STATUS_OK;
    TRY(split(outputs, &issue.outputs.count, row->amount, &env->branch->vault_key.public_key));
    branch_random(env, issue.order_id.bytes, sizeof issue.order_id.bytes);
    TRY(issue_encode(&bytes, &issue));
    TRY(branch_next_number(env, &row->number));
    row->nonce = issue.order_id;
    row->state = VAULT_ORDER_WAITING;
    row->status = STATUS_PENDING;
    row->made_at = env->purse.now;
    TRY(arena_copy(env->purse.arena, &row->order, buffer_span(&bytes)));
    return store_insert(env->purse.store, &bank_table_vault_order, row);
}

/* A token answers one order: what came for an earlier one is not what this one is paid for. */
static enum err take_answer(struct branch_env *env, enum status *status, const struct cose *cose,
                            const struct id *question_id)
{
    bool answers = false;
    TRY(purse_take_token(&env->purse, status, cose));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(purse_token_answers(&env->purse, &answers, cose, question_id));
    if (answers)
        return purse_note_answer(&env->purse, cose, question_id);
    *status = STATUS_ORDER;
    return ERR_OK;
}

/* The tokens are the money that was ordered, or it is not done. */
static enum err take_tokens(struct branch_env *env, enum status *status, struct ordering *ordering)
{
    const struct signed_item_list *tokens = &ordering->reply.tokens;
    struct amount sum = amount_zero();
    struct id question_id = {{0}};
    memcpy(question_id.bytes, ordering->order.nonce.bytes, NONCE_SIZE);
    if (!purse_tokens_differ(tokens))
        *status = STATUS_ORDER;
    for (size_t i = 0; i < tokens->count && *status == STATUS_OK; i++) {
        const struct cose *cose = &tokens->items[i].record;
        struct token token = {0};
        TRY(take_answer(env, status, cose, &question_id));
        if (*status != STATUS_OK)
            return ERR_OK;
        TRY(token_decode(&token, cose->payload, env->purse.arena));
        TRY(amount_add(&sum, sum, token.amount));
    }
    if (*status == STATUS_OK && amount_compare(sum, ordering->order.amount) != 0)
        *status = STATUS_SUM;
    return ERR_OK;
}

static enum err learn_issue(struct branch_env *env, enum status *status, void *context)
{
    struct ordering *ordering = context;
    struct vault_order *row = &ordering->order;
    const enum status answer = *status;
    *status = STATUS_OK;
    row->status = (uint64_t)answer;
    row->done_at = env->purse.now;
    row->state = answer == STATUS_OK        ? VAULT_ORDER_DONE
                 : answer == STATUS_PENDING ? VAULT_ORDER_WAITING
                                            : VAULT_ORDER_REFUSED;
    if (answer == STATUS_OK)
        TRY(take_tokens(env, status, ordering));
    return *status == STATUS_OK ? store_update(env->purse.store, &bank_table_vault_order, row)
                                : ERR_OK;
}

/* *status: the central bank's word; STATUS_UNREACHABLE leaves the order waiting. */
enum err vaultroom_poll(struct branch_env *env, enum status *status,
                        const struct vault_order *order)
{
    struct ordering ordering = {.order = *order};
    const struct issue_body body = {.order = order->order};
    TRY(branch_call(env, status, &ordering.reply, VERB_ISSUE, &body));
    if (*status == STATUS_FORBIDDEN)
        *status = STATUS_UNREACHABLE; /* this bank may not call now: no word about the order */
    if (*status == STATUS_UNREACHABLE ||
        (*status == STATUS_PENDING && order->status == STATUS_PENDING))
        return ERR_OK;
    enum status learned = *status;
    TRY(branch_run(env, &learned, learn_issue, &ordering));
    if (learned != STATUS_OK)
        *status = STATUS_UNREACHABLE; /* tokens that are not what was ordered: ask again */
    return ERR_OK;
}

enum err vaultroom_order(struct branch_env *env, enum status *status, uint64_t *number,
                         struct amount amount)
{
    struct ordering ordering = {.order = {.amount = amount}};
    TRY(branch_run(env, status, store_order, &ordering));
    *number = ordering.order.number;
    TRY(vaultroom_poll(env, status, &ordering.order));
    if (*status == STATUS_UNREACHABLE)
        *status = STATUS_PENDING;
    return ERR_OK;
}

enum err vaultroom_orders(struct branch_env *env, struct vault_order_list *out)
{
    struct list rows = {0};
    TRY(branch_rows(env, &rows, &bank_table_vault_order, -1, 0, NULL));
    *out = (struct vault_order_list){rows.items, rows.count};
    return ERR_OK;
}

enum err vaultroom_returns(struct branch_env *env, struct vault_return_list *out)
{
    struct list rows = {0};
    TRY(branch_rows(env, &rows, &bank_table_vault_return, -1, 0, NULL));
    *out = (struct vault_return_list){rows.items, rows.count};
    return ERR_OK;
}
