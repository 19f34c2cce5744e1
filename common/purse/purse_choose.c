/* Choosing coins for a payment, and amounts for fresh coins. Few coins and shallow ones first: the
 * packet stays small, and the payee can pay on. */
#include "common/base/time.h"
#include "common/purse/purse_row.h"

#include <stdlib.h>

enum err purse_coins(struct purse_env *env, struct purse_coin_list *out,
                     enum purse_coin_state state)
{
    const struct purse_coin from = {.state = state};
    struct list rows = {0};
    TRY(purse_rows(env, &rows, &purse_table_purse_coin, 0, 1, &from));
    *out = (struct purse_coin_list){rows.items, rows.count};
    return ERR_OK;
}

static enum err add_coins(struct purse_env *env, struct amount *sum, struct amount *settled,
                          size_t *count, enum purse_coin_state state)
{
    struct purse_coin_list coins = {0};
    TRY(purse_coins(env, &coins, state));
    for (size_t i = 0; i < coins.count; i++) {
        *sum = amount_add_capped(*sum, coins.items[i].amount);
        if (settled != NULL && coins.items[i].is_settled)
            *settled = amount_add_capped(*settled, coins.items[i].amount);
    }
    *count += coins.count;
    return ERR_OK;
}

/* What is under frozen keys was counted as quarantined. */
static enum err count_frozen(struct purse_env *env, struct purse_totals *out)
{
    struct purse_coin_list coins = {0}, frozen = {0};
    TRY(purse_coins(env, &coins, PURSE_QUARANTINED));
    TRY(purse_part_frozen(env, &coins, &frozen));
    for (size_t i = 0; i < frozen.count; i++) {
        TRY(amount_sub(&out->quarantined, out->quarantined, frozen.items[i].amount));
        TRY(amount_add(&out->frozen, out->frozen, frozen.items[i].amount));
    }
    return ERR_OK;
}

enum err purse_totals(struct purse_env *env, struct purse_totals *out)
{
    size_t count = 0, others = 0;
    *out = (struct purse_totals){0};
    TRY(add_coins(env, &out->spendable, &out->spendable_settled, &count, PURSE_AVAILABLE));
    TRY(add_coins(env, &out->reserved, NULL, &others, PURSE_RESERVED));
    TRY(add_coins(env, &out->handed_over, NULL, &others, PURSE_COMMITTED));
    TRY(add_coins(env, &out->quarantined, NULL, &others, PURSE_QUARANTINED));
    TRY(add_coins(env, &out->orphaned, NULL, &others, PURSE_ORPHANED));
    TRY(add_coins(env, &out->lost, NULL, &others, PURSE_LOST));
    out->coin_count = count;
    return count_frozen(env, out);
}

/* Is it fit at all, and is it fit within the payee's bounds? */
static bool is_fit(const struct purse_env *env, const struct purse_coin *coin,
                   const struct purse_choice_options *options)
{
    return time_day(env->now) <= coin->spend_by_day &&
           (!options->settled_only || coin->is_settled) &&
           coin->has_purpose == options->has_purpose &&
           (!coin->has_purpose || coin->purpose == options->purpose);
}

static bool is_within_hops(const struct purse_coin *coin,
                           const struct purse_choice_options *options)
{
    return options->hops_max == 0 || coin->hops + 1 <= options->hops_max;
}

static bool is_within_depth(const struct purse_coin *coin,
                            const struct purse_choice_options *options)
{
    return options->depth_max == 0 || coin->depth + 1 <= options->depth_max;
}

/* What there would be: fit at all, fit within the hops, within hops and depth. */
struct sums {
    struct amount fit, within_hops, within;
};

/* Smaller first; among equal amounts the shallower. */
static int compare_coins(const void *a, const void *b)
{
    const struct purse_coin *x = a, *y = b;
    const int by_amount = amount_compare(x->amount, y->amount);
    if (by_amount != 0)
        return by_amount;
    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    return span_compare(SPAN(x->coin_id), SPAN(y->coin_id));
}

/* Leaves the usable coins in front, sorted; sums say what there would be. */
static enum err sift(struct purse_env *env, struct purse_coin_list *coins, struct sums *sums,
                     const struct purse_choice_options *options)
{
    size_t kept = 0;
    for (size_t i = 0; i < coins->count; i++) {
        const struct purse_coin coin = coins->items[i];
        bool showable = false;
        if (!is_fit(env, &coin, options))
            continue;
        TRY(purse_is_showable(env, &showable, &coin));
        if (!showable)
            continue;
        sums->fit = amount_add_capped(sums->fit, coin.amount);
        if (!is_within_hops(&coin, options))
            continue;
        sums->within_hops = amount_add_capped(sums->within_hops, coin.amount);
        if (!is_within_depth(&coin, options))
            continue;
        sums->within = amount_add_capped(sums->within, coin.amount);
        coins->items[kept++] = coin;
    }
    coins->count = kept;
    if (kept > 1)
        qsort(coins->items, kept, sizeof coins->items[0], compare_coins);
    return ERR_OK;
}

/* What it costs to change this coin: a deep line makes a large packet now and a larger one when its
 * change is paid, a worn coin soon is no use to anybody, and a large coin changed is missed later.
 * The weights are measured (docs/adr/0014, build/bench/life_bench). */
static uint64_t cost_of(const struct purse_coin *coin, struct amount left)
{
    enum { A_PAYMENT_DEEPER = 2, A_HOP = 1, TWICE_AS_LARGE = 1 };
    uint64_t cost = coin->depth * A_PAYMENT_DEEPER + coin->hops * A_HOP;
    struct amount reach = left;
    while (amount_compare(coin->amount, reach) > 0 && amount_add(&reach, reach, reach) == ERR_OK)
        cost += TWICE_AS_LARGE;
    return cost;
}

/* The cheapest coin that covers what is left, of equals the smallest; else the largest. */
static size_t next_coin(const struct purse_coin_list *coins, struct amount left)
{
    size_t best = coins->count - 1;
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < coins->count; i++) {
        const struct purse_coin *coin = &coins->items[i];
        const uint64_t cost = cost_of(coin, left);
        if (amount_compare(coin->amount, left) < 0 || cost >= least)
            continue;
        best = i;
        least = cost;
    }
    return best;
}

static enum err gather(struct purse_env *env, struct purse_coin_list *chosen,
                       struct purse_coin_list *coins, struct amount amount, size_t count_max,
                       bool *complete)
{
    struct amount left = amount;
    void *items = NULL;
    TRY(arena_alloc(env->arena, &items, count_max, sizeof chosen->items[0]));
    *chosen = (struct purse_coin_list){items, 0};
    while (!amount_is_zero(left) && coins->count > 0 && chosen->count < count_max) {
        const size_t pick = next_coin(coins, left);
        const struct purse_coin coin = coins->items[pick];
        for (size_t i = pick; i + 1 < coins->count; i++)
            coins->items[i] = coins->items[i + 1];
        coins->count--;
        chosen->items[chosen->count++] = coin;
        TRY(amount_sub(&left, left, amount_min(left, coin.amount)));
    }
    *complete = amount_is_zero(left);
    return ERR_OK;
}

enum err purse_choose(struct purse_env *env, enum status *status, struct purse_coin_list *chosen,
                      struct amount amount, const struct purse_choice_options *options)
{
    struct purse_coin_list coins = {0};
    struct sums sums = {0};
    bool complete = false;
    const size_t count_max = options->coins_max == 0 ? PACKET_COINS_MAX : options->coins_max;
    TRY(purse_coins(env, &coins, PURSE_AVAILABLE));
    TRY(sift(env, &coins, &sums, options));
    if (amount_compare(sums.fit, amount) < 0)
        *status = STATUS_FUNDS;
    else if (amount_compare(sums.within_hops, amount) < 0)
        *status = STATUS_HOPS;
    else if (amount_compare(sums.within, amount) < 0)
        *status = STATUS_DEPTH;
    else {
        TRY(gather(env, chosen, &coins, amount, count_max, &complete));
        *status = complete ? STATUS_OK : STATUS_LIMIT;
    }
    return ERR_OK;
}

/* 1, 2, 5 of each power of ten from the largest that fits down, the rest in one last coin: any
 * everyday amount is then met by few coins and at most one change. Two of a kind before the next
 * smaller one. */
size_t purse_spread(struct amount *amounts, size_t count_max, struct amount total)
{
    static const uint64_t steps[] = {50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100};
    size_t count = 0;
    struct amount left = total;
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++)
        for (int twice = 0; twice < 2 && count + 1 < count_max; twice++) {
            struct amount step = amount_zero(), rest = amount_zero();
            if (amount_from_fen(&step, steps[s]) != ERR_OK ||
                amount_sub(&rest, left, step) != ERR_OK)
                break;
            amounts[count++] = step;
            left = rest;
        }
    if (!amount_is_zero(left) && count < count_max)
        amounts[count++] = left;
    return count;
}
