/* The server's chores: in a batch, between two, and when one fails. */
#include "central/serve_upkeep.h"

#include "common/base/time.h"
#include "tests/central/cast.h"

#include <criterion/criterion.h>

enum { OLD_CALLS = 5, IDLE_MS = 1000 };

struct place {
    struct cast cast;
    struct service service;
    struct serve_upkeep upkeep;
    struct serve_batch_chores chores;
};

static void place_open(struct place *place, enum hall_store kind)
{
    cast_open(&place->cast, kind);
    const struct world *world = &place->cast.hall.world;
    place->service = (struct service){.network = WORLD_NETWORK,
                                      .root_key = world->root.public_key,
                                      .issuing_key = world->issuing,
                                      .register_key = world->register_key,
                                      .revocation_key = world->revocation,
                                      .store = place->cast.hall.store};
    HALL_OK(store_begin(place->service.store, STORE_WRITE));
    HALL_OK(service_load_trust(&place->service));
    HALL_OK(store_commit(place->service.store));
    serve_upkeep_init(&place->upkeep, &place->service, "/nowhere/archive");
    place->chores = serve_upkeep_chores(&place->upkeep);
}

static void place_close(struct place *place)
{
    serve_upkeep_fini(&place->upkeep);
    service_fini(&place->service);
    cast_close(&place->cast);
}

/* One counter on two coins, both settled, neither looked at. */
static void settle_clones(struct cast *cast)
{
    const uint64_t counter = cast->a.counter;
    for (size_t i = 0; i < 2; i++) {
        struct world_coin coin;
        struct note paid;
        cast_issue(&coin, cast, 1000, &cast->a);
        cast->a.counter = counter;
        cast_pay(&paid, cast, &coin, i == 0 ? &cast->p : &cast->q);
        HALL_OUTCOME(cast_settle(cast, &paid), OUTCOME_SETTLED);
    }
}

static enum err in_batch(struct place *place, bool is_kept)
{
    struct store *store = place->cast.hall.store;
    HALL_OK(store_begin(store, STORE_WRITE));
    const enum err error = place->chores.in_batch(place->chores.context);
    if (error == ERR_OK && is_kept)
        HALL_OK(store_commit(store));
    store_rollback(store);
    return error;
}

HALL_TEST(serve_upkeep, a_batch_looks_for_clones_and_only_if_something_may_have_settled)
{
    struct place place;
    place_open(&place, kind);
    cr_assert_lt(serve_upkeep_wait_ms(&place.upkeep), IDLE_MS); /* of the last run */
    HALL_OK(in_batch(&place, true));
    cr_assert_eq(serve_upkeep_wait_ms(&place.upkeep), IDLE_MS);
    settle_clones(&place.cast);
    place.upkeep.clones_ms = 0;
    HALL_OK(in_batch(&place, true));
    cr_assert_eq(hall_cases(&place.cast.hall), 0, "nobody said that a batch was done");
    HALL_OK(place.chores.between(place.chores.context, false));
    cr_assert_lt(serve_upkeep_wait_ms(&place.upkeep), IDLE_MS);
    HALL_OK(in_batch(&place, true));
    cr_assert_eq(hall_cases(&place.cast.hall), 1);
    place_close(&place);
}

HALL_TEST(serve_upkeep, what_a_batch_took_back_is_looked_at_again)
{
    struct place place;
    place_open(&place, kind);
    settle_clones(&place.cast);
    HALL_OK(in_batch(&place, false)); /* the batch's calls failed: all is rolled back */
    place.chores.undo(place.chores.context);
    cr_assert_eq(hall_cases(&place.cast.hall), 0);
    place.upkeep.clones_ms = 0;
    HALL_OK(place.chores.between(place.chores.context, true));
    cr_assert_eq(hall_cases(&place.cast.hall), 1);
    cr_assert_not(atomic_load(&place.upkeep.may_have_clones));
    place_close(&place);
}

static void note_calls(struct place *place, uint64_t calls, uint64_t notes)
{
    struct register_env env = hall_begin(&place->cast.hall);
    for (uint64_t i = 0; i < calls * notes; i++) {
        const struct payment payment = {.serial = 1, .counter = i};
        HALL_OK(clones_note(&env, &payment, &place->cast.a.pair.public_key));
        if (i % notes == notes - 1)
            HALL_OK(clones_keep(&env));
    }
    hall_end(&place->cast.hall);
}

/* Looks long after the last, at which there are so many notes that were looked at. */
HALL_TEST(serve_upkeep, batches_look_at_little_unless_more_waits_than_a_round_takes)
{
    enum { CALL = 8192, CALLS = CLONES_NOTES_MAX / CALL, ALL = CALLS * CALL };
    static const struct {
        uint64_t calls, notes;
        size_t in_batch, in_next_batch, when_nobody_calls;
    } rows[] = {
        {1, CALL, 51, 102, 102 + CALL / 5},
        {3, CALL, 123, 246, 246 + CALL / 5}, /* a 200th of them */
        {CALLS, CALL, ALL / 200 + 1, 2 * (ALL / 200 + 1), 2 * (ALL / 200 + 1) + ALL / 40 + 1},
        {CALLS + 1, CALL, ALL / 200 + 1, ALL / 200 + 1 + ALL / 40 + 1,
         ALL / 200 + 1 + 2 * (ALL / 40 + 1)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place place;
        place_open(&place, kind);
        struct hall *hall = &place.cast.hall;
        note_calls(&place, rows[i].calls, rows[i].notes);
        while (!place.service.clones.is_gathered) {
            cr_assert_eq(hall_count(hall, &tables_table_clone_seen), 0, "row %zu", i);
            place.upkeep.clones_ms = 0;
            HALL_OK(in_batch(&place, true));
        }
        cr_assert_eq(hall_count(hall, &tables_table_clone_seen), rows[i].in_batch, "row %zu", i);
        place.upkeep.clones_ms = 0;
        HALL_OK(in_batch(&place, true));
        cr_assert_eq(hall_count(hall, &tables_table_clone_seen), rows[i].in_next_batch, "row %zu",
                     i);
        place.upkeep.clones_ms = 0;
        HALL_OK(place.chores.between(place.chores.context, true));
        cr_assert_eq(hall_count(hall, &tables_table_clone_seen), rows[i].when_nobody_calls,
                     "row %zu", i);
        place_close(&place);
    }
}

/* What comes soon after a look is small; what comes at once waits. */
HALL_TEST(serve_upkeep, a_piece_is_as_large_as_the_time_since_the_last)
{
    enum { NOTES = 8192, SINCE_MS = 20, IN_100_MS = 256 };
    struct place place;
    place_open(&place, kind);
    struct hall *hall = &place.cast.hall;
    note_calls(&place, 1, NOTES);
    place.upkeep.clones_ms = time_monotonic_ms() + 1000000;
    HALL_OK(in_batch(&place, true));
    cr_assert_eq(hall_count(hall, &tables_table_clone_seen), 0);
    const uint64_t from_ms = time_monotonic_ms() - SINCE_MS;
    place.upkeep.clones_ms = from_ms;
    HALL_OK(in_batch(&place, true));
    const uint64_t most_ms = time_monotonic_ms() - from_ms;
    const size_t seen = hall_count(hall, &tables_table_clone_seen);
    cr_assert_geq(seen, (size_t)IN_100_MS * SINCE_MS / 100);
    cr_assert_leq(seen, IN_100_MS * most_ms / 100);
    place_close(&place);
}

HALL_TEST(serve_upkeep, the_search_waits_until_it_is_quiet_and_then_for_little)
{
    struct place place;
    place_open(&place, kind);
    place.upkeep.archive_ms = UINT64_MAX;
    const uint64_t at_work = serve_upkeep_wait_ms(&place.upkeep);
    note_calls(&place, 4, 8192);
    HALL_OK(place.chores.between(place.chores.context, true));
    cr_assert_lt(serve_upkeep_wait_ms(&place.upkeep), at_work);
    HALL_OK(place.chores.between(place.chores.context, false));
    cr_assert_eq(serve_upkeep_wait_ms(&place.upkeep), at_work);
    place_close(&place);
}

/* Of a round of several parts one is kept and one is taken back: it begins anew. */
HALL_TEST(serve_upkeep, a_round_of_which_a_part_was_taken_back_begins_anew)
{
    enum { NOTES = 700 };
    struct place place;
    place_open(&place, kind);
    struct hall *hall = &place.cast.hall;
    note_calls(&place, 1, NOTES);
    HALL_OK(in_batch(&place, true));
    const size_t part = hall_count(hall, &tables_table_clone_seen);
    cr_assert_gt(part, 0);
    cr_assert_lt(2 * part, NOTES);
    place.upkeep.clones_ms = 0;
    HALL_OK(in_batch(&place, false));
    place.chores.undo(place.chores.context);
    cr_assert_eq(hall_count(hall, &tables_table_clone_seen), part);
    place.upkeep.clones_ms = 0;
    HALL_OK(place.chores.between(place.chores.context, true));
    cr_assert_eq(hall_count(hall, &tables_table_clone_seen), NOTES);
    cr_assert_eq(hall_count(hall, &tables_table_clone_log), 0);
    place_close(&place);
}

HALL_TEST(serve_upkeep, old_calls_are_forgotten_when_nobody_calls)
{
    struct place place;
    place_open(&place, kind);
    (void)hall_begin(&place.cast.hall);
    for (size_t i = 0; i < OLD_CALLS; i++) {
        const struct call_log row = {.call_id = world_nonce(&place.cast.hall.world), .made_at = 1};
        HALL_OK(store_insert(place.cast.hall.store, &tables_table_call_log, &row));
    }
    hall_end(&place.cast.hall);
    HALL_OK(place.chores.between(place.chores.context, false));
    cr_assert_eq(hall_count(&place.cast.hall, &tables_table_call_log), OLD_CALLS);
    HALL_OK(place.chores.between(place.chores.context, true));
    cr_assert_eq(hall_count(&place.cast.hall, &tables_table_call_log), 0);
    place_close(&place);
}

HALL_TEST(serve_upkeep, a_chore_that_fails_is_done_later_and_only_an_unknown_commit_matters)
{
    struct place place;
    struct store *store = NULL;
    place_open(&place, kind);
    store = place.cast.hall.store;
    settle_clones(&place.cast);
    store_fail_at(store, 0, ERR_IO);
    const uint64_t before_ms = time_monotonic_ms();
    cr_assert_eq(in_batch(&place, true), ERR_IO);
    place.chores.undo(place.chores.context);
    cr_assert_geq(place.upkeep.clones_ms, before_ms + 1000, "what fails is not tried at once");
    cr_assert_lt(serve_upkeep_wait_ms(&place.upkeep), IDLE_MS);
    place.upkeep.clones_ms = 0;
    store_fail_at(store, 0, ERR_DISK_FULL);
    HALL_OK(place.chores.between(place.chores.context, true));
    cr_assert_eq(hall_cases(&place.cast.hall), 0);
    cr_assert_lt(serve_upkeep_wait_ms(&place.upkeep), IDLE_MS);
    place.upkeep.clones_ms = 0;
    store_fail_at(store, 0, ERR_COMMIT_UNKNOWN);
    cr_assert_eq(place.chores.between(place.chores.context, true), ERR_COMMIT_UNKNOWN);
    store_fail_at(store, -1, ERR_OK);
    place.upkeep.clones_ms = 0;
    HALL_OK(place.chores.between(place.chores.context, true));
    cr_assert_eq(hall_cases(&place.cast.hall), 1);
    place_close(&place);
}
