/* Runs become fewer, a part with each call, and no entry is lost on the way. */
#include "central/register_owner_runs.h"

#include "tests/central/cast.h"

#include <criterion/criterion.h>
#include <string.h>

enum {
    OWNERS = 7,
    MERGED = 16,
    PART = 640, /* of each merge, at least, with each call */
    FASTER = 2, /* and so many times what the call adds */
    FINAL = 65536,
    COINS_MAX = 220000,
};

struct place {
    struct cast cast;
    struct register_env env;
    size_t made;
    uint8_t seen[COINS_MAX]; /* how often it was told, by number */
};

static void place_open(struct place *place, enum hall_store kind)
{
    *place = (struct place){.made = 0};
    cast_open(&place->cast, kind);
    place->env = hall_begin(&place->cast.hall);
}

static void place_close(struct place *place)
{
    hall_end(&place->cast.hall);
    cast_close(&place->cast);
}

static void write_owner(uint8_t *out, size_t owner)
{
    const struct id key = crypto_hash(&(struct span){(const uint8_t *)&owner, sizeof owner}, 1);
    memcpy(out, key.bytes, KEY_ID_SIZE);
}

/* Each has a serial of its own. */
static void write_entry(uint8_t *entry, size_t owner, size_t number)
{
    write_owner(entry, owner);
    for (size_t i = 0; i < KEY_ID_SIZE; i++) {
        entry[OWNER_SERIAL_AT + i] = (uint8_t)((number + 1) >> (8 * (KEY_ID_SIZE - 1 - i)));
        entry[OWNER_COIN_AT + i] = (uint8_t)(number * 31 + i);
    }
}

/* OWNERS: of each in turn. */
static void add_call_of(struct place *place, size_t count, size_t owner)
{
    uint8_t *entries = malloc(count * OWNER_ENTRY_SIZE);
    struct arena arena AUTO(arena_fini) = {.limit = SIZE_MAX};
    struct register_env env = place->env;
    cr_assert_not_null(entries);
    cr_assert_leq(place->made + count, COINS_MAX);
    env.arena = &arena;
    for (size_t i = 0; i < count; i++, place->made++)
        write_entry(entries + i * OWNER_ENTRY_SIZE, owner < OWNERS ? owner : place->made % OWNERS,
                    place->made);
    HALL_OK(register_owner_add_run(&env, entries, count));
    free(entries);
}

static void add_call(struct place *place, size_t count)
{
    add_call_of(place, count, OWNERS);
}

/* Of all owners, the one whose entries come first, or last. */
static size_t end_owner(bool is_last)
{
    size_t found = 0;
    for (size_t owner = 1; owner < OWNERS; owner++) {
        uint8_t one[KEY_ID_SIZE], other[KEY_ID_SIZE];
        write_owner(one, owner);
        write_owner(other, found);
        if ((memcmp(one, other, KEY_ID_SIZE) > 0) == is_last)
            found = owner;
    }
    return found;
}

static enum err note(void *context, bool *enough, uint64_t serial,
                     const uint8_t coin_prefix[KEY_ID_SIZE])
{
    struct place *place = context;
    (void)coin_prefix;
    cr_assert_leq(serial, place->made);
    place->seen[serial - 1]++;
    *enough = false;
    return ERR_OK;
}

/* Those that are not told. */
static size_t missing(struct place *place)
{
    const struct register_owner_visitor visitor = {place, note};
    memset(place->seen, 0, sizeof place->seen);
    for (size_t owner = 0; owner < OWNERS; owner++) {
        struct public_key key = {.bytes = {0x02}};
        write_owner(key.bytes + 1, owner);
        HALL_OK(register_owner_visit(&place->env, &key, 0, &visitor));
    }
    size_t count = 0;
    for (size_t i = 0; i < place->made; i++)
        count += place->seen[i] == 0 ? 1 : 0;
    return count;
}

static size_t merges_of(struct place *place)
{
    struct list rows = {0};
    const struct store_query all = {.table = &tables_table_owner_merge, .index_number = -1};
    HALL_OK(store_list(place->env.store, &rows, &all, NULL, place->env.arena));
    return rows.count;
}

static uint64_t runs_of(struct place *place, uint64_t level)
{
    uint64_t first = 0, last = 0;
    HALL_OK(register_owner_runs(&place->env, &first, &last, level));
    return last == 0 ? 0 : last - first + 1;
}

/* What a sweep may do to a run that is read or written. */
static void delete_run(struct place *place, uint64_t level, uint64_t run, size_t *lost)
{
    struct owner_run at = {.level = level, .run = run};
    for (bool found = true; found;) {
        HALL_OK(register_owner_step(&place->env, &found, &at, false));
        if (!found)
            return;
        *lost += at.entries.size / OWNER_ENTRY_SIZE;
        HALL_OK(store_delete(place->env.store, &tables_table_owner_run, &at));
    }
}

/* But for the last of a run. */
static bool chunks_are_full(struct place *place)
{
    struct list list = {0};
    const struct store_query all = {.table = &tables_table_owner_run, .index_number = -1};
    HALL_OK(store_list(place->env.store, &list, &all, NULL, place->env.arena));
    const struct owner_run *chunks = list.items;
    for (size_t i = 0; i + 1 < list.count; i++)
        if (chunks[i].level == chunks[i + 1].level && chunks[i].run == chunks[i + 1].run &&
            chunks[i].level > 0 &&
            chunks[i].entries.size != (size_t)OWNER_CHUNK_ENTRIES * OWNER_ENTRY_SIZE)
            return false;
    return true;
}

/* --- the tests --- */

static const struct {
    size_t calls, each;
    uint64_t level_0, level_1, final; /* runs afterwards */
    size_t merges;
} rows[] = {
    {MERGED - 1, 320, MERGED - 1, 0, 0, 0},
    {1, 320, MERGED, 1, 0, 1}, /* 5,120 entries: begun */
    {1, 320, MERGED + 1, 1, 0, 1},
    {6, 320, 7, 1, 0, 0}, /* 640 each, so it takes eight calls */
    {1, 8001, 8, 1, 0, 0},
    {7, 8001, MERGED - 1, 1, 0, 0},
    {1, 8001, MERGED, 1, 1, 1}, /* 16,002 of them with each call */
    {2, 8001, MERGED + 2, 1, 1, 1},
    {2, 8001, 4, 1, 1, 0},
};

HALL_TEST(register_owner_runs, sixteen_become_one_by_and_by_and_a_large_one_is_final)
{
    static struct place place;
    place_open(&place, kind);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t call = 0; call < rows[i].calls; call++)
            add_call(&place, rows[i].each);
        cr_assert_eq(runs_of(&place, 0), rows[i].level_0, "row %zu", i);
        cr_assert_eq(runs_of(&place, 1), rows[i].level_1, "row %zu", i);
        cr_assert_eq(runs_of(&place, OWNER_LEVEL_FINAL), rows[i].final, "row %zu", i);
        cr_assert_eq(merges_of(&place), rows[i].merges, "row %zu", i);
        cr_assert_eq(missing(&place), 0, "row %zu", i);
        cr_assert(chunks_are_full(&place), "row %zu", i);
    }
    place_close(&place);
}

/* Counted in rows that it writes, with two merges under way. */
HALL_TEST(register_owner_runs, no_call_waits_for_a_whole_merge)
{
    enum {
        SMALL = 48,
        CALLS = 4500,
        WRITES_MAX = 2 * (MERGED + 3 * PART / OWNER_CHUNK_ENTRIES) + 40
    };
    static struct place place;
    size_t most = 0;
    place_open(&place, kind);
    for (size_t call = 0; call < CALLS; call++) {
        store_fail_at(place.env.store, WRITES_MAX, ERR_IO);
        add_call(&place, SMALL);
        most = merges_of(&place) > most ? merges_of(&place) : most;
    }
    store_fail_at(place.env.store, -1, ERR_OK);
    cr_assert_geq(most, 2);
    cr_assert_gt(runs_of(&place, OWNER_LEVEL_FINAL), 0);
    cr_assert_eq(missing(&place), 0);
    place_close(&place);
}

/* The run that a merge still writes is the sixteenth of its level: were it read by the next merge,
 * what is written to it afterwards would be taken for what was read before. */
HALL_TEST(register_owner_runs, a_run_is_no_source_before_all_of_it_is_written)
{
    static struct place place;
    const size_t low = end_owner(false), high = end_owner(true);
    place_open(&place, kind);
    for (size_t call = 0; call < 14 * MERGED; call++)
        add_call_of(&place, 1, high);
    for (size_t call = 0; call < MERGED; call++)
        add_call_of(&place, 700, high);
    for (size_t call = 0; call < 6 * MERGED; call++) {
        add_call_of(&place, 300, low);
        if (call % MERGED == MERGED - 1) /* what is lost is lost for good */
            cr_assert_eq(missing(&place), 0, "call %zu", call);
    }
    place_close(&place);
}

/* Calls of all sizes, of a few owners, from a seed. */
static size_t size_of_call(uint64_t *state)
{
    static const size_t sizes[] = {1, 1, 2, 5, 40, 300, 1500};
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return sizes[(*state >> 33) % (sizeof sizes / sizeof sizes[0])];
}

HALL_TEST(register_owner_runs, nothing_is_lost_whatever_the_calls)
{
    enum { CALLS = 700, LOOK_EVERY = 100 };
    for (uint64_t seed = 1; seed <= 3; seed++) {
        static struct place place;
        uint64_t state = seed;
        place_open(&place, kind);
        for (size_t call = 0; call < CALLS; call++) {
            const size_t count = size_of_call(&state);
            add_call_of(&place, count, (state >> 50) % (OWNERS + 1));
            if (call % LOOK_EVERY == 0)
                cr_assert_eq(missing(&place), 0, "seed %zu call %zu", (size_t)seed, call);
        }
        cr_assert_eq(missing(&place), 0, "seed %zu", (size_t)seed);
        place_close(&place);
    }
}

static struct id rows_of(struct place *place)
{
    struct id hash = {{0}};
    struct arena arena AUTO(arena_fini) = {.limit = SIZE_MAX};
    struct list runs = {0}, merges = {0};
    const struct store_query all_runs = {.table = &tables_table_owner_run, .index_number = -1};
    const struct store_query all = {.table = &tables_table_owner_merge, .index_number = -1};
    HALL_OK(store_list(place->env.store, &runs, &all_runs, NULL, &arena));
    HALL_OK(store_list(place->env.store, &merges, &all, NULL, &arena));
    for (size_t i = 0; i < runs.count; i++) {
        const struct owner_run *run = &((const struct owner_run *)runs.items)[i];
        const uint64_t numbers[] = {run->level, run->run, run->first_serial, run->chunk};
        const struct span parts[] = {SPAN(hash),
                                     {(const uint8_t *)numbers, sizeof numbers},
                                     SPAN(run->first_owner),
                                     run->entries};
        hash = crypto_hash(parts, sizeof parts / sizeof parts[0]);
    }
    for (size_t i = 0; i < merges.count; i++) {
        const struct owner_merge *merge = &((const struct owner_merge *)merges.items)[i];
        const uint64_t numbers[] = {merge->level, merge->last_source, merge->to_level,
                                    merge->to_run};
        const struct span parts[] = {SPAN(hash), {(const uint8_t *)numbers, sizeof numbers}};
        hash = crypto_hash(parts, sizeof parts / sizeof parts[0]);
    }
    return hash;
}

/* One play in one transaction; one in many, of which some are taken back and done again. */
HALL_TEST(register_owner_runs, rows_are_a_function_of_the_calls)
{
    enum { CALLS = 200 };
    struct id found[2];
    size_t most = 0;
    for (size_t play = 0; play < 2; play++) {
        static struct place place;
        uint64_t state = 5;
        place_open(&place, kind);
        for (size_t call = 0; call < CALLS; call++) {
            const size_t count = size_of_call(&state), made = place.made;
            add_call(&place, count);
            if (play == 1 && call % 3 == 0) {
                store_rollback(place.env.store);
                HALL_OK(store_begin(place.env.store, STORE_WRITE));
                place.made = made;
                add_call(&place, count);
            }
            if (play == 1) {
                HALL_OK(store_commit(place.env.store));
                HALL_OK(store_begin(place.env.store, STORE_WRITE));
            }
            most = merges_of(&place) > most ? merges_of(&place) : most;
        }
        found[play] = rows_of(&place);
        place_close(&place);
    }
    cr_assert_gt(most, 0);
    cr_assert(id_equal(&found[0], &found[1]));
}

static enum err add_one_more(struct register_env *env, void *context)
{
    uint8_t entries[320 * OWNER_ENTRY_SIZE];
    const struct place *place = context;
    for (size_t i = 0; i < 320; i++)
        write_entry(entries + i * OWNER_ENTRY_SIZE, i % OWNERS, place->made + i);
    return register_owner_add_run(env, entries, 320);
}

HALL_TEST(register_owner_runs, a_failure_in_the_middle_of_a_merge_changes_nothing)
{
    static struct place place;
    place_open(&place, kind);
    for (size_t call = 0; call < MERGED; call++)
        add_call(&place, 320);
    cr_assert_eq(merges_of(&place), 1);
    hall_end(&place.cast.hall);
    cr_assert_gt(hall_fail_everywhere(&place.cast.hall, add_one_more, &place), 4);
    place.made += 320; /* at last it went well */
    place.env = hall_begin(&place.cast.hall);
    cr_assert_eq(missing(&place), 0);
    place_close(&place);
}

/* As a batch of a bank's single payments is. */
HALL_TEST(register_owner_runs, many_small_calls_wait_for_a_part_of_a_merge)
{
    enum { BATCH = 64, PARTS = BATCH / 8 };
    static struct place place;
    place_open(&place, kind);
    for (size_t call = 0; call < MERGED; call++)
        add_call(&place, 1500);
    cr_assert_eq(merges_of(&place), 1);
    store_fail_at(place.env.store, 4 * BATCH + PARTS * (2 * PART / OWNER_CHUNK_ENTRIES + 2),
                  ERR_IO);
    for (size_t call = 0; call < BATCH; call++)
        add_call(&place, 1);
    store_fail_at(place.env.store, -1, ERR_OK);
    cr_assert_eq(missing(&place), 0);
    place_close(&place);
}

/* Else runs would pile up. */
HALL_TEST(register_owner_runs, merges_keep_up)
{
    static const size_t sizes[] = {1, 3, 60, 512};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        static struct place place;
        place_open(&place, kind);
        for (size_t call = 0; call < 380; call++) {
            add_call(&place, sizes[i]);
            for (uint64_t level = 0; level < OWNER_LEVEL_FINAL; level++)
                cr_assert_lt(runs_of(&place, level), 2 * MERGED, "size %zu level %zu", sizes[i],
                             (size_t)level);
        }
        cr_assert_eq(missing(&place), 0);
        place_close(&place);
    }
}

/* The run that is written, or one that is read, may be swept empty: what is left is found, and no
 * new run takes its number. */
HALL_TEST(register_owner_runs, a_sweep_in_the_middle_of_a_merge_takes_only_what_it_takes)
{
    for (uint64_t of_output = 0; of_output < 2; of_output++) {
        static struct place place;
        size_t lost = 0;
        place_open(&place, kind);
        for (size_t call = 0; call < MERGED; call++)
            add_call(&place, 320);
        cr_assert_eq(merges_of(&place), 1);
        if (of_output)
            delete_run(&place, 1, 1, &lost);
        else
            for (uint64_t run = 1; run <= MERGED; run++)
                delete_run(&place, 0, run, &lost);
        cr_assert_gt(lost, 0);
        const size_t left = missing(&place);
        cr_assert_leq(left, lost);
        for (size_t call = 0; call < 3 * MERGED; call++) {
            add_call(&place, 320);
            cr_assert_eq(missing(&place), left, "call %zu", call);
        }
        place_close(&place);
    }
}

HALL_TEST(register_owner_runs, entries_that_are_alike_become_one)
{
    static struct place place;
    place_open(&place, kind);
    for (size_t call = 0; call < MERGED; call++) {
        place.made = 0;
        add_call(&place, 10);
    }
    cr_assert_eq(runs_of(&place, 0), 0);
    cr_assert_eq(missing(&place), 0);
    for (size_t i = 0; i < place.made; i++)
        cr_assert_eq(place.seen[i], 1);
    place_close(&place);
}
