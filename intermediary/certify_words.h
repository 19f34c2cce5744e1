/* Recovery words as the bank knows them: a public key, and whose it is (docs/adr/0025). Pure.
 *
 * Invariants: 1 a key is kept for a customer only with his proof that he has the words, made for a
 * wallet key that is certified for him. 2 a proof is good for the one wallet key that it names:
 * shown again by somebody else it opens nothing, so it needs no challenge and no clock. */
#ifndef DCEP_INTERMEDIARY_CERTIFY_WORDS_H
#define DCEP_INTERMEDIARY_CERTIFY_WORDS_H

#include "intermediary/customers.h"

/* STATUS_OK, form statuses, STATUS_SIGNATURE, STATUS_CERTIFICATE (it names another wallet key). */
enum status certify_words_read(const struct branch_env *env, struct recovery *out,
                               const struct cose *cose, const struct public_key *wallet_key);

/* --- inside a transaction --- */
/* Whose words? STATUS_OK, STATUS_WORDS. */
enum err certify_words_find(struct branch_env *env, enum status *status, uint64_t *customer,
                            const struct public_key *key) MUST_USE;
/* Those in force of this customer. */
enum err certify_words_of(struct branch_env *env, bool *found, struct public_key *out,
                          uint64_t customer) MUST_USE;
/* In place of those that he had. STATUS_OK, STATUS_CERTIFIED_ELSEWHERE (another customer's). */
enum err certify_words_keep(struct branch_env *env, enum status *status, uint64_t customer,
                            const struct recovery *recovery, const struct cose *cose) MUST_USE;

/* With a transaction of its own: new words, asked for by a wallet of the customer.
 * As certify_words_read and certify_words_keep. */
struct bank_wallet;
enum err certify_words_new(struct branch_env *env, enum status *status, const struct cose *cose,
                           const struct bank_wallet *sender) MUST_USE;

#endif
