/* One caller's connection, seen from the server: requests in, replies out. Private to this room.
 *
 * What goes over it is what nng's req0 speaks: the mappings of the scalability protocols for TCP (here
 * inside TLS) and for local sockets. A greeting of 8 bytes each way, then frames: a length of 8 bytes, most significant
 * first (on a local socket after a byte 01), the request's number of 4 bytes, the message.
 *
 * Every function but net_link_fini is called with the lock held, and so is every event.
 */
#ifndef DCEP_COMMON_NET_NET_LINK_H
#define DCEP_COMMON_NET_NET_LINK_H

#include "common/base/span.h"

#include <nng/nng.h>

#include <pthread.h>

enum {
    NET_LINK_NUMBER_SIZE = 4,
    NET_LINK_HEAD_SIZE_MAX = 9,
    NET_LINK_GREETING_MS = 5000, /* TLS handshake and greeting */
    NET_LINK_REQUEST_MS = 30000, /* from a request's first byte to its last */
    NET_LINK_REPLY_MS = 10000,   /* a reply, once it is its turn */
};

struct net_frame {
    struct net_frame *next;
    void *owner; /* whose reply it is */
    size_t size;
    uint8_t data[];
};
/* ERR_MEMORY. Freed with free. */
enum err net_frame_new(struct net_frame **out, size_t size) MUST_USE;
/* What the caller said, behind the number. */
struct span net_frame_message(const struct net_frame *request);
/* The reply to that request, ready for the wire. */
enum err net_frame_reply(struct net_frame **out, const struct net_frame *request,
                         struct span message, bool is_local) MUST_USE;

struct net_link;
struct net_link_events {
    /* link->request is there; nothing more is read before net_link_resume. */
    void (*received)(struct net_link *link);
    /* A reply left, or never will; it is freed afterwards. */
    void (*sent)(struct net_link *link, struct net_frame *reply);
    /* The connection is gone and the link can be started anew. */
    void (*ended)(struct net_link *link);
};

/* Zeroed = unused. */
struct net_link {
    pthread_mutex_t *lock;
    const struct net_link_events *events;
    void *context;
    uint32_t number; /* tells one use of this link from the next; 0: unused */
    uint64_t parked; /* for the server: its place among those who wait for a slot; 0: none */
    nng_stream *stream;
    nng_aio *rx, *tx;
    bool is_local, is_ending, is_receiving, is_sending;
    enum { NET_LINK_GREETING, NET_LINK_HEAD, NET_LINK_BODY, NET_LINK_HOLDING } stage;
    uint8_t head[NET_LINK_HEAD_SIZE_MAX];
    struct net_frame *request;
    size_t got;
    uint64_t receive_by_ms;
    struct net_frame *first, *last; /* replies; the first is being sent */
    size_t sent;
    uint64_t send_by_ms;
};

/* Takes the stream, whatever happens. lock, events, context and is_local are set before. */
void net_link_start(struct net_link *link, nng_stream *stream, uint32_t number);
/* Hands over the request and reads on. */
struct net_frame *net_link_take(struct net_link *link);
/* Takes the reply. */
void net_link_send(struct net_link *link, struct net_frame *reply);
/* Begins the end; ended is told when nng has let go. */
void net_link_end(struct net_link *link);
/* Without the lock: waits for nng, then frees everything. */
void net_link_fini(struct net_link *link);

#endif
