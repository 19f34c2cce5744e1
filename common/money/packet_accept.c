/* Check 8 to 10: may this payee take it, here and now, offline (contract in packet.h).
 *
 * 1. The verdict is the first, in the order of status.h, that applies: LIMIT (more coins than the
 * request allows), then policy, then the binding to the request, then what this payee holds
 * already.
 * 2. The limits are the lower of the policy's and the request's, so that a payer can run the same
 * checks before it signs. What an honest payer was told, an honest payee accepts.
 * 3. Without a request there is no payee: hops and sum are those of the outputs to its key, so of
 * none.
 *
 * Never changes a genuine packet's worth: what is refused here settles all the same. */
#include "common/money/packet.h"

#include "common/base/time.h"

struct acceptance {
    const struct packet_view *view;
    const struct trust *trust;
    const struct policy *policy;
    const struct packet_terms *terms;
    uint64_t today;
};

static const struct packet_payment *leaf(const struct acceptance *a, size_t index)
{
    return &a->view->payments[a->view->leaves[index]];
}

static bool pays_payee(const struct acceptance *a, const struct packet_payment *payment,
                       size_t output)
{
    return a->terms->request != NULL &&
           key_equal(&payment->payment.outputs.items[output].key, &a->terms->request->payee_key);
}

static bool has_too_many_coins(const struct acceptance *a)
{
    return a->terms->request != NULL && a->view->leaf_count > a->terms->request->coins_max;
}

/* --- check 8: policy --- */

static bool is_out_of_date(const struct acceptance *a)
{
    for (size_t i = 0; i < a->view->leaf_count; i++) {
        const struct packet_payment *payment = leaf(a, i);
        uint64_t first = payment->bank->certificate.not_before_day;
        uint64_t last = payment->bank->certificate.not_after_day;
        if (payment->certificate != PACKET_NONE) {
            first = a->view->certificates[payment->certificate].not_before_day;
            last = a->view->certificates[payment->certificate].not_after_day;
        }
        if (a->today < first || a->today > last)
            return true;
    }
    return false;
}

static bool is_revoked(const struct acceptance *a)
{
    for (size_t i = 0; i < a->view->payment_count; i++) {
        const struct packet_payment *payment = &a->view->payments[i];
        if (trust_key_id_is_revoked(a->trust, &payment->issuing_key_id) ||
            trust_is_revoked(a->trust, &payment->owner_key) ||
            trust_key_id_is_revoked(a->trust, &payment->bank->bank_key_id))
            return true;
    }
    return false;
}

static bool is_beyond_hops(const struct acceptance *a)
{
    uint64_t hops_max = a->policy->hops_max;
    if (a->terms->request != NULL && a->terms->request->hops_max < hops_max)
        hops_max = a->terms->request->hops_max;
    for (size_t i = 0; i < a->view->leaf_count; i++)
        for (size_t j = 0; j < leaf(a, i)->payment.outputs.count; j++)
            if (pays_payee(a, leaf(a, i), j) && packet_output_hops(leaf(a, i), j) > hops_max)
                return true;
    return false;
}

static bool is_beyond_depth(const struct acceptance *a)
{
    for (size_t i = 0; i < a->view->leaf_count; i++)
        if (leaf(a, i)->depth + 1 > a->policy->depth_max)
            return true;
    return false;
}

/* False: more than an amount can be, so above every limit and no request's amount. There is not
 * that much money, but a stolen issuing key can sign for it. */
static bool sum_to_payee(struct amount *sum, const struct acceptance *a)
{
    *sum = amount_zero();
    return a->terms->request == NULL ||
           packet_sum(sum, a->view, &a->terms->request->payee_key) == ERR_OK;
}

/* Secure elements have limits of their own; one coin from software, and software's hold. */
static uint64_t holder_of_payer(const struct acceptance *a)
{
    for (size_t i = 0; i < a->view->leaf_count; i++) {
        const int certificate = leaf(a, i)->certificate;
        if (certificate == PACKET_NONE || a->view->certificates[certificate].holder != 1)
            return 0;
    }
    return 1;
}

static bool is_above_limit(const struct acceptance *a)
{
    struct amount sum;
    const bool is_sum = sum_to_payee(&sum, a);
    const struct amount offline_max = trust_offline(a->trust, holder_of_payer(a)).payment_max;
    if (!a->terms->is_online && (!is_sum || amount_compare(sum, offline_max) > 0))
        return true;
    for (size_t i = 0; i < a->view->leaf_count; i++) {
        int certificate = leaf(a, i)->certificate;
        if (certificate != PACKET_NONE &&
            (!is_sum ||
             amount_compare(sum, a->view->certificates[certificate].limits.payment_max) > 0))
            return true;
    }
    return false;
}

static bool is_past_spend_by(const struct acceptance *a)
{
    for (size_t i = 0; i < a->view->leaf_count; i++)
        if (a->today > leaf(a, i)->spend_by_day)
            return true;
    return false;
}

static bool is_directory_old(const struct acceptance *a)
{
    return a->terms->now > a->trust->directory.not_after;
}

static bool is_clock_wrong(const struct acceptance *a)
{
    return !a->terms->is_payer && a->terms->now < a->terms->newest_signed_time;
}

static bool is_restored(const struct acceptance *a)
{
    return a->terms->is_restored;
}

/* --- check 9: bound to my own open request --- */

static bool answers_no_request(const struct acceptance *a)
{
    const struct request *request = a->terms->request;
    if (request == NULL || (a->terms->is_payer && a->terms->now > request->expires_at))
        return true;
    for (size_t i = 0; i < a->view->leaf_count; i++) {
        const struct payment *payment = &leaf(a, i)->payment;
        if (!payment->has_reference || !id_equal(&payment->reference, &a->terms->request_id))
            return true;
    }
    return false;
}

static bool pays_something(const struct acceptance *a, const struct packet_payment *payment)
{
    for (size_t i = 0; i < payment->payment.outputs.count; i++)
        if (pays_payee(a, payment, i))
            return true;
    return false;
}

static bool is_another_amount(const struct acceptance *a)
{
    for (size_t i = 0; i < a->view->leaf_count; i++)
        if (!pays_something(a, leaf(a, i)))
            return true;
    struct amount sum;
    return !sum_to_payee(&sum, a) || amount_compare(sum, a->terms->request->amount) != 0;
}

static const struct rule {
    bool (*applies)(const struct acceptance *a);
    enum status status;
} rules[] = {
    {has_too_many_coins, STATUS_LIMIT},
    {is_out_of_date, STATUS_CERTIFICATE_DATE},
    {is_revoked, STATUS_REVOKED},
    {is_beyond_hops, STATUS_HOPS},
    {is_beyond_depth, STATUS_DEPTH},
    {is_above_limit, STATUS_PAYMENT_LIMIT},
    {is_past_spend_by, STATUS_SPEND_BY},
    {is_directory_old, STATUS_DIRECTORY_DATE},
    {is_clock_wrong, STATUS_CLOCK},
    {is_restored, STATUS_RESTORED},
    {answers_no_request, STATUS_REQUEST_UNKNOWN},
    {is_another_amount, STATUS_REQUEST_AMOUNT},
};

/* --- check 10: what I hold --- */

/* Only the coins that would become mine: one that was mine before may come back up the line. */
static enum err check_seen(enum status *status, const struct acceptance *a)
{
    for (size_t i = 0; i < a->view->leaf_count; i++)
        for (size_t j = 0; j < leaf(a, i)->payment.outputs.count; j++) {
            bool found = false;
            struct id coin_id = record_coin_output(&leaf(a, i)->id, (uint16_t)j);
            if (!pays_payee(a, leaf(a, i), j))
                continue;
            TRY(a->terms->seen(a->terms->context, &found, leaf(a, i)->payment.serial, &coin_id));
            if (found)
                *status = STATUS_SEEN;
        }
    return ERR_OK;
}

static enum err check_conflict(enum status *status, const struct acceptance *a)
{
    for (size_t i = 0; i < a->view->payment_count; i++) {
        const struct packet_payment *payment = &a->view->payments[i];
        bool found = false;
        TRY(a->terms->conflict(a->terms->context, &found, payment->payment.serial,
                               &payment->payment.coin_id, &payment->id));
        if (found)
            *status = STATUS_CONFLICT;
    }
    return ERR_OK;
}

enum err packet_accept(enum status *status, const struct packet_view *view,
                       const struct trust *trust, const struct packet_terms *terms)
{
    const struct acceptance a = {view, trust, trust_policy(trust), terms, time_day(terms->now)};
    *status = STATUS_OK;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].applies(&a)) {
            *status = rules[i].status;
            return ERR_OK;
        }
    if (!terms->is_payer && terms->seen != NULL)
        TRY(check_seen(status, &a));
    if (*status == STATUS_OK && !terms->is_payer && terms->conflict != NULL)
        TRY(check_conflict(status, &a));
    return ERR_OK;
}
