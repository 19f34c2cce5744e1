/* Orders: exchanges and claims. Durable, marked and signed before they leave; the same bytes until
 * the register answered, input by input.
 *
 * Invariants: 1 only coins that are AVAILABLE and known to the register are exchanged. 2 an orphan
 * is claimed alone, with the request it was paid under. */
#include "wallet/sync/sync_step.h"

#include "common/purse/purse_row.h"
#include "wallet/handover/handover.h"

#include <stdlib.h>

enum { EXCHANGE_COINS_MAX = PACKET_COINS_MAX, COINS_AIMED_AT = 24 };

/* --- sending one --- */

struct ordering {
    struct sync_run *run;
    struct purse_plan plan;
    struct order_body body;
    struct order_reply reply;
    struct purse_news news;
    enum status status;
};

static enum err mark_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct ordering *ordering = context;
    TRY(wallet_count(wallet));
    return purse_mark(env, &ordering->plan);
}

static enum err sign_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct ordering *ordering = context;
    (void)wallet;
    return purse_sign(env, &ordering->plan);
}

/* The requests are read while the coins are still here. */
static enum err body_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct ordering *ordering = context;
    (void)wallet;
    ordering->body =
        (struct order_body){.order = ordering->plan.order, .packet = ordering->plan.packet};
    return ordering->plan.kind == PURSE_PLAN_CLAIM
               ? purse_plan_requests(env, &ordering->body.requests, &ordering->plan)
               : ERR_OK;
}

static enum err learn_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct ordering *ordering = context;
    (void)wallet;
    return purse_learn_order(env, &ordering->status, &ordering->news, &ordering->plan,
                             &ordering->reply);
}

static enum err take_answer(struct ordering *ordering, struct arena *arena)
{
    struct sync_report *report = ordering->run->report;
    TRY(wallet_transact(ordering->run->wallet, learn_work, ordering, arena));
    sync_note(ordering->run, ordering->status);
    report->conflict_count += ordering->news.conflict_count;
    return amount_add(&report->exchanged, report->exchanged, ordering->news.settled);
}

static enum err send_order(struct sync_run *run, const struct purse_plan *plan)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct ordering ordering = {.run = run, .plan = *plan};
    if (ordering.plan.state == PURSE_PLAN_RESERVED)
        TRY(wallet_transact(run->wallet, mark_work, &ordering, &arena));
    TRY(wallet_follow(run->wallet));
    if (ordering.plan.state == PURSE_PLAN_SIGNING)
        TRY(wallet_transact(run->wallet, sign_work, &ordering, &arena));
    TRY(wallet_transact(run->wallet, body_work, &ordering, &arena));
    TRY(sync_call(run->wallet, &ordering.status, &ordering.reply, VERB_EXCHANGE, &ordering.body,
                  NULL, &arena));
    if (ordering.status == STATUS_OK)
        return take_answer(&ordering, &arena);
    sync_note(run, ordering.status);
    return ERR_OK;
}

/* --- those that wait --- */

struct waiting {
    struct purse_plan_list exchanges, claims;
};

static enum err list_waiting(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct waiting *waiting = context;
    (void)wallet;
    TRY(purse_plans(env, &waiting->exchanges, PURSE_PLAN_EXCHANGE, PURSE_PLAN_RESERVED,
                    PURSE_PLAN_CONFIRMED));
    return purse_plans(env, &waiting->claims, PURSE_PLAN_CLAIM, PURSE_PLAN_RESERVED,
                       PURSE_PLAN_CONFIRMED);
}

static enum err send_plans(struct sync_run *run, const struct purse_plan_list *plans)
{
    for (size_t i = 0; i < plans->count && !run->is_stopped; i++)
        TRY(send_order(run, &plans->items[i]));
    return ERR_OK;
}

enum err sync_orders(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct waiting waiting = {0};
    TRY(wallet_transact(run->wallet, list_waiting, &waiting, &arena));
    TRY(send_plans(run, &waiting.exchanges));
    return send_plans(run, &waiting.claims);
}

/* --- making one --- */

static enum err make_order(struct wallet *wallet, struct purse_env *env,
                           const struct purse_coin_list *coins, enum purse_plan_kind kind,
                           const struct output_list *outputs)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct exchange exchange = {.outputs = *outputs, .made_at = wallet->now};
    struct purse_plan plan = {0};
    struct span order = {0};
    wallet->random(wallet->context, exchange.nonce.bytes, NONCE_SIZE);
    TRY(exchange_encode(&bytes, &exchange));
    TRY(arena_copy(env->arena, &order, buffer_span(&bytes)));
    return purse_reserve_order(env, &plan, coins, kind, order);
}

/* Without the request it was paid under, a claim would be refused for ever, and under a frozen key
 * nothing is signed: then the orphan waits for the bank to claim it. */
static enum err claim_coin(struct wallet *wallet, struct purse_env *env, struct purse_coin *coin)
{
    struct purse_request request = {.request_id = coin->request_id};
    struct output output = {.amount = coin->amount, .key = coin->owner_key};
    const struct output_list outputs = {&output, 1};
    const struct purse_coin_list one = {coin, 1};
    struct purse_key owner = {.key = coin->owner_key};
    bool found = false;
    TRY(purse_find(env, &found, &purse_table_purse_key, &owner));
    if (!coin->has_request_id || !found || owner.state == PURSE_KEY_FROZEN)
        return ERR_OK;
    TRY(purse_find(env, &found, &purse_table_purse_request, &request));
    return found ? make_order(wallet, env, &one, PURSE_PLAN_CLAIM, &outputs) : ERR_OK;
}

static enum err reserve_claims(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct purse_coin_list orphans = {0};
    (void)context;
    TRY(purse_coins(env, &orphans, PURSE_ORPHANED));
    for (size_t i = 0; i < orphans.count; i++)
        TRY(claim_coin(wallet, env, &orphans.items[i]));
    return ERR_OK;
}

enum err sync_claims(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct waiting waiting = {0};
    TRY(wallet_transact(run->wallet, reserve_claims, NULL, &arena));
    TRY(wallet_transact(run->wallet, list_waiting, &waiting, &arena));
    return send_plans(run, &waiting.claims);
}

static bool same_purpose(const struct purse_coin *a, const struct purse_coin *b)
{
    return a->has_purpose == b->has_purpose && (!a->has_purpose || a->purpose == b->purpose);
}

/* Moves the coins that go into one order to the front: of one purpose, as many as fit. */
static size_t next_group(struct purse_coin *coins, size_t count)
{
    size_t taken = 1;
    for (size_t i = 1; i < count && taken < EXCHANGE_COINS_MAX; i++) {
        const struct purse_coin coin = coins[i];
        if (!same_purpose(&coins[0], &coin))
            continue;
        coins[i] = coins[taken];
        coins[taken++] = coin;
    }
    return taken;
}

static enum err exchange_group(struct wallet *wallet, struct purse_env *env,
                               const struct purse_coin_list *coins, size_t count_max)
{
    struct amount amounts[COINS_AIMED_AT], total = amount_zero();
    struct output items[COINS_AIMED_AT];
    struct output_list outputs = {items, 0};
    struct purse_key current = {0};
    TRY(purse_key_current(env, &current));
    for (size_t i = 0; i < coins->count; i++)
        TRY(amount_add(&total, total, coins->items[i].amount));
    outputs.count = purse_spread(amounts, count_max, total);
    for (size_t i = 0; i < outputs.count; i++)
        items[i] = (struct output){.amount = amounts[i], .key = current.key};
    return make_order(wallet, env, coins, PURSE_PLAN_EXCHANGE, &outputs);
}

/* Worn coins first: deep, soon to expire, small. If the link is cut after the first order, it was
 * the one that counts. */
static int compare_wear(const void *a, const void *b)
{
    const struct purse_coin *x = a, *y = b;
    if (x->depth != y->depth)
        return x->depth > y->depth ? -1 : 1;
    if (x->spend_by_day != y->spend_by_day)
        return x->spend_by_day < y->spend_by_day ? -1 : 1;
    const int by_amount = amount_compare(x->amount, y->amount);
    return by_amount != 0 ? by_amount : span_compare(SPAN(x->coin_id), SPAN(y->coin_id));
}

/* However many orders it takes, the fresh coins are few: each order gets its share of them. */
static enum err reserve_exchanges(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct purse_coin_list coins = {0};
    size_t kept = 0;
    (void)context;
    TRY(purse_coins(env, &coins, PURSE_AVAILABLE));
    for (size_t i = 0; i < coins.count; i++)
        if (coins.items[i].is_settled)
            coins.items[kept++] = coins.items[i];
    if (kept > 1)
        qsort(coins.items, kept, sizeof coins.items[0], compare_wear);
    const size_t orders = (kept + EXCHANGE_COINS_MAX - 1) / EXCHANGE_COINS_MAX;
    const size_t share = orders == 0 || orders > COINS_AIMED_AT ? 1 : COINS_AIMED_AT / orders;
    for (size_t from = 0; from < kept;) {
        struct purse_coin_list group = {coins.items + from, 0};
        group.count = next_group(group.items, kept - from);
        TRY(exchange_group(wallet, env, &group, share));
        from += group.count;
    }
    return ERR_OK;
}

enum err sync_exchange(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct waiting waiting = {0};
    if (run->report->key_status != STATUS_OK) /* there is no new key to exchange to */
        return ERR_OK;
    TRY(wallet_transact(run->wallet, reserve_exchanges, NULL, &arena));
    TRY(wallet_transact(run->wallet, list_waiting, &waiting, &arena));
    TRY(send_plans(run, &waiting.exchanges));
    /* The link was cut: what is not signed can be paid offline, under the old key. */
    return run->is_stopped ? handover_resume(run->wallet) : ERR_OK;
}
