/* A central bank that serves (contract in house.h). */
#include "tests/pipeline/house.h"

#include "central/authority.h"
#include "central/books.h"
#include "central/register_row.h"
#include "central/vault.h"
#include "common/base/time.h"
#include "common/store/store_ahead.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RESERVE_FEN = 100000000 };

static size_t passed, failed;

void house_check(bool is_so, const char *what, size_t number)
{
    passed += is_so;
    failed += !is_so;
    if (!is_so)
        printf("not so: %s (%zu)\n", what, number);
}

bool house_passed(void)
{
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0;
}

/* ---- a central bank that serves ---- */

static void found(struct bank_house *house)
{
    struct arena arena AUTO(arena_fini) = {0};
    enum status status = STATUS_FAILED;
    CHECK(store_begin(house->store, STORE_WRITE) == ERR_OK);
    CHECK(books_open(house->store) == ERR_OK);
    house->service.now = WORLD_NOW;
    struct register_env env = service_env(&house->service, &arena);
    env.trust = &house->world->trust;
    CHECK(authority_revocations_open(&env) == ERR_OK);
    CHECK(authority_directory_accept(&env, &status, &house->world->root.public_key, WORLD_NETWORK,
                                     &house->world->directory_cose) == ERR_OK);
    CHECK(status == STATUS_OK);
    CHECK(vault_reserve_credit(&env, &status, WORLD_BANK_A, world_fen(RESERVE_FEN)) == ERR_OK);
    CHECK(service_load_trust(&house->service) == ERR_OK);
    CHECK(store_commit(house->store) == ERR_OK);
}

void house_open(struct bank_house *house, struct world *world, size_t worker_count)
{
    house_open_with(house, world, worker_count, NULL);
}

void house_open_with(struct bank_house *house, struct world *world, size_t worker_count,
                     const struct serve_batch_chores *chores)
{
    const char *directory = getenv("TMPDIR");
    char path[PATH_SIZE];
    *house = (struct bank_house){.world = world};
    snprintf(house->folder, sizeof house->folder, "%s/dcep-pipeline-XXXXXX",
             directory != NULL && strlen(directory) < 32 ? directory : "/tmp");
    CHECK(mkdtemp(house->folder) != NULL);
    snprintf(path, sizeof path, "%s/central.db", house->folder);
    CHECK(store_sqlite_open(&house->store, path, &tables_schema,
                            &(struct store_sqlite_options){.create = true,
                                                           .exclusive = true,
                                                           .settles_aside = true,
                                                           .log_pages_max = LOG_PAGES,
                                                           .late_max = LATE_MAX}) == ERR_OK);
    store_ahead_waited(store_ahead_of(house->store),
                       STORE_AHEAD_POINTS_MAX); /* as if on a slow disk */
    house->service = (struct service){
        .network = WORLD_NETWORK,
        .root_key = world->root.public_key,
        .issuing_key = world->issuing,
        .register_key = world->register_key,
        .revocation_key = world->revocation,
        .store = house->store,
    };
    found(house);
    snprintf(house->address, sizeof house->address, "ipc:%s/s", house->folder);
    CHECK(net_server_open(&house->server,
                          &(struct net_server_options){.address = house->address}) == ERR_OK);
    CHECK(serve_pipeline_open(&house->pipeline, &house->service, house->server, chores,
                              worker_count) == ERR_OK);
}

void house_close(struct bank_house *house)
{
    static const char *const names[] = {"central.db", "central.db-wal", "central.db-shm", "s"};
    char path[PATH_SIZE];
    serve_pipeline_close(&house->pipeline);
    net_server_close(&house->server);
    service_fini(&house->service);
    store_close(&house->store);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", house->folder, names[i]);
        (void)unlink(path);
    }
    CHECK(rmdir(house->folder) == 0);
}

/* Fresh coins of one wallet; the pipeline is empty. */
void house_mint(struct bank_house *house, struct world_coin *coins, size_t count,
                struct world_wallet *owner)
{
    struct arena *arena = &house->world->arena;
    struct bank bank = {0};
    CHECK(store_begin(house->store, STORE_WRITE) == ERR_OK);
    house->service.now = WORLD_NOW;
    struct register_env env = service_env(&house->service, arena);
    CHECK(vault_bank(&env, &bank, WORLD_BANK_A) == ERR_OK);
    CHECK(amount_sub(&bank.reserve, bank.reserve, world_fen(count * COIN_FEN)) == ERR_OK);
    CHECK(store_update(house->store, &tables_table_bank, &bank) == ERR_OK);
    for (size_t i = 0; i < count; i++) {
        coins[i] = (struct world_coin){.amount = world_fen(COIN_FEN), .owner = owner};
        CHECK(register_mint(&env, &coins[i].token, &coins[i].serial, &coins[i].coin_id,
                            coins[i].amount, &owner->pair.public_key, false, 0) == ERR_OK);
    }
    CHECK(store_commit(house->store) == ERR_OK);
}

uint64_t house_count(struct bank_house *house, const struct table *table)
{
    struct arena arena AUTO(arena_fini) = {.limit = SIZE_MAX};
    const struct store_query query = {.table = table, .index_number = -1};
    struct list rows = {0};
    CHECK(store_begin(house->store, STORE_READ) == ERR_OK);
    CHECK(store_list(house->store, &rows, &query, NULL, &arena) == ERR_OK);
    store_rollback(house->store);
    return rows.count;
}

void house_check_books(struct bank_house *house, size_t number)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct books_supply supply = {0};
    CHECK(store_begin(house->store, STORE_READ) == ERR_OK);
    CHECK(books_supply(house->store, &supply, &arena) == ERR_OK);
    store_rollback(house->store);
    house_check(supply.is_balanced, "the books balance", number);
}

void house_check_ahead(struct bank_house *house, size_t number)
{
    for (int ms = 0; store_ahead_lines_read(store_ahead_of(house->store)) == 0 && ms < WAIT_MS;
         ms++)
        (void)usleep(1000);
    house_check(store_ahead_lines_read(store_ahead_of(house->store)) > 0, "lines are read ahead",
                number);
}

/* ---- calls ---- */

void house_seal(struct wanted *out, struct world *world, enum verb verb, const void *body,
                size_t bank)
{
    *out = (struct wanted){.id = world_nonce(world), .verb = verb};
    out->request.limit = out->reply.limit = NET_SIZE_MAX;
    CHECK(call_seal(&out->request, WORLD_NETWORK, verb, body, &out->id, time_now(),
                    &world->banks[bank].bank_key, &world->arena) == ERR_OK);
}

/* In turn: nothing is said, what is so, and once what is not so. */
static bool say(struct commitments_item *out, struct world *world, const struct settle_body *body,
                uint64_t turn)
{
    for (size_t i = 0; i < body->packets.count && turn > 0; i++) {
        out[i].bytes = world_met(world, body->packets.items[i].bytes);
        if (turn == 2 && i == 0)
            out[i].bytes = span_of(world->root.public_key.bytes, COMMITMENT_SIZE);
    }
    return turn > 0;
}

void house_settle(struct wanted *out, struct world *world, const struct world_coin *coins,
                  size_t count, struct world_wallet *payee, size_t bank)
{
    struct blob_item items[PACKETS];
    struct commitments_item commitments[PACKETS];
    for (size_t i = 0; i < count; i++) {
        struct world_coin paid;
        struct world_packet packet = {0};
        world_pay(&paid, NULL, world, &coins[i], payee, COIN_FEN, NULL);
        world_packet_add(&packet, &paid);
        packet.certificate_count = 0;
        items[i].bytes = world_packet_bytes(world, &packet);
    }
    struct settle_body body = {.packets = {items, count}, .commitments = {commitments, 0}};
    if (say(commitments, world, &body, coins[0].serial / count % 3))
        body.commitments.count = count;
    house_seal(out, world, VERB_SETTLE, &body, bank);
}

void house_finish(struct wanted *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_fini(&calls[i].request);
        buffer_fini(&calls[i].reply);
    }
}
