/* The TPM (contract in tpm.h): the session, keys, signatures. The counter: tpm_counter.c. */
#include "wallet/keys/tpm_inside.h"

#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

/* --- what it says when it does not --- */

static bool is_code(TSS2_RC rc, TSS2_RC code)
{
    const TSS2_RC bare = (rc & TPM2_RC_FMT1) != 0 ? rc & (TPM2_RC_FMT1 | 0x3f) : rc & 0xfff;
    return bare == code;
}

enum err tpm_err(TSS2_RC rc)
{
    if (rc == TSS2_RC_SUCCESS)
        return ERR_OK;
    if ((rc & TSS2_RC_LAYER_MASK) != TSS2_TPM_RC_LAYER)
        return (rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER ? ERR_UNREACHABLE : ERR_LIBRARY;
    if (is_code(rc, TPM2_RC_AUTH_FAIL) || is_code(rc, TPM2_RC_BAD_AUTH))
        return ERR_AUTH;
    if (is_code(rc, TPM2_RC_LOCKOUT))
        return ERR_BUSY;
    if (is_code(rc, TPM2_RC_NV_DEFINED))
        return ERR_EXISTS;
    return ERR_LIBRARY;
}

/* --- opening --- */

/* The storage primary of the TCG's provisioning guidance: the same template gives the same key. */
static enum err make_primary(struct tpm *tpm)
{
    const TPM2B_SENSITIVE_CREATE nothing = {0};
    const TPM2B_DATA outside = {0};
    const TPML_PCR_SELECTION pcrs = {0};
    const TPM2B_PUBLIC template = {
        .publicArea = {
            .type = TPM2_ALG_ECC,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT |
                                TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                                TPMA_OBJECT_NODA,
            .parameters.eccDetail = {.symmetric = {.algorithm = TPM2_ALG_AES,
                                                   .keyBits.aes = 128,
                                                   .mode.aes = TPM2_ALG_CFB},
                                     .scheme.scheme = TPM2_ALG_NULL,
                                     .curveID = TPM2_ECC_NIST_P256,
                                     .kdf.scheme = TPM2_ALG_NULL},
        }};
    return tpm_err(Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                      ESYS_TR_NONE, &nothing, &template, &outside, &pcrs,
                                      &tpm->primary, NULL, NULL, NULL, NULL));
}

/* Salted by the primary, so that what is sent in it is hidden from the bus. */
static enum err start_session(struct tpm *tpm)
{
    const TPMT_SYM_DEF cipher = {
        .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
    TRY(tpm_err(Esys_StartAuthSession(tpm->esys, tpm->primary, ESYS_TR_NONE, ESYS_TR_NONE,
                                      ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &cipher,
                                      TPM2_ALG_SHA256, &tpm->session)));
    const TPMA_SESSION flags = TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT;
    return tpm_err(Esys_TRSess_SetAttributes(tpm->esys, tpm->session, flags, 0xff));
}

static enum err open_parts(struct tpm *tpm, const char *where)
{
    (void)setenv("TSS2_LOG", "all+NONE", 0); /* what went wrong is ours to say */
    if (Tss2_TctiLdr_Initialize(where, &tpm->tcti) != TSS2_RC_SUCCESS)
        return ERR_UNREACHABLE;
    TRY(tpm_err(Esys_Initialize(&tpm->esys, tpm->tcti, NULL)));
    TRY(make_primary(tpm));
    return start_session(tpm);
}

enum err tpm_open(struct tpm **out, const char *where)
{
    struct tpm *tpm AUTO(tpm_close) = calloc(1, sizeof *tpm);
    if (tpm == NULL)
        return ERR_MEMORY;
    tpm->primary = tpm->session = ESYS_TR_NONE;
    TRY(open_parts(tpm, where));
    *out = TAKE(tpm);
    return ERR_OK;
}

void tpm_close(struct tpm **tpm_at)
{
    struct tpm *tpm = *tpm_at;
    if (tpm == NULL)
        return;
    if (tpm->esys != NULL && tpm->session != ESYS_TR_NONE)
        (void)Esys_FlushContext(tpm->esys, tpm->session);
    if (tpm->esys != NULL && tpm->primary != ESYS_TR_NONE)
        (void)Esys_FlushContext(tpm->esys, tpm->primary);
    Esys_Finalize(&tpm->esys);
    Tss2_TctiLdr_Finalize(&tpm->tcti);
    free(tpm);
    *tpm_at = NULL;
}

/* --- blobs: the public area, then what only this TPM can read --- */

static enum err put_blob(struct span *blob, const TPM2B_PUBLIC *area, const TPM2B_PRIVATE *sealed,
                         struct arena *arena)
{
    uint8_t bytes[TPM_BLOB_MAX];
    size_t used = 0;
    if (Tss2_MU_TPM2B_PUBLIC_Marshal(area, bytes, sizeof bytes, &used) != TSS2_RC_SUCCESS ||
        Tss2_MU_TPM2B_PRIVATE_Marshal(sealed, bytes, sizeof bytes, &used) != TSS2_RC_SUCCESS)
        return ERR_LIBRARY;
    return arena_copy(arena, blob, span_of(bytes, used));
}

static enum err read_blob(TPM2B_PUBLIC *area, TPM2B_PRIVATE *sealed, struct span blob)
{
    size_t used = 0;
    *area = (TPM2B_PUBLIC){0};
    *sealed = (TPM2B_PRIVATE){0};
    if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(blob.data, blob.size, &used, area) != TSS2_RC_SUCCESS ||
        Tss2_MU_TPM2B_PRIVATE_Unmarshal(blob.data, blob.size, &used, sealed) != TSS2_RC_SUCCESS)
        return ERR_PARSE;
    return used == blob.size ? ERR_OK : ERR_PARSE;
}

/* Big-endian numbers that may come without their leading zeros. */
static enum err put_number(uint8_t out[32], const TPM2B_ECC_PARAMETER *number)
{
    if (number->size > 32)
        return ERR_LIBRARY;
    memset(out, 0, 32);
    memcpy(out + 32 - number->size, number->buffer, number->size);
    return ERR_OK;
}

static enum err read_point(struct public_key *out, const TPM2B_PUBLIC *area)
{
    uint8_t y[32];
    const TPMS_ECC_POINT *point = &area->publicArea.unique.ecc;
    TRY(put_number(out->bytes + 1, &point->x));
    TRY(put_number(y, &point->y));
    out->bytes[0] = (y[31] & 1) != 0 ? 3 : 2;
    return ERR_OK;
}

static TPM2B_AUTH auth_of(const struct tpm_auth *auth)
{
    TPM2B_AUTH out = {.size = (UINT16)auth->size};
    memcpy(out.buffer, auth->bytes, auth->size);
    return out;
}

/* --- keys --- */

static TPM2B_PUBLIC template_of(bool restricted)
{
    TPMA_OBJECT attributes = TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_FIXEDTPM |
                             TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                             TPMA_OBJECT_USERWITHAUTH;
    if (restricted)
        attributes |= TPMA_OBJECT_RESTRICTED;
    return (TPM2B_PUBLIC){
        .publicArea = {
            .type = TPM2_ALG_ECC,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = attributes,
            .parameters.eccDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
                                     .scheme = {.scheme = TPM2_ALG_ECDSA,
                                                .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
                                     .curveID = TPM2_ECC_NIST_P256,
                                     .kdf.scheme = TPM2_ALG_NULL},
        }};
}

enum err tpm_make_key(struct tpm *tpm, struct public_key *out, struct span *blob,
                      const struct tpm_auth *auth, bool restricted, struct arena *arena)
{
    TPM2B_SENSITIVE_CREATE sensitive = {.sensitive.userAuth = auth_of(auth)};
    const TPM2B_PUBLIC template = template_of(restricted);
    const TPM2B_DATA outside = {0};
    const TPML_PCR_SELECTION pcrs = {0};
    TPM2B_PRIVATE *sealed AUTO(tpm_free_private) = NULL;
    TPM2B_PUBLIC *area AUTO(tpm_free_public) = NULL;
    const enum err error = tpm_err(Esys_Create(tpm->esys, tpm->primary, tpm->session, ESYS_TR_NONE,
                                               ESYS_TR_NONE, &sensitive, &template, &outside, &pcrs,
                                               &sealed, &area, NULL, NULL, NULL));
    secret_wipe_bytes(&sensitive, sizeof sensitive);
    TRY(error);
    TRY(read_point(out, area));
    return put_blob(blob, area, sealed, arena);
}

enum err tpm_load(struct tpm_loaded *out, struct tpm *tpm, struct span blob,
                  const struct tpm_auth *auth)
{
    TPM2B_PRIVATE sealed;
    TPM2B_AUTH value = auth_of(auth);
    *out = (struct tpm_loaded){.tpm = tpm, .handle = ESYS_TR_NONE};
    TRY(read_blob(&out->area, &sealed, blob));
    enum err error = tpm_err(Esys_Load(tpm->esys, tpm->primary, tpm->session, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &sealed, &out->area, &out->handle));
    if (error == ERR_OK)
        error = tpm_err(Esys_TR_SetAuth(tpm->esys, out->handle, &value));
    secret_wipe_bytes(&value, sizeof value);
    return error;
}

void tpm_unload(struct tpm_loaded *loaded)
{
    if (loaded->tpm != NULL && loaded->handle != ESYS_TR_NONE)
        (void)Esys_FlushContext(loaded->tpm->esys, loaded->handle);
    *loaded = (struct tpm_loaded){.handle = ESYS_TR_NONE};
}

enum err tpm_read_signature(struct signature *out, const TPMT_SIGNATURE *from)
{
    if (from->sigAlg != TPM2_ALG_ECDSA || from->signature.ecdsa.hash != TPM2_ALG_SHA256)
        return ERR_LIBRARY;
    TRY(put_number(out->bytes, &from->signature.ecdsa.signatureR));
    return put_number(out->bytes + 32, &from->signature.ecdsa.signatureS);
}

enum err tpm_sign(struct tpm *tpm, struct signature *out, struct span blob,
                  const struct tpm_auth *auth, struct span message)
{
    struct tpm_loaded key AUTO(tpm_unload) = {.handle = ESYS_TR_NONE};
    TPMT_SIGNATURE *signature AUTO(tpm_free_signature) = NULL;
    const struct id hash = crypto_hash(&message, 1);
    TPM2B_DIGEST digest = {.size = ID_SIZE};
    const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL};
    const TPMT_TK_HASHCHECK not_ours = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
    memcpy(digest.buffer, hash.bytes, ID_SIZE);
    TRY(tpm_load(&key, tpm, blob, auth));
    TRY(tpm_err(Esys_Sign(tpm->esys, key.handle, tpm->session, ESYS_TR_NONE, ESYS_TR_NONE, &digest,
                          &scheme, &not_ours, &signature)));
    return tpm_read_signature(out, signature);
}

/* The TPM tells no more of an auth value than by using it. */
enum err tpm_try_key(struct tpm *tpm, struct span blob, const struct tpm_auth *auth)
{
    struct signature signature;
    return tpm_sign(tpm, &signature, blob, auth, span_text("dcep: is this the PIN?"));
}
