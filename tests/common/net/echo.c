/* A server in a thread that answers every request with the same bytes, and certificates for it. */
#include "tests/common/net/echo.h"

#include "common/base/time.h"
#include "common/crypto/tls_certificate.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct echo {
    struct net_server *server;
    void (*handler)(struct net_server *server, struct net_request *requests, size_t count);
    pthread_t thread;
    atomic_bool stops;
};

static void answer_all(struct net_server *server, struct net_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        net_server_reply(server, &requests[i], requests[i].bytes);
}

static void *serve(void *context)
{
    struct echo *echo = context;
    while (!atomic_load(&echo->stops)) {
        struct net_request requests[ECHO_BATCH];
        size_t count = ECHO_BATCH;
        if (net_server_take(echo->server, requests, &count, 60000) == ERR_OK)
            echo->handler(echo->server, requests, count);
    }
    return NULL;
}

struct echo *echo_open(const struct net_server_options *options,
                       void (*handler)(struct net_server *server, struct net_request *requests,
                                       size_t count))
{
    struct echo *echo = calloc(1, sizeof *echo);
    cr_assert_not_null(echo);
    echo->handler = handler == NULL ? answer_all : handler;
    enum err error = net_server_open(&echo->server, options);
    cr_assert_eq(error, ERR_OK, "server: %s", err_name(error));
    cr_assert_eq(pthread_create(&echo->thread, NULL, serve, echo), 0);
    return echo;
}

const char *echo_address(const struct echo *echo)
{
    return net_server_address(echo->server);
}

void echo_close(struct echo **handle)
{
    if (*handle == NULL)
        return;
    struct echo *echo = TAKE(*handle);
    atomic_store(&echo->stops, true);
    net_server_wake(echo->server);
    pthread_join(echo->thread, NULL);
    net_server_close(&echo->server);
    free(echo);
}

/* ---- certificates ---- */

static void issue(struct buffer *out, struct secret *key, const struct pki *pki, const char *name)
{
    struct buffer public_pem AUTO(buffer_fini) = {0};
    struct tls_certificate_spec spec = {name, false, time_now() - 3600, time_now() + 3600};
    cr_assert_eq(tls_key_generate(key), ERR_OK);
    cr_assert_eq(tls_key_public(&public_pem, span_of(key->bytes, key->size)), ERR_OK);
    cr_assert_eq(tls_certificate_issue(out, buffer_span(&pki->authority),
                                       span_of(pki->authority_key.bytes, pki->authority_key.size),
                                       buffer_span(&public_pem), &spec),
                 ERR_OK);
}

void pki_open(struct pki *pki)
{
    struct tls_certificate_spec spec = {"ca.dcep", true, time_now() - 3600, time_now() + 3600};
    *pki = (struct pki){0};
    cr_assert_eq(tls_key_generate(&pki->authority_key), ERR_OK);
    cr_assert_eq(tls_certificate_self(&pki->authority,
                                      span_of(pki->authority_key.bytes, pki->authority_key.size),
                                      &spec),
                 ERR_OK);
    issue(&pki->server, &pki->server_key, pki, "central.dcep");
    issue(&pki->client, &pki->client_key, pki, "bank.dcep");
}

void pki_fini(struct pki *pki)
{
    secret_wipe(&pki->authority_key);
    secret_wipe(&pki->server_key);
    secret_wipe(&pki->client_key);
    buffer_fini(&pki->authority);
    buffer_fini(&pki->server);
    buffer_fini(&pki->client);
}

struct net_server_options pki_server(const struct pki *pki, const char *address)
{
    return (struct net_server_options){.address = address,
                                       .certificate_pem = buffer_span(&pki->server),
                                       .key_pem =
                                           span_of(pki->server_key.bytes, pki->server_key.size),
                                       .client_authority_pem = buffer_span(&pki->authority)};
}

struct net_client_options pki_client(const struct pki *pki, const char *address)
{
    return (struct net_client_options){.address = address,
                                       .server_name = "central.dcep",
                                       .authority_pem = buffer_span(&pki->authority),
                                       .certificate_pem = buffer_span(&pki->client),
                                       .key_pem =
                                           span_of(pki->client_key.bytes, pki->client_key.size)};
}

struct net_client *pki_connect(const struct pki *pki, const char *address)
{
    struct net_client *client = NULL;
    struct net_client_options options = pki_client(pki, address);
    cr_assert_eq(net_client_open(&client, &options), ERR_OK);
    return client;
}

void expect_within(uint64_t started_ms, uint64_t least_ms, uint64_t most_ms)
{
    uint64_t took_ms = time_monotonic_ms() - started_ms;
    cr_expect(took_ms >= least_ms && took_ms <= most_ms, "took %lu ms, expected %lu to %lu",
              (unsigned long)took_ms, (unsigned long)least_ms, (unsigned long)most_ms);
}

enum err echo_say(struct net_client *client, const char *text, uint64_t timeout_ms)
{
    struct buffer reply AUTO(buffer_fini) = {0};
    TRY(net_call(client, &reply, span_text(text), timeout_ms));
    return span_equal(buffer_span(&reply), span_text(text)) ? ERR_OK : ERR_INTEGRITY;
}
