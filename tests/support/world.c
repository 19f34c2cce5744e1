/* A small world for tests (contract in world.h).
 *
 * 1. Keys come from names, numbers from counters: a world made twice has the same keys, serials,
 * nonces and ids.
 * 2. Nothing here judges: what is built may be as wrong as the test wants it.
 *
 * Never used by a program. */
#include "tests/support/world.h"

#include <stdio.h>
#include <string.h>

enum {
    DAYS_SPEND_BY = 90,
    DAYS_REDEEM_BY = 120,
    DAYS_CERTIFICATE = 7,
    DAYS_BANK = 365,
    DAYS_ARCHIVE = 365,
};

static const char *const bank_names[WORLD_BANKS] = {"Bank of the East Gate", "河畔银行"};
static const char *const bank_key_names[WORLD_BANKS] = {"bank a", "bank b"};
static const char *const vault_key_names[WORLD_BANKS] = {"vault a", "vault b"};

struct amount world_fen(uint64_t fen)
{
    struct amount amount;
    CHECK(amount_from_fen(&amount, fen) == ERR_OK);
    return amount;
}

struct id world_hash(const char *text)
{
    struct span part = span_text(text);
    return crypto_hash(&part, 1);
}

struct key_pair world_key(const char *name)
{
    struct key_pair pair;
    struct span parts[] = {span_text("dcep test key "), span_text(name)};
    struct id scalar = crypto_hash(parts, 2);
    CHECK(crypto()->key_load(&pair, scalar.bytes) == ERR_OK);
    return pair;
}

struct nonce world_nonce(struct world *world)
{
    char text[32];
    struct nonce nonce;
    snprintf(text, sizeof text, "nonce %llu", (unsigned long long)++world->nonce);
    struct id hash = world_hash(text);
    memcpy(nonce.bytes, hash.bytes, sizeof nonce.bytes);
    return nonce;
}

struct cose world_sign(struct world *world, enum kind kind, const void *value,
                       const struct key_pair *pair)
{
    struct cose cose;
    CHECK(record_sign(&cose, world->network, kind, value, pair, &world->arena) == ERR_OK);
    return cose;
}

struct span world_bytes(struct world *world, const struct cose *cose)
{
    struct span bytes;
    CHECK(record_bytes(&bytes, cose, &world->arena) == ERR_OK);
    return bytes;
}

static void *take(struct world *world, size_t count, size_t size)
{
    void *memory;
    CHECK(arena_alloc(&world->arena, &memory, count, size) == ERR_OK);
    return memory;
}

/* --- the directory --- */

static struct limits limits_of(uint64_t held, uint64_t payment, uint64_t day)
{
    return (struct limits){world_fen(held), world_fen(payment), world_fen(day)};
}

static void make_policy(struct world *world)
{
    static struct tier tiers[4];
    tiers[0] = (struct tier){1, limits_of(AMOUNT_MAX, AMOUNT_MAX, AMOUNT_MAX)};
    tiers[1] = (struct tier){2, limits_of(50000000, 5000000, 10000000)};
    tiers[2] = (struct tier){3, limits_of(2000000, 500000, 1000000)};
    tiers[3] = (struct tier){4, limits_of(1000000, 200000, 500000)};
    world->policy = (struct policy){
        .payment_version_max = 1,
        .offline_payment_max = world_fen(50000),
        .offline_total_max = world_fen(100000),
        .element_payment_max = world_fen(200000),
        .element_total_max = world_fen(500000),
        .compensation_max = world_fen(1000000),
        .hops_max = 5,
        .depth_max = 16,
        .spend_by_days = DAYS_SPEND_BY,
        .redeem_by_days = DAYS_REDEEM_BY - DAYS_SPEND_BY,
        .certificate_days = DAYS_CERTIFICATE,
        .archive_days = DAYS_ARCHIVE,
        .tiers = {tiers, 4},
    };
}

static void make_banks(struct world *world)
{
    for (size_t i = 0; i < WORLD_BANKS; i++) {
        struct world_bank *bank = &world->banks[i];
        bank->bank_key = world_key(bank_key_names[i]);
        bank->vault_key = world_key(vault_key_names[i]);
        bank->certificate = (struct bank_certificate){
            .bank_id = i + 1,
            .bank_key = bank->bank_key.public_key,
            .vault_key = bank->vault_key.public_key,
            .name = span_text(bank_names[i]),
            .not_before_day = WORLD_TODAY - 30,
            .not_after_day = WORLD_TODAY + DAYS_BANK,
        };
    }
}

static void make_directory(struct world *world)
{
    struct key_item *issuing = take(world, 1, sizeof *issuing);
    issuing->key = world->issuing.public_key;
    world->directory = (struct directory){
        .version = 1,
        .issuing_keys = {issuing, 1},
        .register_key = world->register_key.public_key,
        .revocation_key = world->revocation.public_key,
        .next_root_key_hash = world_hash("the next root key"),
        .made_at = WORLD_NOW - 3600,
        .not_after = WORLD_NOW + 30 * UINT64_C(86400),
    };
}

void world_open(struct world *out)
{
    memset(out, 0, sizeof *out);
    crypto_use(&crypto_libcrypto); /* the quicker one: a test asks for thousands of signatures */
    out->network = WORLD_NETWORK;
    out->root = world_key("root");
    out->issuing = world_key("issuing");
    out->register_key = world_key("register");
    out->revocation = world_key("revocation");
    make_policy(out);
    make_banks(out);
    make_directory(out);
    world_publish(out);
}

void world_close(struct world *world)
{
    arena_fini(&world->arena);
}

void world_publish(struct world *world)
{
    struct signed_item *certificates = take(world, WORLD_BANKS, sizeof *certificates);
    for (size_t i = 0; i < WORLD_BANKS; i++)
        certificates[i].record =
            world_sign(world, KIND_BANK_CERTIFICATE, &world->banks[i].certificate, &world->root);
    world->directory.bank_certificates = (struct signed_item_list){certificates, WORLD_BANKS};
    world->directory.policy = world->policy;
    world->directory_cose = world_sign(world, KIND_DIRECTORY, &world->directory, &world->root);
    CHECK(trust_open(&world->trust, world->network, &world->root.public_key, &world->directory_cose,
                     &world->arena) == ERR_OK);
    if (world->revocations.version > 0)
        CHECK(trust_set_revocations(&world->trust, &world->revocations_cose, &world->arena) ==
              ERR_OK);
}

void world_revoke(struct world *world, const struct key_id *key_id)
{
    struct revocation_list *list = &world->revocations.entries;
    struct revocation *entries = take(world, list->count + 1, sizeof *entries);
    size_t at = 0;
    while (at < list->count && span_compare(SPAN(list->items[at].key_id), SPAN(*key_id)) < 0)
        at++;
    for (size_t i = 0; i < list->count; i++)
        entries[i < at ? i : i + 1] = list->items[i];
    entries[at] = (struct revocation){*key_id, 1, WORLD_TODAY, WORLD_TODAY + 365};
    *list = (struct revocation_list){entries, list->count + 1};
    world->revocations.version++;
    world->revocations.made_at = WORLD_NOW - 600;
    world->revocations_cose =
        world_sign(world, KIND_REVOCATIONS, &world->revocations, &world->revocation);
    CHECK(trust_set_revocations(&world->trust, &world->revocations_cose, &world->arena) == ERR_OK);
}

/* --- wallets --- */

void world_certify(struct world_wallet *wallet, struct world *world)
{
    const struct world_bank *bank = &world->banks[wallet->certificate.bank_id - 1];
    wallet->certificate_cose =
        world_sign(world, KIND_WALLET_CERTIFICATE, &wallet->certificate, &bank->bank_key);
}

void world_wallet(struct world_wallet *out, struct world *world, const char *name, uint64_t bank_id)
{
    memset(out, 0, sizeof *out);
    out->pair = world_key(name);
    out->certificate = (struct wallet_certificate){
        .bank_id = bank_id,
        .wallet_key = out->pair.public_key,
        .tier = 3,
        .limits = world->policy.tiers.items[2].limits,
        .not_before_day = WORLD_TODAY - 1,
        .not_after_day = WORLD_TODAY - 1 + DAYS_CERTIFICATE,
    };
    world_certify(out, world);
}

void world_vault(struct world_wallet *out, struct world *world, uint64_t bank_id)
{
    memset(out, 0, sizeof *out);
    out->pair = world->banks[bank_id - 1].vault_key;
    out->is_vault = true;
}

void world_register_wallet(struct world_wallet *out, struct world *world)
{
    memset(out, 0, sizeof *out);
    out->pair = world->register_key;
}

/* --- coins --- */

struct token world_token_value(struct world *world, uint64_t fen, const struct world_wallet *owner)
{
    return (struct token){
        .issuing_key_id = crypto_key_id(&world->issuing.public_key),
        .serial = ++world->serial,
        .amount = world_fen(fen),
        .owner_key = owner->pair.public_key,
        .issued_day = WORLD_TODAY - 10,
        .spend_by_day = WORLD_TODAY - 10 + DAYS_SPEND_BY,
        .redeem_by_day = WORLD_TODAY - 10 + DAYS_REDEEM_BY,
    };
}

void world_token_signed(struct world_coin *out, struct world *world, const struct token *token,
                        struct world_wallet *owner)
{
    memset(out, 0, sizeof *out);
    out->token = world_sign(world, KIND_TOKEN, token, &world->issuing);
    struct id token_id = record_id(world->network, KIND_TOKEN, out->token.payload);
    out->serial = token->serial;
    out->amount = token->amount;
    out->coin_id = record_coin_root(&token_id);
    out->owner = owner;
}

void world_token(struct world_coin *out, struct world *world, uint64_t fen,
                 struct world_wallet *owner)
{
    struct token token = world_token_value(world, fen, owner);
    world_token_signed(out, world, &token, owner);
}

void world_request(struct world_request *out, struct world *world, const struct world_wallet *payee,
                   uint64_t fen)
{
    memset(out, 0, sizeof *out);
    out->request = (struct request){
        .payee_key = payee->pair.public_key,
        .amount = world_fen(fen),
        .nonce = world_nonce(world),
        .made_at = WORLD_NOW - 60,
        .expires_at = WORLD_NOW + 600,
        .memo = span_text("tea"),
        .directory_version = world->directory.version,
        .revocations_version = world->revocations.version,
        .hops_max = world->policy.hops_max,
        .coins_max = PACKET_COINS_MAX,
    };
    out->cose = world_sign(world, KIND_REQUEST, &out->request, &payee->pair);
    out->id = record_id(world->network, KIND_REQUEST, out->cose.payload);
}

struct payment world_payment_value(struct world *world, const struct world_coin *coin,
                                   const struct world_wallet *payee, uint64_t fen,
                                   const struct id *reference)
{
    struct output *outputs = take(world, OUTPUTS_MAX, sizeof *outputs);
    uint64_t rest = amount_fen(coin->amount) - fen;
    outputs[0] = (struct output){world_fen(fen), payee->pair.public_key};
    outputs[1] = (struct output){world_fen(rest), coin->owner->pair.public_key};
    return (struct payment){
        .serial = coin->serial,
        .coin_id = coin->coin_id,
        .outputs = {outputs, rest == 0 ? 1 : 2},
        .has_reference = reference != NULL,
        .reference = reference != NULL ? *reference : (struct id){{0}},
        .counter = ++coin->owner->counter,
        .paid_day = WORLD_TODAY,
        .revocations_version = world->revocations.version,
    };
}

static void make_child(struct world_coin *child, struct world *world, const struct world_coin *coin,
                       const struct payment *payment, const struct cose *cose,
                       struct world_wallet *owner, size_t output)
{
    struct id payment_id = record_id(world->network, KIND_PAYMENT, cose->payload);
    CHECK(coin->payment_count < (size_t)PACKET_PAYMENTS_MAX);
    *child = *coin;
    child->signers[child->payment_count] = coin->owner;
    child->payments[child->payment_count++] = *cose;
    child->amount = payment->outputs.items[output].amount;
    child->coin_id = record_coin_output(&payment_id, (uint16_t)output);
    child->owner = owner;
}

void world_payment_signed(struct world_coin *child, struct world *world,
                          const struct world_coin *coin, const struct payment *payment,
                          struct world_wallet *owner, size_t output)
{
    struct world_coin from = *coin; /* child may be coin */
    struct cose cose = world_sign(world, KIND_PAYMENT, payment, &from.owner->pair);
    make_child(child, world, &from, payment, &cose, owner, output);
}

void world_pay(struct world_coin *paid, struct world_coin *change, struct world *world,
               const struct world_coin *coin, struct world_wallet *payee, uint64_t fen,
               const struct id *reference)
{
    struct world_coin from = *coin; /* paid or change may be coin */
    struct payment payment = world_payment_value(world, &from, payee, fen, reference);
    struct cose cose = world_sign(world, KIND_PAYMENT, &payment, &from.owner->pair);
    make_child(paid, world, &from, &payment, &cose, payee, 0);
    if (change != NULL && payment.outputs.count == 2)
        make_child(change, world, &from, &payment, &cose, from.owner, 1);
}

/* --- packets --- */

static void add_once(struct cose *list, size_t *count, const struct cose *cose)
{
    for (size_t i = 0; i < *count; i++)
        if (span_equal(list[i].payload, cose->payload))
            return;
    list[(*count)++] = *cose;
}

void world_packet_add(struct world_packet *packet, const struct world_coin *coin)
{
    packet->directory_version = 1;
    add_once(packet->tokens, &packet->token_count, &coin->token);
    for (size_t i = 0; i < coin->payment_count; i++) {
        add_once(packet->payments, &packet->payment_count, &coin->payments[i]);
        if (coin->signers[i]->certificate_cose.payload.size > 0)
            add_once(packet->certificates, &packet->certificate_count,
                     &coin->signers[i]->certificate_cose);
    }
}

struct span world_packet_bytes(struct world *world, const struct world_packet *packet)
{
    struct buffer encoded AUTO(buffer_fini) = {0};
    struct span bytes;
    CHECK(packet_encode_parts(&encoded, packet->tokens, packet->token_count, packet->payments,
                              packet->payment_count, packet->certificates,
                              packet->certificate_count, packet->directory_version) == ERR_OK);
    CHECK(arena_copy(&world->arena, &bytes, buffer_span(&encoded)) == ERR_OK);
    return bytes;
}

struct span world_met(struct world *world, struct span packet)
{
    struct span met;
    CHECK(packet_meet(&met, &packet, 1, &world->trust, &world->arena) == ERR_OK);
    return met;
}
