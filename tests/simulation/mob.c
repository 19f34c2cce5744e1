/* The mob (contract in mob.h): what it knows, and what it signs.
 *
 * 1. Loot is every coin of its keys that it ever saw, spent or not, with the whole line.
 * 2. It never breaks cryptography: it has its own keys, the issuing key, and a bank's. */
#include "tests/simulation/mob.h"

#include "common/purse/tables.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/centre.h"
#include "tests/simulation/citizen.h"
#include "tests/simulation/lookup.h"
#include "tests/simulation/mob_clerk.h"
#include "tests/simulation/mob_loot.h"
#include "tests/simulation/post.h"

#include <string.h>

enum { FORGED_MAX = 6, FORGED_VALUE = 5000 };

struct mob *mob_open(struct sim *sim)
{
    struct mob *mob = sim_new(1, sizeof *mob);
    mob->sim = sim;
    return mob;
}

/* --- signing --- */

static struct cose sign(struct mob *mob, enum kind kind, const void *value,
                        const struct key_pair *pair)
{
    struct cose cose = {0};
    sim_check(
        mob->sim,
        record_sign(&cose, mob->sim->world.network, kind, value, pair, &mob->sim->world.arena),
        "the mob signs");
    return cose;
}

void mob_spend(struct mob *mob, struct mob_coin *paid, const struct mob_coin *coin,
               const struct output *outputs, size_t count, const struct id *reference)
{
    struct sim *sim = mob->sim;
    const struct mob_pair *pair = mob_pair_of(mob, &coin->owner_key);
    struct output kept[OUTPUTS_MAX];
    memcpy(kept, outputs, count * sizeof *kept);
    const struct payment payment = {
        .serial = coin->serial,
        .coin_id = coin->coin_id,
        .outputs = {kept, count},
        .has_reference = reference != NULL,
        .reference = reference != NULL ? *reference : (struct id){{0}},
        .counter = chance_below(&sim->chance, 200), /* clones of a wallet */
        .paid_day = sim->now / 86400,
        .revocations_version = 1,
    };
    const struct cose cose = sign(mob, KIND_PAYMENT, &payment, &pair->pair);
    const struct id id = record_id(sim->world.network, KIND_PAYMENT, cose.payload);
    for (size_t i = count; i-- > 0;) {
        *paid = *coin;
        paid->payments[paid->payment_count] = cose;
        paid->signers[paid->payment_count++] = coin->owner_key;
        paid->amount = outputs[i].amount;
        paid->owner_key = outputs[i].key;
        paid->coin_id = record_coin_output(&id, (uint16_t)i);
        mob_loot_add(mob, paid);
    }
}

static struct span wrap(struct mob *mob, struct span packet)
{
    struct buffer file AUTO(buffer_fini) = {0};
    sim_check(mob->sim, wire_wrap(&file, mob->sim->world.network, KIND_PACKET, packet), "wrap");
    return sim_keep(mob->sim, buffer_span(&file));
}

/* --- acts --- */

static const struct key_pair *some_pair(struct mob *mob, size_t *person)
{
    const struct mob_pair *pair = &mob->pairs[chance_below(&mob->sim->chance, mob->pair_count)];
    *person = pair->person;
    return &pair->pair;
}

static struct output output_of(int64_t value, const struct public_key *key)
{
    return (struct output){world_fen((uint64_t)value), *key};
}

/* One coin to a payee and the rest to itself. */
static void spend_part(struct mob *mob, struct mob_coin *paid, const struct mob_coin *coin,
                       const struct public_key *payee, int64_t value, const struct id *reference)
{
    size_t person;
    const int64_t rest = sim_amount(coin->amount) - value;
    const struct key_pair *own = some_pair(mob, &person);
    struct output outputs[2] = {output_of(value, payee)};
    if (rest > 0)
        outputs[1] = output_of(rest, &own->public_key);
    mob_spend(mob, paid, coin, outputs, rest > 0 ? 2 : 1, reference);
}

static int64_t some_part(struct mob *mob, const struct mob_coin *coin)
{
    const int64_t all = sim_amount(coin->amount);
    if (all < 4 || chance_permille(&mob->sim->chance, 400))
        return all;
    return (int64_t)chance_between(&mob->sim->chance, 1, (uint64_t)all - 1);
}

/* A proper payment to an honest person, of a coin that may be spent already. */
static void cheat(struct mob *mob, struct arena *arena)
{
    struct sim *sim = mob->sim;
    struct citizen *payee = sim->citizens[chance_below(&sim->chance, SIM_HONEST)];
    struct citizen_request request = {0};
    struct mob_coin paid;
    const struct mob_coin *coin = mob_loot_any(mob);
    if (coin == NULL)
        return;
    const struct mob_coin spent = *coin;
    const int64_t value = some_part(mob, &spent);
    if (!citizen_request(payee, &request, (uint64_t)value, arena))
        return;
    spend_part(mob, &paid, &spent, &request.payee_key, value, &request.id);
    sim_note(sim, "the mob pays %lld of a coin of %lld", (long long)value,
             (long long)sim_amount(spent.amount));
    const struct span file = wrap(mob, mob_packet(mob, &paid, 1));
    for (uint64_t times = chance_between(&sim->chance, 1, 2); times > 0; times--)
        citizen_receive(payee, NULL, file, arena);
    post_keep_packet(sim, chance_below(&sim->chance, SIM_HONEST), file);
}

void mob_settle(struct mob *mob, const struct mob_coin *coin, struct arena *arena)
{
    struct sim *sim = mob->sim;
    struct settle_reply reply = {0};
    struct blob_item item = {.bytes = mob_packet(mob, coin, 1)};
    const struct settle_body body = {.packets = {&item, 1}};
    enum status status = STATUS_UNREACHABLE;
    struct citizen *thief = sim->citizens[mob->pairs[mob->pair_count - 1].person];
    const struct key_pair *pair = &mob->pairs[mob->pair_count - 1].pair;
    const enum err error = citizen_call(thief, &status, &reply, VERB_SETTLE, &body, pair, arena);
    sim_note(sim, "the mob hands in: %s, %s", err_name(error), status_name(status));
}

/* Among themselves, handed in or not. */
static void launder(struct mob *mob, struct arena *arena)
{
    size_t person;
    struct mob_coin paid;
    const struct mob_coin *coin = mob_loot_any(mob);
    if (coin == NULL)
        return;
    const struct mob_coin spent = *coin;
    spend_part(mob, &paid, &spent, &some_pair(mob, &person)->public_key, some_part(mob, &spent),
               NULL);
    if (chance_permille(&mob->sim->chance, 500))
        mob_settle(mob, &paid, arena);
}

/* An old line, to whoever will take it. */
static void replay(struct mob *mob, struct arena *arena)
{
    struct sim *sim = mob->sim;
    const struct mob_coin *coin = mob_loot_any(mob);
    if (coin == NULL || coin->payment_count == 0)
        return;
    const struct mob_coin old = *coin;
    if (chance_permille(&sim->chance, 500))
        mob_settle(mob, &old, arena);
    else
        citizen_receive(sim->citizens[chance_below(&sim->chance, SIM_HONEST)], NULL,
                        wrap(mob, mob_packet(mob, &old, 1)), arena);
}

/* The order's bytes, asking for the whole sum, or for more. */
static struct span order_bytes(struct mob *mob, struct id *order_id, int64_t value)
{
    struct sim *sim = mob->sim;
    struct buffer bytes AUTO(buffer_fini) = {0};
    size_t person;
    struct output output = output_of(value, &some_pair(mob, &person)->public_key);
    struct exchange exchange = {.outputs = {&output, 1}, .made_at = sim->now};
    chance_bytes(&sim->chance, exchange.nonce.bytes, NONCE_SIZE);
    sim_check(sim, exchange_encode(&bytes, &exchange), "an order");
    *order_id = record_id(sim->world.network, KIND_EXCHANGE, buffer_span(&bytes));
    return sim_keep(sim, buffer_span(&bytes));
}

/* Exchanges and claims, of one to three coins, some badly formed. */
static void exchange(struct mob *mob, struct arena *arena)
{
    struct sim *sim = mob->sim;
    struct mob_coin coins[3], paid[3];
    struct id order_id;
    struct order_reply reply = {0};
    enum status status = STATUS_UNREACHABLE;
    size_t count = 0, person;
    int64_t sum = 0;
    while (count < chance_between(&sim->chance, 1, 3) && mob_loot_any(mob) != NULL) {
        coins[count] = *mob_loot_any(mob);
        sum += sim_amount(coins[count++].amount);
    }
    if (count == 0)
        return;
    if (chance_permille(&sim->chance, 200))
        sum++;
    const struct span order = order_bytes(mob, &order_id, sum);
    for (size_t i = 0; i < count; i++) {
        const struct output whole = {coins[i].amount, sim->world.register_key.public_key};
        mob_spend(mob, &paid[i], &coins[i], &whole, 1, &order_id);
    }
    const struct order_body body = {.order = order, .packet = mob_packet(mob, paid, count)};
    const struct key_pair *pair = some_pair(mob, &person);
    const enum err error =
        citizen_call(sim->citizens[person], &status, &reply, VERB_EXCHANGE, &body, pair, arena);
    sim_note(sim, "the mob exchanges %zu coins: %s, %s", count, err_name(error),
             status_name(status));
    for (size_t i = 0; i < reply.tokens.count; i++)
        mob_loot_token(mob, &reply.tokens.items[i].record);
}

/* A token signed with the stolen issuing key. */
static void forge(struct mob *mob)
{
    struct sim *sim = mob->sim;
    size_t person;
    if (sim->counts[SIM_FORGED] >= FORGED_MAX)
        return;
    const struct token token = {
        .issuing_key_id = crypto_key_id(&sim->world.issuing.public_key),
        .serial = UINT64_C(1000000000) + chance_below(&sim->chance, 1000000),
        .amount = world_fen(FORGED_VALUE),
        .owner_key = some_pair(mob, &person)->public_key,
        .issued_day = sim->now / 86400,
        .spend_by_day = sim->now / 86400 + 90,
        .redeem_by_day = sim->now / 86400 + 120,
    };
    const struct cose cose = sign(mob, KIND_TOKEN, &token, &sim->world.issuing);
    sim_count(sim, SIM_FORGED);
    auditor_forged(sim->auditor, token.serial, FORGED_VALUE);
    mob_loot_token(mob, &cose);
    sim_note(sim, "the mob forges a token");
}

/* A deposit with a coin that may be spent already. */
static void deposit(struct mob *mob, struct arena *arena)
{
    struct sim *sim = mob->sim;
    struct deposit_request_reply asked = {0};
    struct deposit_reply reply = {0};
    struct deposit_request_body ask = {0};
    struct request request = {0};
    struct mob_coin paid;
    size_t person;
    enum status status = STATUS_UNREACHABLE;
    const struct key_pair *pair = some_pair(mob, &person);
    const struct mob_coin *coin = mob_loot_any(mob);
    if (coin == NULL)
        return;
    const struct mob_coin spent = *coin;
    ask.amount = spent.amount;
    chance_bytes(&sim->chance, ask.deposit_id.bytes, NONCE_SIZE);
    const enum err error = citizen_call(sim->citizens[person], &status, &asked,
                                        VERB_DEPOSIT_REQUEST, &ask, pair, arena);
    if (error != ERR_OK || status != STATUS_OK ||
        request_decode(&request, asked.request.payload, arena) != ERR_OK)
        return;
    const struct id id = record_id(sim->world.network, KIND_REQUEST, asked.request.payload);
    spend_part(mob, &paid, &spent, &request.payee_key, sim_amount(spent.amount), &id);
    const struct deposit_body body = {.packet = mob_packet(mob, &paid, 1)};
    const enum err paid_in =
        citizen_call(sim->citizens[person], &status, &reply, VERB_DEPOSIT, &body, pair, arena);
    sim_note(sim, "the mob deposits %lld: %s, %s, credited %lld",
             (long long)sim_amount(spent.amount), err_name(paid_in), status_name(status),
             (long long)sim_amount(reply.credited));
}

/* A malicious relay: part of an order that it overheard, in the bank's own name. */
static void partial(struct mob *mob, struct arena *arena)
{
    struct sim *sim = mob->sim;
    struct buffer request AUTO(buffer_fini) = {0};
    struct buffer reply AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    struct nonce call_id;
    if (mob->order_count == 0)
        return;
    const struct mob_order *order = &mob->orders[chance_below(
        &sim->chance, mob->order_count < MOB_ORDERS ? mob->order_count : MOB_ORDERS)];
    struct order_body body = order->body;
    if (!mob_packet_part(mob, &body.packet, order->body.packet, arena))
        return;
    chance_bytes(&sim->chance, call_id.bytes, sizeof call_id.bytes);
    sim_check(sim,
              call_seal(&request, sim->world.network, order->verb, &body, &call_id, sim->now,
                        &sim->world.banks[order->bank].bank_key, arena),
              "a part");
    const enum err error = centre_handle(sim->centre, &reply, buffer_span(&request));
    sim_count(sim, SIM_PARTIAL);
    sim_note(sim, "a relay hands in part of an order: %s", err_name(error));
}

/* A bit of something overheard is turned over. */
static void spoil(struct mob *mob, struct arena *arena)
{
    struct sim *sim = mob->sim;
    size_t payee = 0;
    const struct span file = post_old_packet(sim, &payee);
    if (file.size == 0)
        return;
    uint8_t *bytes = (uint8_t *)(uintptr_t)file.data; /* a copy of our own */
    bytes[chance_below(&sim->chance, file.size)] ^= (uint8_t)(1 << chance_below(&sim->chance, 8));
    citizen_receive(sim->citizens[payee], NULL, file, arena);
}

void mob_act(struct mob *mob)
{
    struct arena arena AUTO(arena_fini) = {0};
    const uint64_t draw = chance_below(&mob->sim->chance, 1000);
    sim_count(mob->sim, SIM_MALICIOUS);
    mob_loot_gather(mob);
    if (draw < 400)
        cheat(mob, &arena);
    else if (draw < 530)
        launder(mob, &arena);
    else if (draw < 630)
        replay(mob, &arena);
    else if (draw < 790)
        exchange(mob, &arena);
    else if (draw < 850)
        deposit(mob, &arena);
    else if (draw < 930)
        partial(mob, &arena);
    else if (draw < 940)
        spoil(mob, &arena);
    else if (draw < 990)
        mob_clerk_act(mob, &arena);
    else
        forge(mob);
}
