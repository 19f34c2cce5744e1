/* Packets, genuine or not: the scene with one thing changed, for the payee, the payer and the
 * register. */
#include "tests/vectors/vector.h"

#include <string.h>

static void write_packet(struct scene *s, const char *name, const char *why, enum vector_role role,
                         enum status verdict)
{
    struct vector vector = {.name = name,
                            .why = why,
                            .kind = KIND_PACKET,
                            .bytes = world_packet_bytes(&s->world, &s->packet),
                            .role = role,
                            .root_key = &s->world.root.public_key,
                            .directory = &s->world.directory_cose,
                            .verdict = verdict};
    vector_write(&s->world, &vector);
}

/* --- one change each --- */

static void nothing(struct scene *s)
{
    (void)s;
}

static void only_vault(struct scene *s)
{
    struct world_coin coin;
    const struct world_coin *coins[] = {&coin};
    world_token(&coin, &s->world, 5000, &s->vault_a);
    world_pay(&coin, NULL, &s->world, &coin, &s->shop, 5000, &s->request.id);
    scene_pack(s, coins, 1);
}

static void no_payment(struct scene *s)
{
    s->packet.payment_count = s->packet.certificate_count = 0;
}

/* One token split until it has `count` leaves. */
static void split(struct scene *s, size_t count)
{
    struct world_coin rest, part, paid;
    memset(&s->packet, 0, sizeof s->packet);
    world_token(&rest, &s->world, count, &s->alice);
    for (size_t i = 0; i < count; i++) {
        part = rest;
        if (i + 1 < count)
            world_pay(&part, &rest, &s->world, &rest, &s->alice, 1, NULL);
        world_pay(&paid, NULL, &s->world, &part, &s->shop, 1, &s->request.id);
        world_packet_add(&s->packet, &paid);
    }
}

static void sixteen_leaves(struct scene *s)
{
    split(s, 16);
}

static void seventeen_leaves(struct scene *s)
{
    split(s, 17);
}

static void add_token(struct scene *s, uint64_t version, const char *amount)
{
    struct token token = world_token_value(&s->world, 1, &s->alice);
    s->packet.tokens[s->packet.token_count++] = raw_sign(
        &s->world, KIND_TOKEN, raw_token(&s->world, &token, version, amount), &s->world.issuing);
}

static void parse(struct scene *s)
{
    add_token(s, 1, "4101");
}

static void canonical(struct scene *s)
{
    add_token(s, 1, "1801");
}

static void version(struct scene *s)
{
    add_token(s, 2, "01");
}

static void range(struct scene *s)
{
    add_token(s, 1, "00");
}

static void version_and_range(struct scene *s)
{
    range(s);
    version(s);
}

/* The second coin, from a token made by hand. */
static void pay_token(struct scene *s, const struct token *token, const struct key_pair *issuer)
{
    struct world_coin coin;
    const struct world_coin *coins[] = {&coin};
    struct key_pair right = s->world.issuing;
    s->world.issuing = *issuer;
    world_token_signed(&coin, &s->world, token, &s->carol);
    s->world.issuing = right;
    world_pay(&coin, NULL, &s->world, &coin, &s->shop, 2000, &s->request.id);
    scene_pack(s, coins, 1);
}

static void days(struct scene *s)
{
    struct token token = world_token_value(&s->world, 2000, &s->carol);
    token.redeem_by_day = token.spend_by_day - 1;
    pay_token(s, &token, &s->world.issuing);
}

static void issuer(struct scene *s)
{
    struct token token = world_token_value(&s->world, 2000, &s->carol);
    token.issuing_key_id = crypto_key_id(&s->world.banks[0].bank_key.public_key);
    pay_token(s, &token, &s->world.banks[0].bank_key);
}

static void forged_token(struct scene *s)
{
    struct token token = world_token_value(&s->world, 2000, &s->carol);
    pay_token(s, &token, &s->alice.pair);
}

static void token_point(struct scene *s)
{
    struct token token = world_token_value(&s->world, 2000, &s->carol);
    token.owner_key.bytes[0] = 4;
    pay_token(s, &token, &s->world.issuing);
}

static void twice(struct scene *s)
{
    s->packet.payments[s->packet.payment_count++] = s->packet.payments[SCENE_SECOND];
}

static void token_twice(struct scene *s)
{
    s->packet.tokens[s->packet.token_count++] = s->packet.tokens[0];
}

static void dropped(struct scene *s)
{
    s->packet.payments[SCENE_B_TO_C] = s->packet.payments[SCENE_C_TO_SHOP];
    s->packet.payments[SCENE_C_TO_SHOP] = s->packet.payments[SCENE_SECOND];
    s->packet.payment_count--;
}

static void child_first(struct scene *s)
{
    struct cose parent = s->packet.payments[SCENE_A_TO_B];
    s->packet.payments[SCENE_A_TO_B] = s->packet.payments[SCENE_B_TO_C];
    s->packet.payments[SCENE_B_TO_C] = parent;
}

static void unused_token(struct scene *s)
{
    add_token(s, 1, "01");
}

static void other_serial(struct scene *s)
{
    struct payment payment = scene_payment(s, SCENE_SECOND);
    payment.serial = s->first.serial;
    scene_resign(s, SCENE_SECOND, &payment, &s->carol.pair);
}

static void pay_second(struct scene *s, uint64_t fen)
{
    struct payment payment = scene_payment(s, SCENE_SECOND);
    payment.outputs.items[0].amount = world_fen(fen);
    scene_resign(s, SCENE_SECOND, &payment, &s->carol.pair);
}

static void sum_more(struct scene *s)
{
    pay_second(s, 2001);
}

static void sum_less(struct scene *s)
{
    pay_second(s, 1999);
}

static void sum_overflow(struct scene *s)
{
    struct payment payment = scene_payment(s, SCENE_SECOND);
    struct raw_output outputs[4];
    for (size_t i = 0; i < 4; i++)
        outputs[i] = (struct raw_output){"1b001fffffffffffff", SPAN(s->shop.pair.public_key)};
    struct span payload = raw_payment(&s->world, &payment, outputs, 4);
    s->packet.payments[SCENE_SECOND] = raw_sign(&s->world, KIND_PAYMENT, payload, &s->carol.pair);
}

static void pay_key(struct scene *s, const struct public_key *key)
{
    struct payment payment = scene_payment(s, SCENE_C_TO_SHOP);
    payment.outputs.items[0].key = *key;
    scene_resign(s, SCENE_C_TO_SHOP, &payment, &s->carol.pair);
}

static void point(struct scene *s)
{
    struct public_key key = {{2}}; /* x = 1 is not on the curve */
    key.bytes[32] = 1;
    pay_key(s, &key);
}

static void to_register(struct scene *s)
{
    pay_key(s, &s->world.register_key.public_key);
}

static void certificate_missing(struct scene *s)
{
    s->packet.certificate_count--;
}

static void certificate_unneeded(struct scene *s)
{
    s->packet.certificates[s->packet.certificate_count++] = s->shop.certificate_cose;
}

static void certificate_twice(struct scene *s)
{
    s->packet.certificates[s->packet.certificate_count++] = s->packet.certificates[0];
}

static void certificate_crossed(struct scene *s)
{
    s->packet.certificates[0] = world_sign(&s->world, KIND_WALLET_CERTIFICATE,
                                           &s->alice.certificate, &s->world.banks[1].bank_key);
}

static void signature(struct scene *s)
{
    s->packet.payments[SCENE_B_TO_C].signature.bytes[5] ^= 4;
}

static void other_signer(struct scene *s)
{
    struct payment payment = scene_payment(s, SCENE_SECOND);
    scene_resign(s, SCENE_SECOND, &payment, &s->bob.pair);
}

static void unsigned_leaves(struct scene *s)
{
    memset(&s->packet.payments[SCENE_C_TO_SHOP].signature, 0, SIGNATURE_SIZE);
    memset(&s->packet.payments[SCENE_SECOND].signature, 0, SIGNATURE_SIZE);
}

static void signature_and_sum(struct scene *s)
{
    signature(s);
    sum_more(s);
}

static void point_and_certificate(struct scene *s)
{
    certificate_missing(s);
    point(s);
}

static void no_certificates(struct scene *s)
{
    s->packet.certificate_count = 0;
}

static void other_network(struct scene *s)
{
    s->world.network = "dcep-other";
    struct payment payment = scene_payment(s, SCENE_SECOND);
    scene_resign(s, SCENE_SECOND, &payment, &s->carol.pair);
    s->world.network = WORLD_NETWORK;
}

static const struct row {
    const char *name, *why;
    void (*change)(struct scene *s);
    enum vector_role role;
    enum status verdict;
} rows[] = {
    {"packet-ok", "two coins, one of them three payments deep", nothing, VECTOR_PAYEE, STATUS_OK},
    {"packet-vault-ok", "a bank's vault pays: no certificate", only_vault, VECTOR_PAYEE, STATUS_OK},
    {"packet-16-leaves-ok", "as many coins as may be", sixteen_leaves, VECTOR_PAYEE, STATUS_OK},
    {"packet-17-leaves", "one coin too many", seventeen_leaves, VECTOR_PAYEE, STATUS_LIMIT},
    {"packet-no-payment", "tokens only", no_payment, VECTOR_PAYEE, STATUS_LIMIT},
    {"packet-parse", "an amount that is a byte string", parse, VECTOR_PAYEE, STATUS_PARSE},
    {"packet-canonical", "an amount that is not in its shortest form", canonical, VECTOR_PAYEE,
     STATUS_CANONICAL},
    {"packet-version", "a token of version 2", version, VECTOR_PAYEE, STATUS_VERSION},
    {"packet-range", "a token of nothing", range, VECTOR_PAYEE, STATUS_RANGE},
    {"packet-version-and-range", "two tokens, each with its fault: the lower rank is said",
     version_and_range, VECTOR_PAYEE, STATUS_VERSION},
    {"packet-days", "redeem by comes before spend by", days, VECTOR_PAYEE, STATUS_RANGE},
    {"packet-issuer", "a bank's key as issuing key", issuer, VECTOR_PAYEE, STATUS_ISSUER},
    {"packet-twice", "one payment twice", twice, VECTOR_PAYEE, STATUS_TWICE},
    {"packet-token-twice", "one token twice", token_twice, VECTOR_PAYEE, STATUS_TWICE},
    {"packet-dropped", "the middle payment of a line is missing", dropped, VECTOR_PAYEE,
     STATUS_CHAIN},
    {"packet-child-first", "a payment before its parent", child_first, VECTOR_PAYEE, STATUS_CHAIN},
    {"packet-unused-token", "a token that no payment spends", unused_token, VECTOR_PAYEE,
     STATUS_CHAIN},
    {"packet-serial", "a payment with the serial of another token", other_serial, VECTOR_PAYEE,
     STATUS_CHAIN},
    {"packet-sum-more", "one fen too much", sum_more, VECTOR_PAYEE, STATUS_SUM},
    {"packet-sum-less", "one fen too little", sum_less, VECTOR_PAYEE, STATUS_SUM},
    {"packet-sum-overflow", "four times the largest amount", sum_overflow, VECTOR_PAYEE,
     STATUS_SUM},
    {"packet-point", "an output for a key that is not on the curve", point, VECTOR_PAYEE,
     STATUS_POINT},
    {"packet-token-point", "a token for a key that begins with 04", token_point, VECTOR_PAYEE,
     STATUS_POINT},
    {"packet-to-register", "an output to the register beside another", to_register, VECTOR_PAYEE,
     STATUS_REGISTER_OUTPUT},
    {"packet-certificate-missing", "a signer without a certificate", certificate_missing,
     VECTOR_PAYEE, STATUS_CERTIFICATE},
    {"packet-certificate-unneeded", "a certificate of nobody on the lines", certificate_unneeded,
     VECTOR_PAYEE, STATUS_CERTIFICATE},
    {"packet-certificate-twice", "one certificate twice", certificate_twice, VECTOR_PAYEE,
     STATUS_CERTIFICATE},
    {"packet-certificate-crossed", "it names bank 1, bank 2 signed it", certificate_crossed,
     VECTOR_PAYEE, STATUS_CERTIFICATE},
    {"packet-signature", "one bit of a signature is another", signature, VECTOR_PAYEE,
     STATUS_SIGNATURE},
    {"packet-other-signer", "signed by a certified key that does not own the coin", other_signer,
     VECTOR_PAYEE, STATUS_SIGNATURE},
    {"packet-forged-token", "a token that a thief signed", forged_token, VECTOR_PAYEE,
     STATUS_SIGNATURE},
    {"packet-other-network", "a payment signed for another network", other_network, VECTOR_PAYEE,
     STATUS_SIGNATURE},
    {"packet-signature-and-sum", "both: the lower rank is said", signature_and_sum, VECTOR_PAYEE,
     STATUS_SUM},
    {"packet-point-and-certificate", "both: the lower rank is said", point_and_certificate,
     VECTOR_PAYEE, STATUS_POINT},
    {"packet-unsigned-ok", "what a payer checks before it signs", unsigned_leaves, VECTOR_UNSIGNED,
     STATUS_OK},
    {"packet-unsigned", "the same, shown to a payee", unsigned_leaves, VECTOR_PAYEE,
     STATUS_SIGNATURE},
    {"packet-unsigned-sum", "the payer made a mistake", sum_more, VECTOR_UNSIGNED, STATUS_SUM},
    {"packet-register-ok", "the register asks for no certificates", no_certificates,
     VECTOR_REGISTER, STATUS_OK},
    {"packet-register-forged-token", "no row of its root: its signature counts", forged_token,
     VECTOR_REGISTER, STATUS_SIGNATURE},
    {"packet-register-issuer", "no row of its root: its issuing key counts", issuer,
     VECTOR_REGISTER, STATUS_ISSUER},
    {"packet-register-output", "the register takes no mixed payment either", to_register,
     VECTOR_REGISTER, STATUS_REGISTER_OUTPUT},
};

/* --- what the register has rows of --- */

static void write_known(struct scene *s)
{
    struct vector vector = {.name = "packet-register-known-coin-ok",
                            .why = "a line that starts at a coin of which the register has a row",
                            .kind = KIND_PACKET,
                            .role = VECTOR_REGISTER,
                            .root_key = &s->world.root.public_key,
                            .directory = &s->world.directory_cose,
                            .held = {.row = &s->to_carol, .row_hops = 2, .row_depth = 2}};
    memset(&s->packet, 0, sizeof s->packet);
    s->packet.payments[s->packet.payment_count++] = s->to_shop.payments[2];
    vector.bytes = world_packet_bytes(&s->world, &s->packet);
    vector_write(&s->world, &vector);
    vector.name = "packet-register-unknown-coin";
    vector.why = "the same without the row";
    vector.held.row = NULL;
    vector.verdict = STATUS_CHAIN;
    vector_write(&s->world, &vector);
    forged_token(s);
    struct world_coin root = {.token = s->packet.tokens[0]};
    struct token token;
    CHECK(token_decode(&token, root.token.payload, &s->world.arena) == ERR_OK);
    struct id id = record_id(WORLD_NETWORK, KIND_TOKEN, root.token.payload);
    root.serial = token.serial;
    root.amount = token.amount;
    root.coin_id = record_coin_root(&id);
    root.owner = &s->carol;
    vector.name = "packet-register-known-root-ok";
    vector.why = "the register believes its row, not the token's signature";
    vector.bytes = world_packet_bytes(&s->world, &s->packet);
    vector.held = (struct vector_held){.row = &root};
    vector.verdict = STATUS_OK;
    vector_write(&s->world, &vector);
}

/* Larger than a packet may be: a tail of zeros is not even read. */
static void write_too_large(struct scene *s)
{
    static uint8_t bytes[PACKET_SIZE_MAX + 1];
    struct span packet = world_packet_bytes(&s->world, &s->packet);
    memcpy(bytes, packet.data, packet.size);
    struct vector vector = {.name = "packet-too-large",
                            .why = "65537 bytes",
                            .kind = KIND_PACKET,
                            .bytes = span_of(bytes, sizeof bytes),
                            .root_key = &s->world.root.public_key,
                            .directory = &s->world.directory_cose,
                            .verdict = STATUS_LIMIT};
    vector_write(&s->world, &vector);
    vector.name = "packet-tail";
    vector.why = "a byte after the end";
    vector.bytes = span_of(bytes, packet.size + 1);
    vector.verdict = STATUS_PARSE;
    vector_write(&s->world, &vector);
}

void packet_vectors(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s AUTO(scene_close);
        scene_open(&s);
        rows[i].change(&s);
        write_packet(&s, rows[i].name, rows[i].why, rows[i].role, rows[i].verdict);
    }
    struct scene s AUTO(scene_close);
    scene_open(&s);
    write_too_large(&s);
    write_known(&s);
}
