/* What looking for clones costs a payment (docs/adr/0027-clones-found-after-the-commit.md), in CPU
 * time, over SQLite on disk with synchronous=FULL:
 *
 *   note   kept by the settlement: in its transaction, a row for a call of 256 payments
 *   look   later, with its own transactions, sorted
 *   index  instead of both: a row by key and counter for each payment in the settlement itself
 *
 * usage: clone_bench [--json FILE] [--seconds S]      65536 payments for each second of S
 */
#include "central/clones.h"
#include "tools/bench/bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CALL_PAYMENTS = 256,
    COUNT_PER_S = 65536,
    LOOK_PAYMENTS = 8192,
    LOOK_PARTS = 8,
    KEY_PAYMENTS = 12
};

struct clone_bench {
    struct store *store;
    char folder[64];
    size_t count;
};
struct costs { /* CPU us a payment */
    double note, look, index;
};

/* Payment i: of a key that pays KEY_PAYMENTS times in all, far apart. */
static struct public_key key_of(const struct clone_bench *bench, size_t i)
{
    const size_t wallets = bench->count / KEY_PAYMENTS + 1, wallet = i % wallets;
    const struct id hash = crypto_hash(&(struct span){(const uint8_t *)&wallet, sizeof wallet}, 1);
    struct public_key key = {{2}};
    memcpy(key.bytes + 1, hash.bytes, ID_SIZE);
    return key;
}

static struct payment payment_of(const struct clone_bench *bench, size_t i)
{
    const struct id coin = crypto_hash(&(struct span){(const uint8_t *)&i, sizeof i}, 1);
    return (struct payment){
        .serial = i + 1, .coin_id = coin, .counter = 1 + i / (bench->count / KEY_PAYMENTS + 1)};
}

static void begin(struct clone_bench *bench)
{
    CHECK(store_begin(bench->store, STORE_WRITE) == ERR_OK);
}

static void commit(struct clone_bench *bench)
{
    CHECK(store_commit(bench->store) == ERR_OK);
}

static double note_all(struct clone_bench *bench)
{
    double spent_s = 0;
    for (size_t at = 0; at < bench->count; at += CALL_PAYMENTS) {
        struct arena arena AUTO(arena_fini) = {0};
        struct register_env env = {.store = bench->store, .arena = &arena};
        struct payment payments[CALL_PAYMENTS];
        struct public_key keys[CALL_PAYMENTS];
        for (size_t i = 0; i < CALL_PAYMENTS; i++) {
            payments[i] = payment_of(bench, at + i);
            keys[i] = key_of(bench, at + i);
        }
        begin(bench);
        const double from_s = bench_cpu_s();
        for (size_t i = 0; i < CALL_PAYMENTS; i++)
            CHECK(clones_note(&env, &payments[i], &keys[i]) == ERR_OK);
        CHECK(clones_keep(&env) == ERR_OK);
        spent_s += bench_cpu_s() - from_s;
        commit(bench);
    }
    return spent_s;
}

static double look_at_all(struct clone_bench *bench)
{
    struct clones_round round AUTO(clones_round_forget) = {0};
    const double from_s = bench_cpu_s();
    for (bool more = true; more;) {
        struct arena arena AUTO(arena_fini) = {0};
        struct register_env env = {.store = bench->store, .arena = &arena};
        begin(bench);
        CHECK(clones_look(&env, &round, &more, LOOK_PAYMENTS, LOOK_PARTS) == ERR_OK);
        commit(bench);
    }
    return bench_cpu_s() - from_s;
}

/* As `look` leaves the table, but row by row as payments come; without the commits' own cost. */
static double index_all(struct clone_bench *bench)
{
    double spent_s = 0;
    for (size_t at = 0; at < bench->count; at += CALL_PAYMENTS) {
        struct clone_seen rows[CALL_PAYMENTS];
        for (size_t i = 0; i < CALL_PAYMENTS; i++) {
            const struct payment payment = payment_of(bench, at + i);
            const struct public_key key = key_of(bench, at + i);
            rows[i] = (struct clone_seen){.counter = payment.counter, .serial = payment.serial};
            memcpy(rows[i].key_part.bytes, key.bytes + 1, KEY_ID_SIZE);
            memcpy(rows[i].coin_part.bytes, payment.coin_id.bytes, KEY_ID_SIZE);
        }
        begin(bench);
        const double from_s = bench_cpu_s();
        for (size_t i = 0; i < CALL_PAYMENTS; i++)
            CHECK(store_insert(bench->store, &tables_table_clone_seen, &rows[i]) == ERR_OK);
        spent_s += bench_cpu_s() - from_s;
        commit(bench);
    }
    return spent_s;
}

static void open_store(struct clone_bench *bench, const char *name)
{
    const struct store_sqlite_options options = {.create = true, .exclusive = true};
    char path[128];
    snprintf(path, sizeof path, "%s/%s", bench->folder, name);
    CHECK(store_sqlite_open(&bench->store, path, &tables_schema, &options) == ERR_OK);
}

static void close_store(struct clone_bench *bench, const char *name)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[128];
    store_close(&bench->store);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s/%s%s", bench->folder, name, ends[i]);
        (void)unlink(path);
    }
}

static struct costs run(struct clone_bench *bench)
{
    struct costs costs;
    const double us = (double)BENCH_US / (double)bench->count;
    open_store(bench, "notes.db");
    costs.note = us * note_all(bench);
    costs.look = us * look_at_all(bench);
    close_store(bench, "notes.db");
    open_store(bench, "index.db");
    costs.index = us * index_all(bench);
    close_store(bench, "index.db");
    return costs;
}

int main(int argc, char **argv)
{
    struct bench_options options;
    struct clone_bench bench = {.folder = "/tmp/clone-bench-XXXXXX"};
    bench_options_read(&options, argc, argv);
    crypto_use(&crypto_libcrypto);
    bench.count = CALL_PAYMENTS * (1 + (size_t)(options.seconds * COUNT_PER_S / CALL_PAYMENTS));
    if (mkdtemp(bench.folder) == NULL)
        return 1;
    const struct costs costs = run(&bench);
    (void)rmdir(bench.folder);
    printf("%zu payments, CPU us a payment\n", bench.count);
    printf("  %-44s %6.2f\n", "note, in the settlement", costs.note);
    printf("  %-44s %6.2f\n", "look, afterwards, with its commits", costs.look);
    printf("  %-44s %6.2f\n", "an index in the settlement, instead", costs.index);
    FILE *file = bench_json_open(options.json_path);
    if (file != NULL)
        fprintf(file,
                "{\n  \"payments\": %zu,\n  \"note_cpu_us\": %.2f,\n  \"look_cpu_us\": %.2f,\n"
                "  \"index_cpu_us\": %.2f\n}\n",
                bench.count, costs.note, costs.look, costs.index);
    bench_json_close(file);
    return 0;
}
