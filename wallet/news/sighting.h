/* Early warning, the question: which payments was I shown in the last days, as tags that tell
 * nothing to whoever does not know the coins (docs/adr/0030). Pure, over rows of an open
 * transaction.
 *
 * Invariants: 1 two wallets' tags, or one wallet's of two days, have nothing in common: each
 * message has a salt of its own. 2 the number of tags tells only between which powers of two it is.
 * 3 a match accuses nobody: it only brings out the payment, which does or does not. */
#ifndef DCEP_WALLET_NEWS_SIGHTING_H
#define DCEP_WALLET_NEWS_SIGHTING_H

#include "wallet/news/news.h"

enum { SIGHTING_DAYS = 7 };

/* The payments of a packet that is kept. What is older than SIGHTING_DAYS is forgotten. */
enum err sighting_add(struct wallet *wallet, struct purse_env *env,
                      const struct packet_view *view) MUST_USE;
/* Beside a signed payment; what its own packet shows is left out. *any false: there is nothing to
 * tell. The same payment and the same sightings give the same bytes. */
enum err sighting_tell(struct purse_env *env, bool *any, struct sightings *out,
                       const struct purse_plan *beside) MUST_USE;
/* My payments of coins of which the teller was shown another payment. Sightings out of order are
 * ERR_CANONICAL. */
enum err sighting_match(struct purse_env *env, struct news_answers *answers,
                        const struct sightings *heard) MUST_USE;

#endif
