/* Certificates of customers' wallet keys: the first by a join code, the next by the key before.
 * Pure.
 *
 * Invariants: 1 no certificate is handed out before the central bank has logged it under this
 * customer's number. 2 one key belongs to one customer, for ever. 3 what its owner signed to get it
 * is kept. 4 asked again with the same key, the same certificate while it is in date. 5 a key that
 * was given up never gets one, also if its first never arrived. */
#ifndef DCEP_INTERMEDIARY_CERTIFY_H
#define DCEP_INTERMEDIARY_CERTIFY_H

#include "intermediary/customers.h"

/* By a code, by recovery words, or by both: then the words are kept for the customer. By
 * words alone his other keys are given up. STATUS_OK, STATUS_CODE, STATUS_WORDS, STATUS_KIND (it
 * names a previous key), STATUS_SIGNATURE, STATUS_POINT,
 * STATUS_CERTIFIED_ELSEWHERE, STATUS_FORBIDDEN (the key was given up), STATUS_UNREACHABLE (ask the
 * same again). */
enum err certify_join(struct branch_env *env, enum status *status, struct certify_reply *reply,
                      const struct join_body *body) MUST_USE;
/* sender: the wallet that calls. As above; STATUS_FORBIDDEN if the previous key is not the
 * sender's. */
enum err certify_next(struct branch_env *env, enum status *status, struct certify_reply *reply,
                      const struct certify_body *body, const struct bank_wallet *sender) MUST_USE;

/* --- keys of customers --- */
enum err certify_wallet(struct branch_env *env, bool *found, struct bank_wallet *out,
                        const struct public_key *key) MUST_USE;
/* All keys (customer 0), or a customer's, the newest last: in the order in which they came. */
enum err certify_wallets(struct branch_env *env, struct bank_wallet_list *out,
                         uint64_t customer) MUST_USE;
/* A customer's wallets are lost, all that he has now: their keys are given up, and those that still
 * wait for their first certificate. Those in date are revoked at the central bank; the others
 * nobody takes any more. *count: keys given up. As below; STATUS_OK also without any. Asked again,
 * it goes on. */
enum err certify_give_up(struct branch_env *env, enum status *status, size_t *count,
                         uint64_t customer) MUST_USE;
/* Revoked at the central bank, then here; of a key that was never handed out, the central bank may
 * know nothing. STATUS_OK, STATUS_UNKNOWN, STATUS_FORBIDDEN, STATUS_UNREACHABLE. */
enum err certify_revoke(struct branch_env *env, enum status *status,
                        const struct public_key *key) MUST_USE;

#endif
