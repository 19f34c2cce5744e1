/* Plans: coins reserved, marked, signed and stored, in that order, each step durable before the
 * next (purse.h).
 *
 * Invariants: 1 purse_sign signs stored payloads, nothing else. 2 after the mark there is no way
 * back. 3 a counter once in a payload is used up, even if the plan is cancelled. 4 the packet of a
 * plan is made once; whoever sends reads it from the row. */
#include "common/base/time.h"
#include "common/purse/purse_row.h"

static enum err take_counter(struct purse_env *env, uint64_t *counter, const struct public_key *key)
{
    struct purse_key row = {.key = *key};
    TRY(store_get(env->store, &purse_table_purse_key, &row, env->arena));
    if (row.state == PURSE_KEY_FROZEN)
        return ERR_MISSING;
    *counter = row.next_counter++;
    return store_update(env->store, &purse_table_purse_key, &row);
}

static void move_coin(struct purse_coin *coin, enum purse_coin_event event)
{
    CHECK(purse_coin_next(&coin->state, coin->state, event) == STATUS_OK);
}

/* One coin's payload into a durable item; the coin is reserved. */
static enum err add_item(struct purse_env *env, const struct purse_plan *plan, size_t position,
                         const struct purse_coin *coin, const struct output_list *outputs)
{
    struct payment payment = {
        .serial = coin->serial,
        .coin_id = coin->coin_id,
        .outputs = *outputs,
        .has_reference = true,
        .reference = plan->plan_id,
        .paid_day = time_day(env->now),
        .revocations_version = env->trust->revocations.version,
    };
    TRY(take_counter(env, &payment.counter, &coin->owner_key));
    struct buffer payload AUTO(buffer_fini) = {0};
    TRY(payment_encode(&payload, &payment));
    const struct purse_plan_item item = {
        .plan_id = plan->plan_id,
        .position = position,
        .serial = coin->serial,
        .coin_id = coin->coin_id,
        .key = coin->owner_key,
        .payload = buffer_span(&payload),
    };
    TRY(store_insert(env->store, &purse_table_purse_plan_item, &item));
    struct purse_coin reserved = *coin;
    move_coin(&reserved, PURSE_COIN_RESERVE);
    reserved.has_plan_id = true;
    reserved.plan_id = plan->plan_id;
    return store_update(env->store, &purse_table_purse_coin, &reserved);
}

static enum err new_plan(struct purse_env *env, struct purse_plan *plan)
{
    TRY(purse_next_number(env, &plan->number));
    plan->state = PURSE_PLAN_RESERVED;
    plan->made_at = plan->changed_at = env->now;
    return store_insert(env->store, &purse_table_purse_plan, plan);
}

/* What a coin pays of `left`, and its change to my current key. */
static enum err payee_outputs(struct purse_env *env, struct output_list *outputs,
                              struct amount *left, const struct purse_coin *coin,
                              const struct public_key *payee)
{
    const struct amount paid = amount_min(*left, coin->amount);
    struct amount change = amount_zero();
    TRY(amount_sub(left, *left, paid));
    TRY(amount_sub(&change, coin->amount, paid));
    outputs->items[0] = (struct output){.amount = paid, .key = *payee};
    outputs->count = 1;
    if (amount_is_zero(change))
        return ERR_OK;
    struct purse_key current = {0};
    TRY(purse_key_current(env, &current));
    outputs->items[outputs->count++] = (struct output){.amount = change, .key = current.key};
    return ERR_OK;
}

enum err purse_reserve_payment(struct purse_env *env, struct purse_plan *plan,
                               const struct purse_coin_list *coins, const struct request *request,
                               const struct id *request_id, const struct cose *request_cose)
{
    struct amount left = request->amount;
    *plan = (struct purse_plan){
        .plan_id = *request_id,
        .kind = PURSE_PLAN_PAY,
        .amount = request->amount,
        .has_request = true,
        .request = *request_cose,
    };
    TRY(new_plan(env, plan));
    for (size_t i = 0; i < coins->count; i++) {
        struct output items[2];
        struct output_list outputs = {items, 0};
        TRY(payee_outputs(env, &outputs, &left, &coins->items[i], &request->payee_key));
        TRY(add_item(env, plan, i, &coins->items[i], &outputs));
    }
    return amount_is_zero(left) ? ERR_OK : ERR_RANGE;
}

enum err purse_reserve_order(struct purse_env *env, struct purse_plan *plan,
                             const struct purse_coin_list *coins, enum purse_plan_kind kind,
                             struct span order)
{
    const enum kind record_kind = kind == PURSE_PLAN_REDEEM ? KIND_REDEEM : KIND_EXCHANGE;
    *plan = (struct purse_plan){
        .plan_id = record_id(env->trust->network, record_kind, order),
        .kind = kind,
        .order = order,
    };
    for (size_t i = 0; i < coins->count; i++)
        TRY(amount_add(&plan->amount, plan->amount, coins->items[i].amount));
    TRY(new_plan(env, plan));
    for (size_t i = 0; i < coins->count; i++) {
        struct output whole = {.amount = coins->items[i].amount,
                               .key = env->trust->directory.register_key};
        const struct output_list outputs = {&whole, 1};
        TRY(add_item(env, plan, i, &coins->items[i], &outputs));
    }
    return ERR_OK;
}

enum err purse_draft(struct purse_env *env, struct span *packet, const struct purse_plan *plan)
{
    struct purse_plan_item_list items = {0};
    struct cose unsigned_items[PACKET_COINS_MAX] = {0};
    TRY(purse_items(env, &items, &plan->plan_id));
    for (size_t i = 0; i < items.count; i++)
        unsigned_items[i].payload = items.items[i].payload;
    return purse_build(env, packet, plan, &items, unsigned_items);
}

#define NO 255
#define GONE 0
static const unsigned char moves[][PURSE_EVENT_COUNT] = {
    /*                       MARK SIGN SEND CONFIRM SETTLE CANCEL: the state that follows */
    [PURSE_PLAN_RESERVED] = {2, NO, NO, NO, NO, GONE},
    [PURSE_PLAN_SIGNING] = {2, 3, NO, NO, NO, NO},
    [PURSE_PLAN_COMMITTED] = {3, 3, 4, 5, 6, NO},
    [PURSE_PLAN_SENT] = {4, 4, 4, 5, 6, NO},
    [PURSE_PLAN_CONFIRMED] = {5, 5, 5, 5, 6, NO},
    [PURSE_PLAN_SETTLED] = {6, 6, 6, 6, 6, NO},
};

enum status purse_next(unsigned *next, uint64_t state, enum purse_event event)
{
    if (state < PURSE_PLAN_RESERVED || state > PURSE_PLAN_SETTLED || event >= PURSE_EVENT_COUNT ||
        moves[state][event] == NO)
        return STATUS_STATE;
    *next = moves[state][event];
    return STATUS_OK;
}

static enum err move_plan(struct purse_env *env, struct purse_plan *plan, enum purse_event event)
{
    unsigned next = 0;
    CHECK(purse_next(&next, plan->state, event) == STATUS_OK); /* callers ask first */
    if (plan->state == next)
        return ERR_OK; /* states only rise: a retry changes nothing */
    plan->state = next;
    plan->changed_at = env->now;
    return store_update(env->store, &purse_table_purse_plan, plan);
}

enum err purse_mark(struct purse_env *env, struct purse_plan *plan)
{
    return move_plan(env, plan, PURSE_MARK);
}

/* The payment's own outputs to me (change), with the line they stand on. */
static enum err keep_change(struct purse_env *env, const struct purse_plan_item *item,
                            const struct purse_coin *coin)
{
    struct payment payment = {0};
    TRY(payment_decode(&payment, item->payload, env->arena));
    const struct purse_payment row = {
        .payment_id = item->payment_id,
        .serial = item->serial,
        .coin_id = item->coin_id,
        .has_parent_payment_id = coin->has_parent_payment_id,
        .parent_payment_id = coin->parent_payment_id,
        .payment = item->payment,
        .signer_key = item->key,
    };
    TRY(store_insert(env->store, &purse_table_purse_payment, &row));
    for (size_t i = 0; i < payment.outputs.count; i++) {
        const struct output *output = &payment.outputs.items[i];
        bool mine = false;
        TRY(purse_key_is_mine(env, &mine, &output->key));
        if (!mine)
            continue;
        struct purse_coin change = *coin;
        change.coin_id = record_coin_output(&item->payment_id, (uint16_t)i);
        change.amount = output->amount;
        change.owner_key = output->key;
        change.state = PURSE_AVAILABLE;
        change.is_settled = 0;
        change.has_parent_payment_id = true;
        change.parent_payment_id = item->payment_id;
        change.output_index = i;
        change.hops = coin->hops + (key_equal(&output->key, &item->key) ? 0 : 1);
        change.depth = coin->depth + 1;
        change.has_plan_id = false;
        change.taken_at = env->now;
        TRY(purse_coin_put(env, &change));
    }
    return ERR_OK;
}

static enum err sign_item(struct purse_env *env, struct purse_plan_item *item)
{
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    struct purse_coin coin = {.serial = item->serial, .coin_id = item->coin_id};
    TRY(env->key(env->context, &pair, &item->key));
    TRY(record_sign_payload(&item->payment, env->trust->network, KIND_PAYMENT, item->payload,
                            &pair));
    item->has_payment = true;
    item->has_payment_id = true;
    item->payment_id = record_id(env->trust->network, KIND_PAYMENT, item->payload);
    TRY(store_update(env->store, &purse_table_purse_plan_item, item));
    TRY(store_get(env->store, &purse_table_purse_coin, &coin, env->arena));
    TRY(keep_change(env, item, &coin));
    move_coin(&coin, PURSE_COIN_SIGN);
    return store_update(env->store, &purse_table_purse_coin, &coin);
}

enum err purse_sign(struct purse_env *env, struct purse_plan *plan)
{
    struct purse_plan_item_list items = {0};
    struct cose payments[PACKET_COINS_MAX] = {0};
    CHECK(plan->state >= PURSE_PLAN_SIGNING); /* the mark comes first: invariant 1 of purse.h */
    if (plan->state > PURSE_PLAN_SIGNING)
        return ERR_OK;
    TRY(purse_items(env, &items, &plan->plan_id));
    for (size_t i = 0; i < items.count; i++) {
        TRY(sign_item(env, &items.items[i]));
        payments[i] = items.items[i].payment;
    }
    TRY(purse_build(env, &plan->packet, plan, &items, payments));
    plan->has_packet = true;
    return move_plan(env, plan, PURSE_SIGN);
}

enum err purse_sent(struct purse_env *env, struct purse_plan *plan)
{
    return move_plan(env, plan, PURSE_SEND);
}

enum err purse_confirmed(struct purse_env *env, struct purse_plan *plan)
{
    return move_plan(env, plan, PURSE_CONFIRM);
}

static enum err free_coin(struct purse_env *env, const struct purse_plan *plan,
                          const struct purse_plan_item *item)
{
    struct purse_coin coin = {.serial = item->serial, .coin_id = item->coin_id};
    struct span line = {0};
    TRY(store_get(env->store, &purse_table_purse_coin, &coin, env->arena));
    move_coin(&coin, PURSE_COIN_FREE);
    if (plan->kind == PURSE_PLAN_CLAIM) /* as it was */
        coin.state = PURSE_ORPHANED;
    coin.has_plan_id = false;
    TRY(store_update(env->store, &purse_table_purse_coin, &coin));
    if (coin.is_settled || coin.state == PURSE_ORPHANED)
        return ERR_OK;
    TRY(purse_line_packet(env, &line, &coin));
    return purse_inbox_put(env, line);
}

enum err purse_cancel(struct purse_env *env, enum status *status, struct purse_plan *plan)
{
    struct purse_plan_item_list items = {0};
    unsigned next = GONE;
    *status = purse_next(&next, plan->state, PURSE_CANCEL);
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(purse_items(env, &items, &plan->plan_id));
    for (size_t i = 0; i < items.count; i++) {
        TRY(free_coin(env, plan, &items.items[i]));
        TRY(store_delete(env->store, &purse_table_purse_plan_item, &items.items[i]));
    }
    return store_delete(env->store, &purse_table_purse_plan, plan);
}

enum err purse_settled(struct purse_env *env, struct purse_plan *plan)
{
    return move_plan(env, plan, PURSE_SETTLE);
}

enum err purse_plan_get(struct purse_env *env, struct purse_plan *out, const struct id *plan_id)
{
    *out = (struct purse_plan){.plan_id = *plan_id};
    return store_get(env->store, &purse_table_purse_plan, out, env->arena);
}
