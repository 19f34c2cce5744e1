/* The rows of whoever holds coins: a wallet, or a bank's vault. Both databases include
 * PURSE_TABLES. */
#ifndef DCEP_COMMON_PURSE_TABLES_H
#define DCEP_COMMON_PURSE_TABLES_H

#include "common/store/store.h"
#include "common/wire/message.h"

/* My keys, oldest first. The private scalar is sealed outside (the shell's keyfile); rows name
 * keys only. */
enum purse_key_state {
    PURSE_KEY_CURRENT = 1, /* pays, takes, exchanges */
    PURSE_KEY_OLD =
        2, /* takes late packets in and exchanges; still pays until the exchange is answered */
    PURSE_KEY_FROZEN = 3, /* never signs again (a restored backup's) */
};
#define PURSE_KEY_FIELDS(F)                                                                        \
    F(KEY, key)                                                                                    \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(UINT, state, 1, 3)                                                                           \
    F(UINT, next_counter, 1, INTEGER_MAX)                                                          \
    F(OPT_BLOB, certificate, 1, 4096)                                                              \
    F(UINT, made_at, 0, INTEGER_MAX)

/* Payments and tokens whose line I hold, each once, under its id; `verified` by being here. */
#define PURSE_PAYMENT_FIELDS(F)                                                                    \
    F(ID, payment_id)                                                                              \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(OPT_ID, parent_payment_id)                                                                   \
    F(SIGNED, payment)                                                                             \
    F(KEY, signer_key)
#define PURSE_TOKEN_FIELDS(F)                                                                      \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(SIGNED, token)
/* What a token was the answer to: an order, a withdrawal, a payment that was minted back. Kept when
 * the coin is spent: a token answers once, however alike the next question is. */
#define PURSE_ANSWER_FIELDS(F)                                                                     \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(ID, question_id)
#define PURSE_CERTIFICATE_FIELDS(F)                                                                \
    F(KEY, key)                                                                                    \
    F(SIGNED, certificate)

/* AVAILABLE -> RESERVED -> COMMITTED -> (row deleted, tombstone) ; see purse.h for the table of
 * moves. */
enum purse_coin_state {
    PURSE_AVAILABLE = 1,
    PURSE_RESERVED = 2,    /* named by a plan; payload durable */
    PURSE_COMMITTED = 3,   /* signed away; waits for the register's signed word */
    PURSE_QUARANTINED = 4, /* genuine and mine, but not taken as payment: settled at sync */
    PURSE_ORPHANED = 5,    /* on a losing line: claimable */
    PURSE_LOST = 6,        /* refunded before it was shown */
};
#define PURSE_COIN_FIELDS(F)                                                                       \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(AMOUNT, amount)                                                                              \
    F(KEY, owner_key)                                                                              \
    F(UINT, state, 1, 6)                                                                           \
    F(UINT, is_settled, 0, 1)                                                                      \
    F(OPT_ID, parent_payment_id)                                                                   \
    F(UINT, output_index, 0, OUTPUTS_MAX)                                                          \
    F(UINT, hops, 0, PACKET_PAYMENTS_MAX)                                                          \
    F(UINT, depth, 0, PACKET_PAYMENTS_MAX)                                                         \
    F(UINT, spend_by_day, 0, INTEGER_MAX)                                                          \
    F(UINT, redeem_by_day, 0, INTEGER_MAX)                                                         \
    F(OPT_UINT, purpose, 1, 65535)                                                                 \
    F(OPT_ID, request_id)                                                                          \
    F(OPT_ID, plan_id)                                                                             \
    F(UINT, taken_at, 0, INTEGER_MAX)
/* Coins I spent and forgot; kept for as long as I hold their key, so that an old line replayed
 * never looks like mine. */
#define PURSE_TOMB_FIELDS(F)                                                                       \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(KEY, key)

/* A plan: coins to be paid away under one reference (a request's id, or an order's). */
enum purse_plan_kind {
    PURSE_PLAN_PAY = 1,
    PURSE_PLAN_EXCHANGE = 2,
    PURSE_PLAN_CLAIM = 3,
    PURSE_PLAN_REDEEM = 4
};
enum purse_plan_state {
    PURSE_PLAN_RESERVED = 1, /* whole payloads durable; cancel possible */
    PURSE_PLAN_SIGNING =
        2, /* the mark is durable: the same payloads are signed, whatever happens */
    PURSE_PLAN_COMMITTED =
        3, /* signed bytes durable; may be sent, again and again, the same bytes */
    PURSE_PLAN_SENT = 4,
    PURSE_PLAN_CONFIRMED = 5, /* pay: the payee's receipt is here */
    PURSE_PLAN_SETTLED = 6,   /* the register's word on every coin is here; orders: answered */
};
#define PURSE_PLAN_FIELDS(F)                                                                       \
    F(ID, plan_id)                                                                                 \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(UINT, kind, 1, 4)                                                                            \
    F(UINT, state, 1, 6)                                                                           \
    F(AMOUNT, amount)                                                                              \
    F(BLOB, order, 0, 65536)                                                                       \
    F(OPT_SIGNED, request)                                                                         \
    F(OPT_BLOB, packet, 1, PACKET_SIZE_MAX)                                                        \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(UINT, changed_at, 0, INTEGER_MAX)
#define PURSE_PLAN_ITEM_FIELDS(F)                                                                  \
    F(ID, plan_id)                                                                                 \
    F(UINT, position, 0, PACKET_COINS_MAX)                                                         \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(KEY, key)                                                                                    \
    F(BLOB, payload, 1, 2048)                                                                      \
    F(OPT_SIGNED, payment)                                                                         \
    F(OPT_ID, payment_id)                                                                          \
    F(UINT, outcome, 0, 255)
/* Requests that I made: what a payment to me must answer, and what a claim must show. A bank's
 * vault makes them for deposits. */
enum purse_request_state { PURSE_REQUEST_OPEN = 1, PURSE_REQUEST_PAID = 2 };
#define PURSE_REQUEST_FIELDS(F)                                                                    \
    F(ID, request_id)                                                                              \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(SIGNED, request)                                                                             \
    F(KEY, payee_key)                                                                              \
    F(AMOUNT, amount)                                                                              \
    F(UINT, state, 1, 2)                                                                           \
    F(OPT_BLOB, packet_payments, 1, 1024)                                                          \
    F(OPT_SIGNED, receipt)                                                                         \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(UINT, paid_at, 0, INTEGER_MAX)
/* The last number given to a key, plan, request or packet: one count for all, so that it tells the
 * order. */
#define PURSE_NUMBER_FIELDS(F)                                                                     \
    F(UINT, id, 1, 1)                                                                              \
    F(UINT, last, 0, INTEGER_MAX)
/* Packets of others to be handed in: what I received, as bytes, until the register's word on all
 * its lines is here. */
#define PURSE_INBOX_FIELDS(F)                                                                      \
    F(ID, packet_hash)                                                                             \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(BLOB, packet, 1, PACKET_SIZE_MAX)                                                            \
    F(UINT, is_done, 0, 1)                                                                         \
    F(UINT, received_at, 0, INTEGER_MAX)

#define PURSE_TABLES(T)                                                                            \
    T(purse, purse_key, PURSE_KEY_FIELDS, 1, TABLE_INDEX("state"))                                 \
    T(purse, purse_payment, PURSE_PAYMENT_FIELDS, 1, TABLE_INDEX("serial", "coin_id"))             \
    T(purse, purse_token, PURSE_TOKEN_FIELDS, 2)                                                   \
    T(purse, purse_answer, PURSE_ANSWER_FIELDS, 2)                                                 \
    T(purse, purse_certificate, PURSE_CERTIFICATE_FIELDS, 1)                                       \
    T(purse, purse_coin, PURSE_COIN_FIELDS, 2, TABLE_INDEX("state"), TABLE_INDEX("plan_id"),       \
      TABLE_INDEX("parent_payment_id"))                                                            \
    T(purse, purse_tomb, PURSE_TOMB_FIELDS, 2)                                                     \
    T(purse, purse_plan, PURSE_PLAN_FIELDS, 1, TABLE_INDEX("state"), TABLE_INDEX("kind", "state")) \
    T(purse, purse_plan_item, PURSE_PLAN_ITEM_FIELDS, 2, TABLE_INDEX("payment_id"))                \
    T(purse, purse_request, PURSE_REQUEST_FIELDS, 1, TABLE_INDEX("state"))                         \
    T(purse, purse_inbox, PURSE_INBOX_FIELDS, 1, TABLE_INDEX("is_done"))                           \
    T(purse, purse_number, PURSE_NUMBER_FIELDS, 1)

TABLES_DECLARE(PURSE_TABLES)

#endif
