/* A server among strangers: what they send must not keep it from serving others. */
#include "tests/common/net/echo.h"

#include "common/base/time.h"
#include "common/net/net_connections.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOON_MS = 2000, CROWD = 200 };

static struct pki PKI;
static char DIRECTORY[] = "/tmp/dcep-net-XXXXXX";

static void set_up(void)
{
    pki_open(&PKI);
    cr_assert_not_null(mkdtemp(DIRECTORY));
}

static void tear_down(void)
{
    pki_fini(&PKI);
    char path[128];
    snprintf(path, sizeof path, "%s/control.sock", DIRECTORY);
    unlink(path);
    rmdir(DIRECTORY);
}

TestSuite(net_server, .init = set_up, .fini = tear_down, .timeout = 90);

static struct echo *open_echo(const char *address,
                              void (*handler)(struct net_server *server,
                                              struct net_request *requests, size_t count))
{
    struct net_server_options options = pki_server(&PKI, address);
    return echo_open(&options, handler);
}

static enum err visit(const char *address, uint64_t *took_ms)
{
    struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, address);
    uint64_t started_ms = time_monotonic_ms();
    enum err error = echo_say(client, "an honest caller", 8000);
    *took_ms = time_monotonic_ms() - started_ms;
    return error;
}

static void expect_served(const char *address)
{
    uint64_t took_ms;
    EXPECT(visit(address, &took_ms), ERR_OK);
    cr_expect_lt(took_ms, SOON_MS, "took %lu ms", (unsigned long)took_ms);
}

static int connect_raw(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    const char *port = strchr(address, ':') + 1;
    to.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void send_raw(int fd, const void *data, size_t size)
{
    (void)!send(fd, data, size, MSG_NOSIGNAL);
}

/* ---- hostile bytes ---- */

Test(net_server, garbage_on_the_port)
{
    struct echo *echo AUTO(echo_close) = open_echo("127.0.0.1:0", NULL);
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {
        {"GET / HTTP/1.0\r\n\r\n", 18},
        {"\x16\x03\x01\xff\xff\x01\x00\xff\xfb\x03\x03",
         11},                                /* a ClientHello that lies about its size */
        {"\x15\x03\x03\x00\x02\x02\x28", 7}, /* an alert out of the blue */
        {"\x00SP\x00\x00\x30\x00\x00", 8},   /* nng without TLS */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12},
        {"", 0},
    };
    for (size_t i = 0; i < 10 * sizeof rows / sizeof rows[0]; i++) {
        size_t row = i % (sizeof rows / sizeof rows[0]);
        int fd = connect_raw(echo_address(echo));
        send_raw(fd, rows[row].bytes, rows[row].size);
        if (i % 7 == 0)
            expect_served(echo_address(echo));
        close(fd);
    }
    expect_served(echo_address(echo));
}

Test(net_server, a_crowd_of_half_open_connections)
{
    struct echo *echo AUTO(echo_close) = open_echo("127.0.0.1:0", NULL);
    struct net_client *regular AUTO(net_client_close) = pki_connect(&PKI, echo_address(echo));
    EXPECT(echo_say(regular, "before", 5000), ERR_OK);
    int fds[CROWD];
    for (size_t i = 0; i < CROWD; i++) {
        fds[i] = connect_raw(echo_address(echo));
        if (i % 2 == 0) /* the first bytes of a ClientHello, then nothing more */
            send_raw(fds[i], "\x16\x03\x01\x01\x00\x01\x00\x00\xfc", 9);
    }
    EXPECT(echo_say(regular, "during", 5000), ERR_OK);
    expect_served(echo_address(echo));
    for (size_t i = 0; i < CROWD; i++)
        close(fds[i]);
    expect_served(echo_address(echo));
}

/* Callers that give up between the first byte and the end of the handshake, at every moment of it.
 * (With nng's own listener this stopped all accepting: docs/adr/0007-transport.md.) */
Test(net_server, hanging_up_during_the_handshake)
{
    struct echo *echo AUTO(echo_close) = open_echo("127.0.0.1:0", NULL);
    for (uint64_t i = 0; i < 60; i++) {
        struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, echo_address(echo));
        enum err error = echo_say(client, "in a hurry", 1 + i / 2);
        cr_expect(error == ERR_OK || error == ERR_TIMEOUT, "%s", err_name(error));
    }
    expect_served(echo_address(echo));
}

Test(net_server, more_connections_than_places)
{
    struct echo *echo AUTO(echo_close) = open_echo("127.0.0.1:0", NULL);
    enum { MANY = NET_CONNECTIONS_MAX + 10 };
    struct net_client *clients[MANY];
    for (size_t i = 0; i < MANY; i++) {
        clients[i] = pki_connect(&PKI, echo_address(echo));
        EXPECT(echo_say(clients[i], "hello", 8000), ERR_OK);
    }
    usleep(100 * 1000);
    for (size_t i = 0; i < 10; i++) /* those that lost their place come back */
        EXPECT(echo_say(clients[i], "again", 8000), ERR_OK);
    for (size_t i = 0; i < MANY; i++)
        net_client_close(&clients[i]);
}

Test(net_server, a_request_too_large_ends_its_connection_only)
{
    struct echo *echo AUTO(echo_close) = open_echo("127.0.0.1:0", NULL);
    struct net_client *other AUTO(net_client_close) = pki_connect(&PKI, echo_address(echo));
    struct net_client *hostile AUTO(net_client_close) = pki_connect(&PKI, echo_address(echo));
    EXPECT(echo_say(other, "before", 5000), ERR_OK);
    size_t size = 2 * NET_SIZE_MAX;
    uint8_t *bytes = calloc(1, size);
    for (int i = 0; i < 5; i++) {
        struct buffer reply AUTO(buffer_fini) = {0};
        /* past net_call, which would refuse it on this side */
        EXPECT(hostile->ops->call(hostile, &reply, span_of(bytes, size), 5000), ERR_UNREACHABLE);
        EXPECT(echo_say(other, "during", 5000), ERR_OK);
    }
    free(bytes);
}

/* ---- callers that do not read ---- */

enum { SHOUTERS = 2 * NET_CALLS_MAX };

static void *shout(void *context)
{
    struct buffer reply AUTO(buffer_fini) = {0};
    (void)!net_call(context, &reply, span_text("!"), 20000);
    return NULL;
}

/* In a process of its own: more calls at once than slots, whose replies nobody will read. */
static void call_and_not_read(const char *address)
{
    struct net_client *client = pki_connect(&PKI, address);
    for (size_t i = 0; i < SHOUTERS; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, shout, client);
    }
    for (;;)
        pause();
}

static pid_t DEAF;
static _Atomic size_t SHOUTS;

static void answer_at_length(struct net_server *server, struct net_request *request)
{
    static uint8_t bytes[NET_SIZE_MAX];
    net_server_reply(server, request, span_of(bytes, sizeof bytes));
}

/* Once all slots are filled with shouts, their sender is stopped, and then they are answered. */
static void answer_the_deaf(struct net_server *server, struct net_request *requests, size_t count)
{
    static struct net_request held[NET_CALLS_MAX];
    for (size_t i = 0; i < count; i++) {
        if (requests[i].bytes.data[0] != '!') {
            net_server_reply(server, &requests[i], requests[i].bytes);
        } else if (SHOUTS >= NET_CALLS_MAX) {
            answer_at_length(server, &requests[i]);
        } else {
            held[SHOUTS++] = requests[i];
            if (SHOUTS == NET_CALLS_MAX) {
                kill(DEAF, SIGSTOP);
                for (size_t j = 0; j < NET_CALLS_MAX; j++)
                    answer_at_length(server, &held[j]);
            }
        }
    }
}

static int open_pipe_to_child(int fds[2], pid_t *child)
{
    cr_assert_eq(pipe(fds), 0);
    *child = fork();
    cr_assert_geq(*child, 0);
    return *child == 0;
}

Test(net_server, callers_that_do_not_read_cannot_hold_it)
{
    int fds[2];
    char address[64] = "";
    if (open_pipe_to_child(fds, &DEAF)) { /* fork before nng has threads */
        if (read(fds[0], address, sizeof address) > 0)
            call_and_not_read(address);
        _exit(1);
    }
    struct echo *echo AUTO(echo_close) = open_echo("127.0.0.1:0", answer_the_deaf);
    snprintf(address, sizeof address, "%s", echo_address(echo));
    (void)!write(fds[1], address, sizeof address);
    for (int i = 0; i < 2000 && SHOUTS < NET_CALLS_MAX; i++)
        usleep(10 * 1000);
    cr_assert_eq(SHOUTS, NET_CALLS_MAX);
    usleep(100 * 1000);
    expect_served(address);
    kill(DEAF, SIGKILL);
}

/* ---- taking ---- */

static struct net_server *WOKEN;

static void wake(int signal)
{
    (void)signal;
    net_server_wake(WOKEN);
}

Test(net_server, a_signal_wakes_the_taker)
{
    struct net_server *server AUTO(net_server_close) = NULL;
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    cr_assert_eq(net_server_open(&server, &options), ERR_OK);
    WOKEN = server;
    signal(SIGALRM, wake);
    ualarm(200 * 1000, 0);
    struct net_request requests[4];
    size_t count = 4;
    uint64_t started_ms = time_monotonic_ms();
    EXPECT(net_server_take(server, requests, &count, 10000), ERR_TIMEOUT);
    cr_expect_lt(time_monotonic_ms() - started_ms, SOON_MS);
    cr_expect_eq(count, 0);
    net_server_wake(server); /* before the take: not lost */
    EXPECT(net_server_take(server, requests, &count, 10000), ERR_TIMEOUT);
    cr_expect_lt(time_monotonic_ms() - started_ms, SOON_MS);
}

Test(net_server, take_waits_no_longer_than_told)
{
    struct net_server *server AUTO(net_server_close) = NULL;
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    cr_assert_eq(net_server_open(&server, &options), ERR_OK);
    struct net_request requests[4];
    size_t count = 4;
    uint64_t started_ms = time_monotonic_ms();
    EXPECT(net_server_take(server, requests, &count, 0), ERR_TIMEOUT);
    EXPECT(net_server_take(server, requests, &count, 100), ERR_TIMEOUT);
    uint64_t took_ms = time_monotonic_ms() - started_ms;
    cr_expect(took_ms >= 100 && took_ms < 1000, "took %lu ms", (unsigned long)took_ms);
}

static void drop_bad(struct net_server *server, struct net_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (requests[i].bytes.data[0] == '!')
            net_server_drop(server, &requests[i]);
        else
            net_server_reply(server, &requests[i], requests[i].bytes);
    }
}

Test(net_server, dropped_requests_take_no_slot)
{
    struct echo *echo AUTO(echo_close) = open_echo("127.0.0.1:0", drop_bad);
    struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, echo_address(echo));
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
    for (size_t i = 0; i < NET_CALLS_MAX + 10; i++)
        EXPECT(echo_say(client, "!", 20), ERR_TIMEOUT);
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
}

/* Each call gives the connection up, and has too little time to make another one. */
Test(net_server, dials_given_up_and_begun_again)
{
    struct echo *echo AUTO(echo_close) = open_echo("127.0.0.1:0", drop_bad);
    struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, echo_address(echo));
    for (size_t i = 0; i < 400; i++)
        EXPECT(echo_say(client, "!", 1 + i % 12), ERR_TIMEOUT);
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
}

/* ---- the last reply ---- */

static void *one_large_call(void *context)
{
    struct net_client *client = context;
    static uint8_t bytes[NET_SIZE_MAX];
    struct buffer reply AUTO(buffer_fini) = {0};
    enum err error = net_call(client, &reply, span_of(bytes, sizeof bytes), 8000);
    return error == ERR_OK && reply.size == sizeof bytes ? NULL : context;
}

Test(net_server, closing_lets_the_last_replies_leave)
{
    struct net_server *server = NULL;
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    cr_assert_eq(net_server_open(&server, &options), ERR_OK);
    struct net_client *client AUTO(net_client_close) =
        pki_connect(&PKI, net_server_address(server));
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, one_large_call, client), 0);
    struct net_request request;
    size_t count = 1;
    cr_assert_eq(net_server_take(server, &request, &count, 8000), ERR_OK);
    net_server_reply(server, &request, request.bytes);
    net_server_close(&server);
    void *failed;
    pthread_join(thread, &failed);
    cr_expect_null(failed);
}

/* ---- places to listen ---- */

Test(net_server, a_port_in_use)
{
    struct echo *echo AUTO(echo_close) = open_echo("127.0.0.1:0", NULL);
    struct net_server *second AUTO(net_server_close) = NULL;
    struct net_server_options options = pki_server(&PKI, echo_address(echo));
    EXPECT(net_server_open(&second, &options), ERR_LOCKED);
    expect_served(echo_address(echo));
}

static void make_stale(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    cr_assert_lt(strlen(path), sizeof at.sun_path);
    memcpy(at.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    close(fd);
}

Test(net_server, control_socket)
{
    char address[128];
    snprintf(address, sizeof address, "ipc:%s/control.sock", DIRECTORY);
    const char *path = address + 4;
    make_stale(path);
    umask(0);
    struct echo *echo AUTO(echo_close) = open_echo(address, NULL);
    struct stat about;
    cr_assert_eq(stat(path, &about), 0);
    cr_expect_eq(about.st_mode & 0777, 0600, "mode %o", about.st_mode & 0777);
    cr_expect_str_eq(echo_address(echo), address);
    expect_served(address);
    struct net_server *second AUTO(net_server_close) = NULL;
    struct net_server_options options = {.address = address};
    EXPECT(net_server_open(&second, &options), ERR_LOCKED);
    expect_served(address);
    echo_close(&echo);
    uint64_t took_ms;
    EXPECT(visit(address, &took_ms), ERR_UNREACHABLE);
    cr_expect_lt(took_ms, SOON_MS);
}

/* Only root can take on another user's identity to see it refused. */
static int call_as_nobody(const char *address)
{
    if (chmod(address + 4, 0777) != 0 || chmod(DIRECTORY, 0777) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        if (setresuid(65534, 65534, 65534) != 0)
            _exit(2);
        struct net_client *client = pki_connect(&PKI, address);
        enum err error = echo_say(client, "let me in", 3000);
        _exit(error == ERR_UNREACHABLE ? 0 : 3);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 4;
}

static volatile sig_atomic_t STOPS;

static void stop(int signal)
{
    (void)signal;
    STOPS = 1;
    net_server_wake(WOKEN);
}

static void serve_here(const char *address, int report_fd)
{
    struct net_server_options options = {.address = address};
    if (net_server_open(&WOKEN, &options) != ERR_OK)
        _exit(1);
    signal(SIGTERM, stop);
    (void)!write(report_fd, "r", 1);
    while (!STOPS) {
        struct net_request requests[4];
        size_t count = 4;
        if (net_server_take(WOKEN, requests, &count, 10000) == ERR_OK)
            for (size_t i = 0; i < count; i++)
                net_server_reply(WOKEN, &requests[i], requests[i].bytes);
    }
    net_server_close(&WOKEN);
    _exit(0);
}

Test(net_server, control_socket_refuses_other_users)
{
    if (geteuid() != 0)
        cr_skip("needs root to become somebody else");
    char address[128], ready;
    int fds[2];
    pid_t server;
    snprintf(address, sizeof address, "ipc:%s/control.sock", DIRECTORY);
    if (open_pipe_to_child(fds, &server))
        serve_here(address, fds[1]);
    cr_assert_eq(read(fds[0], &ready, 1), 1);
    cr_expect_eq(call_as_nobody(address), 0);
    expect_served(address);
    kill(server, SIGTERM);
    int status = -1;
    waitpid(server, &status, 0);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "SIGTERM must end it in peace");
}

Test(net_server, free_ports)
{
    uint16_t port = 0;
    cr_assert_eq(net_free_port(&port), ERR_OK);
    cr_expect_geq(port, 1024);
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    struct echo *echo AUTO(echo_close) = open_echo(address, NULL);
    cr_expect_str_eq(echo_address(echo), address);
}
