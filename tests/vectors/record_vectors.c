/* Signed records that stand for themselves: good ones of every kind, and one thing wrong at a time.
 */
#include "tests/vectors/vector.h"

#include "tests/support/unhex.h"

#include <string.h>

/* --- tokens and payments, with one item spelled by hand --- */

static void write_signed(struct scene *s, const char *name, const char *why, enum kind kind,
                         const struct cose *cose, const struct public_key *signer,
                         enum status verdict)
{
    struct vector vector = {.name = name,
                            .why = why,
                            .kind = kind,
                            .bytes = world_bytes(&s->world, cose),
                            .signer = signer,
                            .verdict = verdict};
    vector_write(&s->world, &vector);
}

static void write_tokens(struct scene *s)
{
    static const struct {
        const char *name, *why;
        uint64_t version;
        const char *amount;
        enum status verdict;
    } rows[] = {
        {"token-ok", "the root of a coin of 20.00", 1, "1907d0", STATUS_OK},
        {"token-largest-amount", "2^53-1 fen", 1, "1b001fffffffffffff", STATUS_OK},
        {"token-version", "a version that nobody knows", 2, "1907d0", STATUS_VERSION},
        {"token-zero", "a coin of nothing", 1, "00", STATUS_RANGE},
        {"token-amount-2-to-53", "one more than the largest integer", 1, "1b0020000000000000",
         STATUS_RANGE},
        {"token-amount-2-to-64-less-1", "the largest integer of CBOR", 1, "1bffffffffffffffff",
         STATUS_RANGE},
        {"token-not-shortest", "2000 in four bytes", 1, "1a000007d0", STATUS_CANONICAL},
        {"token-negative", "a negative integer", 1, "3907cf", STATUS_PARSE},
        {"token-float", "2000.0", 1, "f967d0", STATUS_PARSE},
        {"token-bignum", "tag 2", 1, "c24207d0", STATUS_PARSE},
        {"token-text-amount", "an amount in words", 1, "6432303030", STATUS_PARSE},
        {"token-indefinite", "a byte string of indefinite length", 1, "5f4207d0ff",
         STATUS_CANONICAL},
        {"token-broken-text", "text that is not UTF-8", 1, "62c328", STATUS_PARSE},
        {"token-null-amount", "null where nothing may be absent", 1, "f6", STATUS_PARSE},
        {"token-undefined", "undefined", 1, "f7", STATUS_PARSE},
        {"token-reserved-head", "additional information 28", 1, "1c", STATUS_PARSE},
        {"token-deep", "more than twelve arrays, one in another", 1, "81818181818181818181818100",
         STATUS_LIMIT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct token token = world_token_value(&s->world, 2000, &s->carol);
        struct span payload = raw_token(&s->world, &token, rows[i].version, rows[i].amount);
        struct cose cose = raw_sign(&s->world, KIND_TOKEN, payload, &s->world.issuing);
        write_signed(s, rows[i].name, rows[i].why, KIND_TOKEN, &cose, &s->world.issuing.public_key,
                     rows[i].verdict);
    }
}

static void write_more_tokens(struct scene *s)
{
    const struct public_key *issuing = &s->world.issuing.public_key;
    struct public_key no_point = *issuing;
    struct token token = world_token_value(&s->world, 2000, &s->vault_a);
    token.has_purpose = true;
    token.purpose = 7;
    struct cose good = world_sign(&s->world, KIND_TOKEN, &token, &s->world.issuing);
    write_signed(s, "token-purpose-ok", "with a purpose", KIND_TOKEN, &good, issuing, STATUS_OK);
    struct cose bad = good;
    bad.signature.bytes[63] ^= 1;
    write_signed(s, "token-signature", "the last bit of the signature is another", KIND_TOKEN, &bad,
                 issuing, STATUS_SIGNATURE);
    write_signed(s, "token-signer", "signed by another key", KIND_TOKEN, &good,
                 &s->world.root.public_key, STATUS_SIGNATURE);
    no_point.bytes[0] = 4;
    write_signed(s, "token-signer-no-point", "the key begins with 04", KIND_TOKEN, &good, &no_point,
                 STATUS_POINT);
    s->world.network = "dcep-other";
    bad = world_sign(&s->world, KIND_TOKEN, &token, &s->world.issuing);
    s->world.network = WORLD_NETWORK;
    write_signed(s, "token-other-network", "signed for another network", KIND_TOKEN, &bad, issuing,
                 STATUS_SIGNATURE);
    bad = good;
    bad.payload.size--;
    write_signed(s, "token-payload-cut", "the payload ends too early", KIND_TOKEN, &bad, issuing,
                 STATUS_PARSE);
}

static void write_bytes(struct scene *s, const char *name, const char *why, struct span bytes,
                        enum status verdict)
{
    struct vector vector = {.name = name,
                            .why = why,
                            .kind = KIND_TOKEN,
                            .bytes = bytes,
                            .signer = &s->world.issuing.public_key,
                            .verdict = verdict};
    vector_write(&s->world, &vector);
}

/* The same good token in other spellings of COSE_Sign1. */
static void write_spellings(struct scene *s)
{
    static const struct {
        const char *name, *why, *tag, *protected_header, *unprotected_header, *payload;
        enum status verdict;
    } rows[] = {
        {"cose-ok", "the one spelling", "d2", "43a10126", "a0", NULL, STATUS_OK},
        {"cose-untagged", "without tag 18", "", "43a10126", "a0", NULL, STATUS_PARSE},
        {"cose-other-tag", "tag 17 (COSE_Mac0)", "d1", "43a10126", "a0", NULL, STATUS_PARSE},
        {"cose-tag-not-shortest", "tag 18 in one byte too many", "d812", "43a10126", "a0", NULL,
         STATUS_CANONICAL},
        {"cose-es384", "another algorithm", "d2", "44a1013822", "a0", NULL, STATUS_PARSE},
        {"cose-key-id", "a key id beside the algorithm", "d2", "48a201260443616263", "a0", NULL,
         STATUS_PARSE},
        {"cose-unprotected-algorithm", "the algorithm in the unprotected header", "d2", "40",
         "a10126", NULL, STATUS_PARSE},
        {"cose-unprotected-too", "the algorithm in both headers", "d2", "43a10126", "a10126", NULL,
         STATUS_PARSE},
        {"cose-detached", "a detached payload", "d2", "43a10126", "a0", "f6", STATUS_PARSE},
        {"cose-empty-payload", "an empty payload", "d2", "43a10126", "a0", "40", STATUS_PARSE},
        {"cose-indefinite-map", "a header of indefinite length", "d2", "43a10126", "bfff", NULL,
         STATUS_CANONICAL},
    };
    struct token token = world_token_value(&s->world, 2000, &s->carol);
    struct cose good = world_sign(&s->world, KIND_TOKEN, &token, &s->world.issuing);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer payload = {0};
        if (rows[i].payload == NULL)
            raw_bytes(&payload, good.payload);
        else
            raw_hex(&payload, rows[i].payload);
        write_bytes(s, rows[i].name, rows[i].why,
                    raw_cose(&s->world, rows[i].tag, rows[i].protected_header,
                             rows[i].unprotected_header, raw_keep(&s->world, &payload),
                             SPAN(good.signature)),
                    rows[i].verdict);
    }
    struct span bytes = world_bytes(&s->world, &good);
    struct buffer tail = {0};
    CHECK(buffer_put(&tail, bytes) == ERR_OK);
    raw_hex(&tail, "00");
    write_bytes(s, "cose-tail", "a byte after the end", raw_keep(&s->world, &tail), STATUS_PARSE);
    write_bytes(s, "cose-cut", "the last byte is missing", span_of(bytes.data, bytes.size - 1),
                STATUS_PARSE);
    write_bytes(s, "cose-nothing", "no bytes at all", span_of(bytes.data, 0), STATUS_PARSE);
}

/* --- payments --- */

static void write_outputs(struct scene *s)
{
    static const struct {
        const char *name, *why, *amount;
        size_t count;
        enum status verdict;
    } rows[] = {
        {"payment-four-outputs-ok", "as many outputs as may be", "1901f4", 4, STATUS_OK},
        {"payment-no-outputs", "no output at all", "1907d0", 0, STATUS_PARSE},
        {"payment-five-outputs", "one output too many", "190190", 5, STATUS_LIMIT},
        {"payment-zero-output", "an output of nothing", "00", 1, STATUS_RANGE},
    };
    struct payment payment =
        world_payment_value(&s->world, &s->second, &s->shop, 2000, &s->request.id);
    struct raw_output outputs[5];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t j = 0; j < 5; j++)
            outputs[j] = (struct raw_output){rows[i].amount, SPAN(s->shop.pair.public_key)};
        struct span payload = raw_payment(&s->world, &payment, outputs, rows[i].count);
        struct cose cose = raw_sign(&s->world, KIND_PAYMENT, payload, &s->carol.pair);
        write_signed(s, rows[i].name, rows[i].why, KIND_PAYMENT, &cose, &s->carol.pair.public_key,
                     rows[i].verdict);
    }
    outputs[0] = (struct raw_output){"1907d0", span_of(s->shop.pair.public_key.bytes, 32)};
    struct span payload = raw_payment(&s->world, &payment, outputs, 1);
    struct cose cose = raw_sign(&s->world, KIND_PAYMENT, payload, &s->carol.pair);
    write_signed(s, "payment-short-key", "a key of 32 bytes", KIND_PAYMENT, &cose,
                 &s->carol.pair.public_key, STATUS_PARSE);
}

static void write_payments(struct scene *s)
{
    const struct public_key *carol = &s->carol.pair.public_key;
    struct cose good = s->second_to_shop.payments[0], bad = good;
    write_signed(s, "payment-ok", "20.00 under a request", KIND_PAYMENT, &good, carol, STATUS_OK);
    write_signed(s, "payment-change-ok", "with change, without a reference", KIND_PAYMENT,
                 &s->to_bob.payments[0], &s->alice.pair.public_key, STATUS_OK);
    bad = raw_sign(&s->world, KIND_REQUEST, good.payload, &s->carol.pair);
    write_signed(s, "payment-signed-as-request", "the same bytes, signed as another kind",
                 KIND_PAYMENT, &bad, carol, STATUS_SIGNATURE);
    write_signed(s, "payment-is-a-request", "a request shown as a payment", KIND_PAYMENT,
                 &s->request.cose, &s->shop.pair.public_key, STATUS_PARSE);
    bad = good;
    memset(bad.signature.bytes, 0, 32);
    write_signed(s, "payment-r-zero", "r is 0", KIND_PAYMENT, &bad, carol, STATUS_SIGNATURE);
    bad = good;
    memcpy(
        bad.signature.bytes + 32,
        unhex(&s->world.arena, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
            .data,
        32);
    write_signed(s, "payment-s-order", "s is the order of the curve", KIND_PAYMENT, &bad, carol,
                 STATUS_SIGNATURE);
    bad = good;
    raw_negate(&bad.signature);
    write_signed(s, "payment-s-negated-ok", "s is replaced by n - s: valid, and the id is the same",
                 KIND_PAYMENT, &bad, carol, STATUS_OK);
}

/* --- the other kinds --- */

static void write_receipts(struct scene *s)
{
    struct id_item ids[] = {{world_hash("a payment")}, {world_hash("another")}};
    struct receipt receipt = {
        .request_id = s->request.id, .payment_ids = {ids, 2}, .received_at = WORLD_NOW};
    struct cose cose = world_sign(&s->world, KIND_RECEIPT, &receipt, &s->shop.pair);
    write_signed(s, "receipt-ok", "of two payments", KIND_RECEIPT, &cose, &s->shop.pair.public_key,
                 STATUS_OK);
    write_signed(s, "receipt-forged", "signed by the payer", KIND_RECEIPT, &cose,
                 &s->carol.pair.public_key, STATUS_SIGNATURE);
}

static void write_wallets_records(struct scene *s)
{
    struct world *w = &s->world;
    const struct public_key *alice = &s->alice.pair.public_key;
    struct amount_item amounts[] = {{world_fen(5000)}, {world_fen(1000)}};
    struct withdrawal withdrawal = {.withdrawal_id = world_nonce(w),
                                    .wallet_key = *alice,
                                    .amount = world_fen(6000),
                                    .amounts = {amounts, 2},
                                    .made_at = WORLD_NOW};
    struct cose cose = world_sign(w, KIND_WITHDRAWAL, &withdrawal, &s->alice.pair);
    write_signed(s, "withdrawal-ok", "60.00 as 50.00 and 10.00", KIND_WITHDRAWAL, &cose, alice,
                 STATUS_OK);
    struct certificate_request request = {.new_key = *alice,
                                          .has_previous_key = true,
                                          .previous_key = s->bob.pair.public_key,
                                          .holder = 1,
                                          .made_at = WORLD_NOW};
    cose = world_sign(w, KIND_CERTIFICATE_REQUEST, &request, &s->alice.pair);
    write_signed(s, "certificate-request-ok", "by the new key", KIND_CERTIFICATE_REQUEST, &cose,
                 alice, STATUS_OK);
    struct ownership ownership = {.key = *alice, .after_coin_id = {{0}}, .made_at = WORLD_NOW};
    cose = world_sign(w, KIND_OWNERSHIP, &ownership, &s->alice.pair);
    write_signed(s, "ownership-ok", "what does this key own?", KIND_OWNERSHIP, &cose, alice,
                 STATUS_OK);
    static const uint8_t body[] = {0x82, 0x01, 0x00};
    struct call call = {.call_id = world_nonce(w),
                        .sender_key_id = crypto_key_id(alice),
                        .verb = VERB_FETCH,
                        .body = span_of(body, sizeof body),
                        .made_at = WORLD_NOW};
    cose = world_sign(w, KIND_CALL, &call, &s->alice.pair);
    write_signed(s, "call-ok", "fetch", KIND_CALL, &cose, alice, STATUS_OK);
}

static void write_recovery(struct scene *s)
{
    struct world *w = &s->world;
    const struct key_pair words = world_key("recovery words");
    const struct recovery recovery = {.recovery_key = words.public_key,
                                      .wallet_key = s->alice.pair.public_key,
                                      .made_at = WORLD_NOW};
    struct cose cose = world_sign(w, KIND_RECOVERY, &recovery, &words);
    write_signed(s, "recovery-ok", "by the key of the words, for a wallet's key", KIND_RECOVERY,
                 &cose, &words.public_key, STATUS_OK);
    write_signed(s, "recovery-by-the-wallet", "opened under the wallet's key: not its signature",
                 KIND_RECOVERY, &cose, &s->alice.pair.public_key, STATUS_SIGNATURE);
}

static void write_banks_records(struct scene *s)
{
    struct world *w = &s->world;
    struct bank_request request = {.name = span_text("Bank of the East Gate"),
                                   .bank_key = w->banks[0].bank_key.public_key,
                                   .vault_key = w->banks[0].vault_key.public_key,
                                   .tls_public_key = span_text("a key in PEM"),
                                   .made_at = WORLD_NOW};
    struct cose cose = world_sign(w, KIND_BANK_REQUEST, &request, &w->banks[0].vault_key);
    write_signed(s, "bank-request-ok", "the one of the two signatures that is the vault key's",
                 KIND_BANK_REQUEST, &cose, &w->banks[0].vault_key.public_key, STATUS_OK);
    cose = world_sign(w, KIND_BANK_CERTIFICATE, &w->banks[1].certificate, &w->root);
    write_signed(s, "bank-certificate-ok", "by the root key, with a Chinese name",
                 KIND_BANK_CERTIFICATE, &cose, &w->root.public_key, STATUS_OK);
}

void record_vectors(void)
{
    struct scene s AUTO(scene_close);
    scene_open(&s);
    write_tokens(&s);
    write_more_tokens(&s);
    write_spellings(&s);
    write_outputs(&s);
    write_payments(&s);
    write_receipts(&s);
    write_wallets_records(&s);
    write_recovery(&s);
    write_banks_records(&s);
}
