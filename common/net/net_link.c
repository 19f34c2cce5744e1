/* One connection, of a server or of a client: frames out, frames in.
 *
 * 1. At most one received frame is held here; the next is read only after that one was taken.
 * 2. Every read has a deadline but the one for the first byte of a frame; every write has one.
 * 3. Memory for a frame is reserved only after its length was found within NET_SIZE_MAX.
 * 4. Whatever goes wrong ends this link and nothing else.
 * 5. A client sends nothing but its greeting before it has heard the server's; TLS sends nothing
 *    before the certificates were judged.
 *
 * Never looks into a message.
 */
#include "common/net/net_link.h"

#include "common/base/secret.h"
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

/* protocol numbers: 0x30 who requests, 0x31 who replies */
static const uint8_t GREETING_REPLIER[GREETING_SIZE] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
static const uint8_t GREETING_REQUESTER[GREETING_SIZE] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

/* ---- frames ---- */

static struct net_frame *frame_of(size_t size)
{
    struct net_frame *frame = malloc(sizeof *frame + size);
    if (frame != NULL)
        *frame = (struct net_frame){.size = size};
    return frame;
}

void net_frame_free(struct net_frame *frame)
{
    if (frame != NULL)
        secret_wipe_bytes(frame->data, frame->size);
    free(frame);
}

struct span net_frame_message(const struct net_frame *received)
{
    return span_of(received->data + NET_LINK_NUMBER_SIZE, received->size - NET_LINK_NUMBER_SIZE);
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

enum err net_frame_new(struct net_frame **out, const uint8_t number[NET_LINK_NUMBER_SIZE],
                       struct span message, bool is_local)
{
    size_t head = head_size(is_local), length = NET_LINK_NUMBER_SIZE + message.size;
    struct net_frame *frame = frame_of(head + length);
    if (frame == NULL)
        return ERR_MEMORY;
    put_head(frame->data, length, is_local);
    memcpy(frame->data + head, number, NET_LINK_NUMBER_SIZE);
    if (message.size > 0)
        memcpy(frame->data + head + NET_LINK_NUMBER_SIZE, message.data, message.size);
    *out = frame;
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

/* The next frame, if it may leave now. */
static void send_next(struct net_link *link)
{
    bool may_send = link->is_greeted || !link->is_client;
    if (link->first != NULL && !link->is_sending && may_send && net_link_is_up(link))
        send_first(link, NET_LINK_FRAME_MS);
}

/* ---- the end ---- */

static struct net_frame *pop_frame(struct net_link *link)
{
    struct net_frame *frame = link->first;
    link->first = frame->next;
    if (link->first == NULL)
        link->last = NULL;
    return frame;
}

static void let_go(struct net_link *link)
{
    struct net_frame *frame = pop_frame(link);
    link->events->sent(link, frame);
    net_frame_free(frame);
}

static void end_if_idle(struct net_link *link)
{
    if (!link->is_ending || link->is_receiving || link->is_sending || link->stream == NULL)
        return;
    nng_stream_free(TAKE(link->stream));
    while (link->first != NULL)
        let_go(link);
    net_frame_free(TAKE(link->frame));
    link->events->ended(link);
    link->number = 0;
}

void net_link_end(struct net_link *link, int reason)
{
    if (!net_link_is_up(link))
        return;
    link->is_ending = true;
    link->reason = reason;
    nng_stream_close(link->stream);
    end_if_idle(link);
}

bool net_link_is_up(const struct net_link *link)
{
    return link->stream != NULL && !link->is_ending;
}

/* ---- receiving ---- */

static void next_stage(struct net_link *link, enum net_link_stage stage, uint64_t within_ms)
{
    link->stage = stage;
    link->got = 0;
    link->receive_by_ms = time_monotonic_ms() + within_ms;
}

static void begin_frame(struct net_link *link)
{
    next_stage(link, NET_LINK_HEAD, 0);
    receive(link, link->head, head_size(link->is_local));
}

static void begin_body(struct net_link *link)
{
    uint64_t length = read_head(link->head, link->is_local);
    if (length < NET_LINK_NUMBER_SIZE || length > NET_SIZE_MAX + NET_LINK_NUMBER_SIZE) {
        net_link_end(link, length == UINT64_MAX ? NNG_EPROTO : NNG_EMSGSIZE);
        return;
    }
    link->frame = frame_of((size_t)length);
    if (link->frame == NULL) {
        net_link_end(link, NNG_ENOMEM);
        return;
    }
    next_stage(link, NET_LINK_BODY, NET_LINK_FRAME_MS);
    receive(link, link->frame->data, link->frame->size);
}

static void finish_body(struct net_link *link)
{
    if ((link->frame->data[0] & REQUEST_MARK) == 0) {
        net_link_end(link, NNG_EPROTO);
        return;
    }
    link->stage = NET_LINK_HOLDING;
    link->events->received(link);
}

/* Where the bytes of this stage go, and how many they are. */
static uint8_t *wanted(struct net_link *link, size_t *size)
{
    if (link->stage == NET_LINK_BODY) {
        *size = link->frame->size;
        return link->frame->data;
    }
    *size = link->stage == NET_LINK_GREETING ? GREETING_SIZE : head_size(link->is_local);
    return link->head;
}

static void finish_greeting(struct net_link *link)
{
    const uint8_t *expected = link->is_client ? GREETING_REPLIER : GREETING_REQUESTER;
    if (memcmp(link->head, expected, GREETING_SIZE) != 0) {
        net_link_end(link, NNG_EPROTO);
        return;
    }
    link->is_greeted = true;
    link->events->greeted(link);
    send_next(link);
    begin_frame(link);
}

static void advance(struct net_link *link)
{
    switch (link->stage) {
    case NET_LINK_GREETING:
        finish_greeting(link);
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
        link->receive_by_ms = time_monotonic_ms() + NET_LINK_FRAME_MS;
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
        net_link_end(link, nng_aio_result(link->rx));
    else if (!link->is_ending)
        received_some(link, nng_aio_count(link->rx));
    end_if_idle(link);
    pthread_mutex_unlock(link->lock);
}

struct net_frame *net_link_take(struct net_link *link)
{
    struct net_frame *frame = TAKE(link->frame);
    if (net_link_is_up(link))
        begin_frame(link);
    return frame;
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
    send_next(link);
}

static void send_done(void *context)
{
    struct net_link *link = context;
    pthread_mutex_lock(link->lock);
    link->is_sending = false;
    if (nng_aio_result(link->tx) != 0)
        net_link_end(link, nng_aio_result(link->tx));
    else if (!link->is_ending)
        sent_some(link, nng_aio_count(link->tx));
    end_if_idle(link);
    pthread_mutex_unlock(link->lock);
}

static void append(struct net_link *link, struct net_frame *frame)
{
    if (link->last == NULL)
        link->first = frame;
    else
        link->last->next = frame;
    link->last = frame;
}

void net_link_send(struct net_link *link, struct net_frame *frame)
{
    append(link, frame);
    send_next(link);
}

/* ---- starting and freeing ---- */

static enum err greet(struct net_link *link)
{
    if (link->rx == NULL && nng_aio_alloc(&link->rx, receive_done, link) != 0)
        return ERR_MEMORY;
    if (link->tx == NULL && nng_aio_alloc(&link->tx, send_done, link) != 0)
        return ERR_MEMORY;
    struct net_frame *greeting = frame_of(GREETING_SIZE);
    if (greeting == NULL)
        return ERR_MEMORY;
    memcpy(greeting->data, link->is_client ? GREETING_REQUESTER : GREETING_REPLIER, GREETING_SIZE);
    append(link, greeting);
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
    link->is_greeted = false;
    link->parked = 0;
    if (greet(link) != ERR_OK)
        net_link_end(link, NNG_ENOMEM);
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
        net_frame_free(pop_frame(link));
    net_frame_free(TAKE(link->frame));
    if (link->stream != NULL)
        nng_stream_free(TAKE(link->stream));
}
