/* A client: one connection, made at the first call, remade when it is broken.
 *
 * 1. Every wait ends at the call's deadline; what the system knows sooner is told sooner: a refused
 *    connection when dialling, a broken one while waiting.
 * 2. A request is sent once, over one connection. Whether to repeat a call is the caller's
 *    business: it is idempotent by the id inside it, and only the caller knows whether it still
 *    wants it.
 * 3. The other side's certificate and name are checked before the first byte of a request leaves.
 * 4. A connection is made inside a call only, so that a failure has somebody to hear it.
 * 5. After a dial that was given up there is a rest before the next one: libnng's dialler has one
 *    resolver and one connect for all of its dials, and ends the process if a dial begins while
 *    what another gave up still winds down.
 *
 * Any thread may call; many calls can be under way on the one connection.
 * Never tells whether a failed call was carried out.
 */
#include "common/net/net.h"

#include "common/base/time.h"
#include "common/base/wait.h"
#include "common/net/net_link.h"
#include "common/net/net_nng.h"

#include <nng/supplemental/util/platform.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DYING_MS = 50, /* see connect_until */
    WINDING_DOWN_MS = 250,
    REQUEST_MARK = 0x80, /* the top bit of a request's number */
};

struct call {
    struct call *next;
    uint8_t number[NET_LINK_NUMBER_SIZE];
    pthread_cond_t changed;
    bool is_done;
    enum err error;
    struct net_frame *reply;
};

struct client {
    struct net_client base; /* first: it is a net_client */
    struct net_nng_address address;
    nng_tls_config *tls; /* NULL on a local socket */
    nng_stream_dialer *dialer;
    nng_aio *dialling;
    pthread_mutex_t lock;   /* guards everything below */
    pthread_cond_t changed; /* the connection came or went */
    bool is_dialling;
    uint64_t rest_until_ms; /* no dial before */
    struct net_link link;
    struct call *calls; /* those under way */
    uint32_t last_number, last_link;
    uint64_t heard_ms;    /* when the last reply came */
    uint32_t failed_link; /* the last that ended before its greeting, and why */
    enum err failure;
    bool is_cut;
};

/* ---- waiting ---- */

static nng_duration left_ms(uint64_t deadline_ms)
{
    uint64_t now_ms = time_monotonic_ms();
    uint64_t left = now_ms < deadline_ms ? deadline_ms - now_ms : 0;
    return left < INT32_MAX ? (nng_duration)left : INT32_MAX;
}

static void unlock(pthread_mutex_t **mutex)
{
    pthread_mutex_unlock(*mutex);
}

/* ---- what the link tells, with the lock held ---- */

static void finish(struct call *call, enum err error)
{
    call->is_done = true;
    call->error = error;
    pthread_cond_signal(&call->changed);
}

static void forget(struct client *client, const struct call *call)
{
    struct call **at = &client->calls;
    while (*at != NULL && *at != call)
        at = &(*at)->next;
    if (*at != NULL)
        *at = call->next;
}

static struct call *find_call(struct client *client, const uint8_t *number)
{
    struct call *call = client->calls;
    while (call != NULL && memcmp(call->number, number, NET_LINK_NUMBER_SIZE) != 0)
        call = call->next;
    return call;
}

static void link_greeted(struct net_link *link)
{
    struct client *client = link->context;
    pthread_cond_broadcast(&client->changed);
}

static void link_received(struct net_link *link)
{
    struct client *client = link->context;
    struct net_frame *reply = net_link_take(link);
    struct call *call = find_call(client, reply->data);
    client->heard_ms = time_monotonic_ms();
    if (call == NULL || call->is_done) {
        net_frame_free(reply); /* too late: nobody waits for it any more */
        return;
    }
    call->reply = reply;
    finish(call, ERR_OK);
}

static void link_sent(struct net_link *link, struct net_frame *frame)
{
    (void)link;
    (void)frame;
}

/* Before the greeting: a connection that was made and then cut was refused by the other side's TLS,
 * which gives no reason that reaches us. */
static enum err why_not_greeted(const struct net_link *link)
{
    if (net_nng_is_cut(link->reason))
        return link->is_local ? ERR_UNREACHABLE : ERR_PEER;
    return link->reason == NNG_EPROTO ? ERR_UNREACHABLE : net_nng_err(link->reason);
}

static void link_ended(struct net_link *link)
{
    struct client *client = link->context;
    enum err error = link->reason == NNG_EMSGSIZE ? ERR_LIMIT : ERR_UNREACHABLE;
    if (!link->is_greeted) {
        client->failed_link = link->number;
        client->failure = why_not_greeted(link);
        client->is_cut = !link->is_local && net_nng_is_cut(link->reason);
    }
    for (struct call *call = client->calls; call != NULL; call = call->next) {
        if (!call->is_done)
            finish(call, error);
    }
    pthread_cond_broadcast(&client->changed);
}

static const struct net_link_events LINK_EVENTS = {link_greeted, link_received, link_sent,
                                                   link_ended};

/* ---- connecting, with the lock held ---- */

static enum err dial(struct client *client, uint64_t deadline_ms)
{
    client->is_dialling = true;
    pthread_mutex_unlock(&client->lock);
    nng_aio_set_timeout(client->dialling, left_ms(deadline_ms));
    nng_stream_dialer_dial(client->dialer, client->dialling);
    nng_aio_wait(client->dialling);
    int result = nng_aio_result(client->dialling);
    pthread_mutex_lock(&client->lock);
    client->is_dialling = false;
    if (result == NNG_ETIMEDOUT)
        client->rest_until_ms = time_monotonic_ms() + WINDING_DOWN_MS;
    if (result == 0) {
        client->last_link = client->last_link == UINT32_MAX ? 1 : client->last_link + 1;
        net_link_start(&client->link, nng_aio_get_output(client->dialling, 0), client->last_link);
    }
    pthread_cond_broadcast(&client->changed);
    return net_nng_err(result);
}

static bool is_ready(const struct client *client)
{
    return net_link_is_up(&client->link) && client->link.is_greeted;
}

static enum err connect_once(struct client *client, uint64_t deadline_ms)
{
    uint32_t awaited = 0; /* the link whose greeting is awaited */
    while (!is_ready(client)) {
        if (awaited != 0 && awaited != client->link.number) /* it came and went */
            return awaited == client->failed_link ? client->failure : ERR_UNREACHABLE;
        if (net_link_is_up(&client->link))
            awaited = client->link.number;
        const bool is_to_dial = awaited == 0 && !client->is_dialling && client->link.stream == NULL;
        const bool rests = is_to_dial && time_monotonic_ms() < client->rest_until_ms;
        const uint64_t until_ms =
            rests && client->rest_until_ms < deadline_ms ? client->rest_until_ms : deadline_ms;
        if (is_to_dial && !rests)
            TRY(dial(client, deadline_ms));
        else if (!wait_until(&client->changed, &client->lock, until_ms) && until_ms == deadline_ms)
            return ERR_TIMEOUT;
    }
    return ERR_OK;
}

/* A server that is being killed may still take a connection and cut it; a moment later it refuses.
 * One that refuses our certificate cuts every time. */
static enum err connect_until(struct client *client, uint64_t deadline_ms)
{
    client->is_cut = false;
    enum err error = connect_once(client, deadline_ms);
    if (error != ERR_PEER || !client->is_cut || left_ms(deadline_ms) <= DYING_MS)
        return error;
    pthread_mutex_unlock(&client->lock);
    nng_msleep(DYING_MS);
    pthread_mutex_lock(&client->lock);
    return connect_once(client, deadline_ms);
}

static enum err client_connect(struct net_client *base, uint64_t timeout_ms)
{
    struct client *client = (struct client *)base;
    uint64_t deadline_ms = time_monotonic_ms() + timeout_ms;
    pthread_mutex_lock(&client->lock);
    enum err error = connect_until(client, deadline_ms);
    pthread_mutex_unlock(&client->lock);
    return error;
}

/* ---- one call ---- */

static void next_number(struct client *client, uint8_t number[NET_LINK_NUMBER_SIZE])
{
    uint32_t value = ++client->last_number;
    for (size_t i = 0; i < NET_LINK_NUMBER_SIZE; i++)
        number[i] = (uint8_t)(value >> (8 * (NET_LINK_NUMBER_SIZE - 1 - i)));
    number[0] |= REQUEST_MARK;
}

static enum err begin_call(struct client *client, struct call *call, struct span request,
                           uint64_t deadline_ms)
{
    struct net_frame *frame = NULL;
    next_number(client, call->number);
    TRY(connect_until(client, deadline_ms));
    TRY(net_frame_new(&frame, call->number, request, client->address.is_local));
    call->next = client->calls;
    client->calls = call;
    net_link_send(&client->link, frame);
    return ERR_OK;
}

/* A connection on which a whole call went unanswered, and nothing else was heard, is given up: a
 * peer whose machine vanished would else cost every call its deadline, until TCP gives up. */
static void doubt_connection(struct client *client, uint64_t started_ms)
{
    if (client->heard_ms < started_ms)
        net_link_end(&client->link, NNG_ETIMEDOUT);
}

static enum err attempt(struct client *client, struct call *call, struct span request,
                        uint64_t deadline_ms)
{
    pthread_mutex_lock(&client->lock);
    pthread_mutex_t *locked AUTO(unlock) = &client->lock;
    (void)locked;
    uint64_t started_ms = time_monotonic_ms();
    TRY(begin_call(client, call, request, deadline_ms));
    while (!call->is_done && wait_until(&call->changed, &client->lock, deadline_ms))
        continue;
    forget(client, call);
    if (call->is_done)
        return call->error;
    doubt_connection(client, started_ms);
    return ERR_TIMEOUT;
}

static enum err client_call(struct net_client *base, struct buffer *reply, struct span request,
                            uint64_t timeout_ms)
{
    struct client *client = (struct client *)base;
    struct call call = {0};
    wait_open(&call.changed);
    enum err error = attempt(client, &call, request, time_monotonic_ms() + timeout_ms);
    if (error == ERR_OK)
        error = buffer_put(reply, net_frame_message(call.reply));
    net_frame_free(call.reply);
    pthread_cond_destroy(&call.changed);
    return error;
}

/* ---- opening and closing ---- */

static void client_close(struct net_client *base)
{
    struct client *client = (struct client *)base;
    if (client->dialer != NULL)
        nng_stream_dialer_close(client->dialer);
    pthread_mutex_lock(&client->lock);
    net_link_end(&client->link, NNG_ECLOSED);
    pthread_mutex_unlock(&client->lock);
    net_link_fini(&client->link);
    nng_aio_free(client->dialling);
    nng_stream_dialer_free(client->dialer);
    if (client->tls != NULL)
        nng_tls_config_free(client->tls);
    pthread_mutex_destroy(&client->lock);
    pthread_cond_destroy(&client->changed);
    free(client);
}

static const struct net_client_ops CLIENT_OPS = {client_call, client_close, client_connect};

static enum err set_up_tls(struct client *client, const struct net_client_options *options)
{
    if (client->address.port == 0)
        return ERR_PARSE;
    struct net_nng_tls tls = {.mode = NNG_TLS_MODE_CLIENT,
                              .server_name = options->server_name,
                              .authority_pem = options->authority_pem,
                              .certificate_pem = options->certificate_pem,
                              .key_pem = options->key_pem};
    TRY(net_nng_configure(&client->tls, &tls));
    TRY(net_nng_err(nng_stream_dialer_alloc(&client->dialer, client->address.url)));
    TRY(net_nng_err(nng_stream_dialer_set_bool(client->dialer, NNG_OPT_TCP_NODELAY, true)));
    return net_nng_err(nng_stream_dialer_set_ptr(client->dialer, NNG_OPT_TLS_CONFIG, client->tls));
}

static enum err set_up(struct client *client, const struct net_client_options *options)
{
    TRY(net_nng_parse(&client->address, options->address));
    if (client->address.is_local)
        TRY(net_nng_err(nng_stream_dialer_alloc(&client->dialer, client->address.url)));
    else
        TRY(set_up_tls(client, options));
    client->link.lock = &client->lock;
    client->link.events = &LINK_EVENTS;
    client->link.context = client;
    client->link.is_client = true;
    client->link.is_local = client->address.is_local;
    return net_nng_err(nng_aio_alloc(&client->dialling, NULL, NULL));
}

enum err net_client_open(struct net_client **out, const struct net_client_options *options)
{
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return ERR_MEMORY;
    client->base.ops = &CLIENT_OPS;
    pthread_mutex_init(&client->lock, NULL);
    wait_open(&client->changed);
    struct net_client *opened AUTO(net_client_close) = &client->base;
    TRY(set_up(client, options));
    *out = TAKE(opened);
    return ERR_OK;
}
