/* A client and what goes wrong: nobody there, silence, restarts, killed servers, late replies. */
#include "tests/common/net/echo.h"

#include "common/base/time.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

static struct net_client *client_of(const char *address)
{
    struct net_client *client = NULL;
    struct net_client_options options = pki_client(&PKI, address);
    cr_assert_eq(net_client_open(&client, &options), ERR_OK);
    return client;
}

#define EXPECT(expression, expected)                                                               \
    do {                                                                                           \
        enum err error_ = (expression);                                                            \
        cr_expect_eq(error_, (expected), "%s: %s", #expression, err_name(error_));                 \
    } while (0)

static void expect_within(uint64_t started_ms, uint64_t least_ms, uint64_t most_ms)
{
    uint64_t took_ms = time_monotonic_ms() - started_ms;
    cr_expect(took_ms >= least_ms && took_ms <= most_ms, "took %lu ms, expected %lu to %lu",
              (unsigned long)took_ms, (unsigned long)least_ms, (unsigned long)most_ms);
}

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
        struct net_client *client AUTO(net_client_close) = client_of(addresses[i]);
        uint64_t started_ms = time_monotonic_ms();
        EXPECT(echo_say(client, "x", 10000), ERR_UNREACHABLE);
        EXPECT(echo_say(client, "x", 10000), ERR_UNREACHABLE);
        expect_within(started_ms, 0, SOON_MS);
    }
}

/* ---- listeners that are no server of ours ---- */

struct impostor {
    int fd;
    const char *says; /* NULL: accepts and is silent */
    bool hangs_up;
    pthread_t thread;
    char address[ADDRESS_SIZE];
};

static void *impose(void *context)
{
    struct impostor *impostor = context;
    int kept = -1, fd;
    while ((fd = accept(impostor->fd, NULL, NULL)) >= 0) {
        if (impostor->says != NULL)
            (void)!write(fd, impostor->says, strlen(impostor->says));
        if (!impostor->hangs_up)
            kept = dup(fd);
        close(fd);
    }
    if (kept >= 0)
        close(kept);
    return NULL;
}

static int listen_anywhere(char address[ADDRESS_SIZE])
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&at, size), 0);
    cr_assert_eq(listen(fd, 5), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    snprintf(address, ADDRESS_SIZE, "127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

static void impostor_open(struct impostor *impostor)
{
    impostor->fd = listen_anywhere(impostor->address);
    cr_assert_eq(pthread_create(&impostor->thread, NULL, impose, impostor), 0);
}

Test(net_client, impostors)
{
    static const struct {
        const char *label, *says;
        bool hangs_up;
        enum err expected;
        uint64_t least_ms, most_ms;
    } rows[] = {
        {"silent", NULL, false, ERR_TIMEOUT, 700, 2000},
        {"hangs up", NULL, true, ERR_PEER, 0, SOON_MS},
        {"speaks HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", false, ERR_PEER, 0, SOON_MS},
        {"speaks HTTP and hangs up", "HTTP/1.1 400 Bad\r\n\r\n", true, ERR_PEER, 0, SOON_MS},
        {"half a TLS record, then silent", "\x16\x03\x03\x10", false, ERR_TIMEOUT, 700, 2000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct impostor impostor = {.says = rows[i].says, .hangs_up = rows[i].hangs_up};
        impostor_open(&impostor);
        struct net_client *client AUTO(net_client_close) = client_of(impostor.address);
        uint64_t started_ms = time_monotonic_ms();
        enum err error = echo_say(client, "x", 800);
        cr_expect_eq(error, rows[i].expected, "%s: %s", rows[i].label, err_name(error));
        expect_within(started_ms, rows[i].least_ms, rows[i].most_ms);
        shutdown(impostor.fd, SHUT_RDWR);
        pthread_join(impostor.thread, NULL);
        close(impostor.fd);
    }
}

/* ---- servers that come and go ---- */

Test(net_client, reconnects_by_itself_after_a_restart)
{
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, NULL);
    char address[ADDRESS_SIZE];
    snprintf(address, sizeof address, "%s", echo_address(echo));
    struct net_client *client AUTO(net_client_close) = client_of(address);
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
    struct net_client *client AUTO(net_client_close) = client_of(address);
    EXPECT(echo_say(client, "before", 5000), ERR_OK);
    echo_close(&echo);
    options.address = address;
    echo = echo_open(&options, NULL);
    EXPECT(echo_say(client, "after", 5000), ERR_OK);
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
    struct net_client *client AUTO(net_client_close) = client_of(address);
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
    struct net_client *client AUTO(net_client_close) = client_of(address);
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

/* ---- a network that swallows ---- */

/* Passes bytes between its callers and a server; when told, the present connection is left hanging
 * for ever, as when a machine or a line between vanishes, while new ones work. */
struct line {
    int fd;
    uint16_t server_port;
    atomic_bool swallows;
    pthread_t thread;
    char address[ADDRESS_SIZE];
};

static int connect_to(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

static bool pass_on(int from, int to)
{
    uint8_t bytes[4096];
    ssize_t size = recv(from, bytes, sizeof bytes, 0);
    return size > 0 && send(to, bytes, (size_t)size, MSG_NOSIGNAL) == size;
}

static void pass_between(struct line *line, int caller, int server)
{
    struct pollfd fds[] = {{.fd = caller, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    while (!atomic_load(&line->swallows) && poll(fds, 2, 20) >= 0) {
        if ((fds[0].revents != 0 && !pass_on(caller, server)) ||
            (fds[1].revents != 0 && !pass_on(server, caller)))
            break;
    }
}

static void *carry(void *context)
{
    struct line *line = context;
    int caller;
    while ((caller = accept(line->fd, NULL, NULL)) >= 0) {
        int server = connect_to(line->server_port);
        pass_between(line, caller, server);
        if (atomic_exchange(&line->swallows, false))
            continue; /* both left hanging */
        close(caller);
        close(server);
    }
    return NULL;
}

Test(net_client, a_connection_that_went_dead_costs_one_call)
{
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, NULL);
    struct line line = {0};
    line.fd = listen_anywhere(line.address);
    line.server_port = (uint16_t)strtoul(strchr(echo_address(echo), ':') + 1, NULL, 10);
    cr_assert_eq(pthread_create(&line.thread, NULL, carry, &line), 0);
    struct net_client *client AUTO(net_client_close) = client_of(line.address);
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
    atomic_store(&line.swallows, true);
    usleep(100 * 1000);
    EXPECT(echo_say(client, "x", 500), ERR_TIMEOUT);
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
    net_client_close(&client);
    shutdown(line.fd, SHUT_RDWR);
    pthread_join(line.thread, NULL);
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
    struct net_client *client AUTO(net_client_close) = client_of(echo_address(echo));
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
    EXPECT(echo_say(client, "late", 200), ERR_TIMEOUT);
    for (int i = 0; i < 20; i++)
        EXPECT(echo_say(client, i % 2 == 0 ? "even" : "odd", 5000), ERR_OK);
}

Test(net_client, sizes)
{
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, NULL);
    struct net_client *client AUTO(net_client_close) = client_of(echo_address(echo));
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
        clients[i] = client_of(echo_address(echo));
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
        clients[i] = client_of(echo_address(echo));
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
