/* Plans: the table of moves, and what each move does to coins, counters and bytes. */
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

TestSuite(purse_plan, .init = open_holder, .fini = close_holder);

/* Every state with every event: the state that follows; GONE: the plan is deleted; NO: refused. */
enum { NO = 99, GONE = 0, RES = 1, SIG = 2, COM = 3, SENT = 4, CONF = 5, SETT = 6 };

Test(purse_plan, states_x_events)
{
    static const struct {
        uint64_t state;
        unsigned next[PURSE_EVENT_COUNT]; /* MARK SIGN SEND CONFIRM SETTLE CANCEL */
    } rows[] = {
        {0, {NO, NO, NO, NO, NO, NO}},
        {RES, {SIG, NO, NO, NO, NO, GONE}},
        {SIG, {SIG, COM, NO, NO, NO, NO}},
        {COM, {COM, COM, SENT, CONF, SETT, NO}},
        {SENT, {SENT, SENT, SENT, CONF, SETT, NO}},
        {CONF, {CONF, CONF, CONF, CONF, SETT, NO}},
        {SETT, {SETT, SETT, SETT, SETT, SETT, NO}},
        {7, {NO, NO, NO, NO, NO, NO}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (unsigned event = 0; event < PURSE_EVENT_COUNT; event++) {
            unsigned next = NO;
            const enum status status = purse_next(&next, rows[i].state, (enum purse_event)event);
            cr_expect_eq(status == STATUS_OK ? next : NO, rows[i].next[event],
                         "state %zu, event %u", i, event);
        }
    unsigned next = 0;
    expect_status(purse_next(&next, RES, PURSE_EVENT_COUNT), STATUS_STATE);
}

static struct purse_plan reserve(uint64_t fen, struct world_request *request)
{
    struct purse_plan plan = {0};
    struct purse_coin_list coins = {0};
    enum status status = STATUS_FAILED;
    world_request(request, &h.world, &h.other, fen);
    OK(purse_choose(&h.env, &status, &coins, world_fen(fen), &(struct purse_choice_options){0}));
    cr_assert_eq(status, STATUS_OK);
    OK(purse_reserve_payment(&h.env, &plan, &coins, &request->request, &request->id,
                             &request->cose));
    return plan;
}

static struct payment payload(const struct purse_plan *plan, size_t position)
{
    struct purse_plan_item_list items = {0};
    struct payment payment = {0};
    OK(purse_items(&h.env, &items, &plan->plan_id));
    OK(payment_decode(&payment, items.items[position].payload, h.env.arena));
    return payment;
}

Test(purse_plan, a_reserved_coin_is_nobody_elses)
{
    struct world_coin coin;
    struct world_request request, again;
    struct purse_coin_list coins = {0};
    enum status status;
    holder_coin(&coin, &h, 1000);
    const struct purse_plan plan = reserve(300, &request);
    const struct purse_coin row = holder_row(&h, coin.serial, &coin.coin_id);
    cr_expect_eq(row.state, PURSE_RESERVED);
    cr_expect(row.has_plan_id && id_equal(&row.plan_id, &plan.plan_id));
    world_request(&again, &h.world, &h.other, 1);
    OK(purse_choose(&h.env, &status, &coins, world_fen(1), &(struct purse_choice_options){0}));
    expect_status(status, STATUS_FUNDS);
}

Test(purse_plan, one_plan_a_request)
{
    struct world_coin coin, second;
    struct world_request request;
    struct purse_plan plan = {0};
    struct purse_coin_list coins = {0};
    enum status status;
    holder_coin(&coin, &h, 300);
    holder_coin(&second, &h, 300);
    reserve(300, &request);
    OK(purse_choose(&h.env, &status, &coins, world_fen(300), &(struct purse_choice_options){0}));
    cr_expect_eq(
        purse_reserve_payment(&h.env, &plan, &coins, &request.request, &request.id, &request.cose),
        ERR_EXISTS);
}

Test(purse_plan, F3_cancel_frees_the_coin_and_uses_up_the_counter)
{
    struct world_coin coin;
    struct world_request request;
    enum status status;
    holder_coin(&coin, &h, 1000);
    struct purse_plan plan = reserve(300, &request);
    const uint64_t counter = payload(&plan, 0).counter;
    OK(purse_cancel(&h.env, &status, &plan));
    expect_status(status, STATUS_OK);
    cr_expect_eq(holder_row(&h, coin.serial, &coin.coin_id).state, PURSE_AVAILABLE);
    cr_expect_eq(purse_plan_get(&h.env, &plan, &request.id), ERR_MISSING);
    plan = reserve(300, &request);
    cr_expect_gt(payload(&plan, 0).counter, counter);
}

Test(purse_plan, F11_after_the_mark_there_is_no_way_back)
{
    struct world_coin coin;
    struct world_request request;
    enum status status;
    holder_coin(&coin, &h, 1000);
    struct purse_plan plan = reserve(300, &request);
    OK(purse_mark(&h.env, &plan));
    OK(purse_cancel(&h.env, &status, &plan));
    expect_status(status, STATUS_STATE);
    cr_expect_eq(holder_row(&h, coin.serial, &coin.coin_id).state, PURSE_RESERVED);
}

Test(purse_plan, what_is_signed_is_what_was_reserved_and_passes_the_verifier)
{
    struct world_coin coins[2];
    struct world_request request;
    struct packet_view view = {0};
    struct span draft = {0};
    enum status status;
    holder_coin(&coins[0], &h, 1000);
    holder_coin(&coins[1], &h, 400);
    struct purse_plan plan = reserve(1200, &request);
    const struct packet_options unsigned_role = {.role = PACKET_UNSIGNED};
    const struct packet_options payee_role = {.role = PACKET_FOR_PAYEE};
    OK(purse_draft(&h.env, &draft, &plan));
    OK(packet_verify(&view, &status, draft, &h.world.trust, &unsigned_role, h.env.arena));
    expect_status(status, STATUS_OK);
    OK(packet_verify(&view, &status, draft, &h.world.trust, &payee_role, h.env.arena));
    expect_status(status, STATUS_SIGNATURE);
    const struct payment before = payload(&plan, 0);
    OK(purse_mark(&h.env, &plan));
    h.env.now += 86400; /* a crash, and another day */
    OK(purse_sign(&h.env, &plan));
    cr_expect_eq(payload(&plan, 0).paid_day, before.paid_day);
    cr_expect_eq(payload(&plan, 0).counter, before.counter);
    OK(packet_verify(&view, &status, plan.packet, &h.world.trust, &payee_role, h.env.arena));
    expect_status(status, STATUS_OK);
    struct amount sum;
    OK(packet_sum(&sum, &view, &h.other.pair.public_key));
    cr_expect_eq(amount_fen(sum), 1200);
}

Test(purse_plan, signing_again_changes_nothing)
{
    struct world_coin coin;
    struct world_request request;
    holder_coin(&coin, &h, 1000);
    struct purse_plan plan = holder_pay(&h, 300, &request);
    const struct span packet = plan.packet;
    OK(purse_sign(&h.env, &plan));
    OK(purse_mark(&h.env, &plan));
    cr_expect(span_equal(plan.packet, packet));
    cr_expect_eq(plan.state, PURSE_PLAN_COMMITTED);
    const struct purse_totals totals = holder_totals(&h);
    cr_expect_eq(amount_fen(totals.spendable), 700);
    cr_expect_eq(amount_fen(totals.spendable_settled), 0);
    cr_expect_eq(amount_fen(totals.handed_over), 1000);
}

Test(purse_plan, states_only_rise)
{
    struct world_coin coin;
    struct world_request request;
    holder_coin(&coin, &h, 1000);
    struct purse_plan plan = holder_pay(&h, 300, &request);
    OK(purse_confirmed(&h.env, &plan));
    OK(purse_sent(&h.env, &plan)); /* F10: reordered */
    cr_expect_eq(plan.state, PURSE_PLAN_CONFIRMED);
}

Test(purse_plan, the_change_of_an_orphan_keeps_the_request_it_came_under)
{
    struct world_coin coin, paid;
    struct world_request mine, request;
    struct packet_view view;
    struct purse_coin_list coins = {0};
    world_token(&coin, &h.world, 1000, &h.other);
    world_request(&mine, &h.world, &h.me, 1000);
    world_pay(&paid, NULL, &h.world, &coin, &h.me, 1000, &mine.id);
    const struct world_coin *const lines[] = {&paid};
    const struct span bytes = holder_packet(&view, &h, lines, 1);
    OK(purse_take_packet(&h.env, &view, bytes, PURSE_AVAILABLE, &mine.id));
    holder_pay(&h, 400, &request);
    OK(purse_coins(&h.env, &coins, PURSE_AVAILABLE));
    cr_assert_eq(coins.count, 1);
    cr_expect_eq(amount_fen(coins.items[0].amount), 600);
    cr_expect(coins.items[0].has_request_id && id_equal(&coins.items[0].request_id, &mine.id));
    cr_expect_eq(coins.items[0].hops, 1);
    cr_expect_eq(coins.items[0].depth, 2);
}

Test(purse_plan, a_frozen_key_signs_nothing)
{
    struct world_coin coin;
    struct world_request request;
    struct purse_key key = {0};
    struct purse_plan plan = {0};
    struct purse_coin_list coins = {0};
    enum status status;
    holder_coin(&coin, &h, 1000);
    OK(purse_key_current(&h.env, &key));
    key.state = PURSE_KEY_FROZEN;
    OK(store_update(h.store, &purse_table_purse_key, &key));
    world_request(&request, &h.world, &h.other, 1000);
    OK(purse_choose(&h.env, &status, &coins, world_fen(1000), &(struct purse_choice_options){0}));
    cr_expect_eq(
        purse_reserve_payment(&h.env, &plan, &coins, &request.request, &request.id, &request.cose),
        ERR_MISSING);
}

Test(purse_plan, plans_by_kind_and_state_oldest_first)
{
    struct world_coin coin;
    struct world_request first, second;
    struct purse_plan_list plans = {0};
    for (int i = 0; i < 2; i++)
        holder_coin(&coin, &h, 100);
    holder_pay(&h, 100, &first);
    reserve(100, &second);
    OK(purse_plans(&h.env, &plans, 0, PURSE_PLAN_RESERVED, PURSE_PLAN_SETTLED));
    cr_assert_eq(plans.count, 2);
    cr_expect(id_equal(&plans.items[0].plan_id, &first.id));
    OK(purse_plans(&h.env, &plans, PURSE_PLAN_PAY, PURSE_PLAN_COMMITTED, PURSE_PLAN_SETTLED));
    cr_assert_eq(plans.count, 1);
    OK(purse_plans(&h.env, &plans, PURSE_PLAN_REDEEM, PURSE_PLAN_RESERVED, PURSE_PLAN_SETTLED));
    cr_expect_eq(plans.count, 0);
}
