/* An archive in memory under a central bank of tests: segments that can fail, be lost and be
 * altered. */
#ifndef DCEP_TESTS_CENTRAL_SHELF_H
#define DCEP_TESTS_CENTRAL_SHELF_H

#include "central/archive.h"
#include "tests/central/cast.h"

/* --- lives of a line --- */

/* The coin is paid in, for a token of `to`: nothing is left of its line. */
void shelf_give_in(struct hall_order *order, struct order_reply *reply, struct cast *cast,
                   const struct world_coin *coin, const struct world_wallet *to);
void shelf_spend_up(struct cast *cast, const struct world_coin *coin); /* for e */
/* a buys a coin and pays p of it; p and a give theirs in. */
struct shelf_life {
    struct world_coin coin, change;
    struct note paid;
};
void shelf_live(struct shelf_life *life, struct cast *cast);
void shelf_look_for_clones(struct cast *cast);
struct span shelf_packet(struct cast *cast, const struct world_coin *coin);

/* Fen that the index by owner finds for a key, unspent or orphans: the first 64 coins. */
uint64_t shelf_held(struct cast *cast, const struct world_wallet *wallet);

/* --- the archive --- */

enum { SHELF_SEGMENTS = 16 };
struct shelf {
    struct cast *cast;
    struct archive archive;
    struct archive_limits limits;
    struct buffer files[SHELF_SEGMENTS + 1]; /* by number */
    size_t keep_count;
    bool fails; /* to keep the next one */
};
void shelf_open(struct shelf *out, struct cast *cast);
void shelf_close(struct shelf *shelf);
struct archive_folder shelf_folder(struct shelf *shelf);
/* One step in a transaction; if it fails, what a server does then. */
enum err shelf_step(struct shelf *shelf, bool *more);
/* Steps until there is nothing to do today. */
void shelf_run(struct shelf *shelf);
/* The same on the day on which lines of coin may leave; it is that day from now on. */
void shelf_run_when_due(struct shelf *shelf, const struct world_coin *coin);
/* Puts a segment back: the lines that came back; or what went wrong. */
enum err shelf_restore(struct shelf *shelf, uint64_t *line_count, uint64_t number);
/* All rows that lines have, in one hash. */
struct id shelf_rows(struct shelf *shelf);

#endif
