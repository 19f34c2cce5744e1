/* A central bank for tests (contract in hall.h). Machinery that fails is a failed test. */
#include "tests/central/hall.h"

#include "central/register_row.h"
#include "common/base/time.h"
#include "common/crypto/crypto.h"
#include "common/money/call.h"
#include "common/money/merkle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct register_env hall_begin(struct hall *hall)
{
    HALL_OK(store_begin(hall->store, STORE_WRITE));
    return (struct register_env){
        .store = hall->store,
        .trust = &hall->world.trust,
        .issuing_key = &hall->world.issuing,
        .register_key = &hall->world.register_key,
        .revocation_key = &hall->world.revocation,
        .now = hall->now,
        .arena = &hall->world.arena,
    };
}

void hall_end(struct hall *hall)
{
    struct books_supply supply = {0};
    HALL_OK(books_supply(hall->store, &supply, &hall->world.arena));
    cr_assert(supply.is_balanced,
              "the law of the books: funded %ld, reserves %ld, guarantees %ld, loss %ld, unspent "
              "%ld (%ld)",
              (long)balance_fen(supply.funded), (long)balance_fen(supply.reserves),
              (long)balance_fen(supply.guarantees), (long)balance_fen(supply.loss),
              (long)balance_fen(supply.unspent), (long)balance_fen(supply.unspent_running));
    HALL_OK(store_commit(hall->store));
}

/* --- opening and closing --- */

static void open_store(struct hall *hall, enum hall_store kind)
{
    char path[64];
    if (kind == HALL_MEMORY) {
        HALL_OK(store_memory_open(&hall->store, &tables_schema));
        return;
    }
    snprintf(hall->folder, sizeof hall->folder, "/tmp/dcep-hall-XXXXXX");
    cr_assert_not_null(mkdtemp(hall->folder));
    snprintf(path, sizeof path, "%s/central.db", hall->folder);
    const struct store_sqlite_options options = {.create = true};
    HALL_OK(store_sqlite_open(&hall->store, path, &tables_schema, &options));
}

static void remove_store(const struct hall *hall)
{
    static const char *const names[] = {"central.db", "central.db-wal", "central.db-shm"};
    char path[64];
    for (size_t i = 0; hall->folder[0] != 0 && i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", hall->folder, names[i]);
        (void)unlink(path);
    }
    if (hall->folder[0] != 0)
        cr_assert_eq(rmdir(hall->folder), 0);
}

static void endow(struct hall *hall, uint64_t bank_id)
{
    struct register_env env = hall_begin(hall);
    enum status status = STATUS_OK;
    HALL_OK(vault_reserve_credit(&env, &status, bank_id, world_fen(1000000)));
    HALL_STATUS(status, STATUS_OK);
    HALL_OK(vault_guarantee_post(&env, &status, bank_id, world_fen(100000)));
    HALL_STATUS(status, STATUS_OK);
    hall_end(hall);
}

void hall_open(struct hall *out, enum hall_store kind)
{
    enum status status = STATUS_OK;
    *out = (struct hall){.now = WORLD_NOW};
    world_open(&out->world);
    open_store(out, kind);
    HALL_OK(store_begin(out->store, STORE_WRITE));
    HALL_OK(books_open(out->store));
    HALL_OK(store_commit(out->store));
    struct register_env env = hall_begin(out);
    HALL_OK(authority_revocations_open(&env));
    HALL_OK(authority_directory_accept(&env, &status, &out->world.root.public_key, WORLD_NETWORK,
                                       &out->world.directory_cose));
    HALL_STATUS(status, STATUS_OK);
    hall_end(out);
    endow(out, WORLD_BANK_A);
    endow(out, WORLD_BANK_B);
}

void hall_close(struct hall *hall)
{
    hall_audit(hall);
    store_close(&hall->store);
    remove_store(hall);
    world_close(&hall->world);
}

/* --- acts --- */

void hall_log(struct hall *hall, const struct world_wallet *wallet, const char *customer)
{
    struct logged entry = {.certificate = wallet->certificate_cose};
    struct id hash = world_hash(customer);
    enum status status = STATUS_OK;
    memcpy(entry.customer.bytes, hash.bytes, NONCE_SIZE);
    const struct log_body body = {.entries = {&entry, 1}};
    struct register_env env = hall_begin(hall);
    const struct bank bank = {.bank_id = wallet->certificate.bank_id};
    HALL_OK(authority_log(&env, &status, &body, &bank));
    cr_assert_eq(status, STATUS_OK, "log: %s", status_name(status));
    hall_end(hall);
}

void hall_issue(struct world_coin *out, struct hall *hall, uint64_t bank_id, uint64_t fen,
                struct world_wallet *owner)
{
    struct register_env env = hall_begin(hall);
    struct bank bank = {0};
    HALL_OK(vault_bank(&env, &bank, bank_id));
    HALL_OK(amount_sub(&bank.reserve, bank.reserve, world_fen(fen)));
    HALL_OK(store_update(hall->store, &tables_table_bank, &bank));
    *out = (struct world_coin){.amount = world_fen(fen), .owner = owner};
    HALL_OK(register_mint(&env, &out->token, &out->serial, &out->coin_id, out->amount,
                          &owner->pair.public_key, false, 0));
    hall_end(hall);
}

void hall_take(struct world_coin *out, struct hall *hall, const struct cose *cose,
               struct world_wallet *owner)
{
    struct token token = {0};
    HALL_OK(record_open(&token, WORLD_NETWORK, KIND_TOKEN, cose, &hall->world.issuing.public_key,
                        &hall->world.arena));
    const struct id token_id = record_id(WORLD_NETWORK, KIND_TOKEN, cose->payload);
    cr_assert(key_equal(&token.owner_key, &owner->pair.public_key));
    *out = (struct world_coin){.token = *cose,
                               .serial = token.serial,
                               .amount = token.amount,
                               .coin_id = record_coin_root(&token_id),
                               .owner = owner};
}

/* The register's word, for this question alone; and a token that is the coin it names. */
static enum status read_refund(struct hall *hall, struct hall_refunded *out,
                               const struct refund_reply *reply, const struct refund_body *body)
{
    struct refunds refunds = {0};
    struct id question_id;
    HALL_OK(record_open(&refunds, WORLD_NETWORK, KIND_REFUNDS, &reply->refunds,
                        &hall->world.register_key.public_key, &hall->world.arena));
    HALL_OK(call_question(&question_id, VERB_REFUND, body));
    cr_assert(id_equal(&refunds.question_id, &question_id));
    cr_assert_eq(refunds.results.count, 1);
    const struct refund_result *result = &refunds.results.items[0];
    *out = (struct hall_refunded){.redeem_by_day = result->redeem_by_day,
                                  .has_token = result->has_token_coin_id};
    cr_assert_eq(reply->tokens.count, out->has_token);
    if (out->has_token) {
        out->token = reply->tokens.items[0].record;
        const struct id token_id = record_id(WORLD_NETWORK, KIND_TOKEN, out->token.payload);
        const struct id coin_id = record_coin_root(&token_id);
        cr_assert(id_equal(&coin_id, &result->token_coin_id));
    }
    return (enum status)result->status;
}

enum status hall_refund_at(struct hall *hall, struct hall_refunded *out, uint64_t bank_id,
                           const struct refund_item *item, uint64_t day)
{
    struct register_env env = hall_begin(hall);
    struct refund_item one = *item;
    const struct refund_body body = {.items = {&one, 1}, .nonce = world_nonce(&hall->world)};
    struct refund_reply reply = {0};
    struct bank bank = {.bank_id = bank_id};
    env.now = day * SECONDS_PER_DAY;
    HALL_OK(store_get(hall->store, &tables_table_bank, &bank, &hall->world.arena));
    HALL_OK(refund_make(&env, &reply, &body, &bank));
    hall_end(hall);
    return read_refund(hall, out, &reply, &body);
}

void hall_refund(struct hall *hall, const struct world_coin *coin, const struct world_wallet *to)
{
    const struct refund_item item = {
        .serial = coin->serial, .coin_id = coin->coin_id, .to_key = to->pair.public_key};
    struct hall_refunded result;
    const uint64_t day = hall_coin(hall, coin).redeem_by_day;
    HALL_STATUS(hall_refund_at(hall, &result, to->certificate.bank_id, &item, day), STATUS_OK);
}

/* Every leaf of a reply is proved by its place in the tree, as a wallet would check. */
static void check_settled(struct hall *hall, const struct cose *settled, const struct leaf *leaves,
                          size_t count)
{
    struct id *hashes = calloc(count, sizeof *hashes);
    for (size_t i = 0; i < count; i++)
        HALL_OK(merkle_leaf_hash(&hashes[i], &leaves[i]));
    for (size_t i = 0; i < count; i++) {
        struct id path[PATH_MAX_HASHES];
        struct id_item items[PATH_MAX_HASHES];
        struct placed_leaf placed = {.leaf = leaves[i], .index = i};
        placed.path.count = merkle_path(path, hashes, count, i);
        for (size_t j = 0; j < placed.path.count; j++)
            items[j].id = path[j];
        placed.path.items = items;
        cr_assert_eq(merkle_settled(&hall->world.trust, settled, &placed, &hall->world.arena),
                     STATUS_OK);
    }
    free(hashes);
}

enum status hall_settle_packet(struct hall *hall, struct span packet, struct settle_result *result)
{
    struct blob_item item = {.bytes = packet};
    const struct settle_body body = {.packets = {&item, 1}};
    struct settle_reply reply = {0};
    struct register_env env = hall_begin(hall);
    HALL_OK(register_settle(&env, &reply, &body));
    hall_end(hall);
    cr_assert_eq(reply.results.count, 1);
    *result = reply.results.items[0];
    struct leaf leaves[PACKET_PAYMENTS_MAX];
    for (size_t i = 0; i < result->leaves.count; i++)
        leaves[i] = result->leaves.items[i].leaf;
    if (reply.has_settled)
        check_settled(hall, &reply.settled, leaves, result->leaves.count);
    return (enum status)result->status;
}

enum status hall_settle_status(struct hall *hall, const struct world_coin *coin,
                               struct settle_result *result)
{
    struct world_packet packet = {.directory_version = 1};
    world_packet_add(&packet, coin);
    return hall_settle_packet(hall, world_packet_bytes(&hall->world, &packet), result);
}

enum outcome hall_settle(struct hall *hall, const struct world_coin *coin)
{
    struct settle_result result = {0};
    const enum status status = hall_settle_status(hall, coin, &result);
    cr_assert_eq(status, STATUS_OK, "settle: %s", status_name(status));
    return (enum outcome)result.leaves.items[result.leaves.count - 1].leaf.outcome;
}

void hall_refuses(struct hall *hall, struct span packet, enum status status)
{
    struct settle_result result = {0};
    const struct id before = hall_snapshot(hall);
    HALL_STATUS(hall_settle_packet(hall, packet, &result), status);
    const struct id after = hall_snapshot(hall);
    cr_assert(id_equal(&before, &after));
    cr_assert_eq(result.leaves.count > 0, status == STATUS_ARCHIVED); /* the others nobody signs */
    struct packet names = {0};
    if (status == STATUS_ARCHIVED) {
        HALL_OK(packet_decode(&names, packet, &hall->world.arena));
        cr_assert_eq(result.leaves.count, names.payments.count);
    }
    for (size_t i = 0; i < result.leaves.count; i++) {
        const struct leaf *leaf = &result.leaves.items[i].leaf;
        const struct span payload = names.payments.items[i].record.payload;
        const struct id id = record_id(WORLD_NETWORK, KIND_PAYMENT, payload);
        cr_assert(id_equal(&leaf->payment_id, &id), "each of its payments is named");
        HALL_OUTCOME((enum outcome)leaf->outcome, OUTCOME_ARCHIVED);
    }
}

static void keep(struct hall *hall, struct span *out, struct buffer *bytes)
{
    HALL_OK(arena_copy(&hall->world.arena, out, buffer_span(bytes)));
    buffer_fini(bytes);
}

void hall_order_exchange(struct hall_order *out, struct hall *hall, const struct output *outputs,
                         size_t count)
{
    struct buffer bytes = {0};
    *out = (struct hall_order){0};
    memcpy(out->outputs, outputs, count * sizeof *outputs);
    out->exchange = (struct exchange){
        .outputs = {out->outputs, count}, .nonce = world_nonce(&hall->world), .made_at = hall->now};
    HALL_OK(exchange_encode(&bytes, &out->exchange));
    keep(hall, &out->order, &bytes);
    out->id = record_id(WORLD_NETWORK, KIND_EXCHANGE, out->order);
}

void hall_order_redeem(struct hall_order *out, struct hall *hall, uint64_t bank_id, uint64_t fen)
{
    struct buffer bytes = {0};
    *out = (struct hall_order){.is_redeem = true};
    out->redeem = (struct redeem){.bank_id = bank_id,
                                  .amount = world_fen(fen),
                                  .nonce = world_nonce(&hall->world),
                                  .made_at = hall->now};
    HALL_OK(redeem_encode(&bytes, &out->redeem));
    keep(hall, &out->order, &bytes);
    out->id = record_id(WORLD_NETWORK, KIND_REDEEM, out->order);
}

void hall_order_fund(struct hall_order *order, struct hall *hall,
                     const struct world_coin *const *coins, size_t count)
{
    struct world_wallet desk = {0};
    struct world_packet packet = {.directory_version = 1};
    world_register_wallet(&desk, &hall->world);
    for (size_t i = 0; i < count; i++) {
        struct world_coin paid = {0};
        world_pay(&paid, NULL, &hall->world, coins[i], &desk, amount_fen(coins[i]->amount),
                  &order->id);
        world_packet_add(&packet, &paid);
    }
    order->packet = world_packet_bytes(&hall->world, &packet);
}

enum status hall_order(struct hall *hall, struct order_reply *reply, const struct hall_order *order,
                       uint64_t bank_id)
{
    const struct order_body body = {
        .order = order->order, .packet = order->packet, .requests = order->requests};
    enum status status = STATUS_OK;
    struct register_env env = hall_begin(hall);
    HALL_OK(register_order(&env, reply, &status, order->is_redeem ? VERB_REDEEM : VERB_EXCHANGE,
                           &body, bank_id));
    hall_end(hall);
    if (status != STATUS_OK)
        return status;
    struct leaf leaves[PACKET_COINS_MAX];
    for (size_t i = 0; i < reply->inputs.count; i++)
        leaves[i] = reply->inputs.items[i].placed.leaf;
    cr_assert(reply->has_settled);
    check_settled(hall, &reply->settled, leaves, reply->inputs.count);
    return STATUS_OK;
}

enum outcome hall_input(const struct order_reply *reply, size_t index)
{
    cr_assert_lt(index, reply->inputs.count);
    return (enum outcome)reply->inputs.items[index].placed.leaf.outcome;
}

struct id hall_reply_hash(const struct order_reply *reply)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct order_reply unsigned_reply = *reply;
    unsigned_reply.has_settled = false;
    HALL_OK(order_reply_encode(&bytes, &unsigned_reply));
    const struct span part = buffer_span(&bytes);
    return crypto_hash(&part, 1);
}

enum outcome hall_claim(struct hall *hall, const struct world_coin *orphan,
                        const struct world_request *shown)
{
    struct hall_order order = {0};
    struct order_reply reply = {0};
    struct signed_item item = {0};
    const struct output back = {.amount = orphan->amount, .key = orphan->owner->pair.public_key};
    hall_order_exchange(&order, hall, &back, 1);
    hall_order_fund(&order, hall, &orphan, 1);
    if (shown != NULL) {
        item.record = shown->cose;
        order.requests = (struct signed_item_list){&item, 1};
    }
    const enum status status = hall_order(hall, &reply, &order, WORLD_BANK_A);
    cr_assert_eq(status, STATUS_OK, "claim: %s", status_name(status));
    return (enum outcome)reply.inputs.items[0].placed.leaf.outcome;
}

static uint64_t owned_in(struct hall *hall, const struct public_key *key, enum coin_state state)
{
    const struct store_query query = {.table = &tables_table_coin, .index_number = -1};
    struct register_env env = hall_begin(hall);
    struct list rows = {0};
    uint64_t sum = 0;
    HALL_OK(store_list(hall->store, &rows, &query, NULL, &hall->world.arena));
    const struct coin *coins = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        struct coin coin = {0};
        if (!key_equal(&coins[i].owner_key, key))
            continue;
        HALL_OK(register_coin(&env, &coin, coins[i].serial, &coins[i].coin_id));
        sum += coin.state == state ? amount_fen(coin.amount) : 0;
    }
    hall_end(hall);
    return sum;
}

uint64_t hall_owned(struct hall *hall, const struct public_key *key)
{
    return owned_in(hall, key, COIN_UNSPENT);
}

uint64_t hall_orphans(struct hall *hall, const struct public_key *key)
{
    return owned_in(hall, key, COIN_ORPHAN);
}

static struct fraud_case_list all_cases(struct hall *hall)
{
    struct fraud_case_list list = {0};
    struct register_env env = hall_begin(hall);
    HALL_OK(cases_list(&env, &list));
    hall_end(hall);
    return list;
}

size_t hall_cases(struct hall *hall)
{
    return all_cases(hall).count;
}

struct fraud_case hall_case(struct hall *hall, size_t index)
{
    return all_cases(hall).items[index];
}

struct bank hall_bank(struct hall *hall, uint64_t bank_id)
{
    struct bank bank = {0};
    struct register_env env = hall_begin(hall);
    HALL_OK(vault_bank(&env, &bank, bank_id));
    hall_end(hall);
    return bank;
}

struct claim hall_last_claim(struct hall *hall)
{
    const struct store_query query = {
        .table = &tables_table_claim, .index_number = -1, .descending = true, .count_max = 1};
    struct list rows = {0};
    HALL_OK(store_begin(hall->store, STORE_READ));
    HALL_OK(store_list(hall->store, &rows, &query, NULL, &hall->world.arena));
    store_rollback(hall->store);
    cr_assert_gt(rows.count, 0);
    return *(struct claim *)rows.items;
}

struct coin hall_coin(struct hall *hall, const struct world_coin *coin)
{
    struct register_env env = hall_begin(hall);
    struct coin row = {0};
    HALL_OK(register_coin(&env, &row, coin->serial, &coin->coin_id));
    hall_end(hall);
    return row;
}

size_t hall_count(struct hall *hall, const struct table *table)
{
    HALL_OK(store_begin(hall->store, STORE_READ));
    const struct store_query query = {.table = table, .index_number = -1};
    struct list rows = {0};
    HALL_OK(store_list(hall->store, &rows, &query, NULL, &hall->world.arena));
    store_rollback(hall->store);
    return rows.count;
}

struct books hall_books(struct hall *hall)
{
    struct books books = {0};
    HALL_OK(store_begin(hall->store, STORE_READ));
    HALL_OK(books_get(hall->store, &books));
    store_rollback(hall->store);
    return books;
}
