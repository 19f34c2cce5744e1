/* The authentication centre: banks enrolled, certificates logged, directory and revocation list
 * (docs/PROTOCOL.md sections 4, 8). Pure. The root key is never here: what it signs goes out as
 * payload bytes and comes back signed. */
#ifndef DCEP_CENTRAL_AUTHORITY_H
#define DCEP_CENTRAL_AUTHORITY_H

#include "central/register.h"

enum revocation_reason {
    REVOKED_DOUBLE_SPEND = 1,
    REVOKED_CLONE = 2,
    REVOKED_BY_BANK = 3,
    REVOKED_BY_OPERATOR = 4,
    REVOKED_STOLEN = 5,
};

/* --- a bank's enrolment, step 1: is the request good, and which certificate would the root
 * sign? --- STATUS_OK, form statuses, STATUS_SIGNATURE, STATUS_POINT,
 * STATUS_CERTIFIED_ELSEWHERE (a key of it is known already). The certificate's payload is fixed
 * by (enrollment, bank_id, days), so that step 2 may repeat it. */
struct authority_enrolment {
    struct bank_request request;
    struct bank_certificate certificate; /* to be signed by the root */
};
enum err authority_enrolment_read(struct register_env *env, enum status *status,
                                  struct authority_enrolment *out, struct span enrollment,
                                  uint64_t days) MUST_USE;
/* The directory that follows the present one: certificates replaced by bank_certificates if not
 * NULL, policy by policy if not NULL. */
struct authority_draft_options {
    const struct signed_item_list *bank_certificates; /* all of them, ascending bank_id */
    const struct policy *policy;
    uint64_t valid_days;
};
enum err authority_directory_draft(struct register_env *env, struct directory *out,
                                   const struct authority_draft_options *options) MUST_USE;
/* Step 2: the root's signatures. The directory must verify under root_key with the next version;
 * banks that it names and that have no row yet get one; a higher cap pays claims that wait.
 * STATUS_OK, STATUS_SIGNATURE, STATUS_VERSION, form statuses. */
enum err authority_directory_accept(struct register_env *env, enum status *status,
                                    const struct public_key *root_key, const char *network,
                                    const struct cose *directory) MUST_USE;
enum err authority_directory(struct register_env *env,
                             struct cose *out) MUST_USE; /* the newest; ERR_MISSING */

/* --- revocations --- */
/* STATUS_OK also if it is on the list already: then nothing changes. Else the list has a new
 * version, signed when somebody first asks for it. */
enum err authority_revoke(struct register_env *env, enum status *status,
                          const struct key_id *key_id, enum revocation_reason reason) MUST_USE;
enum err authority_revocations(struct register_env *env,
                               struct cose *out) MUST_USE; /* the newest */
enum err authority_revoked_version(struct register_env *env, bool *revoked, uint64_t *version,
                                   const struct public_key *key) MUST_USE;
/* Version 1, empty: at init. */
enum err authority_revocations_open(struct register_env *env) MUST_USE;

/* --- calls --- */
/* VERB_LOG: STATUS_OK, STATUS_CERTIFICATE (not under this bank), STATUS_CERTIFIED_ELSEWHERE. All
 * entries or none. */
enum err authority_log(struct register_env *env, enum status *status, const struct log_body *body,
                       const struct bank *bank) MUST_USE;
/* VERB_REVOKE: a bank revokes keys of its own wallets only: STATUS_FORBIDDEN. */
enum err authority_revoke_call(struct register_env *env, enum status *status,
                               const struct revoke_body *body, const struct bank *bank) MUST_USE;
enum err authority_fetch(struct register_env *env, struct fetch_reply *reply,
                         const struct fetch_body *body) MUST_USE;
enum err authority_wallet_key(struct register_env *env, bool *found, struct wallet_key *out,
                              const struct public_key *key) MUST_USE;

/* The policy a central bank starts with (design, section 6, and the tiers of the issue). */
enum err authority_first_policy(struct policy *out, struct arena *arena) MUST_USE;

#endif
