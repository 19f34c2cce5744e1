/* Taking coins in: tokens of the central bank, packets, what the register says I own.
 *
 * Invariants: 1 a coin that I hold or held (tomb) is never taken again. 2 with a coin its whole
 * line is kept, so that it can be paid on with no network. Never: judges by policy; that is
 * packet_accept's. */
#include "common/purse/purse_row.h"

#include <stdlib.h>

static enum err is_new(struct purse_env *env, bool *fresh, uint64_t serial,
                       const struct id *coin_id)
{
    struct purse_coin coin = {.serial = serial, .coin_id = *coin_id};
    bool held = false, tombed = false;
    TRY(purse_find(env, &held, &purse_table_purse_coin, &coin));
    TRY(purse_is_tombed(env, &tombed, serial, coin_id));
    *fresh = !held && !tombed;
    return ERR_OK;
}

/* What is there stays: its signature was verified, and another of the same id need not be good. */
static enum err insert_once(struct purse_env *env, const struct table *table, const void *row)
{
    const enum err error = store_insert(env->store, table, row);
    return error == ERR_EXISTS ? ERR_OK : error;
}

static enum err keep_token(struct purse_env *env, uint64_t serial, const struct id *root,
                           const struct cose *cose)
{
    const struct purse_token row = {.serial = serial, .coin_id = *root, .token = *cose};
    return insert_once(env, &purse_table_purse_token, &row);
}

static enum err token_status(struct purse_env *env, enum status *status, struct token *token,
                             const struct cose *cose)
{
    const enum err decoded = token_decode(token, cose->payload, env->arena);
    if (decoded != ERR_OK) {
        *status = record_status(decoded);
        return ERR_OK;
    }
    bool mine = false;
    const struct public_key *key = trust_issuing_key(env->trust, &token->issuing_key_id);
    if (key == NULL) {
        *status = STATUS_ISSUER;
        return ERR_OK;
    }
    TRY(purse_key_is_mine(env, &mine, &token->owner_key));
    if (!mine)
        *status = STATUS_KIND;
    else if (record_verify(env->trust->network, KIND_TOKEN, cose, key) != ERR_OK)
        *status = STATUS_SIGNATURE;
    else
        *status = STATUS_OK;
    return ERR_OK;
}

enum err purse_take_token(struct purse_env *env, enum status *status, const struct cose *cose)
{
    struct token token = {0};
    TRY(token_status(env, status, &token, cose));
    if (*status != STATUS_OK)
        return ERR_OK;
    const struct id token_id = record_id(env->trust->network, KIND_TOKEN, cose->payload);
    const struct id root = record_coin_root(&token_id);
    bool fresh = false;
    TRY(is_new(env, &fresh, token.serial, &root));
    if (!fresh)
        return ERR_OK;
    TRY(keep_token(env, token.serial, &root, cose));
    const struct purse_coin coin = {
        .serial = token.serial,
        .coin_id = root,
        .amount = token.amount,
        .owner_key = token.owner_key,
        .state = PURSE_AVAILABLE,
        .is_settled = 1,
        .spend_by_day = token.spend_by_day,
        .redeem_by_day = token.redeem_by_day,
        .has_purpose = token.has_purpose,
        .purpose = token.purpose,
        .taken_at = env->now,
    };
    return purse_coin_put(env, &coin);
}

bool purse_tokens_differ(const struct signed_item_list *tokens)
{
    for (size_t i = 0; i < tokens->count; i++)
        for (size_t j = 0; j < i; j++)
            if (span_equal(tokens->items[i].record.payload, tokens->items[j].record.payload))
                return false;
    return true;
}

static enum err answer_row(struct purse_env *env, struct purse_answer *row, const struct cose *cose)
{
    struct token token = {0};
    const struct id token_id = record_id(env->trust->network, KIND_TOKEN, cose->payload);
    TRY(token_decode(&token, cose->payload, env->arena));
    *row = (struct purse_answer){.serial = token.serial, .coin_id = record_coin_root(&token_id)};
    return ERR_OK;
}

enum err purse_token_answers(struct purse_env *env, bool *answers, const struct cose *token,
                             const struct id *question_id)
{
    struct purse_answer row = {0};
    bool found = false;
    TRY(answer_row(env, &row, token));
    TRY(purse_find(env, &found, &purse_table_purse_answer, &row));
    *answers = !found || id_equal(&row.question_id, question_id);
    return ERR_OK;
}

enum err purse_is_answer(struct purse_env *env, bool *is, const struct cose *token)
{
    struct purse_answer row = {0};
    TRY(answer_row(env, &row, token));
    return purse_find(env, is, &purse_table_purse_answer, &row);
}

enum err purse_note_answer(struct purse_env *env, const struct cose *token,
                           const struct id *question_id)
{
    struct purse_answer row = {0};
    TRY(answer_row(env, &row, token));
    row.question_id = *question_id;
    return store_put(env->store, &purse_table_purse_answer, &row);
}

static enum err keep_payments(struct purse_env *env, const struct packet_view *view)
{
    for (size_t i = 0; i < view->payment_count; i++) {
        const struct packet_payment *p = &view->payments[i];
        const bool has_parent = p->parent != PACKET_NONE;
        const struct purse_payment row = {
            .payment_id = p->id,
            .serial = p->payment.serial,
            .coin_id = p->payment.coin_id,
            .has_parent_payment_id = has_parent,
            .parent_payment_id = has_parent ? view->payments[p->parent].id : (struct id){{0}},
            .payment = p->cose,
            .signer_key = p->owner_key,
        };
        TRY(insert_once(env, &purse_table_purse_payment, &row));
    }
    for (size_t i = 0; i < view->token_count; i++)
        TRY(keep_token(env, view->tokens[i].token.serial, &view->tokens[i].root_coin_id,
                       &view->tokens[i].cose));
    for (size_t i = 0; i < view->certificate_count; i++) {
        const struct purse_certificate row = {
            .key = view->certificates[i].wallet_key,
            .certificate = view->packet.certificates.items[i].record,
        };
        TRY(store_put(env->store, &purse_table_purse_certificate, &row));
    }
    return ERR_OK;
}

/* The coin that output `index` of a payment makes, as a row. */
static struct purse_coin output_coin(const struct purse_env *env, const struct packet_view *view,
                                     const struct packet_payment *p, size_t index)
{
    const struct output *output = &p->payment.outputs.items[index];
    const struct token *token = p->token == PACKET_NONE ? NULL : &view->tokens[p->token].token;
    return (struct purse_coin){
        .serial = p->payment.serial,
        .coin_id = record_coin_output(&p->id, (uint16_t)index),
        .amount = output->amount,
        .owner_key = output->key,
        .has_parent_payment_id = true,
        .parent_payment_id = p->id,
        .output_index = index,
        .hops = packet_output_hops(p, index),
        .depth = p->depth + 1,
        .spend_by_day = p->spend_by_day,
        .redeem_by_day = p->redeem_by_day,
        .has_purpose = token != NULL && token->has_purpose,
        .purpose = token != NULL ? token->purpose : 0,
        .taken_at = env->now,
    };
}

static enum err take_outputs(struct purse_env *env, const struct packet_view *view,
                             const struct packet_payment *p, enum purse_coin_state state,
                             const struct id *request_id)
{
    for (size_t i = 0; i < p->payment.outputs.count; i++) {
        struct purse_coin coin = output_coin(env, view, p, i);
        bool mine = false, fresh = false;
        TRY(purse_key_is_mine(env, &mine, &coin.owner_key));
        TRY(is_new(env, &fresh, coin.serial, &coin.coin_id));
        if (!mine || !fresh)
            continue;
        coin.state = state;
        if (request_id != NULL) {
            coin.has_request_id = true;
            coin.request_id = *request_id;
        }
        TRY(purse_coin_put(env, &coin));
    }
    return ERR_OK;
}

enum err purse_inbox_put(struct purse_env *env, struct span bytes)
{
    struct purse_inbox row = {.packet_hash = crypto_hash(&bytes, 1)};
    bool found = false;
    TRY(purse_find(env, &found, &purse_table_purse_inbox, &row));
    if (found)
        return ERR_OK;
    TRY(purse_next_number(env, &row.number));
    row.packet = bytes;
    row.received_at = env->now;
    return store_insert(env->store, &purse_table_purse_inbox, &row);
}

/* Is all that it pays me on the register already (found by OWNED, before the packet came)? */
static enum err is_settled(struct purse_env *env, bool *settled, const struct packet_view *view)
{
    size_t mine_count = 0;
    *settled = true;
    for (size_t i = 0; i < view->leaf_count; i++) {
        const struct packet_payment *p = &view->payments[view->leaves[i]];
        for (size_t j = 0; *settled && j < p->payment.outputs.count; j++) {
            struct purse_coin coin = output_coin(env, view, p, j);
            bool mine = false, held = false, tombed = false;
            TRY(purse_key_is_mine(env, &mine, &coin.owner_key));
            if (!mine)
                continue;
            TRY(purse_find(env, &held, &purse_table_purse_coin, &coin));
            TRY(purse_is_tombed(env, &tombed, coin.serial, &coin.coin_id));
            *settled = (held && coin.is_settled) || tombed;
            mine_count++;
        }
    }
    *settled = *settled && mine_count > 0;
    return ERR_OK;
}

static enum err inbox_done(struct purse_env *env, struct span bytes)
{
    struct purse_inbox row = {.packet_hash = crypto_hash(&bytes, 1)};
    TRY(purse_inbox_put(env, bytes));
    TRY(store_get(env->store, &purse_table_purse_inbox, &row, env->arena));
    return purse_inbox_close(env, &row);
}

enum err purse_take_packet(struct purse_env *env, const struct packet_view *view, struct span bytes,
                           enum purse_coin_state state, const struct id *request_id)
{
    bool settled = false;
    if (state == PURSE_AVAILABLE)
        TRY(is_settled(env, &settled, view));
    TRY(keep_payments(env, view));
    for (size_t i = 0; i < view->leaf_count; i++)
        TRY(take_outputs(env, view, &view->payments[view->leaves[i]], state, request_id));
    return settled ? inbox_done(env, bytes) : purse_inbox_put(env, bytes);
}

/* The request under which a line came to me: named by its last payment that was not signed by a key
 * of mine (my change of an orphan is an orphan too). Kept only if I made that request: a claim will
 * show it. */
static enum err find_request(struct purse_env *env, struct purse_coin *coin,
                             const struct packet_view *view)
{
    for (size_t i = view->payment_count; i-- > 0;) {
        const struct packet_payment *p = &view->payments[i];
        struct purse_request request = {.request_id = p->payment.reference};
        bool mine = false;
        TRY(purse_key_is_mine(env, &mine, &p->owner_key));
        if (mine)
            continue;
        if (p->payment.has_reference)
            TRY(purse_find(env, &coin->has_request_id, &purse_table_purse_request, &request));
        coin->request_id = request.request_id;
        return ERR_OK;
    }
    return ERR_OK;
}

static enum err take_line_end(struct purse_env *env, const struct packet_view *view,
                              const struct owned_line *line, enum purse_coin_state state)
{
    struct packet_payment *last =
        view->payment_count == 0 ? NULL : &view->payments[view->payment_count - 1];
    for (size_t i = 0; last != NULL && i < last->payment.outputs.count; i++) {
        struct purse_coin coin = output_coin(env, view, last, i);
        bool mine = false, fresh = false;
        if (!id_equal(&coin.coin_id, &line->coin_id))
            continue;
        TRY(purse_key_is_mine(env, &mine, &coin.owner_key));
        TRY(is_new(env, &fresh, coin.serial, &coin.coin_id));
        if (!mine || !fresh)
            return ERR_OK;
        coin.state = state;
        coin.is_settled = state == PURSE_AVAILABLE;
        TRY(find_request(env, &coin, view));
        TRY(keep_payments(env, view));
        return purse_coin_put(env, &coin);
    }
    return ERR_OK;
}

/* For the register's own answers only. A payer's packet is verified whole: a known payment under a
 * bad signature would make the bytes that I hand in worthless. */
static enum err known_payment(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                              const struct id *payment_id)
{
    struct purse_env *env = context;
    struct purse_payment row = {.payment_id = *payment_id};
    (void)serial;
    (void)coin_id;
    return purse_find(env, found, &purse_table_purse_payment, &row);
}

static enum err owned_view(struct purse_env *env, struct packet_view *view, enum status *status,
                           const struct owned_line *line)
{
    struct buffer packet AUTO(buffer_fini) = {0};
    struct span kept = {0};
    struct cose payments[PACKET_PAYMENTS_MAX];
    for (size_t i = 0; i < line->payments.count; i++)
        payments[i] = line->payments.items[i].record;
    TRY(packet_encode_parts(&packet, &line->token, 1, payments, line->payments.count, NULL, 0, 0));
    TRY(arena_copy(env->arena, &kept, buffer_span(&packet)));
    const struct packet_options options = {.role = PACKET_FOR_REGISTER,
                                           .known = {.context = env, .payment = known_payment},
                                           .allow_roots = true};
    return packet_verify(view, status, kept, env->trust, &options, env->arena);
}

enum err purse_take_owned(struct purse_env *env, enum status *status, const struct owned_line *line)
{
    const enum purse_coin_state state = line->state == 1 ? PURSE_AVAILABLE : PURSE_ORPHANED;
    struct packet_view view = {0};
    TRY(owned_view(env, &view, status, line));
    if (*status != STATUS_OK)
        return ERR_OK;
    if (view.payment_count > 0)
        return take_line_end(env, &view, line, state);
    if (state == PURSE_AVAILABLE)
        return purse_take_token(env, status, &line->token);
    return ERR_OK;
}

enum err purse_seen(void *context, bool *found, uint64_t serial, const struct id *coin_id)
{
    bool fresh = false;
    TRY(is_new(context, &fresh, serial, coin_id));
    *found = !fresh;
    return ERR_OK;
}

enum err purse_conflict(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                        const struct id *payment_id)
{
    struct purse_env *env = context;
    const struct purse_payment from = {.serial = serial, .coin_id = *coin_id};
    struct list rows = {0};
    TRY(purse_rows(env, &rows, &purse_table_purse_payment, 0, 2, &from));
    const struct purse_payment *payments = rows.items;
    *found = false;
    for (size_t i = 0; i < rows.count; i++)
        *found = *found || !id_equal(&payments[i].payment_id, payment_id);
    return ERR_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const struct purse_inbox *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

enum err purse_inbox_open(struct purse_env *env, struct purse_inbox_list *out)
{
    const struct purse_inbox from = {.is_done = 0};
    struct list rows = {0};
    TRY(purse_rows(env, &rows, &purse_table_purse_inbox, 0, 1, &from));
    *out = (struct purse_inbox_list){rows.items, rows.count};
    if (out->count > 1)
        qsort(out->items, out->count, sizeof out->items[0], compare_entries);
    return ERR_OK;
}

enum err purse_inbox_close(struct purse_env *env, struct purse_inbox *entry)
{
    entry->is_done = 1;
    return store_update(env->store, &purse_table_purse_inbox, entry);
}
