/* An archive in memory (contract in shelf.h). */
#include "tests/central/shelf.h"

#include "central/clones.h"

#include <criterion/criterion.h>

/* --- lives of a line --- */

void shelf_give_in(struct hall_order *order, struct order_reply *reply, struct cast *cast,
                   const struct world_coin *coin, const struct world_wallet *to)
{
    const struct output back = cast_output(to, amount_fen(coin->amount));
    hall_order_exchange(order, &cast->hall, &back, 1);
    hall_order_fund(order, &cast->hall, &coin, 1);
    HALL_STATUS(hall_order(&cast->hall, reply, order, WORLD_BANK_A), STATUS_OK);
    HALL_OUTCOME(hall_input(reply, 0), OUTCOME_USED);
}

void shelf_spend_up(struct cast *cast, const struct world_coin *coin)
{
    struct hall_order order;
    struct order_reply reply;
    shelf_give_in(&order, &reply, cast, coin, &cast->e);
}

void shelf_live(struct shelf_life *life, struct cast *cast)
{
    cast_issue(&life->coin, cast, 900, &cast->a);
    cast_pay_part(&life->paid, &life->change, cast, &life->coin, &cast->p, 300, NULL);
    HALL_OUTCOME(cast_settle(cast, &life->paid), OUTCOME_SETTLED);
    shelf_spend_up(cast, &life->paid.coin);
    shelf_spend_up(cast, &life->change);
}

void shelf_look_for_clones(struct cast *cast)
{
    struct register_env env = hall_begin(&cast->hall);
    struct clones_round round AUTO(clones_round_forget) = {0};
    bool more = true;
    while (more)
        HALL_OK(clones_look(&env, &round, &more, 100, 1));
    hall_end(&cast->hall);
}

struct span shelf_packet(struct cast *cast, const struct world_coin *coin)
{
    struct world_packet packet = {.directory_version = 1};
    world_packet_add(&packet, coin);
    return world_packet_bytes(&cast->hall.world, &packet);
}

uint64_t shelf_held(struct cast *cast, const struct world_wallet *wallet)
{
    struct coin coins[64];
    size_t count = sizeof coins / sizeof coins[0];
    uint64_t fen = 0;
    const struct register_holdings_query query = {.key = &wallet->pair.public_key};
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(register_holdings(&env, coins, &count, &query));
    hall_end(&cast->hall);
    for (size_t i = 0; i < count; i++)
        fen += amount_fen(coins[i].amount);
    return fen;
}

/* --- the archive --- */

static enum err keep(void *context, uint64_t number, struct span file)
{
    struct shelf *shelf = context;
    cr_assert(number >= 1 && number <= SHELF_SEGMENTS);
    if (shelf->fails)
        return ERR_DISK_FULL;
    shelf->keep_count++;
    buffer_fini(&shelf->files[number]);
    return buffer_put(&shelf->files[number], file);
}

static enum err fetch(void *context, struct buffer *file, uint64_t number)
{
    const struct shelf *shelf = context;
    return shelf->files[number].size == 0 ? ERR_MISSING
                                          : buffer_put(file, buffer_span(&shelf->files[number]));
}

struct archive_folder shelf_folder(struct shelf *shelf)
{
    return (struct archive_folder){.context = shelf, .keep = keep, .fetch = fetch};
}

void shelf_open(struct shelf *out, struct cast *cast)
{
    *out = (struct shelf){.cast = cast,
                          .limits = {.lines = 2, .rows_size = 4 * 1024 * 1024, .chunks = 1}};
}

void shelf_close(struct shelf *shelf)
{
    archive_forget(&shelf->archive);
    for (size_t i = 0; i <= SHELF_SEGMENTS; i++)
        buffer_fini(&shelf->files[i]);
}

enum err shelf_step(struct shelf *shelf, bool *more)
{
    struct hall *hall = &shelf->cast->hall;
    const struct archive_folder folder = shelf_folder(shelf);
    struct register_env env = hall_begin(hall);
    enum err error = archive_step(&shelf->archive, more, &env, &folder, &shelf->limits);
    if (error == ERR_OK)
        error = store_commit(hall->store);
    store_rollback(hall->store);
    if (error != ERR_OK)
        archive_forget(&shelf->archive);
    return error;
}

void shelf_run(struct shelf *shelf)
{
    bool more = true;
    while (more)
        HALL_OK(shelf_step(shelf, &more));
    (void)hall_begin(&shelf->cast->hall);
    hall_end(&shelf->cast->hall); /* the books still balance */
}

void shelf_run_when_due(struct shelf *shelf, const struct world_coin *coin)
{
    struct hall *hall = &shelf->cast->hall;
    const struct coin row = hall_coin(hall, coin);
    hall->now = (row.redeem_by_day + hall->world.policy.archive_days) * 86400;
    shelf_run(shelf);
}

enum err shelf_restore(struct shelf *shelf, uint64_t *line_count, uint64_t number)
{
    struct hall *hall = &shelf->cast->hall;
    struct buffer rows AUTO(buffer_fini) = {0}, file AUTO(buffer_fini) = {0};
    const struct archive_folder folder = shelf_folder(shelf);
    struct archive_segment segment = {0};
    struct id previous = {{0}};
    struct register_env env = hall_begin(hall);
    enum err error = archive_find(&env, &segment, &previous, number);
    if (error == ERR_OK)
        error = folder.fetch(folder.context, &file, number);
    if (error == ERR_OK)
        error = archive_unpack(&rows, &segment, &previous, WORLD_NETWORK, buffer_span(&file));
    if (error == ERR_OK)
        error = archive_restore(&env, line_count, &segment, buffer_span(&rows));
    if (error == ERR_OK)
        hall_end(hall);
    store_rollback(hall->store);
    return error;
}

static void put_rows(struct hall *hall, struct buffer *out, const struct table *table)
{
    struct list rows = {0};
    const struct store_query all = {.table = table, .index_number = -1};
    (void)hall_begin(hall);
    HALL_OK(store_list(hall->store, &rows, &all, NULL, &hall->world.arena));
    store_rollback(hall->store);
    for (size_t i = 0; i < rows.count; i++)
        HALL_OK(wire_encode(out, table->schema,
                            (const char *)rows.items + i * table->schema->struct_size));
}

struct id shelf_rows(struct shelf *shelf)
{
    const struct table *const tables[] = {&tables_table_minted, &tables_table_coin,
                                          &tables_table_spend, &tables_table_input,
                                          &tables_table_clone_seen};
    struct buffer bytes AUTO(buffer_fini) = {0};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        put_rows(&shelf->cast->hall, &bytes, tables[i]);
    const struct span span = buffer_span(&bytes);
    return crypto_hash(&span, 1);
}
