/* What client and server share of nng: addresses, errors, TLS settings. Private to this room.
 *
 * Of nng this room uses the streams (TLS over TCP, local sockets) and the asynchronous I/O beneath
 * its protocols, not the protocols: docs/adr/0007-transport.md.
 */
#ifndef DCEP_COMMON_NET_NET_NNG_H
#define DCEP_COMMON_NET_NET_NNG_H

#include "common/base/span.h"

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

enum {
    NET_NNG_URL_SIZE = 128,   /* nng's own limit on an address */
    NET_NNG_HEADER_SIZE = 64, /* what nng puts before a message counts against its size limit */
    NET_NNG_PEM_SIZE_MAX = 65536,
};

/* A place to call or to listen at, taken apart. */
struct net_nng_address {
    char url[NET_NNG_URL_SIZE]; /* "tls+tcp://HOST:PORT" or "ipc://PATH" */
    char host[NET_NNG_URL_SIZE];
    uint16_t port;
    bool is_local;
};
/* ERR_PARSE: neither HOST:PORT nor ipc:PATH; ERR_LIMIT: too long for a socket. */
enum err net_nng_parse(struct net_nng_address *out, const char *address) MUST_USE;

/* What nng says, in our words, for a connection that exists. */
enum err net_nng_err(int result) MUST_USE;
/* There was a connection, and it ended for no reason given. In a TLS handshake that is how it looks
 * when the other side refuses our certificate. */
bool net_nng_is_cut(int result) MUST_USE;

struct net_nng_tls {
    nng_tls_mode mode;
    const char *server_name; /* clients only */
    struct span authority_pem, certificate_pem, key_pem;
};
/* TLS 1.2 or newer; the other side's certificate REQUIRED wherever there is an authority, and
 * always by a client. ERR_PARSE: bad name or PEM, a client without authority, a server without
 * certificate. */
enum err net_nng_configure(nng_tls_config **out, const struct net_nng_tls *tls) MUST_USE;

#endif
