/* Proofs of fraud: the same coin paid twice (double spend), or one counter on two coins (clone).
 * Valid without trust in whoever shows it; names only the key that forked. Dates are ignored.
 * (design, section 7; docs/PROTOCOL.md section 7.) Pure. */
#ifndef DCEP_COMMON_MONEY_PROOF_H
#define DCEP_COMMON_MONEY_PROOF_H

#include "common/money/trust.h"

enum proof_kind { PROOF_DOUBLE_SPEND, PROOF_CLONE };
struct proof_finding {
    enum proof_kind kind;
    struct public_key key; /* that signed both */
    uint64_t bank_id;      /* that certified it */
    bool is_vault;
    struct wallet_certificate certificate; /* unless is_vault */
    struct payment payment_a, payment_b;
    struct id payment_a_id, payment_b_id;
};
/* bytes: an unwrapped proof. The root key alone decides (the bank certificate is inside).
 * STATUS_OK, form statuses, STATUS_CERTIFICATE, STATUS_SIGNATURE, STATUS_CHAIN (not a fraud: same
 * id, or other coins and other counters). */
enum status proof_verify(struct proof_finding *out, const char *network,
                         const struct public_key *root_key, struct span bytes, struct arena *arena);
enum err proof_encode_parts(struct buffer *out, const struct cose *wallet_certificate,
                            const struct cose *bank_certificate, const struct cose *payment_a,
                            const struct cose *payment_b) MUST_USE;

#endif
