/* Orders: answered input by input, once; what cannot be honoured as written is minted back
 * (design, section 3).  Invariants: 1 an input's answer is stored when it is first given and
 * never changes. 2 what goes in as settled money comes out: as the order's tokens, as reserve,
 * or minted back to the key that signed. 3 an orphan input is a claim, whatever the rest. */
#include "central/books.h"
#include "central/claims.h"
#include "central/clones.h"
#include "central/register_row.h"

/* Inputs of this message that were good money and are not answered yet. */
struct good {
    const struct packet_payment *payment;
    struct coin coin;
};
struct intake {
    struct good good[PACKET_COINS_MAX];
    size_t good_count, bad_count;
    struct amount total;
};

static enum err keep_input(struct register_env *env, const struct order *order,
                           const struct packet_payment *payment, enum outcome outcome,
                           uint64_t back_serial, const struct id *back_coin_id)
{
    const struct input row = {
        .serial = payment->payment.serial,
        .payment_id = payment->id,
        .order_id = order->id,
        .coin_id = payment->payment.coin_id,
        .outcome = outcome,
        .back_serial = back_serial,
        .has_back_coin_id = back_coin_id != NULL,
        .back_coin_id = back_coin_id != NULL ? *back_coin_id : (struct id){{0}},
    };
    return store_insert(env->store, &tables_table_input, &row);
}

static enum err claim_input(struct register_env *env, const struct order *order,
                            const struct packet_payment *payment, const struct coin *orphan,
                            const struct signed_item_list *requests)
{
    TRY(keep_input(env, order, payment, OUTCOME_CLAIMED, 0, NULL));
    return claims_make(env, orphan, requests);
}

static enum err take_input(struct register_env *env, struct intake *intake,
                           const struct order *order, const struct packet_payment *payment,
                           const struct signed_item_list *requests)
{
    struct input row = {.serial = payment->payment.serial, .payment_id = payment->id};
    struct coin before = {0};
    enum outcome outcome = OUTCOME_SETTLED;
    bool answered = false;
    TRY(register_find(env, &answered, &tables_table_input, &row));
    if (answered)
        return ERR_OK;
    TRY(register_apply(env, &outcome, &before, payment));
    if (outcome == OUTCOME_SETTLED) {
        TRY(amount_add(&intake->total, intake->total, before.amount));
        intake->good[intake->good_count++] = (struct good){payment, before};
        return ERR_OK;
    }
    intake->bad_count++;
    if (outcome == OUTCOME_ORPHAN)
        return claim_input(env, order, payment, &before, requests);
    return keep_input(env, order, payment, outcome, 0, NULL);
}

static bool same_purpose(const struct intake *intake)
{
    const struct coin *first = &intake->good[0].coin;
    for (size_t i = 1; i < intake->good_count; i++) {
        const struct coin *coin = &intake->good[i].coin;
        if (coin->has_purpose != first->has_purpose ||
            (coin->has_purpose && coin->purpose != first->purpose))
            return false;
    }
    return true;
}

/* Does what came in pay exactly for what was ordered? Sums of outputs that leave the range
 * never do. */
static bool adds_up(const struct order *order, const struct intake *intake)
{
    struct amount wanted = amount_zero();
    if (order->kind == KIND_REDEEM)
        return amount_compare(order->redeem.amount, intake->total) == 0;
    for (size_t i = 0; i < order->exchange.outputs.count; i++)
        if (amount_add(&wanted, wanted, order->exchange.outputs.items[i].amount) != ERR_OK)
            return false;
    return amount_compare(wanted, intake->total) == 0;
}

static enum err mint_outputs(struct register_env *env, const struct order *order,
                             const struct coin *first)
{
    for (size_t i = 0; i < order->exchange.outputs.count; i++) {
        const struct output *output = &order->exchange.outputs.items[i];
        struct order_token row = {.order_id = order->id, .position = i};
        struct cose token = {0};
        TRY(register_mint(env, &token, &row.serial, &row.coin_id, output->amount, &output->key,
                          first->has_purpose, first->purpose));
        TRY(store_insert(env->store, &tables_table_order_token, &row));
    }
    return ERR_OK;
}

static enum err credit_reserve(struct register_env *env, const struct order *order)
{
    struct bank bank = {.bank_id = order->redeem.bank_id};
    TRY(store_get(env->store, &tables_table_bank, &bank, env->arena));
    TRY(amount_add(&bank.reserve, bank.reserve, order->redeem.amount));
    TRY(store_update(env->store, &tables_table_bank, &bank));
    return books_journal(env->store, "redeem", bank.bank_id, order->redeem.amount, env->now, "");
}

/* Is all that came in the money of the bank's own vault? Noted now: its key may be another when
 * that is asked (refund.c), and the rows of what came in may have left. */
static bool is_by_vault(const struct register_env *env, const struct intake *intake,
                        uint64_t bank_id)
{
    const struct trust_bank *bank = trust_bank(env->trust, bank_id);
    bool is_all = bank != NULL;
    for (size_t i = 0; i < intake->good_count && is_all; i++)
        is_all = key_equal(&intake->good[i].coin.owner_key, &bank->certificate.vault_key);
    return is_all;
}

static enum err carry_out(struct register_env *env, const struct order *order,
                          const struct intake *intake, bool honoured, uint64_t bank_id)
{
    const struct order_row row = {
        .order_id = order->id,
        .kind = order->kind,
        .done = honoured,
        .is_by_vault =
            honoured && order->kind == KIND_EXCHANGE && is_by_vault(env, intake, bank_id),
        .bank_id = bank_id,
        .amount = intake->total,
        .token_count = honoured && order->kind == KIND_EXCHANGE ? order->exchange.outputs.count : 0,
        .made_at = env->now,
    };
    TRY(store_insert(env->store, &tables_table_order_row, &row));
    if (!honoured)
        return ERR_OK;
    return order->kind == KIND_EXCHANGE ? mint_outputs(env, order, &intake->good[0].coin)
                                        : credit_reserve(env, order);
}

static enum err answer_good(struct register_env *env, const struct order *order,
                            const struct good *good, bool honoured)
{
    struct cose token = {0};
    uint64_t serial = 0;
    struct id coin_id = {{0}};
    if (honoured)
        return keep_input(env, order, good->payment, OUTCOME_USED, 0, NULL);
    TRY(register_mint(env, &token, &serial, &coin_id, good->coin.amount, &good->coin.owner_key,
                      good->coin.has_purpose, good->coin.purpose));
    return keep_input(env, order, good->payment, OUTCOME_MINTED_BACK, serial, &coin_id);
}

static enum err execute(struct register_env *env, const struct order *order,
                        const struct packet_view *view, const struct signed_item_list *requests,
                        uint64_t bank_id)
{
    struct intake intake = {.total = amount_zero()};
    struct order_row known = {.order_id = order->id};
    bool answered = false;
    TRY(register_roots(env, view));
    TRY(register_find(env, &answered, &tables_table_order_row, &known));
    for (size_t i = 0; i < view->payment_count; i++) {
        const struct packet_payment *payment = &view->payments[i];
        enum outcome outcome = OUTCOME_SETTLED;
        struct coin before = {0};
        if (payment->is_leaf)
            TRY(take_input(env, &intake, order, payment, requests));
        else
            TRY(register_apply(env, &outcome, &before, payment));
    }
    const bool honoured = !answered && intake.good_count > 0 && intake.bad_count == 0 &&
                          same_purpose(&intake) && adds_up(order, &intake);
    if (!answered)
        TRY(carry_out(env, order, &intake, honoured, bank_id));
    for (size_t i = 0; i < intake.good_count; i++)
        TRY(answer_good(env, order, &intake.good[i], honoured));
    return ERR_OK;
}

static enum err answer_input(struct register_env *env, enum status *status,
                             struct input_result *out, const struct packet_payment *payment)
{
    struct input row = {.serial = payment->payment.serial, .payment_id = payment->id};
    TRY(store_get(env->store, &tables_table_input, &row, env->arena));
    *out = (struct input_result){.placed.leaf = {.coin_id = row.coin_id,
                                                 .payment_id = row.payment_id,
                                                 .outcome = row.outcome},
                                 .has_token = row.has_back_coin_id};
    return row.has_back_coin_id
               ? register_token_of(env, status, &out->token, row.back_serial, &row.back_coin_id)
               : ERR_OK;
}

static enum err answer_tokens(struct register_env *env, enum status *status,
                              struct order_reply *reply, const struct order *order)
{
    const struct order_token from = {.order_id = order->id};
    struct list rows = {0};
    void *memory = NULL;
    TRY(register_rows(env, &rows, &tables_table_order_token, -1, 1, &from));
    TRY(arena_alloc(env->arena, &memory, rows.count + 1, sizeof(struct signed_item)));
    reply->tokens = (struct signed_item_list){memory, rows.count};
    const struct order_token *tokens = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        TRY(register_token_of(env, status, &reply->tokens.items[i].record, tokens[i].serial,
                              &tokens[i].coin_id));
    return ERR_OK;
}

/* From the rows alone, so that a repeated order is answered the same; or, if a line that it made is
 * in the archive, with that status. */
static enum err answer(struct register_env *env, enum status *status, struct order_reply *reply,
                       const struct order *order, const struct packet_view *view)
{
    struct leaf leaves[PACKET_COINS_MAX];
    void *memory = NULL;
    bool is_used = false;
    TRY(arena_alloc(env->arena, &memory, view->leaf_count, sizeof(struct input_result)));
    *reply = (struct order_reply){.inputs = {memory, view->leaf_count}};
    for (size_t i = 0; i < view->leaf_count; i++) {
        struct input_result *input = &reply->inputs.items[i];
        TRY(answer_input(env, status, input, &view->payments[view->leaves[i]]));
        input->placed.index = i;
        leaves[i] = input->placed.leaf;
        is_used = is_used || leaves[i].outcome == OUTCOME_USED;
    }
    if (is_used)
        TRY(answer_tokens(env, status, reply, order));
    return register_sign_settled(env, &reply->has_settled, &reply->settled, leaves,
                                 view->leaf_count);
}

static enum err verify_input(struct register_env *env, struct packet_view *view,
                             enum status *status, const struct order_body *body)
{
    struct register_prepared prepared = {0};
    if (env->prepared != NULL)
        prepared = *env->prepared;
    else
        TRY(register_prepare_order(&prepared, env->trust, body, NULL, env->arena));
    CHECK(prepared.count == 1);
    return register_verify(env, view, status, prepared.packets[0]);
}

enum err register_order(struct register_env *called, struct order_reply *reply, enum status *status,
                        enum verb verb, const struct order_body *body, uint64_t bank_id)
{
    struct register_memory rows = {0};
    struct register_owners owners = {0};
    struct register_env own = *called, *env = &own;
    struct order order = {0};
    struct packet_view view = {0};
    own.memory = &rows;
    own.owners = &owners;
    *reply = (struct order_reply){0};
    *status =
        order_read(&order, env->trust->network, verb == VERB_REDEEM ? KIND_REDEEM : KIND_EXCHANGE,
                   body->order, env->trust, env->arena);
    if (*status == STATUS_OK)
        TRY(verify_input(env, &view, status, body));
    if (*status == STATUS_OK)
        *status = order_funded(&order, &view, env->trust);
    if (*status == STATUS_OK && order.kind == KIND_REDEEM && order.redeem.bank_id != bank_id)
        *status = STATUS_FORBIDDEN;
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(execute(env, &order, &view, &body->requests, bank_id));
    TRY(register_owner_flush(env));
    TRY(clones_keep(env));
    return answer(env, status, reply, &order, &view);
}
