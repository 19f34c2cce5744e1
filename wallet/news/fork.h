/* Early warning, the answer: coins that somebody paid twice, each with the proof that the register
 * would make (docs/PROTOCOL.md section 7.4). Pure, over rows of an open transaction.
 *
 * Invariants: 1 a fork is kept only with a proof that verifies under the root key: nobody is
 * suspected on somebody's word. 2 one proof a coin. 3 coins of mine that come from a coin paid
 * twice, and are not settled, are set aside until the register says who was first: I neither pay
 * with them nor take more of them. */
#ifndef DCEP_WALLET_NEWS_FORK_H
#define DCEP_WALLET_NEWS_FORK_H

#include "wallet/state/wallet.h"

enum { FORKS_MAX = 1024, FORK_TOLD_MAX = 2, FORK_TOLD_DAYS = 7 };

/* A payment that somebody shows: does it fork from one that I hold? *found: newly so. certificate:
 * of its signer, if the one I hold is not to be used; may be NULL. */
enum err fork_hear_payment(struct wallet *wallet, struct purse_env *env, bool *found,
                           const struct cose *payment, const struct cose *certificate) MUST_USE;
/* The payments of a verified packet, against those that I hold. */
enum err fork_hear_packet(struct wallet *wallet, struct purse_env *env, bool *found,
                          const struct packet_view *view) MUST_USE;
/* ERR_PARSE...: not a proof that verifies. */
enum err fork_hear_proof(struct wallet *wallet, struct purse_env *env, bool *found,
                         struct span proof) MUST_USE;
/* For packet_terms: the coin is known to be paid twice, or I hold another payment of it. context =
 * the env. */
enum err fork_conflict(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                       const struct id *payment_id) MUST_USE;
/* All, the newest first. */
enum err fork_all(struct purse_env *env, struct fork_list *out) MUST_USE;
/* The newest of the last days, for others. */
enum err fork_to_tell(struct purse_env *env, struct fork_list *out) MUST_USE;

#endif
