/* Proofs of fraud, checked with the root key alone (contract in proof.h).
 *
 * 1. The verdict is the first, in the order of status.h, that applies: forms, POINT, CHAIN,
 * CERTIFICATE, SIGNATURE.
 * 2. The bank that a wallet certificate names is the bank whose key must have signed it: a bank
 * can't blame another bank's customer.
 * 3. Two spellings of one payment are one payment: ids leave the signature out, so equal ids are no
 * fraud.
 *
 * Never looks at a date, a directory or a revocation list: a proof holds for ever. */
#include "common/money/proof.h"

#include <string.h>

/* Both payments, decoded, and what they have in common. */
static enum err read_payments(struct proof_finding *out, const char *network,
                              const struct proof *proof, struct arena *arena)
{
    TRY(payment_decode(&out->payment_a, proof->payment_a.payload, arena));
    TRY(payment_decode(&out->payment_b, proof->payment_b.payload, arena));
    out->payment_a_id = record_id(network, KIND_PAYMENT, proof->payment_a.payload);
    out->payment_b_id = record_id(network, KIND_PAYMENT, proof->payment_b.payload);
    return ERR_OK;
}

static enum status judge_pair(struct proof_finding *finding)
{
    const struct payment *a = &finding->payment_a, *b = &finding->payment_b;
    if (id_equal(&finding->payment_a_id, &finding->payment_b_id))
        return STATUS_CHAIN;
    if (a->serial == b->serial && id_equal(&a->coin_id, &b->coin_id))
        finding->kind = PROOF_DOUBLE_SPEND;
    else if (a->counter == b->counter)
        finding->kind = PROOF_CLONE;
    else
        return STATUS_CHAIN;
    return STATUS_OK;
}

/* Whose key it is: the bank's vault, or a wallet that this bank certified. */
static enum err read_certificates(struct proof_finding *out, struct bank_certificate *bank,
                                  const struct proof *proof, struct arena *arena)
{
    TRY(bank_certificate_decode(bank, proof->bank_certificate.payload, arena));
    out->bank_id = bank->bank_id;
    out->is_vault = !proof->has_wallet_certificate;
    out->key = bank->vault_key;
    if (!out->is_vault) {
        TRY(wallet_certificate_decode(&out->certificate, proof->wallet_certificate.payload, arena));
        out->key = out->certificate.wallet_key;
    }
    return ERR_OK;
}

static enum status check_certificates(const struct proof_finding *finding,
                                      const struct bank_certificate *bank, const char *network,
                                      const struct public_key *root_key, const struct proof *proof)
{
    if (record_verify(network, KIND_BANK_CERTIFICATE, &proof->bank_certificate, root_key) != ERR_OK)
        return STATUS_CERTIFICATE;
    if (finding->is_vault)
        return STATUS_OK;
    if (finding->certificate.bank_id != bank->bank_id)
        return STATUS_CERTIFICATE;
    enum err error = record_verify(network, KIND_WALLET_CERTIFICATE, &proof->wallet_certificate,
                                   &bank->bank_key);
    return error == ERR_OK ? STATUS_OK : STATUS_CERTIFICATE;
}

static enum status check_signatures(const struct proof_finding *finding, const char *network,
                                    const struct proof *proof)
{
    enum err a = record_verify(network, KIND_PAYMENT, &proof->payment_a, &finding->key);
    enum err b = record_verify(network, KIND_PAYMENT, &proof->payment_b, &finding->key);
    return a == ERR_OK && b == ERR_OK ? STATUS_OK : STATUS_SIGNATURE;
}

/* The records inside, each judged; the first status of all of them. */
static enum status read_parts(struct proof_finding *out, struct bank_certificate *bank,
                              const char *network, const struct proof *proof, struct arena *arena)
{
    enum status certificates = record_status(read_certificates(out, bank, proof, arena));
    enum status payments = record_status(read_payments(out, network, proof, arena));
    return status_first(certificates, payments);
}

static enum status judge(struct proof_finding *out, const char *network,
                         const struct public_key *root_key, struct span bytes, struct arena *arena)
{
    struct proof proof;
    struct bank_certificate bank;
    if (bytes.size > PACKET_SIZE_MAX)
        return STATUS_LIMIT;
    enum status status = record_status(proof_decode(&proof, bytes, arena));
    if (status == STATUS_OK)
        status = read_parts(out, &bank, network, &proof, arena);
    if (status == STATUS_OK)
        status = judge_pair(out);
    if (status == STATUS_OK && crypto()->key_check(&out->key) != ERR_OK)
        status = STATUS_POINT;
    if (status == STATUS_OK)
        status = check_certificates(out, &bank, network, root_key, &proof);
    return status == STATUS_OK ? check_signatures(out, network, &proof) : status;
}

enum status proof_verify(struct proof_finding *out, const char *network,
                         const struct public_key *root_key, struct span bytes, struct arena *arena)
{
    memset(out, 0, sizeof *out);
    enum status status = judge(out, network, root_key, bytes, arena);
    if (status != STATUS_OK)
        memset(out, 0, sizeof *out); /* nobody is named by half a proof */
    return status;
}

enum err proof_encode_parts(struct buffer *out, const struct cose *wallet_certificate,
                            const struct cose *bank_certificate, const struct cose *payment_a,
                            const struct cose *payment_b)
{
    struct proof proof = {
        .has_wallet_certificate = wallet_certificate != NULL,
        .bank_certificate = *bank_certificate,
        .payment_a = *payment_a,
        .payment_b = *payment_b,
    };
    if (wallet_certificate != NULL)
        proof.wallet_certificate = *wallet_certificate;
    return proof_encode(out, &proof);
}
