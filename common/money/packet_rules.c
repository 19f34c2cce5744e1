/* The second half of check 5: amounts and keys.
 *
 * 1. Outputs add up to the coin exactly: no fee, no rest, no sum beyond AMOUNT_MAX.
 * 2. A key that can sign nothing owns nothing: every owner of a token and of an output is a point
 * of the curve.
 * 3. A payment to the register has no other output: what funds an order is whole.
 *
 * Never asks the curve about what `known` vouches for: it was asked when the row was made. Nor
 * about change, whose key owns the coin spent: it was asked where that coin comes from. */
#include "common/money/packet_check.h"

static bool adds_up(const struct packet_payment *payment)
{
    struct amount sum = amount_zero();
    for (size_t i = 0; i < payment->payment.outputs.count; i++)
        if (amount_add(&sum, sum, payment->payment.outputs.items[i].amount) != ERR_OK)
            return false;
    return amount_compare(sum, payment->amount) == 0;
}

enum err packet_check_sum(enum status *status, struct packet_check *check)
{
    for (size_t i = 0; i < check->view->payment_count; i++)
        if (!adds_up(&check->view->payments[i]))
            *status = STATUS_SUM;
    return ERR_OK;
}

/* ERR_POINT is the answer no; anything else but OK is machinery. */
static enum err check_point(enum status *status, const struct public_key *key)
{
    enum err error = crypto()->key_check(key);
    if (error != ERR_POINT)
        return error;
    *status = STATUS_POINT;
    return ERR_OK;
}

enum err packet_ask_points(bool *good, const struct packet_payment *payment)
{
    const struct output_list *outputs = &payment->payment.outputs;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < outputs->count; i++)
        if (!key_equal(&outputs->items[i].key, &payment->owner_key))
            TRY(check_point(&status, &outputs->items[i].key));
    *good = status == STATUS_OK;
    return ERR_OK;
}

static bool is_proved(const struct packet_check *check, size_t index)
{
    return check->signature[index] == PACKET_GOOD && check->points[index] == PACKET_GOOD;
}

/* Asked once for the whole packet, and first of all that costs: a row of the register was checked
 * before. The coins that an unknown payment makes are unknown, and so is who spends them. Of what
 * was proved beforehand there is nothing left to ask. */
static enum err ask_payments(struct packet_check *check)
{
    const struct packet_known *known = &check->options->known;
    if (check->options->role != PACKET_FOR_REGISTER || known->payment == NULL)
        return ERR_OK;
    for (size_t i = 0; i < check->view->payment_count; i++) {
        const struct packet_payment *payment = &check->view->payments[i];
        if (is_proved(check, i) ||
            (payment->parent != PACKET_NONE && !check->is_vouched[payment->parent]))
            continue;
        TRY(known->payment(known->context, &check->is_vouched[i], payment->payment.serial,
                           &payment->payment.coin_id, &payment->id));
    }
    return ERR_OK;
}

enum err packet_check_points(enum status *status, struct packet_check *check)
{
    const struct packet_view *view = check->view;
    TRY(ask_payments(check));
    for (size_t i = 0; i < view->token_count; i++)
        if (!view->tokens[i].is_known)
            TRY(check_point(status, &view->tokens[i].token.owner_key));
    for (size_t i = 0; i < view->payment_count; i++) {
        bool is_good = check->points[i] == PACKET_GOOD;
        if (!check->is_vouched[i] && check->points[i] == PACKET_UNASKED)
            TRY(packet_ask_points(&is_good, &view->payments[i]));
        if (!check->is_vouched[i] && !is_good)
            *status = STATUS_POINT;
    }
    return ERR_OK;
}

enum err packet_check_register(enum status *status, struct packet_check *check)
{
    const struct public_key *key = &check->trust->directory.register_key;
    for (size_t i = 0; i < check->view->payment_count; i++) {
        const struct output_list *outputs = &check->view->payments[i].payment.outputs;
        for (size_t j = 0; outputs->count > 1 && j < outputs->count; j++)
            if (key_equal(&outputs->items[j].key, key))
                *status = STATUS_REGISTER_OUTPUT;
    }
    return ERR_OK;
}
