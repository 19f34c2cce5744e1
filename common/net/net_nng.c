/* What client and server share of nng: addresses, errors, TLS settings.
 *
 * 1. A client's TLS setting always has an authority and a host name, and requires the certificate:
 *    nng checks no name at all unless one is set.
 * 2. A copy of a key that had to be made for nng is wiped before it is freed.
 * 3. Nothing below TLS 1.2.
 *
 * Never reads a file: PEM comes as bytes.
 */
#include "common/net/net_nng.h"

#include "common/base/secret.h"
#include "common/crypto/tls_certificate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static const char LOCAL_PREFIX[] = "ipc:";

/* ---- addresses ---- */

static enum err parse_local(struct net_nng_address *out, const char *path)
{
    if (*path == '\0')
        return ERR_PARSE;
    if (strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return ERR_LIMIT;
    int size = snprintf(out->url, sizeof out->url, "ipc://%s", path);
    if (size < 0 || (size_t)size >= sizeof out->url)
        return ERR_LIMIT;
    out->is_local = true;
    return ERR_OK;
}

static enum err parse_port(uint16_t *out, const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > 5 || strspn(text, "0123456789") != length)
        return ERR_PARSE;
    unsigned long port = strtoul(text, NULL, 10);
    if (port > UINT16_MAX)
        return ERR_PARSE;
    *out = (uint16_t)port;
    return ERR_OK;
}

/* Only what a host may consist of reaches nng's parser, which knows paths, queries and users. */
static bool is_host(const char *text, size_t length)
{
    bool is_v6 = length > 2 && text[0] == '[' && text[length - 1] == ']';
    if (is_v6) {
        text++;
        length -= 2;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_v6 ? !isxdigit(c) && c != ':' : !isalnum(c) && c != '.' && c != '-')
            return false;
    }
    return length > 0;
}

static enum err parse_remote(struct net_nng_address *out, const char *address)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL)
        return ERR_PARSE;
    size_t length = (size_t)(colon - address);
    if (!is_host(address, length))
        return ERR_PARSE;
    TRY(parse_port(&out->port, colon + 1));
    int size = snprintf(out->url, sizeof out->url, "tls+tcp://%s", address);
    if (size < 0 || (size_t)size >= sizeof out->url)
        return ERR_LIMIT;
    memcpy(out->host, address, length);
    return ERR_OK;
}

enum err net_nng_parse(struct net_nng_address *out, const char *address)
{
    *out = (struct net_nng_address){0};
    if (address == NULL)
        return ERR_PARSE;
    size_t prefix = sizeof LOCAL_PREFIX - 1;
    if (strncmp(address, LOCAL_PREFIX, prefix) == 0)
        return parse_local(out, address + prefix);
    return parse_remote(out, address);
}

/* ---- errors ---- */

enum err net_nng_err(int result)
{
    switch (result) {
    case 0:
        return ERR_OK;
    case NNG_ETIMEDOUT:
        return ERR_TIMEOUT;
    case NNG_ECONNREFUSED:
    case NNG_ECONNRESET:
    case NNG_ECONNABORTED:
    case NNG_ECONNSHUT:
    case NNG_ECLOSED:
    case NNG_EUNREACHABLE:
    case NNG_EADDRINVAL: /* no such host */
    case NNG_ENOENT:     /* no such socket file */
        return ERR_UNREACHABLE;
    case NNG_EPEERAUTH:
    case NNG_ECRYPTO:
        return ERR_PEER;
    case NNG_EMSGSIZE:
        return ERR_LIMIT;
    case NNG_EADDRINUSE:
        return ERR_LOCKED;
    case NNG_EPERM:
        return ERR_PERMISSION;
    case NNG_ENOMEM:
    case NNG_ENOFILES:
        return ERR_MEMORY;
    default:
        return ERR_LIBRARY;
    }
}

bool net_nng_is_cut(int result)
{
    return result == NNG_ECONNRESET || result == NNG_ECONNABORTED || result == NNG_ECONNSHUT ||
           result == NNG_ECLOSED || result == NNG_EPROTO;
}

/* ---- TLS ---- */

/* nng takes C strings; this is one made of a span, wiped afterwards because it may be a key. */
struct pem {
    char *text;
    size_t size; /* with the NUL */
};

static void pem_fini(struct pem *pem)
{
    if (pem->text != NULL)
        secret_wipe_bytes(pem->text, pem->size);
    free(TAKE(pem->text));
}

static enum err pem_copy(struct pem *out, struct span bytes)
{
    if (bytes.size == 0 || memchr(bytes.data, 0, bytes.size) != NULL)
        return ERR_PARSE;
    if (bytes.size > NET_NNG_PEM_SIZE_MAX)
        return ERR_LIMIT;
    out->text = malloc(bytes.size + 1);
    if (out->text == NULL)
        return ERR_MEMORY;
    memcpy(out->text, bytes.data, bytes.size);
    out->text[bytes.size] = '\0';
    out->size = bytes.size + 1;
    return ERR_OK;
}

static void config_fini(nng_tls_config **config)
{
    if (*config != NULL)
        nng_tls_config_free(TAKE(*config));
}

/* A refused setting is refused PEM: nothing else can be wrong with a fresh configuration. */
static enum err accepted(int result)
{
    if (result == 0 || result == NNG_ENOMEM)
        return net_nng_err(result);
    return ERR_PARSE;
}

/* A DNS name, and nothing that could be read as an IP address (mbedTLS compares DNS names only). */
static bool is_dns_name(const char *name)
{
    size_t length = name == NULL ? 0 : strlen(name);
    if (length == 0 || length > TLS_NAME_SIZE_MAX)
        return false;
    size_t label = 0, letters = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c == '.' ? label == 0 : !isalnum(c) && c != '-')
            return false;
        label = c == '.' ? 0 : label + 1;
        letters = c == '.' ? 0 : letters + (isalpha(c) != 0);
    }
    return label > 0 && letters > 0;
}

static enum err set_own(nng_tls_config *config, const struct net_nng_tls *tls)
{
    if (tls->certificate_pem.size == 0 && tls->key_pem.size == 0)
        return tls->mode == NNG_TLS_MODE_CLIENT ? ERR_OK : ERR_PARSE;
    struct pem certificate AUTO(pem_fini) = {0}, key AUTO(pem_fini) = {0};
    TRY(pem_copy(&certificate, tls->certificate_pem));
    TRY(pem_copy(&key, tls->key_pem));
    return accepted(nng_tls_config_own_cert(config, certificate.text, key.text, NULL));
}

static enum err set_authority(nng_tls_config *config, const struct net_nng_tls *tls)
{
    if (tls->authority_pem.size == 0 && tls->mode == NNG_TLS_MODE_SERVER)
        return accepted(nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_NONE));
    struct pem authority AUTO(pem_fini) = {0};
    TRY(pem_copy(&authority, tls->authority_pem));
    TRY(accepted(nng_tls_config_ca_chain(config, authority.text, NULL)));
    return accepted(nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED));
}

enum err net_nng_configure(nng_tls_config **out, const struct net_nng_tls *tls)
{
    nng_tls_config *config AUTO(config_fini) = NULL;
    TRY(net_nng_err(nng_tls_config_alloc(&config, tls->mode)));
    TRY(net_nng_err(nng_tls_config_version(config, NNG_TLS_1_2, NNG_TLS_1_3)));
    if (tls->mode == NNG_TLS_MODE_CLIENT) {
        if (!is_dns_name(tls->server_name))
            return ERR_PARSE;
        TRY(accepted(nng_tls_config_server_name(config, tls->server_name)));
    }
    TRY(set_authority(config, tls));
    TRY(set_own(config, tls));
    *out = TAKE(config);
    return ERR_OK;
}
