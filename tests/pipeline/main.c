/* The pipeline under pressure: who wins a race, and what the rows are afterwards.
 *
 *     dcep-pipeline [--rounds N]
 *
 * A round of the race: 500 fresh coins, and eight connections that each hand in another payment of
 * every one of them, in calls of 125. Exactly 500 payments may settle, and 3,500 cases be opened.
 * Then the same calls, settlements, double spends, exchanges and repetitions, go through 1, 2 and 4
 * workers in batches of all sizes: the rows must be the same ones.
 *
 * Then a flush that lasts (flushes.c). Last, more than the register lets wait, and calls that come
 * twice (pressure.c); and the chores of the server beside all that (chores.c).
 *
 * A plain program, because Criterion does not start under ThreadSanitizer, where this must run
 * (tools/check.steps). The last line is "N passed, N failed". */
#include "tests/pipeline/chores.h"
#include "tests/pipeline/crowd.h"
#include "tests/pipeline/flushes.h"
#include "tests/pipeline/house.h"
#include "tests/pipeline/pressure.h"
#include "tests/pipeline/signatures.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COINS = 500, CALLERS = 8, CALLS = COINS / PACKETS, LOOK_MS = 20 };

/* ---- the race ---- */

struct caller {
    const char *address;
    pthread_barrier_t *ready;
    struct wanted *calls;
    size_t count;
    atomic_size_t *answered;
};

/* Again after "busy", as a bank does. */
static void ask(struct net_client *client, struct wanted *call)
{
    uint64_t retry_ms = 0;
    do {
        const struct timespec pause = {(time_t)(retry_ms / 1000),
                                       (long)(retry_ms % 1000) * 1000000};
        nanosleep(&pause, NULL);
        crowd_call(client, call);
        retry_ms = call_retry_ms(buffer_span(&call->reply));
    } while (retry_ms > 0);
}

static void *call_all(void *context)
{
    struct caller *caller = context;
    struct net_client *client = NULL;
    CHECK(net_client_open(&client, &(struct net_client_options){.address = caller->address}) ==
          ERR_OK);
    CHECK(net_client_connect(client, WAIT_MS) == ERR_OK);
    pthread_barrier_wait(caller->ready);
    for (size_t i = 0; i < caller->count; i++) {
        ask(client, &caller->calls[i]);
        atomic_fetch_add(caller->answered, 1);
    }
    net_client_close(&client);
    return NULL;
}

static void serve(struct bank_house *house, const atomic_size_t *answered, size_t count)
{
    while (atomic_load(answered) < count) {
        struct net_request requests[NET_CALLS_MAX];
        size_t some = NET_CALLS_MAX;
        if (net_server_take(house->server, requests, &some, LOOK_MS) == ERR_OK)
            serve_pipeline_put(house->pipeline, requests, some);
    }
    serve_pipeline_drain(house->pipeline);
}

static size_t count_settled(const struct wanted *call)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct settle_reply reply = {0};
    enum status status = STATUS_FAILED;
    size_t settled = 0;
    CHECK(call_read_reply(&status, &reply, VERB_SETTLE, &call->id, buffer_span(&call->reply),
                          &arena) == ERR_OK);
    CHECK(status == STATUS_OK && reply.results.count == PACKETS);
    for (size_t i = 0; i < reply.results.count; i++) {
        const struct settle_result *result = &reply.results.items[i];
        CHECK(result->status == STATUS_OK && result->leaves.count == 1);
        settled += result->leaves.items[0].leaf.outcome == OUTCOME_SETTLED;
        CHECK(result->leaves.items[0].leaf.outcome == OUTCOME_SETTLED ||
              result->leaves.items[0].leaf.outcome == OUTCOME_CONFLICT);
    }
    return settled;
}

static void race(size_t number)
{
    static struct wanted calls[CALLERS][CALLS];
    static struct world_coin coins[COINS];
    struct world world AUTO(world_close);
    struct world_wallet owner, payees[CALLERS];
    struct bank_house house;
    struct caller callers[CALLERS];
    pthread_t threads[CALLERS];
    pthread_barrier_t ready;
    atomic_size_t answered = 0;
    size_t settled = 0;
    world_open(&world);
    world.arena.limit = SIZE_MAX;
    world_wallet(&owner, &world, "owner", WORLD_BANK_A);
    house_open(&house, &world, 1 + number % 4);
    house_mint(&house, coins, COINS, &owner);
    CHECK(pthread_barrier_init(&ready, NULL, CALLERS) == 0);
    for (size_t i = 0; i < CALLERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "payee %zu", i);
        world_wallet(&payees[i], &world, name, WORLD_BANK_A);
        for (size_t j = 0; j < CALLS; j++)
            house_settle(&calls[i][j], &world, &coins[j * PACKETS], PACKETS, &payees[i], i % 2);
        callers[i] = (struct caller){house.address, &ready, calls[i], CALLS, &answered};
        CHECK(pthread_create(&threads[i], NULL, call_all, &callers[i]) == 0);
    }
    serve(&house, &answered, CALLERS * CALLS);
    for (size_t i = 0; i < CALLERS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        for (size_t j = 0; j < CALLS; j++)
            settled += count_settled(&calls[i][j]);
        house_finish(calls[i], CALLS);
    }
    house_check(settled == COINS, "A3: exactly one payment of each coin settles", settled);
    house_check(house_count(&house, &tables_table_spend) == COINS, "A3: one spend each", number);
    house_check(house_count(&house, &tables_table_fraud_case) == COINS * (CALLERS - 1),
                "A3: a case for each payment that lost", number);
    house_check_books(&house, number);
    house_close(&house);
    CHECK(pthread_barrier_destroy(&ready) == 0);
}

/* ---- the same rows ---- */

enum { SCRIPT_COINS = 64, SCRIPT_CALLS = 40, SCRIPT_PACKETS = 5, SCRIPT_OUTPUTS = 8 };

struct script {
    struct world *world;
    struct world_coin coins[SCRIPT_COINS];
    struct wanted calls[SCRIPT_CALLS];
};

static void seal_exchange(struct wanted *out, struct script *script, const struct world_coin *coin,
                          struct world_wallet *owner)
{
    struct world *world = script->world;
    struct output outputs[SCRIPT_OUTPUTS];
    struct buffer order AUTO(buffer_fini) = {0};
    struct world_packet packet = {0};
    struct world_coin spent;
    struct payment payment;
    for (size_t i = 0; i < SCRIPT_OUTPUTS; i++)
        outputs[i] = (struct output){world_fen(i == 0 ? COIN_FEN - SCRIPT_OUTPUTS + 1 : 1),
                                     owner->pair.public_key};
    const struct exchange exchange = {
        .outputs = {outputs, SCRIPT_OUTPUTS}, .nonce = world_nonce(world), .made_at = WORLD_NOW};
    CHECK(exchange_encode(&order, &exchange) == ERR_OK);
    const struct id order_id = record_id(WORLD_NETWORK, KIND_EXCHANGE, buffer_span(&order));
    payment = world_payment_value(world, coin, owner, COIN_FEN, &order_id);
    payment.outputs.items[0].key = world->register_key.public_key;
    payment.outputs.count = 1;
    world_payment_signed(&spent, world, coin, &payment, owner, 0);
    world_packet_add(&packet, &spent);
    packet.certificate_count = 0;
    const struct order_body body = {.order = buffer_span(&order),
                                    .packet = world_packet_bytes(world, &packet)};
    house_seal(out, world, VERB_EXCHANGE, &body, 0);
}

/* Every third call an exchange, every fourth pays coins again that were paid before, the last
 * quarter repeats earlier ones byte for byte. */
static void write_script(struct script *script, struct world_wallet *owner,
                         struct world_wallet *payees)
{
    const size_t fresh = SCRIPT_CALLS * 3 / 4;
    for (size_t i = 0; i < fresh; i++) {
        const struct world_coin *coin = &script->coins[i * 7 % (SCRIPT_COINS - SCRIPT_PACKETS)];
        if (i % 3 == 0)
            seal_exchange(&script->calls[i], script, coin, owner);
        else
            house_settle(&script->calls[i], script->world, coin, SCRIPT_PACKETS, &payees[i % 3],
                         i % 2);
    }
    for (size_t i = fresh; i < SCRIPT_CALLS; i++) {
        script->calls[i] = (struct wanted){.id = script->calls[i - fresh].id,
                                           .verb = script->calls[i - fresh].verb};
        script->calls[i].reply.limit = NET_SIZE_MAX;
        CHECK(buffer_put(&script->calls[i].request,
                         buffer_span(&script->calls[i - fresh].request)) == ERR_OK);
    }
}

/* All calls wait in the house; they are put in the script's order, batch_size at a time. */
static void play(struct bank_house *house, struct script *script, size_t batch_size)
{
    struct net_request requests[SCRIPT_CALLS];
    struct wanted *calls[SCRIPT_CALLS];
    for (size_t i = 0; i < SCRIPT_CALLS; i++)
        calls[i] = &script->calls[i];
    crowd_gather(requests, house, calls, SCRIPT_CALLS);
    for (size_t i = 0; i < SCRIPT_CALLS; i += batch_size) {
        const size_t left = SCRIPT_CALLS - i;
        serve_pipeline_put(house->pipeline, &requests[i], left < batch_size ? left : batch_size);
        if (batch_size < SCRIPT_CALLS)
            serve_pipeline_drain(house->pipeline);
    }
    serve_pipeline_drain(house->pipeline);
    crowd_leave(SCRIPT_CALLS);
}

/* Seconds may have passed between two runs: no time counts. */
static void forget_times(const struct schema *schema, char *row)
{
    static const char suffix[] = "_at";
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        const size_t size = strlen(field->name);
        if (field->kind == FIELD_UINT && size > 3 && strcmp(field->name + size - 3, suffix) == 0)
            memset(row + field->offset, 0, sizeof(uint64_t));
    }
}

static struct id snapshot(struct bank_house *house)
{
    struct arena arena AUTO(arena_fini) = {.limit = SIZE_MAX};
    struct buffer bytes AUTO(buffer_fini) = {.limit = (size_t)64 * 1024 * 1024};
    CHECK(store_begin(house->store, STORE_READ) == ERR_OK);
    for (const struct table *const *table = tables_schema.tables; *table != NULL; table++) {
        const struct schema *schema = (*table)->schema;
        const struct store_query query = {.table = *table, .index_number = -1};
        struct list rows = {0};
        if (*table == &tables_table_books || *table == &tables_table_revocations_log)
            continue; /* negative numbers; a list signed with its time */
        CHECK(store_list(house->store, &rows, &query, NULL, &arena) == ERR_OK);
        for (size_t i = 0; i < rows.count; i++) {
            char *row = (char *)rows.items + i * schema->struct_size;
            forget_times(schema, row);
            CHECK(wire_encode(&bytes, schema, row) == ERR_OK);
        }
    }
    store_rollback(house->store);
    const struct span all = buffer_span(&bytes);
    return crypto_hash(&all, 1);
}

static void same_rows(void)
{
    static const size_t workers[] = {1, 2, 4}, batches[] = {1, 7, SCRIPT_CALLS};
    static struct script script;
    struct world world AUTO(world_close);
    struct world_wallet owner, payees[3];
    struct id first = {{0}};
    world_open(&world);
    signatures_remember(); /* world_open chose another backend */
    world.arena.limit = SIZE_MAX;
    script.world = &world;
    world_wallet(&owner, &world, "owner", WORLD_BANK_A);
    for (size_t i = 0; i < 3; i++)
        world_wallet(&payees[i], &world, i == 0 ? "x" : i == 1 ? "y" : "z", WORLD_BANK_A);
    for (size_t i = 0; i < 9; i++) {
        struct bank_house house;
        house_open(&house, &world, workers[i % 3]);
        house_mint(&house, script.coins, SCRIPT_COINS, &owner);
        if (i == 0)
            write_script(&script, &owner, payees);
        play(&house, &script, batches[i / 3]);
        const struct id now = snapshot(&house);
        first = i == 0 ? now : first;
        house_check(id_equal(&first, &now), "the same calls leave the same rows", i);
        house_check(house_count(&house, &tables_table_fraud_case) > 0, "and some are frauds", i);
        house_check(house_count(&house, &tables_table_order_token) > 0, "and some are orders", i);
        house_check_books(&house, i);
        house_check_ahead(&house, i);
        house_close(&house);
    }
    house_finish(script.calls, SCRIPT_CALLS);
    signatures_forget();
}

int main(int argc, char **argv)
{
    size_t rounds = 2;
    if (argc == 3 && strcmp(argv[1], "--rounds") == 0)
        rounds = strtoul(argv[2], NULL, 10);
    else if (argc != 1) {
        fprintf(stderr, "usage: dcep-pipeline [--rounds N]\n");
        return 2;
    }
    crypto_use(&crypto_libcrypto);
    for (size_t i = 0; i < rounds; i++)
        race(i);
    same_rows();
    flushes_before_answers();
    pressure_overload();
    pressure_repeated();
    chores_beside_calls();
    return house_passed() ? 0 : 1;
}
