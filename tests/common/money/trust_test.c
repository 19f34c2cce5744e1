/* What a verifier believes: directories, revocation lists, certificates, requests (adversarial
 * cases E6, E17, L1). */
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <string.h>

#define WORLD(w)                                                                                   \
    struct world w AUTO(world_close);                                                              \
    world_open(&w)

#define expect_err(actual, expected)                                                               \
    do {                                                                                           \
        enum err actual_ = (actual), expected_ = (expected);                                       \
        cr_expect_eq(actual_, expected_, "%s, not %s", err_name(actual_), err_name(expected_));    \
    } while (0)

Test(money, trust_looks_up)
{
    WORLD(w);
    const struct trust *t = &w.trust;
    struct key_id issuing = crypto_key_id(&w.issuing.public_key), other = {{1}};
    cr_expect(key_equal(trust_issuing_key(t, &issuing), &w.issuing.public_key));
    cr_expect_null(trust_issuing_key(t, &other));
    cr_expect_eq(trust_bank(t, 2)->certificate.bank_id, 2);
    cr_expect_null(trust_bank(t, 3));
    cr_expect_eq(trust_vault(t, &w.banks[1].vault_key.public_key), trust_bank(t, 2));
    cr_expect_null(trust_vault(t, &w.banks[1].bank_key.public_key));
    cr_expect_eq(trust_policy(t)->hops_max, 5);
    cr_expect(!trust_is_revoked(t, &w.issuing.public_key));
    cr_expect_eq(trust_newest_time(t), w.directory.made_at);
}

/* Signs w's directory as it stands and opens it. */
static enum err reopen(struct world *w, const struct key_pair *pair, const char *network)
{
    struct trust trust;
    struct cose cose = world_sign(w, KIND_DIRECTORY, &w->directory, pair);
    enum err error = trust_open(&trust, network, &w->root.public_key, &cose, &w->arena);
    cr_expect((error == ERR_OK) == (trust.directory.version > 0), "whole or not at all");
    return error;
}

static void set_bank(struct world *w, size_t index, const struct bank_certificate *certificate,
                     const struct key_pair *pair)
{
    w->directory.bank_certificates.items[index].record =
        world_sign(w, KIND_BANK_CERTIFICATE, certificate, pair);
}

Test(money, directories)
{
    WORLD(w);
    struct directory good = w.directory;
    struct bank_certificate *banks[] = {&w.banks[0].certificate, &w.banks[1].certificate};
    expect_err(reopen(&w, &w.root, w.network), ERR_OK);
    expect_err(reopen(&w, &w.issuing, w.network), ERR_SIGNATURE);
    expect_err(reopen(&w, &w.root, "dcep-other"), ERR_SIGNATURE);

    set_bank(&w, 0, banks[0], &w.banks[0].bank_key);
    expect_err(reopen(&w, &w.root, w.network), ERR_SIGNATURE);
    set_bank(&w, 0, banks[1], &w.root);
    expect_err(reopen(&w, &w.root, w.network), ERR_CANONICAL); /* the same bank twice */
    set_bank(&w, 1, banks[0], &w.root);
    expect_err(reopen(&w, &w.root, w.network), ERR_CANONICAL); /* falling */
    set_bank(&w, 0, banks[0], &w.root);
    struct bank_certificate same_keys = *banks[1];
    same_keys.vault_key = same_keys.bank_key;
    set_bank(&w, 1, &same_keys, &w.root);
    expect_err(reopen(&w, &w.root, w.network), ERR_RANGE);
    same_keys.vault_key = w.root.public_key;
    set_bank(&w, 1, &same_keys, &w.root);
    expect_err(reopen(&w, &w.root, w.network), ERR_RANGE);
    same_keys.vault_key = (struct public_key){{5}};
    set_bank(&w, 1, &same_keys, &w.root);
    expect_err(reopen(&w, &w.root, w.network), ERR_POINT);
    set_bank(&w, 1, banks[1], &w.root);
    expect_err(reopen(&w, &w.root, w.network), ERR_OK);

    w.directory.register_key = w.issuing.public_key; /* D1: one key, one purpose */
    expect_err(reopen(&w, &w.root, w.network), ERR_RANGE);
    w.directory = good;
    w.directory.revocation_key.bytes[0] = 4;
    expect_err(reopen(&w, &w.root, w.network), ERR_POINT);
    w.directory = good;
    w.directory.issuing_keys.items[0].key.bytes[0] = 0;
    expect_err(reopen(&w, &w.root, w.network), ERR_POINT);
}

Test(money, directory_under_another_root)
{
    WORLD(w);
    struct trust trust;
    struct public_key thief = world_key("thief").public_key, no_point = {{1}};
    expect_err(trust_open(&trust, w.network, &thief, &w.directory_cose, &w.arena), ERR_SIGNATURE);
    expect_err(trust_open(&trust, w.network, &no_point, &w.directory_cose, &w.arena), ERR_POINT);
}

static enum err set_list(struct world *w, uint64_t version, const uint8_t *first_bytes,
                         size_t count, const struct key_pair *pair)
{
    struct revocation entries[4] = {0};
    for (size_t i = 0; i < count; i++)
        entries[i].key_id.bytes[0] = first_bytes[i];
    struct revocations list = {.version = version, .entries = {entries, count}, .made_at = 5};
    struct cose cose = world_sign(w, KIND_REVOCATIONS, &list, pair);
    return trust_set_revocations(&w->trust, &cose, &w->arena);
}

Test(money, E6_revocation_lists_are_never_taken_back)
{
    WORLD(w);
    const uint8_t entries[] = {3, 7, 200, 9};
    struct key_id seven = {{7}}, eight = {{8}}, first = {{3}}, last = {{200}};
    cr_expect(!trust_key_id_is_revoked(&w.trust, &seven));
    expect_err(set_list(&w, 5, entries, 3, &w.revocation), ERR_OK);
    cr_expect(trust_key_id_is_revoked(&w.trust, &seven));
    cr_expect(trust_key_id_is_revoked(&w.trust, &first));
    cr_expect(trust_key_id_is_revoked(&w.trust, &last));
    cr_expect(!trust_key_id_is_revoked(&w.trust, &eight));
    expect_err(set_list(&w, 4, entries, 0, &w.revocation), ERR_VERSION);
    expect_err(set_list(&w, 6, entries, 0, &w.root), ERR_SIGNATURE);
    expect_err(set_list(&w, 6, entries, 4, &w.revocation), ERR_CANONICAL);
    expect_err(set_list(&w, 6, (const uint8_t[]){3, 3}, 2, &w.revocation), ERR_CANONICAL);
    cr_expect(trust_key_id_is_revoked(&w.trust, &seven), "unchanged by what was refused");
    cr_expect_eq(w.trust.revocations.version, 5);
    expect_err(set_list(&w, 5, entries, 3, &w.revocation), ERR_OK);
    expect_err(set_list(&w, 6, entries, 0, &w.revocation), ERR_OK);
    cr_expect(!trust_key_id_is_revoked(&w.trust, &seven));
}

Test(money, E17_L1_wallet_certificates)
{
    WORLD(w);
    struct world_wallet alice;
    struct wallet_certificate out;
    world_wallet(&alice, &w, "alice", WORLD_BANK_A);
    const struct wallet_certificate good = alice.certificate;
    struct wallet_certificate unknown_bank = good, no_point = good, both = good;
    unknown_bank.bank_id = 9;
    no_point.wallet_key.bytes[0] = 7;
    both = no_point;
    both.bank_id = 9;
    const struct {
        const struct wallet_certificate *value;
        const struct key_pair *pair;
        enum status expected;
    } rows[] = {
        {&good, &w.banks[0].bank_key, STATUS_OK},
        {&good, &w.banks[1].bank_key, STATUS_CERTIFICATE}, /* E17 */
        {&good, &w.banks[0].vault_key, STATUS_CERTIFICATE},
        {&good, &w.root, STATUS_CERTIFICATE},
        {&good, &alice.pair, STATUS_CERTIFICATE},
        {&unknown_bank, &w.banks[0].bank_key, STATUS_CERTIFICATE},
        {&no_point, &w.banks[0].bank_key, STATUS_POINT}, /* L1 */
        {&both, &w.banks[0].bank_key, STATUS_POINT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cose cose = world_sign(&w, KIND_WALLET_CERTIFICATE, rows[i].value, rows[i].pair);
        enum status status = trust_certificate(&out, &w.trust, &cose, &w.arena);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
    }
    struct cose broken = alice.certificate_cose;
    broken.payload.size--;
    cr_expect_eq(trust_certificate(&out, &w.trust, &broken, &w.arena), STATUS_PARSE);
}

Test(money, B8_requests)
{
    WORLD(w);
    struct world_wallet shop, mallory, vault;
    struct world_request of_shop, of_vault, forged;
    world_wallet(&shop, &w, "shop", WORLD_BANK_B);
    world_wallet(&mallory, &w, "mallory", WORLD_BANK_A);
    world_vault(&vault, &w, WORLD_BANK_A);
    world_request(&of_shop, &w, &shop, 100);
    world_request(&of_vault, &w, &vault, 100);
    forged = of_shop;
    forged.request.payee_key = mallory.pair.public_key; /* the payee exchanged on its way */
    forged.cose = world_sign(&w, KIND_REQUEST, &forged.request, &shop.pair);
    struct cose self_made =
        world_sign(&w, KIND_WALLET_CERTIFICATE, &mallory.certificate, &mallory.pair);
    struct cose broken = of_shop.cose, tampered = of_shop.cose;
    broken.payload.size--;
    tampered.signature.bytes[1] ^= 1;
    const struct {
        const struct cose *request, *certificate;
        uint64_t bank_id;
        enum status expected;
    } rows[] = {
        {&of_shop.cose, &shop.certificate_cose, WORLD_BANK_B, STATUS_OK},
        {&of_vault.cose, NULL, WORLD_BANK_A, STATUS_OK},
        {&of_shop.cose, NULL, 0, STATUS_CERTIFICATE},
        {&of_shop.cose, &mallory.certificate_cose, 0, STATUS_CERTIFICATE},
        {&of_vault.cose, &shop.certificate_cose, 0, STATUS_CERTIFICATE},
        {&forged.cose, &mallory.certificate_cose, 0, STATUS_SIGNATURE},
        {&forged.cose, &self_made, 0, STATUS_CERTIFICATE},
        {&tampered, &shop.certificate_cose, 0, STATUS_SIGNATURE},
        {&tampered, &mallory.certificate_cose, 0, STATUS_CERTIFICATE},
        {&broken, &shop.certificate_cose, 0, STATUS_PARSE},
        {&broken, &mallory.certificate_cose, 0, STATUS_PARSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request request;
        struct id id;
        struct wallet_certificate certificate;
        const struct trust_bank *bank;
        enum status status = trust_request(&request, &id, &certificate, &bank, &w.trust,
                                           rows[i].request, rows[i].certificate, &w.arena);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
        cr_expect_eq(bank == NULL ? 0 : bank->certificate.bank_id, rows[i].bank_id, "row %zu", i);
        if (i == 0)
            cr_expect(id_equal(&id, &of_shop.id));
    }
}
