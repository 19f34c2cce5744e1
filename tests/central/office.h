/* A central bank in memory for tests: the small world's keys, a memory store, the register behind it. Every step asserts the law of
 * the books, recomputed from the rows. Bank ids and trust are the world's. */
#ifndef DCEP_TESTS_CENTRAL_OFFICE_H
#define DCEP_TESTS_CENTRAL_OFFICE_H

#include "central/authority.h"
#include "central/books.h"
#include "central/cases.h"
#include "central/claims.h"
#include "central/register.h"
#include "central/vault.h"
#include "tests/support/world.h"

struct office {
    struct world world;
    struct store *store;
    uint64_t now;
};
/* Each bank gets 10,000.00 of reserve, 1,000.00 of it posted as guarantee. */
void office_open(struct office *out);
void office_close(struct office *office);
/* A transaction of its own around `body(env)`: begin; env; office_end commits and checks the books. */
struct register_env office_begin(struct office *office);
void office_end(struct office *office);

/* The bank certifies the wallet's key for a customer (by name) and logs it. */
void office_log(struct office *office, const struct world_wallet *wallet, const char *customer);
/* Money bought with the bank's reserve, as a token of the wallet (issue and hand over in one). */
void office_issue(struct world_coin *out, struct office *office, uint64_t bank_id, uint64_t fen,
                  struct world_wallet *owner);
/* Settle the line of a coin; the outcome of its last payment. The whole result in *result if not NULL. */
enum outcome office_settle(struct office *office, const struct world_coin *coin);
enum status office_settle_status(struct office *office, const struct world_coin *coin,
                                 struct settle_result *result);
enum status office_settle_packet(struct office *office, struct span packet,
                                 struct settle_result *result);
/* An exchange of coins, each paid whole to the register by its owner, into outputs; requests: for claims (may be NULL). */
struct office_order {
    struct exchange exchange;
    struct output outputs[8];
    struct redeem redeem;
    bool is_redeem;
    struct span order, packet;
    struct id id;
    struct signed_item_list requests;
};
void office_order_exchange(struct office_order *out, struct office *office,
                           const struct output *outputs, size_t count);
void office_order_redeem(struct office_order *out, struct office *office, uint64_t bank_id,
                         uint64_t fen);
/* Adds coins to be paid in; builds the packet. paid (may be NULL): the funding lines. */
void office_order_fund(struct office_order *order, struct office *office,
                       const struct world_coin *const *coins, size_t count);
enum status office_order(struct office *office, struct order_reply *reply,
                         const struct office_order *order, uint64_t bank_id);
/* Claim an orphan coin, showing a request (NULL: none): the outcome of the input. */
enum outcome office_claim(struct office *office, const struct world_coin *orphan,
                          const struct world_request *shown);

uint64_t office_owned(struct office *office, const struct public_key *key); /* fen unspent */
uint64_t office_orphans(struct office *office, const struct public_key *key);
size_t office_cases(struct office *office);
struct fraud_case office_case(struct office *office, size_t index);
struct bank office_bank(struct office *office, uint64_t bank_id);
struct claim office_last_claim(struct office *office);

#endif
