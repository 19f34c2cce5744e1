/* X.509 certificates of the transport, with libcrypto's X509.
 *
 * 1. Keys are P-256; signatures ECDSA with SHA-256; version 3; serial numbers random.
 * 2. A certificate bears its name twice, as CN and as its only subjectAltName (DNS). The name that
 *    counts is the latter; tls_certificate_read refuses a certificate where they differ.
 * 3. One level: an authority certifies servers and clients, never another authority (pathlen 0).
 *
 * Never: the money's certificates (common/money), a file, the clock.
 */
#include "common/crypto/tls_certificate.h"

#include "common/crypto/crypto.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string.h>

enum { SERIAL_SIZE = 16 };

/* 9999-12-31 23:59:59: the last second that X.509 can write. */
#define TIME_MAX_S UINT64_C(253402300799)

static void bio_fini(BIO **bio)
{
    BIO_free(*bio); /* clears what a memory BIO holds */
}

static void pkey_fini(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void x509_fini(X509 **certificate)
{
    X509_free(*certificate);
}

static void bignum_fini(BIGNUM **number)
{
    BN_free(*number);
}

static void extension_fini(X509_EXTENSION **extension)
{
    X509_EXTENSION_free(*extension);
}

static void names_fini(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

/* libcrypto keeps a list of its errors: emptied, so that nobody else reads ours. */
static enum err failed(enum err error)
{
    ERR_clear_error();
    return error;
}

/* No one is asked for a passphrase: an encrypted PEM is refused. */
static int no_passphrase(char *text, int size, int writing, void *context)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

/* ---- reading and writing PEM ---- */

static BIO *reader_of(struct span pem)
{
    return pem.size == 0 || pem.size > TLS_PEM_SIZE_MAX ? NULL
                                                        : BIO_new_mem_buf(pem.data, (int)pem.size);
}

static bool is_p256(const EVP_PKEY *key)
{
    char group[32];
    size_t size = 0;

    return EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static enum err read_private(EVP_PKEY **out, struct span pem)
{
    BIO *bio AUTO(bio_fini) = reader_of(pem);

    if (bio != NULL)
        *out = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    return *out != NULL && is_p256(*out) ? ERR_OK : failed(ERR_PARSE);
}

static enum err read_public(EVP_PKEY **out, struct span pem)
{
    BIO *bio AUTO(bio_fini) = reader_of(pem);

    if (bio != NULL)
        *out = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    return *out != NULL && is_p256(*out) ? ERR_OK : failed(ERR_PARSE);
}

/* Exactly one certificate: a second one behind it would be read by nobody, or by somebody else. */
static enum err read_certificate(X509 **out, struct span pem)
{
    BIO *bio AUTO(bio_fini) = reader_of(pem);
    X509 *second AUTO(x509_fini) = NULL;

    if (bio != NULL)
        *out = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    if (*out == NULL)
        return failed(ERR_PARSE);
    second = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    return failed(second == NULL ? ERR_OK : ERR_PARSE);
}

static struct span written(BIO *bio)
{
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);

    return span_of(data, size > 0 ? (size_t)size : 0);
}

enum err tls_key_generate(struct secret *key_pem)
{
    EVP_PKEY *key AUTO(pkey_fini) = EVP_EC_gen("P-256");
    BIO *bio AUTO(bio_fini) = BIO_new(BIO_s_mem());
    struct span pem;

    if (key == NULL || bio == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return failed(ERR_CRYPTO);
    pem = written(bio);
    if (pem.size == 0 || pem.size > sizeof key_pem->bytes)
        return ERR_CRYPTO;
    memcpy(key_pem->bytes, pem.data, pem.size);
    key_pem->size = pem.size;
    return ERR_OK;
}

enum err tls_key_public(struct buffer *public_pem, struct span key_pem)
{
    EVP_PKEY *key AUTO(pkey_fini) = NULL;
    BIO *bio AUTO(bio_fini) = BIO_new(BIO_s_mem());

    TRY(read_private(&key, key_pem));
    if (bio == NULL || PEM_write_bio_PUBKEY(bio, key) != 1)
        return failed(ERR_CRYPTO);
    return buffer_put(public_pem, written(bio));
}

/* ---- making certificates ---- */

static bool name_is_fine(const char *name, size_t size)
{
    return size >= 1 && size <= TLS_NAME_SIZE_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == size;
}

static enum err spec_check(const struct tls_certificate_spec *spec)
{
    if (!name_is_fine(spec->name, strlen(spec->name)))
        return ERR_PARSE;
    if (spec->not_after_s > TIME_MAX_S || spec->not_before_s >= spec->not_after_s)
        return ERR_RANGE;
    return ERR_OK;
}

static bool set_serial(X509 *certificate)
{
    uint8_t bytes[SERIAL_SIZE];
    BIGNUM *serial AUTO(bignum_fini) = NULL;

    crypto_random(bytes, sizeof bytes);
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and always of the same size */
    serial = BN_bin2bn(bytes, sizeof bytes, NULL);
    return serial != NULL && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *extension AUTO(extension_fini) = NULL;
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    return extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
}

static bool add_extensions(X509 *certificate, X509 *issuer, const struct tls_certificate_spec *spec)
{
    const char *basic = spec->is_authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE";
    const char *usage = spec->is_authority ? "critical,keyCertSign" : "critical,digitalSignature";
    char names[TLS_NAME_SIZE_MAX + sizeof "DNS:"] = "DNS:";

    memcpy(names + 4, spec->name, strlen(spec->name) + 1); /* no comma, by spec_check */
    if (!spec->is_authority &&
        !add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth"))
        return false;
    return add_extension(certificate, issuer, NID_basic_constraints, basic) &&
           add_extension(certificate, issuer, NID_key_usage, usage) &&
           add_extension(certificate, issuer, NID_subject_alt_name, names) &&
           add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
}

static bool set_subject(X509 *certificate, EVP_PKEY *key, const struct tls_certificate_spec *spec)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                      MBSTRING_UTF8, (const uint8_t *)spec->name, -1, -1, 0) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)spec->not_before_s) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)spec->not_after_s) != NULL &&
           X509_set_pubkey(certificate, key) == 1;
}

/* authority NULL: self-signed. */
static enum err make(struct buffer *out, EVP_PKEY *subject, X509 *authority, EVP_PKEY *signer,
                     const struct tls_certificate_spec *spec)
{
    X509 *certificate AUTO(x509_fini) = X509_new();
    BIO *bio AUTO(bio_fini) = BIO_new(BIO_s_mem());
    X509 *issuer = authority != NULL ? authority : certificate;

    if (certificate == NULL || bio == NULL || !set_subject(certificate, subject, spec) ||
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1 ||
        !add_extensions(certificate, issuer, spec) ||
        X509_sign(certificate, signer, EVP_sha256()) <= 0 ||
        PEM_write_bio_X509(bio, certificate) != 1)
        return failed(ERR_CRYPTO);
    return buffer_put(out, written(bio));
}

enum err tls_certificate_self(struct buffer *out, struct span key_pem,
                              const struct tls_certificate_spec *spec)
{
    EVP_PKEY *key AUTO(pkey_fini) = NULL;

    TRY(spec_check(spec));
    TRY(read_private(&key, key_pem));
    return make(out, key, NULL, key, spec);
}

enum err tls_certificate_issue(struct buffer *out, struct span authority_pem,
                               struct span authority_key_pem, struct span subject_public_pem,
                               const struct tls_certificate_spec *spec)
{
    X509 *authority AUTO(x509_fini) = NULL;
    EVP_PKEY *signer AUTO(pkey_fini) = NULL;
    EVP_PKEY *subject AUTO(pkey_fini) = NULL;

    TRY(spec_check(spec));
    if (spec->is_authority)
        return ERR_KIND;
    TRY(read_certificate(&authority, authority_pem));
    TRY(read_private(&signer, authority_key_pem));
    TRY(read_public(&subject, subject_public_pem));
    if (X509_check_ca(authority) != 1 || X509_check_private_key(authority, signer) != 1)
        return failed(ERR_KIND);
    return make(out, subject, authority, signer, spec);
}

/* ---- reading certificates ---- */

static enum err read_name(char out[TLS_NAME_SIZE_MAX + 1], X509 *certificate)
{
    GENERAL_NAMES *names AUTO(names_fini) =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    char common[TLS_NAME_SIZE_MAX + 2] = "";
    const GENERAL_NAME *name;
    size_t size;

    if (names == NULL || sk_GENERAL_NAME_num(names) != 1)
        return failed(ERR_PARSE);
    name = sk_GENERAL_NAME_value(names, 0);
    if (name->type != GEN_DNS)
        return ERR_PARSE;
    size = (size_t)ASN1_STRING_length(name->d.dNSName);
    if (size > TLS_NAME_SIZE_MAX)
        return ERR_PARSE;
    memcpy(out, ASN1_STRING_get0_data(name->d.dNSName), size);
    out[size] = '\0';
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common,
                                    sizeof common);
    return name_is_fine(out, size) && strcmp(out, common) == 0 ? ERR_OK : ERR_PARSE;
}

static enum err read_time(uint64_t *out_s, const ASN1_TIME *time)
{
    struct tm parts = {0};
    time_t seconds;

    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return failed(ERR_PARSE);
    seconds = timegm(&parts);
    if (seconds < 0)
        return ERR_PARSE;
    *out_s = (uint64_t)seconds;
    return ERR_OK;
}

enum err tls_certificate_read(struct tls_certificate_facts *out, struct span pem)
{
    X509 *certificate AUTO(x509_fini) = NULL;
    struct tls_certificate_facts facts = {0};
    unsigned size = 0;

    TRY(read_certificate(&certificate, pem));
    TRY(read_name(facts.name, certificate));
    TRY(read_time(&facts.not_before_s, X509_get0_notBefore(certificate)));
    TRY(read_time(&facts.not_after_s, X509_get0_notAfter(certificate)));
    if (X509_digest(certificate, EVP_sha256(), facts.fingerprint.bytes, &size) != 1 ||
        size != ID_SIZE)
        return failed(ERR_CRYPTO);
    *out = facts;
    return ERR_OK;
}
