/* The issuance vault: reserves, guarantees, issue orders and their approval (design, section 2;
 * docs/PROTOCOL.md section 6). Pure. Four eyes come later: an approval row has its own state and
 * decider, so a second decider is one more row, not another flow. */
#ifndef DCEP_CENTRAL_VAULT_H
#define DCEP_CENTRAL_VAULT_H

#include "central/register.h"

enum approval_kind { APPROVAL_ISSUE = 1, APPROVAL_CLAIM = 2 };
enum approval_state { APPROVAL_PENDING = 1, APPROVAL_APPROVED = 2, APPROVAL_REJECTED = 3 };

/* STATUS_OK, STATUS_UNKNOWN (no such bank), STATUS_FUNDS, STATUS_RANGE (nothing, or too much to
 * hold). */
enum err vault_reserve_credit(struct register_env *env, enum status *status, uint64_t bank_id,
                              struct amount amount) MUST_USE;
enum err vault_reserve_debit(struct register_env *env, enum status *status, uint64_t bank_id,
                             struct amount amount) MUST_USE;
enum err vault_guarantee_post(struct register_env *env, enum status *status, uint64_t bank_id,
                              struct amount amount) MUST_USE;
/* Not below what claims wait for: STATUS_STATE. */
enum err vault_guarantee_release(struct register_env *env, enum status *status, uint64_t bank_id,
                                 struct amount amount) MUST_USE;

/* VERB_ISSUE by a bank: STATUS_PENDING, STATUS_OK with the tokens (again the same bytes),
 * STATUS_FUNDS (at once, nothing is kept), STATUS_REJECTED, STATUS_REUSED (same nonce, another
 * body), STATUS_KIND (an output that is not the bank's vault key). */
enum err vault_issue(struct register_env *env, enum status *status, struct tokens_reply *reply,
                     const struct issue_body *body, const struct bank *bank) MUST_USE;
/* STATUS_OK, STATUS_UNKNOWN, STATUS_STATE (decided already), STATUS_FUNDS (the reserve shrank
 * meanwhile; it stays pending). */
enum err vault_decide(struct register_env *env, enum status *status, uint64_t approval_number,
                      bool approved, const char *operator_name, const char *reason) MUST_USE;
enum err vault_approvals(struct register_env *env, struct approval_list *out,
                         uint64_t state) MUST_USE; /* 0 = all */
enum err vault_bank(struct register_env *env, struct bank *out,
                    uint64_t bank_id) MUST_USE; /* ERR_MISSING */
enum err vault_banks(struct register_env *env, struct bank_list *out) MUST_USE;

#endif
