/* The one verifier: what a payee accepts, offline (adversarial cases B9, E2 to E13), and in which
 * order it says no. */
#include "tests/support/scene.h"

#include <criterion/criterion.h>
#include <string.h>

#define SCENE(s)                                                                                   \
    struct scene s AUTO(scene_close);                                                              \
    scene_open(&s)

static void repack(struct scene *s)
{
    const struct world_coin *coins[] = {&s->to_shop, &s->second_to_shop};
    scene_pack(s, coins, 2);
}

static enum status at(struct scene *s, uint64_t now)
{
    struct packet_terms terms = scene_terms(s);
    terms.now = now;
    terms.newest_signed_time = 0;
    return scene_accept_terms(s, &terms);
}

Test(money, E8_E9_the_payers_certificate_in_date)
{
    static const struct {
        uint64_t before, after;
        enum status expected;
    } rows[] = {
        {WORLD_TODAY, WORLD_TODAY, STATUS_OK},
        {WORLD_TODAY - 7, WORLD_TODAY - 1, STATUS_CERTIFICATE_DATE},
        {WORLD_TODAY + 1, WORLD_TODAY + 7, STATUS_CERTIFICATE_DATE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SCENE(s);
        s.carol.certificate.not_before_day = rows[i].before;
        s.carol.certificate.not_after_day = rows[i].after;
        world_certify(&s.carol, &s.world);
        repack(&s);
        enum status status = scene_accept(&s);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
        expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_OK);
    }
}

Test(money, E8_an_ancestors_certificate_may_have_expired_since)
{
    SCENE(s);
    s.alice.certificate.not_after_day = WORLD_TODAY - 1;
    world_certify(&s.alice, &s.world);
    repack(&s);
    expect_status(scene_accept(&s), STATUS_OK);
}

static void pay_from_vault(struct scene *s)
{
    static struct world_coin coin;
    world_token(&coin, &s->world, 5000, &s->vault_a);
    world_pay(&coin, NULL, &s->world, &coin, &s->shop, 5000, &s->request.id);
    const struct world_coin *coins[] = {&coin};
    scene_pack(s, coins, 1);
}

Test(money, E9_a_vault_is_in_date_with_its_bank)
{
    SCENE(s);
    pay_from_vault(&s);
    expect_status(scene_accept(&s), STATUS_OK);
    s.world.banks[0].certificate.not_after_day = WORLD_TODAY - 1;
    world_publish(&s.world);
    expect_status(scene_accept(&s), STATUS_CERTIFICATE_DATE);
}

Test(money, E2_E4_D4_revoked_keys)
{
    SCENE(s);
    const struct {
        const struct public_key *key;
        enum status expected;
    } rows[] = {
        {&s.shop.pair.public_key, STATUS_OK}, /* the payee is not on its own line */
        {&s.world.banks[0].vault_key.public_key, STATUS_OK},
        {&s.alice.pair.public_key, STATUS_REVOKED},
        {&s.bob.pair.public_key, STATUS_REVOKED},
        {&s.carol.pair.public_key, STATUS_REVOKED},
        {&s.world.banks[0].bank_key.public_key, STATUS_REVOKED},
        {&s.world.banks[1].bank_key.public_key, STATUS_REVOKED},
        {&s.world.issuing.public_key, STATUS_REVOKED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct key_id id = crypto_key_id(rows[i].key);
        s.world.revocations = (struct revocations){.version = s.world.revocations.version};
        world_revoke(&s.world, &id);
        enum status status = scene_accept(&s);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
        expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_OK);
    }
}

Test(money, E2_a_vault_of_a_revoked_bank)
{
    SCENE(s);
    pay_from_vault(&s);
    struct key_id id = crypto_key_id(&s.world.banks[0].bank_key.public_key);
    world_revoke(&s.world, &id);
    expect_status(scene_accept(&s), STATUS_REVOKED);
}

/* A coin of 50.00 that changes hands `hops` times, the last time to the shop, and is split once
 * before if asked. */
static void pay_along(struct scene *s, size_t hops, size_t own)
{
    static struct world_coin coin;
    struct world_wallet *wallets[] = {&s->alice, &s->bob};
    world_token(&coin, &s->world, 5000, &s->alice);
    for (size_t i = 0; i < own; i++)
        world_pay(&coin, NULL, &s->world, &coin, coin.owner, 5000, NULL);
    for (size_t i = 1; i < hops; i++)
        world_pay(&coin, NULL, &s->world, &coin, wallets[i % 2], 5000, NULL);
    world_pay(&coin, NULL, &s->world, &coin, &s->shop, 5000, &s->request.id);
    const struct world_coin *coins[] = {&coin};
    scene_pack(s, coins, 1);
}

Test(money, E13_hops_and_depth)
{
    static const struct {
        size_t hops, own; /* payments to others, payments to oneself */
        enum status expected;
    } rows[] = {
        {1, 0, STATUS_OK},     {5, 0, STATUS_OK},    {6, 0, STATUS_HOPS}, {5, 11, STATUS_OK},
        {5, 12, STATUS_DEPTH}, {6, 11, STATUS_HOPS}, {1, 15, STATUS_OK},  {1, 16, STATUS_DEPTH},
    };
    SCENE(s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pay_along(&s, rows[i].hops, rows[i].own);
        enum status status = scene_accept(&s);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
        expect_status(scene_verify(&s, PACKET_FOR_REGISTER), STATUS_OK);
    }
    s.request.request.hops_max = 2; /* the lower of the two limits holds */
    pay_along(&s, 3, 0);
    expect_status(scene_accept(&s), STATUS_HOPS);
    s.request.request.hops_max = 100;
    pay_along(&s, 6, 0);
    expect_status(scene_accept(&s), STATUS_HOPS);
}

Test(money, limits_of_a_payment)
{
    static const struct {
        uint64_t offline, certificate;
        bool is_online;
        enum status expected;
    } rows[] = {
        {5000, 5000, false, STATUS_OK},
        {4999, 5000, false, STATUS_PAYMENT_LIMIT},
        {4999, 5000, true, STATUS_OK},
        {5000, 4999, false, STATUS_PAYMENT_LIMIT},
        {5000, 4999, true, STATUS_PAYMENT_LIMIT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SCENE(s);
        s.world.policy.offline_payment_max = world_fen(rows[i].offline);
        world_publish(&s.world);
        s.carol.certificate.limits.payment_max = world_fen(rows[i].certificate);
        s.alice.certificate.limits.payment_max = world_fen(0); /* an ancestor's does not count */
        world_certify(&s.carol, &s.world);
        world_certify(&s.alice, &s.world);
        repack(&s);
        struct packet_terms terms = scene_terms(&s);
        terms.is_online = rows[i].is_online;
        enum status status = scene_accept_terms(&s, &terms);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
    }
}

/* Forged tokens can be worth more together than any amount: above every limit, and no request's
 * sum. */
Test(money, C3_D4_payments_that_add_up_to_more_than_there_is)
{
    static const struct {
        bool is_vault, is_online;
        enum status expected;
    } rows[] = {
        {false, false, STATUS_PAYMENT_LIMIT},
        {false, true, STATUS_PAYMENT_LIMIT},
        {true, false, STATUS_PAYMENT_LIMIT},
        {true, true, STATUS_REQUEST_AMOUNT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SCENE(s);
        struct world_coin forged[2], paid[2];
        struct world_wallet vault;
        struct world_wallet *payer = rows[i].is_vault ? &vault : &s.carol;
        world_vault(&vault, &s.world, WORLD_BANK_A);
        s.carol.certificate.limits.payment_max = world_fen(AMOUNT_MAX);
        world_certify(&s.carol, &s.world);
        for (size_t j = 0; j < 2; j++) {
            world_token(&forged[j], &s.world, AMOUNT_MAX, payer);
            world_pay(&paid[j], NULL, &s.world, &forged[j], &s.shop, AMOUNT_MAX, &s.request.id);
        }
        const struct world_coin *coins[] = {&paid[0], &paid[1]};
        scene_pack(&s, coins, 2);
        struct packet_terms terms = scene_terms(&s);
        terms.is_online = rows[i].is_online;
        enum status status = scene_accept_terms(&s, &terms);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
    }
}

Test(money, E11_dates)
{
    SCENE(s);
    uint64_t spend_by = WORLD_TODAY + 2; /* within the certificate's seven days */
    struct token token = world_token_value(&s.world, 5000, &s.alice);
    struct world_coin coin;
    token.spend_by_day = spend_by;
    world_token_signed(&coin, &s.world, &token, &s.alice);
    world_pay(&coin, NULL, &s.world, &coin, &s.shop, 5000, &s.request.id);
    const struct world_coin *coins[] = {&coin};
    scene_pack(&s, coins, 1);
    expect_status(at(&s, (spend_by + 1) * 86400 - 1), STATUS_OK);
    expect_status(at(&s, (spend_by + 1) * 86400), STATUS_SPEND_BY);

    s.world.directory.not_after = WORLD_NOW;
    world_publish(&s.world);
    expect_status(at(&s, WORLD_NOW), STATUS_OK);
    expect_status(at(&s, WORLD_NOW + 1), STATUS_DIRECTORY_DATE);

    struct packet_terms terms = scene_terms(&s);
    terms.newest_signed_time = WORLD_NOW;
    expect_status(scene_accept_terms(&s, &terms), STATUS_OK);
    terms.newest_signed_time = WORLD_NOW + 1;
    expect_status(scene_accept_terms(&s, &terms), STATUS_CLOCK);
    terms.is_payer = true;
    expect_status(scene_accept_terms(&s, &terms), STATUS_OK);
    expect_status(at(&s, 0), STATUS_CERTIFICATE_DATE);
}

Test(money, B7_B9_bound_to_my_request)
{
    SCENE(s);
    struct packet_terms terms = scene_terms(&s);
    terms.request = NULL;
    expect_status(scene_accept_terms(&s, &terms), STATUS_REQUEST_UNKNOWN);

    struct world_request other;
    world_request(&other, &s.world, &s.shop, 5000);
    terms = scene_terms(&s);
    terms.request = &other.request;
    terms.request_id = other.id;
    expect_status(scene_accept_terms(&s, &terms), STATUS_REQUEST_UNKNOWN);

    struct payment payment = scene_payment(&s, SCENE_SECOND);
    payment.has_reference = false;
    scene_resign(&s, SCENE_SECOND, &payment, &s.carol.pair);
    expect_status(scene_accept(&s), STATUS_REQUEST_UNKNOWN);
}

Test(money, expiry_stops_the_payer_not_the_payee)
{
    SCENE(s);
    uint64_t expires_at = s.request.request.expires_at;
    struct packet_terms terms = scene_terms(&s);
    terms.now = expires_at + 1;
    expect_status(scene_accept_terms(&s, &terms), STATUS_OK);
    terms.is_payer = true;
    expect_status(scene_accept_terms(&s, &terms), STATUS_REQUEST_UNKNOWN);
    terms.now = expires_at;
    expect_status(scene_accept_terms(&s, &terms), STATUS_OK);
}

static enum status pay_amounts(struct scene *s, uint64_t requested, uint64_t first, uint64_t second)
{
    static struct world_coin a, b;
    world_request(&s->request, &s->world, &s->shop, requested);
    world_pay(&a, NULL, &s->world, &s->to_carol, first > 0 ? &s->shop : &s->bob,
              first > 0 ? first : 100, &s->request.id);
    world_pay(&b, NULL, &s->world, &s->second, &s->shop, second, &s->request.id);
    const struct world_coin *coins[] = {&a, &b};
    scene_pack(s, coins, 2);
    return scene_accept(s);
}

Test(money, amount_of_the_request_exactly)
{
    SCENE(s);
    expect_status(pay_amounts(&s, 5000, 3000, 2000), STATUS_OK);
    expect_status(pay_amounts(&s, 5000, 3001, 2000), STATUS_REQUEST_AMOUNT);
    expect_status(pay_amounts(&s, 5000, 3000, 1999), STATUS_REQUEST_AMOUNT);
    expect_status(pay_amounts(&s, 1000, 999, 1), STATUS_OK);
    expect_status(pay_amounts(&s, 1000, 0, 1000), STATUS_REQUEST_AMOUNT); /* one coin is not mine */
}

Test(money, more_coins_than_the_request_allows)
{
    SCENE(s);
    s.request.request.coins_max = 2;
    expect_status(scene_accept(&s), STATUS_OK);
    s.request.request.coins_max = 1;
    expect_status(scene_accept(&s), STATUS_LIMIT);
}

/* --- what I hold --- */

struct held {
    struct id coin_id, paid_coin_id;
    size_t asked;
    enum err error;
};

static enum err held_seen(void *context, bool *found, uint64_t serial, const struct id *coin_id)
{
    struct held *held = context;
    (void)serial;
    held->asked++;
    *found = id_equal(coin_id, &held->coin_id);
    return held->error;
}

static enum err held_conflict(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                              const struct id *payment_id)
{
    struct held *held = context;
    (void)serial, (void)payment_id;
    held->asked++;
    *found = id_equal(coin_id, &held->paid_coin_id);
    return held->error;
}

static struct packet_terms holding(struct scene *s, struct held *held)
{
    struct packet_terms terms = scene_terms(s);
    terms.context = held;
    terms.seen = held_seen;
    terms.conflict = held_conflict;
    return terms;
}

Test(money, B5_M7_a_coin_seen_before)
{
    SCENE(s);
    struct held held = {0};
    struct packet_terms terms = holding(&s, &held);
    expect_status(scene_accept_terms(&s, &terms), STATUS_OK);
    cr_expect_eq(held.asked, 2 + 4, "two coins to me, four payments");
    held.coin_id = s.second_to_shop.coin_id;
    expect_status(scene_accept_terms(&s, &terms), STATUS_SEEN);
    held.coin_id = s.to_shop.coin_id;
    expect_status(scene_accept_terms(&s, &terms), STATUS_SEEN);
    held.coin_id = s.to_bob.coin_id; /* up the line a coin may come back to who held it */
    expect_status(scene_accept_terms(&s, &terms), STATUS_OK);
    held.coin_id = s.to_shop.coin_id;
    terms.is_payer = true;
    expect_status(scene_accept_terms(&s, &terms), STATUS_OK);
}

Test(money, a_payment_in_conflict_with_one_I_hold)
{
    SCENE(s);
    const struct id *on_the_line[] = {&s.first.coin_id, &s.to_bob.coin_id, &s.to_carol.coin_id,
                                      &s.second.coin_id};
    for (size_t i = 0; i < 4; i++) {
        struct held held = {.paid_coin_id = *on_the_line[i]};
        struct packet_terms terms = holding(&s, &held);
        expect_status(scene_accept_terms(&s, &terms), STATUS_CONFLICT);
        held.coin_id = s.to_shop.coin_id;
        expect_status(scene_accept_terms(&s, &terms), STATUS_SEEN);
        terms.is_payer = true;
        expect_status(scene_accept_terms(&s, &terms), STATUS_OK);
    }
}

Test(money, what_I_hold_cannot_be_read)
{
    SCENE(s);
    struct held held = {.error = ERR_IO};
    struct packet_terms terms = holding(&s, &held);
    enum status status;
    expect_status(scene_verify(&s, PACKET_FOR_PAYEE), STATUS_OK);
    cr_expect_eq(packet_accept(&status, &s.view, &s.world.trust, &terms), ERR_IO);
}

/* Faults put one after the other, the later one of lower rank: always the new one is told. */
Test(money, acceptance_precedence)
{
    SCENE(s);
    struct held held = {.paid_coin_id = s.first.coin_id};
    struct packet_terms terms = holding(&s, &held);
    expect_status(scene_accept_terms(&s, &terms), STATUS_CONFLICT);
    held.coin_id = s.to_shop.coin_id;
    expect_status(scene_accept_terms(&s, &terms), STATUS_SEEN);
    s.request.request.amount = world_fen(5001);
    expect_status(scene_accept_terms(&s, &terms), STATUS_REQUEST_AMOUNT);
    terms.request_id.bytes[0] ^= 1;
    expect_status(scene_accept_terms(&s, &terms), STATUS_REQUEST_UNKNOWN);
    terms.is_restored = true;
    expect_status(scene_accept_terms(&s, &terms), STATUS_RESTORED);
    terms.newest_signed_time = WORLD_NOW + 1;
    expect_status(scene_accept_terms(&s, &terms), STATUS_CLOCK);
    s.world.directory.not_after = WORLD_NOW - 1;
    world_publish(&s.world);
    expect_status(scene_accept_terms(&s, &terms), STATUS_DIRECTORY_DATE);
    terms.now = WORLD_NOW + UINT64_C(100) * 86400;
    s.carol.certificate.not_after_day = WORLD_TODAY + 200;
    world_certify(&s.carol, &s.world);
    repack(&s);
    expect_status(scene_accept_terms(&s, &terms), STATUS_SPEND_BY);
    s.world.policy.offline_payment_max = world_fen(1);
    world_publish(&s.world);
    expect_status(scene_accept_terms(&s, &terms), STATUS_PAYMENT_LIMIT);
    s.world.policy.depth_max = 2;
    world_publish(&s.world);
    expect_status(scene_accept_terms(&s, &terms), STATUS_DEPTH);
    s.world.policy.hops_max = 2;
    world_publish(&s.world);
    expect_status(scene_accept_terms(&s, &terms), STATUS_HOPS);
    struct key_id id = crypto_key_id(&s.alice.pair.public_key);
    world_revoke(&s.world, &id);
    expect_status(scene_accept_terms(&s, &terms), STATUS_REVOKED);
    s.carol.certificate.not_after_day = WORLD_TODAY;
    world_certify(&s.carol, &s.world);
    repack(&s);
    expect_status(scene_accept_terms(&s, &terms), STATUS_CERTIFICATE_DATE);
    s.request.request.coins_max = 1;
    expect_status(scene_accept_terms(&s, &terms), STATUS_LIMIT);
}
