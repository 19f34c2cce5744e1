/* News from wallet to wallet (docs/PROTOCOL.md section 9.6): directory, revocation list, sightings,
 * evidence of a coin paid twice. They travel beside a request, packet or receipt, in one file: a
 * bundle, whose first message is the one that the file is about.
 *
 * Invariants:
 *  1. What comes in is believed before the message beside it is judged, and kept durably: a packet
 *     from a payer that the list beside it revokes is refused.
 *  2. Nothing is believed that is not signed by who must sign it; a lower version never replaces a
 *     higher one; directory and list are taken whole or not at all.
 *  3. News that are broken, old or false never spoil the message beside them: they are counted.
 *  4. The message itself is the same bytes for ever; what is told beside it is of the day.
 *
 * Never: opens a key, asks anybody. */
#ifndef DCEP_WALLET_NEWS_NEWS_H
#define DCEP_WALLET_NEWS_NEWS_H

#include "wallet/state/wallet.h"

/* Payments of coins of which the other side was shown another payment: it gets mine. */
enum { NEWS_ANSWERS_MAX = 4 };
struct news_answers {
    struct cose payments[NEWS_ANSWERS_MAX];
    size_t count;
};

/* Reads what is beside *message in a file, or alone in it, and fills wallet->news. *message: the
 * first message of a bundle, else the file. Machinery errors only. */
enum err news_hear(struct wallet *wallet, struct span *message, struct news_answers *answers,
                   struct span file, struct arena *arena) MUST_USE;

/* What the other side has, as its message says, and what it is to be told. */
struct news_hearer {
    uint64_t directory_version, revocations_version;
    const struct purse_plan *payment;   /* of mine, beside which sightings are told; may be NULL */
    const struct news_answers *answers; /* may be NULL */
};
/* Makes a bundle of the message in *file, if there is something to tell: *file is replaced. */
enum err news_tell(struct wallet *wallet, struct span *file, const struct news_hearer *hearer,
                   struct arena *arena) MUST_USE;
/* The same inside a transaction. */
enum err news_tell_within(struct wallet *wallet, struct purse_env *env, struct span *file,
                          const struct news_hearer *hearer) MUST_USE;
/* A request goes to whoever will pay: it carries directory and list when told to only. */
enum err news_tell_anybody(struct wallet *wallet, struct span *file, struct arena *arena) MUST_USE;
/* A file of news alone: directory, list, proofs. */
enum err news_file(struct wallet *wallet, struct span *file, struct arena *arena) MUST_USE;
/* Is this a file of news alone? */
bool news_is_news(enum kind kind);

#endif
