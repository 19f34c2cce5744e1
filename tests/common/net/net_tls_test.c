/* Who is let in and who is not: certificates and names, in both directions, one case a line.
 *
 * The server is always "central.dcep", the client "bank.dcep"; each line says what either shows,
 * what either trusts, which name the client expects, and what the client's call must give.
 */
#include "tests/common/net/echo.h"
#include "tests/common/net/fixtures.h"

#include "common/base/time.h"
#include "common/crypto/tls_certificate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum who {
    NOBODY,
    CA,      /* the authority of both sides */
    CA_TWIN, /* the same name, another key */
    CA_EXPIRED,
    CA_FUTURE,
    CA_CENTRAL, /* an authority named like the server */
    CENTRAL,
    CENTRAL_EXPIRED,
    CENTRAL_FUTURE,
    CENTRAL_OTHER_NAME,
    CENTRAL_BY_TWIN,
    CENTRAL_BY_EXPIRED_CA,
    CENTRAL_BY_FUTURE_CA,
    CENTRAL_SELF, /* self-signed, to be pinned */
    CENTRAL_SELF_TWIN,
    CENTRAL_SELF_EXPIRED,
    CENTRAL_SELF_FUTURE,
    BANK,
    BANK_EXPIRED,
    BANK_FUTURE,
    BANK_BY_TWIN,
    BANK_BY_EXPIRED_CA,
    BANK_SELF,
    /* not made here: fixtures.h */
    WILDCARD,
    ADDRESS,
    COMMON_NAME,
    CLIENT_ONLY,
    RSA_1024,
    SHA1,
    ROOT,  /* an authority */
    BELOW, /* an authority of ROOT */
    LEAF,  /* of ROOT, no authority */
    CENTRAL_BELOW,
    BANK_BELOW,
    CENTRAL_BY_LEAF,
    BANK_BY_LEAF,
    /* made of two of the above */
    CENTRAL_THEN_CA,
    CA_THEN_CENTRAL,
    CENTRAL_WITH_OTHER_KEY,
    CENTRAL_BELOW_CHAIN,
    CENTRAL_BY_LEAF_CHAIN,
    CENTRAL_BROKEN_PEM,
    CENTRAL_NO_KEY,
    CENTRAL_THEN_NUL,
    BANK_WITH_OTHER_KEY,
    BANK_BELOW_CHAIN,
    BANK_BY_LEAF_CHAIN,
    BANK_NO_KEY,
    WHO_COUNT,
};

enum { DAY = SECONDS_PER_DAY };

/* in order: an issuer stands above those it issued; issuer NOBODY: self-signed */
static const struct {
    enum who who, issuer;
    const char *name;
    bool is_authority;
    int from_day, to_day;
} MADE[] = {
    {CA, NOBODY, "ca.dcep", true, -10, 10},
    {CA_TWIN, NOBODY, "ca.dcep", true, -10, 10},
    {CA_EXPIRED, NOBODY, "old.dcep", true, -10, -1},
    {CA_FUTURE, NOBODY, "new.dcep", true, 1, 10},
    {CA_CENTRAL, NOBODY, "central.dcep", true, -10, 10},
    {CENTRAL, CA, "central.dcep", false, -10, 10},
    {BANK, CA, "bank.dcep", false, -10, 10},
    {CENTRAL_EXPIRED, CA, "central.dcep", false, -10, -1},
    {CENTRAL_FUTURE, CA, "central.dcep", false, 1, 10},
    {CENTRAL_OTHER_NAME, CA, "bank.dcep", false, -10, 10},
    {CENTRAL_BY_TWIN, CA_TWIN, "central.dcep", false, -10, 10},
    {CENTRAL_BY_EXPIRED_CA, CA_EXPIRED, "central.dcep", false, -10, 10},
    {CENTRAL_BY_FUTURE_CA, CA_FUTURE, "central.dcep", false, -10, 10},
    {CENTRAL_SELF, NOBODY, "central.dcep", false, -10, 10},
    {CENTRAL_SELF_TWIN, NOBODY, "central.dcep", false, -10, 10},
    {CENTRAL_SELF_EXPIRED, NOBODY, "central.dcep", false, -10, -1},
    {CENTRAL_SELF_FUTURE, NOBODY, "central.dcep", false, 1, 10},
    {BANK_EXPIRED, CA, "bank.dcep", false, -10, -1},
    {BANK_FUTURE, CA, "bank.dcep", false, 1, 10},
    {BANK_BY_TWIN, CA_TWIN, "bank.dcep", false, -10, 10},
    {BANK_BY_EXPIRED_CA, CA_EXPIRED, "bank.dcep", false, -10, 10},
    {BANK_SELF, NOBODY, "bank.dcep", false, -10, 10},
};

static struct {
    struct buffer certificate;
    struct secret key;
} PEOPLE[WHO_COUNT];

static struct span certificate_of(enum who who)
{
    return buffer_span(&PEOPLE[who].certificate);
}

static struct span key_of(enum who who)
{
    return span_of(PEOPLE[who].key.bytes, PEOPLE[who].key.size);
}

static void make(size_t row)
{
    enum who who = MADE[row].who, issuer = MADE[row].issuer;
    int64_t now = (int64_t)time_now();
    struct tls_certificate_spec spec = {.name = MADE[row].name,
                                        .is_authority = MADE[row].is_authority,
                                        .not_before_s = (uint64_t)(now + MADE[row].from_day * DAY),
                                        .not_after_s = (uint64_t)(now + MADE[row].to_day * DAY)};
    struct buffer *out = &PEOPLE[who].certificate;
    enum err error = tls_key_generate(&PEOPLE[who].key);
    cr_assert_eq(error, ERR_OK, "key: %s", err_name(error));
    if (issuer == NOBODY) {
        error = tls_certificate_self(out, key_of(who), &spec);
    } else {
        struct buffer public_pem AUTO(buffer_fini) = {0};
        cr_assert_eq(tls_key_public(&public_pem, key_of(who)), ERR_OK);
        error = tls_certificate_issue(out, certificate_of(issuer), key_of(issuer),
                                      buffer_span(&public_pem), &spec);
    }
    cr_assert_eq(error, ERR_OK, "made row %zu: %s", row, err_name(error));
}

static void put(enum who who, struct span certificate)
{
    cr_assert_eq(buffer_put(&PEOPLE[who].certificate, certificate), ERR_OK);
}

static void take_fixture(enum who who, const struct fixture *fixture)
{
    put(who, span_text(fixture->certificate_pem));
    PEOPLE[who].key.size = strlen(fixture->key_pem);
    cr_assert_leq(PEOPLE[who].key.size, SECRET_SIZE_MAX);
    memcpy(PEOPLE[who].key.bytes, fixture->key_pem, PEOPLE[who].key.size);
}

static void combine(enum who who, struct span first, struct span second, enum who key)
{
    put(who, first);
    put(who, second);
    if (key != NOBODY)
        PEOPLE[who].key = PEOPLE[key].key;
}

static void make_all(void)
{
    static const struct span NOTHING = {0};
    for (size_t i = 0; i < sizeof MADE / sizeof MADE[0]; i++)
        make(i);
    take_fixture(WILDCARD, &FIXTURE_WILDCARD);
    take_fixture(ADDRESS, &FIXTURE_ADDRESS);
    take_fixture(COMMON_NAME, &FIXTURE_COMMON_NAME);
    take_fixture(CLIENT_ONLY, &FIXTURE_CLIENT_ONLY);
    take_fixture(RSA_1024, &FIXTURE_RSA_1024);
    take_fixture(SHA1, &FIXTURE_SHA1);
    take_fixture(ROOT, &FIXTURE_ROOT);
    take_fixture(BELOW, &FIXTURE_BELOW);
    take_fixture(LEAF, &FIXTURE_LEAF);
    take_fixture(CENTRAL_BELOW, &FIXTURE_CENTRAL_BELOW);
    take_fixture(BANK_BELOW, &FIXTURE_BANK_BELOW);
    take_fixture(CENTRAL_BY_LEAF, &FIXTURE_CENTRAL_BY_LEAF);
    take_fixture(BANK_BY_LEAF, &FIXTURE_BANK_BY_LEAF);
    combine(CENTRAL_THEN_CA, certificate_of(CENTRAL), certificate_of(CA), CENTRAL);
    combine(CA_THEN_CENTRAL, certificate_of(CA), certificate_of(CENTRAL), CENTRAL);
    combine(CENTRAL_WITH_OTHER_KEY, certificate_of(CENTRAL), NOTHING, BANK);
    combine(CENTRAL_BELOW_CHAIN, certificate_of(CENTRAL_BELOW), certificate_of(BELOW),
            CENTRAL_BELOW);
    combine(CENTRAL_BY_LEAF_CHAIN, certificate_of(CENTRAL_BY_LEAF), certificate_of(LEAF),
            CENTRAL_BY_LEAF);
    combine(CENTRAL_BROKEN_PEM, span_of(certificate_of(CENTRAL).data, 100), NOTHING, CENTRAL);
    combine(CENTRAL_NO_KEY, certificate_of(CENTRAL), NOTHING, NOBODY);
    combine(CENTRAL_THEN_NUL, certificate_of(CENTRAL), span_of("", 1), CENTRAL);
    combine(BANK_WITH_OTHER_KEY, certificate_of(BANK), NOTHING, CENTRAL);
    combine(BANK_BELOW_CHAIN, certificate_of(BANK_BELOW), certificate_of(BELOW), BANK_BELOW);
    combine(BANK_BY_LEAF_CHAIN, certificate_of(BANK_BY_LEAF), certificate_of(LEAF), BANK_BY_LEAF);
    combine(BANK_NO_KEY, certificate_of(BANK), NOTHING, NOBODY);
}

static void forget_all(void)
{
    for (size_t i = 0; i < WHO_COUNT; i++) {
        buffer_fini(&PEOPLE[i].certificate);
        secret_wipe(&PEOPLE[i].key);
    }
}

TestSuite(net_tls, .init = make_all, .fini = forget_all);

#define NAME "central.dcep"

/* server shows, server trusts; client shows, client trusts, client expects; what the call gives.
 * Client shows NOBODY and server trusts NOBODY: as between wallet and bank. */
struct row {
    const char *label;
    enum who server, server_trusts, client, client_trusts;
    const char *name;
    enum err expected;
};

static const struct row ROWS[] = {
    /* good ones, so that the refusals below mean something */
    {"both sides of one authority", CENTRAL, CA, BANK, CA, NAME, ERR_OK},
    {"pinned, no client certificate", CENTRAL_SELF, NOBODY, NOBODY, CENTRAL_SELF, NAME, ERR_OK},
    {"authority, no client certificate", CENTRAL, NOBODY, NOBODY, CA, NAME, ERR_OK},
    {"client shows one nobody asked for", CENTRAL, NOBODY, BANK, CA, NAME, ERR_OK},
    {"chain with the root", CENTRAL_THEN_CA, CA, BANK, CA, NAME, ERR_OK},
    {"server of an authority below", CENTRAL_BELOW_CHAIN, CA, BANK, ROOT, NAME, ERR_OK},
    {"client of an authority below", CENTRAL, ROOT, BANK_BELOW_CHAIN, CA, NAME, ERR_OK},
    {"name in capitals", CENTRAL, CA, BANK, CA, "CENTRAL.dcep", ERR_OK},
    {"wildcard, pinned", WILDCARD, NOBODY, NOBODY, WILDCARD, NAME, ERR_OK},
    {"both pinned", CENTRAL_SELF, BANK_SELF, BANK_SELF, CENTRAL_SELF, NAME, ERR_OK},

    /* the server's certificate */
    {"expired", CENTRAL_EXPIRED, CA, BANK, CA, NAME, ERR_PEER},
    {"not yet valid", CENTRAL_FUTURE, CA, BANK, CA, NAME, ERR_PEER},
    {"of another authority with the same name", CENTRAL_BY_TWIN, CA, BANK, CA, NAME, ERR_PEER},
    {"of an expired authority", CENTRAL_BY_EXPIRED_CA, CA, BANK, CA_EXPIRED, NAME, ERR_PEER},
    {"of a future authority", CENTRAL_BY_FUTURE_CA, CA, BANK, CA_FUTURE, NAME, ERR_PEER},
    {"issued by a leaf", CENTRAL_BY_LEAF_CHAIN, CA, BANK, ROOT, NAME, ERR_PEER},
    {"issued by a leaf that is pinned", CENTRAL_BY_LEAF, CA, BANK, LEAF, NAME, ERR_PEER},
    {"authority below not shown", CENTRAL_BELOW, CA, BANK, ROOT, NAME, ERR_PEER},
    {"chain in the wrong order", CA_THEN_CENTRAL, CA, BANK, CA, NAME, ERR_PEER},
    {"authority as server", CA_CENTRAL, NOBODY, NOBODY, CA_CENTRAL, NAME, ERR_PEER},
    {"self-signed, not pinned", CENTRAL_SELF, CA, BANK, CA, NAME, ERR_PEER},
    {"another one pinned", CENTRAL_SELF_TWIN, NOBODY, NOBODY, CENTRAL_SELF, NAME, ERR_PEER},
    {"pinned and expired", CENTRAL_SELF_EXPIRED, NOBODY, NOBODY, CENTRAL_SELF_EXPIRED, NAME,
     ERR_PEER},
    {"pinned, not yet valid", CENTRAL_SELF_FUTURE, NOBODY, NOBODY, CENTRAL_SELF_FUTURE, NAME,
     ERR_PEER},
    {"key of another certificate", CENTRAL_WITH_OTHER_KEY, CA, BANK, CA, NAME, ERR_PEER},
    {"for clients only", CLIENT_ONLY, NOBODY, NOBODY, CLIENT_ONLY, NAME, ERR_PEER},
    {"RSA with 1024 bits", RSA_1024, NOBODY, NOBODY, RSA_1024, NAME, ERR_PEER},
    {"pinned, signed with SHA-1", SHA1, NOBODY, NOBODY, SHA1, NAME, ERR_PEER},

    /* the name */
    {"another name in the certificate", CENTRAL_OTHER_NAME, CA, BANK, CA, NAME, ERR_PEER},
    {"another name expected", CENTRAL, CA, BANK, CA, "bank.dcep", ERR_PEER},
    {"pinned, another name", CENTRAL_SELF, NOBODY, NOBODY, CENTRAL_SELF, "evil.dcep", ERR_PEER},
    {"a name below", CENTRAL, CA, BANK, CA, "www.central.dcep", ERR_PEER},
    {"a name above", CENTRAL, CA, BANK, CA, "dcep", ERR_PEER},
    {"a name with a prefix", CENTRAL, CA, BANK, CA, "xcentral.dcep", ERR_PEER},
    {"a name with a suffix", CENTRAL, CA, BANK, CA, "central.dcep.evil", ERR_PEER},
    {"common name without alternative name", COMMON_NAME, NOBODY, NOBODY, COMMON_NAME, NAME,
     ERR_PEER},
    {"wildcard two levels up", WILDCARD, NOBODY, NOBODY, WILDCARD, "a.b.dcep", ERR_PEER},
    {"wildcard and the bare name", WILDCARD, NOBODY, NOBODY, WILDCARD, "dcep", ERR_PEER},
    {"certificate for an address", ADDRESS, NOBODY, NOBODY, ADDRESS, NAME, ERR_PEER},
    {"an address as name", ADDRESS, NOBODY, NOBODY, ADDRESS, "127.0.0.1", ERR_PARSE},
    {"an empty name", CENTRAL, CA, BANK, CA, "", ERR_PARSE},
    {"no name", CENTRAL, CA, BANK, CA, NULL, ERR_PARSE},
    {"a star as name", WILDCARD, NOBODY, NOBODY, WILDCARD, "*.dcep", ERR_PARSE},
    {"a name ending in a dot", CENTRAL, CA, BANK, CA, "central.dcep.", ERR_PARSE},
    {"a name with an empty label", CENTRAL, CA, BANK, CA, "central..dcep", ERR_PARSE},
    {"a name with a blank", CENTRAL, CA, BANK, CA, "central .dcep", ERR_PARSE},
    {"a name of 64 letters", CENTRAL, CA, BANK, CA,
     "abcdefghijklmnopabcdefghijklmnopabcdefghijklmnopabcdefghijklmnop", ERR_PARSE},

    /* the client's certificate */
    {"client shows none", CENTRAL, CA, NOBODY, CA, NAME, ERR_PEER},
    {"client expired", CENTRAL, CA, BANK_EXPIRED, CA, NAME, ERR_PEER},
    {"client not yet valid", CENTRAL, CA, BANK_FUTURE, CA, NAME, ERR_PEER},
    {"client of a twin authority", CENTRAL, CA, BANK_BY_TWIN, CA, NAME, ERR_PEER},
    {"client of an expired authority", CENTRAL, CA_EXPIRED, BANK_BY_EXPIRED_CA, CA, NAME, ERR_PEER},
    {"client issued by a leaf", CENTRAL, ROOT, BANK_BY_LEAF_CHAIN, CA, NAME, ERR_PEER},
    {"client's authority below not shown", CENTRAL, ROOT, BANK_BELOW, CA, NAME, ERR_PEER},
    {"client self-signed", CENTRAL, CA, BANK_SELF, CA, NAME, ERR_PEER},
    {"client with another's key", CENTRAL, CA, BANK_WITH_OTHER_KEY, CA, NAME, ERR_PEER},
    {"server trusts another authority", CENTRAL, CA_TWIN, BANK, CA, NAME, ERR_PEER},
    {"authority as client", CENTRAL, CA, CA, CA, NAME, ERR_PEER},

    /* what is not even tried */
    {"client trusts nobody", CENTRAL, CA, BANK, NOBODY, NAME, ERR_PARSE},
    {"client trusts broken PEM", CENTRAL, CA, BANK, CENTRAL_BROKEN_PEM, NAME, ERR_PARSE},
    {"client trusts PEM with a NUL", CENTRAL, CA, BANK, CENTRAL_THEN_NUL, NAME, ERR_PARSE},
    {"client certificate without key", CENTRAL, CA, BANK_NO_KEY, CA, NAME, ERR_PARSE},
    {"client certificate is broken PEM", CENTRAL, CA, CENTRAL_BROKEN_PEM, CA, NAME, ERR_PARSE},
};

static enum err call_as(const struct row *row, const char *address)
{
    struct net_client *client AUTO(net_client_close) = NULL;
    struct net_client_options options = {.address = address,
                                         .server_name = row->name,
                                         .authority_pem = certificate_of(row->client_trusts),
                                         .certificate_pem = certificate_of(row->client),
                                         .key_pem = key_of(row->client)};
    TRY(net_client_open(&client, &options));
    return echo_say(client, row->label, 8000);
}

static void run(const struct row *row)
{
    struct net_server_options options = {.address = "127.0.0.1:0",
                                         .certificate_pem = certificate_of(row->server),
                                         .key_pem = key_of(row->server),
                                         .client_authority_pem =
                                             certificate_of(row->server_trusts)};
    struct echo *echo AUTO(echo_close) = echo_open(&options, NULL);
    uint64_t started_ms = time_monotonic_ms();
    enum err error = call_as(row, echo_address(echo));
    uint64_t took_ms = time_monotonic_ms() - started_ms;
    cr_expect_eq(error, row->expected, "%s: %s, not %s", row->label, err_name(error),
                 err_name(row->expected));
    cr_expect_lt(took_ms, 4000, "%s: took %lu ms", row->label, (unsigned long)took_ms);
}

Test(net_tls, certificates_and_names, .timeout = 120)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        run(&ROWS[i]);
}

Test(net_tls, server_settings)
{
    static const struct {
        const char *label;
        enum who server, server_trusts;
        enum err expected;
    } rows[] = {
        {"good", CENTRAL, CA, ERR_OK},
        {"no certificate", NOBODY, CA, ERR_PARSE},
        {"certificate without key", CENTRAL_NO_KEY, CA, ERR_PARSE},
        {"broken certificate", CENTRAL_BROKEN_PEM, CA, ERR_PARSE},
        {"trusts broken PEM", CENTRAL, CENTRAL_BROKEN_PEM, ERR_PARSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net_server *server AUTO(net_server_close) = NULL;
        struct net_server_options options = {.address = "127.0.0.1:0",
                                             .certificate_pem = certificate_of(rows[i].server),
                                             .key_pem = key_of(rows[i].server),
                                             .client_authority_pem =
                                                 certificate_of(rows[i].server_trusts)};
        enum err error = net_server_open(&server, &options);
        cr_expect_eq(error, rows[i].expected, "%s: %s", rows[i].label, err_name(error));
    }
}

/* A refused caller leaves the server as it was: the next good one is served. */
Test(net_tls, a_refused_caller_changes_nothing, .timeout = 60)
{
    struct net_server_options options = {.address = "127.0.0.1:0",
                                         .certificate_pem = certificate_of(CENTRAL),
                                         .key_pem = key_of(CENTRAL),
                                         .client_authority_pem = certificate_of(CA)};
    struct echo *echo AUTO(echo_close) = echo_open(&options, NULL);
    struct row bad = {"bad", CENTRAL, CA, BANK_SELF, CA, NAME, ERR_PEER};
    struct row good = {"good", CENTRAL, CA, BANK, CA, NAME, ERR_OK};
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(call_as(&bad, echo_address(echo)), ERR_PEER);
        cr_expect_eq(call_as(&good, echo_address(echo)), ERR_OK);
    }
}
