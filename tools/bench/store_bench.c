/* What rows cost: inserts a second into a table keyed like the register's, in time order and in
 * random order, with a commit every 1,000 rows; each store, with and without an index by owner.
 *
 * usage: store_bench [--json FILE] [--rows N] [--directory DIR]
 *
 * Wall time, because a commit waits for the disk; the file is made in DIR (default: the working
 * directory) and removed. The time order is the reason for the key (serial, coin_id): rows that
 * come together lie together.
 */
#include "common/store/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BENCH_COIN_FIELDS(F)                                                                       \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id) F(AMOUNT, amount) F(KEY, owner_key) F(UINT, state, 1, 5)
#define BENCH_TABLES(T)                                                                            \
    T(bench, plain_coin, BENCH_COIN_FIELDS, 2)                                                     \
    T(bench, owned_coin, BENCH_COIN_FIELDS, 2, TABLE_INDEX("owner_key", "state"))
TABLES_DECLARE(BENCH_TABLES)
TABLES_DEFINE(BENCH_TABLES)

enum { COMMIT_ROWS = 1000, ROWS_DEFAULT = 200000 };

static const struct table *const tables[] = {TABLES_POINTERS(BENCH_TABLES) NULL};
static const struct store_schema schema = {.application = "bench", .version = 1, .tables = tables};
static char path[PATH_MAX];

static const struct figure {
    const char *name, *text;
    const struct table *table;
    bool in_memory, is_random;
} figures[] = {
    {"sqlite_ordered", "sqlite, time order", &bench_table_plain_coin, false, false},
    {"sqlite_random", "sqlite, random order", &bench_table_plain_coin, false, true},
    {"sqlite_ordered_owner_index", "sqlite, time order, index by owner", &bench_table_owned_coin,
     false, false},
    {"sqlite_random_owner_index", "sqlite, random order, index by owner", &bench_table_owned_coin,
     false, true},
    {"memory_ordered", "memory, time order", &bench_table_plain_coin, true, false},
    {"memory_ordered_owner_index", "memory, time order, index by owner", &bench_table_owned_coin,
     true, false},
};
enum { FIGURE_COUNT = sizeof figures / sizeof figures[0] };

static uint64_t next_number(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* One serial has a handful of coins; ids and owners are random either way, as hashes are. */
static struct plain_coin make_coin(size_t number, bool is_random, uint64_t *state)
{
    struct plain_coin coin = {.serial = 1 + number / 4, .state = 1};
    if (is_random)
        coin.serial = 1 + next_number(state) % INTEGER_MAX;
    for (size_t at = 0; at < ID_SIZE; at += sizeof(uint64_t)) {
        const uint64_t id = next_number(state), key = next_number(state);
        memcpy(coin.coin_id.bytes + at, &id, sizeof id);
        memcpy(coin.owner_key.bytes + at, &key, sizeof key);
    }
    CHECK(amount_from_fen(&coin.amount, 1 + number) == ERR_OK);
    return coin;
}

static enum err insert_rows(struct store *store, const struct figure *figure, size_t count)
{
    uint64_t state = 1;
    for (size_t number = 0; number < count; number++) {
        const struct plain_coin coin = make_coin(number, figure->is_random, &state);
        if (number % COMMIT_ROWS == 0)
            TRY(store_begin(store, STORE_WRITE));
        TRY(store_insert(store, figure->table, &coin));
        if (number % COMMIT_ROWS == COMMIT_ROWS - 1 || number == count - 1)
            TRY(store_commit(store));
    }
    return ERR_OK;
}

static double now_s(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void remove_files(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t index = 0; index < sizeof suffixes / sizeof suffixes[0]; index++) {
        char name[PATH_MAX + 8];
        snprintf(name, sizeof name, "%s%s", path, suffixes[index]);
        (void)unlink(name);
    }
}

static enum err measure(double *per_s, const struct figure *figure, size_t count)
{
    AUTO(store_close) struct store *store = NULL;
    const struct store_sqlite_options options = {.create = true, .exclusive = true};
    if (figure->in_memory)
        TRY(store_memory_open(&store, &schema));
    else
        TRY(store_sqlite_open(&store, path, &schema, &options));
    const double start = now_s();
    TRY(insert_rows(store, figure, count));
    *per_s = (double)count / (now_s() - start);
    return ERR_OK;
}

static int write_json(const char *file_path, const double per_s[FIGURE_COUNT], size_t count)
{
    FILE *file = fopen(file_path, "w");
    if (file == NULL) {
        fprintf(stderr, "store_bench: %s: %s\n", file_path, strerror(errno));
        return 1;
    }
    fprintf(file, "{\n  \"row_count\": %zu,\n  \"commit_row_count\": %d", count, COMMIT_ROWS);
    for (size_t index = 0; index < FIGURE_COUNT; index++)
        fprintf(file, ",\n  \"%s_inserts_per_second\": %.0f", figures[index].name, per_s[index]);
    fprintf(file, "\n}\n");
    return fclose(file) == 0 ? 0 : 1;
}

static int usage(void)
{
    fprintf(stderr, "usage: store_bench [--json FILE] [--rows N] [--directory DIR]\n");
    return 2;
}

static int run(double per_s[FIGURE_COUNT], size_t count)
{
    printf("%zu rows, %d a commit%26s inserts/s\n", count, COMMIT_ROWS, "");
    for (size_t index = 0; index < FIGURE_COUNT; index++) {
        remove_files();
        const enum err error = measure(&per_s[index], &figures[index], count);
        remove_files();
        if (error != ERR_OK) {
            fprintf(stderr, "store_bench: %s: %s\n", figures[index].text, err_text(error));
            return 1;
        }
        printf("%-44s %12.0f\n", figures[index].text, per_s[index]);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static double per_s[FIGURE_COUNT];
    const char *json = NULL, *directory = ".";
    size_t count = ROWS_DEFAULT;
    for (int index = 1; index < argc; index += 2) {
        if (index + 1 < argc && strcmp(argv[index], "--json") == 0)
            json = argv[index + 1];
        else if (index + 1 < argc && strcmp(argv[index], "--rows") == 0)
            count = (size_t)strtoul(argv[index + 1], NULL, 10);
        else if (index + 1 < argc && strcmp(argv[index], "--directory") == 0)
            directory = argv[index + 1];
        else
            return usage();
    }
    if (count == 0)
        return usage();
    snprintf(path, sizeof path, "%s/store_bench-%ld.db", directory, (long)getpid());
    if (run(per_s, count) != 0)
        return 1;
    return json != NULL ? write_json(json, per_s, count) : 0;
}
