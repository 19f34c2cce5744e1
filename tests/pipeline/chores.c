/* Chores beside calls: they have the store while nobody else has, one that fails leaves nothing in
 * it and spoils no call, and a drain waits for them. */
#include "tests/pipeline/chores.h"

#include "tests/pipeline/crowd.h"

#include <time.h>

enum { ROUNDS = 4, RESTS = 50, FAILS_EVERY = 2 };

/* Not atomic: whoever reads it while a chore runs is what ThreadSanitizer looks for. */
struct counts {
    struct store *store;
    size_t in_batch, undone, after_batch, at_rest;
};

/* Each writes a row; every other one fails after that. */
static enum err in_batch(void *context)
{
    struct counts *counts = context;
    const struct act row = {.number = INTEGER_MAX - counts->in_batch,
                            .act = span_text("chore"),
                            .amount = world_fen(1)};
    CHECK(store_insert(counts->store, &tables_table_act, &row) == ERR_OK);
    return counts->in_batch++ % FAILS_EVERY == 0 ? ERR_OK : ERR_INTEGRITY;
}

static void undo(void *context)
{
    struct counts *counts = context;
    counts->undone++;
}

static enum err between(void *context, bool is_idle)
{
    struct counts *counts = context;
    /* After a batch longer than its flush takes: its answers are out before its chores are done. */
    const struct timespec moment = {0, is_idle ? 1000000 : 50000000};
    nanosleep(&moment, NULL);
    CHECK(store_begin(counts->store, STORE_WRITE) == ERR_OK); /* nobody else has it */
    CHECK(store_commit(counts->store) == ERR_OK);
    *(is_idle ? &counts->at_rest : &counts->after_batch) += 1;
    return ERR_OK;
}

static size_t count_acts(struct bank_house *house)
{
    return (size_t)house_count(house, &tables_table_act);
}

static void rest_often(struct bank_house *house, const struct counts *counts)
{
    for (size_t i = 0; i < RESTS; i++) {
        serve_pipeline_rest(house->pipeline);
        serve_pipeline_drain(house->pipeline);
        house_check(counts->at_rest == i + 1, "a drain waits for the rest", i);
    }
}

void chores_beside_calls(void)
{
    static struct world_coin coins[ROUNDS * PACKETS];
    struct wanted calls[ROUNDS];
    struct world world AUTO(world_close);
    struct world_wallet owner, payee;
    struct bank_house house;
    struct counts counts = {0};
    const struct serve_batch_chores chores = {&counts, in_batch, undo, between};
    world_open(&world);
    crypto_use(&crypto_libcrypto);
    world.arena.limit = SIZE_MAX;
    world_wallet(&owner, &world, "owner", WORLD_BANK_A);
    world_wallet(&payee, &world, "payee", WORLD_BANK_A);
    house_open_with(&house, &world, 2, &chores);
    counts.store = house.store;
    house_mint(&house, coins, ROUNDS * PACKETS, &owner);
    const size_t acts = count_acts(&house);
    rest_often(&house, &counts);
    for (size_t i = 0; i < ROUNDS; i++) {
        size_t refused = 0, settled = 0;
        house_settle(&calls[i], &world, &coins[i * PACKETS], PACKETS, &payee, 0);
        serve_pipeline_rest(house.pipeline); /* and calls that come meanwhile */
        crowd_hand_in(&house, &(struct wanted *const){&calls[i]}, 1);
        const enum status status = crowd_read_answer(&calls[i], &settled, &refused);
        house_check(status == STATUS_OK && settled == PACKETS && refused == 0,
                    "a chore that fails spoils no call", i);
        house_check(counts.after_batch == i + 1, "a drain waits for the chores of a batch", i);
    }
    house_check(counts.in_batch == ROUNDS && counts.after_batch == ROUNDS,
                "each batch has its chores", counts.in_batch);
    house_check(counts.undone == ROUNDS - ROUNDS / FAILS_EVERY, "and is told so", counts.undone);
    house_check(count_acts(&house) == acts + ROUNDS / FAILS_EVERY,
                "what a failing chore wrote is gone", count_acts(&house));
    house_check_books(&house, 0);
    house_finish(calls, ROUNDS);
    house_close(&house);
}
