/* The one verifier: payments, lines, replays (adversarial cases B), amounts (C). */
#include "tests/support/scene.h"

#include <criterion/criterion.h>
#include <string.h>

#define SCENE(s)                                                                                   \
    struct scene s AUTO(scene_close);                                                              \
    scene_open(&s)

Test(money, packet_of_two_lines_is_genuine_and_acceptable)
{
    SCENE(s);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    cr_expect_eq(s.view.leaf_count, 2);
    cr_expect_eq(s.view.leaves[0], (size_t)SCENE_C_TO_SHOP);
    cr_expect_eq(s.view.payments[SCENE_C_TO_SHOP].hops, 2);
    cr_expect_eq(s.view.payments[SCENE_C_TO_SHOP].depth, 2);
    cr_expect_eq(packet_output_hops(&s.view.payments[SCENE_C_TO_SHOP], 0), 3);
    cr_expect_eq(packet_output_hops(&s.view.payments[SCENE_C_TO_SHOP], 1), 2, "change stays");
    cr_expect_eq(amount_fen(s.view.payments[SCENE_B_TO_C].amount), 6000);
    cr_expect(key_equal(&s.view.payments[SCENE_B_TO_C].owner_key, &s.bob.pair.public_key));
    cr_expect_eq(s.view.payments[SCENE_B_TO_C].bank->certificate.bank_id, (uint64_t)WORLD_BANK_B);

    size_t path[PACKET_PAYMENTS_MAX];
    cr_assert_eq(packet_line(&s.view, SCENE_C_TO_SHOP, path), 3);
    cr_expect(path[0] == SCENE_A_TO_B && path[1] == SCENE_B_TO_C && path[2] == SCENE_C_TO_SHOP);
    struct amount sum;
    cr_assert_eq(packet_sum(&sum, &s.view, &s.shop.pair.public_key), ERR_OK);
    cr_expect_eq(amount_fen(sum), 5000);
    expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_OK);
    expect_status(scene_accept(&s), STATUS_OK);
}

Test(money, packet_before_it_is_signed)
{
    SCENE(s);
    memset(&s.packet.payments[SCENE_SECOND].signature, 0, SIGNATURE_SIZE);
    expect_status(scene_verify(&s, PACKET_UNSIGNED), STATUS_OK);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_SIGNATURE);
}

static void more_to_shop(struct payment *payment)
{
    cr_assert_eq(amount_add(&payment->outputs.items[0].amount, payment->outputs.items[0].amount,
                            world_fen(1)),
                 ERR_OK);
}

static void less_to_shop(struct payment *payment)
{
    cr_assert_eq(amount_sub(&payment->outputs.items[0].amount, payment->outputs.items[0].amount,
                            world_fen(1)),
                 ERR_OK);
}

static void move_between_outputs(struct payment *payment)
{
    more_to_shop(payment);
    cr_assert_eq(amount_sub(&payment->outputs.items[1].amount, payment->outputs.items[1].amount,
                            world_fen(1)),
                 ERR_OK);
}

static void other_recipient(struct payment *payment)
{
    payment->outputs.items[0].key = world_key("mallory").public_key;
}

static void other_order(struct payment *payment)
{
    struct output first = payment->outputs.items[0];
    payment->outputs.items[0] = payment->outputs.items[1];
    payment->outputs.items[1] = first;
}

static void other_counter(struct payment *payment)
{
    payment->counter += 7;
}

static void other_reference(struct payment *payment)
{
    payment->reference.bytes[0] ^= 1;
}

static void other_serial(struct payment *payment)
{
    payment->serial += 1;
}

Test(money, B1_a_signed_payment_altered)
{
    static const struct {
        size_t index;
        void (*alter)(struct payment *payment);
        enum status expected;
    } rows[] = {
        {SCENE_C_TO_SHOP, more_to_shop, STATUS_SUM},
        {SCENE_C_TO_SHOP, less_to_shop, STATUS_SUM},
        {SCENE_C_TO_SHOP, move_between_outputs, STATUS_SIGNATURE},
        {SCENE_C_TO_SHOP, other_recipient, STATUS_SIGNATURE},
        {SCENE_C_TO_SHOP, other_order, STATUS_SIGNATURE},
        {SCENE_C_TO_SHOP, other_counter, STATUS_SIGNATURE},
        {SCENE_C_TO_SHOP, other_reference, STATUS_SIGNATURE},
        {SCENE_C_TO_SHOP, other_serial, STATUS_CHAIN},
        {SCENE_B_TO_C, more_to_shop, STATUS_CHAIN},
        {SCENE_B_TO_C, move_between_outputs, STATUS_CHAIN},
        {SCENE_B_TO_C, other_recipient, STATUS_CHAIN},
        {SCENE_B_TO_C, other_order, STATUS_CHAIN},
        {SCENE_A_TO_B, other_counter, STATUS_CHAIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SCENE(s);
        struct payment payment = scene_payment(&s, rows[i].index);
        rows[i].alter(&payment);
        scene_forge(&s, rows[i].index, &payment);
        enum status payee = scene_verify(&s, PACKET_FOR_PAYEE);
        cr_expect_eq(payee, rows[i].expected, "row %zu: %s", i, status_name(payee));
        enum status at_register = scene_verify(&s, PACKET_FOR_REGISTER);
        cr_expect_eq(at_register, rows[i].expected, "row %zu: %s", i, status_name(at_register));
    }
}

static void drop(struct cose *list, size_t *count, size_t index)
{
    memmove(&list[index], &list[index + 1], (*count - index - 1) * sizeof *list);
    --*count;
}

Test(money, B2_a_payment_of_the_line_dropped)
{
    static const size_t middle[] = {SCENE_A_TO_B, SCENE_B_TO_C};
    for (size_t i = 0; i < 2; i++) {
        SCENE(s);
        drop(s.packet.payments, &s.packet.payment_count, middle[i]);
        expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_CHAIN);
    }
    SCENE(s);
    drop(s.packet.tokens, &s.packet.token_count, 0);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_CHAIN);
}

Test(money, B2_children_before_their_parents)
{
    SCENE(s);
    struct cose parent = s.packet.payments[SCENE_A_TO_B];
    s.packet.payments[SCENE_A_TO_B] = s.packet.payments[SCENE_B_TO_C];
    s.packet.payments[SCENE_B_TO_C] = parent;
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_CHAIN);
}

Test(money, B3_a_payment_of_another_token_with_the_same_parties)
{
    SCENE(s);
    struct world_coin token, other;
    world_token(&token, &s.world, 10000, &s.alice);
    world_pay(&other, NULL, &s.world, &token, &s.bob, 6000, NULL);
    s.packet.payments[SCENE_A_TO_B] = other.payments[0];
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_CHAIN);
}

Test(money, B3_the_serial_of_another_token)
{
    SCENE(s);
    struct payment payment = scene_payment(&s, SCENE_SECOND);
    payment.serial = s.first.serial;
    scene_resign(&s, SCENE_SECOND, &payment, &s.carol.pair);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_CHAIN);
}

/* Alice paid Bob; Bob paid the coin back; Alice's old payment is shown for the coin that came back.
 */
Test(money, B4_an_old_signature_on_the_coin_that_came_back)
{
    SCENE(s);
    struct world_coin token, to_bob, back;
    world_token(&token, &s.world, 1000, &s.alice);
    world_pay(&to_bob, NULL, &s.world, &token, &s.bob, 1000, NULL);
    world_pay(&back, NULL, &s.world, &to_bob, &s.alice, 1000, NULL);
    const struct world_coin *coins[] = {&back};
    scene_pack(&s, coins, 1);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    s.packet.payments[s.packet.payment_count++] = to_bob.payments[0];
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_TWICE);

    struct payment old = scene_payment(&s, 0);
    old.coin_id = back.coin_id; /* the old signature, on the new coin's id */
    s.packet.payment_count = 2;
    s.packet.payments[2] = to_bob.payments[0];
    s.packet.payment_count = 3;
    scene_forge(&s, 2, &old);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_SIGNATURE);
}

Test(money, B10_the_signer_does_not_own_the_coin)
{
    SCENE(s);
    struct payment payment = scene_payment(&s, SCENE_SECOND);
    scene_resign(&s, SCENE_SECOND, &payment, &s.bob.pair);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_SIGNATURE);
    expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_SIGNATURE);
}

static enum status with_outputs(struct scene *s, const struct raw_output *outputs, size_t count)
{
    s->packet.payments[SCENE_SECOND] = s->second_to_shop.payments[0]; /* a coin of 20.00 = 0x7d0 */
    struct payment payment = scene_payment(s, SCENE_SECOND);
    struct span payload = raw_payment(&s->world, &payment, outputs, count);
    s->packet.payments[SCENE_SECOND] = raw_sign(&s->world, KIND_PAYMENT, payload, &s->carol.pair);
    return scene_verify(s, PACKET_FOR_PAYEE);
}

Test(money, B11_how_many_outputs)
{
    SCENE(s);
    struct raw_output outputs[5];
    for (size_t i = 0; i < 5; i++)
        outputs[i] = (struct raw_output){"190190", SPAN(s.shop.pair.public_key)}; /* 4.00 */
    expect_status(with_outputs(&s, outputs, 0), STATUS_PARSE);
    expect_status(with_outputs(&s, outputs, 5), STATUS_LIMIT);
    outputs[0].amount_hex = outputs[1].amount_hex = outputs[2].amount_hex = "1901f4";
    outputs[3].amount_hex = "1901f4"; /* 5.00 */
    expect_status(with_outputs(&s, outputs, 4), STATUS_OK);
}

Test(money, B11_two_identical_outputs_are_two_coins)
{
    SCENE(s);
    struct raw_output outputs[2] = {{"1903e8", SPAN(s.shop.pair.public_key)},
                                    {"1903e8", SPAN(s.shop.pair.public_key)}};
    expect_status(with_outputs(&s, outputs, 2), STATUS_OK);
    struct id a = record_coin_output(&s.view.payments[SCENE_SECOND].id, 0);
    struct id b = record_coin_output(&s.view.payments[SCENE_SECOND].id, 1);
    cr_expect(!id_equal(&a, &b));
    expect_status(scene_accept(&s), STATUS_OK);
}

Test(money, B15_the_same_coin_twice)
{
    SCENE(s);
    s.packet.payments[s.packet.payment_count++] = s.packet.payments[SCENE_SECOND];
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_TWICE);
    s.packet.payment_count--;
    s.packet.tokens[s.packet.token_count++] = s.packet.tokens[0];
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_TWICE);
    s.packet.token_count--;

    struct world_coin again; /* the same coin, paid in another way */
    world_pay(&again, NULL, &s.world, &s.second, &s.shop, 1000, &s.request.id);
    s.packet.payments[s.packet.payment_count++] = again.payments[0];
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_TWICE);
}

Test(money, B16_one_bad_coin_of_three_spoils_all)
{
    SCENE(s);
    struct world_coin token, third;
    world_token(&token, &s.world, 100, &s.bob);
    world_pay(&third, NULL, &s.world, &token, &s.shop, 100, &s.request.id);
    world_packet_add(&s.packet, &third);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    for (size_t i = 0; i < s.packet.payment_count; i++) {
        s.packet.payments[i].signature.bytes[40] ^= 1;
        expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_SIGNATURE);
        cr_expect_eq(s.view.payment_count, 0, "nothing of it is to be read");
        s.packet.payments[i].signature.bytes[40] ^= 1;
    }
}

Test(money, C1_C2_C3_C4_C5_amounts)
{
    static const struct {
        const char *a, *b, *c, *d; /* outputs of a coin of 20.00 */
        enum status expected;
    } rows[] = {
        {"1903e8", "1903e8", NULL, NULL, STATUS_OK},  /* 10.00 + 10.00 */
        {"1903e8", "1903e9", NULL, NULL, STATUS_SUM}, /* C1: + 1 */
        {"1903e8", "1903e7", NULL, NULL, STATUS_SUM}, /* C2: - 1, nobody's fee */
        {"1b8000000000000000", "1b80000000000007d0", NULL, NULL, STATUS_RANGE}, /* C3: wraps */
        {"1b001fffffffffffff", "1b001fffffffffffff", "1b001fffffffffffff", "1b001fffffffffffff",
         STATUS_SUM},                                           /* C3 */
        {"1b0020000000000000", NULL, NULL, NULL, STATUS_RANGE}, /* 2^53 */
        {"1907d0", "00", NULL, NULL, STATUS_RANGE},             /* C4: a coin of nothing */
        {"1907d1", "20", NULL, NULL, STATUS_PARSE},             /* C5: -1 */
        {"fb409f400000000000", NULL, NULL, NULL, STATUS_PARSE}, /* C5: 2000.0 */
        {"c24207d0", NULL, NULL, NULL, STATUS_PARSE},           /* C5: a bignum */
        {"1bffffffffffffffff", NULL, NULL, NULL, STATUS_RANGE}, /* C5: 2^64-1 */
        {"1a000007d0", NULL, NULL, NULL, STATUS_CANONICAL},     /* not the shortest */
        {"4207d0", NULL, NULL, NULL, STATUS_PARSE},             /* bytes */
    };
    SCENE(s);
    struct span key = SPAN(s.shop.pair.public_key);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw_output outputs[] = {
            {rows[i].a, key}, {rows[i].b, key}, {rows[i].c, key}, {rows[i].d, key}};
        size_t count = rows[i].b == NULL ? 1 : rows[i].c == NULL ? 2 : 4;
        enum status status = with_outputs(&s, outputs, count);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
    }
}

Test(money, C4_a_token_of_nothing)
{
    SCENE(s);
    struct token token = world_token_value(&s.world, 2000, &s.carol);
    struct span payload = raw_token(&s.world, &token, 1, "00");
    s.packet.tokens[1] = raw_sign(&s.world, KIND_TOKEN, payload, &s.world.issuing);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_RANGE);
}

Test(money, C7_a_limit_holds_for_the_sum_of_all_coins)
{
    SCENE(s);
    struct world_coin coins[3];
    const struct world_coin *all[3];
    world_request(&s.request, &s.world, &s.shop, 60000);
    for (size_t i = 0; i < 3; i++) { /* 200.00 each; 500.00 is the offline limit */
        world_token(&coins[i], &s.world, 20000, &s.alice);
        world_pay(&coins[i], NULL, &s.world, &coins[i], &s.shop, 20000, &s.request.id);
        all[i] = &coins[i];
    }
    scene_pack(&s, all, 3);
    expect_status(scene_accept(&s), STATUS_PAYMENT_LIMIT);
    struct packet_terms terms = scene_terms(&s);
    terms.is_online = true;
    expect_status(scene_accept_terms(&s, &terms), STATUS_OK);
    s.alice.certificate.limits.payment_max = world_fen(59999);
    world_certify(&s.alice, &s.world);
    scene_pack(&s, all, 3);
    expect_status(scene_accept_terms(&s, &terms), STATUS_PAYMENT_LIMIT);
}

Test(money, C9_a_token_of_another_network)
{
    SCENE(s);
    struct world_coin token, paid;
    world_token(&token, &s.world, 2000, &s.carol);
    s.world.network = "dcep-other";
    token.token = raw_sign(&s.world, KIND_TOKEN, token.token.payload, &s.world.issuing);
    s.world.network = WORLD_NETWORK;
    world_pay(&paid, NULL, &s.world, &token, &s.shop, 2000, &s.request.id);
    const struct world_coin *coins[] = {&paid};
    scene_pack(&s, coins, 1);
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_SIGNATURE);

    struct buffer wrapped AUTO(buffer_fini) = {0};
    struct span body;
    cr_assert_eq(
        wire_wrap(&wrapped, "dcep-other", KIND_PACKET, world_packet_bytes(&s.world, &s.packet)),
        ERR_OK);
    cr_expect_eq(wire_unwrap_expect(&body, buffer_span(&wrapped), WORLD_NETWORK, KIND_PACKET),
                 ERR_NETWORK);
}
