/* Retention, a bounded step at a time (contract in archive.h).
 *
 * A day's round walks over the minted serials and gathers lines that are dead; enough of them are
 * sealed, which is a file and its row; then they are cleared, some a step, before the walk goes on.
 * The walk ends at the first line whose term is not over: later ones were minted later. Then the
 * index by owner is swept of them. What was gathered and not sealed when the process ended is
 * gathered again; what was sealed and not cleared is cleared from the file. */
#include "central/archive.h"

#include "common/base/time.h"

const struct archive_limits archive_limits = {
    .lines = 128, .rows_size = (size_t)1024 * 1024, .chunks = 2};

void archive_forget(struct archive *archive)
{
    buffer_fini(&archive->rows);
    *archive = (struct archive){0};
}

/* --- rows of its own --- */

static enum err read_head(struct register_env *env, struct archive_head *out)
{
    bool found = false;
    *out = (struct archive_head){.id = 1};
    return register_find(env, &found, &tables_table_archive_head, out);
}

static enum err newest(struct register_env *env, bool *found, struct archive_segment *out)
{
    const struct store_query last = {.table = &tables_table_archive_segment,
                                     .index_number = -1,
                                     .descending = true,
                                     .count_max = 1};
    struct list rows = {0};
    TRY(store_list(env->store, &rows, &last, NULL, env->arena));
    *found = rows.count > 0;
    *out = *found ? *(const struct archive_segment *)rows.items : (struct archive_segment){0};
    return ERR_OK;
}

enum err archive_find(struct register_env *env, struct archive_segment *out, struct id *previous,
                      uint64_t number)
{
    struct archive_segment before = {.number = number - 1};
    *out = (struct archive_segment){.number = number};
    *previous = (struct id){{0}};
    TRY(store_get(env->store, &tables_table_archive_segment, out, env->arena));
    if (number == 1)
        return ERR_OK;
    TRY(store_get(env->store, &tables_table_archive_segment, &before, env->arena));
    *previous = before.hash;
    return ERR_OK;
}

/* --- what is in it --- */

enum err archive_holds(struct register_env *env, bool *held, uint64_t serial,
                       uint64_t redeem_by_day)
{
    struct archive_head head = {0};
    struct minted minted = {.serial = serial};
    bool found = false;
    *held = false;
    TRY(read_head(env, &head));
    if (serial > head.last_serial || redeem_by_day > head.last_redeem_by_day)
        return ERR_OK;
    TRY(register_find(env, &found, &tables_table_minted, &minted));
    *held = !found;
    return ERR_OK;
}

/* --- the walk --- */

static uint64_t largest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Segments that were put back not long ago: their lines stay. */
struct held_back {
    const struct archive_segment *items;
    size_t count;
    uint64_t today;
};

static enum err read_held_back(struct register_env *env, struct held_back *out)
{
    const struct archive_segment from = {.is_restored = 1};
    struct list rows = {0};
    TRY(register_rows(env, &rows, &tables_table_archive_segment, 0, 1, &from));
    *out = (struct held_back){rows.items, rows.count, time_day(env->now)};
    return ERR_OK;
}

static bool is_held_back(const struct held_back *held, uint64_t serial)
{
    for (size_t i = 0; i < held->count; i++)
        if (held->today < held->items[i].restored_day + ARCHIVE_RESTORED_DAYS &&
            serial >= held->items[i].first_serial && serial <= held->items[i].last_serial)
            return true;
    return false;
}

static enum err gather_line(struct archive *archive, const struct archive_line *line)
{
    struct archive_segment *segment = &archive->segment;
    const uint64_t serial = line->minted.serial;
    archive->rows.limit = ARCHIVE_ROWS_MAX;
    TRY(archive_put_line(&archive->rows, line));
    if (segment->line_count++ == 0)
        segment->first_serial = serial;
    segment->last_serial = serial;
    segment->row_count += archive_row_count(line);
    segment->spend_count += line->spends.count;
    archive->redeem_by_day = largest(archive->redeem_by_day, line->coins.items[0].redeem_by_day);
    return ERR_OK;
}

/* *over: the line's term is not over, so the walk is. A line needs its memory only for a moment. */
static enum err judge_next(struct archive *archive, bool *over, struct register_env *env,
                           const struct minted *minted)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct register_env room = *env;
    struct archive_line line = {0};
    enum archive_verdict verdict = ARCHIVE_ALIVE;
    room.arena = &arena;
    TRY(archive_judge(&room, &verdict, &line, minted));
    *over = verdict == ARCHIVE_EARLY;
    if (*over)
        return ERR_OK;
    archive->at_serial = minted->serial;
    return verdict == ARCHIVE_DEAD ? gather_line(archive, &line) : ERR_OK;
}

static enum err gather(struct archive *archive, bool *over, struct register_env *env,
                       const struct archive_limits *limits)
{
    const struct minted from = {.serial = archive->at_serial};
    const struct store_query next = {.table = &tables_table_minted,
                                     .index_number = -1,
                                     .after = true,
                                     .count_max = limits->lines};
    struct held_back held = {0};
    struct list rows = {0};
    TRY(read_held_back(env, &held));
    TRY(store_list(env->store, &rows, &next, &from, env->arena));
    const struct minted *minted = rows.items;
    *over = rows.count < limits->lines;
    for (size_t i = 0; i < rows.count && archive->rows.size < limits->rows_size; i++) {
        bool is_early = false;
        if (is_held_back(&held, minted[i].serial)) {
            archive->at_serial = minted[i].serial;
            continue;
        }
        TRY(judge_next(archive, &is_early, env, &minted[i]));
        if (is_early) {
            *over = true;
            return ERR_OK;
        }
    }
    *over = *over && archive->rows.size < limits->rows_size;
    return ERR_OK;
}

/* --- sealing --- */

static enum err seal(struct archive *archive, struct register_env *env, struct archive_head *head,
                     const struct archive_folder *folder)
{
    struct buffer file AUTO(buffer_fini) = {.limit = ARCHIVE_ROWS_MAX};
    struct archive_segment *segment = &archive->segment, before = {0};
    bool found = false;
    TRY(newest(env, &found, &before));
    segment->number = before.number + 1;
    segment->rows_size = archive->rows.size;
    segment->made_at = env->now;
    head->last_serial = largest(head->last_serial, segment->last_serial);
    head->last_redeem_by_day = largest(head->last_redeem_by_day, archive->redeem_by_day);
    TRY(archive_pack(&file, segment, &before.hash, env->trust->network,
                     buffer_span(&archive->rows)));
    TRY(folder->keep(folder->context, segment->number, buffer_span(&file)));
    return store_insert(env->store, &tables_table_archive_segment, segment);
}

/* --- clearing --- */

/* After a restart: the lines are read from the file, and those that were done are passed over. */
static enum err fetch(struct archive *archive, struct register_env *env,
                      const struct archive_segment *segment, const struct archive_folder *folder)
{
    struct buffer file AUTO(buffer_fini) = {.limit = ARCHIVE_ROWS_MAX};
    struct archive_segment row = {0};
    struct id previous = {{0}};
    archive_forget(archive);
    archive->rows.limit = ARCHIVE_ROWS_MAX;
    TRY(archive_find(env, &row, &previous, segment->number));
    TRY(folder->fetch(folder->context, &file, row.number));
    TRY(archive_unpack(&archive->rows, &row, &previous, env->trust->network, buffer_span(&file)));
    for (uint64_t i = 0; i < row.cleared; i++) {
        struct span bytes = {0};
        TRY(archive_next_line(NULL, &bytes, &archive->at, buffer_span(&archive->rows), NULL));
    }
    archive->segment = row;
    return ERR_OK;
}

static enum err clear_next(struct archive *archive, struct register_env *env)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct register_env room = *env;
    struct span bytes = {0};
    room.arena = &arena;
    TRY(archive_next_line(NULL, &bytes, &archive->at, buffer_span(&archive->rows), NULL));
    archive->segment.cleared++;
    return archive_clear(&room, bytes);
}

static enum err clear(struct archive *archive, struct register_env *env,
                      const struct archive_segment *segment, const struct archive_folder *folder,
                      const struct archive_limits *limits)
{
    if (archive->segment.number != segment->number)
        TRY(fetch(archive, env, segment, folder));
    for (size_t i = 0; i < limits->lines && archive->segment.cleared < segment->line_count; i++)
        TRY(clear_next(archive, env));
    TRY(store_update(env->store, &tables_table_archive_segment, &archive->segment));
    if (archive->segment.cleared < segment->line_count)
        return ERR_OK;
    const uint64_t at_serial = archive->at_serial;
    const bool is_walking = archive->is_walking;
    archive_forget(archive);
    archive->at_serial = at_serial;
    archive->is_walking = is_walking;
    archive->is_sweeping = true;
    return ERR_OK;
}

/* --- a step --- */

static enum err walk(struct archive *archive, struct register_env *env, struct archive_head *head,
                     const struct archive_folder *folder, const struct archive_limits *limits)
{
    bool over = false;
    if (!archive->is_walking) {
        archive->is_walking = true;
        archive->at_serial = head->at_serial;
    }
    TRY(gather(archive, &over, env, limits));
    const bool is_full = archive->rows.size >= limits->rows_size;
    if (archive->segment.line_count > 0 && (is_full || over))
        TRY(seal(archive, env, head, folder));
    else if (!over)
        return ERR_OK;
    head->at_serial = over ? 0 : archive->at_serial;
    head->round_day = over ? time_day(env->now) : head->round_day;
    archive->is_walking = !over;
    return store_put(env->store, &tables_table_archive_head, head);
}

/* A forged coin may have come since, under the serial of a line that left. */
static enum err is_gone(void *context, bool *gone, uint64_t serial)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct register_env env = *(struct register_env *)context;
    const struct coin from = {.serial = serial};
    const struct store_query any = {
        .table = &tables_table_coin, .index_number = -1, .prefix_count = 1, .count_max = 1};
    struct list rows = {0};
    env.arena = &arena;
    TRY(archive_holds(&env, gone, serial, 0));
    if (!*gone)
        return ERR_OK;
    TRY(store_list(env.store, &rows, &any, &from, env.arena));
    *gone = rows.count == 0;
    return ERR_OK;
}

static enum err sweep(struct archive *archive, bool *more, struct register_env *env,
                      const struct archive_limits *limits)
{
    const struct register_owner_filter filter = {env, is_gone};
    *more = archive->is_sweeping;
    if (!archive->is_sweeping)
        return ERR_OK;
    TRY(register_owner_sweep(env, &archive->is_sweeping, &archive->swept_to, limits->chunks,
                             &filter));
    return ERR_OK;
}

enum err archive_step(struct archive *archive, bool *more, struct register_env *env,
                      const struct archive_folder *folder, const struct archive_limits *limits)
{
    struct archive_head head = {0};
    struct archive_segment segment = {0};
    bool found = false;
    *more = true;
    TRY(read_head(env, &head));
    TRY(newest(env, &found, &segment));
    if (found && segment.cleared < segment.line_count)
        return clear(archive, env, &segment, folder, limits);
    if (archive->segment.number != 0) /* put back before it was cleared */
        archive_forget(archive);
    if (head.round_day < time_day(env->now))
        return walk(archive, env, &head, folder, limits);
    return sweep(archive, more, env, limits);
}

/* --- putting back --- */

enum err archive_restore(struct register_env *env, uint64_t *line_count,
                         struct archive_segment *segment, struct span rows)
{
    size_t at = 0;
    *line_count = 0;
    while (at < rows.size) {
        struct arena arena AUTO(arena_fini) = {0};
        struct register_env room = *env;
        struct archive_line line = {0};
        struct span bytes = {0};
        bool is_back = false;
        room.arena = &arena;
        TRY(archive_next_line(&line, &bytes, &at, rows, &arena));
        TRY(archive_put_back(&room, &is_back, &line));
        *line_count += is_back;
    }
    segment->cleared = segment->line_count;
    segment->is_restored = 1;
    segment->restored_day = time_day(env->now);
    return store_update(env->store, &tables_table_archive_segment, segment);
}
