/* What a key owns: pages, whole lines, and nothing to strangers. */
#include "tests/central/cast.h"

#include <criterion/criterion.h>

static enum status ask(struct owned_reply *reply, struct cast *cast,
                       const struct world_wallet *wallet, const struct owned_line *after,
                       const struct key_pair *signer)
{
    struct ownership record = {.key = wallet->pair.public_key, .made_at = cast->hall.now};
    enum status status = STATUS_OK;
    if (after != NULL) {
        struct token token = {0};
        HALL_OK(token_decode(&token, after->token.payload, &cast->hall.world.arena));
        record.after_serial = token.serial;
        record.after_coin_id = after->coin_id;
    }
    const struct owned_body body = {
        .ownership = world_sign(&cast->hall.world, KIND_OWNERSHIP, &record, signer)};
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(register_owned(&env, reply, &status, &body));
    hall_end(&cast->hall);
    return status;
}

/* The line leads from the token to the coin, and its owner is who asked. */
static uint64_t check_line(struct cast *cast, const struct owned_line *line,
                           const struct world_wallet *wallet)
{
    struct world_packet packet = {.directory_version = 1};
    struct token token = {0};
    HALL_OK(token_decode(&token, line->token.payload, &cast->hall.world.arena));
    if (line->payments.count == 0) {
        cr_assert(key_equal(&token.owner_key, &wallet->pair.public_key));
        return amount_fen(token.amount);
    }
    packet.tokens[packet.token_count++] = line->token;
    for (size_t i = 0; i < line->payments.count; i++)
        packet.payments[packet.payment_count++] = line->payments.items[i].record;
    struct packet_view view = {0};
    enum status status = STATUS_OK;
    const struct packet_options options = {.role = PACKET_FOR_REGISTER};
    HALL_OK(packet_verify(&view, &status, world_packet_bytes(&cast->hall.world, &packet),
                          &cast->hall.world.trust, &options, &cast->hall.world.arena));
    HALL_STATUS(status, STATUS_OK);
    const struct packet_payment *last = &view.payments[view.payment_count - 1];
    for (size_t i = 0; i < last->payment.outputs.count; i++) {
        const struct id coin_id = record_coin_output(&last->id, (uint16_t)i);
        if (id_equal(&coin_id, &line->coin_id)) {
            cr_assert(key_equal(&last->payment.outputs.items[i].key, &wallet->pair.public_key));
            return amount_fen(last->payment.outputs.items[i].amount);
        }
    }
    cr_assert(false, "the line does not lead to the coin");
    return 0;
}

HALL_TEST(owned, pages_of_unspent_and_orphans_in_order)
{
    enum { EACH = 20 };
    struct cast cast;
    struct owned_reply reply;
    size_t count = 0, orphans = 0, pages = 0;
    uint64_t fen = 0, serial = 0;
    struct owned_line last;
    struct world_wallet *const q[] = {&cast.q};
    cast_open(&cast, kind);
    for (size_t i = 0; i < EACH; i++) {
        struct world_coin coin;
        struct note to_q, lost;
        cast_issue(&coin, &cast, 100 + i, &cast.p);
        cast_pay(&to_q, &cast, &coin, &cast.q);
        HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_SETTLED);
        cast_fork(&lost, &cast, 1000, &cast.p, q, 1);
    }
    do {
        HALL_STATUS(ask(&reply, &cast, &cast.q, pages == 0 ? NULL : &last, &cast.q.pair),
                    STATUS_OK);
        for (size_t i = 0; i < reply.lines.count; i++, count++) {
            struct token token = {0};
            last = reply.lines.items[i];
            HALL_OK(token_decode(&token, last.token.payload, &cast.hall.world.arena));
            cr_assert_gt(token.serial, serial);
            serial = token.serial;
            fen += check_line(&cast, &last, &cast.q);
            orphans += last.state == COIN_ORPHAN;
        }
        pages++;
    } while (reply.more);
    cr_assert_eq(pages, 3);
    cr_assert_eq(count, 2 * EACH);
    cr_assert_eq(orphans, EACH);
    cr_assert_eq(fen, cast_owned(&cast, &cast.q) + cast_orphans(&cast, &cast.q));
    cast_close(&cast);
}

HALL_TEST(owned, exactly_one_page_has_no_more)
{
    struct cast cast;
    struct owned_reply reply;
    cast_open(&cast, kind);
    for (size_t i = 0; i < OWNED_LINES_MAX; i++) {
        struct world_coin coin;
        cast_issue(&coin, &cast, 100, &cast.q);
    }
    HALL_STATUS(ask(&reply, &cast, &cast.q, NULL, &cast.q.pair), STATUS_OK);
    cr_assert_eq(reply.lines.count, OWNED_LINES_MAX);
    cr_assert_eq(reply.more, 0);
    HALL_STATUS(ask(&reply, &cast, &cast.c, NULL, &cast.c.pair), STATUS_OK);
    cr_assert_eq(reply.lines.count, 0);
    cast_close(&cast);
}

HALL_TEST(owned, what_is_spent_claimed_or_refunded_is_not_listed)
{
    struct cast cast;
    struct world_coin coin;
    struct note lost, to_q;
    struct owned_reply reply;
    struct world_wallet q2, *const q[] = {&cast.q};
    cast_open(&cast, kind);
    world_wallet(&q2, &cast.hall.world, "q2", WORLD_BANK_B);
    hall_log(&cast.hall, &q2, "q");
    cast_issue(&coin, &cast, 100, &cast.q);
    hall_refund(&cast.hall, &coin, &q2);
    cast_issue(&coin, &cast, 100, &cast.p);
    cast_pay(&to_q, &cast, &coin, &cast.q);
    cast_pay(&to_q, &cast, &to_q.coin, &cast.c);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_SETTLED);
    cast_fork(&lost, &cast, 1000, &cast.a2, q, 1);
    HALL_OUTCOME(cast_claim(&cast, &lost), OUTCOME_CLAIMED);
    HALL_STATUS(ask(&reply, &cast, &cast.q, NULL, &cast.q.pair), STATUS_OK);
    cr_assert_eq(reply.lines.count, 1); /* the compensation */
    cr_assert_eq(reply.lines.items[0].payments.count, 0);
    cast_close(&cast);
}

HALL_TEST(owned, only_the_key_itself_may_ask)
{
    struct cast cast;
    struct owned_reply reply;
    cast_open(&cast, kind);
    HALL_STATUS(ask(&reply, &cast, &cast.q, NULL, &cast.p.pair), STATUS_SIGNATURE);
    struct owned_body body = {.ownership = {.payload = span_text("\x01")}};
    enum status status = STATUS_OK;
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(register_owned(&env, &reply, &status, &body));
    HALL_STATUS(status, STATUS_PARSE);
    hall_end(&cast.hall);
    cast_close(&cast);
}

/* A stranger pays a coin whose line is too long for any packet or page to q: q still gets an
 * answer, and what it owns besides. */
HALL_TEST(owned, a_coin_too_deep_to_be_told_is_passed_over)
{
    enum { DEEP = PACKET_PAYMENTS_MAX };
    struct cast cast;
    struct world_coin coin, own;
    struct owned_reply reply;
    struct settle_result result;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 100, &cast.a);
    for (size_t i = 0; i < DEEP; i++)
        world_pay(&coin, NULL, &cast.hall.world, &coin, &cast.a, 100, NULL);
    HALL_OUTCOME(hall_settle(&cast.hall, &coin), OUTCOME_SETTLED);
    HALL_STATUS(ask(&reply, &cast, &cast.a, NULL, &cast.a.pair), STATUS_OK);
    cr_assert_eq(reply.lines.count, 1);
    cr_assert_eq(reply.lines.items[0].payments.count, DEEP);
    struct world_coin tail = coin;
    struct world_packet packet = {.directory_version = 1};
    tail.payment_count = 0; /* from the known coin on */
    world_pay(&tail, NULL, &cast.hall.world, &tail, &cast.q, 100, NULL);
    packet.payments[packet.payment_count++] = tail.payments[0];
    HALL_STATUS(
        hall_settle_packet(&cast.hall, world_packet_bytes(&cast.hall.world, &packet), &result),
        STATUS_OK);
    cr_assert_eq(cast_owned(&cast, &cast.q), 100);
    for (size_t i = 0; i < OWNED_LINES_MAX + 1; i++)
        cast_issue(&own, &cast, 100, &cast.q);
    HALL_STATUS(ask(&reply, &cast, &cast.q, NULL, &cast.q.pair), STATUS_OK);
    cr_assert_eq(reply.lines.count, OWNED_LINES_MAX - 1);
    cr_assert(reply.more);
    const struct owned_line last = reply.lines.items[reply.lines.count - 1];
    HALL_STATUS(ask(&reply, &cast, &cast.q, &last, &cast.q.pair), STATUS_OK);
    cr_assert_eq(reply.lines.count, 2);
    cr_assert_not(reply.more);
    cast_close(&cast);
}
