/* The register's word, believed only under its signature, leaf by leaf; only it makes me forget a
 * coin.
 *
 * Invariants: 1 nothing changes unless every leaf that is used was proved by path and signature. 2
 * a coin that I promised to somebody (reserved, committed) never becomes available again here. */
#include "common/purse/purse_row.h"

#include <stdlib.h>
#include <string.h>

static bool is_losing(uint64_t outcome)
{
    return outcome == OUTCOME_CONFLICT || outcome == OUTCOME_ORPHAN;
}

static enum purse_coin_event event_of(uint64_t outcome)
{
    if (is_losing(outcome))
        return PURSE_COIN_LOSING;
    return outcome == OUTCOME_LOST ? PURSE_COIN_REFUNDED : PURSE_COIN_SETTLED;
}

/* What moved counts as news; a coin that was promised did not: purse_cancel asks again. */
static enum err count_news(struct purse_news *news, const struct purse_coin *coin,
                           enum purse_coin_event event, bool was_settled)
{
    if (event == PURSE_COIN_SETTLED)
        return was_settled ? ERR_OK : amount_add(&news->settled, news->settled, coin->amount);
    if (event == PURSE_COIN_REFUNDED)
        return amount_add(&news->lost, news->lost, coin->amount);
    news->conflict_count++;
    return amount_add(&news->orphaned, news->orphaned, coin->amount);
}

/* One coin that a payment made me: what its outcome means for it. */
static enum err coin_outcome(struct purse_env *env, struct purse_news *news,
                             struct purse_coin *coin, uint64_t outcome)
{
    const struct purse_coin before = *coin;
    const enum purse_coin_event event = event_of(outcome);
    if (outcome != OUTCOME_SETTLED && event == PURSE_COIN_SETTLED)
        return ERR_OK; /* an order's outcomes make no coins */
    CHECK(purse_coin_next(&coin->state, before.state, event) == STATUS_OK);
    if (event == PURSE_COIN_SETTLED)
        coin->is_settled = 1;
    if (coin->state == before.state && coin->is_settled == before.is_settled)
        return ERR_OK;
    TRY(count_news(news, coin, event, before.is_settled != 0));
    return purse_coin_put(env, coin);
}

static enum err made_coins(struct purse_env *env, struct purse_news *news, const struct leaf *leaf)
{
    const struct purse_coin from = {.has_parent_payment_id = true,
                                    .parent_payment_id = leaf->payment_id};
    struct list rows = {0};
    TRY(purse_rows(env, &rows, &purse_table_purse_coin, 2, 1, &from));
    struct purse_coin *coins = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        TRY(coin_outcome(env, news, &coins[i], leaf->outcome));
    return ERR_OK;
}

static enum err finish_plan(struct purse_env *env, const struct id *plan_id)
{
    struct purse_plan plan = {.plan_id = *plan_id};
    struct purse_plan_item_list items = {0};
    TRY(purse_items(env, &items, plan_id));
    for (size_t i = 0; i < items.count; i++)
        if (items.items[i].outcome == 0)
            return ERR_OK;
    TRY(purse_plan_get(env, &plan, plan_id));
    return purse_settled(env, &plan);
}

/* A coin that I signed away by this very payment is forgotten, whatever became of the payment. */
static enum err spent_coin(struct purse_env *env, const struct leaf *leaf)
{
    const struct purse_plan_item from = {.has_payment_id = true, .payment_id = leaf->payment_id};
    struct list rows = {0};
    TRY(purse_rows(env, &rows, &purse_table_purse_plan_item, 0, 1, &from));
    struct purse_plan_item *items = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        if (!id_equal(&items[i].coin_id, &leaf->coin_id))
            continue;
        items[i].outcome = leaf->outcome;
        TRY(store_update(env->store, &purse_table_purse_plan_item, &items[i]));
        TRY(purse_forget(env, items[i].serial, &items[i].coin_id));
        TRY(finish_plan(env, &items[i].plan_id));
    }
    return ERR_OK;
}

enum err purse_covers(struct purse_env *env, bool *covered, struct span bytes,
                      const struct settle_result *result)
{
    struct packet packet = {0};
    TRY(packet_decode(&packet, bytes, env->arena));
    *covered = result->leaves.count == packet.payments.count;
    for (size_t i = 0; *covered && i < packet.payments.count; i++) {
        const struct id id =
            record_id(env->trust->network, KIND_PAYMENT, packet.payments.items[i].record.payload);
        *covered = id_equal(&id, &result->leaves.items[i].leaf.payment_id);
    }
    return ERR_OK;
}

enum err purse_archived(struct purse_env *env, bool *archived, struct span packet,
                        const struct settle_result *result, const struct cose *settled)
{
    *archived = result->status == STATUS_ARCHIVED;
    if (*archived)
        TRY(purse_covers(env, archived, packet, result));
    for (size_t i = 0; *archived && i < result->leaves.count; i++) {
        const struct placed_leaf *placed = &result->leaves.items[i];
        *archived = placed->leaf.outcome == OUTCOME_ARCHIVED &&
                    merkle_settled(env->trust, settled, placed, env->arena) == STATUS_OK;
    }
    return ERR_OK;
}

enum err purse_learn(struct purse_env *env, enum status *status, struct purse_news *news,
                     const struct settle_result *result, const struct cose *settled)
{
    *status = (enum status)result->status;
    if (*status != STATUS_OK)
        return ERR_OK;
    for (size_t i = 0; i < result->leaves.count && *status == STATUS_OK; i++)
        *status = result->leaves.items[i].leaf.outcome == OUTCOME_ARCHIVED
                      ? STATUS_ARCHIVED
                      : merkle_settled(env->trust, settled, &result->leaves.items[i], env->arena);
    if (*status != STATUS_OK)
        return ERR_OK;
    for (size_t i = 0; i < result->leaves.count; i++) {
        TRY(made_coins(env, news, &result->leaves.items[i].leaf));
        TRY(spent_coin(env, &result->leaves.items[i].leaf));
    }
    return ERR_OK;
}

/* If an input was used, the tokens must be what the order asked for, each of them: else the relay
 * keeps some back. */
static enum err tokens_match(struct purse_env *env, bool *match, const struct purse_plan *plan,
                             const struct order_reply *reply, bool is_used)
{
    struct exchange exchange = {0};
    *match = true;
    if (!is_used || plan->kind == PURSE_PLAN_REDEEM)
        return ERR_OK;
    TRY(exchange_decode(&exchange, plan->order, env->arena));
    *match = reply->tokens.count == exchange.outputs.count && purse_tokens_differ(&reply->tokens);
    for (size_t i = 0; *match && i < reply->tokens.count; i++) {
        struct token token = {0};
        const struct output *asked = &exchange.outputs.items[i];
        const struct cose *cose = &reply->tokens.items[i].record;
        if (token_decode(&token, cose->payload, env->arena) != ERR_OK) {
            *match = false;
            break;
        }
        const struct public_key *key = trust_issuing_key(env->trust, &token.issuing_key_id);
        *match = amount_compare(token.amount, asked->amount) == 0 &&
                 key_equal(&token.owner_key, &asked->key) && key != NULL &&
                 record_verify(env->trust->network, KIND_TOKEN, cose, key) == ERR_OK;
        if (*match)
            TRY(purse_token_answers(env, match, cose, &plan->plan_id));
    }
    return ERR_OK;
}

/* The same for one input minted back: a token to me, of that coin's amount. */
static enum err back_matches(struct purse_env *env, bool *match, const struct input_result *input)
{
    struct purse_coin coin = {0};
    struct token token = {0};
    *match = true;
    if (input->placed.leaf.outcome != OUTCOME_MINTED_BACK)
        return ERR_OK;
    const struct purse_plan_item from = {.has_payment_id = true,
                                         .payment_id = input->placed.leaf.payment_id};
    struct list rows = {0};
    TRY(purse_rows(env, &rows, &purse_table_purse_plan_item, 0, 1, &from));
    *match = false;
    if (rows.count == 0 || !input->has_token ||
        token_decode(&token, input->token.payload, env->arena) != ERR_OK)
        return ERR_OK;
    const struct purse_plan_item *item = rows.items;
    bool found = false;
    coin.serial = item->serial;
    coin.coin_id = item->coin_id;
    TRY(purse_find(env, &found, &purse_table_purse_coin, &coin));
    const struct public_key *key = trust_issuing_key(env->trust, &token.issuing_key_id);
    *match = key != NULL &&
             record_verify(env->trust->network, KIND_TOKEN, &input->token, key) == ERR_OK &&
             (!found || (amount_compare(token.amount, coin.amount) == 0 &&
                         key_equal(&token.owner_key, &item->key)));
    return *match ? purse_token_answers(env, match, &input->token, &input->placed.leaf.payment_id)
                  : ERR_OK;
}

/* Inputs alike may all be minted back: as many tokens, none of them twice. */
static bool backs_differ(const struct order_reply *reply)
{
    const struct input_result *inputs = reply->inputs.items;
    for (size_t i = 0; i < reply->inputs.count; i++)
        for (size_t j = 0; j < i; j++)
            if (inputs[i].has_token && inputs[j].has_token &&
                span_equal(inputs[i].token.payload, inputs[j].token.payload))
                return false;
    return true;
}

static enum err check_order(struct purse_env *env, enum status *status,
                            const struct purse_plan *plan, const struct order_reply *reply)
{
    bool is_used = false, match = false;
    *status = STATUS_OK;
    for (size_t i = 0; i < reply->inputs.count; i++) {
        const struct input_result *input = &reply->inputs.items[i];
        if (!reply->has_settled)
            *status = STATUS_SIGNATURE;
        else
            *status = merkle_settled(env->trust, &reply->settled, &input->placed, env->arena);
        if (*status != STATUS_OK)
            return ERR_OK;
        TRY(back_matches(env, &match, input));
        if (!match) {
            *status = STATUS_ORDER;
            return ERR_OK;
        }
        is_used = is_used || input->placed.leaf.outcome == OUTCOME_USED;
    }
    TRY(tokens_match(env, &match, plan, reply, is_used));
    if (!match || !backs_differ(reply))
        *status = STATUS_ORDER;
    return ERR_OK;
}

static enum err take_mine(struct purse_env *env, struct purse_news *news, const struct cose *token,
                          const struct id *question_id)
{
    enum status status = STATUS_OK;
    struct token facts = {0};
    bool mine = false;
    TRY(purse_take_token(env, &status,
                         token)); /* another's token (a customer's) is not mine to take */
    TRY(token_decode(&facts, token->payload, env->arena));
    TRY(purse_key_is_mine(env, &mine, &facts.owner_key));
    if (mine)
        TRY(purse_note_answer(env, token, question_id));
    return mine ? amount_add(&news->settled, news->settled, facts.amount) : ERR_OK;
}

enum err purse_learn_order(struct purse_env *env, enum status *status, struct purse_news *news,
                           struct purse_plan *plan, const struct order_reply *reply)
{
    TRY(check_order(env, status, plan, reply));
    if (*status != STATUS_OK)
        return ERR_OK;
    for (size_t i = 0; i < reply->tokens.count; i++)
        TRY(take_mine(env, news, &reply->tokens.items[i].record, &plan->plan_id));
    for (size_t i = 0; i < reply->inputs.count; i++) {
        const struct input_result *input = &reply->inputs.items[i];
        if (input->placed.leaf.outcome == OUTCOME_MINTED_BACK)
            TRY(take_mine(env, news, &input->token, &input->placed.leaf.payment_id));
        if (is_losing(input->placed.leaf.outcome))
            news->conflict_count++;
        TRY(spent_coin(env, &input->placed.leaf));
    }
    return purse_plan_get(env, plan, &plan->plan_id);
}

static int compare_plans(const void *a, const void *b)
{
    const struct purse_plan *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static enum err append_plans(struct purse_env *env, struct purse_plan_list *out,
                             const struct list *rows)
{
    const size_t count = out->count + rows->count;
    void *items = NULL;
    if (rows->count == 0)
        return ERR_OK;
    TRY(arena_alloc(env->arena, &items, count, sizeof out->items[0]));
    if (out->count > 0)
        memcpy(items, out->items, out->count * sizeof out->items[0]);
    memcpy((struct purse_plan *)items + out->count, rows->items,
           rows->count * sizeof out->items[0]);
    *out = (struct purse_plan_list){items, count};
    return ERR_OK;
}

enum err purse_plans(struct purse_env *env, struct purse_plan_list *out, unsigned kind,
                     enum purse_plan_state lo, enum purse_plan_state hi)
{
    *out = (struct purse_plan_list){0};
    for (unsigned state = lo; state <= (unsigned)hi; state++) {
        const struct purse_plan from = {.kind = kind, .state = state};
        struct list rows = {0};
        TRY(purse_rows(env, &rows, &purse_table_purse_plan, kind == 0 ? 0 : 1, kind == 0 ? 1 : 2,
                       &from));
        TRY(append_plans(env, out, &rows));
    }
    if (out->count > 1)
        qsort(out->items, out->count, sizeof out->items[0], compare_plans);
    return ERR_OK;
}

enum err purse_plan_requests(struct purse_env *env, struct signed_item_list *out,
                             const struct purse_plan *plan)
{
    struct purse_plan_item_list items = {0};
    void *memory = NULL;
    TRY(purse_items(env, &items, &plan->plan_id));
    TRY(arena_alloc(env->arena, &memory, PACKET_COINS_MAX, sizeof out->items[0]));
    *out = (struct signed_item_list){memory, 0};
    for (size_t i = 0; i < items.count; i++) {
        struct purse_coin coin = {.serial = items.items[i].serial,
                                  .coin_id = items.items[i].coin_id};
        struct purse_request request = {0};
        bool found = false;
        TRY(store_get(env->store, &purse_table_purse_coin, &coin, env->arena));
        request.request_id = coin.request_id;
        if (coin.has_request_id)
            TRY(purse_find(env, &found, &purse_table_purse_request, &request));
        if (found)
            out->items[out->count++].record = request.request;
    }
    return ERR_OK;
}
