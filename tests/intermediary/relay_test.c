/* Packets on their way to the register: kept, answered once, booked once. */
#include "tests/intermediary/street.h"

#include "common/money/merkle.h"

#include <criterion/criterion.h>
#include <string.h>

struct trade {
    struct street street;
    struct resident alice, bob;
    struct world_wallet carol; /* of the other bank */
    struct world_coin coin;    /* Alice's, 50.00 */
};

static void open_trade(struct trade *t)
{
    street_open(&t->street);
    street_stock(&t->street, 200000);
    street_resident(&t->alice, &t->street, "Alice", 3, 100000);
    street_resident(&t->bob, &t->street, "Bob", 3, 100000);
    world_wallet(&t->carol, &t->street.hall.world, "carol", WORLD_BANK_B);
    street_coin(&t->coin, &t->street, &t->alice, 5000);
}

static uint64_t held(struct trade *t, const struct resident *resident)
{
    return amount_fen(street_get(&t->street, resident->number).held);
}

static struct relay_totals totals(struct trade *t)
{
    struct relay_totals out = {0};
    struct branch_env env = street_env(&t->street);
    HALL_OK(relay_totals(&env, &out));
    return out;
}

Test(relay, each_outcome_with_its_place_in_the_signed_tree)
{
    struct trade t;
    struct world_coin second, to_bob, change, to_carol;
    struct settle_reply reply = {0};
    open_trade(&t);
    struct world *world = &t.street.hall.world;
    street_coin(&second, &t.street, &t.alice, 2000);
    world_pay(&to_bob, &change, world, &t.coin, &t.bob.wallet, 3000, NULL);
    world_pay(&to_carol, NULL, world, &second, &t.carol, 2000, NULL);
    const struct span packets[] = {street_packet(&t.street, &to_bob),
                                   street_packet(&t.street, &to_carol)};
    HALL_STATUS(street_settle(&t.street, &reply, packets, 2, &t.alice), STATUS_OK);
    cr_assert_eq(reply.results.count, 2);
    for (size_t i = 0; i < reply.results.count; i++) {
        const struct placed_leaf *leaf = &reply.results.items[i].leaves.items[0];
        HALL_OUTCOME((enum outcome)leaf->leaf.outcome, OUTCOME_SETTLED);
        cr_assert_eq(leaf->path.count, 1);
        HALL_STATUS(merkle_settled(&world->trust, &reply.settled, leaf, &t.street.arena),
                    STATUS_OK);
    }
    cr_assert_eq(totals(&t).done_count, 2);
    street_close(&t.street);
}

Test(relay_settled, what_is_held_follows_what_settles)
{
    struct trade t;
    struct world_coin to_bob, change, to_carol, rest;
    struct settle_reply reply = {0};
    open_trade(&t);
    struct world *world = &t.street.hall.world;
    cr_assert_eq(held(&t, &t.alice), 5000);
    world_pay(&to_bob, &change, world, &t.coin, &t.bob.wallet, 3000, NULL);
    world_pay(&to_carol, &rest, world, &to_bob, &t.carol, 1000, NULL);
    const struct span packet = street_packet(&t.street, &to_carol);
    HALL_STATUS(street_settle(&t.street, &reply, &packet, 1, &t.bob), STATUS_OK);
    cr_assert_eq(held(&t, &t.alice), 2000);
    cr_assert_eq(held(&t, &t.bob), 2000);
    /* H2, A21: the same again, by the other side, in another packet: nothing moves. */
    const struct span first = street_packet(&t.street, &to_bob);
    HALL_STATUS(street_settle(&t.street, &reply, &first, 1, &t.alice), STATUS_OK);
    HALL_STATUS(street_settle(&t.street, &reply, &packet, 1, &t.bob), STATUS_OK);
    HALL_OUTCOME((enum outcome)reply.results.items[0].leaves.items[1].leaf.outcome,
                 OUTCOME_SETTLED);
    cr_assert_eq(held(&t, &t.alice), 2000);
    cr_assert_eq(held(&t, &t.bob), 2000);
    street_close(&t.street);
}

Test(relay_settled, a_losing_payment_moves_nothing)
{
    struct trade t;
    struct world_coin to_bob, to_carol;
    struct settle_reply reply = {0};
    open_trade(&t);
    struct world *world = &t.street.hall.world;
    world_pay(&to_carol, NULL, world, &t.coin, &t.carol, 5000, NULL);
    world_pay(&to_bob, NULL, world, &t.coin, &t.bob.wallet, 5000, NULL);
    const struct span packets[] = {street_packet(&t.street, &to_carol),
                                   street_packet(&t.street, &to_bob)};
    HALL_STATUS(street_settle(&t.street, &reply, packets, 2, &t.bob), STATUS_OK);
    HALL_OUTCOME((enum outcome)reply.results.items[1].leaves.items[0].leaf.outcome,
                 OUTCOME_CONFLICT);
    cr_assert_eq(held(&t, &t.alice), 0);
    cr_assert_eq(held(&t, &t.bob), 0);
    street_close(&t.street);
}

Test(relay, a_cut_line_keeps_the_queue_and_settles_it_once)
{
    struct trade t;
    struct world_coin to_bob;
    struct settle_reply reply = {0};
    open_trade(&t);
    world_pay(&to_bob, NULL, &t.street.hall.world, &t.coin, &t.bob.wallet, 5000, NULL);
    const struct span packet = street_packet(&t.street, &to_bob);
    t.street.is_cut = true;
    for (int i = 0; i < 2; i++) {
        HALL_STATUS(street_settle(&t.street, &reply, &packet, 1, &t.bob), STATUS_PENDING);
        cr_assert_eq(reply.results.count, 1);
        cr_assert_eq(reply.results.items[0].status, STATUS_PENDING);
    }
    cr_assert_eq(totals(&t).waiting_count, 1);
    cr_assert_eq(totals(&t).oldest_at, WORLD_NOW);
    cr_assert(street_work(&t.street));
    t.street.is_cut = false;
    t.street.lost_replies = 0;
    cr_assert_not(street_work(&t.street));
    cr_assert_eq(totals(&t).waiting_count, 0);
    cr_assert_eq(totals(&t).done_count, 1);
    cr_assert_eq(totals(&t).oldest_at, 0);
    cr_assert_eq(held(&t, &t.bob), 5000);
    cr_assert_eq(hall_owned(&t.street.hall, &t.bob.wallet.pair.public_key), 5000);
    const size_t calls = t.street.call_count;
    cr_assert_not(street_work(&t.street));
    cr_assert_eq(t.street.call_count, calls); /* nothing is sent again by itself */
    HALL_STATUS(street_settle(&t.street, &reply, &packet, 1, &t.bob), STATUS_OK);
    cr_assert_eq(held(&t, &t.bob), 5000);
    street_close(&t.street);
}

Test(relay, a_lost_answer_books_once)
{
    struct trade t;
    struct world_coin to_bob;
    struct settle_reply reply = {0};
    open_trade(&t);
    world_pay(&to_bob, NULL, &t.street.hall.world, &t.coin, &t.bob.wallet, 5000, NULL);
    const struct span packet = street_packet(&t.street, &to_bob);
    t.street.lost_replies = 1;
    HALL_STATUS(street_settle(&t.street, &reply, &packet, 1, &t.bob), STATUS_PENDING);
    cr_assert_not(street_work(&t.street));
    HALL_STATUS(street_settle(&t.street, &reply, &packet, 1, &t.bob), STATUS_OK);
    cr_assert_eq(held(&t, &t.alice), 0);
    cr_assert_eq(held(&t, &t.bob), 5000);
    street_close(&t.street);
}

Test(relay, H10_one_bad_packet_fails_alone)
{
    enum { GOOD = 24, BAD = 11 };
    struct trade t;
    struct world_coin paid[GOOD];
    struct span packets[GOOD];
    struct settle_reply reply = {0};
    open_trade(&t);
    for (size_t i = 0; i < GOOD; i++) {
        struct world_coin coin;
        street_coin(&coin, &t.street, &t.alice, 100 + i);
        world_pay(&paid[i], NULL, &t.street.hall.world, &coin, &t.bob.wallet, 100 + i, NULL);
        packets[i] = street_packet(&t.street, &paid[i]);
    }
    uint8_t *byte = (uint8_t *)(uintptr_t)(packets[BAD].data + packets[BAD].size / 2);
    *byte ^= 1;
    HALL_STATUS(street_settle(&t.street, &reply, packets, GOOD, &t.bob), STATUS_OK);
    for (size_t i = 0; i < GOOD; i++) {
        const struct settle_result *result = &reply.results.items[i];
        if (i == BAD) {
            cr_assert_neq(result->status, STATUS_OK);
            continue;
        }
        cr_assert_eq(result->status, STATUS_OK);
        HALL_STATUS(merkle_settled(&t.street.hall.world.trust, &reply.settled,
                                   &result->leaves.items[0], &t.street.arena),
                    STATUS_OK);
    }
    cr_assert_eq(totals(&t).waiting_count, 0);
    street_close(&t.street);
}

/* H1: a bank hands in what was not paid to it: it settles to its owner, and never as its own. */
Test(relay, H1_settling_credits_the_owner_and_nobody_else)
{
    struct trade t;
    struct world_coin to_carol;
    struct settle_reply reply = {0};
    open_trade(&t);
    const uint64_t vault = street_vault(&t.street);
    world_pay(&to_carol, NULL, &t.street.hall.world, &t.coin, &t.carol, 5000, NULL);
    const struct span packet = street_packet(&t.street, &to_carol);
    HALL_STATUS(street_settle(&t.street, &reply, &packet, 1, &t.bob), STATUS_OK);
    cr_assert_eq(hall_owned(&t.street.hall, &t.carol.pair.public_key), 5000);
    cr_assert_eq(street_vault(&t.street), vault);
    cr_assert_eq(held(&t, &t.bob), 0);
    /* And an exchange of it, signed by the bank's own key: refused, the coin stays. */
    struct hall_order order;
    struct order_reply answer = {0};
    struct world_wallet thief;
    world_vault(&thief, &t.street.hall.world, WORLD_BANK_A);
    const struct output output = {world_fen(5000), thief.pair.public_key};
    hall_order_exchange(&order, &t.street.hall, &output, 1);
    to_carol.owner = &thief;
    const struct world_coin *coins[] = {&to_carol};
    hall_order_fund(&order, &t.street.hall, coins, 1);
    const struct order_body body = {.order = order.order, .packet = order.packet};
    HALL_STATUS(street_call(&t.street, &answer, VERB_EXCHANGE, &body, &t.bob.wallet.pair),
                STATUS_SIGNATURE);
    cr_assert_eq(hall_owned(&t.street.hall, &t.carol.pair.public_key), 5000);
    street_close(&t.street);
}

Test(relay, exchanges_and_questions_need_the_line)
{
    struct trade t;
    struct hall_order order;
    struct order_reply answer = {0};
    struct owned_reply owned = {0};
    open_trade(&t);
    struct world *world = &t.street.hall.world;
    const struct output outputs[] = {{world_fen(2000), t.alice.wallet.pair.public_key},
                                     {world_fen(3000), t.alice.wallet.pair.public_key}};
    hall_order_exchange(&order, &t.street.hall, outputs, 2);
    const struct world_coin *coins[] = {&t.coin};
    hall_order_fund(&order, &t.street.hall, coins, 1);
    const struct order_body body = {.order = order.order, .packet = order.packet};
    const struct ownership question = {.key = t.alice.wallet.pair.public_key, .made_at = WORLD_NOW};
    const struct owned_body ask = {
        .ownership = world_sign(world, KIND_OWNERSHIP, &question, &t.alice.wallet.pair)};
    const struct key_pair *pair = &t.alice.wallet.pair;
    t.street.is_cut = true;
    HALL_STATUS(street_call(&t.street, &answer, VERB_EXCHANGE, &body, pair), STATUS_UNREACHABLE);
    HALL_STATUS(street_call(&t.street, &owned, VERB_OWNED, &ask, pair), STATUS_UNREACHABLE);
    t.street.is_cut = false;
    HALL_STATUS(street_call(&t.street, &answer, VERB_EXCHANGE, &body, pair), STATUS_OK);
    cr_assert_eq(answer.tokens.count, 2);
    HALL_STATUS(merkle_settled(&world->trust, &answer.settled, &answer.inputs.items[0].placed,
                               &t.street.arena),
                STATUS_OK);
    HALL_STATUS(street_call(&t.street, &owned, VERB_OWNED, &ask, pair), STATUS_OK);
    cr_assert_eq(owned.lines.count, 2);
    street_close(&t.street);
}

/* M9: half of an order's payments now, the rest later: answered input by input, nothing stuck. */
Test(relay, M9_an_order_in_two_halves)
{
    struct trade t;
    struct world_coin second;
    struct hall_order whole, half;
    struct order_reply answer = {0};
    open_trade(&t);
    street_coin(&second, &t.street, &t.alice, 2000);
    const struct output output = {world_fen(7000), t.alice.wallet.pair.public_key};
    hall_order_exchange(&whole, &t.street.hall, &output, 1);
    half = whole;
    const struct world_coin *both[] = {&t.coin, &second};
    hall_order_fund(&half, &t.street.hall, both, 1);
    const struct order_body first = {.order = half.order, .packet = half.packet};
    const struct key_pair *pair = &t.alice.wallet.pair;
    HALL_STATUS(street_call(&t.street, &answer, VERB_EXCHANGE, &first, pair), STATUS_OK);
    cr_assert_eq(answer.tokens.count, 0);
    HALL_OUTCOME(hall_input(&answer, 0), OUTCOME_MINTED_BACK);
    hall_order_fund(&whole, &t.street.hall, both + 1, 1);
    const struct order_body late = {.order = whole.order, .packet = whole.packet};
    HALL_STATUS(street_call(&t.street, &answer, VERB_EXCHANGE, &late, pair), STATUS_OK);
    HALL_OUTCOME(hall_input(&answer, 0), OUTCOME_MINTED_BACK);
    cr_assert_eq(hall_owned(&t.street.hall, &pair->public_key), 7000);
    cr_assert_eq(hall_cases(&t.street.hall), 0);
    street_close(&t.street);
}

Test(relay, a_call_whose_answer_would_not_fit_is_refused)
{
    enum { PACKETS = 5, SIZE = 60 * 1024 };
    static uint8_t bytes[PACKETS][SIZE];
    struct trade t;
    struct span packets[PACKETS];
    struct settle_reply reply = {0};
    open_trade(&t);
    for (size_t i = 0; i < PACKETS; i++) {
        bytes[i][0] = (uint8_t)i;
        packets[i] = span_of(bytes[i], SIZE);
    }
    HALL_STATUS(street_settle(&t.street, &reply, packets, PACKETS, &t.bob), STATUS_LIMIT);
    cr_assert_eq(totals(&t).waiting_count, 0);
    HALL_STATUS(street_settle(&t.street, &reply, packets, PACKETS - 1, &t.bob), STATUS_OK);
    street_close(&t.street);
}

/* What nobody could settle is answered at once, by the bank alone; the rest waits. */
Test(relay, what_is_not_genuine_is_answered_and_not_kept)
{
    struct trade t;
    struct world_coin to_bob;
    struct settle_reply reply = {0};
    open_trade(&t);
    world_pay(&to_bob, NULL, &t.street.hall.world, &t.coin, &t.bob.wallet, 5000, NULL);
    const struct span good = street_packet(&t.street, &to_bob);
    const struct span forged = street_packet(&t.street, &to_bob);
    struct packet whole = {0};
    HALL_OK(packet_decode(&whole, forged, &t.street.arena));
    const struct signature signature = whole.payments.items[0].record.signature;
    uint8_t *byte = memmem(forged.data, forged.size, signature.bytes, sizeof signature.bytes);
    *byte ^= 1;
    const struct span packets[] = {span_text("nonsense"), good, forged};
    t.street.is_cut = true;
    HALL_STATUS(street_settle(&t.street, &reply, packets, 3, &t.bob), STATUS_PENDING);
    cr_assert_eq(reply.results.count, 3);
    HALL_STATUS((enum status)reply.results.items[0].status, STATUS_PARSE);
    HALL_STATUS((enum status)reply.results.items[1].status, STATUS_PENDING);
    HALL_STATUS((enum status)reply.results.items[2].status, STATUS_SIGNATURE);
    cr_assert_eq(totals(&t).waiting_count, 1);
    t.street.is_cut = false;
    HALL_STATUS(street_settle(&t.street, &reply, packets, 3, &t.bob), STATUS_OK);
    cr_assert_eq(reply.results.items[0].leaves.count, 0);
    HALL_OUTCOME((enum outcome)reply.results.items[1].leaves.items[0].leaf.outcome,
                 OUTCOME_SETTLED);
    cr_assert_eq(reply.results.items[2].leaves.count, 0);
    const size_t calls = t.street.call_count;
    const struct span bad[] = {packets[0], packets[2]};
    HALL_STATUS(street_settle(&t.street, &reply, bad, 2, &t.bob), STATUS_OK);
    cr_assert_eq(t.street.call_count, calls);
    cr_assert_eq(totals(&t).done_count, 1);
    street_close(&t.street);
}

/* Packets whose line starts at a coin that only the register knows: count of them, all
 * different. */
static enum status flood(struct trade *t, const struct world_coin *coin,
                         const struct resident *resident, size_t from, size_t count)
{
    struct span packets[SETTLE_PACKETS_MAX];
    struct settle_reply reply = {0};
    struct packet whole = {0};
    HALL_OK(packet_decode(&whole, street_packet(&t->street, coin), &t->street.arena));
    const struct cose last = whole.payments.items[whole.payments.count - 1].record;
    for (size_t i = 0; i < count; i++) {
        struct buffer bytes AUTO(buffer_fini) = {0};
        HALL_OK(packet_encode_parts(&bytes, NULL, 0, &last, 1, NULL, 0, 1 + from + i));
        HALL_OK(arena_copy(&t->street.arena, &packets[i], buffer_span(&bytes)));
    }
    return street_settle(&t->street, &reply, packets, count, resident);
}

Test(relay, a_customer_fills_a_share_of_the_queue_and_the_work_pauses)
{
    enum { CALLS = RELAY_CUSTOMER_MAX / SETTLE_PACKETS_MAX };
    struct trade t;
    struct world_coin to_bob, to_carol;
    struct resident dave;
    open_trade(&t);
    t.street.arena.limit = (size_t)1 << 30;
    struct world *world = &t.street.hall.world;
    street_resident(&dave, &t.street, "Dave", 3, 0);
    world_pay(&to_bob, NULL, world, &t.coin, &t.bob.wallet, 5000, NULL);
    world_pay(&to_carol, NULL, world, &to_bob, &t.carol, 5000, NULL);
    t.street.is_cut = true;
    for (size_t i = 0; i < CALLS; i++)
        HALL_STATUS(flood(&t, &to_carol, &t.alice, i * SETTLE_PACKETS_MAX, SETTLE_PACKETS_MAX),
                    STATUS_PENDING);
    HALL_STATUS(flood(&t, &to_carol, &t.alice, RELAY_CUSTOMER_MAX, 1), STATUS_BUSY);
    HALL_STATUS(flood(&t, &to_carol, &t.alice, 0, 1), STATUS_PENDING); /* it is there already */
    for (size_t i = 0; i < CALLS; i++)
        HALL_STATUS(flood(&t, &to_carol, &t.bob, RELAY_CUSTOMER_MAX + i * SETTLE_PACKETS_MAX,
                          SETTLE_PACKETS_MAX),
                    STATUS_PENDING);
    HALL_STATUS(flood(&t, &to_carol, &dave, 2 * RELAY_CUSTOMER_MAX, 1), STATUS_PENDING);
    cr_assert_eq(totals(&t).waiting_count, 2 * RELAY_CUSTOMER_MAX + 1);
    t.street.is_cut = false;
    const size_t calls = t.street.call_count;
    cr_assert(street_work(&t.street));
    cr_assert(t.street.bank.has_more);
    cr_assert_leq(t.street.call_count, calls + RELAY_BATCHES_MAX + 2); /* and fetch, and owned */
    cr_assert_gt(totals(&t).waiting_count, 0);
    while (street_work(&t.street))
        cr_assert(t.street.bank.has_more);
    cr_assert_not(t.street.bank.has_more);
    cr_assert_eq(totals(&t).waiting_count, 0);
    HALL_STATUS(flood(&t, &to_carol, &t.alice, 3 * RELAY_CUSTOMER_MAX, 1), STATUS_OK);
    street_close(&t.street);
}
