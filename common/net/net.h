/* Request and reply over TLS, or within one machine: sizes bounded, deadlines everywhere, host name always checked.
 *
 * net_nng.c is the only file that includes nng (rep0/req0 over tls+tcp and ipc); net_loopback.c serves tests. Who is calling
 * is not known from TLS but from the signed call inside (common/money/call.h).
 *
 * Addresses are "HOST:PORT" (TLS) or "ipc:PATH" (control socket, owner only).
 */
#ifndef DCEP_COMMON_NET_NET_H
#define DCEP_COMMON_NET_NET_H

#include "common/base/span.h"

enum { NET_SIZE_MAX = 2 * 1024 * 1024, NET_TIMEOUT_DEFAULT_MS = 10000, NET_CALLS_MAX = 64 };

/* --- client: one connection, made at the first call, remade when broken --- */
struct net_client {
    const struct net_client_ops *ops;
};
struct net_client_ops {
    /* reply appended. ERR_UNREACHABLE (at once where the system says so), ERR_TIMEOUT, ERR_PEER (their certificate or name,
     * or they refused ours), ERR_LIMIT (reply too large). A failed call may or may not have been carried out. */
    enum err (*call)(struct net_client *client, struct buffer *reply, struct span request, uint64_t timeout_ms);
    void (*close)(struct net_client *client);
    enum err (*connect)(struct net_client *client, uint64_t timeout_ms); /* NULL: nothing to do */
};
/* Makes the connection now, for who must know whether anybody is there before a request leaves:
 * nothing is sent. Errors as of a call. */
enum err net_client_connect(struct net_client *client, uint64_t timeout_ms) MUST_USE;
enum err net_call(struct net_client *client, struct buffer *reply, struct span request, uint64_t timeout_ms) MUST_USE;
void net_client_close(struct net_client **client); /* fit for AUTO */

struct net_client_options {
    const char *address;
    const char *server_name;      /* required with TLS: a DNS name */
    struct span authority_pem;    /* what the server's certificate must chain to, or the pinned certificate itself */
    struct span certificate_pem, key_pem; /* mine; size 0 = none */
};
enum err net_client_open(struct net_client **out, const struct net_client_options *options) MUST_USE;

/* --- server: many callers, one thread takes their calls in batches --- */
struct net_server;
struct net_server_options {
    const char *address;                  /* port 0: the system chooses; see net_server_address */
    struct span certificate_pem, key_pem; /* TLS only */
    struct span client_authority_pem;     /* size 0: callers need no certificate; else required and verified */
};
enum err net_server_open(struct net_server **out, const struct net_server_options *options) MUST_USE;
const char *net_server_address(const struct net_server *server); /* "127.0.0.1:43127" */

struct net_request {
    struct span bytes; /* borrowed until answered */
    void *handle;
};
/* What arrived: waits up to timeout_ms for the first, then takes what is there, up to *count. ERR_TIMEOUT. Callable from one
 * thread; net_server_wake may be called from a signal handler or another thread and makes it return ERR_TIMEOUT. */
enum err net_server_take(struct net_server *server, struct net_request *requests, size_t *count, uint64_t timeout_ms) MUST_USE;
void net_server_reply(struct net_server *server, struct net_request *request, struct span reply);
void net_server_drop(struct net_server *server, struct net_request *request); /* no answer: broken bytes */
void net_server_wake(struct net_server *server);
void net_server_close(struct net_server **server); /* waits until sent replies left; fit for AUTO */

/* A TCP port that is free now on the loopback interface (for init --listen 127.0.0.1:0). */
enum err net_free_port(uint16_t *port) MUST_USE;

/* --- loopback: a client whose calls are function calls; faults on purpose --- */
typedef enum err (*net_loopback_handler)(void *context, struct buffer *reply, struct span request);
enum net_loopback_fault { NET_FAULT_NONE, NET_FAULT_LOSE_REQUEST, NET_FAULT_LOSE_REPLY, NET_FAULT_REPEAT };
struct net_loopback_options {
    net_loopback_handler handler;
    void *context;
    enum net_loopback_fault (*fault)(void *context); /* may be NULL; asked once a call */
};
enum err net_loopback_open(struct net_client **out, const struct net_loopback_options *options) MUST_USE;

#endif
