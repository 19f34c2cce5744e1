/* A TPM 2.0 (TCG TPM 2.0 Library, parts 1 to 3), through libtss2: P-256 keys that cannot leave it,
 * a counter that only rises, its word on a key. Knows nothing of wallets.
 *
 * 1. Keys are made under the storage primary of the owner hierarchy, with fixedTPM, fixedParent and
 *    sensitiveDataOrigin: nothing outside ever had them, nothing can take them out.
 * 2. What opens a key is its auth value, sent in a salted session, encrypted; a wrong one counts
 *    against the TPM's own dictionary attack protection.
 * 3. A loaded key is flushed before the call ends: a TPM has few places.
 *
 * Errors: ERR_AUTH (wrong auth value), ERR_BUSY (locked by too many of them), ERR_UNREACHABLE (no
 * TPM there), ERR_MISSING (no such counter), ERR_PARSE (a kept blob is none), ERR_LIBRARY (all else
 * it says). */
#ifndef DCEP_WALLET_KEYS_TPM_H
#define DCEP_WALLET_KEYS_TPM_H

#include "common/crypto/crypto.h"

struct tpm; /* handle */

/* where: a TCTI in the words of libtss2-tctildr ("device:/dev/tpmrm0", "swtpm:port=2321"). */
enum err tpm_open(struct tpm **out, const char *where) MUST_USE;
void tpm_close(struct tpm **tpm); /* fit for AUTO */

/* The auth value of a key (empty: none is needed). Wiped by its owner. */
struct tpm_auth {
    uint8_t bytes[32];
    size_t size; /* 0 or 32 */
};

/* A new key; blob: to be kept, worthless without this TPM (in arena). restricted: a key that signs
 * only the TPM's own statements. */
enum err tpm_make_key(struct tpm *tpm, struct public_key *out, struct span *blob,
                      const struct tpm_auth *auth, bool restricted, struct arena *arena) MUST_USE;
/* Does the TPM take this blob and this auth value? */
enum err tpm_try_key(struct tpm *tpm, struct span blob, const struct tpm_auth *auth) MUST_USE;
enum err tpm_sign(struct tpm *tpm, struct signature *out, struct span blob,
                  const struct tpm_auth *auth, struct span message) MUST_USE;
/* TPM2_Certify: `attestor`, a restricted key without auth value, says that the TPM holds `blob`.
 * area: the key's TPMT_PUBLIC; statement: TPMS_ATTEST, its extraData being qualifier; both in
 * arena. */
struct tpm_statement {
    struct span area, statement;
    struct signature signature;
};
enum err tpm_certify(struct tpm *tpm, struct tpm_statement *out, struct span blob,
                     const struct tpm_auth *auth, struct span attestor, const struct id *qualifier,
                     struct arena *arena) MUST_USE;

/* A counter at an index of the owner's range (part 2, 13). It begins above every value that any
 * counter of this TPM ever had. */
enum { TPM_INDEX_FIRST = 0x01800000, TPM_INDEX_COUNT = 0x00400000 };
enum err tpm_counter_make(struct tpm *tpm, uint32_t index) MUST_USE; /* ERR_EXISTS */
enum err tpm_counter_read(struct tpm *tpm, uint64_t *out, uint32_t index) MUST_USE;
enum err tpm_counter_step(struct tpm *tpm, uint32_t index) MUST_USE;

#endif
