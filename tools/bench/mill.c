/* Calls in bulk (contract in mill.h). */
#include "tools/bench/mill.h"

#include "common/base/time.h"
#include "common/money/packet.h"

#include <string.h>

enum { ARENA_SIZE_MAX = 1024 * 1024 * 1024, FEN_TO_PAYEE = 1 };

void mill_open(struct mill *mill)
{
    struct key_pair payee;
    CHECK(crypto()->key_generate(&payee) == ERR_OK);
    mill->payee_key = payee.public_key;
    for (size_t i = 0; i < MILL_OWNERS; i++)
        CHECK(crypto()->key_generate(&mill->owners[i]) == ERR_OK);
    mill->arena.limit = ARENA_SIZE_MAX;
}

void mill_fini(struct mill *mill)
{
    key_pair_wipe(&mill->bank_key);
    key_pair_wipe(&mill->vault_key);
    arena_fini(&mill->arena);
}

void mill_call_fini(struct mill_call *call)
{
    buffer_fini(&call->bytes);
}

static void seal(struct mill_call *out, struct mill *mill, enum verb verb, const void *body)
{
    struct arena arena AUTO(arena_fini) = {0};
    *out = (struct mill_call){.verb = verb};
    crypto_random(out->id.bytes, sizeof out->id.bytes);
    CHECK(call_seal(&out->bytes, mill->network, verb, body, &out->id, mill->now, &mill->bank_key,
                    &arena) == ERR_OK);
}

static struct amount fen_of(uint64_t fen)
{
    struct amount amount;
    CHECK(amount_from_fen(&amount, fen) == ERR_OK);
    return amount;
}

void mill_issue(struct mill_call *out, struct mill *mill, uint64_t number, size_t count,
                uint64_t fen)
{
    struct output outputs[ORDER_OUTPUTS_MAX];
    struct issue order = {.outputs = {outputs, count}, .made_at = 1};
    struct buffer bytes AUTO(buffer_fini) = {0};
    for (size_t i = 0; i < count; i++)
        outputs[i] = (struct output){fen_of(fen), mill->vault_key.public_key};
    memcpy(order.order_id.bytes, &number, sizeof number);
    CHECK(issue_encode(&bytes, &order) == ERR_OK);
    const struct issue_body body = {buffer_span(&bytes)};
    seal(out, mill, VERB_ISSUE, &body);
}

/* ---- payments ---- */

static struct cose pay(struct mill *mill, const struct mill_coin *coin, struct output_list outputs,
                       const struct id *reference, struct arena *arena)
{
    struct cose cose;
    const struct payment payment = {.serial = coin->serial,
                                    .coin_id = coin->coin_id,
                                    .outputs = outputs,
                                    .has_reference = true,
                                    .reference = *reference,
                                    .counter = ++mill->counter,
                                    .paid_day = time_day(mill->now)};
    CHECK(record_sign(&cose, mill->network, KIND_PAYMENT, &payment, coin->owner, arena) == ERR_OK);
    return cose;
}

static struct span pack(struct mill *mill, const struct mill_coin *coin, const struct cose *payment,
                        struct arena *arena)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct span copy;
    CHECK(packet_encode_parts(&bytes, &coin->token, 1, payment, 1, NULL, 0,
                              mill->directory_version) == ERR_OK);
    CHECK(arena_copy(arena, &copy, buffer_span(&bytes)) == ERR_OK);
    return copy;
}

void mill_exchange(struct mill_call *out, struct mill *mill, const struct mill_coin *coin,
                   size_t output_count)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct output outputs[ORDER_OUTPUTS_MAX], input = {coin->amount, mill->register_key};
    struct exchange order = {.outputs = {outputs, output_count}, .made_at = mill->now};
    const uint64_t fen = amount_fen(coin->amount);
    CHECK(fen % output_count == 0);
    for (size_t i = 0; i < output_count; i++) {
        const struct key_pair *owner = &mill->owners[mill->next_owner++ % MILL_OWNERS];
        outputs[i] = (struct output){fen_of(fen / output_count), owner->public_key};
    }
    crypto_random(order.nonce.bytes, sizeof order.nonce.bytes);
    CHECK(exchange_encode(&bytes, &order) == ERR_OK);
    const struct id order_id = record_id(mill->network, KIND_EXCHANGE, buffer_span(&bytes));
    const struct cose payment = pay(mill, coin, (struct output_list){&input, 1}, &order_id, &arena);
    const struct order_body body = {.order = buffer_span(&bytes),
                                    .packet = pack(mill, coin, &payment, &arena)};
    seal(out, mill, VERB_EXCHANGE, &body);
}

void mill_settle(struct mill_call *out, struct mill *mill, const struct mill_coin *coins,
                 size_t count)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct blob_item packets[SETTLE_PACKETS_MAX];
    struct id reference;
    CHECK(count <= SETTLE_PACKETS_MAX);
    crypto_random(reference.bytes, sizeof reference.bytes);
    for (size_t i = 0; i < count; i++) {
        const uint64_t fen = amount_fen(coins[i].amount);
        struct output outputs[] = {{fen_of(FEN_TO_PAYEE), mill->payee_key},
                                   {fen_of(fen - FEN_TO_PAYEE), coins[i].owner->public_key}};
        const struct cose payment =
            pay(mill, &coins[i], (struct output_list){outputs, 2}, &reference, &arena);
        packets[i].bytes = pack(mill, &coins[i], &payment, &arena);
    }
    const struct settle_body body = {.packets = {packets, count}};
    seal(out, mill, VERB_SETTLE, &body);
}

/* ---- replies ---- */

static const struct key_pair *find_owner(const struct mill *mill, const struct public_key *key)
{
    for (size_t i = 0; i < MILL_OWNERS; i++)
        if (key_equal(&mill->owners[i].public_key, key))
            return &mill->owners[i];
    CHECK(key_equal(&mill->vault_key.public_key, key));
    return &mill->vault_key;
}

static void take_coin(struct mill *mill, struct mill_coin *out, const struct cose *cose)
{
    struct token token;
    const struct id id = record_id(mill->network, KIND_TOKEN, cose->payload);
    *out = (struct mill_coin){.token = *cose, .coin_id = record_coin_root(&id)};
    CHECK(arena_copy(&mill->arena, &out->token.payload, cose->payload) == ERR_OK);
    CHECK(token_decode(&token, out->token.payload, &mill->arena) == ERR_OK);
    out->serial = token.serial;
    out->amount = token.amount;
    out->owner = find_owner(mill, &token.owner_key);
}

bool mill_take_coins(struct mill *mill, struct mill_coin *coins, size_t count,
                     const struct mill_call *call, struct span reply)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct tokens_reply issued = {0};
    struct order_reply exchanged = {0};
    const bool is_issue = call->verb == VERB_ISSUE;
    enum status status = STATUS_FAILED;
    CHECK(call_read_reply(&status, is_issue ? (void *)&issued : (void *)&exchanged, call->verb,
                          &call->id, reply, &arena) == ERR_OK);
    if (status == STATUS_PENDING)
        return false;
    const struct signed_item_list *tokens = is_issue ? &issued.tokens : &exchanged.tokens;
    CHECK(status == STATUS_OK && tokens->count == count);
    for (size_t i = 0; i < count && coins != NULL; i++)
        take_coin(mill, &coins[i], &tokens->items[i].record);
    return true;
}

void mill_check_settled(const struct mill_call *call, size_t count, struct span reply)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct settle_reply settled = {0};
    enum status status = STATUS_FAILED;
    CHECK(call_read_reply(&status, &settled, VERB_SETTLE, &call->id, reply, &arena) == ERR_OK);
    CHECK(status == STATUS_OK && settled.results.count == count);
    for (size_t i = 0; i < count; i++) {
        const struct settle_result *result = &settled.results.items[i];
        CHECK(result->status == STATUS_OK && result->leaves.count == 1);
        CHECK(result->leaves.items[0].leaf.outcome == OUTCOME_SETTLED);
    }
}
