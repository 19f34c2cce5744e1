/* What a round trip costs: calls a second and CPU time a call, over TLS on the loopback interface
 * with certificates both ways, for one call at a time and for many at once.
 *
 * usage: net_bench [--json FILE] [--seconds S] [--size BYTES]
 *
 * S (default 2) is the time spent on each figure; the server answers each request of BYTES
 * (default 600, a payment) with as many. Both ends live in this process, so the CPU time is theirs
 * together: user and system, of all threads.
 */
#include "common/base/time.h"
#include "common/crypto/tls_certificate.h"
#include "common/net/net.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    SIZE_DEFAULT = 600,
    SECONDS_DEFAULT = 2,
    SECONDS_MAX = 3600,
    MS = 1000,
    US = 1000000,
    TIMEOUT_MS = 30000
};

static const struct figure {
    const char *name, *text;
    size_t connections, calls_each;
} figures[] = {
    {"one", "1 call at a time", 1, 1},
    {"many_one_connection", "64 at once, 1 connection", 1, 64},
    {"many", "64 at once, 8 connections", 8, 8},
};
enum { FIGURE_COUNT = sizeof figures / sizeof figures[0], CONNECTIONS_MAX = 8, CALLERS_MAX = 64 };

struct result {
    double calls_per_second, cpu_us_per_call;
};

struct identity {
    struct secret key;
    struct buffer certificate;
};

struct bench {
    struct identity authority, server, client;
    struct net_server *listener;
    atomic_bool stops, halts; /* the server; the callers */
    atomic_size_t calls;
    uint8_t *message;
    size_t size, seconds;
};

struct caller {
    struct bench *bench;
    struct net_client *client;
};

/* ---- certificates ---- */

static struct span key_of(const struct identity *who)
{
    return span_of(who->key.bytes, who->key.size);
}

static struct tls_certificate_spec spec_of(const char *name, bool is_authority)
{
    uint64_t now = time_now();
    return (struct tls_certificate_spec){.name = name,
                                         .is_authority = is_authority,
                                         .not_before_s = now - SECONDS_PER_DAY,
                                         .not_after_s = now + SECONDS_PER_DAY};
}

static void issue(struct bench *bench, struct identity *who, const char *name)
{
    struct buffer public_pem AUTO(buffer_fini) = {0};
    struct tls_certificate_spec spec = spec_of(name, false);
    CHECK(tls_key_generate(&who->key) == ERR_OK);
    CHECK(tls_key_public(&public_pem, key_of(who)) == ERR_OK);
    CHECK(tls_certificate_issue(&who->certificate, buffer_span(&bench->authority.certificate),
                                key_of(&bench->authority), buffer_span(&public_pem),
                                &spec) == ERR_OK);
}

static void make_certificates(struct bench *bench)
{
    struct identity *authority = &bench->authority;
    struct tls_certificate_spec spec = spec_of("ca.dcep", true);
    CHECK(tls_key_generate(&authority->key) == ERR_OK);
    CHECK(tls_certificate_self(&authority->certificate, key_of(authority), &spec) == ERR_OK);
    issue(bench, &bench->server, "central.dcep");
    issue(bench, &bench->client, "bank.dcep");
}

static void identity_fini(struct identity *who)
{
    secret_wipe(&who->key);
    buffer_fini(&who->certificate);
}

/* ---- the two ends ---- */

static void *serve(void *context)
{
    struct bench *bench = context;
    while (!atomic_load(&bench->stops)) {
        struct net_request requests[NET_CALLS_MAX];
        size_t count = NET_CALLS_MAX;
        if (net_server_take(bench->listener, requests, &count, TIMEOUT_MS) != ERR_OK)
            continue;
        for (size_t i = 0; i < count; i++)
            net_server_reply(bench->listener, &requests[i], requests[i].bytes);
    }
    return NULL;
}

static void *call_on(void *context)
{
    struct caller *caller = context;
    struct bench *bench = caller->bench;
    while (!atomic_load(&bench->halts)) {
        struct buffer reply AUTO(buffer_fini) = {0};
        struct span request = span_of(bench->message, bench->size);
        CHECK(net_call(caller->client, &reply, request, TIMEOUT_MS) == ERR_OK);
        CHECK(reply.size == bench->size);
        atomic_fetch_add(&bench->calls, 1);
    }
    return NULL;
}

static struct net_client *connect_client(struct bench *bench)
{
    struct net_client *client = NULL;
    struct buffer reply AUTO(buffer_fini) = {0};
    struct net_client_options options = {.address = net_server_address(bench->listener),
                                         .server_name = "central.dcep",
                                         .authority_pem =
                                             buffer_span(&bench->authority.certificate),
                                         .certificate_pem = buffer_span(&bench->client.certificate),
                                         .key_pem = key_of(&bench->client)};
    CHECK(net_client_open(&client, &options) == ERR_OK);
    CHECK(net_call(client, &reply, span_text("warm"), TIMEOUT_MS) == ERR_OK);
    return client;
}

/* ---- measuring ---- */

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * US +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void rest(size_t ms)
{
    (void)poll(NULL, 0, (int)ms);
}

static struct result measure(struct bench *bench, const struct figure *figure)
{
    struct net_client *clients[CONNECTIONS_MAX];
    struct caller callers[CALLERS_MAX];
    pthread_t threads[CALLERS_MAX];
    size_t count = figure->connections * figure->calls_each;
    for (size_t i = 0; i < figure->connections; i++)
        clients[i] = connect_client(bench);
    atomic_store(&bench->halts, false);
    atomic_store(&bench->calls, 0);
    double cpu_before_us = cpu_us();
    uint64_t started_ms = time_monotonic_ms();
    for (size_t i = 0; i < count; i++) {
        callers[i] = (struct caller){bench, clients[i % figure->connections]};
        CHECK(pthread_create(&threads[i], NULL, call_on, &callers[i]) == 0);
    }
    rest(bench->seconds * MS);
    atomic_store(&bench->halts, true);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    double seconds = (double)(time_monotonic_ms() - started_ms) / MS;
    double calls = (double)atomic_load(&bench->calls);
    for (size_t i = 0; i < figure->connections; i++)
        net_client_close(&clients[i]);
    return (struct result){calls / seconds, (cpu_us() - cpu_before_us) / calls};
}

static void write_json(const char *path, const struct bench *bench, const struct result *results)
{
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    fprintf(file, "{\"message_bytes\": %zu", bench->size);
    for (size_t i = 0; i < FIGURE_COUNT; i++)
        fprintf(file, ", \"%s\": {\"calls_per_second\": %.0f, \"call_cpu_us\": %.1f}",
                figures[i].name, results[i].calls_per_second, results[i].cpu_us_per_call);
    fprintf(file, "}\n");
    CHECK(fclose(file) == 0);
}

static void measure_all(struct bench *bench, const char *json_path)
{
    struct result results[FIGURE_COUNT];
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        results[i] = measure(bench, &figures[i]);
        printf("%-28s %8.0f calls/s %8.1f us CPU a call\n", figures[i].text,
               results[i].calls_per_second, results[i].cpu_us_per_call);
    }
    if (json_path != NULL)
        write_json(json_path, bench, results);
}

static void run(struct bench *bench, const char *json_path)
{
    pthread_t server;
    make_certificates(bench);
    struct net_server_options options = {.address = "127.0.0.1:0",
                                         .certificate_pem = buffer_span(&bench->server.certificate),
                                         .key_pem = key_of(&bench->server),
                                         .client_authority_pem =
                                             buffer_span(&bench->authority.certificate)};
    CHECK(net_server_open(&bench->listener, &options) == ERR_OK);
    CHECK(pthread_create(&server, NULL, serve, bench) == 0);
    measure_all(bench, json_path);
    atomic_store(&bench->stops, true);
    net_server_wake(bench->listener);
    pthread_join(server, NULL);
    net_server_close(&bench->listener);
    identity_fini(&bench->authority);
    identity_fini(&bench->server);
    identity_fini(&bench->client);
}

static int usage(void)
{
    fprintf(stderr, "usage: net_bench [--json FILE] [--seconds S] [--size BYTES]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static struct bench bench = {.size = SIZE_DEFAULT, .seconds = SECONDS_DEFAULT};
    const char *json_path = NULL;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return usage();
        if (strcmp(argv[i], "--json") == 0)
            json_path = argv[i + 1];
        else if (strcmp(argv[i], "--seconds") == 0)
            bench.seconds = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--size") == 0)
            bench.size = strtoul(argv[i + 1], NULL, 10);
        else
            return usage();
    }
    if (bench.seconds == 0 || bench.seconds > SECONDS_MAX || bench.size > NET_SIZE_MAX)
        return usage();
    bench.message = calloc(1, bench.size + 1);
    CHECK(bench.message != NULL);
    run(&bench, json_path);
    free(bench.message);
    return 0;
}
