/* One caller's connection, seen from the server: requests in, replies out.
 *
 * 1. At most one request of a link is held here; the next is read only after the server took it.
 * 2. Every read has a deadline but the one for the first byte of a request; every write has one.
 * 3. Memory for a request is reserved only after its length was found within NET_SIZE_MAX.
 * 4. Whatever goes wrong ends this link and nothing else.
 *
 * Never looks into a message.
 */
#include "common/net/net_link.h"

#include "common/base/time.h"
#include "common/net/net.h"

#include <stdlib.h>
#include <string.h>

enum {
    GREETING_SIZE = 8,
    LENGTH_SIZE = 8,
    LOCAL_MARK = 1,      /* the byte before a length on a local socket */
    REQUEST_MARK = 0x80, /* the top bit of a request's number */
};

static const uint8_t GREETING_REPLIER[GREETING_SIZE] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
static const uint8_t GREETING_REQUESTER[GREETING_SIZE] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

/* ---- frames ---- */

enum err net_frame_new(struct net_frame **out, size_t size)
{
    struct net_frame *frame = malloc(sizeof *frame + size);
    if (frame == NULL)
        return ERR_MEMORY;
    *frame = (struct net_frame){.size = size};
    *out = frame;
    return ERR_OK;
}

struct span net_frame_message(const struct net_frame *request)
{
    return span_of(request->data + NET_LINK_NUMBER_SIZE, request->size - NET_LINK_NUMBER_SIZE);
}

static size_t head_size(bool is_local)
{
    return is_local ? LENGTH_SIZE + 1 : LENGTH_SIZE;
}

static void put_head(uint8_t *head, uint64_t length, bool is_local)
{
    if (is_local)
        *head++ = LOCAL_MARK;
    for (size_t i = 0; i < LENGTH_SIZE; i++)
        head[i] = (uint8_t)(length >> (8 * (LENGTH_SIZE - 1 - i)));
}

/* UINT64_MAX: not a head. */
static uint64_t read_head(const uint8_t *head, bool is_local)
{
    uint64_t length = 0;
    if (is_local && *head++ != LOCAL_MARK)
        return UINT64_MAX;
    for (size_t i = 0; i < LENGTH_SIZE; i++)
        length = length << 8 | head[i];
    return length;
}

enum err net_frame_reply(struct net_frame **out, const struct net_frame *request,
                         struct span message, bool is_local)
{
    size_t head = head_size(is_local), number = NET_LINK_NUMBER_SIZE;
    struct net_frame *reply = NULL;
    TRY(net_frame_new(&reply, head + number + message.size));
    put_head(reply->data, number + message.size, is_local);
    memcpy(reply->data + head, request->data, number);
    if (message.size > 0)
        memcpy(reply->data + head + number, message.data, message.size);
    *out = reply;
    return ERR_OK;
}

/* ---- reading and writing, as much as it takes ---- */

static nng_duration left_ms(uint64_t by_ms)
{
    uint64_t now_ms = time_monotonic_ms();
    return now_ms < by_ms ? (nng_duration)(by_ms - now_ms) : 0;
}

static void receive(struct net_link *link, uint8_t *data, size_t size)
{
    nng_iov iov = {data + link->got, size - link->got};
    bool is_idle = link->stage == NET_LINK_HEAD && link->got == 0;
    nng_aio_set_timeout(link->rx, is_idle ? NNG_DURATION_INFINITE : left_ms(link->receive_by_ms));
    (void)nng_aio_set_iov(link->rx, 1, &iov);
    link->is_receiving = true;
    nng_stream_recv(link->stream, link->rx);
}

static void send(struct net_link *link)
{
    nng_iov iov = {link->first->data + link->sent, link->first->size - link->sent};
    nng_aio_set_timeout(link->tx, left_ms(link->send_by_ms));
    (void)nng_aio_set_iov(link->tx, 1, &iov);
    link->is_sending = true;
    nng_stream_send(link->stream, link->tx);
}

static void send_first(struct net_link *link, uint64_t within_ms)
{
    link->sent = 0;
    link->send_by_ms = time_monotonic_ms() + within_ms;
    send(link);
}

/* ---- the end ---- */

static struct net_frame *pop_reply(struct net_link *link)
{
    struct net_frame *reply = link->first;
    link->first = reply->next;
    if (link->first == NULL)
        link->last = NULL;
    return reply;
}

static void let_go(struct net_link *link)
{
    struct net_frame *reply = pop_reply(link);
    link->events->sent(link, reply);
    free(reply);
}

static void end_if_idle(struct net_link *link)
{
    if (!link->is_ending || link->is_receiving || link->is_sending || link->stream == NULL)
        return;
    nng_stream_free(TAKE(link->stream));
    while (link->first != NULL)
        let_go(link);
    free(TAKE(link->request));
    link->events->ended(link);
    link->number = 0;
}

void net_link_end(struct net_link *link)
{
    if (link->stream == NULL || link->is_ending)
        return;
    link->is_ending = true;
    nng_stream_close(link->stream);
    end_if_idle(link);
}

/* ---- receiving ---- */

static void next_stage(struct net_link *link, int stage, uint64_t within_ms)
{
    link->stage = stage;
    link->got = 0;
    link->receive_by_ms = time_monotonic_ms() + within_ms;
}

static void begin_request(struct net_link *link)
{
    next_stage(link, NET_LINK_HEAD, 0);
    receive(link, link->head, head_size(link->is_local));
}

static void begin_body(struct net_link *link)
{
    uint64_t length = read_head(link->head, link->is_local);
    if (length < NET_LINK_NUMBER_SIZE || length > NET_SIZE_MAX + NET_LINK_NUMBER_SIZE ||
        net_frame_new(&link->request, (size_t)length) != ERR_OK) {
        net_link_end(link);
        return;
    }
    next_stage(link, NET_LINK_BODY, NET_LINK_REQUEST_MS);
    receive(link, link->request->data, link->request->size);
}

static void finish_body(struct net_link *link)
{
    if ((link->request->data[0] & REQUEST_MARK) == 0) {
        net_link_end(link);
        return;
    }
    link->stage = NET_LINK_HOLDING;
    link->events->received(link);
}

/* Where the bytes of this stage go, and how many they are. */
static uint8_t *wanted(struct net_link *link, size_t *size)
{
    if (link->stage == NET_LINK_BODY) {
        *size = link->request->size;
        return link->request->data;
    }
    *size = link->stage == NET_LINK_GREETING ? GREETING_SIZE : head_size(link->is_local);
    return link->head;
}

static void advance(struct net_link *link)
{
    switch (link->stage) {
    case NET_LINK_GREETING:
        if (memcmp(link->head, GREETING_REQUESTER, GREETING_SIZE) == 0)
            begin_request(link);
        else
            net_link_end(link);
        break;
    case NET_LINK_HEAD:
        begin_body(link);
        break;
    case NET_LINK_BODY:
        finish_body(link);
        break;
    case NET_LINK_HOLDING:
        break;
    }
}

static void received_some(struct net_link *link, size_t count)
{
    size_t size;
    uint8_t *data = wanted(link, &size);
    if (link->stage == NET_LINK_HEAD && link->got == 0)
        link->receive_by_ms = time_monotonic_ms() + NET_LINK_REQUEST_MS;
    link->got += count;
    if (link->got < size)
        receive(link, data, size);
    else
        advance(link);
}

static void receive_done(void *context)
{
    struct net_link *link = context;
    pthread_mutex_lock(link->lock);
    link->is_receiving = false;
    if (nng_aio_result(link->rx) != 0)
        net_link_end(link);
    else if (!link->is_ending)
        received_some(link, nng_aio_count(link->rx));
    end_if_idle(link);
    pthread_mutex_unlock(link->lock);
}

struct net_frame *net_link_take(struct net_link *link)
{
    struct net_frame *request = TAKE(link->request);
    if (!link->is_ending)
        begin_request(link);
    return request;
}

/* ---- sending ---- */

static void sent_some(struct net_link *link, size_t count)
{
    link->sent += count;
    if (link->sent < link->first->size) {
        send(link);
        return;
    }
    let_go(link);
    if (link->first != NULL && !link->is_sending && !link->is_ending)
        send_first(link, NET_LINK_REPLY_MS);
}

static void send_done(void *context)
{
    struct net_link *link = context;
    pthread_mutex_lock(link->lock);
    link->is_sending = false;
    if (nng_aio_result(link->tx) != 0)
        net_link_end(link);
    else if (!link->is_ending)
        sent_some(link, nng_aio_count(link->tx));
    end_if_idle(link);
    pthread_mutex_unlock(link->lock);
}

static void append_reply(struct net_link *link, struct net_frame *reply)
{
    if (link->last == NULL)
        link->first = reply;
    else
        link->last->next = reply;
    link->last = reply;
}

void net_link_send(struct net_link *link, struct net_frame *reply)
{
    append_reply(link, reply);
    if (!link->is_sending && !link->is_ending)
        send_first(link, NET_LINK_REPLY_MS);
}

/* ---- starting and freeing ---- */

static enum err greet(struct net_link *link)
{
    struct net_frame *greeting = NULL;
    if (link->rx == NULL && nng_aio_alloc(&link->rx, receive_done, link) != 0)
        return ERR_MEMORY;
    if (link->tx == NULL && nng_aio_alloc(&link->tx, send_done, link) != 0)
        return ERR_MEMORY;
    TRY(net_frame_new(&greeting, GREETING_SIZE));
    memcpy(greeting->data, GREETING_REPLIER, GREETING_SIZE);
    append_reply(link, greeting);
    send_first(link, NET_LINK_GREETING_MS);
    next_stage(link, NET_LINK_GREETING, NET_LINK_GREETING_MS);
    receive(link, link->head, GREETING_SIZE);
    return ERR_OK;
}

void net_link_start(struct net_link *link, nng_stream *stream, uint32_t number)
{
    link->stream = stream;
    link->number = number;
    link->is_ending = false;
    link->parked = 0;
    if (greet(link) != ERR_OK)
        net_link_end(link);
}

/* nng_aio_free waits for a callback under way, which still needs the pointer. */
static void free_aio(nng_aio **aio)
{
    if (*aio != NULL)
        nng_aio_stop(*aio);
    nng_aio_free(TAKE(*aio));
}

void net_link_fini(struct net_link *link)
{
    free_aio(&link->rx);
    free_aio(&link->tx);
    while (link->first != NULL)
        free(pop_reply(link));
    free(TAKE(link->request));
    if (link->stream != NULL)
        nng_stream_free(TAKE(link->stream));
}
