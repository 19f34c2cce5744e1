/* What a bank believes of lost wallets: it pays advances on it, and takes them from accounts. */
#include "tests/intermediary/loss.h"

#include <criterion/criterion.h>

/* On the way a HELD's answer is replaced: by the one to the question before, by one that somebody
 * else signed, or with a larger amount in it. */
enum trick { TRICK_NONE, TRICK_OLD, TRICK_OTHER_KEY, TRICK_AMOUNT, TRICK_COUNT };
struct tricks {
    enum trick trick;
    struct cose old;
};

static void read_holdings(struct street *street, struct holdings *out, const struct cose *cose)
{
    HALL_OK(holdings_decode(out, cose->payload, &street->arena));
}

static struct cose forge_holdings(struct street *street, const struct tricks *tricks,
                                  const struct cose *cose)
{
    struct cose out = *cose;
    struct holdings value = {.more = 0};
    struct buffer bytes AUTO(buffer_fini) = {0};
    read_holdings(street, &value, cose);
    if (tricks->trick == TRICK_OLD)
        return tricks->old;
    if (tricks->trick == TRICK_OTHER_KEY) {
        HALL_OK(record_sign(&out, WORLD_NETWORK, KIND_HOLDINGS, &value, &street->bank.bank_key,
                            &street->arena));
        return out;
    }
    value.coins.items[0].amount = world_fen(900000);
    HALL_OK(holdings_encode(&bytes, &value));
    HALL_OK(arena_copy(&street->arena, &out.payload, buffer_span(&bytes)));
    return out;
}

static void trick(struct street *street, struct buffer *bytes, struct span request)
{
    struct tricks *tricks = street->on_answer_context;
    struct call_frame frame = {0};
    struct reply reply = {0};
    struct held_reply held = {0};
    struct buffer body AUTO(buffer_fini) = {0};
    struct span kept = {0};
    HALL_STATUS(call_read(&frame, WORLD_NETWORK, request, &street->arena), STATUS_OK);
    if (frame.verb->verb != VERB_HELD)
        return;
    HALL_OK(arena_copy(&street->arena, &kept, buffer_span(bytes)));
    HALL_OK(reply_decode(&reply, kept, &street->arena));
    HALL_OK(held_reply_decode(&held, reply.body, &street->arena));
    if (tricks->trick == TRICK_NONE) {
        tricks->old = held.holdings;
        return;
    }
    held.holdings = forge_holdings(street, tricks, &held.holdings);
    HALL_OK(held_reply_encode(&body, &held));
    reply.body = buffer_span(&body);
    buffer_fini(bytes);
    *bytes = (struct buffer){0};
    HALL_OK(reply_encode(bytes, &reply));
}

Test(recovery_advance, no_advance_is_paid_on_what_the_register_did_not_sign_for_this_question)
{
    struct loss loss;
    struct recovery_advance made;
    struct recovery_report report;
    struct tricks tricks = {.trick = TRICK_NONE};
    loss_open(&loss, (const uint64_t[]){700, 0});
    const uint64_t vault = street_vault(&loss.street);
    loss.street.on_answer = trick;
    loss.street.on_answer_context = &tricks;
    HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
    cr_assert_eq(report.waiting.count, 1);
    for (tricks.trick = TRICK_OLD; tricks.trick < TRICK_COUNT; tricks.trick++) {
        HALL_STATUS(loss_advance(&loss, &made, AMOUNT_MAX, 10000, 10000), STATUS_UNREACHABLE);
        HALL_STATUS(loss_refund(&loss, &report), STATUS_UNREACHABLE);
        cr_assert_eq(street_vault(&loss.street), vault);
        cr_assert_eq(loss_advances(&loss).count, 0);
    }
    tricks.trick = TRICK_NONE;
    HALL_STATUS(loss_advance(&loss, &made, AMOUNT_MAX, 10000, 10000), STATUS_OK);
    cr_assert_eq(amount_fen(made.paid), 700);
    loss_close(&loss);
}

/* Likewise REFUND's answer: without its token, with another of the vault's, with both, to the
 * question before, or with somebody else's word, or nobody's, that the coin was spent. */
enum twist {
    TWIST_NONE,
    TWIST_NO_TOKEN,
    TWIST_TOKEN,
    TWIST_TWO_TOKENS,
    TWIST_OLD,
    TWIST_OTHER_KEY,
    TWIST_STATUS
};
struct twists {
    enum twist twist;
    struct refund_reply old;
    struct cose token;
};

static void forge_refunds(struct street *street, const struct twists *twists,
                          struct refund_reply *reply)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct refunds value = {.made_at = 0};
    HALL_OK(refunds_decode(&value, reply->refunds.payload, &street->arena));
    value.results.items[0] = (struct refund_result){.status = STATUS_STATE};
    reply->tokens.count = 0;
    if (twists->twist == TWIST_OTHER_KEY) {
        HALL_OK(record_sign(&reply->refunds, WORLD_NETWORK, KIND_REFUNDS, &value,
                            &street->bank.bank_key, &street->arena));
        return;
    }
    HALL_OK(refunds_encode(&bytes, &value));
    HALL_OK(arena_copy(&street->arena, &reply->refunds.payload, buffer_span(&bytes)));
}

static void twist_reply(struct street *street, struct twists *twists, struct refund_reply *reply)
{
    static struct signed_item two[2];
    switch (twists->twist) {
    case TWIST_NONE:
        break;
    case TWIST_NO_TOKEN:
        twists->old = *reply;
        reply->tokens.count = 0;
        break;
    case TWIST_TOKEN:
        reply->tokens.items[0].record = twists->token;
        break;
    case TWIST_TWO_TOKENS:
        two[0] = reply->tokens.items[0];
        two[1].record = twists->token;
        reply->tokens = (struct signed_item_list){two, 2};
        break;
    case TWIST_OLD:
        *reply = twists->old;
        break;
    case TWIST_OTHER_KEY:
    case TWIST_STATUS:
        forge_refunds(street, twists, reply);
        break;
    }
}

static void twist(struct street *street, struct buffer *bytes, struct span request)
{
    struct call_frame frame = {0};
    struct reply reply = {0};
    struct refund_reply refund = {.tokens.count = 0};
    struct buffer body AUTO(buffer_fini) = {0};
    struct span kept = {0};
    HALL_STATUS(call_read(&frame, WORLD_NETWORK, request, &street->arena), STATUS_OK);
    if (frame.verb->verb != VERB_REFUND)
        return;
    HALL_OK(arena_copy(&street->arena, &kept, buffer_span(bytes)));
    HALL_OK(reply_decode(&reply, kept, &street->arena));
    HALL_OK(refund_reply_decode(&refund, reply.body, &street->arena));
    twist_reply(street, street->on_answer_context, &refund);
    HALL_OK(refund_reply_encode(&body, &refund));
    reply.body = buffer_span(&body);
    buffer_fini(bytes);
    *bytes = (struct buffer){0};
    HALL_OK(reply_encode(bytes, &reply));
}

Test(recovery_advance, no_refund_is_believed_that_the_register_did_not_sign_for_this_question)
{
    struct loss loss;
    struct recovery_advance made;
    struct recovery_report report;
    struct world_wallet vault;
    struct world_coin other;
    struct twists twists = {.twist = TWIST_NO_TOKEN};
    loss_open(&loss, (const uint64_t[]){700, 0});
    HALL_STATUS(loss_advance(&loss, &made, 700, 10000, 10000), STATUS_OK);
    world_vault(&vault, &loss.street.hall.world, WORLD_BANK_A);
    hall_issue(&other, &loss.street.hall, WORLD_BANK_A, 700, &vault);
    twists.token = other.token;
    const uint64_t before = street_vault(&loss.street);
    const uint64_t balance = amount_fen(street_get(&loss.street, loss.alice.number).balance);
    loss_move_to(&loss, loss.day);
    loss.street.on_answer = twist;
    loss.street.on_answer_context = &twists;
    for (; twists.twist <= TWIST_STATUS; twists.twist++) {
        HALL_STATUS(loss_refund(&loss, &report), STATUS_UNREACHABLE);
        cr_assert_eq(loss_advances(&loss).items[0].state, ADVANCE_PAID);
        cr_assert_eq(street_vault(&loss.street), before);
        cr_assert_eq(amount_fen(street_get(&loss.street, loss.alice.number).balance), balance);
    }
    twists.twist = TWIST_NONE;
    HALL_STATUS(loss_refund(&loss, &report), STATUS_OK);
    cr_assert_eq(loss_advances(&loss).items[0].state, ADVANCE_RECOVERED);
    cr_assert_eq(street_vault(&loss.street), before + 700);
    loss_close(&loss);
}
