/* The register's frame: verify, walk, answer under one signature. register_apply.c has the
 * rules. */
#include "central/register.h"

#include "central/clones.h"
#include "central/register_row.h"
#include "common/money/merkle.h"

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
    TRY(clones_keep(env));
    return sign_results(env, reply);
}
