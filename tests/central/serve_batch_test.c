/* Batches of real calls: one coin, handed in by eight connections at once. */
#include "central/serve_pipeline.h"

#include "common/base/time.h"
#include "tests/central/cast.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { OLD = 100, CONNECTIONS = 8, ROUNDS = 1000, COIN_FEN = 10, WAIT_MS = 20000, WORKERS = 2 };

struct race {
    struct cast cast;
    struct service service;
    struct net_server *server;
    struct serve_pipeline *pipeline;
    char folder[32], address[64];
    pthread_barrier_t ready, done;
    struct world_coin coins[ROUNDS];
};

/* A bank's connection: what it sends in this round, and what came back. */
struct caller {
    struct race *race;
    pthread_t thread;
    struct buffer request, reply;
    struct nonce call_id;
    enum err error;
};

static void *call_in_each_round(void *context)
{
    struct caller *caller = context;
    struct net_client *client = NULL;
    const struct net_client_options options = {.address = caller->race->address};
    const enum err opened = net_client_open(&client, &options);
    for (size_t round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&caller->race->ready);
        caller->error = opened != ERR_OK ? opened
                                         : net_call(client, &caller->reply,
                                                    buffer_span(&caller->request), WAIT_MS);
        pthread_barrier_wait(&caller->race->done);
    }
    net_client_close(&client);
    return NULL;
}

/* --- the place --- */

static void issue_all(struct race *race)
{
    struct register_env env = hall_begin(&race->cast.hall);
    struct bank bank = {0};
    HALL_OK(vault_bank(&env, &bank, WORLD_BANK_A));
    HALL_OK(amount_sub(&bank.reserve, bank.reserve, world_fen(ROUNDS * COIN_FEN)));
    HALL_OK(store_update(race->cast.hall.store, &tables_table_bank, &bank));
    for (size_t i = 0; i < ROUNDS; i++) {
        struct world_coin *coin = &race->coins[i];
        *coin = (struct world_coin){.amount = world_fen(COIN_FEN), .owner = &race->cast.a};
        HALL_OK(register_mint(&env, &coin->token, &coin->serial, &coin->coin_id, coin->amount,
                              &race->cast.a.pair.public_key, false, 0));
    }
    hall_end(&race->cast.hall);
}

static void add_old_calls(struct race *race)
{
    struct hall *hall = &race->cast.hall;
    (void)hall_begin(hall);
    for (size_t i = 0; i < OLD; i++) {
        const struct call_log row = {.call_id = world_nonce(&hall->world), .made_at = 1};
        HALL_OK(store_insert(hall->store, &tables_table_call_log, &row));
    }
    hall_end(hall);
}

static void open_race(struct race *race)
{
    cast_open(&race->cast, HALL_MEMORY);
    struct world *world = &race->cast.hall.world;
    world->arena.limit = (size_t)1 << 30;
    race->service = (struct service){
        .network = WORLD_NETWORK,
        .root_key = world->root.public_key,
        .issuing_key = world->issuing,
        .register_key = world->register_key,
        .revocation_key = world->revocation,
        .store = race->cast.hall.store,
    };
    HALL_OK(store_begin(race->cast.hall.store, STORE_WRITE));
    HALL_OK(service_load_trust(&race->service));
    HALL_OK(store_commit(race->cast.hall.store));
    issue_all(race);
    snprintf(race->folder, sizeof race->folder, "/tmp/dcep-race-XXXXXX");
    cr_assert_not_null(mkdtemp(race->folder));
    snprintf(race->address, sizeof race->address, "ipc:%s/s", race->folder);
    HALL_OK(net_server_open(&race->server, &(struct net_server_options){.address = race->address}));
    HALL_OK(serve_pipeline_open(&race->pipeline, &race->service, race->server, NULL, WORKERS));
    cr_assert_eq(pthread_barrier_init(&race->ready, NULL, CONNECTIONS + 1), 0);
    cr_assert_eq(pthread_barrier_init(&race->done, NULL, CONNECTIONS + 1), 0);
}

static void close_race(struct race *race)
{
    char path[64];
    serve_pipeline_close(&race->pipeline);
    net_server_close(&race->server);
    snprintf(path, sizeof path, "%s/s", race->folder);
    (void)remove(path);
    (void)remove(race->folder);
    service_fini(&race->service);
    cast_close(&race->cast);
}

/* --- a round --- */

/* The coin, paid to somebody by another payment for each of the callers. */
static void prepare(struct race *race, struct caller *callers, size_t round)
{
    struct cast *cast = &race->cast;
    struct world *world = &cast->hall.world;
    struct world_wallet *const payees[] = {&cast->p, &cast->q, &cast->c, &cast->d};
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct world_coin paid;
        struct world_packet packet = {0};
        struct caller *caller = &callers[i];
        world_pay(&paid, NULL, world, &race->coins[round], payees[i % 4], COIN_FEN, NULL);
        world_packet_add(&packet, &paid);
        struct blob_item item = {world_packet_bytes(world, &packet)};
        const struct settle_body body = {.packets = {&item, 1}};
        caller->call_id = world_nonce(world);
        caller->request.size = caller->reply.size = 0;
        HALL_OK(call_seal(&caller->request, WORLD_NETWORK, VERB_SETTLE, &body, &caller->call_id,
                          time_now(), &world->banks[i % 2].bank_key, &world->arena));
    }
}

static void serve_round(struct race *race)
{
    for (size_t served = 0; served < CONNECTIONS;) {
        struct net_request requests[NET_CALLS_MAX];
        size_t count = NET_CALLS_MAX;
        cr_assert_eq(net_server_take(race->server, requests, &count, WAIT_MS), ERR_OK);
        serve_pipeline_put(race->pipeline, requests, count);
        served += count;
    }
    serve_pipeline_drain(race->pipeline); /* the rows are read between the rounds */
    cr_assert_not(serve_pipeline_is_broken(race->pipeline));
}

static size_t count_settled(struct caller *callers)
{
    size_t settled = 0;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct arena arena AUTO(arena_fini) = {0};
        struct settle_reply reply = {0};
        enum status status = STATUS_FAILED;
        HALL_OK(callers[i].error);
        HALL_OK(call_read_reply(&status, &reply, VERB_SETTLE, &callers[i].call_id,
                                buffer_span(&callers[i].reply), &arena));
        HALL_STATUS(status, STATUS_OK);
        cr_assert_eq(reply.results.count, 1);
        cr_assert_eq(reply.results.items[0].leaves.count, 1);
        const uint64_t outcome = reply.results.items[0].leaves.items[0].leaf.outcome;
        cr_assert(outcome == OUTCOME_SETTLED || outcome == OUTCOME_CONFLICT);
        settled += outcome == OUTCOME_SETTLED;
    }
    return settled;
}

Test(serve_batch, A3_one_coin_by_eight_connections_at_once, .timeout = 120)
{
    static struct race race;
    static struct caller callers[CONNECTIONS];
    open_race(&race);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        callers[i] = (struct caller){.race = &race};
        cr_assert_eq(pthread_create(&callers[i].thread, NULL, call_in_each_round, &callers[i]), 0);
    }
    add_old_calls(&race);
    for (size_t round = 0; round < ROUNDS; round++) {
        prepare(&race, callers, round);
        pthread_barrier_wait(&race.ready);
        serve_round(&race);
        pthread_barrier_wait(&race.done);
        cr_assert_eq(count_settled(callers), 1, "round %zu", round);
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        cr_assert_eq(pthread_join(callers[i].thread, NULL), 0);
        buffer_fini(&callers[i].request);
        buffer_fini(&callers[i].reply);
    }
    cr_assert_eq(hall_cases(&race.cast.hall), ROUNDS * (CONNECTIONS - 1));
    /* Each batch swept up more than it left: the old ones are gone. */
    cr_assert_eq(hall_count(&race.cast.hall, &tables_table_call_log), ROUNDS * CONNECTIONS);
    close_race(&race);
}
