/* A street with a bank in it (contract in street.h). */
#include "tests/intermediary/street.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* --- the line, and chance --- */

static void street_random(void *context, void *out, size_t size)
{
    struct street *street = context;
    uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++) {
        street->chance ^= street->chance << 13;
        street->chance ^= street->chance >> 7;
        street->chance ^= street->chance << 17;
        bytes[i] = (uint8_t)(street->chance >> 32);
    }
}

/* A relay that keeps an order's answer to itself. */
static void empty_answer(struct street *street, struct buffer *bytes)
{
    struct reply reply = {0};
    struct buffer body AUTO(buffer_fini) = {0}, kept = *bytes;
    const struct order_reply nothing = {0};
    HALL_OK(reply_decode(&reply, buffer_span(&kept), &street->arena));
    HALL_OK(order_reply_encode(&body, &nothing));
    reply.body = buffer_span(&body);
    *bytes = (struct buffer){0};
    HALL_OK(reply_encode(bytes, &reply));
    buffer_fini(&kept);
}

/* The central bank's shell: a transaction a call, a reply after its commit. */
static enum err call_central(void *context, struct buffer *reply, struct span request)
{
    struct street *street = context;
    struct buffer lost AUTO(buffer_fini) = {0};
    const bool is_lost = street->lost_replies > 0;
    street->call_count++;
    if (street->is_cut)
        return ERR_UNREACHABLE;
    if (street->calls_until_cut > 0)
        street->is_cut = --street->calls_until_cut == 0;
    street->lost_replies -= is_lost;
    street->central.now = street->bank.now;
    (void)hall_begin(&street->hall);
    HALL_OK(service_handle(&street->central, is_lost ? &lost : reply, request));
    HALL_OK(service_load_trust(&street->central));
    hall_end(&street->hall);
    if (street->is_empty)
        empty_answer(street, reply);
    if (street->on_answer != NULL && !is_lost)
        street->on_answer(street, reply, request);
    return is_lost ? ERR_TIMEOUT : ERR_OK;
}

/* --- opening and closing --- */

static void open_central(struct street *street)
{
    struct world *world = &street->hall.world;
    struct service *service = &street->central;
    snprintf(service->network, sizeof service->network, "%s", WORLD_NETWORK);
    service->root_key = world->root.public_key;
    service->issuing_key = world->issuing;
    service->register_key = world->register_key;
    service->revocation_key = world->revocation;
    service->store = street->hall.store;
    service->now = WORLD_NOW;
    (void)hall_begin(&street->hall);
    HALL_OK(service_load_trust(service));
    hall_end(&street->hall);
}

void street_open(struct street *out)
{
    enum status status = STATUS_OK;
    memset(out, 0, sizeof *out);
    out->chance = 88172645463325252u;
    hall_open(&out->hall, HALL_MEMORY);
    open_central(out);
    struct world *world = &out->hall.world;
    struct branch *bank = &out->bank;
    HALL_OK(store_memory_open(&bank->store, &bank_schema));
    bank->bank_key = world->banks[0].bank_key;
    bank->vault_key = world->banks[0].vault_key;
    bank->now = WORLD_NOW;
    bank->random = street_random;
    bank->random_context = out;
    bank->central = call_central;
    bank->central_context = out;
    HALL_OK(branch_create(bank, WORLD_NETWORK, "North Bank"));
    HALL_OK(branch_load(bank));
    const struct admission admission = {
        .root_key = world->root.public_key,
        .bank_certificate = trust_bank(&world->trust, WORLD_BANK_A)->cose,
        .directory = world->directory_cose,
        .address = span_text("127.0.0.1:7001"),
        .tls_name = span_text("central.dcep"),
        .tls_authority = span_text("pem"),
        .tls_certificate = span_text("pem"),
    };
    HALL_OK(branch_admit(bank, &status, &admission));
    HALL_STATUS(status, STATUS_OK);
}

void street_close(struct street *street)
{
    street_audit(street);
    branch_fini(&street->bank);
    store_close(&street->bank.store);
    service_fini(&street->central);
    arena_fini(&street->arena);
    hall_close(&street->hall);
}

struct branch_env street_env(struct street *street)
{
    struct branch_env env;
    branch_env_open(&env, &street->bank, &street->arena);
    return env;
}

struct branch_env street_begin(struct street *street)
{
    HALL_OK(store_begin(street->bank.store, STORE_WRITE));
    return street_env(street);
}

void street_end(struct street *street)
{
    HALL_OK(store_commit(street->bank.store));
}

size_t street_count(struct street *street, const struct table *table)
{
    struct list rows = {0};
    struct branch_env env = street_begin(street);
    HALL_OK(branch_rows(&env, &rows, table, -1, 0, NULL));
    street_end(street);
    return rows.count;
}

/* --- audit: the bank's own books, recomputed --- */

static void audit_account(struct branch_env *env, const struct customer *customer)
{
    struct account_entry_list entries = {0};
    int64_t sum = 0;
    HALL_OK(teller_entries(env, &entries, customer->number));
    for (size_t i = 0; i < entries.count; i++) {
        const struct account_entry *entry = &entries.items[i];
        const int64_t fen = (int64_t)amount_fen(entry->amount);
        sum += entry->kind == ACCOUNT_PAID_IN || entry->kind == ACCOUNT_DEPOSIT ? fen : -fen;
        cr_assert_eq(sum, (int64_t)amount_fen(entry->balance), "the journal's running balance");
    }
    cr_assert_eq(sum, (int64_t)amount_fen(customer->balance), "an account is its journal's sum");
}

static void audit_payout(struct branch_env *env, const struct payout *payout)
{
    const struct payout_token from = {.withdrawal_id = payout->withdrawal_id};
    struct list rows = {0};
    uint64_t sum = 0;
    HALL_OK(branch_rows(env, &rows, &bank_table_payout_token, -1, 1, &from));
    const struct payout_token *tokens = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        struct token token = {0};
        HALL_OK(token_decode(&token, tokens[i].token.payload, env->purse.arena));
        cr_assert(key_equal(&token.owner_key, &payout->wallet_key));
        sum += amount_fen(token.amount);
    }
    cr_assert_eq(sum, payout->state == PAYOUT_DONE ? amount_fen(payout->amount) : 0);
    if (payout->state == PAYOUT_ORDERED) {
        struct purse_plan plan = {0};
        HALL_OK(purse_plan_get(&env->purse, &plan, &payout->plan_id));
    }
}

void street_audit(struct street *street)
{
    struct customer_list customers = {0};
    struct list payouts = {0}, entries = {0};
    uint64_t debited = 0, asked = 0;
    struct branch_env env = street_begin(street);
    HALL_OK(customers_list(&env, &customers));
    for (size_t i = 0; i < customers.count; i++)
        audit_account(&env, &customers.items[i]);
    HALL_OK(branch_rows(&env, &payouts, &bank_table_payout, -1, 0, NULL));
    for (size_t i = 0; i < payouts.count; i++) {
        const struct payout *payout = &((const struct payout *)payouts.items)[i];
        audit_payout(&env, payout);
        asked += amount_fen(payout->amount);
    }
    HALL_OK(branch_rows(&env, &entries, &bank_table_account_entry, -1, 0, NULL));
    const struct account_entry *rows = entries.items;
    for (size_t i = 0; i < entries.count; i++)
        debited += rows[i].kind == ACCOUNT_WITHDRAWAL ? amount_fen(rows[i].amount) : 0;
    cr_assert_eq(debited, asked, "each withdrawal is debited once");
    street_end(street);
}

/* --- customers --- */

uint64_t street_customer(struct street *street, const char *name, uint64_t tier, uint64_t fen)
{
    const struct customers_spec spec = {
        .name = span_text(name), .tier = tier, .deposit = world_fen(fen)};
    enum status status = STATUS_OK;
    uint64_t number = 0;
    struct branch_env env = street_begin(street);
    HALL_OK(customers_open(&env, &status, &number, &spec));
    HALL_STATUS(status, STATUS_OK);
    street_end(street);
    return number;
}

struct nonce street_code(struct street *street, uint64_t customer)
{
    struct nonce code = {{0}};
    uint64_t expires_at = 0;
    struct branch_env env = street_begin(street);
    HALL_OK(customers_code(&env, &code, &expires_at, customer, CUSTOMERS_CODE_DAYS));
    street_end(street);
    return code;
}

enum status street_join(struct street *street, struct world_wallet *wallet,
                        const struct nonce *code)
{
    struct world *world = &street->hall.world;
    const struct certificate_request request = {.new_key = wallet->pair.public_key,
                                                .made_at = street->bank.now};
    const struct join_body body = {
        .request = world_sign(world, KIND_CERTIFICATE_REQUEST, &request, &wallet->pair),
        .has_code = true,
        .code = *code};
    struct certify_reply reply = {0};
    const enum status status = street_call(street, &reply, VERB_JOIN, &body, &wallet->pair);
    if (status != STATUS_OK)
        return status;
    wallet->certificate_cose = reply.certificate;
    HALL_STATUS(
        trust_certificate(&wallet->certificate, &world->trust, &reply.certificate, &street->arena),
        STATUS_OK);
    return STATUS_OK;
}

void street_resident(struct resident *out, struct street *street, const char *name, uint64_t tier,
                     uint64_t fen)
{
    *out = (struct resident){.wallet = {.pair = world_key(name)}};
    out->number = street_customer(street, name, tier, fen);
    const struct nonce code = street_code(street, out->number);
    HALL_STATUS(street_join(street, &out->wallet, &code), STATUS_OK);
}

struct customer street_get(struct street *street, uint64_t number)
{
    struct customer customer = {0};
    bool found = false;
    struct branch_env env = street_begin(street);
    HALL_OK(customers_get(&env, &found, &customer, number));
    cr_assert(found);
    street_end(street);
    return customer;
}

/* --- the vault --- */

void street_approve_all(struct street *street, bool approved)
{
    struct approval_list list = {0};
    struct register_env env = hall_begin(&street->hall);
    HALL_OK(vault_approvals(&env, &list, APPROVAL_PENDING));
    for (size_t i = 0; i < list.count; i++) {
        enum status status = STATUS_OK;
        HALL_OK(vault_decide(&env, &status, list.items[i].number, approved, "op", ""));
        HALL_STATUS(status, STATUS_OK);
    }
    hall_end(&street->hall);
}

bool street_work(struct street *street)
{
    bool pending = false;
    HALL_OK(branch_work(&street->bank, &pending));
    return pending;
}

void street_stock(struct street *street, uint64_t fen)
{
    enum status status = STATUS_OK;
    uint64_t number = 0;
    struct branch_env env = street_env(street);
    HALL_OK(vaultroom_order(&env, &status, &number, world_fen(fen)));
    HALL_STATUS(status, STATUS_PENDING);
    street_approve_all(street, true);
    cr_assert_not(street_work(street));
}

uint64_t street_vault(struct street *street)
{
    struct purse_totals totals = {0};
    struct branch_env env = street_begin(street);
    HALL_OK(purse_totals(&env.purse, &totals));
    street_end(street);
    return amount_fen(totals.spendable_settled);
}

/* The vault's key pays every coin that the withdrawal's order names elsewhere, before it
 * arrives. */
void street_rob(struct street *street)
{
    struct world *world = &street->hall.world;
    struct world_wallet vault, thief = {.pair = world_key("thief")};
    struct list rows = {0};
    world_vault(&vault, world, WORLD_BANK_A);
    world_wallet(&thief, world, "thief", WORLD_BANK_B);
    vault.counter = 1000000;
    struct branch_env env = street_begin(street);
    HALL_OK(branch_rows(&env, &rows, &purse_table_purse_plan_item, -1, 0, NULL));
    street_end(street);
    cr_assert_gt(rows.count, 0);
    const struct purse_plan_item *items = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        struct purse_token token = {.serial = items[i].serial, .coin_id = items[i].coin_id};
        struct world_coin coin, stolen;
        env = street_begin(street);
        HALL_OK(store_get(street->bank.store, &purse_table_purse_token, &token, &street->arena));
        street_end(street);
        hall_take(&coin, &street->hall, &token.token, &vault);
        world_pay(&stolen, NULL, world, &coin, &thief, amount_fen(coin.amount), NULL);
        HALL_OUTCOME(hall_settle(&street->hall, &stolen), OUTCOME_SETTLED);
    }
}

/* --- calls --- */

enum status street_call_id(struct street *street, void *reply, enum verb verb, const void *body,
                           const struct key_pair *pair, const struct nonce *call_id)
{
    struct buffer request AUTO(buffer_fini) = {0}, answer AUTO(buffer_fini) = {0};
    struct span kept = {0};
    enum status status = STATUS_FAILED;
    HALL_OK(call_seal(&request, WORLD_NETWORK, verb, body, call_id, street->bank.now, pair,
                      &street->arena));
    const enum err error = branch_handle(&street->bank, &answer, buffer_span(&request));
    if (error != ERR_OK)
        return STATUS_FAILED;
    HALL_OK(arena_copy(&street->arena, &kept, buffer_span(&answer)));
    HALL_OK(call_read_reply(&status, reply, verb, call_id, kept, &street->arena));
    return status;
}

enum status street_call(struct street *street, void *reply, enum verb verb, const void *body,
                        const struct key_pair *pair)
{
    const struct nonce call_id = world_nonce(&street->hall.world);
    return street_call_id(street, reply, verb, body, pair, &call_id);
}

void street_ask(struct note_order *out, struct street *street, struct resident *resident,
                const uint64_t *fens)
{
    struct world *world = &street->hall.world;
    *out = (struct note_order){0};
    out->withdrawal = (struct withdrawal){
        .withdrawal_id = world_nonce(world),
        .wallet_key = resident->wallet.pair.public_key,
        .amounts = {out->amounts, 0},
        .made_at = street->bank.now,
    };
    for (; fens[out->withdrawal.amounts.count] != 0; out->withdrawal.amounts.count++) {
        const struct amount amount = world_fen(fens[out->withdrawal.amounts.count]);
        out->amounts[out->withdrawal.amounts.count].amount = amount;
        HALL_OK(amount_add(&out->withdrawal.amount, out->withdrawal.amount, amount));
    }
    out->cose = world_sign(world, KIND_WITHDRAWAL, &out->withdrawal, &resident->wallet.pair);
}

enum status street_withdraw(struct street *street, struct tokens_reply *reply,
                            const struct note_order *order, const struct resident *resident)
{
    const struct withdraw_body body = {.withdrawal = order->cose};
    return street_call(street, reply, VERB_WITHDRAW, &body, &resident->wallet.pair);
}

void street_coin(struct world_coin *out, struct street *street, struct resident *resident,
                 uint64_t fen)
{
    struct note_order order;
    struct tokens_reply reply = {0};
    street_ask(&order, street, resident, (const uint64_t[]){fen, 0});
    HALL_STATUS(street_withdraw(street, &reply, &order, resident), STATUS_OK);
    cr_assert_eq(reply.tokens.count, 1);
    hall_take(out, &street->hall, &reply.tokens.items[0].record, &resident->wallet);
}

struct span street_packet(struct street *street, const struct world_coin *coin)
{
    struct world_packet packet = {0};
    world_packet_add(&packet, coin);
    return world_packet_bytes(&street->hall.world, &packet);
}

enum status street_settle(struct street *street, struct settle_reply *reply,
                          const struct span *packets, size_t count, const struct resident *resident)
{
    struct blob_item items[SETTLE_PACKETS_MAX];
    for (size_t i = 0; i < count; i++)
        items[i].bytes = packets[i];
    const struct settle_body body = {.packets = {items, count}};
    return street_call(street, reply, VERB_SETTLE, &body, &resident->wallet.pair);
}
