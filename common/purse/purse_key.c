/* My keys: which is current, which are old, which are frozen. */
#include "common/purse/purse_row.h"

#include <stdlib.h>

static enum err keys_in(struct purse_env *env, struct list *out, enum purse_key_state state)
{
    const struct purse_key from = {.state = state};
    return purse_rows(env, out, &purse_table_purse_key, 0, 1, &from);
}

enum err purse_key_add(struct purse_env *env, const struct public_key *key, struct span certificate)
{
    struct list current = {0};
    uint64_t number = 0;
    TRY(keys_in(env, &current, PURSE_KEY_CURRENT));
    TRY(purse_next_number(env, &number));
    const struct purse_key *rows = current.items;
    for (size_t i = 0; i < current.count; i++) {
        struct purse_key old = rows[i];
        old.state = PURSE_KEY_OLD;
        TRY(store_update(env->store, &purse_table_purse_key, &old));
    }
    const struct purse_key row = {
        .key = *key,
        .number = number,
        .state = PURSE_KEY_CURRENT,
        .next_counter = 1,
        .has_certificate = certificate.size > 0,
        .certificate = certificate,
        .made_at = env->now,
    };
    return store_insert(env->store, &purse_table_purse_key, &row);
}

enum err purse_key_current(struct purse_env *env, struct purse_key *out)
{
    struct list current = {0};
    TRY(keys_in(env, &current, PURSE_KEY_CURRENT));
    if (current.count == 0)
        return ERR_MISSING;
    *out = *(const struct purse_key *)current.items;
    return ERR_OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct purse_key *x = a, *y = b;
    return x->number > y->number ? -1 : x->number < y->number;
}

enum err purse_keys(struct purse_env *env, struct purse_key_list *out)
{
    struct list rows = {0};
    TRY(purse_rows(env, &rows, &purse_table_purse_key, -1, 0, NULL));
    if (rows.count > 1)
        qsort(rows.items, rows.count, sizeof(struct purse_key), newest_first);
    *out = (struct purse_key_list){rows.items, rows.count};
    return ERR_OK;
}

enum err purse_key_is_mine(struct purse_env *env, bool *mine, const struct public_key *key)
{
    struct purse_key row = {.key = *key};
    return purse_find(env, mine, &purse_table_purse_key, &row);
}

/* --- after a restore --- */

static enum err freeze_keys(struct purse_env *env)
{
    struct purse_key_list keys = {0};
    TRY(purse_keys(env, &keys));
    for (size_t i = 0; i < keys.count; i++) {
        keys.items[i].state = PURSE_KEY_FROZEN;
        TRY(store_update(env->store, &purse_table_purse_key, &keys.items[i]));
    }
    return ERR_OK;
}

enum err purse_part_frozen(struct purse_env *env, struct purse_coin_list *coins,
                           struct purse_coin_list *frozen)
{
    void *memory = NULL;
    size_t kept = 0;
    TRY(arena_alloc(env->arena, &memory, coins->count + 1, sizeof frozen->items[0]));
    *frozen = (struct purse_coin_list){memory, 0};
    for (size_t i = 0; i < coins->count; i++) {
        const struct purse_coin coin = coins->items[i];
        struct purse_key owner = {.key = coin.owner_key};
        bool found = false;
        TRY(purse_find(env, &found, &purse_table_purse_key, &owner));
        if (found && owner.state == PURSE_KEY_FROZEN)
            frozen->items[frozen->count++] = coin;
        else
            coins->items[kept++] = coin;
    }
    coins->count = kept;
    return ERR_OK;
}

static enum err quarantine_coins(struct purse_env *env, enum purse_coin_state state)
{
    struct purse_coin_list coins = {0};
    TRY(purse_coins(env, &coins, state));
    for (size_t i = 0; i < coins.count; i++) {
        coins.items[i].state = PURSE_QUARANTINED;
        coins.items[i].has_plan_id = false;
        TRY(purse_coin_put(env, &coins.items[i]));
    }
    return ERR_OK;
}

static enum err drop_plan(struct purse_env *env, const struct purse_plan *plan)
{
    struct purse_plan_item_list items = {0};
    TRY(purse_items(env, &items, &plan->plan_id));
    for (size_t i = 0; i < items.count; i++)
        TRY(store_delete(env->store, &purse_table_purse_plan_item, &items.items[i]));
    return store_delete(env->store, &purse_table_purse_plan, plan);
}

enum err purse_freeze(struct purse_env *env)
{
    struct purse_plan_list plans = {0};
    TRY(freeze_keys(env));
    TRY(purse_plans(env, &plans, 0, PURSE_PLAN_RESERVED, PURSE_PLAN_SIGNING));
    for (size_t i = 0; i < plans.count; i++)
        TRY(drop_plan(env, &plans.items[i]));
    TRY(quarantine_coins(env, PURSE_RESERVED));
    return quarantine_coins(env, PURSE_AVAILABLE);
}
