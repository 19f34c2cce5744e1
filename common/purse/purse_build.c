/* The packet of a plan: its coins' lines, each part once, root to leaf, then the plan's own
 * payments. An order leaves out the line of a coin that the register knows already (settled or
 * orphaned): deep coins then fit the packet's limits. */
#include "common/purse/purse_row.h"

struct parts {
    struct cose tokens[PACKET_COINS_MAX], payments[PACKET_PAYMENTS_MAX],
        certificates[PACKET_PAYMENTS_MAX];
    struct id payment_ids[PACKET_PAYMENTS_MAX], token_ids[PACKET_COINS_MAX];
    struct public_key signers[PACKET_PAYMENTS_MAX];
    size_t token_count, payment_count, certificate_count;
};

static enum err add_token(struct parts *parts, const struct purse_token *token)
{
    for (size_t i = 0; i < parts->token_count; i++)
        if (id_equal(&parts->token_ids[i], &token->coin_id))
            return ERR_OK;
    if (parts->token_count == PACKET_COINS_MAX)
        return ERR_LIMIT;
    parts->token_ids[parts->token_count] = token->coin_id;
    parts->tokens[parts->token_count++] = token->token;
    return ERR_OK;
}

static enum err add_payment(struct parts *parts, const struct id *id, const struct cose *payment)
{
    for (size_t i = 0; i < parts->payment_count; i++)
        if (id_equal(&parts->payment_ids[i], id))
            return ERR_OK;
    if (parts->payment_count == PACKET_PAYMENTS_MAX)
        return ERR_LIMIT;
    parts->payment_ids[parts->payment_count] = *id;
    parts->payments[parts->payment_count++] = *payment;
    return ERR_OK;
}

/* Mine from my key's row, another's as it came. */
static enum err find_certificate(struct purse_env *env, bool *found, struct cose *out,
                                 const struct public_key *signer)
{
    struct purse_certificate row = {.key = *signer};
    struct purse_key mine = {.key = *signer};
    TRY(purse_find(env, found, &purse_table_purse_key, &mine));
    if (*found && mine.has_certificate)
        return wire_decode_cose(out, mine.certificate);
    TRY(purse_find(env, found, &purse_table_purse_certificate, &row));
    *out = row.certificate;
    return ERR_OK;
}

/* The certificate of a signer, once; a vault key has none. */
static enum err add_certificate(struct purse_env *env, struct parts *parts,
                                const struct public_key *signer)
{
    struct cose certificate = {0};
    bool found = false;
    for (size_t i = 0; i < parts->certificate_count; i++)
        if (key_equal(&parts->signers[i], signer))
            return ERR_OK;
    if (trust_vault(env->trust, signer) != NULL)
        return ERR_OK;
    TRY(find_certificate(env, &found, &certificate, signer));
    if (!found)
        return ERR_INTEGRITY;
    if (parts->certificate_count == PACKET_PAYMENTS_MAX)
        return ERR_LIMIT;
    parts->signers[parts->certificate_count] = *signer;
    parts->certificates[parts->certificate_count++] = certificate;
    return ERR_OK;
}

enum err purse_is_showable(struct purse_env *env, bool *showable, const struct purse_coin *coin)
{
    bool more = coin->has_parent_payment_id;
    struct id parent = coin->parent_payment_id;
    *showable = true;
    while (more && *showable) {
        struct purse_payment row = {.payment_id = parent};
        struct cose certificate = {0};
        TRY(purse_find(env, showable, &purse_table_purse_payment, &row));
        if (*showable && trust_vault(env->trust, &row.signer_key) == NULL)
            TRY(find_certificate(env, showable, &certificate, &row.signer_key));
        more = row.has_parent_payment_id;
        parent = row.parent_payment_id;
    }
    return ERR_OK;
}

static enum err add_line(struct purse_env *env, struct parts *parts, const struct purse_coin *coin,
                         bool with_certificates)
{
    void *memory = NULL;
    TRY(arena_alloc(env->arena, &memory, 1, sizeof(struct purse_line)));
    struct purse_line *line = memory;
    TRY(purse_line(env, line, coin));
    TRY(add_token(parts, &line->token));
    for (size_t i = 0; i < line->payment_count; i++) {
        TRY(add_payment(parts, &line->payments[i].payment_id, &line->payments[i].payment));
        if (with_certificates)
            TRY(add_certificate(env, parts, &line->payments[i].signer_key));
    }
    return ERR_OK;
}

static enum err encode(struct purse_env *env, struct span *packet, const struct parts *parts)
{
    struct buffer bytes AUTO(buffer_fini) = {.limit = PACKET_SIZE_MAX};
    TRY(packet_encode_parts(&bytes, parts->tokens, parts->token_count, parts->payments,
                            parts->payment_count, parts->certificates, parts->certificate_count,
                            env->trust->directory.version));
    return arena_copy(env->arena, packet, buffer_span(&bytes));
}

enum err purse_line_packet(struct purse_env *env, struct span *packet,
                           const struct purse_coin *coin)
{
    void *memory = NULL;
    TRY(arena_alloc(env->arena, &memory, 1, sizeof(struct parts)));
    TRY(add_line(env, memory, coin, false));
    return encode(env, packet, memory);
}

static bool register_knows(const struct purse_plan *plan, const struct purse_coin *coin)
{
    return plan->kind != PURSE_PLAN_PAY && (coin->is_settled || plan->kind == PURSE_PLAN_CLAIM);
}

enum err purse_build(struct purse_env *env, struct span *packet, const struct purse_plan *plan,
                     const struct purse_plan_item_list *items, const struct cose *signed_items)
{
    void *memory = NULL;
    const bool is_payment = plan->kind == PURSE_PLAN_PAY;
    TRY(arena_alloc(env->arena, &memory, 1, sizeof(struct parts)));
    struct parts *parts = memory;
    for (size_t i = 0; i < items->count; i++) {
        struct purse_coin coin = {.serial = items->items[i].serial,
                                  .coin_id = items->items[i].coin_id};
        TRY(store_get(env->store, &purse_table_purse_coin, &coin, env->arena));
        if (!register_knows(plan, &coin))
            TRY(add_line(env, parts, &coin, is_payment));
    }
    for (size_t i = 0; i < items->count; i++) {
        const struct id id = record_id(env->trust->network, KIND_PAYMENT, items->items[i].payload);
        TRY(add_payment(parts, &id, &signed_items[i]));
        if (is_payment)
            TRY(add_certificate(env, parts, &items->items[i].key));
    }
    return encode(env, packet, parts);
}
