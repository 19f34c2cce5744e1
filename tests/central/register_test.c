/* The register's frame: what is refused, one bad packet among many, crashes at every write, forged
 * and refunded money, the signed word. */
#include "common/money/merkle.h"
#include "tests/central/cast.h"
#include "tests/support/raw.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct span packet_of(struct cast *cast, const struct world_coin *coin)
{
    struct world_packet packet = {.directory_version = 1};
    world_packet_add(&packet, coin);
    return world_packet_bytes(&cast->hall.world, &packet);
}

/* --- crashes --- */

static enum err settle_one(struct register_env *env, void *context)
{
    struct blob_item item = {.bytes = *(const struct span *)context};
    const struct settle_body body = {.packets = {&item, 1}};
    struct settle_reply reply = {0};
    return register_settle(env, &reply, &body);
}

HALL_TEST(register, A19_settlement_dies_at_every_write)
{
    struct cast cast;
    struct world_coin coin, change;
    struct note to_p, to_q;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay_part(&to_p, &change, &cast, &coin, &cast.p, 3000, NULL);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    struct span first = packet_of(&cast, &to_p.coin), second = packet_of(&cast, &to_q.coin);
    cr_assert_geq(hall_fail_everywhere(&cast.hall, settle_one, &first), 5);
    cr_assert_eq(cast_owned(&cast, &cast.p), 3000);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED); /* replay: one credit */
    cr_assert_eq(cast_owned(&cast, &cast.p), 3000);
    cr_assert_geq(hall_fail_everywhere(&cast.hall, settle_one, &second), 6);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_close(&cast);
}

/* --- many packets --- */

HALL_TEST(register, H10_one_bad_packet_of_256_fails_alone)
{
    enum { BAD = 100 };
    struct cast cast;
    struct blob_item items[SETTLE_PACKETS_MAX];
    struct settle_reply reply = {0};
    cast_open(&cast, kind);
    for (size_t i = 0; i < SETTLE_PACKETS_MAX; i++) {
        struct world_coin coin;
        struct note to_p;
        cast_issue(&coin, &cast, 10, &cast.a);
        cast_pay(&to_p, &cast, &coin, &cast.p);
        if (i == BAD)
            to_p.coin.payments[0].signature.bytes[40] ^= 1;
        items[i].bytes = packet_of(&cast, &to_p.coin);
    }
    const struct settle_body body = {.packets = {items, SETTLE_PACKETS_MAX}};
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(register_settle(&env, &reply, &body));
    hall_end(&cast.hall);
    cr_assert_eq(reply.results.count, SETTLE_PACKETS_MAX);
    for (size_t i = 0; i < SETTLE_PACKETS_MAX; i++) {
        const struct settle_result *result = &reply.results.items[i];
        HALL_STATUS((enum status)result->status, i == BAD ? STATUS_SIGNATURE : STATUS_OK);
        cr_assert_eq(result->leaves.count, i == BAD ? 0 : 1);
        if (i != BAD)
            cr_assert_eq(result->leaves.items[0].index, i < BAD ? i : i - 1);
    }
    cr_assert_eq(cast_owned(&cast, &cast.p), 10 * (SETTLE_PACKETS_MAX - 1));
    cr_assert_eq(cast_owned(&cast, &cast.a), 10);
    cast_close(&cast);
}

/* --- what is refused: no state change, a named status --- */

HALL_TEST(register, J5_any_other_kind_presented_as_a_payment)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    struct cose *payment = &to_p.coin.payments[0];
    const struct cose genuine = *payment;
    for (int other = 0; other < KIND_COUNT; other++) {
        if (other == KIND_PAYMENT || !message_kind_signed((enum kind)other))
            continue;
        HALL_OK(record_sign_payload(payment, WORLD_NETWORK, (enum kind)other, genuine.payload,
                                    &cast.a.pair));
        hall_refuses(&cast.hall, packet_of(&cast, &to_p.coin), STATUS_SIGNATURE);
    }
    *payment = to_p.request.cose;
    hall_refuses(&cast.hall, packet_of(&cast, &to_p.coin), STATUS_PARSE);
    HALL_OK(
        record_sign_payload(payment, "dcep-other", KIND_PAYMENT, genuine.payload, &cast.a.pair));
    hall_refuses(&cast.hall, packet_of(&cast, &to_p.coin), STATUS_SIGNATURE);
    *payment = genuine;
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    cast_close(&cast);
}

HALL_TEST(register, D1_forged_issuers)
{
    struct cast cast;
    cast_open(&cast, kind);
    struct world *world = &cast.hall.world;
    const struct key_pair strange = world_key("a strange issuer");
    const struct {
        const struct key_pair *named, *signer;
        enum status status;
    } rows[] = {
        {&world->issuing, &strange, STATUS_SIGNATURE},
        {&world->issuing, &world->banks[0].bank_key, STATUS_SIGNATURE},
        {&strange, &strange, STATUS_ISSUER},
        {&world->banks[0].bank_key, &world->banks[0].bank_key, STATUS_ISSUER},
        {&world->root, &world->root, STATUS_ISSUER},
        {&world->register_key, &world->register_key, STATUS_ISSUER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_coin coin;
        struct note to_p;
        struct token token = world_token_value(world, 5000, &cast.a);
        token.issuing_key_id = crypto_key_id(&rows[i].named->public_key);
        world_token_signed(&coin, world, &token, &cast.a);
        coin.token = world_sign(world, KIND_TOKEN, &token, rows[i].signer);
        cast_pay(&to_p, &cast, &coin, &cast.p);
        hall_refuses(&cast.hall, packet_of(&cast, &to_p.coin), rows[i].status);
    }
    cast_close(&cast);
}

HALL_TEST(register, M10_a_payment_to_the_register_and_to_a_payee)
{
    struct cast cast;
    struct world_coin coin, mixed;
    struct world_wallet desk;
    cast_open(&cast, kind);
    world_register_wallet(&desk, &cast.hall.world);
    cast_issue(&coin, &cast, 5000, &cast.a);
    world_pay(&mixed, NULL, &cast.hall.world, &coin, &desk, 3000, NULL);
    hall_refuses(&cast.hall, packet_of(&cast, &mixed), STATUS_REGISTER_OUTPUT);
    world_pay(&mixed, NULL, &cast.hall.world, &coin, &desk, 5000, NULL);
    hall_refuses(&cast.hall, packet_of(&cast, &mixed),
                 STATUS_ORDER); /* it comes without an order */
    cast_close(&cast);
}

HALL_TEST(register, H1_a_bank_settles_or_exchanges_what_was_not_paid_to_it)
{
    struct cast cast;
    struct world_coin coin, stolen;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    coin.owner = &cast.vault_a; /* signs for a coin of a's */
    world_pay(&stolen, NULL, &cast.hall.world, &coin, &cast.vault_a, 5000, NULL);
    hall_refuses(&cast.hall, packet_of(&cast, &stolen), STATUS_SIGNATURE);
    struct hall_order order;
    struct order_reply reply;
    const struct world_coin *const inputs[] = {&coin};
    hall_order_redeem(&order, &cast.hall, WORLD_BANK_A, 5000);
    hall_order_fund(&order, &cast.hall, inputs, 1);
    HALL_STATUS(hall_order(&cast.hall, &reply, &order, WORLD_BANK_A), STATUS_SIGNATURE);
    cr_assert_eq(cast_owned(&cast, &cast.a), 5000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).reserve), 895000);
    cast_close(&cast);
}

/* --- minting --- */

static enum err mint_one(struct register_env *env, void *context)
{
    struct cose token = {0};
    uint64_t serial = 0;
    struct id coin_id = {{0}};
    return register_mint(env, &token, &serial, &coin_id, world_fen(7), context, false, 0);
}

HALL_TEST(register, D2_a_serial_is_never_used_twice)
{
    struct cast cast;
    struct world_coin coin;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    struct books books = hall_books(&cast.hall);
    books.next_serial = coin.serial; /* wound back: another token would get the same serial */
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(books_put(cast.hall.store, &books));
    cr_assert_eq(mint_one(&env, &cast.p.pair.public_key), ERR_EXISTS);
    store_rollback(cast.hall.store);
    cast_close(&cast);
}

/* --- forged money: signed with the issuing key, never issued --- */

static void forge(struct world_coin *out, struct cast *cast, uint64_t serial, uint64_t fen)
{
    struct token token = world_token_value(&cast->hall.world, fen, &cast->a);
    token.serial = serial;
    world_token_signed(out, &cast->hall.world, &token, &cast->a);
}

HALL_TEST(register, D3_two_tokens_of_one_serial_the_one_with_a_row_settles)
{
    struct cast cast;
    struct world_coin issued, twin;
    struct note from_issued, from_twin;
    cast_open(&cast, kind);
    cast_issue(&issued, &cast, 5000, &cast.a);
    forge(&twin, &cast, issued.serial, 9000);
    cast_pay(&from_twin, &cast, &twin, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &from_twin), OUTCOME_ORPHAN);
    cast_pay(&from_issued, &cast, &issued, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &from_issued), OUTCOME_SETTLED);
    cr_assert_eq(cast_owned(&cast, &cast.p), 5000);
    cr_assert_eq(cast_owned(&cast, &cast.q), 0);
    cr_assert_eq(hall_coin(&cast.hall, &twin).fault, FAULT_FORGED);
    cast_close(&cast);
}

HALL_TEST(register, D4_forged_money_never_settles)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q;
    cast_open(&cast, kind);
    forge(&coin, &cast, 900001, 5000);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_q, &cast, &to_p.coin, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_ORPHAN);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_ORPHAN);
    cr_assert_eq(hall_cases(&cast.hall), 0);
    cr_assert_eq(cast_orphans(&cast, &cast.q), 5000);
    cr_assert_eq(cast_owned(&cast, &cast.q), 0);
    cast_close(&cast);
}

/* --- certificates and revocation are nothing to settlement --- */

HALL_TEST(register, E1_E2_unconflicted_value_settles_whoever_signed)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_q;
    cast_open(&cast, kind);
    const struct key_id bank_key = crypto_key_id(&cast.hall.world.banks[0].bank_key.public_key);
    world_revoke(&cast.hall.world, &bank_key);
    struct world_wallet *const payers[] = {&cast.x, &cast.a, &cast.vault_a};
    for (size_t i = 0; i < 3; i++) {
        cast_issue(&coin, &cast, 1000, payers[i]);
        cast_pay(&to_q, &cast, &coin, &cast.q);
        HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_SETTLED);
    }
    cr_assert_eq(cast_owned(&cast, &cast.q), 3000);
    cast_close(&cast);
}

/* --- lines that start at a coin the register knows --- */

/* Only the payments from `from` on, and no token. */
static struct span tail_of(struct cast *cast, const struct world_coin *coin, size_t from)
{
    struct world_packet packet = {.directory_version = 1};
    for (size_t i = from; i < coin->payment_count; i++)
        packet.payments[packet.payment_count++] = coin->payments[i];
    return world_packet_bytes(&cast->hall.world, &packet);
}

HALL_TEST(register, a_line_may_start_at_a_known_coin)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q, to_c;
    struct settle_result result;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_q, &cast, &to_p.coin, &cast.q);
    cast_pay(&to_c, &cast, &to_q.coin, &cast.c);
    hall_refuses(&cast.hall, tail_of(&cast, &to_c.coin, 1), STATUS_CHAIN); /* not known yet */
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    HALL_STATUS(hall_settle_packet(&cast.hall, tail_of(&cast, &to_c.coin, 1), &result), STATUS_OK);
    cr_assert_eq(result.leaves.count, 2);
    cr_assert_eq(cast_owned(&cast, &cast.c), 5000);
    hall_refuses(&cast.hall, tail_of(&cast, &to_c.coin, 3), STATUS_LIMIT); /* no payment at all */
    cast_close(&cast);
}

/* --- refunded rows --- */

HALL_TEST(register, M13_refunded_then_shown_twice_is_a_proof_and_no_second_value)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q, to_c;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    cast_pay(&to_c, &cast, &coin, &cast.c);
    hall_refund(&cast.hall, &coin, &cast.a2);
    for (size_t again = 0; again < 2; again++) {
        HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_LOST);
        cr_assert_eq(hall_cases(&cast.hall), 0);
    }
    const struct id once = hall_snapshot(&cast.hall);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_LOST);
    const struct id again = hall_snapshot(&cast.hall);
    cr_assert(id_equal(&once, &again));
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_LOST);
    HALL_OUTCOME(cast_settle(&cast, &to_c), OUTCOME_LOST);
    HALL_OUTCOME(cast_settle(&cast, &to_c), OUTCOME_LOST);
    cr_assert_eq(hall_cases(&cast.hall), 2);
    for (size_t i = 0; i < 2; i++) { /* both against the first that was shown */
        const struct fraud_case row = hall_case(&cast.hall, i);
        const struct id first =
            record_id(WORLD_NETWORK, KIND_PAYMENT, to_p.coin.payments[0].payload);
        cast_expect_proof(&cast, i, &cast.a);
        cr_assert(id_equal(&row.payment_a_id, &first));
    }
    HALL_OUTCOME(cast_claim(&cast, &to_p), OUTCOME_CLAIMED);
    cr_assert_eq(hall_last_claim(&cast.hall).refusal, CLAIM_UNCERTIFIED); /* nobody's guarantee */
    cr_assert_eq(cast_owned(&cast, &cast.p), 0);
    cr_assert_eq(cast_owned(&cast, &cast.a2), 5000);
    cast_close(&cast);
}

/* --- the signed word --- */

HALL_TEST(register, M5_a_leaf_holds_only_with_its_path_and_signature)
{
    struct cast cast;
    struct world_coin coin, change;
    struct note to_p;
    struct settle_result result;
    struct blob_item item;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 5000, &cast.a);
    cast_pay_part(&to_p, &change, &cast, &coin, &cast.p, 3000, NULL);
    cast_pay(&to_p, &cast, &to_p.coin, &cast.q);
    item.bytes = packet_of(&cast, &to_p.coin);
    const struct settle_body body = {.packets = {&item, 1}};
    struct settle_reply reply = {0};
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(register_settle(&env, &reply, &body));
    hall_end(&cast.hall);
    result = reply.results.items[0];
    cr_assert_eq(result.leaves.count, 2);
    struct id hashes[2];
    for (size_t i = 0; i < 2; i++)
        HALL_OK(merkle_leaf_hash(&hashes[i], &result.leaves.items[i].leaf));
    struct id_item other = {hashes[1]}, own = {hashes[0]};
    struct placed_leaf good = result.leaves.items[0];
    good.path = (struct id_item_list){&other, 1};
    struct placed_leaf bad_path = good, bad_outcome = good, bad_place = good;
    bad_path.path.items = &own;
    bad_outcome.leaf.outcome = OUTCOME_ORPHAN;
    bad_place.index = 1;
    struct cose forged = reply.settled, by_bank = reply.settled;
    forged.signature.bytes[5] ^= 1;
    HALL_OK(record_sign_payload(&by_bank, WORLD_NETWORK, KIND_SETTLED, reply.settled.payload,
                                &cast.hall.world.banks[0].bank_key));
    const struct {
        const struct cose *settled;
        const struct placed_leaf *placed;
        enum status status;
    } rows[] = {
        {&reply.settled, &good, STATUS_OK},
        {&reply.settled, &bad_path, STATUS_SIGNATURE},
        {&reply.settled, &bad_outcome, STATUS_SIGNATURE},
        {&reply.settled, &bad_place, STATUS_SIGNATURE},
        {&forged, &good, STATUS_SIGNATURE},
        {&by_bank, &good, STATUS_SIGNATURE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        HALL_STATUS(merkle_settled(&cast.hall.world.trust, rows[i].settled, rows[i].placed,
                                   &cast.hall.world.arena),
                    rows[i].status);
    cast_close(&cast);
}
