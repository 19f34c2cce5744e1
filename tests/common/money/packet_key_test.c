/* The one verifier: issuers (adversarial cases D), certificates (E), keys and signatures (L), kinds
 * (J). */
#include "tests/support/scene.h"
#include "tests/support/unhex.h"

#include <criterion/criterion.h>
#include <string.h>

#define SCENE(s)                                                                                   \
    struct scene s AUTO(scene_close);                                                              \
    scene_open(&s)

/* Carol's second coin, paid to the shop, from a token made by hand and signed by `issuer`. */
static enum status with_token(struct scene *s, const struct token *token,
                              const struct key_pair *issuer, enum packet_role role)
{
    struct world_coin coin;
    struct key_pair right = s->world.issuing;
    s->world.issuing = *issuer;
    world_token_signed(&coin, &s->world, token, &s->carol);
    s->world.issuing = right;
    world_pay(&coin, NULL, &s->world, &coin, &s->shop, 2000, &s->request.id);
    const struct world_coin *coins[] = {&coin};
    scene_pack(s, coins, 1);
    return scene_verify(s, role);
}

Test(money, D1_issuers)
{
    SCENE(s);
    struct key_pair thief = world_key("thief");
    struct token token = world_token_value(&s.world, 2000, &s.carol);
    expect_status(with_token(&s, &token, &s.world.issuing, PACKET_FOR_PAYEE), STATUS_OK);
    expect_status(with_token(&s, &token, &thief, PACKET_FOR_PAYEE), STATUS_SIGNATURE);
    const struct key_pair *foreign[] = {&thief, &s.world.banks[0].bank_key,
                                        &s.world.banks[0].vault_key, &s.world.register_key,
                                        &s.world.root};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        token.issuing_key_id = crypto_key_id(&foreign[i]->public_key);
        expect_status(with_token(&s, &token, foreign[i], PACKET_FOR_PAYEE), STATUS_ISSUER);
        expect_status(with_token(&s, &token, foreign[i], PACKET_FOR_REGISTER), STATUS_ISSUER);
    }
}

Test(money, token_days_rise)
{
    static const struct {
        uint64_t issued, spend_by, redeem_by;
        enum status expected;
    } rows[] = {
        {1, 2, 3, STATUS_OK},    {2, 2, 2, STATUS_OK}, {3, 2, 3, STATUS_RANGE},
        {1, 4, 3, STATUS_RANGE}, {0, 0, 0, STATUS_OK},
    };
    SCENE(s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct token token = world_token_value(&s.world, 2000, &s.carol);
        token.issued_day = rows[i].issued;
        token.spend_by_day = rows[i].spend_by;
        token.redeem_by_day = rows[i].redeem_by;
        enum status status = with_token(&s, &token, &s.world.issuing, PACKET_FOR_PAYEE);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
    }
}

Test(money, E1_a_signer_on_the_line_without_a_certificate)
{
    for (size_t i = 0; i < 3; i++) { /* Alice's, Bob's, Carol's */
        SCENE(s);
        s.packet.certificates[i] = s.packet.certificates[--s.packet.certificate_count];
        expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_CERTIFICATE);
        expect_status(scene_verify(&s, PACKET_UNSIGNED), STATUS_CERTIFICATE);
        expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_OK);
    }
}

static void another_wallets(struct scene *s)
{
    s->packet.certificates[0] = s->shop.certificate_cose;
}

static void one_too_many(struct scene *s)
{
    s->packet.certificates[s->packet.certificate_count++] = s->shop.certificate_cose;
}

static void two_of_one_key(struct scene *s)
{
    s->alice.certificate.tier = 2;
    world_certify(&s->alice, &s->world);
    s->packet.certificates[s->packet.certificate_count++] = s->alice.certificate_cose;
}

static void one_twice(struct scene *s)
{
    s->packet.certificates[s->packet.certificate_count++] = s->packet.certificates[0];
}

/* E15: the payer's own limit, raised in its certificate. */
static void limit_raised(struct scene *s)
{
    struct signature signature = s->alice.certificate_cose.signature;
    s->alice.certificate.limits.payment_max = world_fen(AMOUNT_MAX);
    world_certify(&s->alice, &s->world);
    s->packet.certificates[0] = s->alice.certificate_cose;
    s->packet.certificates[0].signature = signature;
}

/* E17: bank B signs a certificate that names bank A. */
static void of_another_bank(struct scene *s)
{
    s->packet.certificates[0] = world_sign(&s->world, KIND_WALLET_CERTIFICATE,
                                           &s->alice.certificate, &s->world.banks[1].bank_key);
}

static void of_no_bank(struct scene *s)
{
    s->alice.certificate.bank_id = 3;
    s->packet.certificates[0] = world_sign(&s->world, KIND_WALLET_CERTIFICATE,
                                           &s->alice.certificate, &s->world.banks[0].bank_key);
}

static void by_the_vault_key(struct scene *s)
{
    s->packet.certificates[0] = world_sign(&s->world, KIND_WALLET_CERTIFICATE,
                                           &s->alice.certificate, &s->world.banks[0].vault_key);
}

static void by_itself(struct scene *s)
{
    s->packet.certificates[0] =
        world_sign(&s->world, KIND_WALLET_CERTIFICATE, &s->alice.certificate, &s->alice.pair);
}

Test(money, E9_E15_E17_certificates)
{
    static void (*const rows[])(struct scene *) = {
        another_wallets, one_too_many, two_of_one_key,   one_twice, limit_raised,
        of_another_bank, of_no_bank,   by_the_vault_key, by_itself,
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SCENE(s);
        rows[i](&s);
        enum status status = scene_verify(&s, PACKET_FOR_PAYEE);
        cr_expect_eq(status, STATUS_CERTIFICATE, "row %zu: %s", i, status_name(status));
        expect_status(scene_verify(&s, PACKET_UNSIGNED), STATUS_CERTIFICATE);
        expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_OK);
    }
}

Test(money, E9_a_vault_key_needs_no_certificate)
{
    SCENE(s);
    struct world_coin coin;
    world_token(&coin, &s.world, 5000, &s.vault_a);
    world_pay(&coin, NULL, &s.world, &coin, &s.shop, 5000, &s.request.id);
    const struct world_coin *coins[] = {&coin};
    scene_pack(&s, coins, 1);
    expect_status(scene_accept(&s), STATUS_OK);
    cr_expect_eq(s.view.payments[0].bank->certificate.bank_id, (uint64_t)WORLD_BANK_A);
    s.packet.certificates[s.packet.certificate_count++] = s.alice.certificate_cose;
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_CERTIFICATE);
}

Test(money, L1_owners_are_points)
{
    static const struct {
        const char *key;
        enum status expected;
    } rows[] = {
        /* x = 5 is on the curve, x = 1 is not */
        {"020000000000000000000000000000000000000000000000000000000000000005", STATUS_OK},
        {"020000000000000000000000000000000000000000000000000000000000000001", STATUS_POINT},
        {"000000000000000000000000000000000000000000000000000000000000000000", STATUS_POINT},
        {"040000000000000000000000000000000000000000000000000000000000000005", STATUS_POINT},
        /* p, and p + 5: x must be below p */
        {"02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", STATUS_POINT},
        {"02ffffffff00000001000000000000000000000001000000000000000000000004", STATUS_POINT},
        {"00", STATUS_PARSE}, /* infinity */
        {"0200000000000000000000000000000000000000000000000000000000000005", STATUS_PARSE},
        {"02000000000000000000000000000000000000000000000000000000000000000005", STATUS_PARSE},
        {"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb"
         "4a7c0f9e162bce33576b315ececbb6406837bf51f5",
         STATUS_PARSE}, /* uncompressed */
        {"", STATUS_PARSE},
    };
    SCENE(s);
    struct payment payment = scene_payment(&s, SCENE_SECOND);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw_output output = {"1907d0", unhex(&s.world.arena, rows[i].key)};
        struct span payload = raw_payment(&s.world, &payment, &output, 1);
        s.packet.payments[SCENE_SECOND] = raw_sign(&s.world, KIND_PAYMENT, payload, &s.carol.pair);
        enum status payee = scene_verify(&s, PACKET_FOR_PAYEE);
        cr_expect_eq(payee, rows[i].expected, "row %zu: %s", i, status_name(payee));
        cr_expect_eq(scene_verify(&s, PACKET_FOR_REGISTER), payee, "row %zu", i);
    }
}

Test(money, L1_the_owner_of_a_token_is_a_point)
{
    SCENE(s);
    struct token token = world_token_value(&s.world, 2000, &s.carol);
    token.owner_key.bytes[0] = 5;
    expect_status(with_token(&s, &token, &s.world.issuing, PACKET_FOR_PAYEE), STATUS_POINT);
}

Test(money, L2_signatures)
{
    static const char *const refused[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", /* n */
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    SCENE(s);
    struct signature *signature = &s.packet.payments[SCENE_SECOND].signature, good = *signature;
    for (size_t i = 0; i < 3; i++)
        for (size_t half = 0; half < 2; half++) {
            *signature = good;
            memcpy(signature->bytes + 32 * half, unhex(&s.world.arena, refused[i]).data, 32);
            expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_SIGNATURE);
        }
    *signature = good;
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    struct id id = s.view.payments[SCENE_SECOND].id;
    raw_negate(signature);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    cr_expect(id_equal(&id, &s.view.payments[SCENE_SECOND].id));
}

Test(money, L4_one_spelling_of_a_signed_record)
{
    static const struct {
        const char *tag, *protected_header, *unprotected_header, *payload_head;
        size_t signature_size;
        enum err expected;
    } rows[] = {
        {"d2", "43a10126", "a0", NULL, 64, ERR_OK},
        {"", "43a10126", "a0", NULL, 64, ERR_PARSE},           /* untagged */
        {"d1", "43a10126", "a0", NULL, 64, ERR_PARSE},         /* COSE_Mac0's tag */
        {"d2", "44a1013822", "a0", NULL, 64, ERR_PARSE},       /* ES384 */
        {"d2", "47a201260442abcd", "a0", NULL, 64, ERR_PARSE}, /* a key id as well */
        {"d2", "40", "a10126", NULL, 64, ERR_PARSE},           /* alg unprotected only */
        {"d2", "43a10126", "a10126", NULL, 64, ERR_PARSE},     /* alg in both */
        {"d2", "41a0", "a0", NULL, 64, ERR_PARSE},             /* no alg */
        {"d2", "a10126", "a0", NULL, 64, ERR_PARSE},           /* not a byte string */
        {"d2", "43a10126", "a0", "f6", 64, ERR_PARSE},         /* detached */
        {"d2", "43a10126", "a0", "40", 64, ERR_PARSE},         /* an empty payload */
        {"d2", "43a10126", "a0", NULL, 63, ERR_PARSE},         /* L2: sizes */
        {"d2", "43a10126", "a0", NULL, 65, ERR_PARSE},
        {"d2", "43a10126", "a0", NULL, 0, ERR_PARSE},
        {"d812", "43a10126", "a0", NULL, 64, ERR_CANONICAL}, /* tag 18 in two bytes */
        {"d2", "5803a10126", "a0", NULL, 64, ERR_CANONICAL},
        {"d2", "43a10126", "bfff", NULL, 64, ERR_CANONICAL},
    };
    SCENE(s);
    const struct cose *cose = &s.second_to_shop.payments[0];
    uint8_t signature[65] = {0};
    memcpy(signature, cose->signature.bytes, SIGNATURE_SIZE);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer payload = {0};
        if (rows[i].payload_head == NULL)
            raw_bytes(&payload, cose->payload);
        else
            raw_hex(&payload, rows[i].payload_head);
        struct span bytes =
            raw_cose(&s.world, rows[i].tag, rows[i].protected_header, rows[i].unprotected_header,
                     raw_keep(&s.world, &payload), span_of(signature, rows[i].signature_size));
        struct cose out;
        cr_expect_eq(wire_decode_cose(&out, bytes), rows[i].expected, "row %zu", i);
    }
}

Test(money, L4_J5_a_record_of_one_kind_or_network_is_none_of_another)
{
    SCENE(s);
    struct span payload = s.second_to_shop.payments[0].payload;
    for (int signed_as = 0; signed_as < KIND_COUNT; signed_as++) {
        if (!message_kind_signed((enum kind)signed_as))
            continue;
        struct cose cose = raw_sign(&s.world, (enum kind)signed_as, payload, &s.carol.pair);
        struct id id = record_id(WORLD_NETWORK, (enum kind)signed_as, payload);
        for (int shown_as = 0; shown_as < KIND_COUNT; shown_as++) {
            if (!message_kind_signed((enum kind)shown_as))
                continue;
            enum err expected = shown_as == signed_as ? ERR_OK : ERR_SIGNATURE;
            struct id other = record_id(WORLD_NETWORK, (enum kind)shown_as, payload);
            cr_expect_eq(
                record_verify(WORLD_NETWORK, (enum kind)shown_as, &cose, &s.carol.pair.public_key),
                expected, "%s as %s", message_kind_text((enum kind)signed_as),
                message_kind_text((enum kind)shown_as));
            cr_expect_eq(id_equal(&id, &other), shown_as == signed_as);
        }
        cr_expect_eq(
            record_verify("dcep-other", (enum kind)signed_as, &cose, &s.carol.pair.public_key),
            ERR_SIGNATURE);
    }
}

Test(money, J5_other_records_shown_as_payments)
{
    SCENE(s);
    struct span payload = s.second_to_shop.payments[0].payload;
    static const enum kind kinds[] = {KIND_REQUEST, KIND_RECEIPT, KIND_CALL, KIND_TOKEN};
    for (size_t i = 0; i < 4; i++) {
        s.packet.payments[SCENE_SECOND] = raw_sign(&s.world, kinds[i], payload, &s.carol.pair);
        expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_SIGNATURE);
    }
    s.packet.payments[SCENE_SECOND] = s.request.cose;
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_PARSE);
}

Test(money, A15_a_payment_signed_again_is_the_same_payment)
{
    SCENE(s);
    struct payment payment = scene_payment(&s, SCENE_SECOND);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    struct id id = s.view.payments[SCENE_SECOND].id;
    struct signature old = s.packet.payments[SCENE_SECOND].signature;
    scene_resign(&s, SCENE_SECOND, &payment, &s.carol.pair);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    cr_expect(id_equal(&id, &s.view.payments[SCENE_SECOND].id));
    cr_expect(!span_equal(SPAN(old), SPAN(s.packet.payments[SCENE_SECOND].signature)));
}

Test(money, M10_a_payment_to_the_register_has_no_other_output)
{
    SCENE(s);
    struct world_wallet reg;
    struct world_coin coin;
    world_register_wallet(&reg, &s.world);
    const struct world_coin *coins[] = {&coin};
    world_pay(&coin, NULL, &s.world, &s.second, &reg, 1000, NULL);
    scene_pack(&s, coins, 1);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_REGISTER_OUTPUT);
    expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_REGISTER_OUTPUT);
    expect_status(scene_verify(&s, PACKET_UNSIGNED), STATUS_REGISTER_OUTPUT);
    world_pay(&coin, NULL, &s.world, &s.second, &reg, 2000, NULL);
    scene_pack(&s, coins, 1);
    expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_OK);
}
