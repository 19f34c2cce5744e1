/* The queue's packets and the register's word: a refusal bears no signature. */
#include "tests/intermediary/street.h"

#include <criterion/criterion.h>

/* Alice's payment into the vault, under a request for a deposit, and one to Bob; both are kept
 * while the line is cut. */
struct queued {
    struct street street;
    struct resident alice, bob;
    struct span to_vault, to_bob;
    uint64_t balance; /* Alice's, before */
};

static struct id ask_deposit(struct queued *q)
{
    const struct deposit_request_body body = {.deposit_id = world_nonce(&q->street.hall.world),
                                              .amount = world_fen(3000)};
    struct deposit_request_reply reply = {0};
    HALL_STATUS(street_call(&q->street, &reply, VERB_DEPOSIT_REQUEST, &body, &q->alice.wallet.pair),
                STATUS_OK);
    return record_id(WORLD_NETWORK, KIND_REQUEST, reply.request.payload);
}

static void open_queued(struct queued *q)
{
    static struct world_wallet vault;
    static struct world_coin coins[2], to_vault, to_bob;
    const struct deposit_body *body = &(struct deposit_body){0};
    struct deposit_reply deposited = {0};
    struct settle_reply settled = {0};
    street_open(&q->street);
    street_stock(&q->street, 200000);
    street_resident(&q->alice, &q->street, "Alice", 3, 100000);
    street_resident(&q->bob, &q->street, "Bob", 3, 0);
    world_vault(&vault, &q->street.hall.world, WORLD_BANK_A);
    street_coin(&coins[0], &q->street, &q->alice, 3000);
    street_coin(&coins[1], &q->street, &q->alice, 2000);
    q->balance = amount_fen(street_get(&q->street, q->alice.number).balance);
    const struct id request_id = ask_deposit(q);
    world_pay(&to_vault, NULL, &q->street.hall.world, &coins[0], &vault, 3000, &request_id);
    world_pay(&to_bob, NULL, &q->street.hall.world, &coins[1], &q->bob.wallet, 2000, NULL);
    q->to_vault = street_packet(&q->street, &to_vault);
    q->to_bob = street_packet(&q->street, &to_bob);
    q->street.is_cut = true;
    body = &(struct deposit_body){.packet = q->to_vault};
    HALL_STATUS(street_call(&q->street, &deposited, VERB_DEPOSIT, body, &q->alice.wallet.pair),
                STATUS_PENDING);
    HALL_STATUS(street_settle(&q->street, &settled, &q->to_bob, 1, &q->bob), STATUS_PENDING);
    q->street.is_cut = false;
}

/* On the way the answer to a SETTLE becomes another one. */
static void change(struct street *street, struct buffer *bytes, struct span request,
                   void (*alter)(struct street *street, struct settle_reply *settle))
{
    struct call_frame frame = {0};
    struct reply reply = {0};
    struct settle_reply settle = {.has_settled = false};
    struct buffer body AUTO(buffer_fini) = {0};
    struct span kept = {0};
    HALL_STATUS(call_read(&frame, WORLD_NETWORK, request, &street->arena), STATUS_OK);
    if (frame.verb->verb != VERB_SETTLE)
        return;
    HALL_OK(arena_copy(&street->arena, &kept, buffer_span(bytes)));
    HALL_OK(reply_decode(&reply, kept, &street->arena));
    HALL_OK(settle_reply_decode(&settle, reply.body, &street->arena));
    alter(street, &settle);
    HALL_OK(settle_reply_encode(&body, &settle));
    reply.body = buffer_span(&body);
    buffer_fini(bytes);
    *bytes = (struct buffer){0};
    HALL_OK(reply_encode(bytes, &reply));
}

/* Every result becomes a refusal, and the signature is left out. */
static void say_status(struct street *street, struct settle_reply *settle)
{
    const enum status *status = street->on_answer_context;
    for (size_t i = 0; i < settle->results.count; i++)
        settle->results.items[i] = (struct settle_result){.status = *status};
    settle->has_settled = false;
}

static void refuse(struct street *street, struct buffer *bytes, struct span request)
{
    change(street, bytes, request, say_status);
}

/* What a register says whose lines are in the archive, and what it does not say. */
struct archiving {
    enum status status;
    uint64_t outcome;
    bool is_of_others, is_forged, is_unsigned, is_short;
};

static void sign_again(struct street *street, struct settle_reply *settle, bool is_forged)
{
    struct world *world = &street->hall.world;
    struct id hashes[2 * PACKET_PAYMENTS_MAX];
    struct settled settled = {.made_at = street->hall.now};
    for (size_t i = 0; i < settle->results.count; i++)
        for (size_t j = 0; j < settle->results.items[i].leaves.count; j++)
            HALL_OK(merkle_leaf_hash(&hashes[settled.count++],
                                     &settle->results.items[i].leaves.items[j].leaf));
    settle->has_settled = settled.count > 0;
    if (settled.count == 0)
        return;
    settled.merkle_root = merkle_root(hashes, settled.count);
    settle->settled = world_sign(world, KIND_SETTLED, &settled,
                                 is_forged ? &world->banks[1].bank_key : &world->register_key);
}

static void say_archived(struct street *street, struct settle_reply *settle)
{
    const struct archiving *said = street->on_answer_context;
    for (size_t i = 0; i < settle->results.count; i++) {
        struct settle_result *result = &settle->results.items[i];
        result->status = said->status;
        for (size_t j = 0; j < result->leaves.count; j++) {
            result->leaves.items[j].leaf.outcome = said->outcome;
            result->leaves.items[j].leaf.payment_id.bytes[0] ^= said->is_of_others;
        }
        result->leaves.count -= said->is_short;
    }
    sign_again(street, settle, said->is_forged);
    settle->has_settled = settle->has_settled && !said->is_unsigned;
}

static void archive(struct street *street, struct buffer *bytes, struct span request)
{
    change(street, bytes, request, say_archived);
}

static struct relay_totals totals(struct queued *q)
{
    struct relay_totals out = {0};
    struct branch_env env = street_env(&q->street);
    HALL_OK(relay_totals(&env, &out));
    return out;
}

Test(relay_queue, a_refusal_makes_the_vault_forget_nothing_that_it_holds)
{
    const struct {
        enum status status;
        uint64_t waiting; /* after it: the vault's stays, Bob's was answered */
        size_t inbox;
    } rows[] = {
        {STATUS_SIGNATURE, 1, 1}, {STATUS_CANONICAL, 1, 1}, {STATUS_CHAIN, 1, 1},
        {STATUS_SUM, 1, 1},       {STATUS_BUSY, 2, 1}, /* no answer at all */
        {STATUS_FAILED, 2, 1},    {STATUS_OK, 1, 1},   /* and names no payment */
        {STATUS_ARCHIVED, 1, 1},                       /* anybody could say so */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct queued q;
        open_queued(&q);
        cr_assert_eq(totals(&q).waiting_count, 2);
        cr_assert_eq(street_count(&q.street, &purse_table_purse_inbox), 1);
        q.street.on_answer = refuse;
        q.street.on_answer_context = (void *)&rows[i].status;
        (void)street_work(&q.street);
        cr_assert_eq(totals(&q).waiting_count, rows[i].waiting, "row %zu: %llu wait", i,
                     (unsigned long long)totals(&q).waiting_count);
        cr_assert_eq(street_count(&q.street, &purse_table_purse_inbox), rows[i].inbox, "row %zu",
                     i);
        cr_assert_eq(amount_fen(street_get(&q.street, q.alice.number).balance), q.balance);
        q.street.on_answer = NULL;
        cr_assert_not(street_work(&q.street));
        cr_assert_eq(totals(&q).waiting_count, 0);
        cr_assert_eq(amount_fen(street_get(&q.street, q.alice.number).balance),
                     q.balance + (rows[i].inbox > 0 ? 3000 : 0), "row %zu", i);
        street_close(&q.street);
    }
}

/* What the vault was paid cannot be shown any more: that the register signs, of each payment. */
Test(relay_queue, the_vault_forgets_what_is_archived_on_the_registers_word_alone)
{
    enum { YES = OUTCOME_ARCHIVED };
    const struct {
        struct archiving said;
        size_t inbox; /* after it */
    } rows[] = {
        {{.status = STATUS_ARCHIVED, .outcome = YES}, 0},
        {{.status = STATUS_ARCHIVED, .outcome = YES, .is_of_others = true}, 1},
        {{.status = STATUS_ARCHIVED, .outcome = YES, .is_forged = true}, 1},
        {{.status = STATUS_ARCHIVED, .outcome = YES, .is_unsigned = true}, 1},
        {{.status = STATUS_ARCHIVED, .outcome = YES, .is_short = true}, 1},
        {{.status = STATUS_ARCHIVED, .outcome = OUTCOME_SETTLED}, 1}, /* a word on something else */
        {{.status = STATUS_OK, .outcome = YES}, 1},                   /* two in one */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct queued q;
        open_queued(&q);
        q.street.on_answer = archive;
        q.street.on_answer_context = (void *)&rows[i].said;
        (void)street_work(&q.street);
        cr_assert_eq(street_count(&q.street, &purse_table_purse_inbox), rows[i].inbox, "row %zu",
                     i);
        cr_assert_eq(amount_fen(street_get(&q.street, q.alice.number).balance), q.balance);
        q.street.on_answer = NULL;
        cr_assert_not(street_work(&q.street));
        cr_assert_eq(totals(&q).waiting_count, 0);
        cr_assert_eq(amount_fen(street_get(&q.street, q.alice.number).balance),
                     q.balance + (rows[i].inbox > 0 ? 3000 : 0), "row %zu", i);
        street_close(&q.street);
    }
}
