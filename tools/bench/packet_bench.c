/* What offline money weighs and what it costs to check: bytes of each record and of packets by
 * hops, and the CPU time of the one verifier over them.
 *
 * usage: packet_bench [--json FILE] [--seconds S]
 *
 * Real records of the small world of the tests, serials as long as those of a billion coins. Each
 * hop pays part of the coin and takes change, so a coin after n hops has n payments of two outputs
 * by n signers. CPU time of one thread; S (default 1) is spent on each line of the table, shared
 * by its three figures:
 *
 *   payee      every signature of the packet, by each backend (what `receive` does)
 *   register   as the central bank checks a line it has never seen a payment of; it asks for no
 *              certificates (docs/PROTOCOL.md section 5)
 *
 * Before each packet crypto_mbedtls is shown more strangers' keys than it remembers: all signers
 * are new to it, as they are to a wallet's process. crypto_libcrypto knows them, as a server does.
 */
#include "tools/bench/bench.h"

#include "tests/support/world.h"

#include <string.h>

enum {
    HOPS_MAX = 5,
    COINS_MAX = 5,
    SERIAL_FIRST = 1000000000,
    COIN_FEN = 100000,
    PART_FEN = 10000,
    STRANGER_COUNT = 64
};

static struct world world;
static struct world_wallet people[HOPS_MAX + 1];
static const char *const names[HOPS_MAX + 1] = {"alice", "bob", "carol", "dora", "emil", "shop"};

/* ---- single records ---- */

enum { TOKEN, PAYMENT_EXACT, PAYMENT_CHANGE, CERTIFICATE, REQUEST, RECEIPT, RECORD_COUNT };
static struct record {
    const char *name, *text;
    size_t size;
} records[RECORD_COUNT] = {
    [TOKEN] = {"token_bytes", "token", 0},
    [PAYMENT_EXACT] = {"payment_exact_bytes", "payment, one output", 0},
    [PAYMENT_CHANGE] = {"payment_change_bytes", "payment with change, two outputs", 0},
    [CERTIFICATE] = {"wallet_certificate_bytes", "wallet certificate", 0},
    [REQUEST] = {"request_bytes", "request (memo of 3 letters)", 0},
    [RECEIPT] = {"receipt_bytes", "receipt of one payment", 0},
};

static void weigh(size_t index, const struct cose *cose)
{
    records[index].size = world_bytes(&world, cose).size;
}

static void weigh_records(void)
{
    struct world_coin coin, paid;
    struct world_request request;
    struct id_item item;
    world_request(&request, &world, &people[1], COIN_FEN);
    world_token(&coin, &world, COIN_FEN, &people[0]);
    weigh(TOKEN, &coin.token);
    weigh(CERTIFICATE, &people[0].certificate_cose);
    weigh(REQUEST, &request.cose);
    world_pay(&paid, NULL, &world, &coin, &people[1], COIN_FEN, &request.id);
    weigh(PAYMENT_EXACT, &paid.payments[0]);
    world_pay(&paid, NULL, &world, &coin, &people[1], PART_FEN, &request.id);
    weigh(PAYMENT_CHANGE, &paid.payments[0]);
    item.id = record_id(world.network, KIND_PAYMENT, paid.payments[0].payload);
    const struct receipt receipt = {
        .request_id = request.id, .payment_ids = {&item, 1}, .received_at = WORLD_NOW};
    const struct cose cose = world_sign(&world, KIND_RECEIPT, &receipt, &people[1].pair);
    weigh(RECEIPT, &cose);
}

/* ---- packets ---- */

static const struct packet_case {
    const char *name, *text;
    size_t coins, hops;
    bool is_exact; /* the last payment takes no change */
} cases[] = {
    {"first_hand_exact", "1 coin, 1 hop, exact", 1, 1, true},
    {"hops_1", "1 coin, 1 hop, change", 1, 1, false},
    {"hops_2", "1 coin, 2 hops", 1, 2, false},
    {"hops_3", "1 coin, 3 hops", 1, 3, false},
    {"hops_4", "1 coin, 4 hops", 1, 4, false},
    {"hops_5", "1 coin, 5 hops", 1, 5, false},
    {"coins_5_hops_1", "5 coins, 1 hop", 5, 1, false},
    {"coins_5_hops_3", "5 coins, 3 hops", 5, 3, false},
};
enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

static const struct role {
    const char *name, *text;
    const struct crypto *backend;
    enum packet_role role;
} roles[] = {
    {"payee_mbedtls", "payee mbedtls", &crypto_mbedtls, PACKET_FOR_PAYEE},
    {"payee_libcrypto", "payee libcrypto", &crypto_libcrypto, PACKET_FOR_PAYEE},
    {"register_libcrypto", "register libcrypto", &crypto_libcrypto, PACKET_FOR_REGISTER},
};
enum { ROLE_COUNT = sizeof roles / sizeof roles[0] };

struct result {
    size_t size, signatures;
    double cpu_us[ROLE_COUNT];
};

static struct span make_packet(size_t *signatures, const struct packet_case *one)
{
    struct world_packet packet = {0};
    struct world_request request;
    const size_t hops = one->hops;
    world_request(&request, &world, &people[hops], COIN_FEN);
    for (size_t number = 0; number < one->coins; number++) {
        struct world_coin coin;
        world_token(&coin, &world, COIN_FEN, &people[0]);
        for (size_t hop = 1; hop <= hops; hop++) {
            const uint64_t all = amount_fen(coin.amount);
            const bool is_exact = one->is_exact && hop == hops;
            world_pay(&coin, NULL, &world, &coin, &people[hop], is_exact ? all : all - PART_FEN,
                      &request.id);
        }
        world_packet_add(&packet, &coin);
    }
    *signatures = packet.token_count + packet.payment_count + packet.certificate_count;
    return world_packet_bytes(&world, &packet);
}

static struct public_key strangers[STRANGER_COUNT];

static void draw_strangers(void)
{
    for (size_t i = 0; i < STRANGER_COUNT; i++) {
        struct key_pair pair AUTO(key_pair_wipe) = {0};
        CHECK(crypto_libcrypto.key_generate(&pair) == ERR_OK);
        strangers[i] = pair.public_key;
    }
}

static void see_strangers(void)
{
    for (size_t i = 0; i < STRANGER_COUNT; i++)
        CHECK(crypto_mbedtls.key_check(&strangers[i]) == ERR_OK);
}

static void verify(struct span bytes, enum packet_role role)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct packet_view view;
    const struct packet_options options = {.role = role};
    enum status status = STATUS_FAILED;
    CHECK(packet_verify(&view, &status, bytes, &world.trust, &options, &arena) == ERR_OK);
    CHECK(status == STATUS_OK);
}

static double measure(struct span bytes, const struct role *role, double seconds)
{
    size_t done = 0;
    double spent = 0;
    crypto_use(role->backend);
    verify(bytes, role->role); /* warm */
    do {
        if (role->backend == &crypto_mbedtls)
            see_strangers();
        const double start = bench_cpu_s();
        verify(bytes, role->role);
        spent += bench_cpu_s() - start;
        done++;
    } while (spent < seconds);
    crypto_use(&crypto_libcrypto);
    return spent * BENCH_US / (double)done;
}

/* ---- telling ---- */

static void write_json(const char *path, const struct result results[CASE_COUNT])
{
    FILE *file = bench_json_open(path);
    if (file == NULL)
        return;
    fprintf(file, "{\n  \"records\": {");
    for (size_t i = 0; i < RECORD_COUNT; i++)
        fprintf(file, "%s\"%s\": %zu", i == 0 ? "" : ", ", records[i].name, records[i].size);
    fprintf(file, "},\n  \"packets\": {");
    for (size_t i = 0; i < CASE_COUNT; i++) {
        fprintf(file, "%s\n    \"%s\": {\"packet_bytes\": %zu, \"signature_count\": %zu",
                i == 0 ? "" : ",", cases[i].name, results[i].size, results[i].signatures);
        for (size_t role = 0; role < ROLE_COUNT; role++)
            fprintf(file, ", \"%s_verify_cpu_us\": %.1f", roles[role].name,
                    results[i].cpu_us[role]);
        fprintf(file, "}");
    }
    fprintf(file, "\n  }\n}\n");
    bench_json_close(file);
}

static void print_case(const struct packet_case *one, const struct result *result)
{
    printf("%-24s %8zu %12zu", one->text, result->size, result->signatures);
    for (size_t role = 0; role < ROLE_COUNT; role++)
        printf(" %19.0f", result->cpu_us[role]);
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct bench_options options;
    struct result results[CASE_COUNT];
    bench_options_read(&options, argc, argv);
    draw_strangers();
    world_open(&world);
    world.serial = SERIAL_FIRST;
    for (size_t i = 0; i <= HOPS_MAX; i++)
        world_wallet(&people[i], &world, names[i], i % 2 == 0 ? WORLD_BANK_A : WORLD_BANK_B);
    weigh_records();
    for (size_t i = 0; i < RECORD_COUNT; i++)
        printf("%-34s %6zu bytes\n", records[i].text, records[i].size);
    printf("\n%-24s %8s %12s", "packet", "bytes", "signatures");
    for (size_t role = 0; role < ROLE_COUNT; role++)
        printf(" %19s", roles[role].text);
    puts("   (us CPU)");
    for (size_t i = 0; i < CASE_COUNT; i++) {
        const struct span bytes = make_packet(&results[i].signatures, &cases[i]);
        results[i].size = bytes.size;
        for (size_t role = 0; role < ROLE_COUNT; role++)
            results[i].cpu_us[role] = measure(bytes, &roles[role], options.seconds / ROLE_COUNT);
        print_case(&cases[i], &results[i]);
    }
    write_json(options.json_path, results);
    world_close(&world);
    return 0;
}
