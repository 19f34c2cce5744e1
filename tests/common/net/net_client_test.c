/* A client and what goes wrong: nobody there, silence, restarts, killed servers, late replies. */
#include "tests/common/net/echo.h"

#include "common/base/time.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ADDRESS_SIZE = 64, SOON_MS = 1500 };

static struct pki PKI;

static void set_up(void)
{
    pki_open(&PKI);
}

static void tear_down(void)
{
    pki_fini(&PKI);
}

TestSuite(net_client, .init = set_up, .fini = tear_down, .timeout = 60);

Test(net_client, addresses)
{
    static const struct {
        const char *address;
        enum err expected;
    } rows[] = {
        {"127.0.0.1:4711", ERR_OK},
        {"central.example:4711", ERR_OK},
        {"[::1]:4711", ERR_OK},
        {"ipc:/tmp/x.sock", ERR_OK},
        {"ipc:x.sock", ERR_OK},
        {"", ERR_PARSE},
        {NULL, ERR_PARSE},
        {"127.0.0.1", ERR_PARSE},
        {":4711", ERR_PARSE},
        {"127.0.0.1:", ERR_PARSE},
        {"127.0.0.1:0", ERR_PARSE},
        {"127.0.0.1:65536", ERR_PARSE},
        {"127.0.0.1:-1", ERR_PARSE},
        {"127.0.0.1:47x", ERR_PARSE},
        {"tls+tcp://127.0.0.1:4711", ERR_PARSE},
        {"user@host:4711", ERR_PARSE},
        {"host/path:4711", ERR_PARSE},
        {"host name:4711", ERR_PARSE},
        {"[::1:4711", ERR_PARSE},
        {"ipc:", ERR_PARSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net_client *client AUTO(net_client_close) = NULL;
        struct net_client_options options = pki_client(&PKI, rows[i].address);
        enum err error = net_client_open(&client, &options);
        cr_expect_eq(error, rows[i].expected, "row %zu: %s", i, err_name(error));
    }
}

Test(net_client, an_address_too_long_for_a_socket)
{
    char address[512] = "ipc:";
    memset(address + 4, 'x', 200);
    struct net_client *client AUTO(net_client_close) = NULL;
    struct net_client_options options = pki_client(&PKI, address);
    EXPECT(net_client_open(&client, &options), ERR_LIMIT);
}

Test(net_client, nobody_there_is_told_at_once)
{
    uint16_t port;
    char address[ADDRESS_SIZE];
    cr_assert_eq(net_free_port(&port), ERR_OK);
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    const char *addresses[] = {address, "ipc:/nonexistent/control.sock"};
    for (size_t i = 0; i < 2; i++) {
        struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, addresses[i]);
        uint64_t started_ms = time_monotonic_ms();
        EXPECT(echo_say(client, "x", 10000), ERR_UNREACHABLE);
        EXPECT(echo_say(client, "x", 10000), ERR_UNREACHABLE);
        expect_within(started_ms, 0, SOON_MS);
    }
}

/* ---- servers that come and go ---- */

Test(net_client, reconnects_by_itself_after_a_restart)
{
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, NULL);
    char address[ADDRESS_SIZE];
    snprintf(address, sizeof address, "%s", echo_address(echo));
    struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, address);
    for (int i = 0; i < 3; i++) {
        EXPECT(echo_say(client, "before", 5000), ERR_OK);
        echo_close(&echo);
        uint64_t started_ms = time_monotonic_ms();
        EXPECT(echo_say(client, "between", 5000), ERR_UNREACHABLE);
        expect_within(started_ms, 0, SOON_MS);
        options.address = address;
        echo = echo_open(&options, NULL);
        EXPECT(echo_say(client, "after", 5000), ERR_OK);
    }
}

Test(net_client, a_restart_unnoticed_between_calls)
{
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, NULL);
    char address[ADDRESS_SIZE];
    snprintf(address, sizeof address, "%s", echo_address(echo));
    struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, address);
    EXPECT(echo_say(client, "before", 5000), ERR_OK);
    echo_close(&echo);
    options.address = address;
    echo = echo_open(&options, NULL);
    /* where the system has not told of the end yet, the request goes into the dead connection: it
     * is told as not reached, and asking again is the caller's business */
    const enum err first = echo_say(client, "after", 5000);
    cr_expect(first == ERR_OK || first == ERR_UNREACHABLE, "%s", err_name(first));
    EXPECT(echo_say(client, "again", 5000), ERR_OK);
}

/* A server in a process of its own: answers requests, but takes those that begin with '!' to the
 * grave. */
static void serve_until_killed(const struct net_server_options *options, int report_fd)
{
    struct net_server *server = NULL;
    if (net_server_open(&server, options) != ERR_OK)
        _exit(1);
    const char *address = net_server_address(server);
    if (write(report_fd, address, strlen(address) + 1) < 0)
        _exit(1);
    for (;;) {
        struct net_request requests[ECHO_BATCH];
        size_t count = ECHO_BATCH;
        if (net_server_take(server, requests, &count, 60000) != ERR_OK)
            continue;
        for (size_t i = 0; i < count; i++) {
            if (requests[i].bytes.data[0] != '!')
                net_server_reply(server, &requests[i], requests[i].bytes);
        }
    }
}

static pid_t fork_server(char address[ADDRESS_SIZE])
{
    int fds[2];
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    cr_assert_eq(pipe(fds), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0)
        serve_until_killed(&options, fds[1]);
    cr_assert_gt(read(fds[0], address, ADDRESS_SIZE), 0);
    close(fds[0]);
    close(fds[1]);
    return child;
}

struct killer {
    pid_t child;
    int signal;
};

static void *kill_soon(void *context)
{
    struct killer *killer = context;
    usleep(300 * 1000);
    kill(killer->child, killer->signal);
    return NULL;
}

static enum err call_while(struct net_client *client, pid_t child, int signal, uint64_t timeout_ms)
{
    struct killer killer = {child, signal};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, kill_soon, &killer), 0);
    enum err error = echo_say(client, "!answer me", timeout_ms);
    pthread_join(thread, NULL);
    return error;
}

Test(net_client, a_killed_server_is_told_at_once)
{
    char address[ADDRESS_SIZE];
    pid_t child = fork_server(address);
    struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, address);
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
    uint64_t started_ms = time_monotonic_ms();
    EXPECT(call_while(client, child, SIGKILL, 10000), ERR_UNREACHABLE);
    EXPECT(echo_say(client, "x", 10000), ERR_UNREACHABLE);
    expect_within(started_ms, 0, SOON_MS);
    waitpid(child, NULL, 0);
}

Test(net_client, a_stopped_server_times_out_and_is_found_again)
{
    char address[ADDRESS_SIZE];
    pid_t child = fork_server(address);
    struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, address);
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
    uint64_t started_ms = time_monotonic_ms();
    EXPECT(call_while(client, child, SIGSTOP, 800), ERR_TIMEOUT);
    expect_within(started_ms, 700, 1500);
    started_ms = time_monotonic_ms();
    EXPECT(echo_say(client, "x", 800), ERR_TIMEOUT);
    expect_within(started_ms, 700, 1500);
    kill(child, SIGCONT);
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* ---- replies ---- */

static void answer_late(struct net_server *server, struct net_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (requests[i].bytes.data[0] == 'l')
            usleep(700 * 1000);
        net_server_reply(server, &requests[i], requests[i].bytes);
    }
}

Test(net_client, a_late_reply_is_nobodys)
{
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, answer_late);
    struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, echo_address(echo));
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
    EXPECT(echo_say(client, "late", 200), ERR_TIMEOUT);
    for (int i = 0; i < 20; i++)
        EXPECT(echo_say(client, i % 2 == 0 ? "even" : "odd", 5000), ERR_OK);
}

Test(net_client, sizes)
{
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, NULL);
    struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, echo_address(echo));
    static const struct {
        size_t size, limit;
        enum err expected;
    } rows[] = {
        {0, 0, ERR_OK},
        {1, 0, ERR_OK},
        {65536, 0, ERR_OK},
        {NET_SIZE_MAX, 0, ERR_OK},
        {NET_SIZE_MAX + 1, 0, ERR_LIMIT},
        {1000, 999, ERR_LIMIT},
        {1000, 1000, ERR_OK},
    };
    uint8_t *bytes = malloc(NET_SIZE_MAX + 1);
    cr_assert_not_null(bytes);
    for (size_t i = 0; i < NET_SIZE_MAX + 1; i++)
        bytes[i] = (uint8_t)(i * 31 >> 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer reply AUTO(buffer_fini) = {.limit = rows[i].limit};
        struct span request = span_of(bytes, rows[i].size);
        enum err error = net_call(client, &reply, request, 8000);
        cr_expect_eq(error, rows[i].expected, "row %zu: %s", i, err_name(error));
        if (error == ERR_OK)
            cr_expect(span_equal(buffer_span(&reply), request), "row %zu", i);
    }
    free(bytes);
}

/* ---- many at once: 8 connections with 8 calls each, all held until all are there ---- */

enum { CONNECTIONS = 8, CALLS_EACH = 8, ROUNDS = 20 };

static _Atomic size_t MOST_HELD;

static void hold_until_all(struct net_server *server, struct net_request *requests, size_t count)
{
    static struct net_request held[NET_CALLS_MAX];
    static size_t held_count;
    for (size_t i = 0; i < count; i++)
        held[held_count++] = requests[i];
    if (held_count > atomic_load(&MOST_HELD))
        atomic_store(&MOST_HELD, held_count);
    if (held_count < CONNECTIONS * CALLS_EACH)
        return;
    while (held_count > 0) {
        held_count--;
        net_server_reply(server, &held[held_count], held[held_count].bytes);
    }
}

static void *talk(void *context)
{
    struct net_client *client = context;
    char text[32];
    size_t failed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(text, sizeof text, "%lx %d", (unsigned long)pthread_self(), i);
        failed += echo_say(client, text, 20000) != ERR_OK;
    }
    return failed == 0 ? NULL : client;
}

Test(net_client, sixty_four_calls_at_once)
{
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, hold_until_all);
    struct net_client *clients[CONNECTIONS];
    pthread_t threads[CONNECTIONS * CALLS_EACH];
    for (size_t i = 0; i < CONNECTIONS; i++)
        clients[i] = pki_connect(&PKI, echo_address(echo));
    for (size_t i = 0; i < CONNECTIONS * CALLS_EACH; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, talk, clients[i % CONNECTIONS]), 0);
    for (size_t i = 0; i < CONNECTIONS * CALLS_EACH; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        cr_expect_null(failed, "thread %zu", i);
    }
    cr_expect_eq(atomic_load(&MOST_HELD), NET_CALLS_MAX);
    for (size_t i = 0; i < CONNECTIONS; i++)
        net_client_close(&clients[i]);
}

static void answer_slowly(struct net_server *server, struct net_request *requests, size_t count)
{
    usleep(20 * 1000);
    for (size_t i = 0; i < count; i++)
        net_server_reply(server, &requests[i], requests[i].bytes);
}

/* More than are let in at a time: the others wait in their connections, and none is forgotten. */
Test(net_client, more_calls_than_slots)
{
    enum { CROWD = 2 * NET_CALLS_MAX, CROWD_CONNECTIONS = 16 };
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, answer_slowly);
    struct net_client *clients[CROWD_CONNECTIONS];
    pthread_t threads[CROWD];
    for (size_t i = 0; i < CROWD_CONNECTIONS; i++)
        clients[i] = pki_connect(&PKI, echo_address(echo));
    for (size_t i = 0; i < CROWD; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, talk, clients[i % CROWD_CONNECTIONS]), 0);
    for (size_t i = 0; i < CROWD; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        cr_expect_null(failed, "thread %zu", i);
    }
    for (size_t i = 0; i < CROWD_CONNECTIONS; i++)
        net_client_close(&clients[i]);
}

/* Many clients opening, calling once and going: what wallets do. */
static void *come_and_go(void *context)
{
    size_t failed = 0;
    for (int i = 0; i < 10; i++) {
        struct net_client *client AUTO(net_client_close) = NULL;
        struct net_client_options options = pki_client(&PKI, context);
        failed += net_client_open(&client, &options) != ERR_OK ||
                  echo_say(client, "hello", 20000) != ERR_OK;
    }
    return failed == 0 ? NULL : context;
}

Test(net_client, short_visits)
{
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, NULL);
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++)
        cr_assert_eq(
            pthread_create(&threads[i], NULL, come_and_go, (void *)(uintptr_t)echo_address(echo)),
            0);
    for (size_t i = 0; i < 8; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        cr_expect_null(failed, "thread %zu", i);
    }
}
