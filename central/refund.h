/* Refunds: coins that lie at keys of a lost wallet come back to its customer, from their redeem-by
 * day on, at the asking of his bank (design, section 6; docs/PROTOCOL.md section 7.8). Pure.
 *
 * Invariants: 1 a coin is refunded once: asked again, the same token, whatever key is named then.
 * 2 books: a refund voids the coin and mints its amount anew. 3 the money goes to a key of the very
 * customer whose the coin was, or to the vault of his bank if that paid him as much before: in an
 * order that the register itself carried out, out of that vault, after the coin came to be, at
 * another of his keys; of such an order each fen counts once. 4 a bank is told, and given, what is
 * its own customers' only. 5 what it is told is signed, for its question alone.
 *
 * A payment of the coin that is shown later is lost: register_apply.c. */
#ifndef DCEP_CENTRAL_REFUND_H
#define DCEP_CENTRAL_REFUND_H

#include "central/register.h"

/* HELD: unspent coins and unclaimed orphans of keys of the bank's customers. STATUS_OK,
 * STATUS_FORBIDDEN (a key is not). */
enum err refund_held(struct register_env *env, struct held_reply *reply, enum status *status,
                     const struct held_body *body, const struct bank *bank) MUST_USE;
/* REFUND: each item is judged alone; its result: STATUS_OK with a token, or without one (an
 * orphan: claimed), STATUS_FORBIDDEN (no customer of the bank's owns it),
 * STATUS_CERTIFIED_ELSEWHERE (to_key is not that customer's), STATUS_ORDER (advance_id does not
 * cover it), STATUS_UNKNOWN, STATUS_STATE (spent meanwhile), STATUS_EARLY (before
 * redeem_by_day). */
enum err refund_make(struct register_env *env, struct refund_reply *reply,
                     const struct refund_body *body, const struct bank *bank) MUST_USE;

#endif
