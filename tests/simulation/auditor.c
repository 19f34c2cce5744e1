/* What the auditor is shown (contract in auditor.h).
 *
 * A payment exists for it from the moment that somebody signs it; nothing that is shown later may
 * be unknown to it, or mean anything else. */
#include "tests/simulation/auditor.h"

#include "tests/simulation/auditor_book.h"
#include "tests/simulation/mob.h"

#include <stdlib.h>
#include <string.h>

struct auditor *auditor_open(struct sim *sim)
{
    struct auditor *auditor = sim_new(1, sizeof *auditor);
    auditor->sim = sim;
    return auditor;
}

void auditor_book_fail(struct auditor *auditor, const char *rule, const char *text,
                       const struct id *id)
{
    char hex[2 * ID_SIZE + 1];
    hex_encode(hex, SPAN(*id));
    sim_fail(auditor->sim, rule, "%s (%.16s)", text, hex);
}

static void *grow(void *items, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity == 0 ? 1024 : 2 * *capacity;
    items = realloc(items, *capacity * size);
    CHECK(items != NULL);
    return items;
}

/* --- people --- */

void auditor_key(struct auditor *auditor, const struct public_key *key, size_t person)
{
    const struct key_id id = crypto_key_id(key);
    *lookup_at(&auditor->by_key, SPAN(*key)) = person + 1;
    *lookup_at(&auditor->by_key_id, SPAN(id)) = person + 1;
}

size_t auditor_person(const struct auditor *auditor, const struct public_key *key)
{
    const size_t at = lookup_get(&auditor->by_key, SPAN(*key));
    return at == 0 ? (size_t)SIM_NOBODY : at - 1;
}

/* Banks are honest too. */
bool auditor_book_is_honest(const struct auditor *auditor, const struct public_key *key)
{
    const size_t person = auditor_person(auditor, key);
    return person < SIM_HONEST || (person >= SIM_CITIZENS && person < SIM_PERSONS);
}

void auditor_cash(struct auditor *auditor, size_t bank, size_t person, int64_t value)
{
    auditor->paid_in[bank] += value;
    auditor->cash[person] += value;
}

void auditor_funded(struct auditor *auditor, size_t bank, int64_t value)
{
    auditor->funded[bank] += value;
}

void auditor_posted(struct auditor *auditor, size_t bank, int64_t value)
{
    auditor->posted[bank] += value;
}

void auditor_forged(struct auditor *auditor, uint64_t serial, int64_t value)
{
    CHECK(auditor->forged_count < AUDITOR_FORGED_MAX);
    auditor->forged[auditor->forged_count].serial = serial;
    auditor->forged[auditor->forged_count++].value = value;
}

/* --- payments --- */

struct auditor_payment *auditor_book_payment(const struct auditor *auditor, const struct id *id)
{
    const size_t at = lookup_get(&auditor->by_payment, SPAN(*id));
    return at == 0 ? NULL : &auditor->payments[at - 1];
}

struct auditor_coin *auditor_book_coin(const struct auditor *auditor, const struct id *coin_id)
{
    const size_t at = lookup_get(&auditor->by_coin, SPAN(*coin_id));
    return at == 0 ? NULL : &auditor->coins[at - 1];
}

struct auditor_payment *auditor_book_maker(const struct auditor *auditor, const struct id *coin_id)
{
    const size_t at = lookup_get(&auditor->by_maker, SPAN(*coin_id));
    return at == 0 ? NULL : &auditor->payments[at - 1];
}

int64_t auditor_book_forged(const struct auditor *auditor, uint64_t serial)
{
    for (size_t i = 0; i < auditor->forged_count; i++)
        if (auditor->forged[i].serial == serial)
            return auditor->forged[i].value;
    return 0;
}

static struct auditor_coin *coin_of(struct auditor *auditor, const struct id *coin_id)
{
    size_t *at = lookup_at(&auditor->by_coin, SPAN(*coin_id));
    if (*at == 0) {
        auditor->coins = grow(auditor->coins, &auditor->coin_capacity, auditor->coin_count,
                              sizeof *auditor->coins);
        auditor->coins[auditor->coin_count++] = (struct auditor_coin){0};
        *at = auditor->coin_count;
    }
    return &auditor->coins[*at - 1];
}

/* One counter, one coin: for keys that follow the rules. */
static void check_counter(struct auditor *auditor, const struct public_key *key, uint64_t counter,
                          size_t payment)
{
    uint8_t name[KEY_SIZE + sizeof counter];
    memcpy(name, key->bytes, KEY_SIZE);
    memcpy(name + KEY_SIZE, &counter, sizeof counter);
    size_t *at = lookup_at(&auditor->by_counter, span_of(name, sizeof name));
    if (*at != 0 && auditor_book_is_honest(auditor, key))
        auditor_book_fail(auditor, "I5", "an honest key used a counter twice",
                          &auditor->payments[payment - 1].coin_id);
    *at = payment;
}

static void add_payment(struct auditor *auditor, const struct id *id, const struct payment *payment,
                        const struct public_key *key)
{
    size_t *at = lookup_at(&auditor->by_payment, SPAN(*id));
    if (*at != 0)
        return;
    auditor->payments = grow(auditor->payments, &auditor->payment_capacity, auditor->payment_count,
                             sizeof *auditor->payments);
    struct auditor_payment *row = &auditor->payments[auditor->payment_count++];
    *at = auditor->payment_count;
    struct auditor_coin *coin = coin_of(auditor, &payment->coin_id);
    *row = (struct auditor_payment){.payment_id = *id,
                                    .coin_id = payment->coin_id,
                                    .serial = payment->serial,
                                    .counter = payment->counter,
                                    .signer = *key,
                                    .has_reference = payment->has_reference,
                                    .reference = payment->reference,
                                    .output_count = payment->outputs.count,
                                    .next = coin->first};
    memcpy(row->outputs, payment->outputs.items,
           payment->outputs.count * sizeof *payment->outputs.items);
    if (coin->first != 0 && auditor_book_is_honest(auditor, key))
        auditor_book_fail(auditor, "I5", "an honest key signed two payments of a coin",
                          &payment->coin_id);
    coin->first = auditor->payment_count;
    auditor_touched_signed(auditor, payment->serial, &payment->coin_id);
    for (size_t i = 0; i < payment->outputs.count; i++) {
        const struct id child = record_coin_output(id, (uint16_t)i);
        *lookup_at(&auditor->by_maker, SPAN(child)) = auditor->payment_count;
    }
    check_counter(auditor, key, payment->counter, auditor->payment_count);
    sim_count(auditor->sim, SIM_SIGNED);
}

/* An item of a Sig_structure (RFC 9052 section 4.4): text or byte string, of our own encoding. */
static struct span take_string(struct span *rest)
{
    struct span item = {0};
    CHECK(rest->size > 3);
    const uint8_t low = rest->data[0] & 31;
    size_t head = 1, size = low;
    if (low == 24) {
        head = 2;
        size = rest->data[1];
    } else if (low == 25) {
        head = 3;
        size = (size_t)(rest->data[1] << 8 | rest->data[2]);
    }
    CHECK(low <= 25 && head + size <= rest->size);
    item = span_of(rest->data + head, size);
    *rest = span_of(rest->data + head + size, rest->size - head - size);
    return item;
}

void auditor_on_sign(void *context, const struct public_key *key, struct span message)
{
    struct auditor *auditor = context;
    struct arena arena AUTO(arena_fini) = {0};
    struct payment payment = {0};
    if (auditor_book_is_frozen(auditor, key))
        sim_fail(auditor->sim, "RESTORE", "a key of before the restore signed something");
    char aad[WIRE_AAD_SIZE_MAX];
    const char *network = auditor->sim->world.network;
    struct span rest = span_of(message.data + 1, message.size - 1);
    (void)take_string(&rest);
    (void)take_string(&rest);
    const struct span kind = take_string(&rest);
    if (!span_equal(kind, wire_aad(aad, network, KIND_PAYMENT)))
        return;
    if ((rest.data[0] & 31) > 25)
        sim_fail(auditor->sim, "I5", "a payment of more than 64 KiB");
    const struct span payload = take_string(&rest);
    sim_check(auditor->sim, payment_decode(&payment, payload, &arena), "a payment being signed");
    const struct id id = record_id(network, KIND_PAYMENT, payload);
    add_payment(auditor, &id, &payment, key);
}

/* --- what the central bank was shown, and said --- */

static void show(struct auditor *auditor, const struct id *payment_id)
{
    struct auditor_payment *payment = auditor_book_payment(auditor, payment_id);
    if (payment == NULL)
        auditor_book_fail(auditor, "I6", "the register took a payment that nobody signed",
                          payment_id);
    if (payment->is_shown)
        return;
    payment->is_shown = true;
    sim_count(auditor->sim, SIM_SHOWN);
    if (payment->is_forgotten)
        sim_count(auditor->sim, SIM_SINCE_SHOWN);
    struct auditor_coin *coin = coin_of(auditor, &payment->coin_id);
    if (coin->shown_count++ > 0)
        auditor->surplus++;
}

static void show_packet(struct auditor *auditor, struct span bytes)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct packet packet = {0};
    sim_check(auditor->sim, packet_decode(&packet, bytes, &arena), "a packet that was taken");
    for (size_t i = 0; i < packet.payments.count; i++) {
        const struct id id = record_id(auditor->sim->world.network, KIND_PAYMENT,
                                       packet.payments.items[i].record.payload);
        show(auditor, &id);
    }
}

static void archived_packet(struct auditor *auditor, struct span bytes)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct packet packet = {0};
    sim_check(auditor->sim, packet_decode(&packet, bytes, &arena), "a packet");
    auditor_archive_answered(auditor, &packet);
}

static void count_outcome(struct sim *sim, uint64_t outcome)
{
    if (outcome == OUTCOME_CONFLICT)
        sim_count(sim, SIM_CONFLICTS);
    if (outcome == OUTCOME_ORPHAN)
        sim_count(sim, SIM_ORPHANS);
    if (outcome == OUTCOME_MINTED_BACK)
        sim_count(sim, SIM_MINTED_BACK);
    if (outcome == OUTCOME_CLAIMED)
        sim_count(sim, SIM_CLAIMS);
}

static void judge_leaf(struct auditor *auditor, const struct leaf *leaf)
{
    struct auditor_payment *payment = auditor_book_payment(auditor, &leaf->payment_id);
    if (payment == NULL || !payment->is_shown || !id_equal(&payment->coin_id, &leaf->coin_id))
        auditor_book_fail(auditor, "I4", "an outcome for something else", &leaf->payment_id);
    if (payment->outcome == leaf->outcome)
        return;
    if (payment->outcome != 0)
        auditor_book_fail(auditor, "I4", "another outcome than before", &leaf->payment_id);
    payment->outcome = (uint8_t)leaf->outcome;
    if (payment->is_forgotten && leaf->outcome == OUTCOME_LOST)
        sim_count(auditor->sim, SIM_SINCE_LATE);
    count_outcome(auditor->sim, leaf->outcome);
    if (leaf->outcome == OUTCOME_SETTLED || leaf->outcome == OUTCOME_USED ||
        leaf->outcome == OUTCOME_MINTED_BACK) {
        if (++coin_of(auditor, &payment->coin_id)->settled_count > 1)
            auditor_book_fail(auditor, "I2", "two settled payments of a coin", &leaf->coin_id);
    }
}

static void hear_settle(struct auditor *auditor, const struct settle_body *body,
                        const struct settle_reply *reply)
{
    for (size_t i = 0; i < reply->results.count; i++) {
        const struct settle_result *result = &reply->results.items[i];
        if (result->status == STATUS_ARCHIVED)
            archived_packet(auditor, body->packets.items[i].bytes);
        if (result->status != STATUS_OK)
            continue;
        show_packet(auditor, body->packets.items[i].bytes);
        for (size_t j = 0; j < result->leaves.count; j++)
            judge_leaf(auditor, &result->leaves.items[j].leaf);
    }
}

static void hear_order(struct auditor *auditor, const struct order_body *body,
                       const struct order_reply *reply)
{
    show_packet(auditor, body->packet);
    for (size_t i = 0; i < reply->inputs.count; i++)
        judge_leaf(auditor, &reply->inputs.items[i].placed.leaf);
}

static void keep_call(struct auditor *auditor, const struct call_frame *frame, size_t bank,
                      const void *reply_body)
{
    struct buffer bytes AUTO(buffer_fini) = {.limit = 4 * 1024 * 1024};
    struct auditor_call *call = &auditor->calls[auditor->call_count++ % AUDITOR_CALLS];
    sim_check(auditor->sim, wire_encode(&bytes, frame->verb->reply, reply_body), "a reply");
    call->verb = frame->verb->verb;
    call->bank = bank;
    call->body = sim_keep(auditor->sim, frame->call.body);
    call->reply = sim_keep(auditor->sim, buffer_span(&bytes));
}

static size_t bank_of(const struct auditor *auditor, const struct key_id *sender)
{
    for (size_t i = 0; i < SIM_BANKS; i++) {
        const struct key_id id = crypto_key_id(&auditor->sim->world.banks[i].bank_key.public_key);
        if (memcmp(id.bytes, sender->bytes, sizeof id.bytes) == 0)
            return i;
    }
    return 0;
}

void auditor_heard(struct auditor *auditor, struct span request, struct span reply_bytes)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct call_frame frame = {0};
    struct settle_body settle = {0};
    struct order_body order = {0};
    union {
        struct settle_reply settle;
        struct order_reply order;
        uint8_t room[1024];
    } reply;
    enum status status = STATUS_FAILED;
    memset(&reply, 0, sizeof reply);
    if (call_read(&frame, auditor->sim->world.network, request, &arena) != STATUS_OK)
        return;
    const enum verb verb = frame.verb->verb;
    if (verb != VERB_SETTLE && verb != VERB_EXCHANGE && verb != VERB_REDEEM)
        return;
    sim_check(auditor->sim,
              call_read_reply(&status, &reply, verb, &frame.call.call_id, reply_bytes, &arena),
              "the central bank's reply");
    if (status != STATUS_OK)
        return;
    const size_t bank = bank_of(auditor, &frame.call.sender_key_id);
    if (verb == VERB_SETTLE) {
        sim_check(auditor->sim, settle_body_decode(&settle, frame.call.body, &arena), "a call");
        hear_settle(auditor, &settle, &reply.settle);
        if (auditor_archive_is_in(&reply.settle)) /* carried out once its lines are back */
            return;
    } else {
        sim_check(auditor->sim, order_body_decode(&order, frame.call.body, &arena), "a call");
        hear_order(auditor, &order, &reply.order);
        mob_overhear(auditor->sim->mob, verb, &order, bank);
    }
    if (verb == VERB_SETTLE) /* the signature over the outcomes is fresh each time */
        reply.settle.has_settled = false;
    else
        reply.order.has_settled = false;
    keep_call(auditor, &frame, bank, &reply);
}

/* --- what honest people took --- */

/* The end of its line: no coin that it made is spent in the same packet. */
static bool is_leaf(const struct auditor *auditor, const struct packet *packet,
                    const struct auditor_payment *payment)
{
    for (size_t i = 0; i < packet->payments.count; i++) {
        const struct id id = record_id(auditor->sim->world.network, KIND_PAYMENT,
                                       packet->payments.items[i].record.payload);
        const struct auditor_payment *other = auditor_book_payment(auditor, &id);
        if (other != NULL && auditor_book_maker(auditor, &other->coin_id) == payment)
            return false;
    }
    return true;
}

static void check_taker(const struct auditor *auditor, const struct auditor_payment *payment,
                        size_t person)
{
    for (size_t i = 0; i < payment->output_count; i++)
        if (auditor_person(auditor, &payment->outputs[i].key) == person &&
            auditor_book_is_frozen(auditor, &payment->outputs[i].key))
            sim_fail(auditor->sim, "RESTORE", "person %zu took with a key of before the restore",
                     person);
}

void auditor_accepted(struct auditor *auditor, struct span bytes, size_t person)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct packet packet = {0};
    sim_check(auditor->sim, packet_decode(&packet, bytes, &arena), "a packet that was taken");
    for (size_t i = 0; i < packet.payments.count; i++) {
        const struct id id = record_id(auditor->sim->world.network, KIND_PAYMENT,
                                       packet.payments.items[i].record.payload);
        const struct auditor_payment *payment = auditor_book_payment(auditor, &id);
        if (payment == NULL)
            auditor_book_fail(auditor, "I7", "taken, and nobody signed it", &id);
        bool is_mine = false;
        for (size_t j = 0; j < payment->output_count; j++)
            is_mine = is_mine || auditor_person(auditor, &payment->outputs[j].key) == person;
        if (!is_mine || auditor_person(auditor, &payment->signer) == person)
            continue;
        if (is_leaf(auditor, &packet, payment))
            check_taker(auditor, payment, person);
        auditor->taken = grow(auditor->taken, &auditor->taken_capacity, auditor->taken_count,
                              sizeof *auditor->taken);
        auditor->taken[auditor->taken_count++] =
            (struct auditor_taken){id, payment->serial, person, false};
    }
}

void auditor_check(struct auditor *auditor)
{
    const bool is_whole =
        auditor->is_whole_due || auditor->sim->act_number % AUDITOR_WHOLE_EVERY == 0;
    auditor_archive_check(auditor);
    auditor_refunds_check(auditor);
    auditor_books_check(auditor, is_whole);
    auditor_cases_check(auditor);
    auditor_purses_check(auditor, is_whole);
    auditor_news_check(auditor);
    auditor_touched_done(auditor);
    auditor->is_whole_due = false;
    auditor_replay_check(auditor);
}
