/* Shared by tpm.c and tpm_counter.c, by nobody else: the only files that speak to libtss2. */
#ifndef DCEP_WALLET_KEYS_TPM_INSIDE_H
#define DCEP_WALLET_KEYS_TPM_INSIDE_H

#include "wallet/keys/tpm.h"

#include <tss2/tss2_esys.h>

enum { TPM_BLOB_MAX = 1024 };

struct tpm {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR primary, session;
};

enum err tpm_err(TSS2_RC rc) MUST_USE;

/* What libtss2 gives is freed by Esys_Free. */
#define TPM_FREE(name, type)                                                                       \
    static inline void tpm_free_##name(type **at)                                                  \
    {                                                                                              \
        Esys_Free(*at);                                                                            \
    }
TPM_FREE(private, TPM2B_PRIVATE)
TPM_FREE(public, TPM2B_PUBLIC)
TPM_FREE(signature, TPMT_SIGNATURE)
TPM_FREE(attest, TPM2B_ATTEST)
TPM_FREE(buffer, TPM2B_MAX_NV_BUFFER)

/* A key in the TPM, for the length of a call. */
struct tpm_loaded {
    struct tpm *tpm;
    ESYS_TR handle;
    TPM2B_PUBLIC area;
};
enum err tpm_load(struct tpm_loaded *out, struct tpm *tpm, struct span blob,
                  const struct tpm_auth *auth) MUST_USE;
void tpm_unload(struct tpm_loaded *loaded);
enum err tpm_read_signature(struct signature *out, const TPMT_SIGNATURE *from) MUST_USE;

#endif
