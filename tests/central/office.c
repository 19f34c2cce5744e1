#include "tests/central/office.h"

#include "common/crypto/crypto.h"
#include "common/money/merkle.h"

#include <criterion/criterion.h>
#include <string.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

struct register_env office_begin(struct office *office)
{
    OK(store_begin(office->store, STORE_WRITE));
    return (struct register_env){
        .store = office->store,
        .trust = &office->world.trust,
        .issuing_key = &office->world.issuing,
        .register_key = &office->world.register_key,
        .revocation_key = &office->world.revocation,
        .now = office->now,
        .arena = &office->world.arena,
    };
}

void office_end(struct office *office)
{
    struct books_supply supply = {0};
    OK(books_supply(office->store, &supply, &office->world.arena));
    cr_assert(supply.is_balanced,
              "the law of the books: funded %ld, reserves %ld, guarantees %ld, loss %ld, unspent "
              "%ld (%ld)",
              (long)balance_fen(supply.funded), (long)balance_fen(supply.reserves),
              (long)balance_fen(supply.guarantees), (long)balance_fen(supply.loss),
              (long)balance_fen(supply.unspent), (long)balance_fen(supply.unspent_running));
    OK(store_commit(office->store));
}

static void add_bank(struct office *office, uint64_t bank_id)
{
    const struct trust_bank *bank = trust_bank(&office->world.trust, bank_id);
    const struct bank row = {
        .bank_id = bank_id,
        .name = bank->certificate.name,
        .bank_key = bank->certificate.bank_key,
        .bank_key_id = bank->bank_key_id,
        .vault_key = bank->certificate.vault_key,
        .certificate = bank->cose,
        .enrolled_at = office->now,
    };
    struct register_env env = office_begin(office);
    enum status status = STATUS_OK;
    OK(store_insert(office->store, &tables_table_bank, &row));
    OK(vault_reserve_credit(&env, &status, bank_id, world_fen(1000000)));
    cr_assert_eq(status, STATUS_OK);
    OK(vault_guarantee_post(&env, &status, bank_id, world_fen(100000)));
    cr_assert_eq(status, STATUS_OK);
    office_end(office);
}

void office_open(struct office *out)
{
    crypto_use(&crypto_libcrypto);
    *out = (struct office){.now = WORLD_NOW};
    world_open(&out->world);
    OK(store_memory_open(&out->store, &tables_schema));
    OK(store_begin(out->store, STORE_WRITE));
    OK(books_open(out->store));
    OK(store_commit(out->store));
    struct register_env env = office_begin(out);
    OK(authority_revocations_open(&env));
    office_end(out);
    add_bank(out, WORLD_BANK_A);
    add_bank(out, WORLD_BANK_B);
}

void office_close(struct office *office)
{
    store_close(&office->store);
    world_close(&office->world);
}

void office_log(struct office *office, const struct world_wallet *wallet, const char *customer)
{
    struct logged entry = {.certificate = wallet->certificate_cose};
    struct id hash = world_hash(customer);
    enum status status = STATUS_OK;
    memcpy(entry.customer.bytes, hash.bytes, NONCE_SIZE);
    const struct log_body body = {.entries = {&entry, 1}};
    struct register_env env = office_begin(office);
    const struct bank bank = {.bank_id = wallet->certificate.bank_id};
    OK(authority_log(&env, &status, &body, &bank));
    cr_assert_eq(status, STATUS_OK, "log: %s", status_name(status));
    office_end(office);
}

void office_issue(struct world_coin *out, struct office *office, uint64_t bank_id, uint64_t fen,
                  struct world_wallet *owner)
{
    struct register_env env = office_begin(office);
    struct bank bank = {0};
    OK(vault_bank(&env, &bank, bank_id));
    OK(amount_sub(&bank.reserve, bank.reserve, world_fen(fen)));
    OK(store_update(office->store, &tables_table_bank, &bank));
    *out = (struct world_coin){.amount = world_fen(fen), .owner = owner};
    OK(register_mint(&env, &out->token, &out->serial, &out->coin_id, out->amount,
                     &owner->pair.public_key, false, 0));
    office_end(office);
}

/* Every leaf of a reply is proved by its place in the tree, as a wallet would check. */
static void check_settled(struct office *office, const struct cose *settled,
                          const struct leaf *leaves, size_t count)
{
    struct id *hashes = calloc(count, sizeof *hashes);
    for (size_t i = 0; i < count; i++)
        OK(merkle_leaf_hash(&hashes[i], &leaves[i]));
    for (size_t i = 0; i < count; i++) {
        struct id path[PATH_MAX_HASHES];
        struct id_item items[PATH_MAX_HASHES];
        struct placed_leaf placed = {.leaf = leaves[i], .index = i};
        placed.path.count = merkle_path(path, hashes, count, i);
        for (size_t j = 0; j < placed.path.count; j++)
            items[j].id = path[j];
        placed.path.items = items;
        cr_assert_eq(merkle_settled(&office->world.trust, settled, &placed, &office->world.arena),
                     STATUS_OK);
    }
    free(hashes);
}

enum status office_settle_packet(struct office *office, struct span packet,
                                 struct settle_result *result)
{
    struct blob_item item = {.bytes = packet};
    const struct settle_body body = {.packets = {&item, 1}};
    struct settle_reply reply = {0};
    struct register_env env = office_begin(office);
    OK(register_settle(&env, &reply, &body));
    office_end(office);
    cr_assert_eq(reply.results.count, 1);
    *result = reply.results.items[0];
    struct leaf leaves[PACKET_PAYMENTS_MAX];
    for (size_t i = 0; i < result->leaves.count; i++)
        leaves[i] = result->leaves.items[i].leaf;
    if (reply.has_settled)
        check_settled(office, &reply.settled, leaves, result->leaves.count);
    return (enum status)result->status;
}

enum status office_settle_status(struct office *office, const struct world_coin *coin,
                                 struct settle_result *result)
{
    struct world_packet packet = {.directory_version = 1};
    world_packet_add(&packet, coin);
    return office_settle_packet(office, world_packet_bytes(&office->world, &packet), result);
}

enum outcome office_settle(struct office *office, const struct world_coin *coin)
{
    struct settle_result result = {0};
    const enum status status = office_settle_status(office, coin, &result);
    cr_assert_eq(status, STATUS_OK, "settle: %s", status_name(status));
    return (enum outcome)result.leaves.items[result.leaves.count - 1].leaf.outcome;
}

static void keep(struct office *office, struct span *out, struct buffer *bytes)
{
    OK(arena_copy(&office->world.arena, out, buffer_span(bytes)));
    buffer_fini(bytes);
}

void office_order_exchange(struct office_order *out, struct office *office,
                           const struct output *outputs, size_t count)
{
    struct buffer bytes = {0};
    *out = (struct office_order){0};
    memcpy(out->outputs, outputs, count * sizeof *outputs);
    out->exchange = (struct exchange){.outputs = {out->outputs, count},
                                      .nonce = world_nonce(&office->world),
                                      .made_at = office->now};
    OK(exchange_encode(&bytes, &out->exchange));
    keep(office, &out->order, &bytes);
    out->id = record_id(WORLD_NETWORK, KIND_EXCHANGE, out->order);
}

void office_order_redeem(struct office_order *out, struct office *office, uint64_t bank_id,
                         uint64_t fen)
{
    struct buffer bytes = {0};
    *out = (struct office_order){.is_redeem = true};
    out->redeem = (struct redeem){.bank_id = bank_id,
                                  .amount = world_fen(fen),
                                  .nonce = world_nonce(&office->world),
                                  .made_at = office->now};
    OK(redeem_encode(&bytes, &out->redeem));
    keep(office, &out->order, &bytes);
    out->id = record_id(WORLD_NETWORK, KIND_REDEEM, out->order);
}

void office_order_fund(struct office_order *order, struct office *office,
                       const struct world_coin *const *coins, size_t count)
{
    struct world_wallet desk = {0};
    struct world_packet packet = {.directory_version = 1};
    world_register_wallet(&desk, &office->world);
    for (size_t i = 0; i < count; i++) {
        struct world_coin paid = {0};
        world_pay(&paid, NULL, &office->world, coins[i], &desk, amount_fen(coins[i]->amount),
                  &order->id);
        world_packet_add(&packet, &paid);
    }
    order->packet = world_packet_bytes(&office->world, &packet);
}

enum status office_order(struct office *office, struct order_reply *reply,
                         const struct office_order *order, uint64_t bank_id)
{
    const struct order_body body = {
        .order = order->order, .packet = order->packet, .requests = order->requests};
    enum status status = STATUS_OK;
    struct register_env env = office_begin(office);
    OK(register_order(&env, reply, &status, order->is_redeem ? VERB_REDEEM : VERB_EXCHANGE, &body,
                      bank_id));
    office_end(office);
    if (status != STATUS_OK)
        return status;
    struct leaf leaves[PACKET_COINS_MAX];
    for (size_t i = 0; i < reply->inputs.count; i++)
        leaves[i] = reply->inputs.items[i].placed.leaf;
    cr_assert(reply->has_settled);
    check_settled(office, &reply->settled, leaves, reply->inputs.count);
    return STATUS_OK;
}

enum outcome office_claim(struct office *office, const struct world_coin *orphan,
                          const struct world_request *shown)
{
    struct office_order order = {0};
    struct order_reply reply = {0};
    struct signed_item item = {0};
    const struct output back = {.amount = orphan->amount, .key = orphan->owner->pair.public_key};
    office_order_exchange(&order, office, &back, 1);
    office_order_fund(&order, office, &orphan, 1);
    if (shown != NULL) {
        item.record = shown->cose;
        order.requests = (struct signed_item_list){&item, 1};
    }
    const enum status status = office_order(office, &reply, &order, WORLD_BANK_A);
    cr_assert_eq(status, STATUS_OK, "claim: %s", status_name(status));
    return (enum outcome)reply.inputs.items[0].placed.leaf.outcome;
}

static uint64_t owned_in(struct office *office, const struct public_key *key, enum coin_state state)
{
    const struct coin from = {.owner_key = *key, .state = state};
    const struct store_query query = {
        .table = &tables_table_coin, .index_number = 0, .prefix_count = 2};
    struct balance sum = balance_from_fen(0);
    uint64_t count = 0;
    OK(store_begin(office->store, STORE_READ));
    OK(store_sum(office->store, &sum, &count, &query, &from, "amount"));
    store_rollback(office->store);
    return (uint64_t)balance_fen(sum);
}

uint64_t office_owned(struct office *office, const struct public_key *key)
{
    return owned_in(office, key, COIN_UNSPENT);
}

uint64_t office_orphans(struct office *office, const struct public_key *key)
{
    return owned_in(office, key, COIN_ORPHAN);
}

static struct fraud_case_list all_cases(struct office *office)
{
    struct fraud_case_list list = {0};
    struct register_env env = office_begin(office);
    OK(cases_list(&env, &list));
    office_end(office);
    return list;
}

size_t office_cases(struct office *office)
{
    return all_cases(office).count;
}

struct fraud_case office_case(struct office *office, size_t index)
{
    return all_cases(office).items[index];
}

struct bank office_bank(struct office *office, uint64_t bank_id)
{
    struct bank bank = {0};
    struct register_env env = office_begin(office);
    OK(vault_bank(&env, &bank, bank_id));
    office_end(office);
    return bank;
}

struct claim office_last_claim(struct office *office)
{
    const struct store_query query = {
        .table = &tables_table_claim, .index_number = -1, .descending = true, .count_max = 1};
    struct list rows = {0};
    OK(store_begin(office->store, STORE_READ));
    OK(store_list(office->store, &rows, &query, NULL, &office->world.arena));
    store_rollback(office->store);
    cr_assert_gt(rows.count, 0);
    return *(struct claim *)rows.items;
}
