/* Check 4 and the first half of 5: what each payment spends, and where its line starts.
 *
 * 1. A payment's coin is, in this order: the root of a token of the packet, an output of an earlier
 * payment of the packet, a coin that the verifier knows. Nothing else: CHAIN.
 * 2. It bears the serial of what it spends. Every token is spent, unless the packet has no payment
 * at all.
 * 3. More than PACKET_COINS_MAX leaves are LIMIT; they can be counted once all records are read.
 * 4. The register asks for the issuing key of a token only if it has no row of its root: it
 * believes its rows.
 *
 * Never compares amounts or keys: an id binds them all. */
#include "common/money/packet_check.h"

/* --- ids, parents and leaves: nothing is judged but the number of leaves --- */

static void name_tokens(struct packet_check *check)
{
    for (size_t i = 0; i < check->view->token_count; i++) {
        struct packet_token *token = &check->view->tokens[i];
        token->id = record_id(check->trust->network, KIND_TOKEN, token->cose.payload);
        token->root_coin_id = record_coin_root(&token->id);
    }
}

static void name_payments(struct packet_check *check)
{
    for (size_t i = 0; i < check->view->payment_count; i++) {
        struct packet_payment *payment = &check->view->payments[i];
        payment->id = record_id(check->trust->network, KIND_PAYMENT, payment->cose.payload);
        payment->is_leaf = true;
        for (size_t j = 0; j < payment->payment.outputs.count; j++)
            check->children[i][j] = record_coin_output(&payment->id, (uint16_t)j);
    }
}

/* The earlier payment of which payment `index` spends an output, if there is one. */
static bool find_parent(struct packet_payment *payment, const struct packet_check *check,
                        size_t index)
{
    for (size_t i = 0; i < index; i++)
        for (size_t j = 0; j < check->view->payments[i].payment.outputs.count; j++)
            if (id_equal(&check->children[i][j], &payment->payment.coin_id)) {
                payment->parent = (int)i;
                payment->parent_output = (int)j;
                return true;
            }
    return false;
}

static bool find_token(struct packet_payment *payment, const struct packet_check *check)
{
    for (size_t i = 0; i < check->view->token_count; i++)
        if (id_equal(&check->view->tokens[i].root_coin_id, &payment->payment.coin_id)) {
            payment->token = (int)i;
            return true;
        }
    return false;
}

enum err packet_link(enum status *status, struct packet_check *check)
{
    struct packet_view *view = check->view;
    size_t leaf_count = 0;
    void *children = NULL;
    TRY(arena_alloc(check->arena, &children, view->payment_count, sizeof *check->children));
    check->children = children;
    name_tokens(check);
    name_payments(check);
    for (size_t i = 0; i < view->payment_count; i++) {
        struct packet_payment *payment = &view->payments[i];
        if (!find_token(payment, check) && find_parent(payment, check, i))
            view->payments[payment->parent].is_leaf = false;
    }
    for (size_t i = 0; i < view->payment_count; i++) {
        if (!view->payments[i].is_leaf)
            continue;
        if (leaf_count < PACKET_COINS_MAX)
            view->leaves[leaf_count] = i;
        leaf_count++;
    }
    *status = leaf_count > PACKET_COINS_MAX ? STATUS_LIMIT : STATUS_OK;
    view->leaf_count = leaf_count;
    return ERR_OK;
}

/* --- ISSUER --- */

static enum err ask_coin(bool *found, struct packet_known_coin *out,
                         const struct packet_check *check, uint64_t serial,
                         const struct id *coin_id)
{
    const struct packet_known *known = &check->options->known;
    *found = false;
    return known->coin == NULL ? ERR_OK : known->coin(known->context, found, out, serial, coin_id);
}

enum err packet_check_issuer(enum status *status, struct packet_check *check)
{
    for (size_t i = 0; i < check->view->token_count; i++) {
        struct packet_token *token = &check->view->tokens[i];
        struct packet_known_coin row;
        if (check->options->role == PACKET_FOR_REGISTER)
            TRY(ask_coin(&token->is_known, &row, check, token->token.serial, &token->root_coin_id));
        if (!token->is_known &&
            trust_issuing_key(check->trust, &token->token.issuing_key_id) == NULL)
            *status = STATUS_ISSUER;
    }
    return ERR_OK;
}

/* --- TWICE --- */

enum err packet_check_twice(enum status *status, struct packet_check *check)
{
    const struct packet_view *view = check->view;
    for (size_t i = 0; i < view->token_count; i++)
        for (size_t j = 0; j < i; j++)
            if (id_equal(&view->tokens[i].root_coin_id, &view->tokens[j].root_coin_id))
                *status = STATUS_TWICE;
    for (size_t i = 0; i < view->payment_count; i++)
        for (size_t j = 0; j < i; j++)
            if (id_equal(&view->payments[i].payment.coin_id, &view->payments[j].payment.coin_id))
                *status = STATUS_TWICE;
    return ERR_OK;
}

/* --- CHAIN --- */

static bool spend_root(struct packet_payment *payment, const struct token *token)
{
    payment->amount = token->amount;
    payment->owner_key = token->owner_key;
    payment->spend_by_day = token->spend_by_day;
    payment->redeem_by_day = token->redeem_by_day;
    payment->issuing_key_id = token->issuing_key_id;
    return payment->payment.serial == token->serial;
}

static bool spend_output(struct packet_payment *payment, const struct packet_payment *parent)
{
    const struct output *output = &parent->payment.outputs.items[payment->parent_output];
    payment->amount = output->amount;
    payment->owner_key = output->key;
    payment->token = parent->token;
    payment->hops = packet_output_hops(parent, (size_t)payment->parent_output);
    payment->depth = parent->depth + 1;
    payment->spend_by_day = parent->spend_by_day;
    payment->redeem_by_day = parent->redeem_by_day;
    payment->issuing_key_id = parent->issuing_key_id;
    return payment->payment.serial == parent->payment.serial;
}

static enum err spend_known(bool *found, struct packet_payment *payment,
                            const struct packet_check *check)
{
    struct packet_known_coin coin = {0};
    TRY(ask_coin(found, &coin, check, payment->payment.serial, &payment->payment.coin_id));
    if (!*found)
        return ERR_OK;
    payment->amount = coin.amount;
    payment->owner_key = coin.owner_key;
    payment->hops = coin.hops;
    payment->depth = coin.depth;
    payment->spend_by_day = coin.spend_by_day;
    payment->redeem_by_day = coin.redeem_by_day;
    payment->issuing_key_id = coin.issuing_key_id;
    return ERR_OK;
}

static enum err spend(bool *follows, struct packet_payment *payment,
                      const struct packet_check *check)
{
    const struct packet_view *view = check->view;
    if (payment->parent != PACKET_NONE)
        *follows = spend_output(payment, &view->payments[payment->parent]);
    else if (payment->token != PACKET_NONE)
        *follows = spend_root(payment, &view->tokens[payment->token].token);
    else
        return spend_known(follows, payment, check);
    return ERR_OK;
}

static bool is_spent(const struct packet_view *view, size_t token)
{
    for (size_t i = 0; i < view->payment_count; i++)
        if (view->payments[i].token == (int)token)
            return true;
    return false;
}

enum err packet_check_chain(enum status *status, struct packet_check *check)
{
    struct packet_view *view = check->view;
    for (size_t i = 0; i < view->payment_count; i++) {
        bool follows;
        TRY(spend(&follows, &view->payments[i], check));
        if (!follows) {
            *status = STATUS_CHAIN;
            return ERR_OK;
        }
    }
    for (size_t i = 0; view->payment_count > 0 && i < view->token_count; i++)
        if (!is_spent(view, i))
            *status = STATUS_CHAIN;
    return ERR_OK;
}
