/* Requests, receipts, tokens, proofs: what is shown of them, and when it is not believed. */
#include "common/money/proof.h"
#include "tests/wallet/look.h"

#include <criterion/criterion.h>
#include <string.h>

static struct world world;
static struct folk alice, bob;

static void open_people(void)
{
    world_open(&world);
    folk_open(&alice, &world, "alice", WORLD_BANK_A);
    folk_open(&bob, &world, "bob", WORLD_BANK_B);
}

static void close_people(void)
{
    folk_close(&alice);
    folk_close(&bob);
    world_close(&world);
}

TestSuite(inspect_money, .init = open_people, .fini = close_people);

/* ---- requests ---- */

Test(inspect_money, a_request)
{
    static const char *const titles[] = {"payee", "amount", "can be paid until", "hops at most",
                                         NULL};
    struct look look AUTO(look_fini) = {0}, unchecked AUTO(look_fini) = {0};
    const struct span file = folk_request(&bob, 1234, NULL);
    look_at(&look, &alice, file);
    look_expect(&look, "OK", "request for a payment\nnetwork dcep-test, ");
    look_expect_aligned(&look, titles);
    cr_expect_str_eq(look_member(&look, "amount"), "12.34");
    cr_expect_str_eq(look_member(&look, "payee"), "4d2dad19, 河畔银行");
    cr_expect_str_eq(look.notes, "");
    look_at(&unchecked, NULL, file);
    look_expect(&unchecked, "UNCHECKED", "4d2dad19, bank 2\n");
}

Test(inspect_money, a_request_that_has_run_out_says_so)
{
    struct look look AUTO(look_fini) = {0};
    const struct span file = folk_request(&bob, 1234, NULL);
    alice.wallet.now += 30 * 86400;
    look_at(&look, &alice, file);
    cr_expect(strstr(look.notes, "ask the payee for a new one") != NULL, "%s", look.notes);
}

Test(inspect_money, a_request_alone_has_no_name_but_a_banks)
{
    struct world_wallet vault, wallet;
    struct world_request by_vault, by_wallet;
    struct look of_vault AUTO(look_fini) = {0}, of_wallet AUTO(look_fini) = {0};
    world_vault(&vault, &world, WORLD_BANK_B);
    world_wallet(&wallet, &world, "carol", WORLD_BANK_B);
    world_request(&by_vault, &world, &vault, 500);
    world_request(&by_wallet, &world, &wallet, 500);
    look_at(&of_vault, &alice, look_file_signed(&world, KIND_REQUEST, &by_vault.cose));
    look_expect(&of_vault, "OK", "payee              河畔银行\n");
    look_at(&of_wallet, &alice, look_file_signed(&world, KIND_REQUEST, &by_wallet.cose));
    look_expect(&of_wallet, "CERTIFICATE", "request for a payment, without certificate\n");
}

Test(inspect_money, a_request_that_was_altered)
{
    struct invoice invoice = {.has_certificate = true};
    struct world_request asked;
    struct request changed;
    struct buffer body AUTO(buffer_fini) = {0};
    struct look look AUTO(look_fini) = {0};
    world_request(&asked, &world, &bob.first, 500);
    changed = asked.request;
    changed.amount = world_fen(50000);
    cr_assert_eq(request_encode(&body, &changed), ERR_OK);
    invoice.request = asked.cose;
    invoice.request.payload = buffer_span(&body);
    invoice.certificate = bob.first.certificate_cose;
    look_at(&look, &alice, look_file_of(&world, KIND_INVOICE, &invoice));
    look_expect(&look, "SIGNATURE", "¥500.00\n");
}

/* ---- receipts ---- */

static struct span receipt_file(void)
{
    enum status status = STATUS_FAILED;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 400, NULL), &status);
    cr_assert_eq(status, STATUS_OK);
    const struct handover_received received = folk_receive(&bob, packet);
    cr_assert_eq(received.result, HANDOVER_TAKEN);
    return received.receipt;
}

/* Of a request that has long been paid nobody says that it has run out. */
Test(inspect_money, a_receipt_is_one_record)
{
    static const char *const titles[] = {
        "payee", "amount", "can be paid until", "payment", "received", "coins", NULL};
    struct look look AUTO(look_fini) = {0}, unchecked AUTO(look_fini) = {0};
    folk_coin(&alice, 1000);
    const struct span file = receipt_file();
    alice.wallet.now += 30 * 86400;
    look_at(&look, &alice, file);
    look_expect(&look, "OK", "receipt of a payment\n");
    look_expect_aligned(&look, titles);
    cr_expect_str_eq(look.notes, "");
    look_at(&unchecked, NULL, file);
    look_expect(&unchecked, "UNCHECKED", "receipt of a payment\n");
}

/* ---- tokens ---- */

Test(inspect_money, a_token)
{
    struct world_coin coin;
    struct look good AUTO(look_fini) = {0}, forged AUTO(look_fini) = {0};
    struct look foreign AUTO(look_fini) = {0};
    world_token(&coin, &world, 5000, &bob.first);
    look_at(&good, &alice, look_file_signed(&world, KIND_TOKEN, &coin.token));
    look_expect(&good, "OK", "owner's key  4d2dad19\n");
    cr_expect_str_eq(look_member(&good, "amount"), "50.00");

    struct token token = world_token_value(&world, 5000, &bob.first);
    const struct cose by_root = world_sign(&world, KIND_TOKEN, &token, &world.root);
    look_at(&forged, &alice, look_file_signed(&world, KIND_TOKEN, &by_root));
    look_expect(&forged, "SIGNATURE", "token: a coin as it was issued\n");

    token.issuing_key_id.bytes[0] ^= 1;
    const struct cose by_nobody = world_sign(&world, KIND_TOKEN, &token, &world.issuing);
    look_at(&foreign, &alice, look_file_signed(&world, KIND_TOKEN, &by_nobody));
    look_expect(&foreign, "ISSUER", "¥50.00\n");
}

/* ---- proofs ---- */

static struct span proof_file(const struct cose *a, const struct cose *b)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    cr_assert_eq(
        proof_encode_parts(&bytes, &alice.first.certificate_cose, &world.trust.banks[0].cose, a, b),
        ERR_OK);
    return look_file(&world, KIND_PROOF, buffer_span(&bytes));
}

static struct cose alice_pays(const struct world_coin *coin, const struct world_wallet *payee,
                              uint64_t counter)
{
    struct payment payment = world_payment_value(&world, coin, payee, 5000, NULL);
    payment.counter = counter;
    return world_sign(&world, KIND_PAYMENT, &payment, &alice.first.pair);
}

Test(inspect_money, a_proof_names_who_did_what)
{
    struct world_coin coin, other;
    struct look twice AUTO(look_fini) = {0}, clone AUTO(look_fini) = {0};
    struct look unchecked AUTO(look_fini) = {0};
    world_token(&coin, &world, 5000, &alice.first);
    world_token(&other, &world, 5000, &alice.first);
    const struct cose first = alice_pays(&coin, &bob.first, 1);
    const struct cose second = alice_pays(&coin, &alice.first, 2);
    const struct cose copied = alice_pays(&other, &bob.first, 1);
    look_at(&twice, &bob, proof_file(&first, &second));
    look_expect(&twice, "OK", "3db97542, Bank of the East Gate paid the same coin twice\n");
    cr_expect_str_eq(look_member(&twice, "fraud"), "double-spend");
    look_at(&clone, &bob, proof_file(&first, &copied));
    look_expect(&clone, "OK", "used one counter for two coins: a copied wallet\n");
    cr_expect_str_eq(look_member(&clone, "fraud"), "clone");
    look_at(&unchecked, NULL, proof_file(&first, &second));
    look_expect(&unchecked, "UNCHECKED", "proof of fraud\n");
    cr_expect_null(json_object_get(unchecked.result, "who"), "nobody is accused unchecked");
}

Test(inspect_money, what_proves_nothing_accuses_nobody)
{
    struct world_coin coin, other;
    struct look look AUTO(look_fini) = {0};
    world_token(&coin, &world, 5000, &alice.first);
    world_token(&other, &world, 5000, &alice.first);
    const struct cose one = alice_pays(&coin, &bob.first, 1);
    const struct cose two = alice_pays(&other, &bob.first, 2);
    look_at(&look, &bob, proof_file(&one, &two));
    cr_expect_eq(look.exit_code, CLI_INVALID, "%s", look.text);
    cr_expect_null(json_object_get(look.result, "who"));
}
