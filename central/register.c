/* The register's frame: verify, walk, answer under one signature; minting. register_apply.c has
 * the rules. */
#include "central/register.h"

#include "central/books.h"
#include "central/register_row.h"
#include "common/base/time.h"
#include "common/money/merkle.h"

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

enum err register_sign_settled(struct register_env *env, bool *has_settled, struct cose *settled,
                               const struct leaf *leaves, size_t count)
{
    void *memory = NULL;
    *has_settled = count > 0;
    if (count == 0)
        return ERR_OK;
    TRY(arena_alloc(env->arena, &memory, count, sizeof(struct id)));
    struct id *hashes = memory;
    for (size_t i = 0; i < count; i++)
        TRY(merkle_leaf_hash(&hashes[i], &leaves[i]));
    const struct settled record = {
        .merkle_root = merkle_root(hashes, count), .count = count, .made_at = env->now};
    return record_sign(settled, env->trust->network, KIND_SETTLED, &record, env->register_key,
                       env->arena);
}

/* One packet: all its payments, parents first. */
static enum err settle_packet(struct register_env *env, struct settle_result *result,
                              struct span packet)
{
    struct packet_view view = {0};
    enum status status = STATUS_OK;
    void *memory = NULL;
    TRY(register_verify(env, &view, &status, packet));
    if (status == STATUS_OK)
        status = order_none(&view, env->trust);
    *result = (struct settle_result){.status = status};
    if (status != STATUS_OK)
        return ERR_OK;
    TRY(register_roots(env, &view));
    TRY(arena_alloc(env->arena, &memory, view.payment_count, sizeof(struct placed_leaf)));
    result->leaves = (struct placed_leaf_list){memory, view.payment_count};
    for (size_t i = 0; i < view.payment_count; i++) {
        enum outcome outcome = OUTCOME_SETTLED;
        struct coin before = {0};
        TRY(register_apply(env, &outcome, &before, &view.payments[i]));
        result->leaves.items[i].leaf = (struct leaf){
            .coin_id = view.payments[i].payment.coin_id,
            .payment_id = view.payments[i].id,
            .outcome = outcome,
        };
    }
    return ERR_OK;
}

/* The whole tree is in the reply: the bank makes the paths for its wallets. */
static enum err sign_results(struct register_env *env, struct settle_reply *reply)
{
    size_t count = 0, next = 0;
    void *memory = NULL;
    for (size_t i = 0; i < reply->results.count; i++)
        count += reply->results.items[i].leaves.count;
    TRY(arena_alloc(env->arena, &memory, count + 1, sizeof(struct leaf)));
    struct leaf *leaves = memory;
    for (size_t i = 0; i < reply->results.count; i++)
        for (size_t j = 0; j < reply->results.items[i].leaves.count; j++) {
            reply->results.items[i].leaves.items[j].index = next;
            leaves[next++] = reply->results.items[i].leaves.items[j].leaf;
        }
    return register_sign_settled(env, &reply->has_settled, &reply->settled, leaves, count);
}

enum err register_settle(struct register_env *env, struct settle_reply *reply,
                         const struct settle_body *body)
{
    void *memory = NULL;
    TRY(arena_alloc(env->arena, &memory, body->packets.count, sizeof(struct settle_result)));
    *reply = (struct settle_reply){.results = {memory, body->packets.count}};
    for (size_t i = 0; i < body->packets.count; i++)
        TRY(settle_packet(env, &reply->results.items[i], body->packets.items[i].bytes));
    return sign_results(env, reply);
}

enum err register_mint(struct register_env *env, struct cose *token, uint64_t *serial,
                       struct id *coin_id, struct amount amount, const struct public_key *owner_key,
                       bool has_purpose, uint64_t purpose)
{
    const struct policy *policy = trust_policy(env->trust);
    const uint64_t today = time_day(env->now);
    struct span bytes = {0};
    TRY(books_next_serial(env->store, serial));
    const struct token record = {
        .issuing_key_id = crypto_key_id(&env->issuing_key->public_key),
        .serial = *serial,
        .amount = amount,
        .owner_key = *owner_key,
        .issued_day = today,
        .spend_by_day = today + policy->spend_by_days,
        .redeem_by_day = today + policy->spend_by_days + policy->redeem_by_days,
        .has_purpose = has_purpose,
        .purpose = purpose,
    };
    TRY(record_sign(token, env->trust->network, KIND_TOKEN, &record, env->issuing_key, env->arena));
    TRY(record_bytes(&bytes, token, env->arena));
    const struct id token_id = record_id(env->trust->network, KIND_TOKEN, token->payload);
    *coin_id = record_coin_root(&token_id);
    const struct coin coin = {
        .serial = *serial,
        .coin_id = *coin_id,
        .amount = amount,
        .owner_key = *owner_key,
        .state = COIN_UNSPENT,
        .redeem_by_day = record.redeem_by_day,
        .has_purpose = has_purpose,
        .purpose = purpose,
        .has_token = true,
        .token = bytes,
    };
    const struct minted minted = {.serial = *serial, .coin_id = *coin_id};
    TRY(store_insert(env->store, &tables_table_minted, &minted));
    TRY(store_insert(env->store, &tables_table_coin, &coin));
    return books_unspent_add(env->store, amount);
}
