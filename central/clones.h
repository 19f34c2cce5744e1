/* Cloned wallets: two payments of one key under one counter that spend different coins (design,
 * sections 4 and 7; docs/PROTOCOL.md section 7.4). Neither is a double spend and both settle, but
 * only a key that two programs hold can have signed them.
 *
 * Looking for them must cost settlement next to nothing, and miss nothing. So a settlement keeps 32
 * bytes a payment in one row a call, in its own transaction; later, before a batch of calls, these
 * notes go into `clone_seen`, sorted by key and counter, whose primary key refuses a pair's second.
 *
 * A page of that table is written whole for a single note. So notes are gathered for a round: the
 * oldest rows are read and put in order, and each look puts the next piece of them away, neighbours
 * together. With the last piece, and after it, go the round's rows. No look takes long, whatever
 * the number of notes and of calls: those who pay wait for it.
 *
 * Invariants: 1 each payment that spent a coin is looked at, once, whatever crashed: it is noted in
 * the transaction that spends the coin, and struck off in the one that looks at the last of its
 * round or later. A round that was forgotten begins anew from the rows; a note that meets itself is
 * passed over. 2 what is found is proved from the rows before anybody is accused: a note is only a
 * hint. 3 a key has one case.
 * Never: moves money; makes a settlement wait. */
#ifndef DCEP_CENTRAL_CLONES_H
#define DCEP_CENTRAL_CLONES_H

#include "central/register.h"

/* A payment spent its coin just now. */
enum err clones_note(struct register_env *env, const struct payment *payment,
                     const struct public_key *owner_key) MUST_USE;
/* At the end of a call: what was noted goes into the rows. */
enum err clones_keep(struct register_env *env) MUST_USE;

enum { CLONES_NOTES_MAX = 131072 }; /* in a round: 4 MiB */

/* What is being looked at; zeroed: nothing. Outlives transactions, not the process. */
struct clones_round {
    struct buffer notes;
    size_t left;          /* of them, not looked at: a heap, whose first is the least */
    uint64_t first, last; /* the rows they came from that are not struck off, by number */
    uint64_t end;         /* the last row when it began; 0: there is no round */
    bool is_gathered;
    bool is_full; /* it left rows behind: the search is late */
};
/* Looks at the next of `parts` parts of the round, at least count_min notes. Reading the rows of
 * many calls, and striking them off, takes looks of its own. *more: to be called again. After a
 * failure, and whenever the transaction is not committed: the caller forgets the round. */
enum err clones_look(struct register_env *env, struct clones_round *round, bool *more,
                     size_t count_min, size_t parts) MUST_USE;
void clones_round_forget(struct clones_round *round); /* fit for AUTO */

#endif
