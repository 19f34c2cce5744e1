/* What payments take on disk, alive and archived.
 *
 * usage: archive_bench [--json FILE] [--seconds S]
 *
 * 8,192 lines for each second of S: a token is minted, paid with change, and both coins are
 * redeemed: three payments, two keys that no other line has. Then the term passes and all lines are
 * archived. Four rounds of it in one database, in process, over SQLite on disk in a new folder of
 * /tmp, which is removed. Bytes are of the database's file once it is closed, so they include what
 * pages leave empty; in the archive, of the segments' files.
 */
#include "central/archive_files.h"
#include "central/authority.h"
#include "central/books.h"
#include "central/clones.h"
#include "central/vault.h"
#include "tests/support/world.h"
#include "tools/bench/bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINES_PER_S = 8192,
    ROUNDS = 4,
    CALL = 256,
    COIN_FEN = 10000,
    PAID_FEN = 2500,
    ROUND_DAYS = 600,
    PAYMENTS_A_LINE = 3,
    PATH_SIZE = 64,
    DAY_S = 86400,
};
static const double a_billion = 1e9;

struct line {
    struct key_pair payer, payee;
    struct cose token, payment, ends[2];
    uint64_t serial;
    struct id coin_id;
};
struct bench {
    struct world world;
    struct store *store;
    char folder[32], path[PATH_SIZE];
    struct archive_files files;
    uint64_t now, counter;
    struct arena tokens; /* of a round */
};
struct sizes {
    double minted, paid, spent; /* bytes of the file after each */
    double archived, segments;  /* after the lines left; of their segments */
    double settle_us, archive_us, longest_ms;
    size_t segment_count;
};

/* ---- a central bank ---- */

static struct register_env begin(struct bench *bench, struct arena *arena)
{
    CHECK(store_begin(bench->store, STORE_WRITE) == ERR_OK);
    return (struct register_env){.store = bench->store,
                                 .trust = &bench->world.trust,
                                 .issuing_key = &bench->world.issuing,
                                 .register_key = &bench->world.register_key,
                                 .revocation_key = &bench->world.revocation,
                                 .now = bench->now,
                                 .arena = arena};
}

static void commit(struct bench *bench)
{
    CHECK(store_commit(bench->store) == ERR_OK);
}

static void open_store(struct bench *bench)
{
    const struct store_sqlite_options options = {.create = true, .exclusive = true};
    CHECK(store_sqlite_open(&bench->store, bench->path, &tables_schema, &options) == ERR_OK);
}

/* Closed, everything is in the one file. */
static double file_size(struct bench *bench)
{
    struct stat found;
    store_close(&bench->store);
    CHECK(stat(bench->path, &found) == 0);
    open_store(bench);
    return (double)found.st_size;
}

static struct amount fen(uint64_t value)
{
    return world_fen(value);
}

static void bench_open(struct bench *bench)
{
    struct arena arena AUTO(arena_fini) = {0};
    enum status status = STATUS_OK;
    memset(bench, 0, sizeof *bench);
    world_open(&bench->world);
    bench->now = WORLD_NOW;
    snprintf(bench->folder, sizeof bench->folder, "/tmp/archive-bench-XXXXXX");
    CHECK(mkdtemp(bench->folder) != NULL);
    snprintf(bench->path, sizeof bench->path, "%s/central.db", bench->folder);
    snprintf(bench->files.path, sizeof bench->files.path, "%s/archive", bench->folder);
    open_store(bench);
    struct register_env env = begin(bench, &arena);
    CHECK(books_open(bench->store) == ERR_OK);
    CHECK(authority_revocations_open(&env) == ERR_OK);
    CHECK(authority_directory_accept(&env, &status, &bench->world.root.public_key, WORLD_NETWORK,
                                     &bench->world.directory_cose) == ERR_OK);
    CHECK(vault_reserve_credit(&env, &status, 1, fen(UINT64_C(1000000000000))) == ERR_OK);
    CHECK(status == STATUS_OK);
    commit(bench);
}

static void bench_close(struct bench *bench, size_t segment_count)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[PATH_SIZE + 32];
    store_close(&bench->store);
    world_close(&bench->world);
    arena_fini(&bench->tokens);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s%s", bench->path, ends[i]);
        (void)unlink(path);
    }
    for (size_t i = 1; i <= segment_count; i++) {
        snprintf(path, sizeof path, "%s/archive/%08zu.dcepa", bench->folder, i);
        (void)unlink(path);
    }
    snprintf(path, sizeof path, "%s/archive", bench->folder);
    (void)rmdir(path);
    (void)rmdir(bench->folder);
}

/* ---- a line's life ---- */

static void mint(struct bench *bench, struct register_env *env, struct line *line)
{
    struct bank bank = {0};
    CHECK(crypto()->key_generate(&line->payer) == ERR_OK);
    CHECK(crypto()->key_generate(&line->payee) == ERR_OK);
    CHECK(vault_bank(env, &bank, 1) == ERR_OK);
    CHECK(amount_sub(&bank.reserve, bank.reserve, fen(COIN_FEN)) == ERR_OK);
    CHECK(store_update(bench->store, &tables_table_bank, &bank) == ERR_OK);
    struct cose token = {0};
    CHECK(register_mint(env, &token, &line->serial, &line->coin_id, fen(COIN_FEN),
                        &line->payer.public_key, false, 0) == ERR_OK);
    struct span kept = {0};
    CHECK(arena_copy(&bench->tokens, &kept, token.payload) == ERR_OK);
    line->token = (struct cose){.payload = kept, .signature = token.signature};
}

static struct cose pay(struct bench *bench, const struct line *line, const struct id *coin_id,
                       const struct key_pair *signer, struct output_list outputs,
                       const struct id *reference, struct arena *arena)
{
    struct cose cose = {0};
    const struct payment payment = {.serial = line->serial,
                                    .coin_id = *coin_id,
                                    .outputs = outputs,
                                    .has_reference = true,
                                    .reference = *reference,
                                    .counter = ++bench->counter,
                                    .paid_day = bench->now / DAY_S};
    CHECK(record_sign(&cose, WORLD_NETWORK, KIND_PAYMENT, &payment, signer, arena) == ERR_OK);
    return cose;
}

static void pay_line(struct bench *bench, struct line *line, struct arena *arena)
{
    const struct id reference = crypto_hash(&SPAN(line->coin_id), 1);
    struct output outputs[] = {{fen(PAID_FEN), line->payee.public_key},
                               {fen(COIN_FEN - PAID_FEN), line->payer.public_key}};
    line->payment = pay(bench, line, &line->coin_id, &line->payer, (struct output_list){outputs, 2},
                        &reference, arena);
}

static struct span packet_of(const struct line *line, size_t end_count, struct arena *arena)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    const struct cose payments[] = {line->payment, line->ends[0], line->ends[1]};
    struct span packet = {0};
    CHECK(packet_encode_parts(&bytes, &line->token, 1, payments, 1 + end_count, NULL, 0, 1) ==
          ERR_OK);
    CHECK(arena_copy(arena, &packet, buffer_span(&bytes)) == ERR_OK);
    return packet;
}

/* Signed outside of the clock. */
static double settle(struct bench *bench, struct line *lines, size_t count, struct arena *arena)
{
    struct blob_item items[CALL];
    struct settle_reply reply = {0};
    for (size_t i = 0; i < count; i++) {
        pay_line(bench, &lines[i], arena);
        items[i].bytes = packet_of(&lines[i], 0, arena);
    }
    const struct settle_body body = {.packets = {items, count}};
    const double from = bench_cpu_s();
    struct register_env env = begin(bench, arena);
    CHECK(register_settle(&env, &reply, &body) == ERR_OK);
    commit(bench);
    for (size_t i = 0; i < count; i++)
        CHECK(reply.results.items[i].leaves.items[0].leaf.outcome == OUTCOME_SETTLED);
    return bench_cpu_s() - from;
}

static void redeem(struct bench *bench, struct register_env *env, struct line *line,
                   struct arena *arena)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct order_reply reply = {0};
    enum status status = STATUS_OK;
    struct redeem order = {.bank_id = 1, .amount = fen(COIN_FEN), .made_at = bench->now};
    memcpy(order.nonce.bytes, &line->serial, sizeof line->serial);
    CHECK(redeem_encode(&bytes, &order) == ERR_OK);
    const struct id order_id = record_id(WORLD_NETWORK, KIND_REDEEM, buffer_span(&bytes));
    const struct id payment_id = record_id(WORLD_NETWORK, KIND_PAYMENT, line->payment.payload);
    for (uint16_t i = 0; i < 2; i++) {
        const struct id coin_id = record_coin_output(&payment_id, i);
        struct output whole = {fen(i == 0 ? PAID_FEN : COIN_FEN - PAID_FEN),
                               bench->world.register_key.public_key};
        line->ends[i] = pay(bench, line, &coin_id, i == 0 ? &line->payee : &line->payer,
                            (struct output_list){&whole, 1}, &order_id, arena);
    }
    const struct order_body body = {.order = buffer_span(&bytes),
                                    .packet = packet_of(line, 2, arena)};
    CHECK(register_order(env, &reply, &status, VERB_REDEEM, &body, 1) == ERR_OK);
    CHECK(status == STATUS_OK && reply.inputs.items[0].placed.leaf.outcome == OUTCOME_USED);
}

/* ---- a round ---- */

static size_t part(size_t count, size_t from)
{
    return count - from < CALL ? count - from : CALL;
}

static void mint_all(struct bench *bench, struct line *lines, size_t count)
{
    for (size_t from = 0; from < count; from += CALL) {
        struct arena arena AUTO(arena_fini) = {0};
        struct register_env env = begin(bench, &arena);
        for (size_t i = from; i < from + part(count, from); i++)
            mint(bench, &env, &lines[i]);
        commit(bench);
    }
}

static void look_for_clones(struct bench *bench)
{
    struct clones_round round AUTO(clones_round_forget) = {0};
    bool more = true;
    while (more) {
        struct arena arena AUTO(arena_fini) = {0};
        struct register_env env = begin(bench, &arena);
        CHECK(clones_look(&env, &round, &more, LINES_PER_S, 1) == ERR_OK);
        commit(bench);
    }
}

static void redeem_all(struct bench *bench, struct line *lines, size_t count)
{
    for (size_t from = 0; from < count; from += CALL) {
        struct arena arena AUTO(arena_fini) = {0};
        struct register_env env = begin(bench, &arena);
        for (size_t i = from; i < from + part(count, from); i++)
            redeem(bench, &env, &lines[i], &arena);
        commit(bench);
    }
}

static void archive_all(struct bench *bench, struct sizes *out)
{
    struct archive archive AUTO(archive_forget) = {0};
    const struct archive_folder folder = archive_files_folder(&bench->files);
    bool more = true;
    const double from = bench_cpu_s();
    while (more) {
        struct arena arena AUTO(arena_fini) = {0};
        const double at = bench_cpu_s();
        struct register_env env = begin(bench, &arena);
        CHECK(archive_step(&archive, &more, &env, &folder, &archive_limits) == ERR_OK);
        commit(bench);
        const double took_ms = 1e3 * (bench_cpu_s() - at);
        out->longest_ms = took_ms > out->longest_ms ? took_ms : out->longest_ms;
    }
    out->archive_us = bench_cpu_s() - from;
}

static void count_segments(struct bench *bench, struct sizes *out)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct list rows = {0};
    const struct store_query all = {.table = &tables_table_archive_segment, .index_number = -1};
    (void)begin(bench, &arena);
    CHECK(store_list(bench->store, &rows, &all, NULL, &arena) == ERR_OK);
    store_rollback(bench->store);
    for (size_t i = 0; i < rows.count; i++)
        out->segments += (double)((const struct archive_segment *)rows.items)[i].size;
    out->segment_count = rows.count;
}

static void live(struct bench *bench, struct sizes *out, struct line *lines, size_t count)
{
    struct arena payments AUTO(arena_fini) = {.limit = SIZE_MAX};
    mint_all(bench, lines, count);
    out->minted = file_size(bench);
    for (size_t from = 0; from < count; from += CALL)
        out->settle_us += settle(bench, lines + from, part(count, from), &payments);
    look_for_clones(bench);
    out->paid = file_size(bench);
    redeem_all(bench, lines, count);
    look_for_clones(bench);
    out->spent = file_size(bench);
}

static void run_round(struct bench *bench, struct sizes *out, size_t count)
{
    struct line *lines = calloc(count, sizeof *lines);
    CHECK(lines != NULL);
    arena_fini(&bench->tokens);
    bench->tokens = (struct arena){.limit = SIZE_MAX};
    live(bench, out, lines, count);
    bench->now += (uint64_t)ROUND_DAYS * DAY_S;
    archive_all(bench, out);
    out->archived = file_size(bench);
    count_segments(bench, out);
    free(lines);
}

/* ---- what came of it ---- */

struct figures {
    double lines, payments;
    double paid, line, archived;
};

static void tell(const struct figures *f, const struct sizes *rounds)
{
    const double count = f->payments;
    printf("%.0f lines of three payments (one from hand to hand, two to the register), %d rounds\n",
           f->lines, ROUNDS);
    printf("%-52s %8.0f\n", "bytes of a payment with change, once it settled", f->paid);
    printf("%-52s %8.0f\n", "bytes a payment of a line that is all spent", f->line / 3);
    printf("%-52s %8.0f\n", "bytes a payment in the archive", f->archived);
    printf("%-52s %8.0f\n", "a billion payments a day, alive, GB a day", a_billion * f->line / 3e9);
    printf("%-52s %8.0f\n", "a billion payments a day, archived, GB a day",
           a_billion * f->archived / 1e9);
    printf("%-52s %8.1f\n", "archiving, us CPU a payment", 1e6 * rounds[0].archive_us / count);
    printf("%-52s %8.1f\n", "the longest step, ms CPU", rounds[0].longest_ms);
    for (size_t i = 0; i < ROUNDS; i++)
        printf("round %zu: database %.1f MiB with its lines, %.1f after; archive %.1f MiB in %zu "
               "segments\n",
               i + 1, rounds[i].spent / 1048576, rounds[i].archived / 1048576,
               rounds[i].segments / 1048576, rounds[i].segment_count);
}

static void write_json(const struct bench_options *options, const struct figures *f,
                       const struct sizes *rounds)
{
    FILE *file = bench_json_open(options->json_path);
    if (file == NULL)
        return;
    fprintf(file,
            "{\"lines\": %.0f, \"payments\": %.0f, \"settled_payment_bytes\": %.1f, "
            "\"live_bytes_per_payment\": %.1f, \"archived_bytes_per_payment\": %.1f, "
            "\"archive_cpu_us_per_payment\": %.2f, \"longest_step_cpu_ms\": %.2f, "
            "\"database_bytes\": [",
            f->lines, f->payments, f->paid, f->line / 3, f->archived,
            1e6 * rounds[0].archive_us / f->payments, rounds[0].longest_ms);
    for (size_t i = 0; i < ROUNDS; i++)
        fprintf(file, "%s%.0f", i == 0 ? "" : ", ", rounds[i].archived);
    fprintf(file, "]}\n");
    bench_json_close(file);
}

int main(int argc, char **argv)
{
    struct bench bench;
    struct bench_options options;
    struct sizes rounds[ROUNDS] = {{0}};
    bench_options_read(&options, argc, argv);
    const size_t count = (size_t)(LINES_PER_S * options.seconds) + 1;
    bench_open(&bench);
    const double empty = file_size(&bench);
    for (size_t i = 0; i < ROUNDS; i++)
        run_round(&bench, &rounds[i], count);
    const double lines = (double)count;
    const struct figures figures = {
        .lines = lines,
        .payments = lines * PAYMENTS_A_LINE,
        .paid = (rounds[0].paid - rounds[0].minted) / lines,
        .line = (rounds[0].spent - empty) / lines,
        .archived = rounds[0].segments / lines / PAYMENTS_A_LINE,
    };
    tell(&figures, rounds);
    write_json(&options, &figures, rounds);
    bench_close(&bench, rounds[ROUNDS - 1].segment_count);
    return 0;
}
