/* The bank's rows: customers, accounts, certified keys, withdrawals, deposits, the relay's queue;
 * its vault's coins are PURSE_TABLES (common/purse/tables.h).
 *
 * Names, phones and id numbers are in `customer` only, and no message carries them: the central
 * bank knows a customer by customer_id, an opaque random number that stays. */
#ifndef DCEP_INTERMEDIARY_BANK_TABLES_H
#define DCEP_INTERMEDIARY_BANK_TABLES_H

#include "common/purse/tables.h"

enum {
    BANK_NUMBER_ONE = 1, /* the key of a table with one row */
    NOTE_SIZE_MAX = 140,
};

/* Who this bank is, and the next numbers of its rows. */
#define BANK_STATE_FIELDS(F)                                                                       \
    F(UINT, id, 1, 1)                                                                              \
    F(TEXT, network, 1, NETWORK_SIZE_MAX)                                                          \
    F(TEXT, name, 1, NAME_SIZE_MAX)                                                                \
    F(KEY, bank_key)                                                                               \
    F(KEY, vault_key)                                                                              \
    F(UINT, next_customer, 1, INTEGER_MAX)                                                         \
    F(UINT, next_number, 1, INTEGER_MAX)                                                           \
    F(UINT, made_at, 0, INTEGER_MAX)
/* What it believes, and where the central bank is; no row before it was admitted. */
#define BANK_TRUST_FIELDS(F)                                                                       \
    F(UINT, id, 1, 1)                                                                              \
    F(UINT, bank_id, 1, INTEGER_MAX)                                                               \
    F(KEY, root_key)                                                                               \
    F(SIGNED, certificate)                                                                         \
    F(SIGNED, directory)                                                                           \
    F(OPT_SIGNED, revocations)                                                                     \
    F(TEXT, address, 1, ADDRESS_SIZE_MAX)                                                          \
    F(TEXT, tls_name, 1, 63)                                                                       \
    F(BLOB, tls_authority, 1, TLS_PEM_MAX)                                                         \
    F(BLOB, tls_certificate, 1, TLS_PEM_MAX)                                                       \
    F(UINT, fetched_at, 0, INTEGER_MAX)
/* balance: the account. held: what is known to be in the customer's wallets. lost_at: his wallets
 * of then were given up; a proof by words that was signed before may be a lost wallet's. */
#define CUSTOMER_FIELDS(F)                                                                         \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(NONCE, customer_id)                                                                          \
    F(TEXT, name, 1, NAME_SIZE_MAX)                                                                \
    F(TEXT, phone, 0, NAME_SIZE_MAX)                                                               \
    F(TEXT, id_number, 0, NAME_SIZE_MAX)                                                           \
    F(UINT, tier, 1, TIERS_MAX)                                                                    \
    F(OPT_TEXT, label, 1, NAME_SIZE_MAX)                                                           \
    F(AMOUNT0, balance)                                                                            \
    F(AMOUNT0, held)                                                                               \
    F(UINT, opened_at, 0, INTEGER_MAX)                                                             \
    F(UINT, lost_at, 0, INTEGER_MAX)
/* A join file's code, hashed: the database alone lets nobody in. */
#define JOIN_CODE_FIELDS(F)                                                                        \
    F(ID, code_hash)                                                                               \
    F(UINT, customer, 1, INTEGER_MAX)                                                              \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(UINT, expires_at, 0, INTEGER_MAX)                                                            \
    F(UINT, for_element, 0, 1)                                                                     \
    F(OPT_KEY, used_by)
/* The public key that a customer's recovery words stand for, and his proof that he has them. One a
 * customer: newer words void the older ones. */
#define WORDS_KEY_FIELDS(F)                                                                        \
    F(KEY, key)                                                                                    \
    F(UINT, customer, 1, INTEGER_MAX)                                                              \
    F(SIGNED, recovery)                                                                            \
    F(UINT, made_at, 0, INTEGER_MAX)
enum bank_wallet_state {
    BANK_WALLET_WAITING = 1, /* certified, not yet logged at the central bank: not handed out */
    BANK_WALLET_ACTIVE = 2,
    BANK_WALLET_OLD = 3, /* a newer key was certified in its place */
    BANK_WALLET_REVOKED = 4,
    BANK_WALLET_VOID = 5, /* given up before it was handed out: it never is, and holds nothing */
};
/* A key of a customer, with what its owner signed to have it certified. number: they rise in the
 * order in which keys came. was_active: it has been handed out once; certified anew it waits again,
 * and money may lie at it. */
#define BANK_WALLET_FIELDS(F)                                                                      \
    F(KEY, key)                                                                                    \
    F(KEY_ID, key_id)                                                                              \
    F(UINT, customer, 1, INTEGER_MAX)                                                              \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(UINT, state, 1, 5)                                                                           \
    F(SIGNED, certificate)                                                                         \
    F(UINT, not_after_day, 0, INTEGER_MAX)                                                         \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(SIGNED, by_new_key)                                                                          \
    F(OPT_SIGNED, by_previous_key)                                                                 \
    F(OPT_KEY, attestor_key)                                                                       \
    F(OPT_ID, code_hash)                                                                           \
    F(UINT, was_active, 0, 1)
enum account_entry_kind {
    ACCOUNT_PAID_IN = 1,    /* over the counter */
    ACCOUNT_PAID_OUT = 2,   /* over the counter */
    ACCOUNT_WITHDRAWAL = 3, /* into the wallet */
    ACCOUNT_DEPOSIT = 4,    /* from a wallet */
    ACCOUNT_ADVANCE = 5,    /* an advance taken back: its coin was paid to somebody else */
};
/* The journal of the accounts: appended, never changed. */
#define ACCOUNT_ENTRY_FIELDS(F)                                                                    \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(UINT, customer, 1, INTEGER_MAX)                                                              \
    F(UINT, kind, 1, 5)                                                                            \
    F(AMOUNT, amount)                                                                              \
    F(AMOUNT0, balance)                                                                            \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(TEXT, note, 0, NOTE_SIZE_MAX)
/* What a customer withdrew on a day (UTC). */
#define DAY_TOTAL_FIELDS(F)                                                                        \
    F(UINT, customer, 1, INTEGER_MAX)                                                              \
    F(UINT, day, 0, INTEGER_MAX)                                                                   \
    F(AMOUNT0, withdrawn)
enum payout_state {
    PAYOUT_WAITING = 1, /* debited; no order at the register serves it now */
    PAYOUT_ORDERED = 2, /* plan_id is its order */
    PAYOUT_DONE = 3,    /* its tokens are in payout_token */
};
/* A withdrawal into a wallet, under the id that the wallet chose. */
#define PAYOUT_FIELDS(F)                                                                           \
    F(NONCE, withdrawal_id)                                                                        \
    F(UINT, customer, 1, INTEGER_MAX)                                                              \
    F(KEY, wallet_key)                                                                             \
    F(AMOUNT, amount)                                                                              \
    F(SIGNED, withdrawal)                                                                          \
    F(ID, body_hash)                                                                               \
    F(UINT, state, 1, 3)                                                                           \
    F(OPT_ID, plan_id)                                                                             \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(UINT, done_at, 0, INTEGER_MAX)
#define PAYOUT_TOKEN_FIELDS(F)                                                                     \
    F(NONCE, withdrawal_id)                                                                        \
    F(UINT, position, 0, WITHDRAWAL_AMOUNTS_MAX)                                                   \
    F(SIGNED, token)
enum vault_order_state { VAULT_ORDER_WAITING = 1, VAULT_ORDER_DONE = 2, VAULT_ORDER_REFUSED = 3 };
/* Money ordered with the reserve; status: the central bank's last word. */
#define VAULT_ORDER_FIELDS(F)                                                                      \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(NONCE, nonce)                                                                                \
    F(AMOUNT, amount)                                                                              \
    F(BLOB, order, 1, PACKET_SIZE_MAX)                                                             \
    F(UINT, state, 1, 3)                                                                           \
    F(UINT, status, 0, 255)                                                                        \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(UINT, done_at, 0, INTEGER_MAX)
/* Money given back for reserve: exchanges that make exact coins, then the redeem order. */
enum vault_return_state { VAULT_RETURN_WAITING = 1, VAULT_RETURN_DONE = 2 };
#define VAULT_RETURN_FIELDS(F)                                                                     \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(AMOUNT, amount)                                                                              \
    F(UINT, state, 1, 2)                                                                           \
    F(OPT_ID, plan_id)                                                                             \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(UINT, done_at, 0, INTEGER_MAX)
/* A wallet's money on its way into an account: asked for, then paid to the vault key. */
enum bank_deposit_state {
    BANK_DEPOSIT_OPEN = 1,
    BANK_DEPOSIT_RECEIVED = 2,
    BANK_DEPOSIT_CREDITED = 3
};
#define BANK_DEPOSIT_FIELDS(F)                                                                     \
    F(NONCE, deposit_id)                                                                           \
    F(UINT, customer, 1, INTEGER_MAX)                                                              \
    F(AMOUNT, amount)                                                                              \
    F(ID, request_id)                                                                              \
    F(AMOUNT0, credited)                                                                           \
    F(UINT, state, 1, 3)                                                                           \
    F(UINT, made_at, 0, INTEGER_MAX)
enum relay_packet_state { RELAY_WAITING = 1, RELAY_DONE = 2 };
/* Packets that wallets handed in; the bytes go once the register has answered. */
#define RELAY_PACKET_FIELDS(F)                                                                     \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(ID, packet_hash)                                                                             \
    F(UINT, customer, 1, INTEGER_MAX)                                                              \
    F(BLOB, packet, 0, PACKET_SIZE_MAX)                                                            \
    F(UINT, state, 1, 2)                                                                           \
    F(UINT, status, 0, 255)                                                                        \
    F(UINT, queued_at, 0, INTEGER_MAX)                                                             \
    F(UINT, done_at, 0, INTEGER_MAX)
/* How many of them there are: one row. */
#define RELAY_COUNT_FIELDS(F)                                                                      \
    F(UINT, id, 1, 1) F(UINT, waiting, 0, INTEGER_MAX) F(UINT, done, 0, INTEGER_MAX)
/* How many of them wait that a customer handed in. */
#define RELAY_CUSTOMER_FIELDS(F) F(UINT, customer, 1, INTEGER_MAX) F(UINT, waiting, 0, INTEGER_MAX)
/* Payments that the register settled, each booked once. */
#define RELAY_PAYMENT_FIELDS(F) F(ID, payment_id) F(UINT, made_at, 0, INTEGER_MAX)
enum advance_state {
    ADVANCE_ORDERED = 1,   /* an order at the register is on its way */
    ADVANCE_PAID = 2,      /* the customer has the money; the coin comes to the vault one day */
    ADVANCE_RECOVERED = 3, /* it came */
    ADVANCE_OWED = 4, /* it was paid to somebody else: the customer owes what is not collected */
};
/* Coins of lost wallets that the bank paid in advance; order_id is the plan that paid. */
#define ADVANCE_FIELDS(F)                                                                          \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(UINT, customer, 1, INTEGER_MAX)                                                              \
    F(AMOUNT, amount)                                                                              \
    F(UINT, redeem_by_day, 0, INTEGER_MAX)                                                         \
    F(UINT, state, 1, 4)                                                                           \
    F(ID, order_id)                                                                                \
    F(AMOUNT0, collected)                                                                          \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(UINT, done_at, 0, INTEGER_MAX)
/* Calls by id, to refuse the same id with another body; pruned once older than a call may be. */
#define BANK_CALL_FIELDS(F)                                                                        \
    F(KEY_ID, sender) F(NONCE, call_id) F(ID, body_hash) F(UINT, made_at, 0, INTEGER_MAX)

#define BANK_TABLES(T)                                                                             \
    T(bank, bank_state, BANK_STATE_FIELDS, 1)                                                      \
    T(bank, bank_trust, BANK_TRUST_FIELDS, 1)                                                      \
    T(bank, customer, CUSTOMER_FIELDS, 1, TABLE_UNIQUE("customer_id"))                             \
    T(bank, join_code, JOIN_CODE_FIELDS, 1, TABLE_INDEX("customer"))                               \
    T(bank, words_key, WORDS_KEY_FIELDS, 1, TABLE_INDEX("customer"))                               \
    T(bank, bank_wallet, BANK_WALLET_FIELDS, 1, TABLE_INDEX("key_id"), TABLE_INDEX("customer"),    \
      TABLE_INDEX("state"))                                                                        \
    T(bank, account_entry, ACCOUNT_ENTRY_FIELDS, 1, TABLE_INDEX("customer"))                       \
    T(bank, day_total, DAY_TOTAL_FIELDS, 2)                                                        \
    T(bank, payout, PAYOUT_FIELDS, 1, TABLE_INDEX("state"), TABLE_INDEX("plan_id"))                \
    T(bank, payout_token, PAYOUT_TOKEN_FIELDS, 2)                                                  \
    T(bank, vault_order, VAULT_ORDER_FIELDS, 1, TABLE_INDEX("state"))                              \
    T(bank, vault_return, VAULT_RETURN_FIELDS, 1, TABLE_INDEX("state"), TABLE_INDEX("plan_id"))    \
    T(bank, bank_deposit, BANK_DEPOSIT_FIELDS, 1, TABLE_UNIQUE("request_id"))                      \
    T(bank, relay_packet, RELAY_PACKET_FIELDS, 1, TABLE_UNIQUE("packet_hash"),                     \
      TABLE_INDEX("state"))                                                                        \
    T(bank, relay_count, RELAY_COUNT_FIELDS, 1)                                                    \
    T(bank, relay_customer, RELAY_CUSTOMER_FIELDS, 1)                                              \
    T(bank, relay_payment, RELAY_PAYMENT_FIELDS, 1)                                                \
    T(bank, advance, ADVANCE_FIELDS, 2, TABLE_INDEX("state"), TABLE_INDEX("customer"),             \
      TABLE_INDEX("order_id"))                                                                     \
    T(bank, bank_call, BANK_CALL_FIELDS, 2)

TABLES_DECLARE(BANK_TABLES)
extern const struct store_schema bank_schema;

#endif
