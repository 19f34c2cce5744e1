/* Requests of mine and how they were answered: once, by certain payments; the same payments again
 * get the same receipt. */
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

/* The same set of leaves: somebody else may have packed them in another order. */
bool purse_request_is_duplicate(const struct purse_request *row, const struct packet_view *view)
{
    struct id ids[PACKET_COINS_MAX];
    const size_t count = row->packet_payments.size / ID_SIZE;
    if (row->state != PURSE_REQUEST_PAID || !row->has_packet_payments || count > PACKET_COINS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        memcpy(ids[i].bytes, row->packet_payments.data + i * ID_SIZE, ID_SIZE);
    return packet_is_same(view, ids, count);
}

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
