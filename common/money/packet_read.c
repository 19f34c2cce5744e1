/* Check 1 to 3 of the one verifier: size and counts, encoding, version; bytes in, records out.
 *
 * 1. Too large is said before a byte is read. Then the container: its verdict is the decoder's.
 * Then every record in it: tokens, payments, certificates; of their verdicts the first in the order
 * of status.h.
 * 2. The days of a token rise: issued, spend by, redeem by; else RANGE.
 *
 * Never reads certificates for the register: who certified a signer is a question of guilt, not of
 * ownership. */
#include "common/money/packet_check.h"

static enum err read_token(struct packet_token *out, const struct cose *cose,
                           const struct packet_check *check)
{
    out->cose = *cose;
    TRY(token_decode(&out->token, cose->payload, check->arena));
    if (out->token.issued_day > out->token.spend_by_day ||
        out->token.spend_by_day > out->token.redeem_by_day)
        return ERR_RANGE;
    return ERR_OK;
}

static enum err read_payment(struct packet_payment *out, const struct cose *cose,
                             const struct packet_check *check)
{
    out->cose = *cose;
    out->parent = out->parent_output = out->token = out->certificate = PACKET_NONE;
    return payment_decode(&out->payment, cose->payload, check->arena);
}

static enum status read_records(struct packet_check *check)
{
    struct packet_view *view = check->view;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < view->token_count; i++)
        status = status_first(
            status, record_status(
                        read_token(&view->tokens[i], &view->packet.tokens.items[i].record, check)));
    for (size_t i = 0; i < view->payment_count; i++)
        status = status_first(
            status, record_status(read_payment(&view->payments[i],
                                               &view->packet.payments.items[i].record, check)));
    for (size_t i = 0; i < view->certificate_count; i++)
        status = status_first(
            status, record_status(wallet_certificate_decode(
                        &view->certificates[i], view->packet.certificates.items[i].record.payload,
                        check->arena)));
    return status;
}

/* Room for the records, and how many there are. */
static enum err make_room(struct packet_check *check)
{
    struct packet_view *view = check->view;
    void *tokens, *payments, *certificates;
    view->token_count = view->packet.tokens.count;
    view->payment_count = view->packet.payments.count;
    if (check->options->role != PACKET_FOR_REGISTER && check->options->role != PACKET_FOR_RELAY)
        view->certificate_count = view->packet.certificates.count;
    TRY(arena_alloc(check->arena, &tokens, view->token_count, sizeof *view->tokens));
    TRY(arena_alloc(check->arena, &payments, view->payment_count, sizeof *view->payments));
    TRY(arena_alloc(check->arena, &certificates, view->certificate_count,
                    sizeof *view->certificates));
    view->tokens = tokens;
    view->payments = payments;
    view->certificates = certificates;
    return ERR_OK;
}

enum err packet_read(enum status *status, struct packet_check *check)
{
    struct packet_view *view = check->view;
    if (check->bytes.size > PACKET_SIZE_MAX) {
        *status = STATUS_LIMIT;
        return ERR_OK;
    }
    *status = record_status(packet_decode(&view->packet, check->bytes, check->arena));
    if (*status != STATUS_OK)
        return ERR_OK;
    if (view->packet.payments.count == 0 && !check->options->allow_roots) {
        *status = STATUS_LIMIT;
        return ERR_OK;
    }
    TRY(make_room(check));
    *status = read_records(check);
    return ERR_OK;
}
