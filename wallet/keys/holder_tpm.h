/* A holder of keys over a TPM (wallet/keys/holder.h over wallet/keys/tpm.h). */
#ifndef DCEP_WALLET_KEYS_HOLDER_TPM_H
#define DCEP_WALLET_KEYS_HOLDER_TPM_H

#include "wallet/keys/holder.h"

struct holder_tpm; /* handle */

struct holder_tpm_options {
    const char *where;    /* the TPM: see tpm_open */
    uint64_t index;       /* of its counter; 0: a new wallet, one is chosen */
    struct span attestor; /* as kept; empty: a new wallet, one is made */
    void *context;
    /* The secret that opens the keys, asked for with the first; empty: they need none. */
    enum err (*pin)(void *context, struct span *out, bool is_needed);
};
/* ERR_UNREACHABLE: no TPM there. What it gives lives as long as the handle. */
enum err holder_tpm_open(struct holder_tpm **out,
                         const struct holder_tpm_options *options) MUST_USE;
const struct holder *holder_tpm_holder(const struct holder_tpm *holder);
void holder_tpm_close(struct holder_tpm **holder); /* fit for AUTO */

#endif
