/* A link and what may happen to it on the way: listeners that are no server of ours, and a network
 * that swallows. */
#include "tests/common/net/echo.h"

#include "common/base/time.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

TestSuite(net_link, .init = set_up, .fini = tear_down, .timeout = 60);

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

Test(net_link, impostors)
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
        struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, impostor.address);
        uint64_t started_ms = time_monotonic_ms();
        enum err error = echo_say(client, "x", 800);
        cr_expect_eq(error, rows[i].expected, "%s: %s", rows[i].label, err_name(error));
        expect_within(started_ms, rows[i].least_ms, rows[i].most_ms);
        shutdown(impostor.fd, SHUT_RDWR);
        pthread_join(impostor.thread, NULL);
        close(impostor.fd);
    }
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

Test(net_link, a_connection_that_went_dead_costs_one_call)
{
    struct net_server_options options = pki_server(&PKI, "127.0.0.1:0");
    struct echo *echo AUTO(echo_close) = echo_open(&options, NULL);
    struct line line = {0};
    line.fd = listen_anywhere(line.address);
    line.server_port = (uint16_t)strtoul(strchr(echo_address(echo), ':') + 1, NULL, 10);
    cr_assert_eq(pthread_create(&line.thread, NULL, carry, &line), 0);
    struct net_client *client AUTO(net_client_close) = pki_connect(&PKI, line.address);
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
    atomic_store(&line.swallows, true);
    usleep(100 * 1000);
    EXPECT(echo_say(client, "x", 500), ERR_TIMEOUT);
    EXPECT(echo_say(client, "x", 5000), ERR_OK);
    net_client_close(&client);
    shutdown(line.fd, SHUT_RDWR);
    pthread_join(line.thread, NULL);
}
