/* The register's frame: verify, walk, answer under one signature. register_apply.c has the
 * rules. */
#include "central/register.h"

#include "central/clones.h"
#include "central/register_row.h"

static void foresee(const struct register_prepared *prepared, struct store *store)
{
    for (size_t i = 0; i < prepared->count; i++) {
        const struct packet_view *view = packet_named(prepared->packets[i]);
        uint64_t last = 0; /* no line has that serial */
        for (size_t j = 0; j < view->payment_count; j++) {
            const struct coin spent = {.serial = view->payments[j].payment.serial};
            if (spent.serial != last)
                store_foresee(store, &tables_table_coin, &spent);
            last = spent.serial;
        }
    }
}

enum err register_prepare(struct register_prepared *out, const struct trust *trust,
                          const struct settle_body *body, const struct register_aids *aids,
                          struct arena *arena)
{
    const size_t count = body->packets.count;
    void *memory = NULL;
    TRY(arena_alloc(arena, &memory, count, sizeof(struct packet_prepared *)));
    *out = (struct register_prepared){.packets = memory, .count = count};
    for (size_t i = 0; i < count; i++)
        TRY(packet_prepare(&out->packets[i], body->packets.items[i].bytes, trust,
                           PACKET_FOR_REGISTER, arena));
    for (size_t i = 0; i < count && body->commitments.count == count; i++)
        packet_tell(out->packets[i], body->commitments.items[i].bytes);
    if (aids != NULL && aids->store != NULL)
        foresee(out, aids->store);
    TRY(packet_prove(out->packets, count, aids == NULL ? NULL : aids->proven, arena));
    for (size_t i = 0; i < count; i++)
        out->is_misled = out->is_misled || packet_was_misled(out->packets[i]);
    return ERR_OK;
}

enum err register_prepare_order(struct register_prepared *out, const struct trust *trust,
                                const struct order_body *body, const struct register_aids *aids,
                                struct arena *arena)
{
    struct blob_item packet = {body->packet};
    const struct settle_body alone = {.packets = {&packet, 1}};
    return register_prepare(out, trust, &alone, aids, arena);
}

/* A leaf of each payment, and no outcome yet. */
static enum err name_payments(struct register_env *env, struct settle_result *result,
                              const struct packet_view *view)
{
    void *memory = NULL;
    TRY(arena_alloc(env->arena, &memory, view->payment_count, sizeof(struct placed_leaf)));
    result->leaves = (struct placed_leaf_list){memory, view->payment_count};
    for (size_t i = 0; i < view->payment_count; i++) {
        result->leaves.items[i].leaf = (struct leaf){
            .coin_id = view->payments[i].payment.coin_id,
            .payment_id = view->payments[i].id,
            .outcome = OUTCOME_ARCHIVED,
        };
    }
    return ERR_OK;
}

/* One packet: all its payments, parents first. That its line is in the archive is signed, too: on
 * that a bank forgets what it holds. */
static enum err settle_rows(struct register_env *env, struct settle_result *result,
                            struct packet_prepared *packet)
{
    struct packet_view view = {0};
    enum status status = STATUS_OK;
    TRY(register_verify(env, &view, &status, packet));
    if (status == STATUS_OK)
        status = order_none(&view, env->trust);
    *result = (struct settle_result){.status = status};
    if (status == STATUS_OK || status == STATUS_ARCHIVED)
        TRY(name_payments(env, result, &view));
    if (status != STATUS_OK)
        return ERR_OK;
    TRY(register_roots(env, &view));
    for (size_t i = 0; i < view.payment_count; i++) {
        enum outcome outcome = OUTCOME_SETTLED;
        struct coin before = {0};
        TRY(register_apply(env, &outcome, &before, &view.payments[i]));
        result->leaves.items[i].leaf.outcome = outcome;
    }
    return ERR_OK;
}

static enum err settle_packet(struct register_env *env, struct settle_result *result,
                              struct packet_prepared *packet)
{
    struct register_memory rows = {0};
    env->memory = &rows;
    const enum err error = settle_rows(env, result, packet);
    env->memory = NULL;
    return error;
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

enum err register_settle(struct register_env *called, struct settle_reply *reply,
                         const struct settle_body *body)
{
    struct register_owners owners = {0};
    struct register_env own = *called, *env = &own;
    void *memory = NULL;
    struct register_prepared prepared = {0};
    own.owners = &owners;
    if (env->prepared == NULL)
        TRY(register_prepare(&prepared, env->trust, body, NULL, env->arena));
    else
        prepared = *env->prepared;
    CHECK(prepared.count == body->packets.count);
    TRY(arena_alloc(env->arena, &memory, body->packets.count, sizeof(struct settle_result)));
    *reply = (struct settle_reply){.results = {memory, body->packets.count}};
    for (size_t i = 0; i < body->packets.count; i++)
        TRY(settle_packet(env, &reply->results.items[i], prepared.packets[i]));
    TRY(register_owner_flush(env));
    TRY(clones_keep(env));
    return sign_results(env, reply);
}
