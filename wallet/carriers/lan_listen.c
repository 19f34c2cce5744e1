/* The end that listens (contract in lan.h). One thread, one poll over everybody who called.
 *
 * A peer offers nothing to lean on: it has LAN_PEER_MS to read the offer and to send its message,
 * and as long again for the answer; whatever else it does, it is let go. */
#include "wallet/carriers/lan.h"

#include "common/base/time.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64 };

enum peer_phase {
    PEER_NONE,
    PEER_TALKING,  /* gets the offer, sends its message: both at a time */
    PEER_HELD,     /* its message was taken; the answer is being made */
    PEER_ANSWERED, /* gets the answer, and says that it has it */
};
struct lan_peer {
    int fd;
    enum peer_phase phase;
    bool was_refused; /* the answer was empty: there is nothing to keep */
    uint64_t until_ms;
    uint64_t number; /* in the order of calling */
    struct lan_reader in;
    struct lan_writer out;
};

struct listener {
    struct carrier carrier;
    int fd;
    char address[LAN_ADDRESS_SIZE];
    uint64_t until_ms;
    bool is_lingering, has_arrived;
    uint64_t calls;
    struct buffer offer;
    struct lan_peer peers[LAN_PEERS_MAX];
    struct lan_peer *held;
    size_t next; /* whose turn it is when several messages are there */
};

/* ---- one peer ---- */

static void let_go(struct listener *listener, struct lan_peer *peer)
{
    if (peer == listener->held)
        listener->held = NULL;
    lan_close(&peer->fd);
    lan_reader_fini(&peer->in);
    buffer_fini(&peer->out.bytes);
    *peer = (struct lan_peer){.fd = -1};
}

static struct lan_peer *room(struct listener *listener)
{
    struct lan_peer *oldest = NULL;
    for (size_t i = 0; i < LAN_PEERS_MAX; i++) {
        struct lan_peer *peer = &listener->peers[i];
        if (peer->phase == PEER_NONE)
            return peer;
        if (peer->phase == PEER_TALKING && (oldest == NULL || peer->number < oldest->number))
            oldest = peer;
    }
    if (oldest == NULL) /* all wait for their answers: the first of them has had the longest time */
        oldest = &listener->peers[0] == listener->held ? &listener->peers[1] : &listener->peers[0];
    let_go(listener, oldest);
    return oldest;
}

static void welcome(struct listener *listener)
{
    const int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct lan_peer *peer = room(listener);
    *peer = (struct lan_peer){.fd = fd,
                              .phase = PEER_TALKING,
                              .number = ++listener->calls,
                              .until_ms = time_monotonic_ms() + LAN_PEER_MS};
    if (lan_writer_set(&peer->out, buffer_span(&listener->offer)) != ERR_OK)
        let_go(listener, peer);
}

/* Sends and takes what can be sent and taken now. False: this peer is done. */
static bool serve(struct listener *listener, struct lan_peer *peer)
{
    bool all_sent = false, all_read = false;
    if (lan_write(&peer->out, &all_sent, peer->fd) != ERR_OK)
        return false;
    if (peer->phase == PEER_ANSWERED && all_sent && peer->was_refused)
        return false;
    if (lan_read(&peer->in, &all_read, peer->fd) != ERR_OK)
        return false;
    if (!all_read || !all_sent)
        return true;
    if (peer->phase == PEER_TALKING) {
        peer->phase = PEER_HELD;
        return true;
    }
    listener->has_arrived = true;
    return false;
}

/* ---- everybody ---- */

static short events_of(const struct lan_peer *peer)
{
    const bool sends = peer->out.sent < peer->out.bytes.size;
    return (short)(POLLIN | (sends ? POLLOUT : 0));
}

static uint64_t wait_until(struct listener *listener, uint64_t now)
{
    uint64_t until = listener->until_ms;
    for (size_t i = 0; i < LAN_PEERS_MAX; i++) {
        struct lan_peer *peer = &listener->peers[i];
        if (peer->phase == PEER_NONE || peer->phase == PEER_HELD)
            continue;
        if (peer->until_ms <= now)
            let_go(listener, peer);
        else if (peer->until_ms < until)
            until = peer->until_ms;
    }
    return until;
}

static void turn(struct listener *listener)
{
    struct pollfd polled[LAN_PEERS_MAX + 1];
    const uint64_t now = time_monotonic_ms(), until = wait_until(listener, now);
    for (size_t i = 0; i < LAN_PEERS_MAX; i++) {
        const struct lan_peer *peer = &listener->peers[i];
        const bool waits = peer->phase == PEER_TALKING || peer->phase == PEER_ANSWERED;
        polled[i] = (struct pollfd){waits ? peer->fd : -1, events_of(peer), 0};
    }
    polled[LAN_PEERS_MAX] = (struct pollfd){listener->fd, POLLIN, 0};
    const uint64_t left = until > now ? until - now : 0;
    if (poll(polled, LAN_PEERS_MAX + 1, left > 60000 ? 60000 : (int)left) <= 0)
        return;
    for (size_t i = 0; i < LAN_PEERS_MAX; i++)
        if (polled[i].revents != 0 && !serve(listener, &listener->peers[i]))
            let_go(listener, &listener->peers[i]);
    if (polled[LAN_PEERS_MAX].revents != 0)
        welcome(listener);
}

static struct lan_peer *whose_message(struct listener *listener)
{
    for (size_t i = 0; i < LAN_PEERS_MAX; i++) {
        struct lan_peer *peer = &listener->peers[(listener->next + i) % LAN_PEERS_MAX];
        if (peer->phase != PEER_HELD)
            continue;
        listener->next = (size_t)(peer - listener->peers) + 1;
        return peer;
    }
    return NULL;
}

/* ---- the carrier ---- */

static enum err listener_take(struct carrier *carrier, struct buffer *out)
{
    struct listener *listener = (struct listener *)carrier;
    if (listener->held != NULL)
        let_go(listener, listener->held); /* left without an answer */
    for (;;) {
        if (time_monotonic_ms() >= listener->until_ms) /* first: rubbish may come without an end */
            return ERR_TIMEOUT;
        listener->held = whose_message(listener);
        if (listener->held != NULL)
            return buffer_put(out, buffer_span(&listener->held->in.bytes));
        if (listener->is_lingering && listener->has_arrived)
            return ERR_MISSING;
        turn(listener);
    }
}

static enum err listener_give(struct carrier *carrier, struct span bytes)
{
    struct listener *listener = (struct listener *)carrier;
    struct lan_peer *peer = listener->held;
    if (peer == NULL) {
        buffer_fini(&listener->offer);
        return buffer_put(&listener->offer, bytes);
    }
    listener->held = NULL;
    lan_reader_fini(&peer->in);
    peer->phase = PEER_ANSWERED;
    peer->was_refused = bytes.size == 0;
    peer->until_ms = time_monotonic_ms() + LAN_PEER_MS;
    TRY(lan_writer_set(&peer->out, bytes));
    if (!serve(listener, peer))
        let_go(listener, peer);
    return ERR_OK;
}

static void listener_close(struct carrier *carrier)
{
    struct listener *listener = (struct listener *)carrier;
    for (size_t i = 0; i < LAN_PEERS_MAX; i++)
        let_go(listener, &listener->peers[i]);
    lan_close(&listener->fd);
    buffer_fini(&listener->offer);
    free(listener);
}

static const struct carrier_ops listener_ops = {
    .take = listener_take, .give = listener_give, .close = listener_close, .answers = true};

void lan_listen_for(struct carrier *carrier, uint64_t timeout_ms)
{
    ((struct listener *)carrier)->until_ms = time_monotonic_ms() + timeout_ms;
}

void lan_listen_linger(struct carrier *carrier, uint64_t timeout_ms)
{
    struct listener *listener = (struct listener *)carrier;
    listener->is_lingering = true;
    lan_listen_for(carrier, timeout_ms);
}

const char *lan_listen_address(const struct carrier *carrier)
{
    return ((const struct listener *)carrier)->address;
}

/* ---- opening ---- */

static enum err bind_errno(int number)
{
    if (number == EADDRINUSE)
        return ERR_LOCKED;
    if (number == EACCES)
        return ERR_PERMISSION;
    return number == EADDRNOTAVAIL ? ERR_UNREACHABLE : ERR_IO;
}

static enum err bind_to(int *out, const struct addrinfo *where)
{
    const int on = 1;
    int fd AUTO(lan_close) =
        socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, where->ai_addr, where->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
        return bind_errno(errno);
    *out = fd;
    fd = -1;
    return ERR_OK;
}

enum err lan_listen(struct carrier **out, const char *address, uint64_t timeout_ms)
{
    struct addrinfo *where = NULL;
    TRY(lan_resolve(&where, address, true));
    int fd AUTO(lan_close) = -1;
    enum err error = bind_to(&fd, where);
    freeaddrinfo(where);
    TRY(error);
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL)
        return ERR_MEMORY;
    listener->carrier.ops = &listener_ops;
    listener->fd = fd;
    fd = -1;
    for (size_t i = 0; i < LAN_PEERS_MAX; i++)
        listener->peers[i].fd = -1;
    listener->until_ms = time_monotonic_ms() + timeout_ms;
    struct carrier *carrier AUTO(carrier_close) = &listener->carrier;
    TRY(lan_address_name(listener->address, listener->fd));
    *out = TAKE(carrier);
    return ERR_OK;
}
