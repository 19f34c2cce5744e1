/* Request and reply over TLS, or within one machine: sizes bounded, deadlines everywhere, host name
 * always checked.
 *
 * Over nng's streams (TLS on TCP, local sockets), speaking what nng's req0 and rep0 speak;
 * net_loopback.c serves tests. Who is calling is not known from TLS but from the signed call inside
 * (common/money/call.h).
 *
 * Addresses are "HOST:PORT" (TLS) or "ipc:PATH" (control socket, owner only).
 */
#ifndef DCEP_COMMON_NET_NET_H
#define DCEP_COMMON_NET_NET_H

#include "common/base/span.h"

enum {
    NET_SIZE_MAX = 2 * 1024 * 1024,
    NET_TIMEOUT_DEFAULT_MS = 10000, /* what a timeout of 0 means */
    NET_CALLS_MAX = 64,             /* in a server's house at a time; more wait outside */
};

/* --- client: one connection, made at the first call, remade when broken; for many threads --- */
struct net_client {
    const struct net_client_ops *ops;
};
struct net_client_ops {
    enum err (*call)(struct net_client *client, struct buffer *reply, struct span request,
                     uint64_t timeout_ms);
    void (*close)(struct net_client *client);
    enum err (*connect)(struct net_client *client, uint64_t timeout_ms); /* NULL: nothing to do */
};
/* The reply is appended. A failed call may or may not have been carried out, and is never repeated
 * by this room.
 *   ERR_UNREACHABLE  refused, no such host, or the connection broke: told at once
 *   ERR_TIMEOUT      no answer by the deadline
 *   ERR_PEER         their certificate or name was refused, or they refused ours, or what listens
 *                    there speaks no TLS; nothing was sent
 *   ERR_LIMIT        request beyond NET_SIZE_MAX, or reply beyond it or the buffer */
enum err net_call(struct net_client *client, struct buffer *reply, struct span request,
                  uint64_t timeout_ms) MUST_USE;
/* Makes the connection now, for who must know whether anybody is there before a request leaves:
 * nothing is sent. Errors as of a call. */
enum err net_client_connect(struct net_client *client, uint64_t timeout_ms) MUST_USE;
void net_client_close(struct net_client **client); /* no call under way; fit for AUTO */

struct net_client_options {
    const char *address;
    const char *server_name; /* required with TLS: a DNS name */
    /* what the server's certificate must chain to, or the pinned certificate itself */
    struct span authority_pem;
    struct span certificate_pem, key_pem; /* mine; size 0 = none */
};
/* Connects to nobody yet. ERR_PARSE: address, name or PEM; ERR_LIMIT: path too long. */
enum err net_client_open(struct net_client **out,
                         const struct net_client_options *options) MUST_USE;

/* --- server: many callers, one thread takes their calls in batches --- */
struct net_server;
struct net_server_options {
    const char *address;                  /* port 0: the system chooses; see net_server_address */
    struct span certificate_pem, key_pem; /* TLS only */
    struct span client_authority_pem;     /* size 0: callers need no certificate; else required */
};
/* ERR_PARSE: address or PEM; ERR_LOCKED: another listens there (a socket file that nobody listens
 * at is replaced). */
enum err net_server_open(struct net_server **out,
                         const struct net_server_options *options) MUST_USE;
const char *net_server_address(const struct net_server *server); /* "127.0.0.1:43127" */

struct net_request {
    struct span bytes; /* borrowed until answered */
    void *handle;
};
/* What arrived: waits up to timeout_ms for the first, then takes what is there, up to *count.
 * ERR_TIMEOUT. Callable from one thread, which must come back here soon: it also looks after
 * callers who do not read their replies. net_server_wake may be called from a signal handler or
 * another thread: once nothing waits, the present or next take returns ERR_TIMEOUT. */
enum err net_server_take(struct net_server *server, struct net_request *requests, size_t *count,
                         uint64_t timeout_ms) MUST_USE;
/* From any thread. reply may be the request's own bytes. */
void net_server_reply(struct net_server *server, struct net_request *request, struct span reply);
void net_server_drop(struct net_server *server, struct net_request *request); /* no answer */
void net_server_wake(struct net_server *server);
void net_server_close(struct net_server **server); /* lets replies leave first; fit for AUTO */

/* A TCP port that is free now on the loopback interface (for init --listen 127.0.0.1:0). */
enum err net_free_port(uint16_t *port) MUST_USE;

/* --- loopback: a client whose calls are function calls; faults on purpose --- */
enum net_loopback_fault {
    NET_FAULT_NONE,
    NET_FAULT_LOSE_REQUEST,
    NET_FAULT_LOSE_REPLY,
    NET_FAULT_REPEAT,
};
struct net_loopback_options {
    enum err (*handler)(void *context, struct buffer *reply, struct span request);
    void *context;
    enum net_loopback_fault (*fault)(void *context); /* may be NULL; asked once a call */
};
enum err net_loopback_open(struct net_client **out,
                           const struct net_loopback_options *options) MUST_USE;

#endif
