/* The town's exchanges: answered input by input, once; claims are paid at once. */
#include "tests/wallet/town_inside.h"

#include "common/money/order.h"

#include <criterion/criterion.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

static bool adds_up(const struct exchange *exchange, struct amount total)
{
    struct amount wanted = amount_zero();
    for (size_t i = 0; i < exchange->outputs.count; i++)
        OK(amount_add(&wanted, wanted, exchange->outputs.items[i].amount));
    return amount_compare(wanted, total) == 0;
}

/* What becomes of an input that is looked at for the first time, before the order is judged. */
static void look_at_input(struct town *town, struct town_answer *answer,
                          const struct packet_payment *payment, struct amount *good, bool *bad)
{
    answer->outcome = town_apply(town, payment);
    if (answer->outcome == OUTCOME_SETTLED) {
        OK(amount_add(good, *good, payment->amount));
        return;
    }
    *bad = true;
    if (answer->outcome == OUTCOME_ORPHAN) { /* a claim, paid at once */
        answer->outcome = OUTCOME_CLAIMED;
        town_mint(town, payment->amount, &payment->owner_key);
    }
}

static void finish_inputs(struct town *town, struct town_answer *const *answers,
                          const struct packet_view *view, const struct exchange *exchange,
                          struct town_answer *order, bool honoured)
{
    for (size_t i = 0; i < view->leaf_count; i++) {
        const struct packet_payment *payment = &view->payments[view->leaves[i]];
        if (answers[i]->outcome != OUTCOME_SETTLED)
            continue;
        answers[i]->outcome = honoured ? OUTCOME_USED : OUTCOME_MINTED_BACK;
        if (!honoured)
            answers[i]->tokens[answers[i]->token_count++] =
                town_mint(town, payment->amount, &payment->owner_key);
    }
    for (size_t i = 0; honoured && i < exchange->outputs.count; i++)
        order->tokens[order->token_count++] =
            town_mint(town, exchange->outputs.items[i].amount, &exchange->outputs.items[i].key);
}

static void fill_reply(struct town *town, struct order_reply *reply,
                       struct town_answer *const *answers, const struct packet_view *view,
                       const struct town_answer *order, struct arena *arena)
{
    struct placed_leaf *placed[PACKET_COINS_MAX];
    void *inputs = NULL, *tokens = NULL;
    bool is_used = false;
    OK(arena_alloc(arena, &inputs, view->leaf_count, sizeof(struct input_result)));
    OK(arena_alloc(arena, &tokens, order->token_count + 1, sizeof(struct signed_item)));
    *reply = (struct order_reply){.inputs = {inputs, view->leaf_count}, .tokens = {tokens, 0}};
    for (size_t i = 0; i < view->leaf_count; i++) {
        const struct packet_payment *payment = &view->payments[view->leaves[i]];
        struct input_result *input = &reply->inputs.items[i];
        input->placed.leaf =
            (struct leaf){payment->payment.coin_id, payment->id, answers[i]->outcome};
        input->has_token = answers[i]->token_count > 0;
        input->token = answers[i]->tokens[0];
        is_used = is_used || answers[i]->outcome == OUTCOME_USED;
        placed[i] = &input->placed;
    }
    for (size_t i = 0; is_used && i < order->token_count; i++)
        reply->tokens.items[reply->tokens.count++].record = order->tokens[i];
    reply->has_settled = true;
    reply->settled = town_sign_leaves(town, placed, view->leaf_count, arena);
}

/* A claim shows the request under which the orphan was paid, or the first that led to it. */
static void note_claim(struct town *town, const struct order_body *body,
                       const struct town_answer *answer, const struct packet_payment *payment)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct payment maker = {0};
    bool shown = false;
    if (answer->outcome != OUTCOME_CLAIMED)
        return;
    for (const struct town_row *row = town_row_of(town, &payment->payment.coin_id);
         row->parent >= 0; row = &town->rows[row->parent]) {
        OK(payment_decode(&maker, row->maker.payload, &arena));
        for (size_t i = 0; i < body->requests.count; i++) {
            const struct id id = record_id(town->world->network, KIND_REQUEST,
                                           body->requests.items[i].record.payload);
            shown = shown || (maker.has_reference && id_equal(&id, &maker.reference));
        }
    }
    town->claims_with_request += shown;
    town->claims_without += !shown;
}

enum status town_exchange(struct town *town, struct order_reply *reply,
                          const struct order_body *body, struct arena *arena)
{
    struct order order = {0};
    struct packet_view view = {0};
    struct town_answer *answers[PACKET_COINS_MAX];
    struct amount good = amount_zero();
    bool bad = false, first = false, any = false;
    cr_assert_eq(order_read(&order, town->world->network, KIND_EXCHANGE, body->order,
                            &town->world->trust, arena),
                 STATUS_OK);
    const enum status status = town_verify(town, &view, body->packet, arena);
    cr_assert_eq(status, STATUS_OK, "order: %s", status_name(status));
    cr_assert_eq(order_funded(&order, &view, &town->world->trust), STATUS_OK);
    struct town_answer *of_order = town_answer_of(town, SPAN(order.id), &first);
    for (size_t i = 0; i < view.payment_count; i++)
        if (!view.payments[i].is_leaf)
            town_apply(town, &view.payments[i]);
    for (size_t i = 0; i < view.leaf_count; i++) {
        bool fresh = false;
        answers[i] = town_answer_of(town, SPAN(view.payments[view.leaves[i]].id), &fresh);
        if (fresh)
            look_at_input(town, answers[i], &view.payments[view.leaves[i]], &good, &bad);
        if (fresh)
            note_claim(town, body, answers[i], &view.payments[view.leaves[i]]);
        any = any || fresh;
    }
    if (any)
        finish_inputs(town, answers, &view, &order.exchange, of_order,
                      first && !bad && adds_up(&order.exchange, good));
    fill_reply(town, reply, answers, &view, of_order, arena);
    return STATUS_OK;
}
