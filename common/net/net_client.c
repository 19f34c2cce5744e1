/* A client: one connection over nng req0, made at the first call, remade when it is broken.
 *
 * 1. Every wait ends at the call's deadline; what the system knows sooner is told sooner: a refused connection
 *    when dialling, a broken one while waiting.
 * 2. A request is sent once. nng's own resending is off: a call is idempotent by the id inside it, so the
 *    caller may repeat it, and alone knows whether its deadline and its key still stand.
 * 3. The other side's certificate and name are checked before the first byte of a request leaves.
 * 4. nng never dials by itself: a connection is made inside a call, so a failure has somebody to hear it.
 *
 * Any thread may call; each call has a context of its own, so many can be under way on one connection.
 * Never tells whether a failed call was carried out.
 */
#include "common/net/net.h"

#include "common/base/time.h"
#include "common/net/net_nng.h"

#include <nng/protocol/reqrep0/req.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    /* nng would redial after a random part of this; see pipe_removed. */
    REDIAL_MS = 24 * 60 * 60 * 1000,
    /* How often a request that waits for its turn on the connection looks whether there is still one. */
    SEND_SLICE_MS = 250,
    MS_PER_SECOND = 1000,
    NS_PER_MS = 1000 * 1000,
};

struct client {
    struct net_client base; /* first: it is a net_client */
    struct net_nng_address address;
    nng_tls_config *tls; /* NULL on a local socket */
    nng_socket socket;
    bool is_open;
    pthread_mutex_t dialling;  /* held while a connection is made; guards dialer */
    nng_dialer dialer;         /* id 0: none */
    _Atomic uint32_t pipe;     /* the connection; 0: none */
    _Atomic uint64_t heard_ms; /* when the last reply came */
};

static const nng_dialer NO_DIALER = NNG_DIALER_INITIALIZER;

/* ---- deadlines ---- */

static uint64_t remaining_ms(uint64_t deadline_ms)
{
    uint64_t now = time_monotonic_ms();
    return now < deadline_ms ? deadline_ms - now : 0;
}

static nng_duration duration(uint64_t ms)
{
    return ms < INT32_MAX ? (nng_duration)ms : INT32_MAX;
}

static enum err lock_until(pthread_mutex_t *mutex, uint64_t deadline_ms)
{
    struct timespec at;
    at.tv_sec = (time_t)(deadline_ms / MS_PER_SECOND);
    at.tv_nsec = (long)(deadline_ms % MS_PER_SECOND) * NS_PER_MS;
    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &at) == 0 ? ERR_OK : ERR_TIMEOUT;
}

static void unlock(pthread_mutex_t **mutex)
{
    if (*mutex != NULL)
        pthread_mutex_unlock(*mutex);
}

/* ---- the connection ---- */

static void pipe_added(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct client *client = context;
    (void)event;
    atomic_store(&client->pipe, (uint32_t)nng_pipe_id(pipe));
}

/* Left alone, nng's dialer would now redial by itself, half the times at once however long the pause
 * is set (it takes a signed remainder of a random number). */
static void pipe_removed(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct client *client = context;
    uint32_t gone = (uint32_t)nng_pipe_id(pipe);
    (void)event;
    (void)nng_dialer_close(nng_pipe_dialer(pipe));
    atomic_compare_exchange_strong(&client->pipe, &gone, 0);
}

static bool is_connected(struct client *client)
{
    return atomic_load(&client->pipe) != 0;
}

static void hang_up(struct client *client)
{
    if (client->dialer.id != NO_DIALER.id)
        (void)nng_dialer_close(client->dialer);
    client->dialer = NO_DIALER;
}

/* nng_dialer_start waits as long as system and peer like, so a timer closes the dialer under it. */
struct watch {
    nng_aio *aio;
    nng_dialer dialer;
    atomic_bool is_late;
};

static void watch_rang(void *context)
{
    struct watch *watch = context;
    if (nng_aio_result(watch->aio) != 0)
        return; /* called off */
    atomic_store(&watch->is_late, true);
    (void)nng_dialer_close(watch->dialer);
}

static void watch_fini(struct watch *watch)
{
    if (watch->aio != NULL)
        nng_aio_free(TAKE(watch->aio));
}

static enum err start_dialer(struct client *client, nng_dialer dialer, uint64_t deadline_ms)
{
    struct watch watch AUTO(watch_fini) = {.dialer = dialer};
    TRY(net_nng_err(nng_aio_alloc(&watch.aio, watch_rang, &watch)));
    nng_sleep_aio(duration(remaining_ms(deadline_ms)), watch.aio);
    int result = nng_dialer_start(dialer, 0);
    nng_aio_stop(watch.aio);
    if (atomic_load(&watch.is_late))
        return ERR_TIMEOUT;
    TRY(net_nng_dial_err(result, client->address.is_local));
    /* Connected, and yet the protocol refused the other end: whatever listens there is no server of ours. */
    return is_connected(client) ? ERR_OK : ERR_UNREACHABLE;
}

static enum err make_dialer(struct client *client)
{
    nng_dialer dialer = NNG_DIALER_INITIALIZER;
    TRY(net_nng_err(nng_dialer_create(&dialer, client->socket, client->address.url)));
    client->dialer = dialer;
    TRY(net_nng_err(
        nng_dialer_set_size(dialer, NNG_OPT_RECVMAXSZ, NET_SIZE_MAX + NET_NNG_HEADER_SIZE)));
    TRY(net_nng_err(nng_dialer_set_ms(dialer, NNG_OPT_RECONNMINT, REDIAL_MS)));
    TRY(net_nng_err(nng_dialer_set_ms(dialer, NNG_OPT_RECONNMAXT, REDIAL_MS)));
    if (client->address.is_local)
        return ERR_OK;
    TRY(net_nng_err(nng_dialer_set_bool(dialer, NNG_OPT_TCP_NODELAY, true)));
    return net_nng_err(nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, client->tls));
}

static enum err dial(struct client *client, uint64_t deadline_ms)
{
    hang_up(client);
    enum err error = make_dialer(client);
    if (error == ERR_OK)
        error = start_dialer(client, client->dialer, deadline_ms);
    if (error != ERR_OK)
        hang_up(client);
    return error;
}

static enum err connect_until(struct client *client, uint64_t deadline_ms)
{
    if (is_connected(client))
        return ERR_OK;
    TRY(lock_until(&client->dialling, deadline_ms));
    pthread_mutex_t *locked AUTO(unlock) = &client->dialling;
    (void)locked;
    return is_connected(client) ? ERR_OK : dial(client, deadline_ms);
}

/* ---- one call ---- */

struct exchange {
    nng_ctx context;
    nng_aio *aio;
    nng_msg *message; /* ours while we hold it */
    bool is_open;
};

static void exchange_fini(struct exchange *exchange)
{
    if (exchange->is_open)
        nng_ctx_close(exchange->context);
    if (exchange->aio != NULL)
        nng_aio_free(exchange->aio);
    if (exchange->message != NULL)
        nng_msg_free(exchange->message);
}

static enum err exchange_open(struct exchange *exchange, struct client *client, struct span request)
{
    TRY(net_nng_err(nng_aio_alloc(&exchange->aio, NULL, NULL)));
    TRY(net_nng_err(nng_msg_alloc(&exchange->message, 0)));
    TRY(net_nng_err(nng_msg_append(exchange->message, request.data, request.size)));
    TRY(net_nng_err(nng_ctx_open(&exchange->context, client->socket)));
    exchange->is_open = true;
    return ERR_OK;
}

/* With no connection left nng would hold the request until the deadline, so it is offered in slices. */
static enum err exchange_send(struct exchange *exchange, struct client *client,
                              uint64_t deadline_ms)
{
    for (;;) {
        uint64_t left_ms = remaining_ms(deadline_ms);
        if (left_ms == 0)
            return ERR_TIMEOUT;
        if (!is_connected(client))
            return ERR_UNREACHABLE;
        nng_aio_set_timeout(exchange->aio,
                            duration(left_ms < SEND_SLICE_MS ? left_ms : SEND_SLICE_MS));
        nng_aio_set_msg(exchange->aio, exchange->message);
        nng_ctx_send(exchange->context, exchange->aio);
        nng_aio_wait(exchange->aio);
        int result = nng_aio_result(exchange->aio);
        if (result == 0)
            exchange->message = NULL;
        if (result != NNG_ETIMEDOUT)
            return net_nng_err(result);
    }
}

static enum err exchange_receive(struct exchange *exchange, struct buffer *reply,
                                 uint64_t deadline_ms)
{
    nng_aio_set_msg(exchange->aio, NULL);
    nng_aio_set_timeout(exchange->aio, duration(remaining_ms(deadline_ms)));
    nng_ctx_recv(exchange->context, exchange->aio);
    nng_aio_wait(exchange->aio);
    TRY(net_nng_err(nng_aio_result(exchange->aio)));
    exchange->message = nng_aio_get_msg(exchange->aio);
    nng_aio_set_msg(exchange->aio, NULL);
    size_t size = nng_msg_len(exchange->message);
    if (size > NET_SIZE_MAX)
        return ERR_LIMIT;
    return buffer_put(reply, span_of(nng_msg_body(exchange->message), size));
}

/* Nobody answered on this connection while a whole call timed out: the next call makes a fresh one. (A peer whose
 * machine vanished would else cost every call its deadline until TCP gives up.) */
static void doubt_connection(struct client *client, uint32_t pipe, uint64_t started_ms)
{
    if (pipe != 0 && atomic_load(&client->heard_ms) < started_ms) {
        nng_pipe silent = NNG_PIPE_INITIALIZER;
        silent.id = pipe;
        (void)nng_pipe_close(silent);
        atomic_compare_exchange_strong(&client->pipe, &pipe, 0);
    }
}

static enum err client_call(struct net_client *base, struct buffer *reply, struct span request,
                            uint64_t timeout_ms)
{
    struct client *client = (struct client *)base;
    uint64_t started_ms = time_monotonic_ms();
    uint64_t deadline_ms = started_ms + timeout_ms;
    TRY(connect_until(client, deadline_ms));
    uint32_t pipe = atomic_load(&client->pipe);
    struct exchange exchange AUTO(exchange_fini) = {0};
    TRY(exchange_open(&exchange, client, request));
    TRY(exchange_send(&exchange, client, deadline_ms));
    enum err error = exchange_receive(&exchange, reply, deadline_ms);
    if (error == ERR_TIMEOUT)
        doubt_connection(client, pipe, started_ms);
    else if (error == ERR_OK)
        atomic_store(&client->heard_ms, time_monotonic_ms());
    return error;
}

static enum err client_connect(struct net_client *base, uint64_t timeout_ms)
{
    return connect_until((struct client *)base, time_monotonic_ms() + timeout_ms);
}

/* ---- opening and closing ---- */

static void client_close(struct net_client *base)
{
    struct client *client = (struct client *)base;
    if (client->is_open)
        (void)nng_close(client->socket);
    if (client->tls != NULL)
        nng_tls_config_free(client->tls);
    pthread_mutex_destroy(&client->dialling);
    free(client);
}

static const struct net_client_ops CLIENT_OPS = {client_call, client_close, client_connect};

static enum err client_set_up(struct client *client, const struct net_client_options *options)
{
    TRY(net_nng_parse(&client->address, options->address));
    if (!client->address.is_local) {
        if (client->address.port == 0)
            return ERR_PARSE;
        TRY(net_nng_configure(&client->tls,
                              &(struct net_nng_tls){.mode = NNG_TLS_MODE_CLIENT,
                                                    .server_name = options->server_name,
                                                    .authority_pem = options->authority_pem,
                                                    .certificate_pem = options->certificate_pem,
                                                    .key_pem = options->key_pem}));
    }
    TRY(net_nng_err(nng_req0_open(&client->socket)));
    client->is_open = true;
    TRY(net_nng_err(
        nng_socket_set_ms(client->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE)));
    TRY(net_nng_err(nng_pipe_notify(client->socket, NNG_PIPE_EV_ADD_POST, pipe_added, client)));
    return net_nng_err(nng_pipe_notify(client->socket, NNG_PIPE_EV_REM_POST, pipe_removed, client));
}

enum err net_client_open(struct net_client **out, const struct net_client_options *options)
{
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return ERR_MEMORY;
    client->base.ops = &CLIENT_OPS;
    pthread_mutex_init(&client->dialling, NULL);
    struct net_client *opened AUTO(net_client_close) = &client->base;
    TRY(client_set_up(client, options));
    *out = TAKE(opened);
    return ERR_OK;
}
