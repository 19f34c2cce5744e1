/* The people of folk.h: what a shell would pass in, look-ups, and the handover in one call. */
#include "tests/wallet/folk.h"

#include "common/purse/purse_row.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

/* --- what a shell would pass in --- */

static void draw(void *context, void *out, size_t size)
{
    struct folk *folk = context;
    uint8_t *bytes = out;
    for (size_t at = 0; at < size; at += ID_SIZE) {
        char text[80];
        hex_encode(text, span_of(folk->first.pair.public_key.bytes, 8));
        snprintf(text + 16, sizeof text - 16, " %llu", (unsigned long long)++folk->drawn);
        const struct id hash = world_hash(text);
        memcpy(bytes + at, hash.bytes, size - at < ID_SIZE ? size - at : ID_SIZE);
    }
}

static enum err seal_key(void *context, struct span *sealed, const struct key_pair *pair,
                         struct arena *arena)
{
    (void)context;
    return arena_copy(arena, sealed, span_of(pair->private_scalar, sizeof pair->private_scalar));
}

static enum err open_key(void *context, struct key_pair *out, struct span sealed)
{
    (void)context;
    return sealed.size == 32 ? crypto()->key_load(out, sealed.data) : ERR_PARSE;
}

static enum err ask_bank(void *context, enum status *status, void *reply, enum verb verb,
                         const void *body, const struct key_pair *pair, struct arena *arena)
{
    struct folk *folk = context;
    (void)pair;
    *status = STATUS_OK;
    return folk->bank == NULL ? ERR_UNREACHABLE
                              : folk->bank(folk->bank_context, status, reply, verb, body, arena);
}

/* --- opening --- */

static struct purse_env env_of(struct folk *folk, struct arena *arena)
{
    return (struct purse_env){.store = folk->wallet.store,
                              .trust = &folk->wallet.trust,
                              .now = folk->wallet.now,
                              .arena = arena,
                              .context = &folk->wallet,
                              .key = wallet_key};
}

static void insert_state(struct folk *folk, uint64_t bank_id)
{
    struct world *world = folk->world;
    const struct wallet_state state = {
        .id = 1,
        .network = span_text(world->network),
        .root_key = world->root.public_key,
        .bank_id = bank_id,
        .bank_name = world->banks[bank_id - 1].certificate.name,
        .address = span_text("127.0.0.1:1"),
        .tls_name = span_text("bank.dcep"),
        .tls_certificate = span_text("pem"),
        .is_joined = 1,
        .has_directory = true,
        .directory = world->directory_cose,
        .has_revocations = world->revocations.version > 0,
        .revocations = world->revocations_cose,
    };
    const struct sealed_key key = {
        .key = folk->first.pair.public_key,
        .sealed = span_of(folk->first.pair.private_scalar, 32),
        .made_at = WORLD_NOW,
    };
    OK(store_insert(folk->wallet.store, &tables_table_wallet_state, &state));
    OK(store_insert(folk->wallet.store, &tables_table_sealed_key, &key));
}

static void start(struct folk *folk, struct store *store, uint64_t now)
{
    folk->wallet = (struct wallet){
        .store = store,
        .now = now,
        .context = folk,
        .random = draw,
        .seal_key = seal_key,
        .open_key = open_key,
        .bank = ask_bank,
    };
}

void folk_restart(struct folk *folk)
{
    wallet_fini(&folk->wallet);
    start(folk, folk->wallet.store, folk->wallet.now);
    OK(wallet_load(&folk->wallet));
}

void folk_open_empty(struct folk *out, struct world *world, const char *name)
{
    struct store *store = NULL;
    *out = (struct folk){.world = world};
    world_wallet(&out->first, world, name, WORLD_BANK_A);
    OK(store_memory_open(&store, &wallet_schema));
    start(out, store, WORLD_NOW);
}

void folk_open(struct folk *out, struct world *world, const char *name, uint64_t bank_id)
{
    struct arena arena AUTO(arena_fini) = {0};
    *out = (struct folk){.world = world, .wallet.now = WORLD_NOW};
    world_wallet(&out->first, world, name, bank_id);
    OK(store_memory_open(&out->wallet.store, &wallet_schema));
    struct purse_env env = env_of(out, &arena);
    OK(store_begin(out->wallet.store, STORE_WRITE));
    insert_state(out, bank_id);
    OK(purse_key_add(&env, &out->first.pair.public_key,
                     world_bytes(world, &out->first.certificate_cose)));
    OK(store_commit(out->wallet.store));
    folk_restart(out);
}

void folk_close(struct folk *folk)
{
    wallet_fini(&folk->wallet);
    store_close(&folk->wallet.store);
}

/* --- looking --- */

void folk_coin(struct folk *folk, uint64_t fen)
{
    struct world_coin coin;
    world_token(&coin, folk->world, fen, &folk->first);
    folk_take(folk, &coin);
}

void folk_take(struct folk *folk, const struct world_coin *coin)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct purse_env env = env_of(folk, &arena);
    enum status status = STATUS_FAILED;
    OK(store_begin(folk->wallet.store, STORE_WRITE));
    OK(purse_take_token(&env, &status, &coin->token));
    OK(store_commit(folk->wallet.store));
    cr_assert_eq(status, STATUS_OK, "%s", status_name(status));
}

struct purse_totals folk_totals(struct folk *folk)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct purse_env env = env_of(folk, &arena);
    struct purse_totals totals = {0};
    OK(store_begin(folk->wallet.store, STORE_READ));
    OK(purse_totals(&env, &totals));
    store_rollback(folk->wallet.store);
    return totals;
}

uint64_t folk_spendable(struct folk *folk)
{
    return amount_fen(folk_totals(folk).spendable);
}

bool folk_has_plan(struct folk *folk, const struct id *plan_id)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct purse_env env = env_of(folk, &arena);
    struct purse_plan plan = {0};
    OK(store_begin(folk->wallet.store, STORE_READ));
    const enum err error = purse_plan_get(&env, &plan, plan_id);
    store_rollback(folk->wallet.store);
    return error == ERR_OK;
}

struct purse_plan folk_plan(struct folk *folk, const struct id *plan_id)
{
    struct purse_env env = env_of(folk, &folk->world->arena);
    struct purse_plan plan = {0};
    OK(store_begin(folk->wallet.store, STORE_READ));
    OK(purse_plan_get(&env, &plan, plan_id));
    store_rollback(folk->wallet.store);
    return plan;
}

size_t folk_signed_payments(struct folk *folk)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct purse_env env = env_of(folk, &arena);
    struct list rows = {0};
    size_t count = 0;
    OK(store_begin(folk->wallet.store, STORE_READ));
    OK(purse_rows(&env, &rows, &purse_table_purse_payment, -1, 0, NULL));
    const struct purse_payment *payments = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        bool mine = false;
        OK(purse_key_is_mine(&env, &mine, &payments[i].signer_key));
        if (!mine)
            continue;
        count++;
        for (size_t j = 0; j < i; j++)
            cr_assert(!id_equal(&payments[i].coin_id, &payments[j].coin_id),
                      "a coin of mine bears two payments");
    }
    store_rollback(folk->wallet.store);
    return count;
}

/* --- handing over --- */

struct span folk_request(struct folk *payee, uint64_t fen, struct id *request_id)
{
    const struct handover_ask ask = {.amount = world_fen(fen), .memo = "tea", .expires_s = 600};
    struct span file = {0};
    struct id id = {{0}};
    OK(handover_request(&payee->wallet, &file, &id, &ask, &payee->world->arena));
    if (request_id != NULL)
        *request_id = id;
    return file;
}

struct span folk_pay(struct folk *payer, struct span invoice, enum status *status)
{
    struct handover_offer offer = {0};
    struct span packet = {0};
    OK(handover_offer(&payer->wallet, &offer, status, invoice, &payer->world->arena));
    if (*status == STATUS_OK)
        OK(handover_pay(&payer->wallet, &packet, status, &offer, false, &payer->world->arena));
    return packet;
}

struct handover_received folk_receive(struct folk *payee, struct span packet)
{
    struct handover_received received = {0};
    OK(handover_receive(&payee->wallet, &received, packet, &payee->world->arena));
    return received;
}

void folk_hand_over(struct folk *payer, struct folk *payee, uint64_t fen)
{
    enum status status = STATUS_FAILED;
    struct id request_id, confirmed;
    const struct span invoice = folk_request(payee, fen, &request_id);
    const struct span packet = folk_pay(payer, invoice, &status);
    cr_assert_eq(status, STATUS_OK, "pay: %s", status_name(status));
    const struct handover_received received = folk_receive(payee, packet);
    cr_assert_eq(received.result, HANDOVER_TAKEN, "receive: %s", status_name(received.status));
    cr_assert_eq(amount_fen(received.amount), fen);
    OK(handover_confirm(&payer->wallet, &status, &confirmed, received.receipt));
    cr_assert_eq(status, STATUS_OK, "confirm: %s", status_name(status));
    cr_assert(id_equal(&confirmed, &request_id));
}
