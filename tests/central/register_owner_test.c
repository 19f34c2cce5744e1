/* The index by owner: every coin is found by its owner's key, whatever runs it went through. */
#include "central/register_row.h"
#include "tests/central/cast.h"

#include <criterion/criterion.h>
#include <string.h>

enum { OWNERS = 7, MADE = 1500, LEVELS = 16 };

struct seen {
    uint64_t from;
    size_t count;
};

static enum err note(void *context, bool *enough, uint64_t serial,
                     const uint8_t coin_prefix[KEY_ID_SIZE])
{
    struct seen *seen = context;
    (void)coin_prefix;
    cr_assert_geq(serial, seen->from);
    seen->count++;
    *enough = false;
    return ERR_OK;
}

static struct coin coin_of(size_t number)
{
    const struct span seed = span_of(&number, sizeof number);
    const size_t owner = number % OWNERS;
    const struct span whose = span_of(&owner, sizeof owner);
    struct coin coin = {.serial = number + 1,
                        .coin_id = crypto_hash(&seed, 1),
                        .amount = world_fen(1),
                        .state = COIN_UNSPENT};
    const struct id key = crypto_hash(&whose, 1);
    coin.owner_key.bytes[0] = 0x02;
    memcpy(coin.owner_key.bytes + 1, key.bytes, sizeof key.bytes);
    return coin;
}

static size_t found(struct register_env *env, const struct public_key *key, uint64_t from)
{
    struct seen seen = {.from = from};
    const struct register_owner_visitor visitor = {&seen, note};
    HALL_OK(register_owner_visit(env, key, from, &visitor));
    return seen.count;
}

static uint64_t last_of(struct hall *hall, uint64_t level)
{
    const struct owner_run from = {.level = level};
    const struct store_query query = {.table = &tables_table_owner_run,
                                      .index_number = -1,
                                      .prefix_count = 1,
                                      .descending = true,
                                      .count_max = 1};
    struct list rows = {0};
    HALL_OK(store_list(hall->store, &rows, &query, &from, &hall->world.arena));
    return rows.count == 0 ? 0 : ((struct owner_run *)rows.items)->run;
}

/* Some alone, some many to a call; after each call everything is found, once. */
HALL_TEST(register_owner, every_coin_is_found_by_its_owner)
{
    struct cast cast;
    size_t made = 0;
    cast_open(&cast, kind);
    struct register_env env = hall_begin(&cast.hall);
    for (size_t call = 0; made < MADE; call++) {
        const size_t count = call % 5 == 0 ? 1 : call % 5 == 1 ? 400 : 3;
        struct register_owners owners = {0};
        env.owners = count == 1 ? NULL : &owners;
        for (size_t i = 0; i < count; i++, made++) {
            const struct coin coin = coin_of(made);
            HALL_OK(register_owner_add(&env, &coin));
        }
        HALL_OK(register_owner_flush(&env));
    }
    for (size_t owner = 0; owner < OWNERS; owner++) {
        const struct coin coin = coin_of(owner);
        const size_t all = (made - owner + OWNERS - 1) / OWNERS;
        cr_assert_eq(found(&env, &coin.owner_key, 0), all);
        cr_assert_eq(found(&env, &coin.owner_key, coin_of(owner + OWNERS).serial), all - 1);
        cr_assert_eq(found(&env, &coin.owner_key, made + 1), 0);
    }
    cr_assert_eq(found(&env, &cast.hall.world.root.public_key, 0), 0);
    hall_end(&cast.hall);
    cast_close(&cast);
}

/* Sixteen runs become one of the next level, so there are never many. */
HALL_TEST(register_owner, runs_are_merged)
{
    struct cast cast;
    cast_open(&cast, kind);
    struct register_env env = hall_begin(&cast.hall);
    for (size_t i = 0; i < 600; i++) {
        const struct coin coin = coin_of(i);
        HALL_OK(register_owner_add(&env, &coin));
    }
    cr_assert_eq(last_of(&cast.hall, 0), 600 % 16);
    cr_assert_eq(last_of(&cast.hall, 1), 600 / 16 % 16);
    cr_assert_eq(last_of(&cast.hall, 2), 600 / 256);
    for (uint64_t level = 3; level < LEVELS; level++)
        cr_assert_eq(last_of(&cast.hall, level), 0);
    hall_end(&cast.hall);
    cast_close(&cast);
}
