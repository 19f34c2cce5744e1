/* What is not signed: orders, wrappers, proofs of fraud. */
#include "tests/vectors/vector.h"

#include "common/money/proof.h"

#include <string.h>

/* --- orders --- */

static struct span exchange_to(struct scene *s, const struct public_key *key)
{
    struct buffer out = {0};
    struct output outputs[] = {{world_fen(1500), *key}, {world_fen(500), *key}};
    struct exchange exchange = {
        .outputs = {outputs, 2}, .nonce = {{1, 2, 3}}, .made_at = WORLD_NOW};
    CHECK(exchange_encode(&out, &exchange) == ERR_OK);
    return raw_keep(&s->world, &out);
}

static void write_order(struct scene *s, const char *name, const char *why, enum kind kind,
                        struct span bytes, struct span packet, enum status verdict)
{
    struct vector vector = {.name = name,
                            .why = why,
                            .kind = kind,
                            .bytes = bytes,
                            .root_key = &s->world.root.public_key,
                            .directory = &s->world.directory_cose,
                            .packet = packet,
                            .verdict = verdict};
    vector_write(&s->world, &vector);
}

static struct span funding(struct scene *s, const struct world_wallet *payee, struct id reference)
{
    struct world_wallet to = *payee;
    struct world_coin coin;
    const struct world_coin *coins[] = {&coin};
    world_pay(&coin, NULL, &s->world, &s->second, &to, 2000, &reference);
    scene_pack(s, coins, 1);
    return world_packet_bytes(&s->world, &s->packet);
}

static void write_orders(struct scene *s)
{
    struct public_key alice = s->alice.pair.public_key, no_point = alice;
    struct world_wallet reg;
    struct span none = {0};
    world_register_wallet(&reg, &s->world);
    struct span order = exchange_to(s, &alice);
    struct id id = record_id(WORLD_NETWORK, KIND_EXCHANGE, order);
    no_point.bytes[0] = 0;
    write_order(s, "exchange-ok", "20.00 into 15.00 and 5.00", KIND_EXCHANGE, order, none,
                STATUS_OK);
    write_order(s, "exchange-point", "new tokens for a key that is no point", KIND_EXCHANGE,
                exchange_to(s, &no_point), none, STATUS_POINT);
    write_order(s, "exchange-to-register", "new tokens for the register's own key", KIND_EXCHANGE,
                exchange_to(s, &s->world.register_key.public_key), none, STATUS_ORDER);
    write_order(s, "exchange-cut", "the last byte is missing", KIND_EXCHANGE,
                span_of(order.data, order.size - 1), none, STATUS_PARSE);
    write_order(s, "exchange-funded-ok", "with the packet that funds it", KIND_EXCHANGE, order,
                funding(s, &reg, id), STATUS_OK);
    write_order(s, "exchange-other-reference", "the packet funds another order", KIND_EXCHANGE,
                order, funding(s, &reg, world_hash("another order")), STATUS_ORDER);
    write_order(s, "exchange-unfunded", "the packet pays somebody else", KIND_EXCHANGE, order,
                funding(s, &s->shop, id), STATUS_ORDER);
}

static void write_redeem(struct scene *s)
{
    struct buffer out = {0};
    struct redeem redeem = {
        .bank_id = 1, .amount = world_fen(2000), .nonce = {{4}}, .made_at = WORLD_NOW};
    struct span none = {0};
    CHECK(redeem_encode(&out, &redeem) == ERR_OK);
    struct span bytes = raw_keep(&s->world, &out);
    write_order(s, "redeem-ok", "20.00 back into the reserve", KIND_REDEEM, bytes, none, STATUS_OK);
    write_order(s, "redeem-is-an-exchange", "a redeem under the name of an exchange", KIND_EXCHANGE,
                bytes, none, STATUS_PARSE);
}

static void write_issue(struct scene *s)
{
    struct buffer out = {0};
    struct output output = {world_fen(100000000), s->world.banks[0].vault_key.public_key};
    struct issue issue = {.order_id = {{5}}, .outputs = {&output, 1}, .made_at = WORLD_NOW};
    CHECK(issue_encode(&out, &issue) == ERR_OK);
    struct vector vector = {.name = "issue-ok",
                            .why = "a million yuan for a vault",
                            .kind = KIND_ISSUE,
                            .bytes = raw_keep(&s->world, &out)};
    vector_write(&s->world, &vector);
}

/* --- wrappers --- */

static void write_wrapper(struct scene *s, const char *name, const char *why, struct span bytes,
                          enum status verdict)
{
    struct vector vector = {.name = name,
                            .why = why,
                            .kind = KIND_RECEIPT,
                            .bytes = bytes,
                            .is_wrapped = true,
                            .signer = &s->shop.pair.public_key,
                            .verdict = verdict};
    vector_write(&s->world, &vector);
}

static struct span wrap(struct scene *s, uint64_t parts, uint64_t version, const char *network,
                        const char *kind, struct span body)
{
    struct buffer out = {0};
    raw_head(&out, RAW_ARRAY, parts);
    raw_head(&out, RAW_UINT, version);
    raw_head(&out, RAW_TEXT, strlen(network));
    CHECK(buffer_put(&out, span_text(network)) == ERR_OK);
    raw_head(&out, RAW_TEXT, strlen(kind));
    CHECK(buffer_put(&out, span_text(kind)) == ERR_OK);
    CHECK(buffer_put(&out, body) == ERR_OK);
    return raw_keep(&s->world, &out);
}

static void write_wrappers(struct scene *s)
{
    struct id_item item = {world_hash("a payment")};
    struct receipt receipt = {
        .request_id = s->request.id, .payment_ids = {&item, 1}, .received_at = WORLD_NOW};
    struct cose cose = world_sign(&s->world, KIND_RECEIPT, &receipt, &s->shop.pair);
    struct span body = world_bytes(&s->world, &cose);
    struct buffer longer = {0};
    CHECK(buffer_put(&longer, body) == ERR_OK);
    raw_hex(&longer, "00");
    struct span two = raw_keep(&s->world, &longer);
    struct span good = wrap(s, 4, 1, WORLD_NETWORK, "receipt", body);
    write_wrapper(s, "wrapper-ok", "a receipt as a file", good, STATUS_OK);
    write_wrapper(s, "wrapper-network", "of another network",
                  wrap(s, 4, 1, "dcep-other", "receipt", body), STATUS_NETWORK);
    write_wrapper(s, "wrapper-network-form", "a network with a capital letter",
                  wrap(s, 4, 1, "Dcep-test", "receipt", body), STATUS_PARSE);
    write_wrapper(s, "wrapper-kind", "of another kind",
                  wrap(s, 4, 1, WORLD_NETWORK, "request", body), STATUS_KIND);
    write_wrapper(s, "wrapper-unknown-kind", "of a kind that nobody knows",
                  wrap(s, 4, 1, WORLD_NETWORK, "recipe", body), STATUS_KIND);
    write_wrapper(s, "wrapper-network-and-kind", "both are wrong: the network is said first",
                  wrap(s, 4, 1, "dcep-other", "recipe", body), STATUS_NETWORK);
    write_wrapper(s, "wrapper-version", "a later version with other parts",
                  wrap(s, 5, 2, WORLD_NETWORK, "receipt", two), STATUS_VERSION);
    write_wrapper(s, "wrapper-parts", "five parts under version 1",
                  wrap(s, 5, 1, WORLD_NETWORK, "receipt", two), STATUS_PARSE);
    write_wrapper(s, "wrapper-cut", "the last byte is missing", span_of(good.data, good.size - 1),
                  STATUS_PARSE);
}

/* --- proofs --- */

struct crime {
    struct cose wallet, crossed, bank_a, bank_b, to_bob, again, to_carol, clone, forged;
};

static void commit_crime(struct crime *out, struct scene *s)
{
    struct world *w = &s->world;
    struct world_coin other;
    world_token(&other, w, 2000, &s->carol);
    struct payment a = world_payment_value(w, &s->second, &s->bob, 2000, NULL);
    struct payment b = world_payment_value(w, &s->second, &s->alice, 1200, NULL);
    struct payment c = world_payment_value(w, &other, &s->bob, 2000, NULL);
    c.counter = a.counter;
    out->to_bob = world_sign(w, KIND_PAYMENT, &a, &s->carol.pair);
    out->again = world_sign(w, KIND_PAYMENT, &a, &s->carol.pair);
    out->to_carol = world_sign(w, KIND_PAYMENT, &b, &s->carol.pair);
    out->clone = world_sign(w, KIND_PAYMENT, &c, &s->carol.pair);
    out->forged = out->to_carol;
    out->forged.signature.bytes[20] ^= 1;
    out->wallet = s->carol.certificate_cose;
    out->crossed =
        world_sign(w, KIND_WALLET_CERTIFICATE, &s->carol.certificate, &w->banks[1].bank_key);
    out->bank_a = w->trust.banks[0].cose;
    out->bank_b = w->trust.banks[1].cose;
}

static void write_proof(struct scene *s, const char *name, const char *why, const char *fraud,
                        const struct cose *parts[4], enum status verdict)
{
    struct buffer out = {0};
    CHECK(proof_encode_parts(&out, parts[0], parts[1], parts[2], parts[3]) == ERR_OK);
    struct vector vector = {.name = name,
                            .why = why,
                            .kind = KIND_PROOF,
                            .bytes = raw_keep(&s->world, &out),
                            .fraud = fraud,
                            .root_key = &s->world.root.public_key,
                            .verdict = verdict};
    if (verdict == STATUS_OK)
        vector.signer = parts[0] == NULL ? &s->vault_a.pair.public_key : &s->carol.pair.public_key;
    vector_write(&s->world, &vector);
}

static void write_proofs(struct scene *s)
{
    struct crime c;
    commit_crime(&c, s);
    const struct {
        const char *name, *why, *fraud;
        const struct cose *parts[4];
        enum status verdict;
    } rows[] = {
        {"proof-double-spend-ok",
         "one coin paid to two people",
         "double_spend",
         {&c.wallet, &c.bank_a, &c.to_bob, &c.to_carol},
         STATUS_OK},
        {"proof-clone-ok",
         "one counter on two coins",
         "clone",
         {&c.wallet, &c.bank_a, &c.to_bob, &c.clone},
         STATUS_OK},
        {"proof-one-payment",
         "one payment twice",
         NULL,
         {&c.wallet, &c.bank_a, &c.to_bob, &c.to_bob},
         STATUS_CHAIN},
        {"proof-one-payment-two-signatures",
         "one payment, signed twice",
         NULL,
         {&c.wallet, &c.bank_a, &c.to_bob, &c.again},
         STATUS_CHAIN},
        {"proof-two-coins",
         "two coins, two counters: what every wallet does",
         NULL,
         {&c.wallet, &c.bank_a, &c.to_carol, &c.clone},
         STATUS_CHAIN},
        {"proof-forged-payment",
         "one of the signatures is another",
         NULL,
         {&c.wallet, &c.bank_a, &c.to_bob, &c.forged},
         STATUS_SIGNATURE},
        {"proof-against-vault",
         "a wallet's payments shown as its bank's",
         NULL,
         {NULL, &c.bank_a, &c.to_bob, &c.to_carol},
         STATUS_SIGNATURE},
        {"proof-of-another-bank",
         "bank 2 certified bank 1's customer",
         NULL,
         {&c.crossed, &c.bank_b, &c.to_bob, &c.to_carol},
         STATUS_CERTIFICATE},
        {"proof-other-bank-certificate",
         "the certificate is not of this bank",
         NULL,
         {&c.wallet, &c.bank_b, &c.to_bob, &c.to_carol},
         STATUS_CERTIFICATE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        write_proof(s, rows[i].name, rows[i].why, rows[i].fraud,
                    (const struct cose **)rows[i].parts, rows[i].verdict);
}

static void write_vault_proof(struct scene *s)
{
    struct world *w = &s->world;
    struct payment a = world_payment_value(w, &s->second, &s->bob, 2000, NULL);
    struct payment b = world_payment_value(w, &s->second, &s->alice, 2000, NULL);
    struct cose a_cose = world_sign(w, KIND_PAYMENT, &a, &s->vault_a.pair);
    struct cose b_cose = world_sign(w, KIND_PAYMENT, &b, &s->vault_a.pair);
    const struct cose *parts[4] = {NULL, &w->trust.banks[0].cose, &a_cose, &b_cose};
    write_proof(s, "proof-vault-ok", "a bank's vault paid one coin twice", "double_spend", parts,
                STATUS_OK);
}

void other_vectors(void)
{
    struct scene s AUTO(scene_close);
    scene_open(&s);
    write_orders(&s);
    write_redeem(&s);
    write_issue(&s);
    write_wrappers(&s);
    write_proofs(&s);
    write_vault_proof(&s);
}
