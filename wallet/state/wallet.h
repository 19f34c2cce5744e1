/* The wallet's core: what a citizen's wallet does, over rows, with everything else passed in (no
 * clock, file, socket or system randomness). It runs its own short transactions, because each step
 * must be durable before the next one may happen.
 *
 * Invariants:
 *  1. Nothing is given out (bytes to a payee, a call to the bank) before what it follows from is
 *     committed.
 *  2. The steps of one function can be repeated after a crash between any two of them: the same
 *     bytes come out again.
 *  3. A fen leaves the wallet's books only by the register's signed word (common/purse).
 */
#ifndef DCEP_WALLET_STATE_WALLET_H
#define DCEP_WALLET_STATE_WALLET_H

#include "common/purse/purse.h"
#include "wallet/keys/holder.h"
#include "wallet/state/tables.h"

/* What a wallet tells beside its messages, and what it heard beside the last one (news.h). */
enum wallet_tell {
    WALLET_TELL_AUTO, /* what helps the other side, by what its message says */
    WALLET_TELL_NOTHING,
    WALLET_TELL_ALL, /* directory and list whatever the other side has */
};
struct wallet_news {
    enum wallet_tell tell; /* set by the shell */
    size_t size_max;       /* of a file with its news; 0: FILE_SIZE_MAX */
    bool has_new_directory, has_new_revocations;
    size_t ignored_count; /* broken, older than mine, or not to be believed */
    size_t fork_count;    /* coins newly known to be paid twice */
};

struct wallet {
    struct store *store; /* no transaction open between calls */
    uint64_t now;        /* Unix seconds, set by the shell before each call */
    struct wallet_state state;
    struct trust trust; /* of the directory and revocation list I hold; wallet_load fills it */
    struct arena trust_arena;
    /* A restored backup neither pays nor takes before it synced under a new key. */
    bool is_restored;
    struct wallet_news news;
    void *context; /* for the three functions below */
    void (*random)(void *context, void *out, size_t size);
    /* Private keys: sealed under the PIN by the shell. open: ERR_MISSING, ERR_AUTH. */
    enum err (*seal_key)(void *context, struct span *sealed, const struct key_pair *pair,
                         struct arena *arena);
    enum err (*open_key)(void *context, struct key_pair *out, struct span sealed);
    const struct holder *element; /* holds the keys instead; NULL: software, by the two above */
    /* A call to my bank, signed by `pair`. ERR_UNREACHABLE, ERR_TIMEOUT, ERR_PEER; a call that
     * failed may have been carried out. */
    enum err (*bank)(void *context, enum status *status, void *reply, enum verb verb,
                     const void *body, const struct key_pair *pair, struct arena *arena);
    /* Told before each step of what has several; may be NULL. */
    void (*progress)(void *context, size_t step, size_t step_count);
};

/* State and trust from the rows. ERR_MISSING if this wallet was never initialised. */
enum err wallet_load(struct wallet *wallet) MUST_USE;
void wallet_fini(struct wallet *wallet); /* trust only; the store is the shell's */

/* --- inside: used by the other files of this room --- */
/* One transaction around work: committed if it gives ERR_OK; else rolled back, and wallet->state is
 * as before. */
enum err wallet_transact(struct wallet *wallet,
                         enum err (*work)(struct wallet *wallet, struct purse_env *env,
                                          void *context),
                         void *context, struct arena *arena) MUST_USE;
enum err wallet_key(void *wallet, struct key_pair *out,
                    const struct public_key *key) MUST_USE; /* purse_env.key */
/* The same outside a transaction; key NULL: my current one. ERR_MISSING. */
enum err wallet_pair(struct wallet *wallet, struct key_pair *out,
                     const struct public_key *key) MUST_USE;
/* A new key of whatever holds this wallet's keys; kept: what goes into the database. */
enum err wallet_make_key(struct wallet *wallet, struct key_pair *out, struct span *kept,
                         struct arena *arena) MUST_USE;
/* The counter of a secure element (wallet/keys/holder.h); nothing to do for software. count: in the
 * transaction that marks a plan. follow: once that is committed, before a key signs. */
enum err wallet_count(struct wallet *wallet) MUST_USE;
enum err wallet_follow(struct wallet *wallet) MUST_USE; /* ERR_ROLLBACK */
/* The count that a new element starts from, kept; before the wallet joins. */
enum err wallet_begin_count(struct wallet *wallet) MUST_USE;
enum err wallet_current_pair(struct wallet *wallet, struct purse_env *env,
                             struct key_pair *out) MUST_USE; /* in a transaction */
enum err wallet_history(struct wallet *wallet, enum history_kind kind, struct amount amount,
                        const struct id *reference, struct span counterparty,
                        struct span memo) MUST_USE; /* in a transaction */
/* "label, Bank" or "key 1a2b3c4d, Bank": printable. certificate NULL: a bank's vault. */
enum { WALLET_NAME_SIZE = 168 };
void wallet_name(char out[WALLET_NAME_SIZE], const struct wallet_certificate *certificate,
                 const struct trust_bank *bank);
/* A newer directory or revocation list (either may be NULL): verified, stored, loaded. Lower
 * versions are refused (ERR_VERSION), equal ones are fine. */
enum err wallet_believe(struct wallet *wallet, const struct cose *directory,
                        const struct cose *revocations) MUST_USE;
/* A signed time that I have seen, in a transaction: kept if it is the newest, and not to come by my
 * clock: one date from a clock that runs ahead must not stop this wallet for good. */
enum err wallet_note_time(struct wallet *wallet, uint64_t signed_time) MUST_USE;
/* Does nobody take what my key signs? By the bank's last word, or by the revocation list. */
bool wallet_is_refused(const struct wallet *wallet, const struct public_key *current);
/* The newest signed time I have seen; a clock below it is wrong. */
uint64_t wallet_newest_time(const struct wallet *wallet);

#endif
