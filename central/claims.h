/* Claims: who holds an orphan is made whole from the guarantee of the bank that certified the
 * forking key, or, for forged money, from the loss account once an operator approved (design,
 * section 7; docs/PROTOCOL.md section 7.5). Pure.  Invariants: 1 an orphan coin is claimed
 * once. 2 never more is paid against one offender (a bank's customer) than the policy's cap,
 * nor more than the guarantee holds. 3 claims are paid in the order of their numbers: after
 * every act nothing can be paid on any claim that waits, so that a new one never overtakes. 4
 * the forker's own customer is never paid. */
#ifndef DCEP_CENTRAL_CLAIMS_H
#define DCEP_CENTRAL_CLAIMS_H

#include "central/register.h"

/* The owner of an orphan coin paid it to the register under an order. shown: the requests that came
 * with the order; the one it was paid under must be among them. */
enum err claims_make(struct register_env *env, const struct coin *orphan,
                     const struct signed_item_list *shown) MUST_USE;
/* Its owner's wallet is lost: his bank claims it for his key `claimant`. No request is asked
 * for. */
enum err claims_make_for(struct register_env *env, const struct coin *orphan,
                         const struct public_key *claimant) MUST_USE;
/* After a guarantee grew, or the cap. */
enum err claims_pay_waiting(struct register_env *env) MUST_USE;
/* An operator's word on a claim of forged money (approval row of kind APPROVAL_CLAIM). */
enum err claims_decide(struct register_env *env, const struct approval *approval,
                       bool approved) MUST_USE;
/* What waits against a bank's guarantee: it is not released below this. */
enum err claims_waiting_sum(struct register_env *env, struct amount *out,
                            uint64_t bank_id) MUST_USE;

#endif
