/* Cloned wallets: two payments of one key under one counter that spend different coins (design,
 * sections 4 and 7; docs/PROTOCOL.md section 7.4). Neither is a double spend and both settle, but
 * only a key that two programs hold can have signed them.
 *
 * Looking for them must cost settlement next to nothing, and miss nothing. So a settlement keeps 32
 * bytes a payment in one row a call, in its own transaction; later, between two batches of calls,
 * these rows are sorted by key and counter into `clone_seen`, whose primary key refuses a pair's
 * second.
 *
 * Invariants: 1 each payment that spent a coin is looked at, once, whatever crashed: it is noted in
 * the transaction that spends the coin, and struck off in the one that looks. 2 what is found is
 * proved from the rows before anybody is accused: a note is only a hint. 3 a key has one case.
 * Never: moves money; makes a settlement wait. */
#ifndef DCEP_CENTRAL_CLONES_H
#define DCEP_CENTRAL_CLONES_H

#include "central/register.h"

/* A payment spent its coin just now. */
enum err clones_note(struct register_env *env, const struct payment *payment,
                     const struct public_key *owner_key) MUST_USE;
/* At the end of a call: what was noted goes into the rows. */
enum err clones_keep(struct register_env *env) MUST_USE;
/* Looks at the oldest notes, of as many calls as have count_max payments together, or of one. */
enum err clones_look(struct register_env *env, bool *more, size_t count_max) MUST_USE;

#endif
