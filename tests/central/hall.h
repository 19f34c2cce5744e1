/* A central bank for tests: the small world's keys, a store, the register behind it. Every step
 * asserts the law of the books, recomputed from the rows; closing audits coins, payments and cases.
 * Bank ids and trust are the world's. */
#ifndef DCEP_TESTS_CENTRAL_HALL_H
#define DCEP_TESTS_CENTRAL_HALL_H

#include "central/authority.h"
#include "central/books.h"
#include "central/cases.h"
#include "central/claims.h"
#include "central/refund.h"
#include "central/register.h"
#include "central/vault.h"
#include "tests/support/world.h"

enum hall_store { HALL_MEMORY, HALL_SQLITE };
/* A test that runs over both stores: the body gets `enum hall_store kind`. */
#define HALL_TEST(suite, name)                                                                     \
    static void suite##_##name(enum hall_store kind);                                              \
    Test(suite, name)                                                                              \
    {                                                                                              \
        suite##_##name(HALL_MEMORY);                                                               \
    }                                                                                              \
    Test(suite##_sqlite, name)                                                                     \
    {                                                                                              \
        suite##_##name(HALL_SQLITE);                                                               \
    }                                                                                              \
    static void suite##_##name(enum hall_store kind)

/* Machinery must work; and what a table row expects, with names instead of numbers. */
#define HALL_OK(expr) cr_assert_eq((expr), ERR_OK)
#define HALL_STATUS(actual, expected)                                                              \
    do {                                                                                           \
        const enum status actual_ = (actual), expected_ = (expected);                              \
        cr_assert_eq(actual_, expected_, "%s, not %s", status_name(actual_),                       \
                     status_name(expected_));                                                      \
    } while (0)
#define HALL_OUTCOME(actual, expected)                                                             \
    do {                                                                                           \
        const enum outcome actual_ = (actual), expected_ = (expected);                             \
        cr_assert_eq(actual_, expected_, "%s, not %s", message_outcome_text(actual_),              \
                     message_outcome_text(expected_));                                             \
    } while (0)

struct hall {
    struct world world;
    struct store *store;
    uint64_t now;
    char folder[32]; /* of the SQLite file */
};
/* Each bank gets 10,000.00 of reserve, 1,000.00 of it posted as guarantee. */
void hall_open(struct hall *out, enum hall_store kind);
void hall_close(struct hall *hall);
void hall_audit(struct hall *hall); /* done by closing */
/* Every row of every table in one hash: nothing happened if it is the same. */
struct id hall_snapshot(struct hall *hall);
/* Acts again and again, each time with a later write (or the commit) failing, until none fails: it
 * must be all or nothing every time. How often it failed. */
size_t hall_fail_everywhere(struct hall *hall,
                            enum err (*act)(struct register_env *env, void *context),
                            void *context);
/* A transaction around what is done with env: hall_end commits and checks the books. */
struct register_env hall_begin(struct hall *hall);
void hall_end(struct hall *hall);

/* The bank certifies the wallet's key for a customer (by name) and logs it. */
void hall_log(struct hall *hall, const struct world_wallet *wallet, const char *customer);
/* Money bought with the bank's reserve, as a token of the wallet (issue and hand over in one). */
void hall_issue(struct world_coin *out, struct hall *hall, uint64_t bank_id, uint64_t fen,
                struct world_wallet *owner);
/* The coin of a token that the register handed out. */
void hall_take(struct world_coin *out, struct hall *hall, const struct cose *token,
               struct world_wallet *owner);
/* A refund on the coin's redeem-by day, to another key of its customer; or any, and its result. */
void hall_refund(struct hall *hall, const struct world_coin *coin, const struct world_wallet *to);
struct hall_refunded {
    uint64_t redeem_by_day;
    bool has_token;
    struct cose token;
};
enum status hall_refund_at(struct hall *hall, struct hall_refunded *out, uint64_t bank_id,
                           const struct refund_item *item, uint64_t day);
/* Settle the line of a coin: the outcome of its last payment, or the status of its packet. */
enum outcome hall_settle(struct hall *hall, const struct world_coin *coin);
enum status hall_settle_status(struct hall *hall, const struct world_coin *coin,
                               struct settle_result *result);
enum status hall_settle_packet(struct hall *hall, struct span packet, struct settle_result *result);
/* It is refused with this status, and nothing changed. */
void hall_refuses(struct hall *hall, struct span packet, enum status status);
/* An order, funded by coins that are each paid whole to the register by their owner. requests: for
 * claims. */
struct hall_order {
    struct exchange exchange;
    struct output outputs[8];
    struct redeem redeem;
    bool is_redeem;
    struct span order, packet;
    struct id id;
    struct signed_item_list requests;
};
void hall_order_exchange(struct hall_order *out, struct hall *hall, const struct output *outputs,
                         size_t count);
void hall_order_redeem(struct hall_order *out, struct hall *hall, uint64_t bank_id, uint64_t fen);
/* Adds coins to be paid in; builds the packet. paid (may be NULL): the funding lines. */
void hall_order_fund(struct hall_order *order, struct hall *hall,
                     const struct world_coin *const *coins, size_t count);
enum status hall_order(struct hall *hall, struct order_reply *reply, const struct hall_order *order,
                       uint64_t bank_id);
enum outcome hall_input(const struct order_reply *reply, size_t index);
/* The reply as it would travel, but for `settled`, whose signature is fresh each time. */
struct id hall_reply_hash(const struct order_reply *reply);
/* Claim an orphan coin, showing a request (NULL: none): the outcome of the input. */
enum outcome hall_claim(struct hall *hall, const struct world_coin *orphan,
                        const struct world_request *shown);

uint64_t hall_owned(struct hall *hall, const struct public_key *key); /* fen unspent */
uint64_t hall_orphans(struct hall *hall, const struct public_key *key);
size_t hall_cases(struct hall *hall);
struct fraud_case hall_case(struct hall *hall, size_t index);
struct bank hall_bank(struct hall *hall, uint64_t bank_id);
struct claim hall_last_claim(struct hall *hall);
struct coin hall_coin(struct hall *hall, const struct world_coin *coin); /* its row */
size_t hall_count(struct hall *hall, const struct table *table);         /* rows */
struct books hall_books(struct hall *hall);

#endif
