/* The register's word: what it does to coins and plans, and that nothing else does. */
#include "tests/common/purse/holder.h"

#include <criterion/criterion.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

static struct holder h;

static void open_holder(void)
{
    holder_open(&h);
}

static void close_holder(void)
{
    holder_close(&h);
}

TestSuite(purse_learn, .init = open_holder, .fini = close_holder);

/* One leaf under a signature: count 1, so no path. */
static struct cose word(struct placed_leaf *placed, const struct id *coin_id,
                        const struct id *payment_id, enum outcome outcome,
                        const struct key_pair *pair)
{
    struct id hash;
    *placed = (struct placed_leaf){.leaf = {*coin_id, *payment_id, outcome}};
    OK(merkle_leaf_hash(&hash, &placed->leaf));
    const struct settled settled = {
        .merkle_root = merkle_root(&hash, 1), .count = 1, .made_at = WORLD_NOW};
    return world_sign(&h.world, KIND_SETTLED, &settled, pair);
}

static enum status learn(struct purse_news *news, const struct id *coin_id,
                         const struct id *payment_id, enum outcome outcome,
                         const struct key_pair *pair)
{
    struct placed_leaf placed;
    enum status status = STATUS_FAILED;
    const struct cose settled = word(&placed, coin_id, payment_id, outcome, pair);
    const struct settle_result result = {.leaves = {&placed, 1}};
    *news = (struct purse_news){0};
    OK(purse_learn(&h.env, &status, news, &result, &settled));
    return status;
}

struct received {
    struct world_coin coin, paid;
    struct id payment_id;
};

static void receive(struct received *r, enum purse_coin_state state)
{
    struct packet_view view;
    world_token(&r->coin, &h.world, 1000, &h.other);
    world_pay(&r->paid, NULL, &h.world, &r->coin, &h.me, 1000, NULL);
    const struct world_coin *const lines[] = {&r->paid};
    const struct span bytes = holder_packet(&view, &h, lines, 1);
    OK(purse_take_packet(&h.env, &view, bytes, state, NULL));
    r->payment_id = view.payments[0].id;
}

Test(purse_learn, outcomes_of_what_i_received)
{
    static const struct {
        enum purse_coin_state held;
        enum outcome outcome;
        enum purse_coin_state then;
        uint64_t settled;
        size_t conflicts;
    } rows[] = {
        {PURSE_AVAILABLE, OUTCOME_SETTLED, PURSE_AVAILABLE, 1, 0},
        {PURSE_AVAILABLE, OUTCOME_CONFLICT, PURSE_ORPHANED, 0, 1},
        {PURSE_AVAILABLE, OUTCOME_ORPHAN, PURSE_ORPHANED, 0, 1},
        {PURSE_AVAILABLE, OUTCOME_LOST, PURSE_LOST, 0, 0},
        {PURSE_QUARANTINED, OUTCOME_SETTLED, PURSE_AVAILABLE, 1, 0},
        {PURSE_QUARANTINED, OUTCOME_CONFLICT, PURSE_ORPHANED, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct received r;
        struct purse_news news;
        receive(&r, rows[i].held);
        for (int again = 0; again < 2; again++) {
            expect_status(learn(&news, &r.coin.coin_id, &r.payment_id, rows[i].outcome,
                                &h.world.register_key),
                          STATUS_OK);
            const struct purse_coin row = holder_row(&h, r.paid.serial, &r.paid.coin_id);
            cr_expect_eq(row.state, rows[i].then, "row %zu", i);
            cr_expect_eq(row.is_settled, rows[i].settled);
            cr_expect_eq(news.conflict_count, again ? 0 : rows[i].conflicts, "told once");
        }
    }
}

/* A promised coin keeps its state; if the plan is cancelled, the word is asked for again. */
Test(purse_learn, the_word_on_a_promised_coin_is_asked_for_again)
{
    static const enum outcome outcomes[] = {OUTCOME_CONFLICT, OUTCOME_ORPHAN, OUTCOME_LOST};
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        struct received r;
        struct purse_news news;
        struct purse_plan plan = {0};
        struct purse_inbox_list inbox = {0};
        enum status status = STATUS_FAILED;
        receive(&r, PURSE_AVAILABLE);
        OK(purse_inbox_open(&h.env, &inbox));
        OK(purse_inbox_close(&h.env, &inbox.items[0]));
        struct purse_coin row = holder_row(&h, r.paid.serial, &r.paid.coin_id);
        const struct purse_coin_list coins = {&row, 1};
        struct world_request request;
        world_request(&request, &h.world, &h.other, 1000);
        OK(purse_reserve_payment(&h.env, &plan, &coins, &request.request, &request.id,
                                 &request.cose));
        expect_status(
            learn(&news, &r.coin.coin_id, &r.payment_id, outcomes[i], &h.world.register_key),
            STATUS_OK);
        cr_expect_eq(holder_row(&h, r.paid.serial, &r.paid.coin_id).state, PURSE_RESERVED);
        OK(purse_cancel(&h.env, &status, &plan));
        OK(purse_inbox_open(&h.env, &inbox));
        cr_assert_eq(inbox.count, 1);
        OK(purse_inbox_close(&h.env, &inbox.items[0]));
        expect_status(
            learn(&news, &r.coin.coin_id, &r.payment_id, outcomes[i], &h.world.register_key),
            STATUS_OK);
        cr_expect_neq(holder_row(&h, r.paid.serial, &r.paid.coin_id).state, PURSE_AVAILABLE);
    }
}

Test(purse_learn, M5_without_the_registers_signature_nothing_changes)
{
    struct received r;
    struct purse_news news;
    struct placed_leaf placed, other;
    enum status status;
    receive(&r, PURSE_AVAILABLE);
    expect_status(learn(&news, &r.coin.coin_id, &r.payment_id, OUTCOME_CONFLICT, &h.world.issuing),
                  STATUS_SIGNATURE);
    const struct id elsewhere = world_hash("another coin");
    const struct cose settled =
        word(&other, &elsewhere, &r.payment_id, OUTCOME_CONFLICT, &h.world.register_key);
    placed = other;
    placed.leaf.coin_id = r.coin.coin_id; /* another's place in the tree */
    const struct settle_result result = {.leaves = {&placed, 1}};
    OK(purse_learn(&h.env, &status, &news, &result, &settled));
    expect_status(status, STATUS_SIGNATURE);
    const struct settle_result refused = {.status = STATUS_CHAIN};
    OK(purse_learn(&h.env, &status, &news, &refused, &settled));
    expect_status(status, STATUS_CHAIN);
    cr_expect_eq(holder_row(&h, r.paid.serial, &r.paid.coin_id).state, PURSE_AVAILABLE);
}

/* Signed, but no outcome: whoever shows it as one keeps the register's real word back. */
Test(purse_learn, that_a_line_is_archived_says_nothing_of_a_coin)
{
    struct received r;
    struct purse_news news;
    receive(&r, PURSE_AVAILABLE);
    expect_status(
        learn(&news, &r.coin.coin_id, &r.payment_id, OUTCOME_ARCHIVED, &h.world.register_key),
        STATUS_ARCHIVED);
    const struct purse_coin row = holder_row(&h, r.paid.serial, &r.paid.coin_id);
    cr_expect_eq(row.state, PURSE_AVAILABLE);
    cr_expect_eq(row.is_settled, 0);
}

Test(purse_learn, what_i_signed_away_is_forgotten_and_remembered_as_spent)
{
    struct world_coin coin;
    struct world_request request;
    struct purse_news news;
    struct purse_plan_item_list items = {0};
    bool tombed = false;
    holder_coin(&coin, &h, 1000);
    struct purse_plan plan = holder_pay(&h, 300, &request);
    OK(purse_items(&h.env, &items, &plan.plan_id));
    expect_status(learn(&news, &coin.coin_id, &items.items[0].payment_id, OUTCOME_SETTLED,
                        &h.world.register_key),
                  STATUS_OK);
    cr_expect(!holder_holds(&h, coin.serial, &coin.coin_id));
    OK(purse_is_tombed(&h.env, &tombed, coin.serial, &coin.coin_id));
    cr_expect(tombed);
    OK(purse_plan_get(&h.env, &plan, &plan.plan_id));
    cr_expect_eq(plan.state, PURSE_PLAN_SETTLED);
    cr_expect_eq(amount_fen(holder_totals(&h).spendable_settled), 700, "my change with it");
}

/* --- orders --- */

struct ordered {
    struct world_coin coin;
    struct purse_plan plan;
    struct purse_plan_item item;
    struct output outputs[2];
};

/* A coin of 1,000 into `count` equal ones. */
static void order_of(struct ordered *o, size_t count)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct span kept;
    struct purse_coin row;
    struct purse_plan_item_list items = {0};
    holder_coin(&o->coin, &h, 1000);
    for (size_t i = 0; i < count; i++)
        o->outputs[i] = (struct output){world_fen(1000 / count), h.me.pair.public_key};
    const struct exchange exchange = {
        .outputs = {o->outputs, count}, .nonce = world_nonce(&h.world), .made_at = WORLD_NOW};
    OK(exchange_encode(&bytes, &exchange));
    OK(arena_copy(h.env.arena, &kept, buffer_span(&bytes)));
    row = holder_row(&h, o->coin.serial, &o->coin.coin_id);
    const struct purse_coin_list one = {&row, 1};
    OK(purse_reserve_order(&h.env, &o->plan, &one, PURSE_PLAN_EXCHANGE, kept));
    OK(purse_mark(&h.env, &o->plan));
    OK(purse_sign(&h.env, &o->plan));
    OK(purse_items(&h.env, &items, &o->plan.plan_id));
    o->item = items.items[0];
}

static void order(struct ordered *o)
{
    order_of(o, 1);
}

static enum status answer(struct ordered *o, enum outcome outcome, const struct world_coin *token,
                          const struct world_coin *back)
{
    struct purse_news news = {0};
    enum status status = STATUS_FAILED;
    struct input_result input = {0};
    struct signed_item item = {0};
    struct order_reply reply = {.inputs = {&input, 1}, .has_settled = true};
    reply.settled =
        word(&input.placed, &o->coin.coin_id, &o->item.payment_id, outcome, &h.world.register_key);
    if (token != NULL) {
        item.record = token->token;
        reply.tokens = (struct signed_item_list){&item, 1};
    }
    if (back != NULL) {
        input.has_token = true;
        input.token = back->token;
    }
    OK(purse_learn_order(&h.env, &status, &news, &o->plan, &reply));
    return status;
}

static enum status answer_two(struct ordered *o, const struct world_coin *a,
                              const struct world_coin *b)
{
    struct purse_news news = {0};
    enum status status = STATUS_FAILED;
    struct input_result input = {0};
    struct signed_item items[] = {{.record = a->token}, {.record = b->token}};
    struct order_reply reply = {.inputs = {&input, 1}, .tokens = {items, 2}, .has_settled = true};
    reply.settled = word(&input.placed, &o->coin.coin_id, &o->item.payment_id, OUTCOME_USED,
                         &h.world.register_key);
    OK(purse_learn_order(&h.env, &status, &news, &o->plan, &reply));
    return status;
}

/* Two outputs alike: whoever relays the answer cannot keep one token and give the other twice. */
Test(purse_learn, one_token_does_not_stand_for_two)
{
    struct ordered o;
    struct world_coin one, two;
    order_of(&o, 2);
    world_token(&one, &h.world, 500, &h.me);
    world_token(&two, &h.world, 500, &h.me);
    expect_status(answer_two(&o, &one, &one), STATUS_ORDER);
    cr_expect(holder_holds(&h, o.coin.serial, &o.coin.coin_id));
    cr_expect_eq(amount_fen(holder_totals(&h).spendable), 0);
    expect_status(answer_two(&o, &one, &two), STATUS_OK);
    cr_expect_eq(amount_fen(holder_totals(&h).spendable_settled), 1000);
}

/* The same amount to the same key, twice: the second answer is not the first one again. */
Test(purse_learn, the_token_of_an_earlier_order_answers_no_other)
{
    struct ordered first, second;
    struct world_coin one, two;
    order(&first);
    world_token(&one, &h.world, 1000, &h.me);
    world_token(&two, &h.world, 1000, &h.me);
    expect_status(answer(&first, OUTCOME_USED, &one, NULL), STATUS_OK);
    order(&second);
    expect_status(answer(&second, OUTCOME_USED, &one, NULL), STATUS_ORDER);
    expect_status(answer(&second, OUTCOME_MINTED_BACK, NULL, &one), STATUS_ORDER);
    cr_expect(holder_holds(&h, second.coin.serial, &second.coin.coin_id));
    OK(purse_forget(&h.env, one.serial, &one.coin_id)); /* spent: it is no answer again by that */
    expect_status(answer(&second, OUTCOME_USED, &one, NULL), STATUS_ORDER);
    expect_status(answer(&second, OUTCOME_USED, &two, NULL), STATUS_OK);
    cr_expect_eq(amount_fen(holder_totals(&h).spendable_settled), 1000);
}

Test(purse_learn, a_token_that_the_register_showed_first_answers_still)
{
    struct ordered o;
    struct world_coin token;
    enum status status = STATUS_FAILED;
    order(&o);
    world_token(&token, &h.world, 1000, &h.me);
    OK(purse_take_token(&h.env, &status, &token.token));
    OK(purse_forget(&h.env, token.serial, &token.coin_id));
    expect_status(answer(&o, OUTCOME_USED, &token, NULL), STATUS_OK);
    cr_expect_eq(o.plan.state, PURSE_PLAN_SETTLED);
}

Test(purse_learn, an_order_is_done_only_with_the_tokens_it_asked_for)
{
    struct ordered o;
    struct world_coin less, others, good, again;
    order(&o);
    world_token(&less, &h.world, 999, &h.me);
    world_token(&others, &h.world, 1000, &h.other);
    world_token(&good, &h.world, 1000, &h.me);
    world_token(&again, &h.world, 1000, &h.me);
    expect_status(answer(&o, OUTCOME_USED, NULL, NULL), STATUS_ORDER);
    expect_status(answer(&o, OUTCOME_USED, &less, NULL), STATUS_ORDER);
    expect_status(answer(&o, OUTCOME_USED, &others, NULL), STATUS_ORDER);
    expect_status(answer(&o, OUTCOME_MINTED_BACK, NULL, NULL), STATUS_ORDER);
    expect_status(answer(&o, OUTCOME_MINTED_BACK, NULL, &less), STATUS_ORDER);
    cr_expect(holder_holds(&h, o.coin.serial, &o.coin.coin_id));
    cr_expect_eq(amount_fen(holder_totals(&h).spendable), 0);
    expect_status(answer(&o, OUTCOME_USED, &good, NULL), STATUS_OK);
    cr_expect(!holder_holds(&h, o.coin.serial, &o.coin.coin_id));
    cr_expect_eq(o.plan.state, PURSE_PLAN_SETTLED);
    cr_expect_eq(amount_fen(holder_totals(&h).spendable_settled), 1000);
    expect_status(answer(&o, OUTCOME_USED, &good, NULL), STATUS_OK); /* the same again */
    cr_expect_eq(amount_fen(holder_totals(&h).spendable), 1000);
}

Test(purse_learn, M2_minted_back_to_the_key_that_signed)
{
    struct ordered o;
    struct world_coin back;
    order(&o);
    world_token(&back, &h.world, 1000, &h.me);
    expect_status(answer(&o, OUTCOME_MINTED_BACK, NULL, &back), STATUS_OK);
    cr_expect_eq(amount_fen(holder_totals(&h).spendable), 1000);
    cr_expect(holder_holds(&h, back.serial, &back.coin_id));
}

Test(purse_learn, a_claimed_or_conflicting_input_is_gone)
{
    static const enum outcome outcomes[] = {OUTCOME_CLAIMED, OUTCOME_CONFLICT, OUTCOME_LOST};
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        struct ordered o;
        order(&o);
        expect_status(answer(&o, outcomes[i], NULL, NULL), STATUS_OK);
        cr_expect(!holder_holds(&h, o.coin.serial, &o.coin.coin_id));
        cr_expect_eq(o.plan.state, PURSE_PLAN_SETTLED);
    }
    cr_expect_eq(amount_fen(holder_totals(&h).spendable), 0);
}
