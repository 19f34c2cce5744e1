/* Inside the handover: the payer's steps that a trial goes through as well. Not for other files. */
#ifndef DCEP_WALLET_HANDOVER_HANDOVER_STEP_H
#define DCEP_WALLET_HANDOVER_HANDOVER_STEP_H

#include "wallet/handover/handover.h"

/* The invoice into the offer: whose it is, and is it theirs? */
enum status handover_read_invoice(struct wallet *wallet, struct handover_offer *out,
                                  struct span invoice_file, struct arena *arena);
/* What an honest wallet refuses whatever coins it has: dates, limits, clock. In a transaction. */
enum err handover_refusal(struct wallet *wallet, struct purse_env *env, enum status *status,
                          struct handover_offer *offer) MUST_USE;
/* All that handover_pay does before the mark, in a transaction that the caller rolls back. The
 * plan's items are there; its packet, if it was paid before. */
enum err handover_rehearse(struct wallet *wallet, struct purse_env *env, enum status *status,
                           struct purse_plan *plan, struct handover_offer *offer) MUST_USE;
/* What handover_packet_file gives, in a transaction. */
enum err handover_file_of(struct wallet *wallet, struct purse_env *env, struct span *file,
                          const struct purse_plan *plan) MUST_USE;

#endif
