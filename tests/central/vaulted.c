/* An archive in memory (contract in vaulted.h). */
#include "tests/central/vaulted.h"

#include <criterion/criterion.h>

static enum err keep(void *context, uint64_t number, struct span file)
{
    struct vaulted *vaulted = context;
    cr_assert(number >= 1 && number <= VAULTED_SEGMENTS);
    if (vaulted->fails)
        return ERR_DISK_FULL;
    vaulted->keep_count++;
    buffer_fini(&vaulted->files[number]);
    return buffer_put(&vaulted->files[number], file);
}

static enum err fetch(void *context, struct buffer *file, uint64_t number)
{
    const struct vaulted *vaulted = context;
    return vaulted->files[number].size == 0
               ? ERR_MISSING
               : buffer_put(file, buffer_span(&vaulted->files[number]));
}

struct archive_folder vaulted_folder(struct vaulted *vaulted)
{
    return (struct archive_folder){.context = vaulted, .keep = keep, .fetch = fetch};
}

void vaulted_open(struct vaulted *out, struct cast *cast)
{
    *out = (struct vaulted){.cast = cast,
                            .limits = {.lines = 2, .rows_size = 4 * 1024 * 1024, .chunks = 1}};
}

void vaulted_close(struct vaulted *vaulted)
{
    archive_forget(&vaulted->archive);
    for (size_t i = 0; i <= VAULTED_SEGMENTS; i++)
        buffer_fini(&vaulted->files[i]);
}

enum err vaulted_step(struct vaulted *vaulted, bool *more)
{
    struct hall *hall = &vaulted->cast->hall;
    const struct archive_folder folder = vaulted_folder(vaulted);
    struct register_env env = hall_begin(hall);
    enum err error = archive_step(&vaulted->archive, more, &env, &folder, &vaulted->limits);
    if (error == ERR_OK)
        error = store_commit(hall->store);
    store_rollback(hall->store);
    if (error != ERR_OK)
        archive_forget(&vaulted->archive);
    return error;
}

void vaulted_run(struct vaulted *vaulted)
{
    bool more = true;
    while (more)
        HALL_OK(vaulted_step(vaulted, &more));
    (void)hall_begin(&vaulted->cast->hall);
    hall_end(&vaulted->cast->hall); /* the books still balance */
}

void vaulted_run_when_due(struct vaulted *vaulted, const struct world_coin *coin)
{
    struct hall *hall = &vaulted->cast->hall;
    const struct coin row = hall_coin(hall, coin);
    hall->now = (row.redeem_by_day + hall->world.policy.archive_days) * 86400;
    vaulted_run(vaulted);
}

enum err vaulted_restore(struct vaulted *vaulted, uint64_t *line_count, uint64_t number)
{
    struct hall *hall = &vaulted->cast->hall;
    struct buffer rows AUTO(buffer_fini) = {0}, file AUTO(buffer_fini) = {0};
    const struct archive_folder folder = vaulted_folder(vaulted);
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

struct id vaulted_rows(struct vaulted *vaulted)
{
    const struct table *const tables[] = {&tables_table_minted, &tables_table_coin,
                                          &tables_table_spend, &tables_table_input,
                                          &tables_table_clone_seen};
    struct buffer bytes AUTO(buffer_fini) = {0};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        put_rows(&vaulted->cast->hall, &bytes, tables[i]);
    const struct span span = buffer_span(&bytes);
    return crypto_hash(&span, 1);
}
