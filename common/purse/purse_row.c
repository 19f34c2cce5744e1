/* Look-ups and small writes that the purse's files share. */
#include "common/purse/purse_row.h"

enum err purse_rows(struct purse_env *env, struct list *out, const struct table *table,
                    int index_number, size_t prefix_count, const void *from)
{
    const struct store_query query = {
        .table = table, .index_number = index_number, .prefix_count = prefix_count};
    return store_list(env->store, out, &query, from, env->arena);
}

enum err purse_find(struct purse_env *env, bool *found, const struct table *table, void *row)
{
    const enum err error = store_get(env->store, table, row, env->arena);
    *found = error == ERR_OK;
    return error == ERR_MISSING ? ERR_OK : error;
}

enum err purse_next_number(struct purse_env *env, uint64_t *number)
{
    struct purse_number row = {.id = 1};
    bool found = false;
    TRY(purse_find(env, &found, &purse_table_purse_number, &row));
    *number = ++row.last;
    return store_put(env->store, &purse_table_purse_number, &row);
}

/* Under a frozen key nothing is spendable, wherever it comes from. */
enum err purse_coin_put(struct purse_env *env, const struct purse_coin *coin)
{
    struct purse_coin row = *coin;
    struct purse_key owner = {.key = coin->owner_key};
    bool found = false;
    if (row.state == PURSE_AVAILABLE)
        TRY(purse_find(env, &found, &purse_table_purse_key, &owner));
    if (found && owner.state == PURSE_KEY_FROZEN)
        row.state = PURSE_QUARANTINED;
    return store_put(env->store, &purse_table_purse_coin, &row);
}

enum err purse_is_tombed(struct purse_env *env, bool *tombed, uint64_t serial,
                         const struct id *coin_id)
{
    struct purse_tomb tomb = {.serial = serial, .coin_id = *coin_id};
    return purse_find(env, tombed, &purse_table_purse_tomb, &tomb);
}

enum err purse_forget(struct purse_env *env, uint64_t serial, const struct id *coin_id)
{
    struct purse_coin coin = {.serial = serial, .coin_id = *coin_id};
    bool found = false;
    TRY(purse_find(env, &found, &purse_table_purse_coin, &coin));
    if (!found)
        return ERR_OK;
    const struct purse_tomb tomb = {.serial = serial, .coin_id = *coin_id, .key = coin.owner_key};
    TRY(store_put(env->store, &purse_table_purse_tomb, &tomb));
    return store_delete(env->store, &purse_table_purse_coin, &coin);
}

enum err purse_items(struct purse_env *env, struct purse_plan_item_list *out,
                     const struct id *plan_id)
{
    const struct purse_plan_item from = {.plan_id = *plan_id};
    struct list rows = {0};
    TRY(purse_rows(env, &rows, &purse_table_purse_plan_item, -1, 1, &from));
    *out = (struct purse_plan_item_list){rows.items, rows.count};
    return ERR_OK;
}

/* Walks from the coin up to the token, then turns the line root first. */
enum err purse_line(struct purse_env *env, struct purse_line *out, const struct purse_coin *coin)
{
    struct id coin_id = coin->coin_id;
    bool has_parent = coin->has_parent_payment_id;
    struct id parent = coin->parent_payment_id;
    out->payment_count = 0;
    while (has_parent) {
        struct purse_payment row = {.payment_id = parent};
        bool found = false;
        if (out->payment_count == PACKET_PAYMENTS_MAX)
            return ERR_LIMIT;
        TRY(purse_find(env, &found, &purse_table_purse_payment, &row));
        if (!found)
            return ERR_INTEGRITY;
        out->payments[out->payment_count++] = row;
        coin_id = row.coin_id;
        has_parent = row.has_parent_payment_id;
        parent = row.parent_payment_id;
    }
    for (size_t i = 0; i < out->payment_count / 2; i++) {
        const struct purse_payment swap = out->payments[i];
        out->payments[i] = out->payments[out->payment_count - 1 - i];
        out->payments[out->payment_count - 1 - i] = swap;
    }
    bool found = false;
    out->token = (struct purse_token){.serial = coin->serial, .coin_id = coin_id};
    TRY(purse_find(env, &found, &purse_table_purse_token, &out->token));
    return found ? ERR_OK : ERR_INTEGRITY;
}
