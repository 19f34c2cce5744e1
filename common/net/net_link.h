/* One connection, of a server or of a client: frames out, frames in. Private to this room.
 *
 * What goes over it is what nng's req0 and rep0 speak: the mappings of the scalability protocols
 * for TCP (here inside TLS) and for local sockets. A greeting of 8 bytes each way, then frames: a
 * length of 8 bytes, most significant first (on a local socket after a byte 01), the request's
 * number of 4 bytes, the message. A reply bears its request's number.
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
    NET_LINK_FRAME_MS = 30000,   /* from a frame's first byte to its last */
};

struct net_frame {
    struct net_frame *next;
    void *owner; /* whose it is, for the event sent */
    size_t size;
    uint8_t data[];
};
/* A frame as it goes out. ERR_MEMORY. */
enum err net_frame_new(struct net_frame **out, const uint8_t number[NET_LINK_NUMBER_SIZE],
                       struct span message, bool is_local) MUST_USE;
/* Wiped first: over a local socket passphrases come in. NULL: nothing. */
void net_frame_free(struct net_frame *frame);
/* What a frame that came in says, behind its number (which are its first bytes). */
struct span net_frame_message(const struct net_frame *received);

struct net_link;
struct net_link_events {
    /* Both sides have said what they are. */
    void (*greeted)(struct net_link *link);
    /* link->frame is there; nothing more is read before net_link_take. */
    void (*received)(struct net_link *link);
    /* A frame left, or never will; it is freed afterwards. */
    void (*sent)(struct net_link *link, struct net_frame *frame);
    /* The connection is gone, for link->reason; then the link can be started anew. */
    void (*ended)(struct net_link *link);
};

enum net_link_stage {
    NET_LINK_GREETING,
    NET_LINK_HEAD,
    NET_LINK_BODY,
    NET_LINK_HOLDING, /* until the frame is taken */
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
    bool is_local, is_client; /* set before the start */
    bool is_greeted, is_ending, is_receiving, is_sending;
    int reason;                /* nng's, why it ended */
    enum net_link_stage stage; /* of receiving */
    uint8_t head[NET_LINK_HEAD_SIZE_MAX];
    struct net_frame *frame; /* coming in */
    size_t got;
    uint64_t receive_by_ms;
    struct net_frame *first, *last; /* going out; the first is under way */
    size_t sent;
    uint64_t send_by_ms;
};

/* Takes the stream, whatever happens. */
void net_link_start(struct net_link *link, nng_stream *stream, uint32_t number);
bool net_link_is_up(const struct net_link *link);
/* Hands over the frame that came in, and reads on. */
struct net_frame *net_link_take(struct net_link *link);
/* Takes the frame; a client's leaves after the greeting. */
void net_link_send(struct net_link *link, struct net_frame *frame);
/* Begins the end; ended is told when nng has let go. reason: nng's. */
void net_link_end(struct net_link *link, int reason);
/* Without the lock: waits for nng, then frees everything. */
void net_link_fini(struct net_link *link);

#endif
