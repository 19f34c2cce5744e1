/* A simulated citizen (contract in citizen.h). */
#include "tests/simulation/citizen_inside.h"

#include "tests/simulation/agency.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/mob.h"
#include "tests/simulation/post.h"
#include "wallet/handover/handover.h"
#include "wallet/state/wallet_file.h"

#include <stdio.h>
#include <string.h>

enum { CRASH_PERMILLE = 50, OPENING = 150000, EXPIRES_S = 3 * 86400, LIES_PERMILLE = 40 };

bool citizen_is_honest(const struct citizen *citizen)
{
    return citizen->person < SIM_HONEST;
}

struct agency *citizen_agency(const struct citizen *citizen)
{
    return citizen->agency;
}

uint64_t citizen_customer(const struct citizen *citizen)
{
    return citizen->customer;
}

struct store *citizen_store(struct citizen *citizen)
{
    return citizen->wallet.store;
}

/* --- what the shell of a wallet would do --- */

static enum err seal_key(void *context, struct span *sealed, const struct key_pair *pair,
                         struct arena *arena)
{
    struct citizen *citizen = context;
    uint8_t bytes[KEY_SIZE + sizeof pair->private_scalar];
    memcpy(bytes, pair->public_key.bytes, KEY_SIZE);
    memcpy(bytes + KEY_SIZE, pair->private_scalar, sizeof pair->private_scalar);
    auditor_key(citizen->sim->auditor, &pair->public_key, citizen->person);
    if (!citizen_is_honest(citizen))
        mob_key(citizen->sim->mob, pair, citizen->person);
    return arena_copy(arena, sealed, span_of(bytes, sizeof bytes));
}

static enum err open_key(void *context, struct key_pair *out, struct span sealed)
{
    (void)context;
    if (sealed.size != KEY_SIZE + sizeof out->private_scalar)
        return ERR_AUTH;
    memcpy(out->public_key.bytes, sealed.data, KEY_SIZE);
    memcpy(out->private_scalar, sealed.data + KEY_SIZE, sizeof out->private_scalar);
    out->device = NULL;
    return ERR_OK;
}

enum err citizen_call(struct citizen *citizen, enum status *status, void *reply, enum verb verb,
                      const void *body, const struct key_pair *pair, struct arena *arena)
{
    struct buffer request AUTO(buffer_fini) = {0};
    struct buffer answer AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    struct sim *sim = citizen->sim;
    struct nonce call_id;
    struct span kept = {0};
    chance_bytes(&sim->chance, call_id.bytes, sizeof call_id.bytes);
    memset(reply, 0, message_verb(verb)->reply->struct_size);
    TRY(call_seal(&request, sim->world.network, verb, body, &call_id, sim->now, pair, arena));
    TRY(net_call(citizen->bank, &answer, buffer_span(&request), NET_TIMEOUT_DEFAULT_MS));
    TRY(arena_copy(arena, &kept, buffer_span(&answer)));
    return call_read_reply(status, reply, verb, &call_id, kept, arena);
}

/* A bank that lies: another outcome than the register's, or an order's token kept back. */
static void lie(struct sim *sim, enum verb verb, void *reply)
{
    struct settle_reply *settle = reply;
    struct order_reply *order = reply;
    if (sim->is_lossless || !chance_permille(&sim->chance, LIES_PERMILLE))
        return;
    if (verb == VERB_SETTLE && settle->results.count > 0 &&
        settle->results.items[0].leaves.count > 0) {
        struct leaf *leaf = &settle->results.items[0].leaves.items[0].leaf;
        leaf->outcome = leaf->outcome == OUTCOME_SETTLED ? OUTCOME_CONFLICT : OUTCOME_SETTLED;
        sim_count(sim, SIM_LIES);
    } else if (verb == VERB_EXCHANGE && order->tokens.count > 0) {
        order->tokens.count--;
        sim_count(sim, SIM_LIES);
    }
}

static enum err call_bank(void *context, enum status *status, void *reply, enum verb verb,
                          const void *body, const struct key_pair *pair, struct arena *arena)
{
    struct citizen *citizen = context;
    TRY(citizen_call(citizen, status, reply, verb, body, pair, arena));
    if (*status == STATUS_OK)
        lie(citizen->sim, verb, reply);
    return ERR_OK;
}

static void random_bytes(void *context, void *out, size_t size)
{
    chance_bytes(&((struct citizen *)context)->sim->chance, out, size);
}

void citizen_start(struct citizen *citizen)
{
    citizen->wallet = (struct wallet){
        .store = citizen->wallet.store,
        .now = citizen->sim->now,
        .context = citizen,
        .random = random_bytes,
        .seal_key = seal_key,
        .open_key = open_key,
        .bank = call_bank,
    };
}

static void wake(struct citizen *citizen)
{
    citizen->wallet.now = citizen->sim->now;
}

static void crash(struct citizen *citizen)
{
    struct sim *sim = citizen->sim;
    sim_count(sim, SIM_CRASHES);
    sim_note(sim, "wallet %zu crashes", citizen->person);
    store_rollback(citizen->wallet.store);
    wallet_fini(&citizen->wallet);
    citizen_start(citizen);
    wake(citizen);
    const enum err error = wallet_load(&citizen->wallet);
    if (error != ERR_MISSING)
        sim_check(sim, error, "a wallet starts again");
}

bool citizen_survived(struct citizen *citizen, bool is_armed, enum err error, const char *what)
{
    disk_disarm(citizen->wallet.store);
    if (error == ERR_OK)
        return true;
    if (!is_armed)
        sim_fail(citizen->sim, "MACHINERY", "wallet %zu, %s: %s", citizen->person, what,
                 err_name(error));
    crash(citizen);
    return false;
}

bool citizen_arm(struct citizen *citizen)
{
    wake(citizen);
    return disk_arm(citizen->sim, citizen->wallet.store, CRASH_PERMILLE);
}

struct wallet *citizen_wallet(struct citizen *citizen)
{
    wake(citizen);
    return &citizen->wallet;
}

/* --- joining --- */

void citizen_join(struct citizen *citizen, bool is_proof)
{
    const struct sync_words words = {.pair = &citizen->words, .is_proof = is_proof};
    enum status status = STATUS_OK;
    citizen_start(citizen);
    wake(citizen);
    sim_check(citizen->sim,
              sync_init(&citizen->wallet, &status, citizen->join_file,
                        citizen->has_words ? &words : NULL),
              "init");
    if (status == STATUS_OK)
        sim_check(citizen->sim,
                  sync_join(&citizen->wallet, &status, citizen->has_words ? &words : NULL), "join");
    if (status != STATUS_OK)
        sim_fail(citizen->sim, "MACHINERY", "wallet %zu joins: %s", citizen->person,
                 status_name(status));
}

struct citizen *citizen_open(struct sim *sim, size_t person)
{
    struct citizen *citizen = sim_new(1, sizeof *citizen);
    char name[16];
    snprintf(name, sizeof name, "wallet %zu", person);
    *citizen =
        (struct citizen){.sim = sim, .person = person, .agency = sim->agencies[person % SIM_BANKS]};
    citizen->bank = post_client(sim, person % SIM_BANKS);
    citizen->wallet.store = disk_open(sim, &wallet_schema, person);
    citizen->customer = agency_customer(citizen->agency, name, OPENING);
    auditor_cash(sim->auditor, person % SIM_BANKS, person, OPENING);
    citizen->join_file = agency_join_file(citizen->agency, citizen->customer);
    citizen->has_words = person % 4 < 2; /* of each bank some have none */
    snprintf(name, sizeof name, "words %zu", person);
    citizen->words = world_key(name);
    citizen_join(citizen, false);
    return citizen;
}

/* --- with the bank --- */

/* The programs ask this before some commands. */
static bool must_sync(struct citizen *citizen)
{
    if (!citizen->wallet.is_restored)
        return false;
    sim_count(citizen->sim, SIM_NOT_YET);
    return true;
}

void citizen_withdraw(struct citizen *citizen, uint64_t value)
{
    struct sim *sim = citizen->sim;
    enum status status = STATUS_OK;
    if (must_sync(citizen))
        return;
    const bool is_armed = citizen_arm(citizen);
    const enum err error = sync_withdraw(&citizen->wallet, &status, world_fen(value));
    sim_note(sim, "wallet %zu withdraws %llu: %s", citizen->person, (unsigned long long)value,
             error == ERR_OK ? status_name(status) : err_name(error));
    sim_count(sim, SIM_WITHDRAWALS);
    (void)citizen_survived(citizen, is_armed, error, "withdraw");
}

void citizen_deposit(struct citizen *citizen, uint64_t value)
{
    struct sim *sim = citizen->sim;
    enum status status = STATUS_OK;
    struct amount credited = amount_zero();
    if (must_sync(citizen))
        return;
    const bool is_armed = citizen_arm(citizen);
    const enum err error = sync_deposit(&citizen->wallet, &status, &credited, world_fen(value));
    sim_note(sim, "wallet %zu deposits %llu: %s, credited %lld", citizen->person,
             (unsigned long long)value, error == ERR_OK ? status_name(status) : err_name(error),
             (long long)sim_amount(credited));
    sim_count(sim, SIM_DEPOSITS);
    (void)citizen_survived(citizen, is_armed, error, "deposit");
}

void citizen_cash(struct citizen *citizen, uint64_t value, bool is_in)
{
    const int64_t cash = is_in ? (int64_t)value : -(int64_t)value;
    if (agency_cash(citizen->agency, citizen->customer, value, is_in))
        auditor_cash(citizen->sim->auditor, citizen->person % SIM_BANKS, citizen->person, cash);
}

void citizen_deposit_packet(struct citizen *citizen, struct span file)
{
    struct sim *sim = citizen->sim;
    enum status status = STATUS_OK;
    struct amount credited = amount_zero();
    if (must_sync(citizen))
        return;
    const bool is_armed = citizen_arm(citizen);
    const enum err error = sync_deposit_packet(&citizen->wallet, &status, &credited, file);
    sim_note(sim, "wallet %zu brings a packet to the bank: %s, credited %lld", citizen->person,
             error == ERR_OK ? status_name(status) : err_name(error),
             (long long)sim_amount(credited));
    sim_count(sim, SIM_DEPOSITS);
    (void)citizen_survived(citizen, is_armed, error, "deposit of a packet");
}

void citizen_sync(struct citizen *citizen)
{
    struct sim *sim = citizen->sim;
    struct sync_report report = {0};
    const bool is_armed = citizen_arm(citizen);
    const enum err error = sync_all(&citizen->wallet, &report);
    sim_note(sim, "wallet %zu syncs: %s, settled %lld, orphaned %lld, found %lld, exchanged %lld%s",
             citizen->person, err_name(error), (long long)sim_amount(report.settled),
             (long long)sim_amount(report.orphaned), (long long)sim_amount(report.found),
             (long long)sim_amount(report.exchanged), report.is_unreachable ? ", unreachable" : "");
    sim_count(sim, SIM_SYNCS);
    if (citizen_survived(citizen, is_armed, error, "sync") && citizen->wallet.is_restored &&
        (report.refusal == STATUS_CODE || report.refusal == STATUS_FORBIDDEN))
        citizen_ask_for_code(citizen);
}

/* --- from hand to hand --- */

bool citizen_request(struct citizen *payee, struct citizen_request *out, uint64_t value,
                     struct arena *arena)
{
    const struct handover_ask ask = {
        .amount = world_fen(value), .memo = "tea", .expires_s = EXPIRES_S};
    struct purse_key current = {0};
    const bool is_armed = citizen_arm(payee);
    const enum err error = handover_request(&payee->wallet, &out->file, &out->id, &ask, arena);
    if (payee->wallet.is_restored && error == ERR_MISSING) {
        disk_disarm(payee->wallet.store);
        (void)must_sync(payee);
        return false;
    }
    if (!citizen_survived(payee, is_armed, error, "request"))
        return false;
    const struct purse_key from = {.state = PURSE_KEY_CURRENT};
    const struct store_query query = {
        .table = &purse_table_purse_key, .index_number = 0, .prefix_count = 1};
    struct list rows = {0};
    sim_check(payee->sim, store_begin(payee->wallet.store, STORE_READ), "a key");
    sim_check(payee->sim, store_list(payee->wallet.store, &rows, &query, &from, arena), "a key");
    store_rollback(payee->wallet.store);
    if (rows.count != 1)
        sim_fail(payee->sim, "KEYS", "wallet %zu has %zu current keys", payee->person, rows.count);
    current = *(const struct purse_key *)rows.items;
    out->payee_key = current.key;
    return true;
}

/* What a file is about; the news beside it are of the day. */
static struct span message_in(struct citizen *citizen, struct span file, struct arena *arena)
{
    struct span message = {0};
    sim_check(citizen->sim, wallet_file_message(&citizen->wallet, &message, file, arena),
              "a message");
    if (message.size < file.size)
        sim_count(citizen->sim, SIM_TOLD);
    return message;
}

/* The same question is answered with the same bytes, for ever. */
static void same_bytes(struct citizen *citizen, const struct id *id, const char *what,
                       struct span bytes)
{
    const struct id hash = crypto_hash(&bytes, 1);
    uint8_t key[ID_SIZE + 1];
    size_t now;
    memcpy(key, id->bytes, ID_SIZE);
    key[ID_SIZE] = (uint8_t)what[0];
    memcpy(&now, hash.bytes, sizeof now);
    now |= 1;
    size_t *said = lookup_at(&citizen->said, span_of(key, sizeof key));
    if (*said != 0 && *said != now)
        sim_fail(citizen->sim, "I4", "wallet %zu gives another %s for the same request",
                 citizen->person, what);
    *said = now;
}

static void note_received(struct citizen *payee, const struct handover_received *received,
                          struct span file)
{
    static const char *const results[] = {"taken", "taken before", "quarantined", "refused"};
    struct sim *sim = payee->sim;
    struct span packet = {0};
    sim_note(sim, "wallet %zu is shown %lld: %s, %s", payee->person,
             (long long)sim_amount(received->amount), results[received->result],
             status_name(received->status));
    if (received->result == HANDOVER_QUARANTINED)
        sim_count(sim, SIM_QUARANTINED);
    if (received->result == HANDOVER_DUPLICATE)
        sim_count(sim, SIM_DUPLICATES);
    if (received->result != HANDOVER_TAKEN)
        return;
    sim_count(sim, SIM_TAKEN);
    if (wallet_file_unwrap(&payee->wallet, &packet, KIND_PACKET, file) == STATUS_OK &&
        citizen_is_honest(payee))
        auditor_accepted(sim->auditor, packet, payee->person);
}

void citizen_receive(struct citizen *payee, struct span *receipt, struct span file,
                     struct arena *arena)
{
    struct handover_received received = {0};
    const bool is_armed = citizen_arm(payee);
    const enum err error = handover_receive(&payee->wallet, &received, file, arena);
    if (!citizen_survived(payee, is_armed, error, "receive"))
        return;
    note_received(payee, &received, file);
    if (received.receipt.size > 0) {
        const struct span packet = message_in(payee, file, arena);
        const struct id hash = crypto_hash(&packet, 1);
        same_bytes(payee, &hash, "receipt", message_in(payee, received.receipt, arena));
    }
    if (receipt != NULL)
        *receipt = received.receipt;
}

/* The payer shows the bytes; the payee's receipt comes back, or does not. */
static void show(struct citizen *payer, struct citizen *payee, const struct id *plan_id,
                 struct span file, struct arena *arena)
{
    struct span receipt = {0};
    struct id request_id;
    enum status status = STATUS_OK;
    same_bytes(payer, plan_id, "packet", message_in(payer, file, arena));
    post_keep_packet(payer->sim, payee->person, file);
    const bool is_armed = citizen_arm(payer);
    const enum err error = handover_sent(&payer->wallet, plan_id);
    if (!citizen_survived(payer, is_armed, error, "sent") || post_is_lost(payer->sim))
        return;
    citizen_receive(payee, &receipt, file, arena);
    if (receipt.size > 0)
        post_keep_receipt(payer->sim, payer->person, receipt);
    if (receipt.size == 0 || post_is_lost(payer->sim))
        return;
    const bool is_armed_too = citizen_arm(payer);
    const enum err confirmed = handover_confirm(&payer->wallet, &status, &request_id, receipt);
    if (citizen_survived(payer, is_armed_too, confirmed, "confirm") && status != STATUS_OK)
        sim_fail(payer->sim, "F9", "wallet %zu does not take a good receipt: %s", payer->person,
                 status_name(status));
}

void citizen_confirm(struct citizen *payer, struct span receipt)
{
    struct id request_id;
    enum status status = STATUS_OK;
    const bool is_armed = citizen_arm(payer);
    const enum err error = handover_confirm(&payer->wallet, &status, &request_id, receipt);
    sim_note(payer->sim, "wallet %zu is shown a receipt: %s", payer->person, status_name(status));
    (void)citizen_survived(payer, is_armed, error, "confirm");
}

void citizen_pay_request(struct citizen *payer, struct citizen *payee, struct span invoice)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct handover_offer offer = {0};
    enum status status = STATUS_OK;
    struct span file = {0};
    const bool is_armed = citizen_arm(payer);
    enum err error = handover_offer(&payer->wallet, &offer, &status, invoice, &arena);
    if (error == ERR_OK && status == STATUS_OK)
        error = handover_pay(&payer->wallet, &file, &status, &offer, false, &arena);
    sim_note(payer->sim, "wallet %zu pays %zu %lld: %s", payer->person, payee->person,
             (long long)sim_amount(offer.request.amount),
             error == ERR_OK ? status_name(status) : err_name(error));
    if (!citizen_survived(payer, is_armed, error, "pay") || status != STATUS_OK)
        return;
    sim_count(payer->sim, SIM_PAID);
    if (!chance_permille(&payer->sim->chance, 40)) /* or the phone is put away first */
        show(payer, payee, &offer.request_id, file, &arena);
}

void citizen_pay(struct citizen *payer, struct citizen *payee, uint64_t value)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct citizen_request request = {0};
    if (!citizen_request(payee, &request, value, &arena))
        return;
    post_keep_request(payer->sim, payee->person, request.file);
    if (!post_is_lost(payer->sim))
        citizen_pay_request(payer, payee, request.file);
}

/* --- what was left --- */

static struct citizen *payee_of(struct citizen *citizen, const struct purse_plan *plan,
                                struct arena *arena)
{
    struct request request = {0};
    struct sim *sim = citizen->sim;
    sim_check(sim, request_decode(&request, plan->request.payload, arena), "a plan's request");
    const size_t person = auditor_person(sim->auditor, &request.payee_key);
    return person < SIM_CITIZENS ? sim->citizens[person] : NULL;
}

static void resume_plan(struct citizen *citizen, const struct purse_plan *plan, struct arena *arena)
{
    struct sim *sim = citizen->sim;
    struct citizen *payee = payee_of(citizen, plan, arena);
    struct span file = {0};
    enum status status = STATUS_OK;
    if (plan->state == PURSE_PLAN_RESERVED) {
        const bool is_armed = citizen_arm(citizen);
        const enum err error = handover_cancel(&citizen->wallet, &status, &plan->plan_id);
        sim_note(sim, "wallet %zu cancels: %s", citizen->person, status_name(status));
        (void)citizen_survived(citizen, is_armed, error, "cancel");
    } else if (payee != NULL && plan->has_packet && chance_permille(&sim->chance, 500)) {
        sim_check(sim, handover_packet_file(&citizen->wallet, &file, plan, arena), "a packet");
        show(citizen, payee, &plan->plan_id, file, arena);
    }
}

void citizen_resume(struct citizen *citizen)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct list rows = {0};
    const struct purse_plan from = {.kind = PURSE_PLAN_PAY};
    const struct store_query query = {
        .table = &purse_table_purse_plan, .index_number = 1, .prefix_count = 1};
    const bool is_armed = citizen_arm(citizen);
    const enum err error = handover_resume(&citizen->wallet);
    if (!citizen_survived(citizen, is_armed, error, "resume"))
        return;
    sim_check(citizen->sim, store_begin(citizen->wallet.store, STORE_READ), "plans");
    sim_check(citizen->sim, store_list(citizen->wallet.store, &rows, &query, &from, &arena),
              "plans");
    store_rollback(citizen->wallet.store);
    const struct purse_plan *plans = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        if (plans[i].state < PURSE_PLAN_CONFIRMED)
            resume_plan(citizen, &plans[i], &arena);
}
