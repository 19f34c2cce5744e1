/* Orders at the register: what they say, and whether a packet funds them (contract in order.h).
 *
 * 1. An order is not signed: it is worth what the payments that name its id bring.
 * 2. The register's key owns nothing: no order mints to it, no payment pays it but an order's.
 *
 * Never compares sums: an order whose amounts differ from its inputs' is answered input by input.
 */
#include "common/money/order.h"

#include <string.h>

static enum status check_outputs(const struct exchange *exchange, const struct trust *trust)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < exchange->outputs.count; i++) {
        const struct public_key *key = &exchange->outputs.items[i].key;
        if (crypto()->key_check(key) != ERR_OK)
            return STATUS_POINT;
        if (key_equal(key, &trust->directory.register_key))
            status = STATUS_ORDER;
    }
    return status;
}

enum status order_read(struct order *out, const char *network, enum kind kind, struct span bytes,
                       const struct trust *trust, struct arena *arena)
{
    CHECK(kind == KIND_EXCHANGE || kind == KIND_REDEEM);
    memset(out, 0, sizeof *out);
    if (bytes.size > PACKET_SIZE_MAX)
        return STATUS_LIMIT;
    out->kind = kind;
    out->id = record_id(network, kind, bytes);
    if (kind == KIND_REDEEM)
        return record_status(redeem_decode(&out->redeem, bytes, arena));
    enum status status = record_status(exchange_decode(&out->exchange, bytes, arena));
    return status == STATUS_OK ? check_outputs(&out->exchange, trust) : status;
}

static bool pays_register(const struct packet_payment *payment, const struct trust *trust)
{
    for (size_t i = 0; i < payment->payment.outputs.count; i++)
        if (key_equal(&payment->payment.outputs.items[i].key, &trust->directory.register_key))
            return true;
    return false;
}

static bool funds(const struct packet_payment *payment, const struct id *order_id,
                  const struct trust *trust)
{
    return payment->payment.outputs.count == 1 && pays_register(payment, trust) &&
           payment->payment.has_reference && id_equal(&payment->payment.reference, order_id);
}

enum status order_funded(const struct order *order, const struct packet_view *view,
                         const struct trust *trust)
{
    if (view->payment_count == 0)
        return STATUS_ORDER;
    for (size_t i = 0; i < view->payment_count; i++) {
        const struct packet_payment *payment = &view->payments[i];
        if (payment->is_leaf ? !funds(payment, &order->id, trust) : pays_register(payment, trust))
            return STATUS_ORDER;
    }
    return STATUS_OK;
}

enum status order_none(const struct packet_view *view, const struct trust *trust)
{
    for (size_t i = 0; i < view->payment_count; i++)
        if (pays_register(&view->payments[i], trust))
            return STATUS_ORDER;
    return STATUS_OK;
}
