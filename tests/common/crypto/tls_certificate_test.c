/* Certificates of the transport: made, read back, judged by libcrypto's own chain check and by
 * the mbedTLS that will use them. */
#include "common/crypto/tls_certificate.h"

#include "common/crypto/keyfile.h"

#include <criterion/criterion.h>
#include <mbedtls/x509_crt.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { DAY_S = 86400 };
static const uint64_t now_s = 1795000000; /* 2026-11 */

static struct tls_certificate_spec spec_of(const char *name, bool is_authority)
{
    return (struct tls_certificate_spec){name, is_authority, now_s - DAY_S, now_s + 30 * DAY_S};
}

static struct secret new_key(void)
{
    struct secret key = {0};

    cr_assert_eq(tls_key_generate(&key), ERR_OK);
    return key;
}

static struct span key_span(const struct secret *key)
{
    return span_of(key->bytes, key->size);
}

/* An authority with its key, and a bank certified by it. */
struct world {
    struct secret authority_key, bank_key;
    struct buffer authority, bank_public, bank;
};

static void world_fini(struct world *world)
{
    secret_wipe(&world->authority_key);
    secret_wipe(&world->bank_key);
    buffer_fini(&world->authority);
    buffer_fini(&world->bank_public);
    buffer_fini(&world->bank);
}

static void world_make(struct world *w)
{
    struct tls_certificate_spec authority = spec_of("ca.dcep", true);
    struct tls_certificate_spec bank = spec_of("bank1.dcep", false);

    w->authority_key = new_key();
    w->bank_key = new_key();
    cr_assert_eq(tls_certificate_self(&w->authority, key_span(&w->authority_key), &authority),
                 ERR_OK);
    cr_assert_eq(tls_key_public(&w->bank_public, key_span(&w->bank_key)), ERR_OK);
    cr_assert_eq(tls_certificate_issue(&w->bank, buffer_span(&w->authority),
                                       key_span(&w->authority_key), buffer_span(&w->bank_public),
                                       &bank),
                 ERR_OK);
}

static X509 *x509_of(struct span pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    cr_assert_not_null(certificate);
    return certificate;
}

/* What libcrypto says of a leaf at a time, for a purpose and a name; X509_V_OK is 0. */
static int chain_error(struct span leaf_pem, struct span root_pem, uint64_t at_s, const char *name,
                       int purpose)
{
    X509 *leaf = x509_of(leaf_pem), *root = x509_of(root_pem);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *parameters;
    int error;

    X509_STORE_add_cert(store, root);
    X509_STORE_CTX_init(context, store, leaf, NULL);
    parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)at_s);
    X509_VERIFY_PARAM_set1_host(parameters, name, 0);
    X509_VERIFY_PARAM_set_purpose(parameters, purpose);
    X509_verify_cert(context);
    error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(leaf);
    X509_free(root);
    return error;
}

Test(tls_certificate, chain)
{
    struct world w AUTO(world_fini) = {0};
    struct world other AUTO(world_fini) = {0};

    world_make(&w);
    world_make(&other);
    const struct {
        const char *what;
        struct span root;
        int64_t at_s;
        const char *name;
        int purpose, expected;
    } rows[] = {
        {"server", buffer_span(&w.authority), 0, "bank1.dcep", X509_PURPOSE_SSL_SERVER, X509_V_OK},
        {"client", buffer_span(&w.authority), 0, "bank1.dcep", X509_PURPOSE_SSL_CLIENT, X509_V_OK},
        {"other name", buffer_span(&w.authority), 0, "bank2.dcep", X509_PURPOSE_SSL_SERVER,
         X509_V_ERR_HOSTNAME_MISMATCH},
        {"late", buffer_span(&w.authority), 31 * DAY_S, "bank1.dcep", X509_PURPOSE_SSL_SERVER,
         X509_V_ERR_CERT_HAS_EXPIRED},
        {"early", buffer_span(&w.authority), -2 * DAY_S, "bank1.dcep", X509_PURPOSE_SSL_SERVER,
         X509_V_ERR_CERT_NOT_YET_VALID},
        {"other authority of the same name", buffer_span(&other.authority), 0, "bank1.dcep",
         X509_PURPOSE_SSL_SERVER, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
        {"e-mail", buffer_span(&w.authority), 0, "bank1.dcep", X509_PURPOSE_SMIME_SIGN,
         X509_V_ERR_INVALID_PURPOSE},
    };

    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        int error = chain_error(buffer_span(&w.bank), rows[row].root,
                                (uint64_t)((int64_t)now_s + rows[row].at_s), rows[row].name,
                                rows[row].purpose);

        cr_expect_eq(error, rows[row].expected, "%s: %s", rows[row].what,
                     X509_verify_cert_error_string(error));
    }
}

static int mbedtls_flags(struct span leaf_pem, struct span root_pem, const char *name)
{
    mbedtls_x509_crt leaf, root;
    uint8_t text[2][TLS_PEM_SIZE_MAX + 1] = {{0}};
    uint32_t flags = 0;

    memcpy(text[0], leaf_pem.data, leaf_pem.size);
    memcpy(text[1], root_pem.data, root_pem.size);
    mbedtls_x509_crt_init(&leaf);
    mbedtls_x509_crt_init(&root);
    cr_assert_eq(mbedtls_x509_crt_parse(&leaf, text[0], leaf_pem.size + 1), 0);
    cr_assert_eq(mbedtls_x509_crt_parse(&root, text[1], root_pem.size + 1), 0);
    (void)mbedtls_x509_crt_verify(&leaf, &root, NULL, name, &flags, NULL, NULL);
    mbedtls_x509_crt_free(&leaf);
    mbedtls_x509_crt_free(&root);
    return (int)(flags & ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE));
}

/* The library that judges them on the wire; its clock is the system's, so dates are left out. */
Test(tls_certificate, mbedtls_agrees)
{
    struct world w AUTO(world_fini) = {0};
    struct world other AUTO(world_fini) = {0};
    struct buffer pinned AUTO(buffer_fini) = {0};
    struct tls_certificate_spec spec = spec_of("bank1.dcep", false);

    world_make(&w);
    world_make(&other);
    cr_assert_eq(tls_certificate_self(&pinned, key_span(&w.bank_key), &spec), ERR_OK);
    struct span root = buffer_span(&w.authority), pin = buffer_span(&pinned);

    cr_expect_eq(mbedtls_flags(buffer_span(&w.bank), root, "bank1.dcep"), 0);
    cr_expect_eq(mbedtls_flags(pin, pin, "bank1.dcep"), 0, "self-signed and pinned");
    cr_expect_neq(mbedtls_flags(buffer_span(&w.bank), root, "bank2.dcep"), 0);
    cr_expect_neq(mbedtls_flags(buffer_span(&other.bank), root, "bank1.dcep"), 0);
    cr_expect_neq(mbedtls_flags(pin, root, "bank1.dcep"), 0);
    cr_expect_neq(mbedtls_flags(buffer_span(&other.bank), pin, "bank1.dcep"), 0, "a leaf is no CA");
}

static uint32_t is_ca(struct span pem)
{
    X509 *certificate = x509_of(pem);
    uint32_t flags = X509_get_extension_flags(certificate);

    X509_free(certificate);
    return flags & (EXFLAG_CA | EXFLAG_INVALID | EXFLAG_BCONS);
}

Test(tls_certificate, only_the_authority_is_one)
{
    struct world w AUTO(world_fini) = {0};

    world_make(&w);
    cr_expect_eq(is_ca(buffer_span(&w.authority)), (uint32_t)(EXFLAG_CA | EXFLAG_BCONS));
    cr_expect_eq(is_ca(buffer_span(&w.bank)), (uint32_t)EXFLAG_BCONS);
}

Test(tls_certificate, facts)
{
    struct world w AUTO(world_fini) = {0};
    struct tls_certificate_facts bank, authority;

    world_make(&w);
    cr_assert_eq(tls_certificate_read(&bank, buffer_span(&w.bank)), ERR_OK);
    cr_assert_eq(tls_certificate_read(&authority, buffer_span(&w.authority)), ERR_OK);
    cr_expect_str_eq(bank.name, "bank1.dcep");
    cr_expect_str_eq(authority.name, "ca.dcep");
    cr_expect_eq(bank.not_before_s, now_s - DAY_S);
    cr_expect_eq(bank.not_after_s, now_s + 30 * DAY_S);
    cr_expect_not(id_equal(&bank.fingerprint, &authority.fingerprint));
}

Test(tls_certificate, name_and_time_rules)
{
    static char longest[TLS_NAME_SIZE_MAX + 2];
    static char longest_fine[TLS_NAME_SIZE_MAX + 1];
    const struct {
        const char *name;
        uint64_t not_before_s, not_after_s;
        enum err expected;
    } rows[] = {
        {"central.dcep", 0, 1, ERR_OK},
        {"a", 0, 1, ERR_OK},
        {"bank-1.dcep", 0, UINT64_C(253402300799), ERR_OK},
        {longest_fine, 0, 1, ERR_OK},
        {longest, 0, 1, ERR_PARSE},
        {"", 0, 1, ERR_PARSE},
        {"Central.dcep", 0, 1, ERR_PARSE},
        {"central dcep", 0, 1, ERR_PARSE},
        {"*.dcep", 0, 1, ERR_PARSE},
        {"a,DNS:b", 0, 1, ERR_PARSE},
        {"a\nb", 0, 1, ERR_PARSE},
        {"b\xc3\xa4nk", 0, 1, ERR_PARSE},
        {"central.dcep", 1, 1, ERR_RANGE},
        {"central.dcep", 2, 1, ERR_RANGE},
        {"central.dcep", 0, UINT64_C(253402300800), ERR_RANGE},
        {"central.dcep", 0, UINT64_MAX, ERR_RANGE},
    };
    struct secret key AUTO(secret_wipe) = new_key();

    memset(longest, 'a', TLS_NAME_SIZE_MAX + 1);
    memset(longest_fine, 'a', TLS_NAME_SIZE_MAX);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct tls_certificate_spec spec = {rows[row].name, false, rows[row].not_before_s,
                                            rows[row].not_after_s};
        struct buffer pem AUTO(buffer_fini) = {0};
        struct tls_certificate_facts facts;
        enum err error = tls_certificate_self(&pem, key_span(&key), &spec);

        cr_expect_eq(error, rows[row].expected, "row %zu: %s", row, err_name(error));
        if (error != ERR_OK)
            continue;
        cr_expect_eq(tls_certificate_read(&facts, buffer_span(&pem)), ERR_OK);
        cr_expect_str_eq(facts.name, rows[row].name);
        cr_expect_eq(facts.not_after_s, rows[row].not_after_s);
    }
}

Test(tls_certificate, who_may_issue)
{
    struct world w AUTO(world_fini) = {0};
    struct buffer out AUTO(buffer_fini) = {0};
    struct tls_certificate_spec leaf = spec_of("x.dcep", false),
                                authority = spec_of("y.dcep", true);

    world_make(&w);
    struct span root = buffer_span(&w.authority), bank = buffer_span(&w.bank);
    struct span root_key = key_span(&w.authority_key), bank_key = key_span(&w.bank_key);
    struct span subject = buffer_span(&w.bank_public);

    cr_expect_eq(tls_certificate_issue(&out, bank, bank_key, subject, &leaf), ERR_KIND, "a leaf");
    cr_expect_eq(tls_certificate_issue(&out, root, bank_key, subject, &leaf), ERR_KIND, "its key");
    cr_expect_eq(tls_certificate_issue(&out, root, root_key, subject, &authority), ERR_KIND);
    cr_expect_eq(tls_certificate_issue(&out, root, root_key, root_key, &leaf), ERR_PARSE,
                 "a private key where a public one belongs");
    cr_expect_eq(tls_certificate_issue(&out, root, subject, subject, &leaf), ERR_PARSE);
    cr_expect_eq(tls_certificate_issue(&out, subject, root_key, subject, &leaf), ERR_PARSE);
    cr_expect_eq(out.size, 0U);
    cr_expect_eq(tls_certificate_issue(&out, root, root_key, subject, &leaf), ERR_OK);
}

Test(tls_certificate, pem_from_outside)
{
    static const char p384[] = "-----BEGIN PUBLIC KEY-----\n"
                               "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEqofKIr6LBTeOscce8yCtdG4dO2KLp5uY\n"
                               "WfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3NhfeSpYmLG9dnpi/kpLcKfj0Hb0omhR8\n"
                               "6doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f\n"
                               "-----END PUBLIC KEY-----\n";
    struct world w AUTO(world_fini) = {0};
    struct buffer twice AUTO(buffer_fini) = {0};
    struct buffer out AUTO(buffer_fini) = {0};
    struct tls_certificate_facts facts;
    struct tls_certificate_spec leaf = spec_of("x.dcep", false);

    world_make(&w);
    for (size_t size = 0; size + 2 < w.bank.size; size++) /* the last line end may be missing */
        cr_expect_eq(tls_certificate_read(&facts, span_of(w.bank.data, size)), ERR_PARSE, "%zu",
                     size);
    cr_assert_eq(buffer_put(&twice, buffer_span(&w.bank)), ERR_OK);
    cr_assert_eq(buffer_put(&twice, buffer_span(&w.authority)), ERR_OK);
    cr_expect_eq(tls_certificate_read(&facts, buffer_span(&twice)), ERR_PARSE, "two in one");
    cr_expect_eq(tls_certificate_read(&facts, buffer_span(&w.bank_public)), ERR_PARSE);
    cr_expect_eq(tls_certificate_issue(&out, buffer_span(&w.authority), key_span(&w.authority_key),
                                       span_text(p384), &leaf),
                 ERR_PARSE, "another curve");
    cr_expect_eq(out.size, 0U);
}

/* The way of a TLS key: made, sealed, opened, used. */
Test(tls_certificate, key_at_rest)
{
    struct secret key AUTO(secret_wipe) = new_key();
    struct secret opened AUTO(secret_wipe) = {0};
    struct buffer file AUTO(buffer_fini) = {0};
    struct buffer public_pem AUTO(buffer_fini) = {0};

    cr_assert_eq(keyfile_seal_bytes(&file, key_span(&key), span_text("tls"), span_text("pass")),
                 ERR_OK);
    cr_assert_null(memmem(file.data, file.size, "PRIVATE KEY", 11));
    cr_assert_eq(
        keyfile_open_bytes(&opened, buffer_span(&file), span_text("tls"), span_text("pass")),
        ERR_OK);
    cr_assert_eq(tls_key_public(&public_pem, key_span(&opened)), ERR_OK);
}
