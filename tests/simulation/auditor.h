/* The auditor: judges the simulated world with tables and arithmetic of its own.
 *
 * It sees what is signed (memo.h), what the central bank hears and answers, what honest people
 * take, and the raw rows of everybody's store. It asks no core for an opinion: no books_supply, no
 * purse totals, no state that somebody else worked out. After every act:
 *
 *   LAW   net funded = reserves + guarantees + loss + unspent coins; each guarantee is what was
 *         posted less what was paid from it
 *   BANK  no bank owes its customers more than it has
 *   I2    at most one settled payment of a coin
 *   I3    no honest purse has for spending what it signed away, or what is another's
 *   I4    the same call, another time: the same answer, and nothing changes
 *   I5    no honest key ever signs two payments of one coin, or uses a counter twice; none is
 *         revoked
 *   I6    each conflict shown has a case, each case a proof that is valid and names a thief
 *   NEWS  directory and revocation list of an honest wallet never fall in version, on its disk, and
 *         are the central bank's; its early warnings hold: both payments were signed, by a thief
 *   RESTORE no key of an honest person signs, or takes, once a backup was restored
 *   REFUND a coin past its day, to its own customer, or to the vault that paid him before; what is
 *         advanced is not refunded too; orphans of lost wallets are claimed
 *   ARCHIVE a line leaves the register a term past its day, if each coin of it was paid once and
 *         that settled; "archived" is answered only for what left
 *   COMP  claims: never more than the coin, the cap, the forged token; never to the forker's
 *         customer
 *
 * and at the end, when everybody has reconnected:
 *
 *   I7    whatever was taken offline settled, but for forks and forged tokens
 *   STUCK every coin of an honest key is in its owner's purse, spendable; nothing waits anywhere
 *   WORTH account and purse of each honest person are what was paid in and out, and no fen else */
#ifndef DCEP_TESTS_SIMULATION_AUDITOR_H
#define DCEP_TESTS_SIMULATION_AUDITOR_H

#include "tests/simulation/sim.h"

struct table;

struct auditor *auditor_open(struct sim *sim);

/* --- what it is shown --- */
void auditor_on_sign(void *auditor, const struct public_key *key, struct span message);
void auditor_key(struct auditor *auditor, const struct public_key *key, size_t person);
/* Cash paid into a person's account (out: negative). */
void auditor_cash(struct auditor *auditor, size_t bank, size_t person, int64_t value);
void auditor_funded(struct auditor *auditor, size_t bank, int64_t value);
void auditor_posted(struct auditor *auditor, size_t bank, int64_t value);
void auditor_heard(struct auditor *auditor, struct span request, struct span reply);
void auditor_accepted(struct auditor *auditor, struct span packet, size_t person);
void auditor_forged(struct auditor *auditor, uint64_t serial, int64_t value);
/* A row of this owner's store (SIM_NOBODY: the central bank's) is about to be written. */
void auditor_touched(struct auditor *auditor, size_t owner, const struct table *table,
                     const void *row);

/* A row of this owner's store is about to be removed; auditor_touched comes as well. */
void auditor_left(struct auditor *auditor, size_t owner, const struct table *table,
                  const void *row);

/* His wallet is gone: what he took and did not hand in may never be seen again. */
void auditor_lost(struct auditor *auditor, size_t person);
/* A backup was made; it becomes the wallet: the same of what he took since, and no key that he had
 * before ever signs again. */
void auditor_backed_up(struct auditor *auditor, size_t person);
void auditor_restored(struct auditor *auditor, size_t person);

/* --- what it says --- */
size_t auditor_person(const struct auditor *auditor, const struct public_key *key);
void auditor_check(struct auditor *auditor);
void auditor_final(struct auditor *auditor);

#endif
