/* A bank that presses: settlements and exchanges against a running dcep-central, over TLS.
 *
 * usage: central_load DIR ADMISSION PID ORDERS [--json FILE] [--seconds S]
 *
 * DIR and ADMISSION are those of a bank that tests/acceptance/bank_tool.c made and the central bank
 * enrolled. Run first, it orders money (ORDERS tells order numbers of several runs apart), prints
 * "pending" and exits 8; once an operator approved, run again, it measures. S (default 1) is about
 * how long each figure takes. Calls are made and signed before the clock runs. The CPU time is that
 * of PID, the server, alone; wall time is shared with this program, which needs a core of its own.
 */
#include "tools/bench/bench.h"
#include "tools/bench/mill.h"

#include "common/base/file.h"
#include "common/base/time.h"
#include "common/crypto/keyfile.h"
#include "common/money/trust.h"
#include "common/net/net.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COIN_FEN = 64,
    SPLIT = 64,
    TREE_COINS = SPLIT * SPLIT,
    TREES_MAX = ORDER_OUTPUTS_MAX,
    CONNECTIONS = 8,
    CALLERS_MAX = 64,
    WAIT_MS = 60000,
    PATH_SIZE = 1024,
    PENDING = 8
};

static const struct shape {
    const char *name, *text;
    size_t coins_a_s;                      /* about so many are done in a second */
    size_t packets, callers, output_count; /* packets a call; no outputs: a settlement */
} shapes[] = {
    {"settle_1_packet_1_caller", "settle, 1 packet a call, 1 call at a time", 384, 1, 1, 0},
    {"settle_1_packet_64_callers", "settle, 1 packet a call, 64 calls at once", 2048, 1, 64, 0},
    {"settle_64_packets_4_callers", "settle, 64 packets a call, 4 calls at once", 4096, 64, 4, 0},
    {"exchange_to_4_16_callers", "exchange 1 coin into 4, 16 calls at once", 1024, 1, 16, 4},
};
enum { SHAPE_COUNT = sizeof shapes / sizeof shapes[0] };

struct result {
    double per_s, server_cpu_us;
};

struct load {
    const struct shape *shape;
    struct mill_call *calls;
    struct buffer *replies;
    size_t call_count;
    atomic_size_t next;
};
struct caller {
    struct load *load;
    struct net_client *client;
};

static struct arena arena;
static struct mill mill;
static struct net_client *clients[CONNECTIONS];
static char stat_path[64];

/* ---- who we are ---- */

static struct span read_all(const char *directory, const char *name)
{
    char path[PATH_SIZE];
    struct buffer buffer AUTO(buffer_fini) = {.limit = FILE_SIZE_MAX};
    struct span bytes;
    snprintf(path, sizeof path, "%s%s%s", directory, *directory != 0 ? "/" : "", name);
    CHECK(file_read(&buffer, path, FILE_SIZE_MAX) == ERR_OK);
    CHECK(arena_copy(&arena, &bytes, buffer_span(&buffer)) == ERR_OK);
    return bytes;
}

static void load_key(struct key_pair *out, const char *directory, const char *name)
{
    const struct keyfile_label label = {"tool", "tool"};
    CHECK(keyfile_open(out, read_all(directory, name), &label, (struct span){NULL, 0}) == ERR_OK);
}

static const char *text_of(struct span span)
{
    void *text = NULL;
    CHECK(arena_alloc(&arena, &text, span.size + 1, 1) == ERR_OK);
    memcpy(text, span.data, span.size);
    return text;
}

static void open_clients(const struct admission *admission, struct span key_pem)
{
    const struct net_client_options options = {.address = text_of(admission->address),
                                               .server_name = text_of(admission->tls_name),
                                               .authority_pem = admission->tls_authority,
                                               .certificate_pem = admission->tls_certificate,
                                               .key_pem = key_pem};
    for (size_t i = 0; i < CONNECTIONS; i++)
        CHECK(net_client_open(&clients[i], &options) == ERR_OK);
}

static void open_all(const char *directory, const char *admission_file)
{
    struct wire_wrapper wrapper;
    struct admission admission;
    struct trust trust;
    CHECK(wire_unwrap(&wrapper, read_all("", admission_file)) == ERR_OK);
    CHECK(admission_decode(&admission, wrapper.body, &arena) == ERR_OK);
    CHECK(trust_open(&trust, wrapper.network, &admission.root_key, &admission.directory, &arena) ==
          ERR_OK);
    memcpy(mill.network, wrapper.network, sizeof mill.network);
    load_key(&mill.bank_key, directory, "bank.key");
    load_key(&mill.vault_key, directory, "vault.key");
    mill.register_key = trust.directory.register_key;
    mill.directory_version = trust.directory.version;
    mill.now = time_now();
    mill_open(&mill);
    open_clients(&admission, read_all(directory, "tls.pem"));
}

static void close_all(void)
{
    for (size_t i = 0; i < CONNECTIONS; i++)
        net_client_close(&clients[i]);
    mill_fini(&mill);
    arena_fini(&arena);
}

/* ---- coins ---- */

static bool act(struct mill_call *call, struct mill_coin *coins, size_t count)
{
    struct buffer reply AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    CHECK(net_call(clients[0], &reply, buffer_span(&call->bytes), WAIT_MS) == ERR_OK);
    const bool is_done = mill_take_coins(&mill, coins, count, call, buffer_span(&reply));
    mill_call_fini(call);
    return is_done;
}

static void split(struct mill_coin *out, const struct mill_coin *coin)
{
    struct mill_call call;
    mill_exchange(&call, &mill, coin, SPLIT);
    CHECK(act(&call, out, SPLIT));
}

static void split_trees(struct mill_coin *out, const struct mill_coin *trees, size_t count)
{
    struct mill_coin branches[SPLIT];
    for (size_t tree = 0; tree < count; tree++) {
        split(branches, &trees[tree]);
        for (size_t i = 0; i < SPLIT; i++)
            split(out + tree * TREE_COINS + i * SPLIT, &branches[i]);
    }
}

static size_t coins_of(const struct shape *shape, double seconds)
{
    const size_t calls = (size_t)((double)(shape->coins_a_s / shape->packets) * seconds);
    return (calls > 0 ? calls : 1) * shape->packets;
}

/* ---- measuring ---- */

/* utime and stime of the server, in ticks (proc(5)); its name has no blanks. */
static double server_cpu_s(void)
{
    char text[512] = {0};
    FILE *file = fopen(stat_path, "r");
    CHECK(file != NULL && fgets(text, sizeof text, file) != NULL);
    (void)fclose(file);
    char *rest = text, *word = NULL;
    double ticks = 0;
    for (int number = 1; (word = strsep(&rest, " ")) != NULL; number++)
        if (number == 14 || number == 15)
            ticks += strtod(word, NULL);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

static void *call_on(void *context)
{
    const struct caller *caller = context;
    struct load *load = caller->load;
    size_t index;
    while ((index = atomic_fetch_add(&load->next, 1)) < load->call_count) {
        load->replies[index].limit = NET_SIZE_MAX;
        CHECK(net_call(caller->client, &load->replies[index],
                       buffer_span(&load->calls[index].bytes), WAIT_MS) == ERR_OK);
    }
    return NULL;
}

static void run_callers(struct load *load)
{
    struct caller callers[CALLERS_MAX];
    pthread_t threads[CALLERS_MAX];
    for (size_t i = 0; i < load->shape->callers; i++) {
        callers[i] = (struct caller){load, clients[i % CONNECTIONS]};
        CHECK(pthread_create(&threads[i], NULL, call_on, &callers[i]) == 0);
    }
    for (size_t i = 0; i < load->shape->callers; i++)
        pthread_join(threads[i], NULL);
}

static void make_calls(struct load *load, const struct mill_coin *coins)
{
    const struct shape *shape = load->shape;
    for (size_t i = 0; i < load->call_count; i++)
        if (shape->output_count > 0)
            mill_exchange(&load->calls[i], &mill, &coins[i], shape->output_count);
        else
            mill_settle(&load->calls[i], &mill, &coins[i * shape->packets], shape->packets);
}

static void finish_calls(struct load *load)
{
    const struct shape *shape = load->shape;
    for (size_t i = 0; i < load->call_count; i++) {
        const struct span reply = buffer_span(&load->replies[i]);
        if (shape->output_count > 0)
            CHECK(mill_take_coins(&mill, NULL, shape->output_count, &load->calls[i], reply));
        else
            mill_check_settled(&load->calls[i], shape->packets, reply);
        mill_call_fini(&load->calls[i]);
        buffer_fini(&load->replies[i]);
    }
    free(load->calls);
    free(load->replies);
}

static struct result measure(const struct shape *shape, const struct mill_coin *coins, size_t count)
{
    struct load load = {.shape = shape, .call_count = count / shape->packets};
    load.calls = calloc(load.call_count, sizeof *load.calls);
    load.replies = calloc(load.call_count, sizeof *load.replies);
    CHECK(load.calls != NULL && load.replies != NULL);
    make_calls(&load, coins);
    const double wall_start = bench_wall_s(), cpu_start = server_cpu_s();
    run_callers(&load);
    const double wall_s = bench_wall_s() - wall_start, cpu_s = server_cpu_s() - cpu_start;
    finish_calls(&load);
    return (struct result){(double)count / wall_s, cpu_s * BENCH_US / (double)count};
}

static void write_json(const char *path, const struct result results[SHAPE_COUNT])
{
    FILE *file = bench_json_open(path);
    if (file == NULL)
        return;
    fprintf(file, "{");
    for (size_t i = 0; i < SHAPE_COUNT; i++)
        fprintf(
            file,
            "%s\n  \"%s\": {\"operations_per_second\": %.0f, \"server_operation_cpu_us\": %.1f, "
            "\"operations_per_server_cpu_second\": %.0f}",
            i == 0 ? "" : ",", shapes[i].name, results[i].per_s, results[i].server_cpu_us,
            BENCH_US / results[i].server_cpu_us);
    fprintf(file, "\n}\n");
    bench_json_close(file);
}

static void measure_all(const struct bench_options *options, const struct mill_coin *coins)
{
    struct result results[SHAPE_COUNT];
    printf("%-44s %8s %14s %14s\n", "", "a second", "a server CPU-s", "us server CPU");
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        const size_t count = coins_of(&shapes[i], options->seconds);
        results[i] = measure(&shapes[i], coins, count);
        coins += count;
        printf("%-44s %8.0f %14.0f %14.0f\n", shapes[i].text, results[i].per_s,
               BENCH_US / results[i].server_cpu_us, results[i].server_cpu_us);
    }
    write_json(options->json_path, results);
}

/* How many trees the measurements need, at most what one order may hold. */
static size_t trees_for(double *seconds)
{
    size_t coins = SIZE_MAX;
    while (coins > (size_t)TREES_MAX * TREE_COINS) {
        coins = 0;
        for (size_t i = 0; i < SHAPE_COUNT; i++)
            coins += coins_of(&shapes[i], *seconds);
        if (coins > (size_t)TREES_MAX * TREE_COINS)
            *seconds /= 2;
    }
    return (coins + TREE_COINS - 1) / TREE_COINS;
}

int main(int argc, char **argv)
{
    enum { WORDS = 4 };
    struct bench_options options;
    struct mill_coin trees[TREES_MAX];
    struct mill_call call;
    if (argc <= WORDS) {
        fprintf(stderr,
                "usage: central_load DIR ADMISSION PID ORDERS [--json FILE] [--seconds S]\n");
        return 2;
    }
    bench_options_read(&options, argc - WORDS, argv + WORDS);
    crypto_use(&crypto_libcrypto);
    snprintf(stat_path, sizeof stat_path, "/proc/%s/stat", argv[3]);
    open_all(argv[1], argv[2]);
    const size_t tree_count = trees_for(&options.seconds);
    mill_issue(&call, &mill, strtoul(argv[4], NULL, 10), tree_count, COIN_FEN * TREE_COINS);
    const bool is_there = act(&call, trees, tree_count);
    if (is_there) {
        struct mill_coin *coins = calloc(tree_count * TREE_COINS, sizeof *coins);
        CHECK(coins != NULL);
        split_trees(coins, trees, tree_count);
        measure_all(&options, coins);
        free(coins);
    } else
        puts("pending");
    close_all();
    return is_there ? 0 : PENDING;
}
