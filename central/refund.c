/* What lost wallets own, and how it comes back (contract in refund.h). */
#include "central/refund.h"

#include "central/archive.h"
#include "central/authority.h"
#include "central/books.h"
#include "central/claims.h"
#include "central/register_row.h"
#include "common/base/time.h"
#include "common/money/call.h"

/* Whose key is it, if it is one of the bank's customers'? */
static enum err customer_of(struct register_env *env, bool *is_mine, struct nonce *customer,
                            const struct public_key *key, const struct bank *bank)
{
    struct wallet_key row = {0};
    bool found = false;
    TRY(authority_wallet_key(env, &found, &row, key));
    *is_mine = found && row.bank_id == bank->bank_id;
    *customer = row.customer;
    return ERR_OK;
}

/* --- what keys hold --- */

static enum err add_held(struct register_env *env, struct holdings *held, size_t key_index,
                         const struct coin *from, bool after)
{
    const struct register_holdings_query query = {.key = &from->owner_key,
                                                  .state = (enum coin_state)from->state,
                                                  .after_serial = after ? from->serial : 0,
                                                  .after_coin_id = from->coin_id};
    struct coin coins[HELD_COINS_MAX + 1];
    const size_t room = HELD_COINS_MAX - held->coins.count + 1;
    size_t count = room;
    TRY(register_holdings(env, coins, &count, &query));
    for (size_t i = 0; i < count && held->coins.count < HELD_COINS_MAX; i++)
        held->coins.items[held->coins.count++] =
            (struct held_coin){.key_index = key_index,
                               .state = coins[i].state,
                               .serial = coins[i].serial,
                               .coin_id = coins[i].coin_id,
                               .amount = coins[i].amount,
                               .redeem_by_day = coins[i].redeem_by_day,
                               .has_purpose = coins[i].has_purpose,
                               .purpose = coins[i].purpose};
    held->more = count >= room;
    return ERR_OK;
}

/* Of one key: unspent coins first, then orphans. */
static enum err add_key(struct register_env *env, struct holdings *held,
                        const struct held_body *body, size_t index)
{
    static const enum coin_state states[] = {COIN_UNSPENT, COIN_ORPHAN};
    for (size_t i = 0; i < sizeof states / sizeof states[0] && held->more == 0; i++) {
        const bool goes_on = index == 0 && body->after_serial > 0;
        const struct coin from = {.owner_key = body->keys.items[index].key,
                                  .state = states[i],
                                  .serial = body->after_serial,
                                  .coin_id = body->after_coin_id};
        if (!goes_on || states[i] >= body->after_state)
            TRY(add_held(env, held, index, &from, goes_on && states[i] == body->after_state));
    }
    return ERR_OK;
}

/* The register's word on it, for this question alone. */
static enum err sign_held(struct register_env *env, struct held_reply *reply, struct holdings *held,
                          const struct held_body *body)
{
    TRY(call_question(&held->question_id, VERB_HELD, body));
    held->made_at = env->now;
    return record_sign(&reply->holdings, env->trust->network, KIND_HOLDINGS, held,
                       env->register_key, env->arena);
}

enum err refund_held(struct register_env *env, struct held_reply *reply, enum status *status,
                     const struct held_body *body, const struct bank *bank)
{
    void *memory = NULL;
    struct holdings held = {.more = 0};
    *status = STATUS_OK;
    for (size_t i = 0; i < body->keys.count; i++) {
        struct nonce customer = {{0}};
        bool is_mine = false;
        TRY(customer_of(env, &is_mine, &customer, &body->keys.items[i].key, bank));
        if (!is_mine)
            *status = STATUS_FORBIDDEN;
    }
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(arena_alloc(env->arena, &memory, HELD_COINS_MAX, sizeof(struct held_coin)));
    held.coins = (struct held_coin_list){memory, 0};
    for (size_t i = 0; i < body->keys.count && held.more == 0; i++)
        TRY(add_key(env, &held, body, i));
    return sign_held(env, reply, &held, body);
}

/* --- advances --- */

/* A coin of a lost wallet, for which its bank says that it has paid in advance. */
struct advanced {
    const struct coin *coin;
    const struct wallet_key *owner;
    const struct bank *bank;
};

/* An exchange of the bank's own vault, made when it knew the lost key: whoever exchanges his own
 * coins through the bank at a sync has not been paid anything. */
static bool may_be_advance(const struct order_row *order, const struct advanced *advanced)
{
    return order->is_by_vault == 1 && order->bank_id == advanced->bank->bank_id &&
           order->made_at >= advanced->owner->logged_at;
}

/* The lost coin was there first, so that no order pays for what became of its own tokens; and what
 * he got for it lies at another key than the lost one, and is as free as the coin was. */
static bool may_be_for(const struct coin *paid, const struct coin *lost)
{
    return paid->serial > lost->serial && !key_equal(&paid->owner_key, &lost->owner_key) &&
           (!paid->has_purpose || (lost->has_purpose && paid->purpose == lost->purpose));
}

static enum err add_paid(struct register_env *env, enum status *status, struct amount *out,
                         const struct order_token *token, const struct advanced *advanced)
{
    struct coin coin = {0};
    struct nonce owner = {{0}};
    bool is_mine = false, is_held = false;
    const enum err error = register_coin(env, &coin, token->serial, &token->coin_id);
    if (error == ERR_MISSING)
        TRY(archive_holds(env, &is_held, token->serial, 0));
    if (is_held) {
        *status = STATUS_ARCHIVED;
        return ERR_OK;
    }
    TRY(error);
    TRY(customer_of(env, &is_mine, &owner, &coin.owner_key, advanced->bank));
    if (is_mine && span_equal(SPAN(owner), SPAN(advanced->owner->customer)) &&
        may_be_for(&coin, advanced->coin))
        TRY(amount_add(out, *out, coin.amount));
    return ERR_OK;
}

/* What an order paid in advance for the coin. *status: STATUS_ARCHIVED if that cannot be told. */
static enum err paid_by(struct register_env *env, enum status *status, struct amount *out,
                        const struct id *order_id, const struct advanced *advanced)
{
    const struct order_token from = {.order_id = *order_id};
    struct order_row order = {.order_id = *order_id};
    struct list rows = {0};
    bool found = false;
    *out = amount_zero();
    TRY(register_find(env, &found, &tables_table_order_row, &order));
    if (!found || !may_be_advance(&order, advanced))
        return ERR_OK;
    TRY(register_rows(env, &rows, &tables_table_order_token, -1, 1, &from));
    const struct order_token *tokens = rows.items;
    for (size_t i = 0; i < rows.count && *status == STATUS_OK; i++)
        TRY(add_paid(env, status, out, &tokens[i], advanced));
    return ERR_OK;
}

/* Is there as much left of it as the coin is worth? */
static enum err is_covered(struct register_env *env, enum status *status, const struct id *order_id,
                           const struct advanced *advanced)
{
    const struct refund from = {.has_advance_id = true, .advance_id = *order_id};
    struct amount paid = amount_zero(), used = advanced->coin->amount;
    struct list rows = {0};
    TRY(paid_by(env, status, &paid, order_id, advanced));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(register_rows(env, &rows, &tables_table_refund, 0, 1, &from));
    const struct refund *refunds = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        TRY(amount_add(&used, used, refunds[i].amount));
    *status = amount_compare(used, paid) <= 0 ? STATUS_OK : STATUS_ORDER;
    return ERR_OK;
}

/* --- one coin --- */

static enum err judge_goal(struct register_env *env, enum status *status,
                           const struct refund_item *item, const struct coin *coin,
                           const struct bank *bank)
{
    struct wallet_key owner = {0};
    struct nonce goal = {{0}};
    bool found = false, goal_is_mine = false;
    TRY(authority_wallet_key(env, &found, &owner, &coin->owner_key));
    TRY(customer_of(env, &goal_is_mine, &goal, &item->to_key, bank));
    if (!found || owner.bank_id != bank->bank_id) {
        *status = STATUS_FORBIDDEN;
    } else if (!item->has_advance_id) {
        if (!goal_is_mine || !span_equal(SPAN(owner.customer), SPAN(goal)))
            *status = STATUS_CERTIFIED_ELSEWHERE;
    } else if (!key_equal(&item->to_key, &bank->vault_key)) {
        *status = STATUS_CERTIFIED_ELSEWHERE;
    } else {
        *status = STATUS_ORDER;
        if (coin->state == COIN_ORPHAN)
            return ERR_OK;
        *status = STATUS_OK;
        TRY(is_covered(env, status, &item->advance_id, &(struct advanced){coin, &owner, bank}));
    }
    return ERR_OK;
}

static enum err judge(struct register_env *env, enum status *status, const struct refund_item *item,
                      const struct coin *coin, const struct bank *bank)
{
    *status = STATUS_OK;
    TRY(judge_goal(env, status, item, coin, bank));
    if (*status != STATUS_OK)
        return ERR_OK;
    if (coin->state != COIN_UNSPENT && coin->state != COIN_ORPHAN)
        *status = STATUS_STATE;
    else if (time_day(env->now) < coin->redeem_by_day)
        *status = STATUS_EARLY;
    return ERR_OK;
}

static enum err give_anew(struct register_env *env, struct refund *row, const struct coin *coin,
                          bool is_orphan)
{
    struct cose token = {0};
    if (is_orphan)
        return claims_make_for(env, coin, &row->to_key);
    TRY(books_unspent_sub(env->store, coin->amount));
    TRY(register_mint(env, &token, &row->token_serial, &row->token_coin_id, coin->amount,
                      &row->to_key, coin->has_purpose, coin->purpose));
    row->has_token_coin_id = true;
    return books_journal(env->store, "refund", row->bank_id, coin->amount, env->now, "");
}

static enum err refund_coin(struct register_env *env, struct refund *row,
                            const struct refund_item *item, const struct coin *coin,
                            const struct bank *bank)
{
    struct coin voided = *coin;
    *row = (struct refund){
        .serial = coin->serial,
        .coin_id = coin->coin_id,
        .bank_id = bank->bank_id,
        .amount = coin->amount,
        .to_key = item->to_key,
        .has_advance_id = item->has_advance_id,
        .advance_id = item->advance_id,
        .made_at = env->now,
    };
    voided.state = COIN_REFUNDED;
    TRY(store_update(env->store, &tables_table_coin, &voided));
    TRY(give_anew(env, row, coin, coin->state == COIN_ORPHAN));
    return store_insert(env->store, &tables_table_refund, row);
}

/* What was refunded is told to the bank that asked for it, and to no other. Its token, if there is
 * one, goes beside the results: it may be signed after them. */
static enum err answer(struct register_env *env, struct refund_result *out,
                       struct signed_item_list *tokens, const struct refund *row,
                       const struct bank *bank)
{
    enum status status = row->bank_id == bank->bank_id ? STATUS_OK : STATUS_FORBIDDEN;
    if (status == STATUS_OK && row->has_token_coin_id) {
        struct cose *token = &tokens->items[tokens->count].record;
        TRY(register_token_of(env, &status, token, row->token_serial, &row->token_coin_id));
        out->has_token_coin_id = status == STATUS_OK;
        tokens->count += out->has_token_coin_id;
    }
    if (out->has_token_coin_id)
        out->token_coin_id = row->token_coin_id;
    out->status = (uint64_t)status;
    return ERR_OK;
}

static enum err refund_item(struct register_env *env, struct refund_result *out,
                            struct signed_item_list *tokens, const struct refund_item *item,
                            const struct bank *bank)
{
    struct coin coin = {0};
    struct refund row = {.serial = item->serial, .coin_id = item->coin_id};
    enum status status = STATUS_UNKNOWN;
    bool done = false, is_held = false;
    *out = (struct refund_result){.status = STATUS_UNKNOWN};
    const enum err found = register_coin(env, &coin, item->serial, &item->coin_id);
    if (found == ERR_MISSING) {
        TRY(archive_holds(env, &is_held, item->serial, 0));
        out->status = is_held ? STATUS_ARCHIVED : STATUS_UNKNOWN;
        return ERR_OK;
    }
    TRY(found);
    TRY(register_find(env, &done, &tables_table_refund, &row));
    if (!done)
        TRY(judge(env, &status, item, &coin, bank));
    if (!done && status == STATUS_OK)
        TRY(refund_coin(env, &row, item, &coin, bank));
    if (done || status == STATUS_OK)
        TRY(answer(env, out, tokens, &row, bank));
    else
        out->status = (uint64_t)status;
    if (out->status != STATUS_FORBIDDEN)
        out->redeem_by_day = coin.redeem_by_day;
    return ERR_OK;
}

enum err refund_make(struct register_env *env, struct refund_reply *reply,
                     const struct refund_body *body, const struct bank *bank)
{
    void *results = NULL, *tokens = NULL;
    struct refunds refunds = {.made_at = env->now};
    TRY(arena_alloc(env->arena, &results, body->items.count, sizeof(struct refund_result)));
    TRY(arena_alloc(env->arena, &tokens, body->items.count, sizeof(struct signed_item)));
    refunds.results = (struct refund_result_list){results, body->items.count};
    *reply = (struct refund_reply){.tokens = {tokens, 0}};
    for (size_t i = 0; i < body->items.count; i++)
        TRY(refund_item(env, &refunds.results.items[i], &reply->tokens, &body->items.items[i],
                        bank));
    TRY(call_question(&refunds.question_id, VERB_REFUND, body));
    return record_sign(&reply->refunds, env->trust->network, KIND_REFUNDS, &refunds,
                       env->register_key, env->arena);
}
