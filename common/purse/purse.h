/* The purse: coins I hold, plans by which I pay them away, what I do with the register's word. The
 * part of the rules that a wallet and a bank's vault share (design, section 6; docs/PROTOCOL.md
 * section 9). Pure: rows through the store of an open transaction, keys through purse_env; no
 * clock, file, socket, randomness.
 *
 * The handover (payer):  AVAILABLE -> RESERVED -> SIGNING -> COMMITTED -> SENT -> CONFIRMED ->
 * SETTLED
 *   purse_reserve        coins AVAILABLE -> RESERVED, plan with whole payloads     then commit
 *   purse_mark           plan -> SIGNING                                           then commit
 *   purse_sign           the payloads of the plan are signed, packet stored; plan -> COMMITTED,
 *   coins -> COMMITTED, own change
 *                        becomes AVAILABLE                                         then commit
 *   only now may the packet's bytes leave, and they are read from the plan, never made again.
 *
 * Invariants:
 *  1. A coin that a key may have signed is never signed again with other content: purse_sign signs
 *     stored payloads only, purse_cancel exists before the mark only, and its counters are not
 *     reused.
 *  2. A coin row goes only against the register's signed word (merkle_settled), and leaves a tomb.
 *  3. A tombed or held coin is never taken again.
 *  4. At any commit, at most one plan names a coin.
 *  5. No coin of a frozen key is ever available.
 */
#ifndef DCEP_COMMON_PURSE_PURSE_H
#define DCEP_COMMON_PURSE_PURSE_H

#include "common/money/merkle.h"
#include "common/money/order.h"
#include "common/purse/tables.h"

struct purse_env {
    struct store *store; /* inside store_begin */
    const struct trust *trust;
    uint64_t now; /* Unix seconds */
    struct arena *arena;
    /* The private key of one of my keys; ERR_MISSING if it is frozen or not here. */
    void *context;
    enum err (*key)(void *context, struct key_pair *out, const struct public_key *key);
};

/* --- keys --- */
enum err purse_key_add(struct purse_env *env, const struct public_key *key,
                       struct span certificate) MUST_USE; /* becomes CURRENT, the earlier OLD */
enum err purse_key_current(struct purse_env *env, struct purse_key *out) MUST_USE; /* ERR_MISSING */
/* All my keys, the newest first. */
enum err purse_keys(struct purse_env *env, struct purse_key_list *out) MUST_USE;
enum err purse_key_is_mine(struct purse_env *env, bool *mine,
                           const struct public_key *key) MUST_USE;

/* A backup was restored: no key that it knows ever signs again. What was available or reserved is
 * quarantined, plans that were not signed yet are gone (whether the lost wallet went on with them,
 * nobody here knows); what was signed is handed in as before. */
enum err purse_freeze(struct purse_env *env) MUST_USE;

/* --- what I hold --- */
/* A token of the central bank for one of my keys: AVAILABLE and settled. Taking it again changes
 * nothing; a tombed one is not taken. STATUS_OK also then; STATUS_ISSUER, STATUS_SIGNATURE,
 * STATUS_KIND (not my key). */
enum err purse_take_token(struct purse_env *env, enum status *status,
                          const struct cose *token) MUST_USE;
/* Is no token of an answer there twice? One that stands for two hides what was kept back. */
bool purse_tokens_differ(const struct signed_item_list *tokens);
/* Is this token free to answer the question (the id of an order, a withdrawal, a payment minted
 * back)? Not if it answered another one: a relay that gives it again keeps the new one. Whether the
 * coin is new says nothing: OWNED may have brought it first, and it may be spent since. */
enum err purse_token_answers(struct purse_env *env, bool *answers, const struct cose *token,
                             const struct id *question_id) MUST_USE;
enum err purse_is_answer(struct purse_env *env, bool *is, const struct cose *token) MUST_USE;
enum err purse_note_answer(struct purse_env *env, const struct cose *token,
                           const struct id *question_id) MUST_USE;
/* All outputs of the leaves of a verified packet that belong to my keys, with their lines and
 * certificates; state AVAILABLE or QUARANTINED; the packet's bytes go into the
 * inbox, and are handed in unless all of it is known to be settled. */
enum err purse_take_packet(struct purse_env *env, const struct packet_view *view, struct span bytes,
                           enum purse_coin_state state, const struct id *request_id) MUST_USE;
/* A line of the register's answer to OWNED: verified, then AVAILABLE (unspent) or ORPHANED,
 * settled.
 * The answer is not signed, so a coin that I hold, or held, stays as it is. */
enum err purse_take_owned(struct purse_env *env, enum status *status,
                          const struct owned_line *line) MUST_USE;
/* For packet_terms: context = the env. */
enum err purse_seen(void *context, bool *found, uint64_t serial, const struct id *coin_id) MUST_USE;
enum err purse_conflict(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                        const struct id *payment_id) MUST_USE;

struct purse_totals { /* buckets, each capped at AMOUNT_MAX; settled is part of spendable */
    struct amount spendable, spendable_settled, reserved, handed_over, quarantined, orphaned, lost;
    struct amount frozen; /* under keys of a backup: comes back by refund */
    uint64_t coin_count;
};
enum err purse_totals(struct purse_env *env, struct purse_totals *out) MUST_USE;
/* Coins fit to pay with: AVAILABLE, under a current or old key, not past spend_by (order: worn
 * first: deep, near expiry, small). settled_only: for deposits and redeems. purpose: only such. */
struct purse_choice_options {
    bool settled_only;
    bool has_purpose;
    uint64_t purpose;
    uint64_t hops_max, depth_max; /* a coin at the payee's bound is no use; 0 = no bound */
    size_t coins_max;
};
/* Chooses coins that cover amount: few, shallow and no larger than need be, with one coin changed
 * at most. STATUS_OK, STATUS_FUNDS (not enough at all), STATUS_HOPS, STATUS_DEPTH, STATUS_LIMIT
 * (enough money, but not within these bounds). */
enum err purse_choose(struct purse_env *env, enum status *status, struct purse_coin_list *coins,
                      struct amount amount, const struct purse_choice_options *options) MUST_USE;
enum err purse_coins(struct purse_env *env, struct purse_coin_list *out,
                     enum purse_coin_state state) MUST_USE;
/* Those under frozen keys go from coins to frozen, each list in its order. */
enum err purse_part_frozen(struct purse_env *env, struct purse_coin_list *coins,
                           struct purse_coin_list *frozen) MUST_USE;

/* The table of a coin's moves (purse_coin.c): which state follows on `event`? STATUS_STATE: it may
 * not happen. The first three are mine, the others the register's signed word on the payment that
 * made the coin: it moves no coin that I promised to somebody, and none twice. */
enum purse_coin_event {
    PURSE_COIN_RESERVE,
    PURSE_COIN_SIGN,
    PURSE_COIN_FREE, /* the plan is cancelled: as it was before */
    PURSE_COIN_SETTLED,
    PURSE_COIN_LOSING,
    PURSE_COIN_REFUNDED,
    PURSE_COIN_EVENT_COUNT
};
enum status purse_coin_next(uint64_t *next, uint64_t state, enum purse_coin_event event);

/* --- plans --- */
/* The table of moves (purse_plan.c): may `event` happen in `state` (of a plan), and which state
 * follows? next 0: the plan is gone. STATUS_STATE: it may not. */
enum purse_event {
    PURSE_MARK,
    PURSE_SIGN,
    PURSE_SEND,
    PURSE_CONFIRM,
    PURSE_SETTLE,
    PURSE_CANCEL,
    PURSE_EVENT_COUNT
};
enum status purse_next(unsigned *next, uint64_t state, enum purse_event event);
/* To a payee: the last coin is changed if need be, change to my current key. plan_id = the
 * request's id. ERR_EXISTS if there is a plan of this id already: read it instead. */
enum err purse_reserve_payment(struct purse_env *env, struct purse_plan *plan,
                               const struct purse_coin_list *coins, const struct request *request,
                               const struct id *request_id,
                               const struct cose *request_cose) MUST_USE;
/* To the register, under an order (exchange, claim, redeem): each coin whole to register_key.
 * plan_id = the order's id. */
enum err purse_reserve_order(struct purse_env *env, struct purse_plan *plan,
                             const struct purse_coin_list *coins, enum purse_plan_kind kind,
                             struct span order) MUST_USE;
/* The packet as it will be, with zero signatures: for the payee's checks before signing
 * (PACKET_UNSIGNED). */
enum err purse_draft(struct purse_env *env, struct span *packet,
                     const struct purse_plan *plan) MUST_USE;
enum err purse_mark(struct purse_env *env, struct purse_plan *plan) MUST_USE;
enum err purse_sign(struct purse_env *env,
                    struct purse_plan *plan) MUST_USE; /* fills plan->packet */
enum err purse_sent(struct purse_env *env, struct purse_plan *plan) MUST_USE;
enum err purse_confirmed(struct purse_env *env, struct purse_plan *plan) MUST_USE;
/* Before the mark only: STATUS_STATE otherwise. What the register said meanwhile of coins that were
 * promised did not count: their lines go into the inbox once more. */
enum err purse_cancel(struct purse_env *env, enum status *status, struct purse_plan *plan) MUST_USE;
enum err purse_plan_get(struct purse_env *env, struct purse_plan *out,
                        const struct id *plan_id) MUST_USE; /* ERR_MISSING */
/* Plans of a kind (0 = all) in states lo..hi, oldest first. */
enum err purse_plans(struct purse_env *env, struct purse_plan_list *out, unsigned kind,
                     enum purse_plan_state lo, enum purse_plan_state hi) MUST_USE;
/* Claims: the request each coin was paid under (what the register asks for), in the plan's order.
 * */
enum err purse_plan_requests(struct purse_env *env, struct signed_item_list *out,
                             const struct purse_plan *plan) MUST_USE;

/* --- requests of mine (a wallet's, or a vault's for deposits) --- */
/* request is signed by one of my keys already; kept before it is shown. */
enum err purse_request_add(struct purse_env *env, struct id *request_id,
                           const struct cose *request) MUST_USE;
enum err purse_request_get(struct purse_env *env, struct purse_request *out,
                           const struct id *request_id) MUST_USE; /* ERR_MISSING */
/* What packet_terms need about the request that a verified packet answers: the reference of its
 * first leaf. *found false: none. */
enum err purse_request_of(struct purse_env *env, bool *found, struct purse_request *out,
                          struct request *request, const struct packet_view *view) MUST_USE;
/* A payment settled, by OWNED or SETTLE: if its coins are here, for a request of mine that has no
 * receipt yet, they count for it. */
enum err purse_request_arrived(struct purse_env *env, const struct id *payment_id) MUST_USE;
/* The very payments I hold for that request already? Then the stored receipt is the answer, or one
 * is signed and stored now (has_receipt). */
bool purse_request_is_duplicate(const struct purse_request *row, const struct packet_view *view);
/* Paid by these payments; receipt (may be NULL: a vault gives none) is stored with it. One
 * transaction with purse_take_packet. */
enum err purse_request_paid(struct purse_env *env, struct purse_request *row,
                            const struct packet_view *view, const struct cose *receipt) MUST_USE;

/* --- the register's word --- */
/* One packet's result of a SETTLE, verified leaf by leaf against `settled`: my coins that its
 * payments made become settled, ORPHANED or LOST; coins that I signed away by them are forgotten
 * (tomb), a plan with all its coins answered is SETTLED.
 * STATUS_OK, or why the word is not believed: then nothing changes. A result whose status is not
 * OK changes nothing. */
struct purse_news {
    struct amount settled, orphaned, lost; /* of my coins, newly so */
    size_t conflict_count;                 /* my received coins found on a losing line */
};
enum err purse_learn(struct purse_env *env, enum status *status, struct purse_news *news,
                     const struct settle_result *result, const struct cose *settled) MUST_USE;
/* Does a result name every payment of a packet, in their order? One that does not says nothing of
 * the packet, whatever its status. */
enum err purse_covers(struct purse_env *env, bool *covered, struct span packet,
                      const struct settle_result *result) MUST_USE;
/* Is it the register's word that this packet's line is in the archive: signed, of each payment? */
enum err purse_archived(struct purse_env *env, bool *archived, struct span packet,
                        const struct settle_result *result, const struct cose *settled) MUST_USE;
/* The answer to an order: tokens and minted-back tokens taken, inputs forgotten, plan SETTLED. */
enum err purse_learn_order(struct purse_env *env, enum status *status, struct purse_news *news,
                           struct purse_plan *plan, const struct order_reply *reply) MUST_USE;
/* Inbox entries not done, oldest first; close one when its packet's result was learned. */
enum err purse_inbox_open(struct purse_env *env, struct purse_inbox_list *out) MUST_USE;
enum err purse_inbox_close(struct purse_env *env, struct purse_inbox *entry) MUST_USE;

/* A useful spread of amounts for `total`: few coins, so that everyday payments need little change
 * (docs/adr). At most count_max amounts; they add up to total. */
size_t purse_spread(struct amount *amounts, size_t count_max, struct amount total);

#endif
