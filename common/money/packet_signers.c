/* Check 6 and 7: who certified the signers, and whether they signed.
 *
 * 1. A signer is the vault key of a bank of the directory, or has exactly one certificate in the
 * packet, by the bank that the certificate names. A certificate that no signer needs, or a second
 * one of a key: CERTIFICATE.
 * 2. Signatures are verified last, all in one call.
 * 3. What `known` vouches for is not verified again; only the register is vouched to, because a
 * payee keeps and passes on the very bytes it was shown, signatures included, and an id does not
 * vouch for those.
 *
 * Never looks at a date or a limit in a certificate: that is policy. */
#include "common/money/packet_check.h"

/* --- a batch of signatures --- */

struct batch {
    struct crypto_check *checks;
    size_t count;
};

static enum err batch_open(struct batch *out, struct arena *arena, size_t count_max)
{
    void *checks;
    TRY(arena_alloc(arena, &checks, count_max, sizeof *out->checks));
    *out = (struct batch){checks, 0};
    return ERR_OK;
}

static enum err batch_add(struct batch *batch, const struct packet_check *check, enum kind kind,
                          const struct cose *cose, const struct public_key *key)
{
    struct crypto_check *one = &batch->checks[batch->count];
    TRY(record_message(&one->message, check->trust->network, kind, cose->payload, check->arena));
    one->key = *key;
    one->signature = cose->signature;
    batch->count++;
    return ERR_OK;
}

static enum err batch_verify(enum status *status, const struct batch *batch, enum status refused)
{
    if (batch->count == 0)
        return ERR_OK;
    TRY(crypto()->verify_many(batch->checks, batch->count));
    for (size_t i = 0; i < batch->count; i++)
        if (!batch->checks[i].valid)
            *status = refused;
    return ERR_OK;
}

/* --- certificates --- */

/* The one certificate of key; PACKET_NONE if there is none or more than one. */
static int find_certificate(const struct packet_view *view, const struct public_key *key)
{
    int found = PACKET_NONE;
    for (size_t i = 0; i < view->certificate_count; i++) {
        if (!key_equal(&view->certificates[i].wallet_key, key))
            continue;
        if (found != PACKET_NONE)
            return PACKET_NONE;
        found = (int)i;
    }
    return found;
}

static bool certify(struct packet_payment *payment, const struct packet_check *check)
{
    payment->bank = trust_vault(check->trust, &payment->owner_key);
    if (payment->bank != NULL)
        return true;
    payment->certificate = find_certificate(check->view, &payment->owner_key);
    if (payment->certificate == PACKET_NONE)
        return false;
    payment->bank =
        trust_bank(check->trust, check->view->certificates[payment->certificate].bank_id);
    return payment->bank != NULL;
}

static bool is_needed(const struct packet_view *view, size_t certificate)
{
    for (size_t i = 0; i < view->payment_count; i++)
        if (view->payments[i].certificate == (int)certificate)
            return true;
    return false;
}

static bool match_certificates(const struct packet_check *check)
{
    struct packet_view *view = check->view;
    for (size_t i = 0; i < view->payment_count; i++)
        if (!certify(&view->payments[i], check))
            return false;
    for (size_t i = 0; i < view->certificate_count; i++)
        if (!is_needed(view, i))
            return false;
    return true;
}

enum err packet_check_certificates(enum status *status, struct packet_check *check)
{
    const struct packet_view *view = check->view;
    struct batch batch;
    if (!match_certificates(check)) {
        *status = STATUS_CERTIFICATE;
        return ERR_OK;
    }
    TRY(batch_open(&batch, check->arena, view->certificate_count));
    for (size_t i = 0; i < view->certificate_count; i++) {
        const struct trust_bank *bank = trust_bank(check->trust, view->certificates[i].bank_id);
        TRY(batch_add(&batch, check, KIND_WALLET_CERTIFICATE,
                      &view->packet.certificates.items[i].record, &bank->certificate.bank_key));
    }
    return batch_verify(status, &batch, STATUS_CERTIFICATE);
}

/* --- signatures --- */

static enum err add_tokens(struct batch *batch, const struct packet_check *check)
{
    for (size_t i = 0; i < check->view->token_count; i++) {
        const struct packet_token *token = &check->view->tokens[i];
        if (token->is_known)
            continue;
        TRY(batch_add(batch, check, KIND_TOKEN, &token->cose,
                      trust_issuing_key(check->trust, &token->token.issuing_key_id)));
    }
    return ERR_OK;
}

static enum err add_payments(struct batch *batch, const struct packet_check *check)
{
    for (size_t i = 0; i < check->view->payment_count; i++) {
        const struct packet_payment *payment = &check->view->payments[i];
        if (!check->is_vouched[i] && check->signature[i] == PACKET_UNASKED)
            TRY(batch_add(batch, check, KIND_PAYMENT, &payment->cose, &payment->owner_key));
    }
    return ERR_OK;
}

enum err packet_check_signatures(enum status *status, struct packet_check *check)
{
    struct batch batch;
    TRY(batch_open(&batch, check->arena, check->view->token_count + check->view->payment_count));
    TRY(add_tokens(&batch, check));
    TRY(add_payments(&batch, check));
    for (size_t i = 0; i < check->view->payment_count; i++)
        if (!check->is_vouched[i] && check->signature[i] == PACKET_BAD)
            *status = STATUS_SIGNATURE;
    return batch_verify(status, &batch, STATUS_SIGNATURE);
}
