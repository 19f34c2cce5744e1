/* A server: accepts connections, lets one thread take their calls in batches, sends its answers.
 *
 * 1. At most NET_CALLS_MAX calls are in the house (net_slots.h), whatever callers send.
 * 2. At most NET_CONNECTIONS_MAX connections; one more closes the one that was silent longest
 *    (net_connections.h). Its owner, if honest, remakes it at the next call.
 * 3. Callers who do not read their replies cannot hold all slots: once none is free, the connection
 *    whose reply has waited longest, if for STALL_MS, is closed.
 * 4. On a local socket only the same user and root are let in, and the file is 0600.
 * 5. Accepting goes on whatever one caller does. (This is why nng's own rep0 is not used: in nng
 *    1.5.2 a caller that hangs up during its handshake can end the listener's accepting for good;
 *    docs/adr/0007-transport.md.)
 *
 * Never looks into a request, and never learns from TLS who is calling.
 */
#include "common/net/net.h"

#include "common/base/log.h"
#include "common/base/time.h"
#include "common/net/net_connections.h"
#include "common/net/net_nng.h"
#include "common/net/net_slots.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    SOCKET_FILE_MODE = 0600,
    /* nng tells that it took a reply, not that the reply left: so long it may take at the end. */
    LINGER_MS = 100,
    CLOSING_SLICE_MS = 5,
    STALL_MS = 250,
    ACCEPT_PAUSE_MS = 100, /* after a failure of our own: no memory, no descriptors */
    LINKS_MAX = NET_CONNECTIONS_MAX + 64, /* some that nng has not let go of yet */
};

struct net_server {
    struct net_nng_address address;
    char text[NET_NNG_URL_SIZE]; /* the address with its real port */
    nng_tls_config *tls;
    nng_stream_listener *listener;
    nng_aio *acceptor;
    int event_fd; /* readable: something waits, or somebody wants the taker back */
    atomic_bool woken;
    pthread_mutex_t lock; /* guards everything below, links included */
    bool is_closing, is_pausing;
    struct net_slots slots;
    struct net_link links[LINKS_MAX];
    uint32_t last_number;
    struct net_connections connections;
    uint64_t replied_ms;
};

static void signal_taker(struct net_server *server)
{
    uint64_t one = 1;
    /* fails only when it is set anyway */
    ssize_t written = write(server->event_fd, &one, sizeof one);
    (void)written;
}

/* ---- what links tell, with the lock held ---- */

static void link_greeted(struct net_link *link)
{
    (void)link; /* a caller is worth its place by calling */
}

static void link_received(struct net_link *link)
{
    struct net_server *server = link->context;
    net_connections_touch(&server->connections, link->number, time_monotonic_ms());
    net_slots_offer(&server->slots, link);
    signal_taker(server); /* even when it is parked: the taker sees to it that slots get free */
}

static void slot_release(struct net_server *server, struct net_slot *slot)
{
    net_slots_release(&server->slots, slot);
    if (server->slots.first != NULL)
        signal_taker(server);
}

static void link_sent(struct net_link *link, struct net_frame *reply)
{
    if (reply->owner != NULL)
        slot_release(link->context, reply->owner);
}

static void link_ended(struct net_link *link)
{
    struct net_server *server = link->context;
    net_slots_forget(&server->slots, link);
    net_connections_remove(&server->connections, link->number);
}

static const struct net_link_events LINK_EVENTS = {link_greeted, link_received, link_sent,
                                                   link_ended};

/* ---- accepting ---- */

static bool is_welcome(const struct net_server *server, nng_stream *stream)
{
    if (!server->address.is_local)
        return true; /* TLS will judge */
    uint64_t uid = UINT64_MAX;
    if (nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_UID, &uid) != 0)
        return false;
    return uid == 0 || uid == (uint64_t)geteuid();
}

static struct net_link *find_link(struct net_server *server, uint32_t number)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (server->links[i].number == number)
            return &server->links[i];
    }
    return NULL;
}

static uint32_t next_number(struct net_server *server)
{
    if (++server->last_number == 0)
        server->last_number = 1;
    return server->last_number;
}

static void admit(struct net_server *server, nng_stream *stream)
{
    struct net_link *link = find_link(server, 0);
    if (link == NULL || !is_welcome(server, stream)) {
        nng_stream_close(stream);
        nng_stream_free(stream);
        return;
    }
    uint32_t number = next_number(server);
    uint32_t evicted = net_connections_add(&server->connections, number, time_monotonic_ms());
    struct net_link *loser = evicted == 0 ? NULL : find_link(server, evicted);
    link->lock = &server->lock;
    link->events = &LINK_EVENTS;
    link->context = server;
    link->is_local = server->address.is_local;
    net_link_start(link, stream, number);
    if (loser != NULL)
        net_link_end(loser, NNG_ECLOSED);
}

static void accept_more(struct net_server *server, int result)
{
    server->is_pausing = result != 0;
    if (server->is_pausing)
        nng_sleep_aio(ACCEPT_PAUSE_MS, server->acceptor);
    else
        nng_stream_listener_accept(server->listener, server->acceptor);
}

static void accept_done(void *context)
{
    struct net_server *server = context;
    int result = nng_aio_result(server->acceptor);
    pthread_mutex_lock(&server->lock);
    bool was_pausing = server->is_pausing;
    if (!was_pausing && result == 0)
        admit(server, nng_aio_get_output(server->acceptor, 0));
    if (!server->is_closing)
        accept_more(server, was_pausing ? 0 : result);
    pthread_mutex_unlock(&server->lock);
}

/* ---- taking ---- */

static size_t take_waiting(struct net_server *server, struct net_request *requests, size_t count)
{
    size_t taken = 0;
    pthread_mutex_lock(&server->lock);
    while (taken < count) {
        struct net_slot *slot = net_slots_take(&server->slots);
        if (slot == NULL)
            break;
        requests[taken].bytes = net_frame_message(slot->request);
        requests[taken].handle = slot;
        taken++;
    }
    pthread_mutex_unlock(&server->lock);
    return taken;
}

/* Whether slots are short, so that the taker must look again soon. */
static bool relieve(struct net_server *server)
{
    pthread_mutex_lock(&server->lock);
    struct net_slot *longest = net_slots_stalled(&server->slots);
    bool is_short = longest != NULL;
    if (is_short && time_monotonic_ms() >= longest->replied_ms + STALL_MS)
        net_link_end(longest->link, NNG_ETIMEDOUT);
    pthread_mutex_unlock(&server->lock);
    return is_short;
}

static void wait_for_signal(struct net_server *server, uint64_t wait_ms)
{
    struct pollfd poll_fd = {.fd = server->event_fd, .events = POLLIN};
    uint64_t count;
    if (poll(&poll_fd, 1, wait_ms < INT32_MAX ? (int)wait_ms : INT32_MAX) > 0) {
        ssize_t size = read(server->event_fd, &count, sizeof count); /* resets it */
        (void)size;
    }
}

enum err net_server_take(struct net_server *server, struct net_request *requests, size_t *count,
                         uint64_t timeout_ms)
{
    size_t room = *count;
    uint64_t deadline_ms = time_monotonic_ms() + timeout_ms;
    for (;;) {
        *count = take_waiting(server, requests, room);
        if (*count > 0)
            return ERR_OK;
        uint64_t now_ms = time_monotonic_ms();
        if (atomic_exchange(&server->woken, false) || now_ms >= deadline_ms)
            return ERR_TIMEOUT;
        uint64_t wait_ms = deadline_ms - now_ms;
        wait_for_signal(server, relieve(server) && wait_ms > STALL_MS ? STALL_MS : wait_ms);
    }
}

void net_server_wake(struct net_server *server)
{
    atomic_store(&server->woken, true);
    signal_taker(server);
}

/* ---- answering ---- */

static struct net_slot *answered_slot(struct net_request *request)
{
    struct net_slot *slot = request->handle;
    CHECK(slot != NULL && slot->state == NET_SLOT_TAKEN);
    *request = (struct net_request){0};
    return slot;
}

void net_server_drop(struct net_server *server, struct net_request *request)
{
    struct net_slot *slot = answered_slot(request);
    pthread_mutex_lock(&server->lock);
    slot_release(server, slot);
    pthread_mutex_unlock(&server->lock);
}

static void slot_send(struct net_server *server, struct net_slot *slot, struct net_frame *reply)
{
    pthread_mutex_lock(&server->lock);
    if (reply == NULL || slot->link->number != slot->number) { /* the caller has gone */
        net_frame_free(reply);
        slot_release(server, slot);
    } else {
        slot->state = NET_SLOT_SENDING;
        server->replied_ms = slot->replied_ms = time_monotonic_ms();
        reply->owner = slot;
        net_link_send(slot->link, reply);
    }
    pthread_mutex_unlock(&server->lock);
}

void net_server_reply(struct net_server *server, struct net_request *request, struct span reply)
{
    struct net_slot *slot = answered_slot(request);
    struct net_frame *frame = NULL;
    bool is_local = server->address.is_local;
    if (reply.size > NET_SIZE_MAX ||
        net_frame_new(&frame, slot->request->data, reply, is_local) != ERR_OK)
        log_line(LOG_LEVEL_ERROR, "net.reply_lost size=%zu", reply.size);
    slot_send(server, slot, frame);
}

/* ---- opening and closing ---- */

const char *net_server_address(const struct net_server *server)
{
    return server->text;
}

static bool is_sending(struct net_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->is_closing = true;
    bool sending = net_slots_are_sending(&server->slots) ||
                   time_monotonic_ms() < server->replied_ms + LINGER_MS;
    pthread_mutex_unlock(&server->lock);
    return sending;
}

static void end_links(struct net_server *server)
{
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < LINKS_MAX; i++)
        net_link_end(&server->links[i], NNG_ECLOSED);
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < LINKS_MAX; i++)
        net_link_fini(&server->links[i]);
    net_slots_fini(&server->slots);
}

static void stop_listening(struct net_server *server)
{
    if (server->listener != NULL)
        nng_stream_listener_close(server->listener);
    if (server->acceptor != NULL)
        nng_aio_free(server->acceptor);
    if (server->listener != NULL)
        nng_stream_listener_free(server->listener);
}

void net_server_close(struct net_server **handle)
{
    if (*handle == NULL)
        return;
    struct net_server *server = TAKE(*handle);
    uint64_t deadline_ms = time_monotonic_ms() + NET_TIMEOUT_DEFAULT_MS;
    while (is_sending(server) && time_monotonic_ms() < deadline_ms)
        (void)poll(NULL, 0, CLOSING_SLICE_MS);
    stop_listening(server);
    end_links(server);
    if (server->tls != NULL)
        nng_tls_config_free(server->tls);
    if (server->event_fd >= 0)
        close(server->event_fd);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

static enum err name_address(struct net_server *server, const char *address)
{
    int port = 0;
    bool is_local = server->address.is_local;
    if (!is_local)
        TRY(net_nng_err(
            nng_stream_listener_get_int(server->listener, NNG_OPT_TCP_BOUND_PORT, &port)));
    int size =
        is_local ? snprintf(server->text, sizeof server->text, "%s", address)
                 : snprintf(server->text, sizeof server->text, "%s:%d", server->address.host, port);
    return size > 0 && (size_t)size < sizeof server->text ? ERR_OK : ERR_LIMIT;
}

static enum err set_listener(struct net_server *server)
{
    nng_stream_listener *listener = server->listener;
    if (server->address.is_local)
        return net_nng_err(
            nng_stream_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, SOCKET_FILE_MODE));
    TRY(net_nng_err(nng_stream_listener_set_bool(listener, NNG_OPT_TCP_NODELAY, true)));
    TRY(net_nng_err(nng_stream_listener_set_bool(listener, NNG_OPT_TCP_KEEPALIVE, true)));
    return net_nng_err(nng_stream_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, server->tls));
}

static enum err server_listen(struct net_server *server, const char *address)
{
    TRY(net_nng_err(nng_stream_listener_alloc(&server->listener, server->address.url)));
    TRY(set_listener(server));
    TRY(net_nng_err(nng_aio_alloc(&server->acceptor, accept_done, server)));
    TRY(net_nng_err(nng_stream_listener_listen(server->listener)));
    TRY(name_address(server, address));
    nng_stream_listener_accept(server->listener, server->acceptor);
    return ERR_OK;
}

enum err net_server_open(struct net_server **out, const struct net_server_options *options)
{
    struct net_server *server AUTO(net_server_close) = calloc(1, sizeof *server);
    if (server == NULL)
        return ERR_MEMORY;
    pthread_mutex_init(&server->lock, NULL);
    server->slots.links = server->links;
    server->slots.link_count = LINKS_MAX;
    server->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->event_fd < 0)
        return ERR_IO;
    TRY(net_nng_parse(&server->address, options->address));
    struct net_nng_tls tls = {.mode = NNG_TLS_MODE_SERVER,
                              .authority_pem = options->client_authority_pem,
                              .certificate_pem = options->certificate_pem,
                              .key_pem = options->key_pem};
    if (!server->address.is_local)
        TRY(net_nng_configure(&server->tls, &tls));
    TRY(server_listen(server, options->address));
    *out = TAKE(server);
    return ERR_OK;
}
