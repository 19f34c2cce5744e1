/* The link: a listener among honest, slow, broken and hostile callers. */
#include "wallet/carriers/lan.h"

#include "common/base/time.h"
#include "common/wire/message.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 8000, STEP_MS = 5000 };

static struct carrier *listener;
static pthread_t thread;
static size_t taken;
static enum err ended;

/* Offers "offer", answers "packet" with "receipt", refuses all else; ends after one packet. */
static void *listen_until_paid(void *context)
{
    (void)context;
    for (bool paid = false;;) {
        struct buffer message AUTO(buffer_fini) = {0};
        ended = carrier_take(listener, &message);
        if (ended != ERR_OK)
            return NULL;
        taken++;
        const bool good = span_equal(buffer_span(&message), span_text("packet"));
        ended = carrier_give(listener, span_text(good ? "receipt" : ""));
        if (good && !paid)
            lan_listen_linger(listener, 1000);
        paid = paid || good;
    }
}

static void open_listener(void)
{
    signal(SIGPIPE, SIG_IGN);
    taken = 0;
    cr_assert_eq(lan_listen(&listener, "127.0.0.1:0", WAIT_MS), ERR_OK);
    cr_assert_eq(carrier_give(listener, span_text("offer")), ERR_OK);
    cr_assert_eq(pthread_create(&thread, NULL, listen_until_paid, NULL), 0);
}

static void close_listener(void)
{
    pthread_join(thread, NULL);
    carrier_close(&listener);
}

TestSuite(lan, .init = open_listener, .fini = close_listener);

static void expect_take(struct carrier *caller, const char *expected)
{
    struct buffer message AUTO(buffer_fini) = {0};
    cr_expect_eq(carrier_take(caller, &message), ERR_OK);
    cr_expect(span_equal(buffer_span(&message), span_text(expected)), "%s", expected);
}

/* The whole way of an honest payer, and how long it took. */
static uint64_t pay(void)
{
    struct carrier *caller AUTO(carrier_close) = NULL;
    const uint64_t begin = time_monotonic_ms();
    cr_assert_eq(lan_call(&caller, lan_listen_address(listener), STEP_MS), ERR_OK);
    expect_take(caller, "offer");
    cr_expect_eq(carrier_give(caller, span_text("packet")), ERR_OK);
    expect_take(caller, "receipt");
    cr_expect_eq(carrier_give(caller, span_text("")), ERR_OK);
    return time_monotonic_ms() - begin;
}

static int stranger(void)
{
    const char *address = lan_listen_address(listener);
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_port =
                                    htons((uint16_t)strtoul(strchr(address, ':') + 1, NULL, 10)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
    return fd;
}

static void say(int fd, const char *bytes, size_t size)
{
    cr_assert_eq(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

Test(lan, an_honest_payer)
{
    pay();
    pthread_join(thread, NULL);
    thread = pthread_self();
    cr_expect_eq(ended, ERR_MISSING, "the receipt arrived: nobody is waited for");
    cr_expect_eq(taken, 1);
}

/* More of them than there is room, and none of them ever says a whole thing. */
Test(lan, strangers_who_keep_the_line)
{
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {{"", 0},
                {"d", 1},
                {"dcep", 4},
                {"dcep\0\0\0\x10half", 12},
                {"dcep\0\x10\0\0", 8} /* a megabyte announced */};
    int fds[3 * LAN_PEERS_MAX];
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        fds[i] = stranger();
        const size_t row = i % (sizeof rows / sizeof rows[0]);
        if (rows[row].size > 0)
            say(fds[i], rows[row].bytes, rows[row].size);
    }
    cr_expect_lt(pay(), 2000);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        close(fds[i]);
}

/* Each is let go at once, and the listener goes on. */
Test(lan, strangers_who_talk_nonsense)
{
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {{"GET / HTTP/1.1\r\n\r\n", 18},
                {"\x16\x03\x01\x02\x00\x01\x00\x01", 8},
                {"dcep\xff\xff\xff\xff", 8}, /* four gigabytes */
                {"dcep\0\x10\0\x01", 8},     /* one byte too much */
                {"dcepx\0\0\0", 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char heard[64];
        const int fd = stranger();
        const struct timeval patience = {2, 0};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        say(fd, rows[i].bytes, rows[i].size);
        ssize_t got;
        while ((got = recv(fd, heard, sizeof heard, 0)) > 0)
            ; /* the offer, that everybody gets */
        cr_expect(got == 0 || errno == ECONNRESET, "row %zu: let go", i);
        close(fd);
    }
    pay();
}

/* A whole message that is no payment: refused by an empty answer, and the next one is heard. */
Test(lan, rubbish_is_refused)
{
    struct carrier *caller AUTO(carrier_close) = NULL;
    cr_assert_eq(lan_call(&caller, lan_listen_address(listener), STEP_MS), ERR_OK);
    for (int i = 0; i < 5; i++) {
        cr_expect_eq(carrier_give(caller, span_text("rubbish")), ERR_OK);
        expect_take(caller, "");
    }
    pay();
    cr_expect_geq(taken, 6);
}

/* Cut after every byte of what a payer sends: then the same again, and the same answer. */
Test(lan, cut_at_every_byte)
{
    static const char whole[] = "dcep\0\0\0\x06packet";
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        const int fd = stranger();
        if (size > 0)
            say(fd, whole, size);
        close(fd);
    }
    const int silent = stranger(); /* the packet arrived, the receipt is never read */
    say(silent, whole, sizeof whole - 1);
    usleep(100 * 1000);
    close(silent);
    pay();
    cr_expect_geq(taken, 2);
}

/* ---- the caller's side ---- */

struct liar {
    int fd;
    const char *bytes;
    size_t size;
    bool is_slow;
};

static void *lie(void *context)
{
    struct liar *liar = context;
    const int fd = accept(liar->fd, NULL, NULL);
    for (size_t i = 0; i < liar->size; i++) {
        if (send(fd, liar->bytes + i, 1, MSG_NOSIGNAL) < 0)
            break;
        if (liar->is_slow)
            usleep(200 * 1000);
    }
    usleep(liar->is_slow ? 1500 * 1000 : 1000);
    close(fd);
    return NULL;
}

Test(lan, payees_that_lie)
{
    static const struct {
        const char *bytes;
        size_t size;
        bool is_slow;
        enum err expected;
    } rows[] = {{"HTTP/1.1 200 OK", 15, false, ERR_PARSE},
                {"dcep\xff\xff\xff\xff", 8, false, ERR_LIMIT},
                {"dcep\0\0\0\x09half", 12, false, ERR_UNREACHABLE},
                {"", 0, false, ERR_UNREACHABLE},
                {"dcep\0\0\0\x09slowly...", 17, true, ERR_TIMEOUT},
                {"dcep\0\0\0\x02ok", 10, false, ERR_OK}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sockaddr_in name = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof name;
        struct liar liar = {socket(AF_INET, SOCK_STREAM, 0), rows[i].bytes, rows[i].size,
                            rows[i].is_slow};
        struct carrier *caller AUTO(carrier_close) = NULL;
        struct buffer message AUTO(buffer_fini) = {0};
        pthread_t lying;
        char address[64];
        cr_assert_eq(bind(liar.fd, (struct sockaddr *)&name, size), 0);
        cr_assert_eq(listen(liar.fd, 4), 0);
        cr_assert_eq(getsockname(liar.fd, (struct sockaddr *)&name, &size), 0);
        snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(name.sin_port));
        cr_assert_eq(pthread_create(&lying, NULL, lie, &liar), 0);
        cr_assert_eq(lan_call(&caller, address, 1000), ERR_OK);
        const enum err error = carrier_take(caller, &message);
        cr_expect_eq(error, rows[i].expected, "row %zu: %s", i, err_name(error));
        pthread_join(lying, NULL);
        close(liar.fd);
    }
    pay();
}

Test(lan, addresses)
{
    static const struct {
        const char *address;
        enum err expected;
    } rows[] = {{"127.0.0.1:0", ERR_OK},    {"[::1]:0", ERR_OK},
                {"localhost:0", ERR_OK},    {"127.0.0.1", ERR_PARSE},
                {":7200", ERR_PARSE},       {"127.0.0.1:", ERR_PARSE},
                {"127.0.0.1:x", ERR_PARSE}, {"127.0.0.1:123456", ERR_PARSE},
                {"::1:7200", ERR_PARSE},    {"192.0.2.1:7200", ERR_UNREACHABLE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct carrier *carrier AUTO(carrier_close) = NULL;
        const enum err error = lan_listen(&carrier, rows[i].address, 1000);
        const bool no_ipv6 = strcmp(rows[i].address, "[::1]:0") == 0 && error != ERR_PARSE;
        cr_expect(error == rows[i].expected || no_ipv6, "%s: %s", rows[i].address, err_name(error));
    }
    struct carrier *second AUTO(carrier_close) = NULL;
    cr_expect_eq(lan_listen(&second, lan_listen_address(listener), 1000), ERR_LOCKED);
    pay();
}
