/* The auditor's own tables. */
#ifndef DCEP_TESTS_SIMULATION_AUDITOR_BOOK_H
#define DCEP_TESTS_SIMULATION_AUDITOR_BOOK_H

#include "tests/simulation/auditor.h"
#include "tests/simulation/lookup.h"

#include "central/tables.h"
#include "common/money/call.h"

enum { AUDITOR_FORGED_MAX = 64, AUDITOR_CALLS = 64, AUDITOR_WHOLE_EVERY = 50 };

/* A payment that somebody signed. */
struct auditor_payment {
    struct id payment_id, coin_id;
    uint64_t serial, counter;
    struct public_key signer;
    bool has_reference;
    struct id reference;
    struct output outputs[OUTPUTS_MAX];
    size_t output_count;
    bool is_forgotten; /* signed after the backup that became the wallet */
    bool is_shown;     /* the register was shown it, and took it for genuine */
    uint8_t outcome;   /* as the register said; 0: it never said */
    size_t next;       /* position + 1 of another payment of this coin */
};
/* A coin of which a payment was signed. */
struct auditor_coin {
    size_t first;       /* position + 1 of a payment */
    size_t shown_count; /* payments of it that the register was shown */
    size_t case_count;
    size_t settled_count;
};
struct auditor_taken {    /* offline, by an honest person */
    struct id payment_id; /* the leaf's */
    uint64_t serial;
    size_t person;
    bool is_lost; /* with his wallet */
};
struct auditor_call { /* answered OK by the central bank */
    enum verb verb;
    size_t bank;
    struct span body;  /* encoded */
    struct span reply; /* encoded */
};
struct auditor_touched { /* a coin's row or spend at the register, or a purse's row of it */
    size_t owner;        /* of the purse; SIM_NOBODY: the register */
    uint64_t serial;
    struct id coin_id;
};
struct auditor_left { /* a coin's row that somebody tried to remove from the register */
    uint64_t serial;
    struct id coin_id;
    uint64_t state, redeem_by_day;
};
struct auditor_worth { /* a coin of the register, as it was last read */
    int64_t value;     /* 0: not unspent */
    size_t owner;
    struct coin row; /* stays when the line leaves; no token */
};
struct auditor_unspent {
    int64_t all, of_person[SIM_PERSONS + 1];
    struct lookup by_coin; /* position + 1 in rows */
    struct auditor_worth *rows;
    size_t count, capacity;
};

struct auditor {
    struct sim *sim;
    struct auditor_touched *touched;
    size_t touched_count, touched_capacity;
    bool is_claim_touched, is_news_touched[SIM_PERSONS];
    bool is_whole_due; /* look at everything again */
    struct auditor_unspent unspent;
    int64_t paid_by[SIM_BANKS], paid_loss; /* claims, as they were last read */
    struct auditor_left *left;
    size_t left_count, left_capacity;
    struct lookup gone; /* serials that ever left for the archive */
    struct lookup held; /* coins for spending: their person + 1 */
    size_t held_count;
    struct auditor_payment *payments;
    size_t payment_count, payment_capacity;
    struct auditor_coin *coins;
    size_t coin_count, coin_capacity;
    struct auditor_taken *taken;
    size_t taken_count, taken_capacity;
    struct lookup by_payment, by_coin, by_counter, by_key, by_key_id;
    struct lookup by_maker; /* coin id: position + 1 of the payment that made it */
    int64_t funded[SIM_BANKS], posted[SIM_BANKS], paid_in[SIM_BANKS];
    int64_t cash[SIM_CITIZENS]; /* paid in over the counter, less what was paid out */
    struct {
        uint64_t serial;
        int64_t value;
    } forged[AUDITOR_FORGED_MAX];
    size_t forged_count;
    struct auditor_call calls[AUDITOR_CALLS];
    size_t call_count;
    int64_t surplus; /* payments shown beyond the first of each coin: as many as there are cases */
    int64_t case_count;
    uint64_t last_case;
    size_t revoked_count;
    struct lookup refunded; /* coins whose refund was judged */
    struct {                /* when the last backup was made, how much there was of each */
        size_t taken, payments;
    } backup[SIM_CITIZENS];
    struct lookup frozen; /* keys of before a restored backup */
    struct {
        uint64_t directory, revocations; /* versions */
        struct signature signed_as[2];   /* looked at already */
        size_t findings;
    } heard[SIM_CITIZENS];
};

struct auditor_payment *auditor_book_payment(const struct auditor *auditor, const struct id *id);
struct auditor_coin *auditor_book_coin(const struct auditor *auditor, const struct id *coin_id);
bool auditor_book_is_honest(const struct auditor *auditor, const struct public_key *key);
bool auditor_book_is_frozen(const struct auditor *auditor, const struct public_key *key);
/* The payment that made a coin; NULL: a root. */
struct auditor_payment *auditor_book_maker(const struct auditor *auditor, const struct id *coin_id);
int64_t auditor_book_forged(const struct auditor *auditor, uint64_t serial); /* 0: not forged */
/* All rows of a table, or those with one index value; in a transaction of its own. */
struct list auditor_book_rows(struct auditor *auditor, struct store *store,
                              const struct table *table, int index_number, const void *from,
                              struct arena *arena);
_Noreturn void auditor_book_fail(struct auditor *auditor, const char *rule, const char *text,
                                 const struct id *id);

void auditor_touched_signed(struct auditor *auditor, uint64_t serial, const struct id *coin_id);
void auditor_touched_done(struct auditor *auditor);

/* The register's row of a coin; of one in the archive, as it was before. False: there is none. */
bool auditor_book_coin_row(struct auditor *auditor, struct coin *row);
bool auditor_archive_had(const struct auditor *auditor, uint64_t serial); /* ever */
bool auditor_archive_has(struct auditor *auditor, uint64_t serial);       /* now */
/* The register said that a line of this packet is in the archive. */
void auditor_archive_answered(struct auditor *auditor, const struct packet *packet);
bool auditor_archive_is_in(const struct settle_reply *reply); /* of any packet */

/* The checks, by theme; each file has some. Where a whole look is asked for, nothing that was
 * remembered is believed. */
void auditor_archive_check(struct auditor *auditor);
void auditor_books_check(struct auditor *auditor, bool is_whole);
void auditor_cases_check(struct auditor *auditor);
void auditor_purses_check(struct auditor *auditor, bool is_whole);
void auditor_news_check(struct auditor *auditor);
void auditor_refunds_check(struct auditor *auditor);
/* What a bank has advanced to a person (SIM_NOBODY: to all) and not had back: open, or owed for
 * good. */
int64_t auditor_refunds_open(struct auditor *auditor, size_t bank, size_t person, bool for_good);
/* Did his bank give this key up? */
bool auditor_refunds_is_lost(struct auditor *auditor, const struct public_key *key);
void auditor_replay_check(struct auditor *auditor);
struct store *auditor_purses_store(struct auditor *auditor, size_t person);

#endif
