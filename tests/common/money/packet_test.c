/* The one verifier: counts, precedence, what is known, duplicates, building. */
#include "tests/support/scene.h"

#include <criterion/criterion.h>
#include <string.h>

#define SCENE(s)                                                                                   \
    struct scene s AUTO(scene_close);                                                              \
    scene_open(&s)

Test(money, packet_without_payments)
{
    SCENE(s);
    s.packet.payment_count = s.packet.certificate_count = 0;
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_LIMIT);
    struct packet_options options = {.role = PACKET_FOR_PAYEE, .allow_roots = true};
    struct span bytes = world_packet_bytes(&s.world, &s.packet);
    enum status status;
    cr_assert_eq(packet_verify(&s.view, &status, bytes, &s.world.trust, &options, &s.world.arena),
                 ERR_OK);
    expect_status(status, STATUS_OK);
    cr_expect_eq(s.view.token_count, 2);
    s.packet.tokens[0].signature.bytes[3] ^= 1;
    bytes = world_packet_bytes(&s.world, &s.packet);
    cr_assert_eq(packet_verify(&s.view, &status, bytes, &s.world.trust, &options, &s.world.arena),
                 ERR_OK);
    expect_status(status, STATUS_SIGNATURE);
}

Test(money, packet_token_unused)
{
    SCENE(s);
    struct world_coin token;
    world_token(&token, &s.world, 1, &s.alice);
    world_packet_add(&s.packet, &token);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_CHAIN);
    struct packet_options options = {.role = PACKET_FOR_PAYEE, .allow_roots = true};
    enum status status;
    cr_assert_eq(packet_verify(&s.view, &status, world_packet_bytes(&s.world, &s.packet),
                               &s.world.trust, &options, &s.world.arena),
                 ERR_OK);
    expect_status(status, STATUS_CHAIN);
}

Test(money, packet_sizes)
{
    SCENE(s);
    static uint8_t huge[PACKET_SIZE_MAX + 1];
    expect_status(scene_verify_bytes(&s, PACKET_FOR_PAYEE, span_of(huge, sizeof huge)),
                  STATUS_LIMIT);
    expect_status(scene_verify_bytes(&s, PACKET_FOR_PAYEE, span_of(huge, PACKET_SIZE_MAX)),
                  STATUS_PARSE);
    expect_status(scene_verify_bytes(&s, PACKET_FOR_PAYEE, span_of(huge, 0)), STATUS_PARSE);
    struct span bytes = world_packet_bytes(&s.world, &s.packet);
    for (size_t size = 0; size < bytes.size; size++)
        expect_status(scene_verify_bytes(&s, PACKET_FOR_PAYEE, span_of(bytes.data, size)),
                      STATUS_PARSE);
    struct buffer two AUTO(buffer_fini) = {0};
    cr_assert_eq(buffer_put(&two, bytes), ERR_OK);
    cr_assert_eq(buffer_put(&two, bytes), ERR_OK);
    expect_status(scene_verify_bytes(&s, PACKET_FOR_PAYEE, buffer_span(&two)), STATUS_PARSE);
}

/* One coin of 17.00 split by a tree of payments until it has `count` leaves, all paid to the shop.
 */
static void split_until(struct scene *s, size_t count)
{
    struct world_coin coin, paid;
    memset(&s->packet, 0, sizeof s->packet);
    world_token(&coin, &s->world, count * 100, &s->alice);
    for (size_t i = 0; i < count; i++) {
        struct world_coin half;
        if (i + 1 < count) {
            world_pay(&half, &coin, &s->world, &coin, &s->alice, 100, NULL);
        } else {
            half = coin;
        }
        world_pay(&paid, NULL, &s->world, &half, &s->shop, 100, &s->request.id);
        world_packet_add(&s->packet, &paid);
    }
}

Test(money, packet_leaves)
{
    SCENE(s);
    split_until(&s, 16);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    cr_expect_eq(s.view.leaf_count, 16);
    split_until(&s, 17);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_LIMIT);
    expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_LIMIT);
}

/* Faults, each of its own status, put into a packet one after the other, the later one of lower
 * rank: always the new one is told. */
static void fault_signature(struct scene *s)
{
    s->packet.payments[SCENE_A_TO_B].signature.bytes[0] ^= 1;
}
static void fault_certificate(struct scene *s)
{
    s->packet.certificate_count--;
}
static void fault_register_output(struct scene *s)
{
    struct payment payment = scene_payment(s, SCENE_C_TO_SHOP);
    payment.outputs.items[0].key = s->world.register_key.public_key;
    scene_resign(s, SCENE_C_TO_SHOP, &payment, &s->carol.pair);
}
static void fault_point(struct scene *s)
{
    struct payment payment = scene_payment(s, SCENE_C_TO_SHOP);
    payment.outputs.items[1].key.bytes[0] = 0;
    scene_resign(s, SCENE_C_TO_SHOP, &payment, &s->carol.pair);
}
static void fault_sum(struct scene *s)
{
    struct payment payment = scene_payment(s, SCENE_SECOND);
    payment.outputs.items[0].amount = world_fen(1999);
    scene_resign(s, SCENE_SECOND, &payment, &s->carol.pair);
}
static void fault_chain(struct scene *s)
{
    struct payment payment = scene_payment(s, SCENE_C_TO_SHOP);
    payment.coin_id.bytes[0] ^= 1;
    scene_resign(s, SCENE_C_TO_SHOP, &payment, &s->carol.pair);
}
static void fault_twice(struct scene *s)
{
    s->packet.payments[s->packet.payment_count++] = s->packet.payments[SCENE_SECOND];
}
static void fault_issuer(struct scene *s)
{
    struct token token = world_token_value(&s->world, 1, &s->alice);
    token.issuing_key_id.bytes[0] ^= 1;
    s->packet.tokens[s->packet.token_count++] =
        world_sign(&s->world, KIND_TOKEN, &token, &s->world.issuing);
}
static void fault_range(struct scene *s)
{
    struct token token = world_token_value(&s->world, 1, &s->alice);
    s->packet.tokens[s->packet.token_count++] =
        raw_sign(&s->world, KIND_TOKEN, raw_token(&s->world, &token, 1, "00"), &s->world.issuing);
}
static void fault_version(struct scene *s)
{
    struct token token = world_token_value(&s->world, 1, &s->alice);
    s->packet.tokens[s->packet.token_count++] =
        raw_sign(&s->world, KIND_TOKEN, raw_token(&s->world, &token, 2, "01"), &s->world.issuing);
}
static void fault_canonical(struct scene *s)
{
    struct token token = world_token_value(&s->world, 1, &s->alice);
    s->packet.tokens[s->packet.token_count++] =
        raw_sign(&s->world, KIND_TOKEN, raw_token(&s->world, &token, 1, "1801"), &s->world.issuing);
}
static void fault_parse(struct scene *s)
{
    struct token token = world_token_value(&s->world, 1, &s->alice);
    s->packet.tokens[s->packet.token_count++] =
        raw_sign(&s->world, KIND_TOKEN, raw_token(&s->world, &token, 1, "4101"), &s->world.issuing);
}

Test(money, packet_precedence)
{
    static const struct {
        void (*add)(struct scene *s);
        enum status expected;
    } rows[] = {
        {fault_signature, STATUS_SIGNATURE},
        {fault_certificate, STATUS_CERTIFICATE},
        {fault_register_output, STATUS_REGISTER_OUTPUT},
        {fault_point, STATUS_POINT},
        {fault_sum, STATUS_SUM},
        {fault_chain, STATUS_CHAIN},
        {fault_twice, STATUS_TWICE},
        {fault_issuer, STATUS_ISSUER},
        {fault_range, STATUS_RANGE},
        {fault_version, STATUS_VERSION},
        {fault_canonical, STATUS_CANONICAL},
        {fault_parse, STATUS_PARSE},
    };
    SCENE(s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rows[i].add(&s);
        enum status status = scene_verify(&s, PACKET_FOR_PAYEE);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
        cr_expect_eq(s.view.payment_count, 0);
    }
}

/* --- what the verifier knows --- */

struct known {
    struct packet_known_coin coin;
    uint64_t serial;
    struct id coin_id, payment_id;
    size_t coins_asked, payments_asked;
    enum err error;
};

static enum err known_coin(void *context, bool *found, struct packet_known_coin *out,
                           uint64_t serial, const struct id *coin_id)
{
    struct known *known = context;
    known->coins_asked++;
    *found = serial == known->serial && id_equal(coin_id, &known->coin_id);
    if (*found)
        *out = known->coin;
    return known->error;
}

static enum err known_payment(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                              const struct id *payment_id)
{
    struct known *known = context;
    (void)coin_id;
    known->payments_asked++;
    *found = serial == known->serial && id_equal(payment_id, &known->payment_id);
    return known->error;
}

static enum status verify_knowing(struct scene *s, struct known *known, enum packet_role role)
{
    struct packet_options options = {.role = role, .known = {known, known_coin, known_payment}};
    enum status status;
    cr_assert_eq(packet_verify(&s->view, &status, world_packet_bytes(&s->world, &s->packet),
                               &s->world.trust, &options, &s->world.arena),
                 ERR_OK);
    return status;
}

Test(money, packet_that_starts_at_a_known_coin)
{
    SCENE(s);
    struct known known = {
        .coin = {.amount = s.to_carol.amount,
                 .owner_key = s.carol.pair.public_key,
                 .hops = 2,
                 .depth = 2,
                 .spend_by_day = WORLD_TODAY,
                 .redeem_by_day = WORLD_TODAY + 30,
                 .issuing_key_id = crypto_key_id(&s.world.issuing.public_key)},
        .serial = s.to_carol.serial,
        .coin_id = s.to_carol.coin_id,
    };
    memset(&s.packet, 0, sizeof s.packet);
    s.packet.payments[s.packet.payment_count++] = s.to_shop.payments[2];
    expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_CHAIN);
    expect_status(verify_knowing(&s, &known, PACKET_FOR_REGISTER), STATUS_OK);
    cr_expect_eq(s.view.payments[0].hops, 2);
    cr_expect_eq(s.view.payments[0].depth, 2);
    cr_expect_eq(s.view.payments[0].token, PACKET_NONE);
    cr_expect_eq(s.view.payments[0].parent, PACKET_NONE);
    known.coin.amount = world_fen(4999);
    expect_status(verify_knowing(&s, &known, PACKET_FOR_REGISTER), STATUS_SUM);
    known.coin.amount = s.to_carol.amount;
    known.coin.owner_key = s.bob.pair.public_key;
    expect_status(verify_knowing(&s, &known, PACKET_FOR_REGISTER), STATUS_SIGNATURE);
    known.serial++;
    expect_status(verify_knowing(&s, &known, PACKET_FOR_REGISTER), STATUS_CHAIN);
}

Test(money, packet_of_a_token_that_the_register_has_a_row_of)
{
    SCENE(s);
    struct known known = {.serial = s.first.serial, .coin_id = s.first.coin_id};
    s.packet.tokens[0].signature.bytes[0] ^= 1;
    expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_SIGNATURE);
    expect_status(verify_knowing(&s, &known, PACKET_FOR_REGISTER), STATUS_OK);
    cr_expect(s.view.tokens[0].is_known && !s.view.tokens[1].is_known);
    expect_status(verify_knowing(&s, &known, PACKET_FOR_PAYEE), STATUS_SIGNATURE);
}

Test(money, packet_with_a_payment_that_was_verified_before)
{
    SCENE(s);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    struct known known = {.serial = s.first.serial, .payment_id = s.view.payments[0].id};
    s.packet.payments[0].signature.bytes[0] ^= 1;
    expect_status(verify_knowing(&s, &known, PACKET_FOR_REGISTER), STATUS_OK);
    cr_expect_eq(known.payments_asked, 3, "not that of which the parent is unknown");
    known.payments_asked = 0;
    expect_status(verify_knowing(&s, &known, PACKET_FOR_PAYEE), STATUS_SIGNATURE);
    cr_expect_eq(known.payments_asked, 0, "an id does not vouch for the bytes that a payee keeps");
}

Test(money, packet_when_the_rows_cannot_be_read)
{
    SCENE(s);
    struct known known = {.error = ERR_IO};
    struct packet_options options = {.role = PACKET_FOR_REGISTER,
                                     .known = {&known, known_coin, known_payment}};
    enum status status;
    cr_expect_eq(packet_verify(&s.view, &status, world_packet_bytes(&s.world, &s.packet),
                               &s.world.trust, &options, &s.world.arena),
                 ERR_IO);
    cr_expect_eq(s.view.payment_count, 0);
}

Test(money, packet_duplicates)
{
    SCENE(s);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    struct id ids[3] = {s.view.payments[SCENE_SECOND].id, s.view.payments[SCENE_C_TO_SHOP].id};
    cr_expect(!packet_is_same(&s.view, &ids[1], 1), "only the first of two leaves");
    cr_expect(packet_is_same(&s.view, ids, 2));
    cr_expect(!packet_is_same(&s.view, ids, 1));
    cr_expect(!packet_is_same(&s.view, ids, 3));
    cr_expect(!packet_is_same(&s.view, ids, 0));
    ids[0] = s.view.payments[SCENE_A_TO_B].id;
    cr_expect(!packet_is_same(&s.view, ids, 2));
    ids[0] = ids[1];
    cr_expect(!packet_is_same(&s.view, ids, 2));
}

Test(money, packet_parts_beyond_their_limits)
{
    SCENE(s);
    struct buffer out AUTO(buffer_fini) = {0};
    struct cose many[PACKET_PAYMENTS_MAX + 1];
    for (size_t i = 0; i <= PACKET_PAYMENTS_MAX; i++)
        many[i] = s.request.cose;
    cr_expect_eq(packet_encode_parts(&out, many, PACKET_COINS_MAX, many, PACKET_PAYMENTS_MAX, many,
                                     PACKET_PAYMENTS_MAX, 1),
                 ERR_OK);
    out.size = 0;
    cr_expect_eq(packet_encode_parts(&out, many, PACKET_COINS_MAX + 1, NULL, 0, NULL, 0, 1),
                 ERR_LIMIT);
    cr_expect_eq(packet_encode_parts(&out, NULL, 0, many, PACKET_PAYMENTS_MAX + 1, NULL, 0, 1),
                 ERR_LIMIT);
    cr_expect_eq(packet_encode_parts(&out, NULL, 0, NULL, 0, many, PACKET_PAYMENTS_MAX + 1, 1),
                 ERR_LIMIT);
    static uint8_t large[2000] = {0x58};
    for (size_t i = 0; i < PACKET_PAYMENTS_MAX; i++)
        many[i].payload = span_of(large, sizeof large);
    cr_expect_eq(packet_encode_parts(&out, NULL, 0, many, PACKET_PAYMENTS_MAX, NULL, 0, 1),
                 ERR_LIMIT);
    cr_expect_eq(out.size, 0);
}
