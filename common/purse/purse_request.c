/* Requests of mine and how they were answered: once, by certain payments; the same payments again
 * get the same receipt.
 *
 * A payment may be here before its packet is: the payer, or anybody, handed it in. Such payments
 * are kept with the request (packet_payments, no receipt yet); once they make up its amount it is
 * paid, and the packet, when it comes, is one of the same payments. A payment counts for the one
 * request that its payer signed, and only once the register said that it settled. */
#include "common/purse/purse_row.h"

#include <string.h>

enum err purse_request_add(struct purse_env *env, struct id *request_id, const struct cose *cose)
{
    struct request request = {0};
    TRY(request_decode(&request, cose->payload, env->arena));
    *request_id = record_id(env->trust->network, KIND_REQUEST, cose->payload);
    uint64_t number = 0;
    TRY(purse_next_number(env, &number));
    const struct purse_request row = {
        .request_id = *request_id,
        .number = number,
        .request = *cose,
        .payee_key = request.payee_key,
        .amount = request.amount,
        .state = PURSE_REQUEST_OPEN,
        .made_at = env->now,
    };
    return store_insert(env->store, &purse_table_purse_request, &row);
}

enum err purse_request_get(struct purse_env *env, struct purse_request *out,
                           const struct id *request_id)
{
    *out = (struct purse_request){.request_id = *request_id};
    return store_get(env->store, &purse_table_purse_request, out, env->arena);
}

enum err purse_request_of(struct purse_env *env, bool *found, struct purse_request *out,
                          struct request *request, const struct packet_view *view)
{
    *found = false;
    if (view->leaf_count == 0 || !view->payments[view->leaves[0]].payment.has_reference)
        return ERR_OK;
    *out = (struct purse_request){.request_id = view->payments[view->leaves[0]].payment.reference};
    TRY(purse_find(env, found, &purse_table_purse_request, out));
    return *found ? request_decode(request, out->request.payload, env->arena) : ERR_OK;
}

/* The leaves' payment ids in packet order, as they are kept: what makes a packet "the very same
 * payments". */
static size_t leaf_ids(uint8_t bytes[PACKET_COINS_MAX * ID_SIZE], const struct packet_view *view)
{
    for (size_t i = 0; i < view->leaf_count; i++)
        memcpy(bytes + i * ID_SIZE, view->payments[view->leaves[i]].id.bytes, ID_SIZE);
    return view->leaf_count * ID_SIZE;
}

/* What of this payment goes to the key that the request names. */
static struct amount paid_to(const struct purse_request *row, const struct payment *payment)
{
    struct amount sum = amount_zero();
    for (size_t i = 0; i < payment->outputs.count; i++)
        if (key_equal(&payment->outputs.items[i].key, &row->payee_key))
            sum = amount_add_capped(sum, payment->outputs.items[i].amount);
    return sum;
}

/* The payments kept with the request; false: more than a packet can hold, which nobody wrote. */
static bool kept_ids(struct id ids[PACKET_COINS_MAX], size_t *count,
                     const struct purse_request *row)
{
    *count = row->has_packet_payments ? row->packet_payments.size / ID_SIZE : 0;
    if (*count > PACKET_COINS_MAX)
        return false;
    for (size_t i = 0; i < *count; i++)
        memcpy(ids[i].bytes, row->packet_payments.data + i * ID_SIZE, ID_SIZE);
    return true;
}

static bool is_kept(const struct id *id, const struct id *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (id_equal(id, &ids[i]))
            return true;
    return false;
}

/* With a receipt: the same set of leaves; somebody else may have packed them in another order.
 * Without: payments that arrived, and of them such that make up the amount. */
bool purse_request_is_duplicate(const struct purse_request *row, const struct packet_view *view)
{
    struct id ids[PACKET_COINS_MAX];
    struct amount sum = amount_zero();
    size_t count = 0;
    if (!kept_ids(ids, &count, row) || count == 0 || view->leaf_count == 0)
        return false;
    if (row->has_receipt)
        return packet_is_same(view, ids, count);
    for (size_t i = 0; i < view->leaf_count; i++) {
        const struct packet_payment *leaf = &view->payments[view->leaves[i]];
        if (!is_kept(&leaf->id, ids, count))
            return false;
        sum = amount_add_capped(sum, paid_to(row, &leaf->payment));
    }
    return amount_compare(sum, row->amount) == 0;
}

/* --- paid by what the register says --- */

static enum err find_payment(struct purse_env *env, bool *found, struct payment *out,
                             const struct id *payment_id)
{
    struct purse_payment row = {.payment_id = *payment_id};
    TRY(purse_find(env, found, &purse_table_purse_payment, &row));
    return *found ? payment_decode(out, row.payment.payload, env->arena) : ERR_OK;
}

/* Each coin that it makes for the request's key is mine to spend, by the register's word. */
static enum err is_here(struct purse_env *env, bool *here, const struct purse_request *row,
                        const struct payment *payment, const struct id *payment_id)
{
    *here = !amount_is_zero(paid_to(row, payment));
    for (size_t i = 0; *here && i < payment->outputs.count; i++) {
        struct purse_coin coin = {.serial = payment->serial,
                                  .coin_id = record_coin_output(payment_id, (uint16_t)i)};
        if (!key_equal(&payment->outputs.items[i].key, &row->payee_key))
            continue;
        TRY(purse_find(env, here, &purse_table_purse_coin, &coin));
        *here = *here && coin.state == PURSE_AVAILABLE && coin.is_settled;
    }
    return ERR_OK;
}

static enum err note_arrival(struct purse_env *env, struct purse_request *row,
                             const struct id *payment_id)
{
    struct id ids[PACKET_COINS_MAX];
    struct amount sum = amount_zero();
    size_t count = 0;
    if (!kept_ids(ids, &count, row) || count == PACKET_COINS_MAX || is_kept(payment_id, ids, count))
        return ERR_OK;
    ids[count++] = *payment_id;
    for (size_t i = 0; i < count; i++) {
        struct payment payment = {0};
        bool found = false;
        TRY(find_payment(env, &found, &payment, &ids[i]));
        if (found)
            sum = amount_add_capped(sum, paid_to(row, &payment));
    }
    row->has_packet_payments = true;
    TRY(arena_copy(env->arena, &row->packet_payments, span_of(ids, count * sizeof ids[0])));
    if (row->state == PURSE_REQUEST_OPEN && amount_compare(sum, row->amount) == 0) {
        row->state = PURSE_REQUEST_PAID;
        row->paid_at = env->now;
    }
    return store_update(env->store, &purse_table_purse_request, row);
}

enum err purse_request_arrived(struct purse_env *env, const struct id *payment_id)
{
    struct payment payment = {0};
    bool found = false, here = false;
    TRY(find_payment(env, &found, &payment, payment_id));
    if (!found || !payment.has_reference)
        return ERR_OK;
    struct purse_request row = {.request_id = payment.reference};
    TRY(purse_find(env, &found, &purse_table_purse_request, &row));
    if (!found || row.has_receipt)
        return ERR_OK;
    TRY(is_here(env, &here, &row, &payment, payment_id));
    return here ? note_arrival(env, &row, payment_id) : ERR_OK;
}

/* --- paid by a packet --- */

enum err purse_request_paid(struct purse_env *env, struct purse_request *row,
                            const struct packet_view *view, const struct cose *receipt)
{
    uint8_t bytes[PACKET_COINS_MAX * ID_SIZE];
    const size_t size = leaf_ids(bytes, view);
    row->state = PURSE_REQUEST_PAID;
    row->has_packet_payments = true;
    TRY(arena_copy(env->arena, &row->packet_payments, span_of(bytes, size)));
    row->has_receipt = receipt != NULL;
    if (receipt != NULL)
        row->receipt = *receipt;
    row->paid_at = env->now;
    return store_update(env->store, &purse_table_purse_request, row);
}
