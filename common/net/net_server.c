/* A server: nng rep0 with NET_CALLS_MAX contexts, each a slot that goes round
 *
 *     RECEIVING -> WAITING -> TAKEN -> SENDING -> RECEIVING        (dropped: TAKEN -> RECEIVING)
 *
 * 1. At most NET_CALLS_MAX calls are in the house; whatever else callers send waits in their connections, and
 *    there, TCP makes them wait: nothing here grows with what strangers send.
 * 2. At most NET_CONNECTIONS_MAX connections: one more closes the one that was silent longest. Its owner, if honest, remakes
 *    it at the next call; a flood of idle connections cannot keep others out.
 * 3. A reply that its caller does not read is given up after NET_TIMEOUT_DEFAULT_MS, and the connection with it.
 * 4. On a local socket only the same user and root are let in, and the file is 0600.
 * 5. nng's callbacks only move slots and wake the taker; everything else happens in the thread that takes.
 *
 * Never looks into a request, and never knows from TLS who is calling.
 */
#include "common/net/net.h"

#include "common/base/log.h"
#include "common/base/time.h"
#include "common/net/net_nng.h"

#include <nng/protocol/reqrep0/rep.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    SOCKET_FILE_MODE = 0600,
    /* nng tells that it took a reply, not that the reply left: so long it may take at the end. */
    LINGER_MS = 250,
    CLOSING_SLICE_MS = 5,
};

enum slot_state { SLOT_RECEIVING, SLOT_WAITING, SLOT_TAKEN, SLOT_SENDING, SLOT_STOPPED };

struct slot {
    struct net_server *server;
    nng_ctx context;
    nng_aio *aio;
    nng_msg *message; /* the request, from WAITING to SENDING */
    nng_pipe pipe;    /* where it came from */
    bool is_open;
    enum slot_state state;
    struct slot *next; /* in the queue of those WAITING */
};

struct connection {
    uint32_t pipe; /* 0: free */
    uint64_t active_ms;
};

struct net_server {
    struct net_nng_address address;
    char text[NET_NNG_URL_SIZE]; /* the address with its real port */
    nng_tls_config *tls;
    nng_socket socket;
    bool is_open, is_closing;
    int event_fd; /* readable: something waits, or somebody wants the taker back */
    atomic_bool woken;
    pthread_mutex_t lock; /* guards everything below */
    struct slot slots[NET_CALLS_MAX];
    struct slot *first, *last;
    struct connection connections[NET_CONNECTIONS_MAX];
    uint64_t replied_ms;
};

static void signal_taker(struct net_server *server)
{
    uint64_t one = 1;
    ssize_t written =
        write(server->event_fd, &one, sizeof one); /* fails only when it is set anyway */
    (void)written;
}

/* ---- connections ---- */

/* Called with the lock held; NULL: unknown. */
static struct connection *find_connection(struct net_server *server, uint32_t pipe)
{
    for (size_t i = 0; i < NET_CONNECTIONS_MAX; i++) {
        if (server->connections[i].pipe == pipe)
            return &server->connections[i];
    }
    return NULL;
}

static struct connection *most_silent(struct net_server *server)
{
    struct connection *found = &server->connections[0];
    for (size_t i = 1; i < NET_CONNECTIONS_MAX; i++) {
        if (server->connections[i].active_ms < found->active_ms)
            found = &server->connections[i];
    }
    return found;
}

static void note_activity(struct net_server *server, nng_pipe pipe)
{
    struct connection *known = find_connection(server, (uint32_t)nng_pipe_id(pipe));
    if (known != NULL)
        known->active_ms = time_monotonic_ms();
}

static bool is_welcome(const struct net_server *server, nng_pipe pipe)
{
    if (!server->address.is_local)
        return true; /* TLS has judged */
    uint64_t uid = UINT64_MAX;
    if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &uid) != 0)
        return false;
    return uid == 0 || uid == (uint64_t)geteuid();
}

static void connection_opens(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct net_server *server = context;
    (void)event;
    if (!is_welcome(server, pipe)) {
        (void)nng_pipe_close(pipe);
        return;
    }
    nng_pipe evicted = NNG_PIPE_INITIALIZER;
    pthread_mutex_lock(&server->lock);
    struct connection *place = find_connection(server, 0);
    if (place == NULL) {
        place = most_silent(server);
        evicted.id = place->pipe;
    }
    *place = (struct connection){(uint32_t)nng_pipe_id(pipe), time_monotonic_ms()};
    pthread_mutex_unlock(&server->lock);
    if (evicted.id != 0)
        (void)nng_pipe_close(evicted);
}

static void connection_ends(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct net_server *server = context;
    (void)event;
    pthread_mutex_lock(&server->lock);
    struct connection *known = find_connection(server, (uint32_t)nng_pipe_id(pipe));
    if (known != NULL)
        *known = (struct connection){0};
    pthread_mutex_unlock(&server->lock);
}

/* ---- slots ---- */

static void slot_receive(struct slot *slot)
{
    nng_aio_set_msg(slot->aio, NULL);
    nng_aio_set_timeout(slot->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(slot->context, slot->aio);
}

static void enqueue(struct net_server *server, struct slot *slot)
{
    slot->next = NULL;
    if (server->last == NULL)
        server->first = slot;
    else
        server->last->next = slot;
    server->last = slot;
}

static struct slot *dequeue(struct net_server *server)
{
    struct slot *slot = server->first;
    if (slot != NULL) {
        server->first = slot->next;
        if (server->first == NULL)
            server->last = NULL;
    }
    return slot;
}

/* A request came in, with the lock held. */
static void slot_received(struct slot *slot)
{
    slot->message = nng_aio_get_msg(slot->aio);
    slot->pipe = nng_msg_get_pipe(slot->message);
    slot->state = SLOT_WAITING;
    note_activity(slot->server, slot->pipe);
    enqueue(slot->server, slot);
}

/* nng took the reply or gave it up; then its message is ours again, and a caller who does not read is let go. */
static void slot_sent(struct slot *slot, int result)
{
    if (result == 0)
        return;
    nng_msg *unsent = nng_aio_get_msg(slot->aio);
    if (unsent != NULL)
        nng_msg_free(unsent);
    if (result == NNG_ETIMEDOUT)
        (void)nng_pipe_close(slot->pipe);
}

static void slot_done(void *context)
{
    struct slot *slot = context;
    struct net_server *server = slot->server;
    int result = nng_aio_result(slot->aio);
    pthread_mutex_lock(&server->lock);
    enum slot_state was = slot->state;
    bool receives_again = false;
    if (was == SLOT_RECEIVING && result == 0) {
        slot_received(slot);
    } else if (server->is_closing || result == NNG_ECLOSED) {
        slot->state = SLOT_STOPPED;
    } else {
        slot->state = SLOT_RECEIVING;
        receives_again = true;
    }
    pthread_mutex_unlock(&server->lock);
    if (was == SLOT_SENDING)
        slot_sent(slot, result);
    if (receives_again)
        slot_receive(slot);
    else
        signal_taker(server);
}

/* ---- taking and answering ---- */

static size_t take_waiting(struct net_server *server, struct net_request *requests, size_t count)
{
    size_t taken = 0;
    pthread_mutex_lock(&server->lock);
    while (taken < count) {
        struct slot *slot = dequeue(server);
        if (slot == NULL)
            break;
        slot->state = SLOT_TAKEN;
        requests[taken].bytes = span_of(nng_msg_body(slot->message), nng_msg_len(slot->message));
        requests[taken].handle = slot;
        taken++;
    }
    pthread_mutex_unlock(&server->lock);
    return taken;
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
        wait_for_signal(server, deadline_ms - now_ms);
    }
}

static struct slot *answered_slot(struct net_request *request)
{
    struct slot *slot = request->handle;
    CHECK(slot != NULL && slot->state == SLOT_TAKEN);
    *request = (struct net_request){0};
    return slot;
}

static void slot_release(struct slot *slot)
{
    nng_msg_free(TAKE(slot->message));
    pthread_mutex_lock(&slot->server->lock);
    slot->state = SLOT_RECEIVING;
    pthread_mutex_unlock(&slot->server->lock);
    slot_receive(slot);
}

void net_server_drop(struct net_server *server, struct net_request *request)
{
    (void)server;
    slot_release(answered_slot(request));
}

void net_server_reply(struct net_server *server, struct net_request *request, struct span reply)
{
    struct slot *slot = answered_slot(request);
    nng_msg *message = slot->message; /* the caller's message carries the answer home */
    nng_msg_clear(message);
    if (reply.size > NET_SIZE_MAX || nng_msg_append(message, reply.data, reply.size) != 0) {
        log_line(LOG_LEVEL_ERROR, "net.reply_lost size=%zu", reply.size);
        slot_release(slot);
        return;
    }
    slot->message = NULL;
    pthread_mutex_lock(&server->lock);
    slot->state = SLOT_SENDING;
    server->replied_ms = time_monotonic_ms();
    pthread_mutex_unlock(&server->lock);
    nng_aio_set_msg(slot->aio, message);
    nng_aio_set_timeout(slot->aio, NET_TIMEOUT_DEFAULT_MS);
    nng_ctx_send(slot->context, slot->aio);
}

void net_server_wake(struct net_server *server)
{
    atomic_store(&server->woken, true);
    signal_taker(server);
}

/* ---- opening and closing ---- */

const char *net_server_address(const struct net_server *server)
{
    return server->text;
}

static bool is_sending(struct net_server *server)
{
    bool sending = false;
    pthread_mutex_lock(&server->lock);
    server->is_closing = true;
    for (size_t i = 0; i < NET_CALLS_MAX; i++)
        sending = sending || server->slots[i].state == SLOT_SENDING;
    sending = sending || time_monotonic_ms() < server->replied_ms + LINGER_MS;
    pthread_mutex_unlock(&server->lock);
    return sending;
}

static void slot_fini(struct slot *slot)
{
    if (slot->is_open)
        (void)nng_ctx_close(slot->context);
    if (slot->aio != NULL)
        nng_aio_free(slot->aio);
    if (slot->message != NULL)
        nng_msg_free(slot->message);
}

void net_server_close(struct net_server **handle)
{
    if (*handle == NULL)
        return;
    struct net_server *server = TAKE(*handle);
    uint64_t deadline_ms = time_monotonic_ms() + NET_TIMEOUT_DEFAULT_MS;
    while (server->is_open && is_sending(server) && time_monotonic_ms() < deadline_ms)
        (void)poll(NULL, 0, CLOSING_SLICE_MS);
    for (size_t i = 0; i < NET_CALLS_MAX; i++)
        slot_fini(&server->slots[i]);
    if (server->is_open)
        (void)nng_close(server->socket);
    if (server->tls != NULL)
        nng_tls_config_free(server->tls);
    if (server->event_fd >= 0)
        close(server->event_fd);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

static enum err start_slots(struct net_server *server)
{
    for (size_t i = 0; i < NET_CALLS_MAX; i++) {
        struct slot *slot = &server->slots[i];
        slot->server = server;
        TRY(net_nng_err(nng_aio_alloc(&slot->aio, slot_done, slot)));
        TRY(net_nng_err(nng_ctx_open(&slot->context, server->socket)));
        slot->is_open = true;
    }
    for (size_t i = 0; i < NET_CALLS_MAX; i++)
        slot_receive(&server->slots[i]);
    return ERR_OK;
}

static enum err set_listener(struct net_server *server, nng_listener listener)
{
    TRY(net_nng_err(
        nng_listener_set_size(listener, NNG_OPT_RECVMAXSZ, NET_SIZE_MAX + NET_NNG_HEADER_SIZE)));
    if (server->address.is_local)
        return net_nng_err(
            nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, SOCKET_FILE_MODE));
    TRY(net_nng_err(nng_listener_set_bool(listener, NNG_OPT_TCP_NODELAY, true)));
    TRY(net_nng_err(nng_listener_set_bool(listener, NNG_OPT_TCP_KEEPALIVE, true)));
    return net_nng_err(nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, server->tls));
}

static enum err name_address(struct net_server *server, nng_listener listener, const char *address)
{
    int port = 0;
    if (!server->address.is_local)
        TRY(net_nng_err(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port)));
    int size = server->address.is_local ? snprintf(server->text, sizeof server->text, "%s", address)
                                        : snprintf(server->text, sizeof server->text, "%s:%d",
                                                   server->address.host, port);
    return size > 0 && (size_t)size < sizeof server->text ? ERR_OK : ERR_LIMIT;
}

static enum err server_listen(struct net_server *server, const char *address)
{
    nng_listener listener = NNG_LISTENER_INITIALIZER;
    TRY(net_nng_err(nng_rep0_open(&server->socket)));
    server->is_open = true;
    TRY(net_nng_err(
        nng_pipe_notify(server->socket, NNG_PIPE_EV_ADD_PRE, connection_opens, server)));
    TRY(net_nng_err(
        nng_pipe_notify(server->socket, NNG_PIPE_EV_REM_POST, connection_ends, server)));
    TRY(start_slots(server));
    TRY(net_nng_err(nng_listener_create(&listener, server->socket, server->address.url)));
    TRY(set_listener(server, listener));
    TRY(net_nng_err(nng_listener_start(listener, 0)));
    return name_address(server, listener, address);
}

enum err net_server_open(struct net_server **out, const struct net_server_options *options)
{
    struct net_server *server AUTO(net_server_close) = calloc(1, sizeof *server);
    if (server == NULL)
        return ERR_MEMORY;
    pthread_mutex_init(&server->lock, NULL);
    server->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->event_fd < 0)
        return ERR_IO;
    TRY(net_nng_parse(&server->address, options->address));
    if (!server->address.is_local)
        TRY(net_nng_configure(&server->tls,
                              &(struct net_nng_tls){.mode = NNG_TLS_MODE_SERVER,
                                                    .authority_pem = options->client_authority_pem,
                                                    .certificate_pem = options->certificate_pem,
                                                    .key_pem = options->key_pem}));
    TRY(server_listen(server, options->address));
    *out = TAKE(server);
    return ERR_OK;
}
