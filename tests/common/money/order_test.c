/* Orders: what they say, and which packets fund them (adversarial cases A10, M10). */
#include "common/money/order.h"
#include "tests/support/scene.h"

#include <criterion/criterion.h>
#include <string.h>

#define SCENE(s)                                                                                   \
    struct scene s AUTO(scene_close);                                                              \
    scene_open(&s)

static struct span exchange_bytes(struct scene *s, const struct public_key *first,
                                  const struct public_key *second)
{
    struct buffer out = {0};
    struct output outputs[] = {{world_fen(1000), *first}, {world_fen(1000), *second}};
    struct exchange exchange = {
        .outputs = {outputs, 2}, .nonce = world_nonce(&s->world), .made_at = WORLD_NOW};
    cr_assert_eq(exchange_encode(&out, &exchange), ERR_OK);
    return raw_keep(&s->world, &out);
}

static enum status read_order(struct order *order, struct scene *s, enum kind kind,
                              struct span bytes)
{
    return order_read(order, WORLD_NETWORK, kind, bytes, &s->world.trust, &s->world.arena);
}

Test(money, orders_read)
{
    SCENE(s);
    struct order order;
    const struct public_key *alice = &s.alice.pair.public_key;
    const struct public_key *reg = &s.world.register_key.public_key;
    struct public_key no_point = {{3}};
    no_point.bytes[32] = 1;
    static uint8_t huge[PACKET_SIZE_MAX + 1];

    struct span good = exchange_bytes(&s, alice, alice);
    expect_status(read_order(&order, &s, KIND_EXCHANGE, good), STATUS_OK);
    struct id id = record_id(WORLD_NETWORK, KIND_EXCHANGE, good);
    cr_expect(id_equal(&id, &order.id));
    cr_expect_eq(order.exchange.outputs.count, 2);
    expect_status(read_order(&order, &s, KIND_REDEEM, good), STATUS_PARSE);
    expect_status(read_order(&order, &s, KIND_EXCHANGE, exchange_bytes(&s, alice, reg)),
                  STATUS_ORDER);
    expect_status(read_order(&order, &s, KIND_EXCHANGE, exchange_bytes(&s, &no_point, alice)),
                  STATUS_POINT);
    expect_status(read_order(&order, &s, KIND_EXCHANGE, exchange_bytes(&s, reg, &no_point)),
                  STATUS_POINT);
    expect_status(read_order(&order, &s, KIND_EXCHANGE, span_of(good.data, good.size - 1)),
                  STATUS_PARSE);
    expect_status(read_order(&order, &s, KIND_EXCHANGE, span_of(huge, sizeof huge)), STATUS_LIMIT);

    struct buffer out = {0};
    struct redeem redeem = {.bank_id = 1, .amount = world_fen(5), .nonce = world_nonce(&s.world)};
    cr_assert_eq(redeem_encode(&out, &redeem), ERR_OK);
    struct span bytes = raw_keep(&s.world, &out);
    expect_status(read_order(&order, &s, KIND_REDEEM, bytes), STATUS_OK);
    cr_expect_eq(order.redeem.bank_id, 1);
    expect_status(read_order(&order, &s, KIND_EXCHANGE, bytes), STATUS_PARSE);
}

Test(money, A10_M10_orders_funded)
{
    SCENE(s);
    struct order order = {.id = world_hash("order")};
    struct id other = world_hash("another order");
    struct world_wallet reg;
    struct world_coin funding, deep, wrong, none, partial;
    world_register_wallet(&reg, &s.world);
    world_pay(&funding, NULL, &s.world, &s.second, &reg, 2000, &order.id);
    world_pay(&deep, NULL, &s.world, &s.to_carol, &reg, 5000, &order.id);
    world_pay(&wrong, NULL, &s.world, &s.second, &reg, 2000, &other);
    world_pay(&none, NULL, &s.world, &s.second, &reg, 2000, NULL);
    world_pay(&partial, NULL, &s.world, &s.second, &reg, 1000, &order.id);
    const struct {
        const struct world_coin *a, *b;
        enum status funded, none;
    } rows[] = {
        {&funding, &deep, STATUS_OK, STATUS_ORDER},
        {&deep, NULL, STATUS_OK, STATUS_ORDER},
        {&wrong, &deep, STATUS_ORDER, STATUS_ORDER},
        {&none, NULL, STATUS_ORDER, STATUS_ORDER},
        {&funding, &s.to_shop, STATUS_ORDER, STATUS_ORDER}, /* a leaf that pays somebody else */
        {&s.second_to_shop, &s.to_shop, STATUS_ORDER, STATUS_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct world_coin *coins[] = {rows[i].a, rows[i].b};
        scene_pack(&s, coins, rows[i].b == NULL ? 1 : 2);
        expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_OK);
        cr_expect_eq(order_funded(&order, &s.view, &s.world.trust), rows[i].funded, "row %zu", i);
        cr_expect_eq(order_none(&s.view, &s.world.trust), rows[i].none, "row %zu", i);
    }
    const struct world_coin *coins[] = {&partial};
    scene_pack(&s, coins, 1);
    expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_REGISTER_OUTPUT);
}

/* The register's key spends what was paid to it: no leaf, but it pays the register all the same. */
Test(money, an_order_is_not_funded_up_the_line)
{
    SCENE(s);
    struct order order = {.id = world_hash("order")};
    struct world_wallet reg;
    struct world_coin coin;
    world_register_wallet(&reg, &s.world);
    world_pay(&coin, NULL, &s.world, &s.second, &reg, 2000, &order.id);
    world_pay(&coin, NULL, &s.world, &coin, &reg, 2000, &order.id);
    const struct world_coin *coins[] = {&coin};
    scene_pack(&s, coins, 1);
    expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_OK);
    expect_status(order_funded(&order, &s.view, &s.world.trust), STATUS_ORDER);
    expect_status(order_none(&s.view, &s.world.trust), STATUS_ORDER);
}
