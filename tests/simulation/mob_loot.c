/* What the mob has gathered (contract in mob_loot.h). */
#include "tests/simulation/mob_loot.h"

#include "common/purse/tables.h"
#include "tests/simulation/citizen.h"

#include <stdlib.h>
#include <string.h>

void mob_key(struct mob *mob, const struct key_pair *pair, size_t person)
{
    CHECK(mob->pair_count < MOB_PAIRS);
    mob->pairs[mob->pair_count++] = (struct mob_pair){*pair, person};
    *lookup_at(&mob->by_key, SPAN(pair->public_key)) = mob->pair_count;
}

const struct mob_pair *mob_pair_of(const struct mob *mob, const struct public_key *key)
{
    const size_t at = lookup_get(&mob->by_key, SPAN(*key));
    return at == 0 ? NULL : &mob->pairs[at - 1];
}

void mob_overhear(struct mob *mob, enum verb verb, const struct order_body *body, size_t bank)
{
    struct sim *sim = mob->sim;
    struct mob_order *order = &mob->orders[mob->order_count++ % MOB_ORDERS];
    *order = (struct mob_order){.verb = verb, .bank = bank};
    order->body.order = sim_keep(sim, body->order);
    order->body.packet = sim_keep(sim, body->packet);
}

/* --- coins --- */

static struct cose keep(struct mob *mob, const struct cose *cose)
{
    return (struct cose){.payload = sim_keep(mob->sim, cose->payload),
                         .signature = cose->signature};
}

void mob_loot_add(struct mob *mob, const struct mob_coin *coin)
{
    if (mob_pair_of(mob, &coin->owner_key) == NULL || coin->payment_count > MOB_LINE_MAX - 2)
        return;
    size_t *known = lookup_at(&mob->known, SPAN(coin->coin_id));
    if (*known != 0)
        return;
    *known = 1;
    if (mob->coin_count == mob->coin_capacity) {
        mob->coin_capacity = mob->coin_capacity == 0 ? 256 : 2 * mob->coin_capacity;
        mob->coins = realloc(mob->coins, mob->coin_capacity * sizeof *mob->coins);
        CHECK(mob->coins != NULL);
    }
    mob->coins[mob->coin_count++] = *coin;
}

void mob_loot_token(struct mob *mob, const struct cose *token)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct token value = {0};
    if (token_decode(&value, token->payload, &arena) != ERR_OK)
        return; /* garbled on its way */
    const struct id id = record_id(mob->sim->world.network, KIND_TOKEN, token->payload);
    struct mob_coin coin = {.serial = value.serial,
                            .amount = value.amount,
                            .owner_key = value.owner_key,
                            .coin_id = record_coin_root(&id)};
    if (mob_pair_of(mob, &coin.owner_key) == NULL ||
        lookup_get(&mob->known, SPAN(coin.coin_id)) != 0)
        return;
    coin.token = keep(mob, token);
    mob_loot_add(mob, &coin);
}

const struct mob_coin *mob_loot_any(struct mob *mob)
{
    const uint64_t recent = 24;
    if (mob->coin_count == 0)
        return NULL;
    if (mob->coin_count > recent && chance_permille(&mob->sim->chance, 600))
        return &mob->coins[mob->coin_count - 1 - chance_below(&mob->sim->chance, recent)];
    return &mob->coins[chance_below(&mob->sim->chance, mob->coin_count)];
}

/* --- from the thieves' wallets --- */

static void learn_certificate(struct mob *mob, const struct public_key *key,
                              const struct cose *certificate)
{
    size_t *at = lookup_at(&mob->certified, SPAN(*key));
    if (*at != 0) {
        mob->certificates[*at - 1] = keep(mob, certificate);
        return;
    }
    if (mob->certificate_count == mob->certificate_capacity) {
        mob->certificate_capacity += 256;
        mob->certificates =
            realloc(mob->certificates, mob->certificate_capacity * sizeof *mob->certificates);
        CHECK(mob->certificates != NULL);
    }
    mob->certificates[mob->certificate_count++] = keep(mob, certificate);
    *at = mob->certificate_count;
}

static void gather_certificates(struct mob *mob, struct store *store, struct arena *arena)
{
    struct list rows = {0}, keys = {0};
    const struct store_query others = {.table = &purse_table_purse_certificate, .index_number = -1};
    const struct store_query own = {.table = &purse_table_purse_key, .index_number = -1};
    sim_check(mob->sim, store_list(store, &rows, &others, NULL, arena), "certificates");
    sim_check(mob->sim, store_list(store, &keys, &own, NULL, arena), "keys");
    const struct purse_certificate *certificates = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        if (lookup_get(&mob->certified, SPAN(certificates[i].key)) == 0)
            learn_certificate(mob, &certificates[i].key, &certificates[i].certificate);
    const struct purse_key *mine = keys.items;
    for (size_t i = 0; i < keys.count; i++) {
        struct cose cose = {0};
        if (mine[i].has_certificate && wire_decode_cose(&cose, mine[i].certificate) == ERR_OK)
            learn_certificate(mob, &mine[i].key, &cose);
    }
}

/* The line of a coin, from its leaf up to the token, then turned over. */
static bool read_line(struct mob *mob, struct mob_coin *out, struct store *store,
                      const struct purse_coin *coin, struct arena *arena)
{
    struct purse_token token = {.serial = coin->serial};
    struct purse_payment line[MOB_LINE_MAX];
    size_t count = 0;
    bool more = coin->has_parent_payment_id;
    struct id next = coin->parent_payment_id;
    while (more && count < MOB_LINE_MAX) {
        line[count] = (struct purse_payment){.payment_id = next};
        sim_check(mob->sim, store_get(store, &purse_table_purse_payment, &line[count], arena),
                  "a line");
        more = line[count].has_parent_payment_id;
        next = line[count++].parent_payment_id;
    }
    if (more)
        return false;
    token.coin_id = count > 0 ? line[count - 1].coin_id : coin->coin_id;
    sim_check(mob->sim, store_get(store, &purse_table_purse_token, &token, arena), "a token");
    out->token = keep(mob, &token.token);
    for (size_t i = 0; i < count; i++) {
        out->payments[i] = keep(mob, &line[count - 1 - i].payment);
        out->signers[i] = line[count - 1 - i].signer_key;
    }
    out->payment_count = count;
    return true;
}

static void gather_coins(struct mob *mob, struct store *store, struct arena *arena)
{
    struct list rows = {0};
    const struct store_query all = {.table = &purse_table_purse_coin, .index_number = -1};
    sim_check(mob->sim, store_list(store, &rows, &all, NULL, arena), "loot");
    const struct purse_coin *coins = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        struct mob_coin coin = {.serial = coins[i].serial,
                                .amount = coins[i].amount,
                                .owner_key = coins[i].owner_key,
                                .coin_id = coins[i].coin_id};
        if (lookup_get(&mob->known, SPAN(coin.coin_id)) == 0 &&
            read_line(mob, &coin, store, &coins[i], arena))
            mob_loot_add(mob, &coin);
    }
}

void mob_loot_gather(struct mob *mob)
{
    for (size_t i = SIM_HONEST; i < SIM_CITIZENS; i++) {
        struct arena arena AUTO(arena_fini) = {0};
        struct store *store = citizen_store(mob->sim->citizens[i]);
        sim_check(mob->sim, store_begin(store, STORE_READ), "a thief's wallet");
        gather_certificates(mob, store, &arena);
        gather_coins(mob, store, &arena);
        store_rollback(store);
    }
}

/* --- packets --- */

struct parts {
    struct cose tokens[PACKET_COINS_MAX], payments[PACKET_PAYMENTS_MAX],
        certificates[PACKET_PAYMENTS_MAX];
    size_t token_count, payment_count, certificate_count;
};

static void add_once(struct cose *list, size_t *count, size_t max, const struct cose *cose)
{
    for (size_t i = 0; i < *count; i++)
        if (span_equal(list[i].payload, cose->payload))
            return;
    if (*count < max)
        list[(*count)++] = *cose;
}

static struct span encode(struct mob *mob, const struct parts *parts)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    sim_check(mob->sim,
              packet_encode_parts(&bytes, parts->tokens, parts->token_count, parts->payments,
                                  parts->payment_count, parts->certificates,
                                  parts->certificate_count, 1),
              "a packet");
    return sim_keep(mob->sim, buffer_span(&bytes));
}

struct span mob_packet(struct mob *mob, const struct mob_coin *coins, size_t count)
{
    struct parts parts = {.token_count = 0};
    for (size_t i = 0; i < count; i++) {
        add_once(parts.tokens, &parts.token_count, PACKET_COINS_MAX, &coins[i].token);
        for (size_t j = 0; j < coins[i].payment_count; j++) {
            const size_t at = lookup_get(&mob->certified, SPAN(coins[i].signers[j]));
            add_once(parts.payments, &parts.payment_count, PACKET_PAYMENTS_MAX,
                     &coins[i].payments[j]);
            if (at != 0)
                add_once(parts.certificates, &parts.certificate_count, PACKET_PAYMENTS_MAX,
                         &mob->certificates[at - 1]);
        }
    }
    return encode(mob, &parts);
}

/* Does payment i follow from payment j? */
static bool follows(struct mob *mob, const struct packet *packet, const struct payment *payments,
                    size_t i, size_t j)
{
    const struct id id =
        record_id(mob->sim->world.network, KIND_PAYMENT, packet->payments.items[j].record.payload);
    for (size_t k = 0; k < payments[j].outputs.count; k++) {
        const struct id coin_id = record_coin_output(&id, (uint16_t)k);
        if (id_equal(&coin_id, &payments[i].coin_id))
            return true;
    }
    return false;
}

/* Leaves are chosen by chance; then whatever they follow from, and the tokens of those. */
static size_t choose(struct mob *mob, bool *kept, const struct packet *packet,
                     const struct payment *payments)
{
    const size_t count = packet->payments.count;
    size_t leaves = 0;
    for (size_t j = 0; j < count; j++) {
        bool is_leaf = true;
        for (size_t i = 0; i < count; i++)
            is_leaf = is_leaf && !follows(mob, packet, payments, i, j);
        leaves += is_leaf;
        kept[j] = is_leaf && chance_permille(&mob->sim->chance, 500);
    }
    for (size_t i = count; i-- > 0;)
        for (size_t j = 0; kept[i] && j < i; j++)
            kept[j] = kept[j] || follows(mob, packet, payments, i, j);
    return leaves;
}

static void take_tokens(struct mob *mob, struct parts *parts, const struct packet *packet,
                        const struct payment *payments, const bool *kept)
{
    for (size_t t = 0; t < packet->tokens.count; t++) {
        const struct cose *token = &packet->tokens.items[t].record;
        const struct id id = record_id(mob->sim->world.network, KIND_TOKEN, token->payload);
        const struct id root = record_coin_root(&id);
        for (size_t i = 0; i < packet->payments.count; i++)
            if (kept[i] && id_equal(&root, &payments[i].coin_id))
                add_once(parts->tokens, &parts->token_count, PACKET_COINS_MAX, token);
    }
}

bool mob_packet_part(struct mob *mob, struct span *part, struct span bytes, struct arena *arena)
{
    struct packet packet = {0};
    struct payment payments[PACKET_PAYMENTS_MAX];
    struct parts parts = {.token_count = 0};
    bool kept[PACKET_PAYMENTS_MAX] = {false};
    sim_check(mob->sim, packet_decode(&packet, bytes, arena), "an order's packet");
    for (size_t i = 0; i < packet.payments.count; i++)
        sim_check(mob->sim,
                  payment_decode(&payments[i], packet.payments.items[i].record.payload, arena),
                  "an order's payment");
    if (choose(mob, kept, &packet, payments) < 2)
        return false;
    for (size_t i = 0; i < packet.payments.count; i++)
        if (kept[i])
            add_once(parts.payments, &parts.payment_count, PACKET_PAYMENTS_MAX,
                     &packet.payments.items[i].record);
    take_tokens(mob, &parts, &packet, payments, kept);
    *part = encode(mob, &parts);
    return parts.payment_count > 0;
}
