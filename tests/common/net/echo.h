/* A server in a thread that answers every request with the same bytes, and certificates for it. */
#ifndef DCEP_TESTS_COMMON_NET_ECHO_H
#define DCEP_TESTS_COMMON_NET_ECHO_H

#include "common/base/secret.h"
#include "common/net/net.h"

enum { ECHO_BATCH = NET_CALLS_MAX };

struct echo;
/* Answers or drops each of a batch. NULL in echo_open: answer all with themselves. */
struct echo *echo_open(const struct net_server_options *options,
                       void (*handler)(struct net_server *server, struct net_request *requests,
                                       size_t count));
const char *echo_address(const struct echo *echo);
void echo_close(struct echo **echo); /* fit for AUTO */

/* An authority, a server "central.dcep" and a client "bank.dcep", all good. */
struct pki {
    struct secret authority_key, server_key, client_key;
    struct buffer authority, server, client;
};
void pki_open(struct pki *pki);
void pki_fini(struct pki *pki);
struct net_server_options pki_server(const struct pki *pki, const char *address);
struct net_client_options pki_client(const struct pki *pki, const char *address);
struct net_client *pki_connect(const struct pki *pki, const char *address); /* opened only */

/* One call with a text; the reply is compared with it. ERR_OK: the same came back. */
enum err echo_say(struct net_client *client, const char *text, uint64_t timeout_ms) MUST_USE;

void expect_within(uint64_t started_ms, uint64_t least_ms, uint64_t most_ms);

#define EXPECT(expression, expected)                                                               \
    do {                                                                                           \
        enum err error_ = (expression);                                                            \
        cr_expect_eq(error_, (expected), "%s: %s", #expression, err_name(error_));                 \
    } while (0)

#endif
