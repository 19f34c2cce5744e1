/* A central bank in memory for tests: the small world's keys, a memory store, the register behind it. Every step asserts the law of
 * the books, recomputed from the rows. Bank ids and trust are the world's. */
#ifndef DCEP_TESTS_CENTRAL_HALL_H
#define DCEP_TESTS_CENTRAL_HALL_H

#include "central/authority.h"
#include "central/books.h"
#include "central/cases.h"
#include "central/claims.h"
#include "central/register.h"
#include "central/vault.h"
#include "tests/support/world.h"

struct hall {
    struct world world;
    struct store *store;
    uint64_t now;
};
/* Each bank gets 10,000.00 of reserve, 1,000.00 of it posted as guarantee. */
void hall_open(struct hall *out);
void hall_close(struct hall *hall);
/* A transaction of its own around `body(env)`: begin; env; hall_end commits and checks the books. */
struct register_env hall_begin(struct hall *hall);
void hall_end(struct hall *hall);

/* The bank certifies the wallet's key for a customer (by name) and logs it. */
void hall_log(struct hall *hall, const struct world_wallet *wallet, const char *customer);
/* Money bought with the bank's reserve, as a token of the wallet (issue and hand over in one). */
void hall_issue(struct world_coin *out, struct hall *hall, uint64_t bank_id, uint64_t fen,
                  struct world_wallet *owner);
/* Settle the line of a coin; the outcome of its last payment. The whole result in *result if not NULL. */
enum outcome hall_settle(struct hall *hall, const struct world_coin *coin);
enum status hall_settle_status(struct hall *hall, const struct world_coin *coin,
                                 struct settle_result *result);
enum status hall_settle_packet(struct hall *hall, struct span packet,
                                 struct settle_result *result);
/* An exchange of coins, each paid whole to the register by its owner, into outputs; requests: for claims (may be NULL). */
struct hall_order {
    struct exchange exchange;
    struct output outputs[8];
    struct redeem redeem;
    bool is_redeem;
    struct span order, packet;
    struct id id;
    struct signed_item_list requests;
};
void hall_order_exchange(struct hall_order *out, struct hall *hall,
                           const struct output *outputs, size_t count);
void hall_order_redeem(struct hall_order *out, struct hall *hall, uint64_t bank_id,
                         uint64_t fen);
/* Adds coins to be paid in; builds the packet. paid (may be NULL): the funding lines. */
void hall_order_fund(struct hall_order *order, struct hall *hall,
                       const struct world_coin *const *coins, size_t count);
enum status hall_order(struct hall *hall, struct order_reply *reply,
                         const struct hall_order *order, uint64_t bank_id);
/* Claim an orphan coin, showing a request (NULL: none): the outcome of the input. */
enum outcome hall_claim(struct hall *hall, const struct world_coin *orphan,
                          const struct world_request *shown);

uint64_t hall_owned(struct hall *hall, const struct public_key *key); /* fen unspent */
uint64_t hall_orphans(struct hall *hall, const struct public_key *key);
size_t hall_cases(struct hall *hall);
struct fraud_case hall_case(struct hall *hall, size_t index);
struct bank hall_bank(struct hall *hall, uint64_t bank_id);
struct claim hall_last_claim(struct hall *hall);

#endif
