/* Cloned wallets: two payments of one key under one counter that spend different coins (design,
 * sections 4 and 7; docs/PROTOCOL.md section 7.4). Neither is a double spend and both settle, but
 * only a key that two programs hold can have signed them.
 *
 * Looking for them must cost settlement next to nothing, and miss nothing. So a settlement keeps 32
 * bytes a payment in one row a call, in its own transaction; later, before a batch of calls, these
 * notes go into `clone_seen`, sorted by key and counter, whose primary key refuses a pair's second.
 *
 * A page of that table is written whole for a single note. So notes are gathered for a round: the
 * oldest rows are read and sorted once, and each look puts the next piece of them away, neighbours
 * together. With the last piece go the round's rows.
 *
 * Invariants: 1 each payment that spent a coin is looked at, once, whatever crashed: it is noted in
 * the transaction that spends the coin, and struck off in the one that looks at the last of its
 * round. A round that was forgotten begins anew from the rows; a note that meets itself is passed
 * over. 2 what is found is proved from the rows before anybody is accused: a note is only a hint.
 * 3 a key has one case.
 * Never: moves money; makes a settlement wait. */
#ifndef DCEP_CENTRAL_CLONES_H
#define DCEP_CENTRAL_CLONES_H

#include "central/register.h"

/* A payment spent its coin just now. */
enum err clones_note(struct register_env *env, const struct payment *payment,
                     const struct public_key *owner_key) MUST_USE;
/* At the end of a call: what was noted goes into the rows. */
enum err clones_keep(struct register_env *env) MUST_USE;

enum {
    CLONES_NOTES_MAX = 65536, /* in a round: 2 MiB */
    CLONES_CALLS_MAX = 1024,
};
/* What is being looked at; zeroed: nothing. Outlives transactions, not the process. */
struct clones_round {
    struct buffer notes;              /* sorted */
    size_t at;                        /* looked at up to here */
    uint64_t calls[CLONES_CALLS_MAX]; /* the rows they came from, by number */
    size_t call_count;
    bool is_full; /* it left rows behind: the search is late */
};
/* Looks at the next of `parts` parts of the round, at least count_min notes; begins a round if
 * there is none. *more: some notes were not looked at, of this round or not. After a failure, and
 * whenever the transaction is not committed: the caller forgets the round. */
enum err clones_look(struct register_env *env, struct clones_round *round, bool *more,
                     size_t count_min, size_t parts) MUST_USE;
void clones_round_forget(struct clones_round *round); /* fit for AUTO */

#endif
