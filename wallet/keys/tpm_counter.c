/* The TPM's counter and its word on a key (contract in tpm.h). */
#include "wallet/keys/tpm_inside.h"

#include <string.h>
#include <tss2/tss2_mu.h>

/* --- the counter --- */

/* Everybody who may use this TPM may read and step it: whoever steps it behind the wallet's back
 * can only stop the wallet, as whoever clears the TPM can. */
enum err tpm_counter_make(struct tpm *tpm, uint32_t index)
{
    const TPM2B_AUTH none = {0};
    const TPM2B_NV_PUBLIC area = {
        .nvPublic = {.nvIndex = index,
                     .nameAlg = TPM2_ALG_SHA256,
                     .attributes = TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA |
                                   (TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT),
                     .dataSize = sizeof(uint64_t)}};
    ESYS_TR handle = ESYS_TR_NONE;
    const enum err error =
        tpm_err(Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &none, &area, &handle));
    return error;
}

static enum err find_counter(ESYS_TR *out, struct tpm *tpm, uint32_t index)
{
    const TSS2_RC rc =
        Esys_TR_FromTPMPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out);
    const enum err error = tpm_err(rc);
    return error == ERR_LIBRARY ? ERR_MISSING : error;
}

enum err tpm_counter_read(struct tpm *tpm, uint64_t *out, uint32_t index)
{
    ESYS_TR counter = ESYS_TR_NONE;
    TPM2B_MAX_NV_BUFFER *value AUTO(tpm_free_buffer) = NULL;
    TRY(find_counter(&counter, tpm, index));
    const TSS2_RC rc = Esys_NV_Read(tpm->esys, counter, counter, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, sizeof *out, 0, &value);
    if (rc == TPM2_RC_NV_UNINITIALIZED) { /* made, and never stepped */
        *out = 0;
        return ERR_OK;
    }
    TRY(tpm_err(rc));
    if (value->size != sizeof *out)
        return ERR_LIBRARY;
    *out = 0;
    for (size_t i = 0; i < sizeof *out; i++)
        *out = *out << 8 | value->buffer[i];
    return ERR_OK;
}

enum err tpm_counter_step(struct tpm *tpm, uint32_t index)
{
    ESYS_TR counter = ESYS_TR_NONE;
    TRY(find_counter(&counter, tpm, index));
    return tpm_err(Esys_NV_Increment(tpm->esys, counter, counter, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                     ESYS_TR_NONE));
}

/* --- its word --- */

static enum err copy_area(struct span *out, const TPM2B_PUBLIC *area, struct arena *arena)
{
    uint8_t bytes[TPM_BLOB_MAX];
    size_t used = 0;
    if (Tss2_MU_TPMT_PUBLIC_Marshal(&area->publicArea, bytes, sizeof bytes, &used) !=
        TSS2_RC_SUCCESS)
        return ERR_LIBRARY;
    return arena_copy(arena, out, span_of(bytes, used));
}

enum err tpm_certify(struct tpm *tpm, struct tpm_statement *out, struct span blob,
                     const struct tpm_auth *auth, struct span attestor, const struct id *qualifier,
                     struct arena *arena)
{
    struct tpm_loaded key AUTO(tpm_unload) = {.handle = ESYS_TR_NONE};
    struct tpm_loaded signer AUTO(tpm_unload) = {.handle = ESYS_TR_NONE};
    TPM2B_ATTEST *statement AUTO(tpm_free_attest) = NULL;
    TPMT_SIGNATURE *signature AUTO(tpm_free_signature) = NULL;
    const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL};
    const struct tpm_auth none = {.size = 0};
    TPM2B_DATA data = {.size = ID_SIZE};
    memcpy(data.buffer, qualifier->bytes, ID_SIZE);
    TRY(tpm_load(&key, tpm, blob, auth));
    TRY(tpm_load(&signer, tpm, attestor, &none));
    TRY(tpm_err(Esys_Certify(tpm->esys, key.handle, signer.handle, tpm->session, ESYS_TR_PASSWORD,
                             ESYS_TR_NONE, &data, &scheme, &statement, &signature)));
    TRY(tpm_read_signature(&out->signature, signature));
    TRY(copy_area(&out->area, &key.area, arena));
    return arena_copy(arena, &out->statement, span_of(statement->attestationData, statement->size));
}
