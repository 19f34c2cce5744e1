/* What the register settles: payments and exchanges a second, in process, over SQLite on disk.
 *
 * usage: register_bench [--json FILE] [--seconds S] [--dir DIR]
 *
 * Every payment spends a coin of its own, of one of many keys, and leaves change; every exchange
 * turns one coin into two. All is signed beforehand; what is measured is register_settle and
 * register_order with their transactions, WAL and synchronous=FULL. 4096 for each second of S
 * (default 1) go through with 256 a commit, at most 256 commits with smaller batches. The database
 * is made in a new folder of DIR (default /tmp) and removed.
 *
 * The ceiling is what verify_many alone manages for the same payments: one signature each, since
 * the register believes its rows and not the tokens' signatures. The ratio tells how much of a
 * settlement is verification.
 */
#include "central/authority.h"
#include "central/books.h"
#include "central/register.h"
#include "central/vault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NETWORK "bench"
#define NOW UINT64_C(1771200000)
enum {
    KEY_COUNT = 1024,
    COIN_FEN = 10000,
    PAID_FEN = 2500,
    CHUNK = 1000,
    PATH_SIZE = 512,
    COUNT_PER_S = 4096
};

static const size_t batch_sizes[] = {1, 16, 256};
enum { BATCHES = sizeof batch_sizes / sizeof batch_sizes[0] };

struct bench {
    struct key_pair root, issuing, register_key, revocation, bank, vault;
    struct key_pair payers[KEY_COUNT];
    struct arena lasting; /* directory and trust */
    struct trust trust;
    struct store *store;
    char folder[PATH_SIZE];
    uint64_t counter;
};

/* A payment ready to be handed in: its packet, and what its signature signs. */
struct ready {
    struct span order, packet;
    struct crypto_check check;
};

struct figure {
    double per_s, per_cpu_s;
};

static double clock_s(clockid_t clock)
{
    struct timespec now;
    CHECK(clock_gettime(clock, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct amount fen(uint64_t value)
{
    struct amount amount = amount_zero();
    CHECK(amount_from_fen(&amount, value) == ERR_OK);
    return amount;
}

/* ---- a central bank with one bank ---- */

static struct register_env begin(struct bench *bench, struct arena *arena)
{
    CHECK(store_begin(bench->store, STORE_WRITE) == ERR_OK);
    return (struct register_env){.store = bench->store,
                                 .trust = &bench->trust,
                                 .issuing_key = &bench->issuing,
                                 .register_key = &bench->register_key,
                                 .revocation_key = &bench->revocation,
                                 .now = NOW,
                                 .arena = arena};
}

static void commit(struct bench *bench)
{
    CHECK(store_commit(bench->store) == ERR_OK);
}

static struct cose sign(struct bench *bench, enum kind kind, const void *value,
                        const struct key_pair *pair)
{
    struct cose cose;
    CHECK(record_sign(&cose, NETWORK, kind, value, pair, &bench->lasting) == ERR_OK);
    return cose;
}

static void make_keys(struct bench *bench)
{
    struct key_pair *const named[] = {&bench->root,       &bench->issuing, &bench->register_key,
                                      &bench->revocation, &bench->bank,    &bench->vault};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        CHECK(crypto()->key_generate(named[i]) == ERR_OK);
    for (size_t i = 0; i < KEY_COUNT; i++)
        CHECK(crypto()->key_generate(&bench->payers[i]) == ERR_OK);
}

static struct cose make_directory(struct bench *bench)
{
    struct key_item issuing = {.key = bench->issuing.public_key};
    const struct bank_certificate bank = {.bank_id = 1,
                                          .bank_key = bench->bank.public_key,
                                          .vault_key = bench->vault.public_key,
                                          .name = span_text("Bench Bank"),
                                          .not_after_day = NOW / 86400 + 365};
    struct signed_item certificate = {.record =
                                          sign(bench, KIND_BANK_CERTIFICATE, &bank, &bench->root)};
    struct directory directory = {.version = 1,
                                  .issuing_keys = {&issuing, 1},
                                  .register_key = bench->register_key.public_key,
                                  .revocation_key = bench->revocation.public_key,
                                  .bank_certificates = {&certificate, 1},
                                  .made_at = NOW,
                                  .not_after = NOW + 86400};
    CHECK(authority_first_policy(&directory.policy, &bench->lasting) == ERR_OK);
    return sign(bench, KIND_DIRECTORY, &directory, &bench->root);
}

static void open_bank(struct bench *bench, const struct cose *directory)
{
    enum status status = STATUS_OK;
    struct register_env env = begin(bench, &bench->lasting);
    CHECK(books_open(bench->store) == ERR_OK);
    CHECK(authority_revocations_open(&env) == ERR_OK);
    CHECK(authority_directory_accept(&env, &status, &bench->root.public_key, NETWORK, directory) ==
          ERR_OK);
    CHECK(status == STATUS_OK);
    CHECK(vault_reserve_credit(&env, &status, 1, fen(UINT64_C(1000000000000))) == ERR_OK);
    CHECK(status == STATUS_OK);
    commit(bench);
}

static void bench_open(struct bench *bench, const char *dir)
{
    char path[PATH_SIZE + 16];
    const struct store_sqlite_options options = {.create = true, .exclusive = true};
    memset(bench, 0, sizeof *bench);
    snprintf(bench->folder, sizeof bench->folder, "%s/register-bench-XXXXXX", dir);
    if (mkdtemp(bench->folder) == NULL) {
        fprintf(stderr, "register_bench: %s: %s\n", dir, strerror(errno));
        exit(1);
    }
    snprintf(path, sizeof path, "%s/central.db", bench->folder);
    CHECK(store_sqlite_open(&bench->store, path, &tables_schema, &options) == ERR_OK);
    make_keys(bench);
    const struct cose directory = make_directory(bench);
    CHECK(trust_open(&bench->trust, NETWORK, &bench->root.public_key, &directory,
                     &bench->lasting) == ERR_OK);
    open_bank(bench, &directory);
}

static void bench_close(struct bench *bench)
{
    static const char *const names[] = {"central.db", "central.db-wal", "central.db-shm"};
    char path[PATH_SIZE + 16];
    store_close(&bench->store);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", bench->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(bench->folder);
    arena_fini(&bench->lasting);
}

/* ---- what is handed in, signed beforehand ---- */

struct note {
    struct cose token;
    uint64_t serial;
    struct id coin_id;
    const struct key_pair *owner;
};

static void mint(struct bench *bench, struct note *out, struct register_env *env, size_t index)
{
    struct bank bank = {0};
    out->owner = &bench->payers[index % KEY_COUNT];
    CHECK(vault_bank(env, &bank, 1) == ERR_OK);
    CHECK(amount_sub(&bank.reserve, bank.reserve, fen(COIN_FEN)) == ERR_OK);
    CHECK(store_update(bench->store, &tables_table_bank, &bank) == ERR_OK);
    CHECK(register_mint(env, &out->token, &out->serial, &out->coin_id, fen(COIN_FEN),
                        &out->owner->public_key, false, 0) == ERR_OK);
}

static void sign_payment(struct bench *bench, struct ready *out, struct arena *arena,
                         const struct note *note, struct output *outputs, size_t output_count,
                         const struct id *reference)
{
    struct cose cose;
    struct buffer bytes AUTO(buffer_fini) = {0};
    const struct payment payment = {.serial = note->serial,
                                    .coin_id = note->coin_id,
                                    .outputs = {outputs, output_count},
                                    .has_reference = true,
                                    .reference = *reference,
                                    .counter = ++bench->counter,
                                    .paid_day = NOW / 86400};
    CHECK(record_sign(&cose, NETWORK, KIND_PAYMENT, &payment, note->owner, arena) == ERR_OK);
    CHECK(packet_encode_parts(&bytes, &note->token, 1, &cose, 1, NULL, 0, 1) == ERR_OK);
    CHECK(arena_copy(arena, &out->packet, buffer_span(&bytes)) == ERR_OK);
    out->check = (struct crypto_check){.key = note->owner->public_key, .signature = cose.signature};
    CHECK(record_message(&out->check.message, NETWORK, KIND_PAYMENT, cose.payload, arena) ==
          ERR_OK);
}

/* One coin paid, with change: 25.00 of 100.00. */
static void make_payment(struct bench *bench, struct ready *out, struct arena *arena,
                         const struct note *note)
{
    struct id reference = {{0}};
    const struct key_pair *payee = &bench->payers[bench->counter % KEY_COUNT];
    struct output outputs[] = {{fen(PAID_FEN), payee->public_key},
                               {fen(COIN_FEN - PAID_FEN), note->owner->public_key}};
    memcpy(reference.bytes, &bench->counter, sizeof bench->counter);
    sign_payment(bench, out, arena, note, outputs, 2, &reference);
}

/* One coin into two. */
static void make_exchange(struct bench *bench, struct ready *out, struct arena *arena,
                          const struct note *note)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct output wanted[] = {{fen(PAID_FEN), note->owner->public_key},
                              {fen(COIN_FEN - PAID_FEN), note->owner->public_key}};
    struct output whole = {fen(COIN_FEN), bench->register_key.public_key};
    struct exchange exchange = {.outputs = {wanted, 2}, .made_at = NOW};
    memcpy(exchange.nonce.bytes, &bench->counter, sizeof bench->counter);
    CHECK(exchange_encode(&bytes, &exchange) == ERR_OK);
    CHECK(arena_copy(arena, &out->order, buffer_span(&bytes)) == ERR_OK);
    const struct id order_id = record_id(NETWORK, KIND_EXCHANGE, out->order);
    sign_payment(bench, out, arena, note, &whole, 1, &order_id);
}

static struct ready *prepare(struct bench *bench, struct arena *arena, size_t count,
                             void (*make)(struct bench *bench, struct ready *out,
                                          struct arena *arena, const struct note *note))
{
    struct ready *all = calloc(count, sizeof *all);
    CHECK(all != NULL);
    for (size_t from = 0; from < count; from += CHUNK) {
        struct arena chunk AUTO(arena_fini) = {0};
        struct register_env env = begin(bench, &chunk);
        for (size_t i = from; i < count && i < from + CHUNK; i++) {
            struct note note;
            mint(bench, &note, &env, i);
            make(bench, &all[i], arena, &note);
        }
        commit(bench);
    }
    return all;
}

/* ---- what is measured ---- */

static void settle(struct bench *bench, const struct ready *all, size_t count)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct blob_item items[SETTLE_PACKETS_MAX];
    struct settle_reply reply = {0};
    for (size_t i = 0; i < count; i++)
        items[i].bytes = all[i].packet;
    const struct settle_body body = {.packets = {items, count}};
    struct register_env env = begin(bench, &arena);
    CHECK(register_settle(&env, &reply, &body) == ERR_OK);
    commit(bench);
    for (size_t i = 0; i < count; i++)
        CHECK(reply.results.items[i].status == STATUS_OK &&
              reply.results.items[i].leaves.items[0].leaf.outcome == OUTCOME_SETTLED);
}

static void exchange(struct bench *bench, const struct ready *all, size_t count)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct register_env env = begin(bench, &arena);
    for (size_t i = 0; i < count; i++) {
        const struct order_body body = {.order = all[i].order, .packet = all[i].packet};
        struct order_reply reply = {0};
        enum status status = STATUS_OK;
        CHECK(register_order(&env, &reply, &status, VERB_EXCHANGE, &body, 1) == ERR_OK);
        CHECK(status == STATUS_OK && reply.tokens.count == 2);
    }
    commit(bench);
}

static struct figure measure(struct bench *bench, struct ready *all, size_t count, size_t batch,
                             void (*act)(struct bench *bench, const struct ready *all,
                                         size_t count))
{
    const double cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID), wall = clock_s(CLOCK_MONOTONIC);
    for (size_t i = 0; i < count; i += batch)
        act(bench, all + i, count - i < batch ? count - i : batch);
    return (struct figure){(double)count / (clock_s(CLOCK_MONOTONIC) - wall),
                           (double)count / (clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu)};
}

/* What verification alone allows, for the very same payments. */
static struct figure measure_ceiling(const struct ready *all, size_t count)
{
    struct crypto_check checks[SETTLE_PACKETS_MAX];
    const double cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID), wall = clock_s(CLOCK_MONOTONIC);
    for (size_t i = 0; i < count; i += SETTLE_PACKETS_MAX) {
        const size_t some = count - i < SETTLE_PACKETS_MAX ? count - i : SETTLE_PACKETS_MAX;
        for (size_t j = 0; j < some; j++)
            checks[j] = all[i + j].check;
        CHECK(crypto()->verify_many(checks, some) == ERR_OK);
        for (size_t j = 0; j < some; j++)
            CHECK(checks[j].valid);
    }
    return (struct figure){(double)count / (clock_s(CLOCK_MONOTONIC) - wall),
                           (double)count / (clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu)};
}

struct results {
    struct figure ceiling, settle[BATCHES], exchange[BATCHES];
};

static void run(struct bench *bench, struct results *out, size_t count_max)
{
    for (size_t i = 0; i < BATCHES; i++) {
        const size_t most = batch_sizes[i] * 256;
        const size_t count = most < count_max ? most : count_max;
        struct arena arena AUTO(arena_fini) = {.limit = SIZE_MAX};
        struct ready *payments = prepare(bench, &arena, count, make_payment);
        struct ready *orders = prepare(bench, &arena, count, make_exchange);
        out->settle[i] = measure(bench, payments, count, batch_sizes[i], settle);
        out->exchange[i] = measure(bench, orders, count, batch_sizes[i], exchange);
        if (i == BATCHES - 1)
            out->ceiling = measure_ceiling(payments, count);
        free(payments);
        free(orders);
    }
}

/* ---- what is said ---- */

static void print_row(const char *name, size_t batch, const struct figure *figure, double ceiling)
{
    printf("%-24s %6zu %12.0f %12.0f %9.1f %8.2f\n", name, batch, figure->per_s, figure->per_cpu_s,
           1e6 / figure->per_cpu_s, figure->per_cpu_s / ceiling);
}

static void print_results(const struct results *results)
{
    const double ceiling = results->ceiling.per_cpu_s;
    printf("%-24s %6s %12s %12s %9s %8s\n", "", "commit", "a second", "a CPU-second", "CPU us",
           "ratio");
    print_row("verify alone (ceiling)", SETTLE_PACKETS_MAX, &results->ceiling, ceiling);
    for (size_t i = 0; i < BATCHES; i++)
        print_row("settle, with change", batch_sizes[i], &results->settle[i], ceiling);
    for (size_t i = 0; i < BATCHES; i++)
        print_row("exchange, one into two", batch_sizes[i], &results->exchange[i], ceiling);
}

static void write_figures(FILE *file, const char *name, const struct figure *figures,
                          double ceiling)
{
    fprintf(file, ",\n  \"%s\": [", name);
    for (size_t i = 0; i < BATCHES; i++)
        fprintf(file,
                "%s\n    {\"commit_count\": %zu, \"operations_per_second\": %.0f, "
                "\"operations_per_cpu_second\": %.0f, \"operation_cpu_us\": %.1f, "
                "\"ceiling_ratio\": %.3f}",
                i == 0 ? "" : ",", batch_sizes[i], figures[i].per_s, figures[i].per_cpu_s,
                1e6 / figures[i].per_cpu_s, figures[i].per_cpu_s / ceiling);
    fprintf(file, "\n  ]");
}

static int write_json(const char *path, const struct results *results)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fprintf(stderr, "register_bench: %s: %s\n", path, strerror(errno));
        return 1;
    }
    fprintf(file, "{\n  \"store\": \"sqlite\",\n  \"verify_per_cpu_second\": %.0f",
            results->ceiling.per_cpu_s);
    write_figures(file, "settle", results->settle, results->ceiling.per_cpu_s);
    write_figures(file, "exchange", results->exchange, results->ceiling.per_cpu_s);
    fprintf(file, "\n}\n");
    return fclose(file) == 0 ? 0 : 1;
}

static int usage(void)
{
    fprintf(stderr, "usage: register_bench [--json FILE] [--seconds S] [--dir DIR]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct results results = {0};
    const char *json = NULL, *dir = "/tmp";
    double seconds = 1;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--json") == 0)
            json = argv[i + 1];
        else if (i + 1 < argc && strcmp(argv[i], "--dir") == 0)
            dir = argv[i + 1];
        else if (i + 1 < argc && strcmp(argv[i], "--seconds") == 0)
            seconds = strtod(argv[i + 1], NULL);
        else
            return usage();
    }
    if (!(seconds > 0 && seconds <= 1000))
        return usage();
    crypto_use(&crypto_libcrypto);
    bench_open(&bench, dir);
    run(&bench, &results, (size_t)(seconds * COUNT_PER_S) + 1);
    bench_close(&bench);
    print_results(&results);
    return json != NULL ? write_json(json, &results) : 0;
}
