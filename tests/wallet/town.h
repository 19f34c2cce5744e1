/* Bank and register in one, as a wallet sees them: a small register after docs/PROTOCOL.md
 * sections 6 and 7, written for these tests alone, with faults on purpose. */
#ifndef DCEP_TESTS_WALLET_TOWN_H
#define DCEP_TESTS_WALLET_TOWN_H

#include "tests/wallet/folk.h"

enum { TOWN_ROWS_MAX = 1024, TOWN_ANSWERS_MAX = 512, TOWN_KEYS_MAX = 1024 };
struct town_row {
    uint64_t serial;
    struct id coin_id;
    struct amount amount;
    struct public_key owner_key;
    struct cose token, maker; /* maker: the payment that made it; none for a root */
    int parent;               /* row of the coin that maker spends, or -1 */
    bool is_orphan, is_spent;
    struct id spent_by;
};
struct town_answer { /* of an order's input, a withdrawal or a deposit: given once */
    struct id key;
    uint64_t outcome;
    size_t token_count;
    struct cose tokens[WITHDRAWAL_AMOUNTS_MAX];
};
enum town_fault {
    TOWN_HONEST,
    TOWN_PENDING,      /* settles nothing now */
    TOWN_FORGES,       /* `settled` under another key */
    TOWN_SWAPS_PATHS,  /* another leaf's place */
    TOWN_DROPS_LEAVES, /* "settled", about nothing */
};
struct town {
    struct world *world;
    struct town_row rows[TOWN_ROWS_MAX];
    size_t row_count;
    struct town_answer answers[TOWN_ANSWERS_MAX];
    size_t answer_count;
    enum town_fault fault;
    enum status withdrawals;  /* STATUS_OK, or why not */
    long lose_reply_at;       /* that many calls from now; negative: never */
    size_t calls[32];         /* by verb */
    size_t told_count;        /* packets handed in with what their signatures commit to */
    struct amount account;    /* deposited */
    bool shows_spent;         /* OWNED lists what is spent as well: a lie */
    bool withdraws_silently;  /* mints, and says PENDING */
    bool withdraws_short;     /* keeps a token back */
    bool withdraws_one_twice; /* gives the first in place of all */
    bool withdraws_the_first; /* gives the tokens of the first withdrawal again */
    enum status certifies;    /* STATUS_OK, or why not */
    struct lost_reply lost;   /* what it says of lost wallets */
    bool has_given_up;        /* a key, reported lost before its first certificate arrived, */
    struct public_key given_up;
    struct nonce used_code; /* and the code that it used */
    bool has_words;
    struct public_key words; /* the customer's, as the bank knows them */
    bool is_other_bank;      /* deposits are asked for by another bank's vault */
    size_t claims_with_request, claims_without;
    struct public_key certified[TOWN_KEYS_MAX]; /* different ones */
    size_t certified_count;
};
void town_open(struct town *out, struct world *world);
void town_serve(struct town *town, struct folk *folk);
/* A coin that was issued here, and is folk's. */
void town_know(struct town *town, const struct world_coin *coin);
void town_coin(struct town *town, struct folk *folk, uint64_t fen);
uint64_t town_unspent(struct town *town); /* fen of unspent coins of anybody */
/* Somebody with the key of this coin's owner spends it elsewhere, and hands that in first. */
void town_spend_elsewhere(struct town *town, struct world_coin *coin);

#endif
