/* Certificates, directory, revocation list, and the papers between a bank and others. */
#include "tests/wallet/look.h"

#include <criterion/criterion.h>
#include <string.h>

static struct world world;
static struct folk alice;

static void open_people(void)
{
    world_open(&world);
    folk_open(&alice, &world, "alice", WORLD_BANK_A);
}

static void close_people(void)
{
    folk_close(&alice);
    world_close(&world);
}

TestSuite(inspect_papers, .init = open_people, .fini = close_people);

static struct span certificate_file(const struct world_wallet *wallet)
{
    return look_file_signed(&world, KIND_WALLET_CERTIFICATE, &wallet->certificate_cose);
}

Test(inspect_papers, a_wallets_certificate)
{
    struct world_wallet shop;
    struct look good AUTO(look_fini) = {0}, old AUTO(look_fini) = {0};
    struct look revoked AUTO(look_fini) = {0};
    world_wallet(&shop, &world, "shop", WORLD_BANK_B);
    shop.certificate.has_label = true;
    shop.certificate.label = span_text("Tea shop");
    world_certify(&shop, &world);
    look_at(&good, &alice, certificate_file(&shop));
    look_expect(&good, "OK", "Tea shop\n");
    cr_expect_str_eq(look_member(&good, "bank"), "河畔银行");
    cr_expect_str_eq(good.notes, "");

    alice.wallet.now += 400 * UINT64_C(86400);
    look_at(&old, &alice, certificate_file(&shop));
    cr_expect(strstr(old.notes, "it has expired: the wallet has to sync") != NULL, "%s", old.notes);

    const struct key_id id = crypto_key_id(&shop.pair.public_key);
    const struct trust own = alice.wallet.trust;
    world_revoke(&world, &id);
    alice.wallet.trust = world.trust;
    look_at(&revoked, &alice, certificate_file(&shop));
    look_expect(&revoked, "REVOKED", "Tea shop\n");
    alice.wallet.trust = own;
}

Test(inspect_papers, a_banks_certificate)
{
    struct look good AUTO(look_fini) = {0}, forged AUTO(look_fini) = {0};
    look_at(&good, &alice,
            look_file_signed(&world, KIND_BANK_CERTIFICATE, &world.trust.banks[0].cose));
    look_expect(&good, "OK", "Bank of the East Gate\n");
    const struct cose by_itself = world_sign(&world, KIND_BANK_CERTIFICATE,
                                             &world.banks[0].certificate, &world.banks[0].bank_key);
    look_at(&forged, &alice, look_file_signed(&world, KIND_BANK_CERTIFICATE, &by_itself));
    look_expect(&forged, "SIGNATURE", "Bank of the East Gate\n");
}

Test(inspect_papers, a_directory_and_its_banks)
{
    struct look look AUTO(look_fini) = {0}, forged AUTO(look_fini) = {0};
    look_at(&look, &alice, look_file_signed(&world, KIND_DIRECTORY, &world.directory_cose));
    look_expect(&look, "OK", "河畔银行");
    cr_expect_eq(json_array_size(json_object_get(look.result, "banks")), WORLD_BANKS);
    const struct cose by_bank =
        world_sign(&world, KIND_DIRECTORY, &world.directory, &world.banks[0].bank_key);
    look_at(&forged, &alice, look_file_signed(&world, KIND_DIRECTORY, &by_bank));
    look_expect(&forged, "SIGNATURE", "河畔银行");
}

Test(inspect_papers, a_list_of_revoked_keys)
{
    const struct key_id id = crypto_key_id(&alice.first.pair.public_key);
    struct look look AUTO(look_fini) = {0}, forged AUTO(look_fini) = {0};
    world_revoke(&world, &id);
    look_at(&look, &alice, look_file_signed(&world, KIND_REVOCATIONS, &world.revocations_cose));
    look_expect(&look, "OK", "3db97542");
    const struct cose by_root =
        world_sign(&world, KIND_REVOCATIONS, &world.revocations, &world.root);
    look_at(&forged, &alice, look_file_signed(&world, KIND_REVOCATIONS, &by_root));
    look_expect(&forged, "SIGNATURE", "3db97542");
}

/* ---- join file ---- */

Test(inspect_papers, a_join_file_keeps_its_secret)
{
    struct join join = {.root_key = world.root.public_key,
                        .bank_id = WORLD_BANK_A,
                        .bank_name = span_text("East"),
                        .address = span_text("127.0.0.1:1"),
                        .tls_name = span_text("bank.dcep"),
                        .tls_certificate = span_text("pem"),
                        .code = world_nonce(&world),
                        .expires_at = WORLD_NOW + 60};
    struct look good AUTO(look_fini) = {0}, old AUTO(look_fini) = {0};
    char code[2 * NONCE_SIZE + 1];
    look_at(&good, NULL, look_file_of(&world, KIND_JOIN, &join));
    look_expect(&good, "OK", "well formed; it bears no signature of the central bank\n");
    hex_encode(code, SPAN(join.code));
    code[8] = '\0';
    char *all = json_dumps(good.result, 0);
    cr_expect(strstr(all, code) == NULL && strstr(good.text, code) == NULL, "%s", all);
    free(all);
    join.expires_at = WORLD_NOW - 1;
    look_at(&old, NULL, look_file_of(&world, KIND_JOIN, &join));
    cr_expect(strstr(old.notes, "ask the bank for a new join file") != NULL, "%s", old.notes);
}

/* ---- a bank and the central bank ---- */

static struct bank_request request_of(const struct world_bank *bank)
{
    return (struct bank_request){.name = span_text("West"),
                                 .bank_key = bank->bank_key.public_key,
                                 .vault_key = bank->vault_key.public_key,
                                 .tls_public_key = span_text("pem"),
                                 .made_at = WORLD_NOW};
}

Test(inspect_papers, a_request_to_be_enrolled_is_signed_by_both_keys)
{
    const struct world_bank *bank = &world.banks[0];
    const struct bank_request request = request_of(bank);
    struct look good AUTO(look_fini) = {0}, half AUTO(look_fini) = {0};
    struct look two AUTO(look_fini) = {0};
    struct enrollment enrollment = {
        .by_bank_key = world_sign(&world, KIND_BANK_REQUEST, &request, &bank->bank_key),
        .by_vault_key = world_sign(&world, KIND_BANK_REQUEST, &request, &bank->vault_key)};
    look_at(&good, NULL, look_file_of(&world, KIND_ENROLLMENT, &enrollment));
    look_expect(&good, "OK", "West\n");
    enrollment.by_vault_key = enrollment.by_bank_key;
    look_at(&half, NULL, look_file_of(&world, KIND_ENROLLMENT, &enrollment));
    look_expect(&half, "SIGNATURE", "West\n");
    struct bank_request other = request;
    other.name = span_text("East");
    enrollment.by_vault_key = world_sign(&world, KIND_BANK_REQUEST, &other, &bank->vault_key);
    look_at(&two, NULL, look_file_of(&world, KIND_ENROLLMENT, &enrollment));
    look_expect(&two, "CHAIN", "West\n");
}

static struct admission admission_of(const struct cose *certificate, const struct cose *directory)
{
    return (struct admission){.root_key = world.root.public_key,
                              .bank_certificate = *certificate,
                              .directory = *directory,
                              .address = span_text("127.0.0.1:7001"),
                              .tls_name = span_text("central.dcep"),
                              .tls_authority = span_text("pem"),
                              .tls_certificate = span_text("pem")};
}

Test(inspect_papers, an_admission_is_one_record)
{
    static const char *const titles[] = {
        "bank",     "number",  "vault's key", "good until", "central bank's address",
        "root key", "version", NULL};
    const struct cose *own = &world.trust.banks[0].cose;
    const struct admission admission = admission_of(own, &world.directory_cose);
    struct look look AUTO(look_fini) = {0};
    look_at(&look, &alice, look_file_of(&world, KIND_ADMISSION, &admission));
    look_expect(&look, "OK", "a bank's admission by the central bank\n");
    look_expect_aligned(&look, titles);
}

Test(inspect_papers, an_admission_by_another_root)
{
    const struct key_pair other = world_key("another root");
    const struct cose certificate =
        world_sign(&world, KIND_BANK_CERTIFICATE, &world.banks[0].certificate, &other);
    struct admission forged = admission_of(&certificate, &world.directory_cose);
    struct look mixed AUTO(look_fini) = {0}, foreign AUTO(look_fini) = {0};
    look_at(&mixed, &alice, look_file_of(&world, KIND_ADMISSION, &forged));
    look_expect(&mixed, "SIGNATURE", "Bank of the East Gate\n");
    forged.root_key = other.public_key;
    look_at(&foreign, &alice, look_file_of(&world, KIND_ADMISSION, &forged));
    look_expect(&foreign, "SIGNATURE", "Bank of the East Gate\n");
}
