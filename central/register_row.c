/* What the register reads: its rows, the payment that made a coin, and the verifier over them. */
#include "central/register_row.h"

enum err register_find(struct register_env *env, bool *found, const struct table *table, void *row)
{
    const enum err error = store_get(env->store, table, row, env->arena);
    *found = error == ERR_OK;
    return error == ERR_MISSING ? ERR_OK : error;
}

enum err register_rows(struct register_env *env, struct list *out, const struct table *table,
                       int index_number, size_t prefix_count, const void *from)
{
    const struct store_query query = {
        .table = table, .index_number = index_number, .prefix_count = prefix_count};
    return store_list(env->store, out, &query, from, env->arena);
}

enum err register_coin(struct register_env *env, struct coin *out, uint64_t serial,
                       const struct id *coin_id)
{
    *out = (struct coin){.serial = serial, .coin_id = *coin_id};
    return store_get(env->store, &tables_table_coin, out, env->arena);
}

enum err register_maker(struct register_env *env, struct cose *payment, const struct coin *coin)
{
    struct spend spend = {.serial = coin->serial, .coin_id = coin->parent_coin_id};
    struct loser loser = {.serial = coin->serial, .payment_id = coin->parent_payment_id};
    bool found = false;
    if (!coin->has_parent_payment_id)
        return ERR_MISSING;
    TRY(register_find(env, &found, &tables_table_spend, &spend));
    if (found && id_equal(&spend.payment_id, &coin->parent_payment_id)) {
        *payment = spend.payment;
        return ERR_OK;
    }
    TRY(register_find(env, &found, &tables_table_loser, &loser));
    *payment = loser.payment;
    return found ? ERR_OK : ERR_INTEGRITY;
}

static enum err known_coin(void *context, bool *found, struct packet_known_coin *out,
                           uint64_t serial, const struct id *coin_id)
{
    struct register_env *env = context;
    struct coin coin = {.serial = serial, .coin_id = *coin_id};
    TRY(register_find(env, found, &tables_table_coin, &coin));
    if (*found)
        *out = (struct packet_known_coin){.amount = coin.amount,
                                          .owner_key = coin.owner_key,
                                          .redeem_by_day = coin.redeem_by_day};
    return ERR_OK;
}

/* The row holds the bytes that were verified; what is shown now under the same id is not stored
 * again. A coin without a first payment has no losers either. */
static enum err known_payment(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                              const struct id *payment_id)
{
    struct register_env *env = context;
    struct spend spend = {.serial = serial, .coin_id = *coin_id};
    struct loser loser = {.serial = serial, .payment_id = *payment_id};
    TRY(register_find(env, found, &tables_table_spend, &spend));
    if (!*found || id_equal(&spend.payment_id, payment_id))
        return ERR_OK;
    return register_find(env, found, &tables_table_loser, &loser);
}

enum err register_verify(struct register_env *env, struct packet_view *view, enum status *status,
                         struct span packet)
{
    const struct packet_options options = {
        .role = PACKET_FOR_REGISTER,
        .known = {.context = env, .coin = known_coin, .payment = known_payment},
    };
    return packet_verify(view, status, packet, env->trust, &options, env->arena);
}
