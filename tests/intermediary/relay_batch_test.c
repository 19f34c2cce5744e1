/* Settlements of many wallets in common calls: who gets what, in which order, and what is kept. */
#include "intermediary/relay_batch.h"

#include "common/money/merkle.h"
#include "tests/intermediary/street.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { WALLETS = 2 };

struct rush {
    struct street street;
    struct resident people[WALLETS];
    struct world_coin coins[WALLETS];
    struct relay_line line;
    struct relay_visit visits[WALLETS + 1];
    struct buffer requests[WALLETS + 1];
    struct nonce ids[WALLETS + 1];
    struct relay_call calls[2];
};

static struct rush *open_rush(void)
{
    struct rush *rush = calloc(1, sizeof *rush);
    cr_assert_not_null(rush);
    street_open(&rush->street);
    street_stock(&rush->street, 200000);
    for (size_t i = 0; i < WALLETS; i++) {
        street_resident(&rush->people[i], &rush->street, i == 0 ? "Alice" : "Bob", 3, 100000);
        street_coin(&rush->coins[i], &rush->street, &rush->people[i], 5000);
    }
    return rush;
}

static void close_rush(struct rush *rush)
{
    for (size_t i = 0; i <= WALLETS; i++) {
        relay_visit_fini(&rush->visits[i]);
        buffer_fini(&rush->requests[i]);
    }
    relay_call_fini(&rush->calls[0]);
    relay_call_fini(&rush->calls[1]);
    street_close(&rush->street);
    free(rush);
}

/* A visit's call: that packet, by that person, who says what it commits to, or nothing. */
static void write_told(struct rush *rush, size_t visit, struct span packet, size_t person,
                       const struct span *said)
{
    struct blob_item item = {packet};
    struct commitments_item commitments = {said != NULL ? *said : (struct span){NULL, 0}};
    const struct settle_body body = {.packets = {&item, 1},
                                     .commitments = {&commitments, said != NULL ? 1 : 0}};
    rush->ids[visit] = world_nonce(&rush->street.hall.world);
    HALL_OK(call_seal(&rush->requests[visit], WORLD_NETWORK, VERB_SETTLE, &body, &rush->ids[visit],
                      rush->street.bank.now, &rush->people[person].wallet.pair,
                      &rush->street.arena));
    rush->visits[visit].request = buffer_span(&rush->requests[visit]);
}

static void write_call(struct rush *rush, size_t visit, struct span packet, size_t person)
{
    write_told(rush, visit, packet, person, NULL);
}

static void take(struct rush *rush, size_t first, size_t count)
{
    struct relay_visit *visits[WALLETS + 1];
    for (size_t i = 0; i < count; i++)
        visits[i] = &rush->visits[first + i];
    HALL_OK(relay_take(&rush->street.bank, &rush->line, visits, count));
}

static bool next(struct rush *rush, size_t call)
{
    bool found = false;
    HALL_OK(relay_next(&rush->street.bank, &found, &rush->calls[call], &rush->line));
    return found;
}

/* There and back again; or it fails on the way. */
static void learn(struct rush *rush, size_t call, enum err failure)
{
    struct relay_call *sent = &rush->calls[call];
    sent->error = failure;
    if (failure == ERR_OK)
        sent->error = rush->street.bank.central(rush->street.bank.central_context, &sent->answer,
                                                buffer_span(&sent->request));
    HALL_OK(relay_learn(&rush->street.bank, &rush->line, sent));
}

static enum status read_reply(struct rush *rush, struct settle_reply *out, size_t visit)
{
    struct buffer reply AUTO(buffer_fini) = {0};
    struct span kept = {0};
    enum status status = STATUS_FAILED;
    HALL_OK(relay_answer(&reply, &rush->visits[visit]));
    HALL_OK(arena_copy(&rush->street.arena, &kept, buffer_span(&reply)));
    HALL_OK(
        call_read_reply(&status, out, VERB_SETTLE, &rush->ids[visit], kept, &rush->street.arena));
    return status;
}

static uint64_t waiting(struct rush *rush)
{
    struct relay_totals totals = {0};
    struct branch_env env = street_env(&rush->street);
    HALL_OK(relay_totals(&env, &totals));
    return totals.waiting_count;
}

static struct span pay(struct rush *rush, size_t from, size_t to)
{
    struct world_coin paid;
    world_pay(&paid, NULL, &rush->street.hall.world, &rush->coins[from], &rush->people[to].wallet,
              5000, NULL);
    return street_packet(&rush->street, &paid);
}

Test(relay_batch, one_call_for_all_and_each_its_leaf_and_path)
{
    struct rush *rush = open_rush();
    struct settle_reply reply = {0};
    write_call(rush, 0, pay(rush, 0, 1), 1);
    write_call(rush, 1, pay(rush, 1, 0), 0);
    take(rush, 0, 2);
    cr_assert_eq(waiting(rush), 2); /* durable before anything leaves */
    cr_assert(next(rush, 0));
    cr_assert_eq(rush->calls[0].packet_count, 2);
    cr_assert_not(next(rush, 1));
    const size_t calls = rush->street.call_count;
    learn(rush, 0, ERR_OK);
    cr_assert_eq(rush->street.call_count, calls + 1);
    for (size_t i = 0; i < 2; i++) {
        HALL_STATUS(read_reply(rush, &reply, i), STATUS_OK);
        cr_assert_eq(reply.results.count, 1);
        const struct placed_leaf *leaf = &reply.results.items[0].leaves.items[0];
        HALL_OUTCOME((enum outcome)leaf->leaf.outcome, OUTCOME_SETTLED);
        cr_assert_eq(leaf->index, i);
        HALL_STATUS(merkle_settled(&rush->street.hall.world.trust, &reply.settled, leaf,
                                   &rush->street.arena),
                    STATUS_OK);
    }
    cr_assert_eq(waiting(rush), 0);
    close_rush(rush);
}

Test(relay_batch, only_what_concerns_the_same_coin_waits)
{
    struct rush *rush = open_rush();
    struct settle_reply reply = {0};
    write_call(rush, 0, pay(rush, 0, 1), 1);
    take(rush, 0, 1);
    cr_assert(next(rush, 0));                /* under way */
    write_call(rush, 1, pay(rush, 0, 0), 0); /* the same coin again: a double spend */
    write_call(rush, 2, pay(rush, 1, 0), 0); /* another coin */
    take(rush, 1, 2);
    cr_assert(next(rush, 1));
    cr_assert_eq(rush->calls[1].visits, &rush->visits[2]);
    cr_assert_null(rush->visits[2].next);
    learn(rush, 1, ERR_OK);
    relay_call_fini(&rush->calls[1]);
    cr_assert_not(next(rush, 1));
    learn(rush, 0, ERR_OK);
    cr_assert(next(rush, 1));
    learn(rush, 1, ERR_OK);
    HALL_STATUS(read_reply(rush, &reply, 0), STATUS_OK);
    HALL_OUTCOME((enum outcome)reply.results.items[0].leaves.items[0].leaf.outcome,
                 OUTCOME_SETTLED);
    HALL_STATUS(read_reply(rush, &reply, 1), STATUS_OK);
    HALL_OUTCOME((enum outcome)reply.results.items[0].leaves.items[0].leaf.outcome,
                 OUTCOME_CONFLICT);
    close_rush(rush);
}

Test(relay_batch, unanswered_is_told_pending_and_goes_on)
{
    struct rush *rush = open_rush();
    struct settle_reply reply = {0};
    write_call(rush, 0, pay(rush, 0, 1), 1);
    take(rush, 0, 1);
    cr_assert(next(rush, 0));
    learn(rush, 0, ERR_TIMEOUT);
    HALL_STATUS(read_reply(rush, &reply, 0), STATUS_PENDING);
    cr_assert_eq(reply.results.items[0].status, STATUS_PENDING);
    cr_assert_eq(waiting(rush), 1);
    cr_assert_not(street_work(&rush->street));
    cr_assert_eq(waiting(rush), 0);
    close_rush(rush);
}

/* One bad signature goes by unseen, once: the register says so, and is not asked to again. */
Test(relay_batch, H10_badly_signed_is_refused_and_then_checked_here)
{
    struct rush *rush = open_rush();
    struct settle_reply reply = {0};
    for (size_t round = 0; round < 2; round++) {
        struct world_coin paid;
        struct world_coin *coin = &rush->coins[round];
        world_pay(&paid, NULL, &rush->street.hall.world, coin, &rush->people[1].wallet, 5000, NULL);
        paid.payments[paid.payment_count - 1].signature.bytes[9] ^= 1;
        write_call(rush, round, street_packet(&rush->street, &paid), 1);
        take(rush, round, 1);
        cr_assert_eq(next(rush, round), round == 0);
        if (round == 0)
            learn(rush, 0, ERR_OK);
        (void)read_reply(rush, &reply, round);
        HALL_STATUS((enum status)reply.results.items[0].status, STATUS_SIGNATURE);
        cr_assert_eq(waiting(rush), 0);
    }
    close_rush(rush);
}

/* What a call to the register says. */
static struct settle_body body_of(struct rush *rush, size_t call)
{
    struct call_frame frame = {0};
    struct settle_body body = {0};
    HALL_STATUS(call_read(&frame, WORLD_NETWORK, buffer_span(&rush->calls[call].request),
                          &rush->street.arena),
                STATUS_OK);
    HALL_STATUS(call_body(&body, &frame, &rush->street.arena), STATUS_OK);
    return body;
}

/* Signatures of calls are verified together: who forged one is sent elsewhere, and nobody else. */
Test(relay_batch, a_forged_call_spoils_no_other)
{
    static const enum relay_place_of places[] = {RELAY_HELD, RELAY_ELSEWHERE, RELAY_HELD};
    struct rush *rush = open_rush();
    const struct span packet = pay(rush, 0, 1);
    write_call(rush, 0, packet, 1);
    write_call(rush, 1, packet, 0);
    write_call(rush, 2, pay(rush, 1, 0), 0);
    rush->requests[1].data[rush->requests[1].size - 1] ^= 1; /* the last of its signature */
    take(rush, 0, 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(rush->visits[i].place, places[i], "%zu", i);
    cr_assert_eq(waiting(rush), 2);
    cr_assert(next(rush, 0));
    cr_assert_eq(body_of(rush, 0).packets.count, 2);
    learn(rush, 0, ERR_OK);
    cr_assert_eq(waiting(rush), 0);
    close_rush(rush);
}

Test(relay_batch, what_wallets_say_of_signatures_goes_with_their_packets)
{
    struct rush *rush = open_rush();
    struct settle_reply reply = {0};
    const struct span silent = pay(rush, 0, 1), told = pay(rush, 1, 0);
    const struct span met = world_met(&rush->street.hall.world, told);
    write_call(rush, 0, silent, 1);
    write_told(rush, 1, told, 0, &met);
    take(rush, 0, 2);
    cr_assert(next(rush, 0));
    const struct settle_body body = body_of(rush, 0);
    cr_assert_eq(body.packets.count, 2);
    cr_assert_eq(body.commitments.count, 2);
    cr_expect(span_equal(body.packets.items[1].bytes, told));
    cr_expect_eq(body.commitments.items[0].bytes.size, 0);
    cr_expect(span_equal(body.commitments.items[1].bytes, met));
    cr_expect_eq(rush->calls[0].size, silent.size + told.size + met.size);
    learn(rush, 0, ERR_OK);
    for (size_t i = 0; i < 2; i++) {
        HALL_STATUS(read_reply(rush, &reply, i), STATUS_OK);
        HALL_OUTCOME((enum outcome)reply.results.items[0].leaves.items[0].leaf.outcome,
                     OUTCOME_SETTLED);
    }
    close_rush(rush);
}

/* What cannot be commitments of that packet is not handed on, and takes no room. */
Test(relay_batch, what_says_nothing_goes_no_further)
{
    static const uint8_t junk[COMMITMENTS_SIZE_MAX];
    static const size_t sizes[] = {0, COMMITMENT_SIZE - 1, COMMITMENT_SIZE + 1, sizeof junk};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct rush *rush = open_rush();
        const struct span said = span_of(junk, sizes[i]), packet = pay(rush, 0, 1);
        write_told(rush, 0, packet, 1, &said);
        take(rush, 0, 1);
        cr_assert(next(rush, 0));
        cr_expect_eq(body_of(rush, 0).commitments.count, 0, "%zu", sizes[i]);
        cr_expect_eq(rush->calls[0].size, packet.size, "%zu", sizes[i]);
        learn(rush, 0, ERR_OK);
        close_rush(rush);
    }
}

Test(relay_batch, where_nobody_says_anything_nothing_is_said)
{
    struct rush *rush = open_rush();
    write_call(rush, 0, pay(rush, 0, 1), 1);
    take(rush, 0, 1);
    cr_assert(next(rush, 0));
    cr_expect_eq(body_of(rush, 0).commitments.count, 0);
    learn(rush, 0, ERR_OK);
    close_rush(rush);
}
