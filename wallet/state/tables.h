/* The wallet's rows: the purse's, and what only a citizen has. */
#ifndef DCEP_WALLET_STATE_TABLES_H
#define DCEP_WALLET_STATE_TABLES_H

#include "common/purse/tables.h"

/* Have the words of recovery_key been on paper? Unseen: a cut came before they were shown. Void:
 * the bank said that newer ones are in force, of another wallet of the same customer. */
enum words_state { WORDS_UNSEEN = 0, WORDS_SEEN = 1, WORDS_VOID = 2 };
/* One row: who I am with, and what I believe. directory and revocations only rise in version.
 * own_*: limits that the owner set; zero: none (wallet/state/limits.h).
 * is_restored: from a backup, and not synced since. is_refused: my bank certifies this wallet's key
 * no more (revoked, or opened anew elsewhere), as of the last sync. recovery_key: what my recovery
 * words stand for; neither words nor private key are here. older_held: what comes back of wallets
 * that this one is in place of, as the bank told it at older_told_at (0: never); older_asks: it may
 * change. */
#define WALLET_STATE_FIELDS(F)                                                                     \
    F(UINT, id, 1, 1)                                                                              \
    F(TEXT, network, 1, NETWORK_SIZE_MAX)                                                          \
    F(KEY, root_key)                                                                               \
    F(UINT, bank_id, 1, INTEGER_MAX)                                                               \
    F(TEXT, bank_name, 1, NAME_SIZE_MAX)                                                           \
    F(TEXT, address, 1, ADDRESS_SIZE_MAX)                                                          \
    F(TEXT, tls_name, 1, 63)                                                                       \
    F(BLOB, tls_certificate, 1, TLS_PEM_MAX)                                                       \
    F(OPT_NONCE, join_code)                                                                        \
    F(UINT, is_joined, 0, 1)                                                                       \
    F(UINT, is_restored, 0, 1)                                                                     \
    F(UINT, is_refused, 0, 1)                                                                      \
    F(OPT_KEY, recovery_key)                                                                       \
    F(UINT, words, 0, 2)                                                                           \
    F(OPT_SIGNED, directory)                                                                       \
    F(OPT_SIGNED, revocations)                                                                     \
    F(UINT, newest_signed_time, 0, INTEGER_MAX)                                                    \
    F(AMOUNT0, paid_since_sync)                                                                    \
    F(UINT, paid_day, 0, INTEGER_MAX)                                                              \
    F(AMOUNT0, paid_on_day)                                                                        \
    F(AMOUNT0, own_payment_max)                                                                    \
    F(AMOUNT0, own_day_max)                                                                        \
    F(AMOUNT0, own_offline_max)                                                                    \
    F(AMOUNT0, own_held_max)                                                                       \
    F(UINT, holder, 0, 1)                                                                          \
    F(UINT, element_index, 0, INTEGER_MAX)                                                         \
    F(UINT, element_count, 0, INTEGER_MAX)                                                         \
    F(OPT_BLOB, element_attestor, 1, 1024)                                                         \
    F(UINT, last_sync_at, 0, INTEGER_MAX)                                                          \
    F(UINT, older_asks, 0, 1)                                                                      \
    F(AMOUNT0, older_held)                                                                         \
    F(UINT, older_told_at, 0, INTEGER_MAX)
/* My private keys, sealed under the PIN; a row before a certificate is asked for. */
#define SEALED_KEY_FIELDS(F)                                                                       \
    F(KEY, key)                                                                                    \
    F(BLOB, sealed, 1, 4096)                                                                       \
    F(UINT, made_at, 0, INTEGER_MAX)
/* A key that waits for its certificate: at most one, so that a lost reply is asked for again. */
#define NEW_KEY_FIELDS(F)                                                                          \
    F(UINT, id, 1, 1)                                                                              \
    F(KEY, key)                                                                                    \
    F(SIGNED, by_new_key)                                                                          \
    F(OPT_SIGNED, by_previous_key)                                                                 \
    F(OPT_SIGNED, recovery)
enum withdrawal_state { WITHDRAWAL_OPEN = 1, WITHDRAWAL_DONE = 2, WITHDRAWAL_REFUSED = 3 };
#define WITHDRAWAL_ROW_FIELDS(F)                                                                   \
    F(NONCE, withdrawal_id)                                                                        \
    F(SIGNED, withdrawal)                                                                          \
    F(AMOUNT, amount)                                                                              \
    F(UINT, state, 1, 3)                                                                           \
    F(UINT, made_at, 0, INTEGER_MAX)
/* A deposit: the bank's request, then the plan that pays it, then the bank's word that the account
 * was credited. */
enum deposit_state {
    DEPOSIT_ASKED = 1,
    DEPOSIT_PAID = 2,
    DEPOSIT_CREDITED = 3,
    DEPOSIT_FAILED = 4
};
#define DEPOSIT_ROW_FIELDS(F)                                                                      \
    F(NONCE, deposit_id)                                                                           \
    F(AMOUNT, amount)                                                                              \
    F(OPT_ID, request_id)                                                                          \
    F(UINT, state, 1, 4)                                                                           \
    F(AMOUNT0, credited)                                                                           \
    F(UINT, made_at, 0, INTEGER_MAX)
/* Receipts of payees for what I paid, by the request's id. */
#define RECEIPT_ROW_FIELDS(F)                                                                      \
    F(ID, request_id)                                                                              \
    F(BLOB, confirmation, 1, 16384)                                                                \
    F(UINT, received_at, 0, INTEGER_MAX)
/* The payee's certificate that came with a request I paid (null: a bank's vault). */
#define PAYEE_FIELDS(F)                                                                            \
    F(ID, request_id)                                                                              \
    F(OPT_SIGNED, certificate)
enum history_kind {
    HISTORY_WITHDRAWN = 1,
    HISTORY_DEPOSITED = 2,
    HISTORY_PAID = 3,
    HISTORY_RECEIVED = 4,
    HISTORY_QUARANTINED = 5,
    HISTORY_CONFLICT = 6,
    HISTORY_FOUND = 7, /* at the register: a packet that others handed in, a compensation, ... */
};
#define HISTORY_FIELDS(F)                                                                          \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(UINT, kind, 1, 7)                                                                            \
    F(AMOUNT, amount)                                                                              \
    F(ID, reference)                                                                               \
    F(TEXT, counterparty, 0, 168)                                                                  \
    F(TEXT, memo, 0, MEMO_SIZE_MAX)                                                                \
    F(UINT, at, 0, INTEGER_MAX)
/* Payments that I was shown in the last days, by the day I saw them: what early warning compares
 * (wallet/news/sighting.h). */
#define SIGHTING_FIELDS(F)                                                                         \
    F(UINT, day, 0, INTEGER_MAX)                                                                   \
    F(ID, payment_id)                                                                              \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)
/* One row: what makes the salts and the padding of my sightings, mine alone. */
#define SIGHTING_SECRET_FIELDS(F)                                                                  \
    F(UINT, id, 1, 1)                                                                              \
    F(NONCE, secret)
/* Coins that somebody paid twice: the proof, and the key that it names (wallet/news/fork.h). */
#define FORK_FIELDS(F)                                                                             \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(KEY, key)                                                                                    \
    F(AMOUNT, amount)                                                                              \
    F(BLOB, proof, 1, PACKET_SIZE_MAX)                                                             \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(UINT, found_at, 0, INTEGER_MAX)

#define WALLET_TABLES(T)                                                                           \
    T(tables, wallet_state, WALLET_STATE_FIELDS, 1)                                                \
    T(tables, sealed_key, SEALED_KEY_FIELDS, 1)                                                    \
    T(tables, new_key, NEW_KEY_FIELDS, 1)                                                          \
    T(tables, withdrawal_row, WITHDRAWAL_ROW_FIELDS, 1, TABLE_INDEX("state"))                      \
    T(tables, deposit_row, DEPOSIT_ROW_FIELDS, 1, TABLE_INDEX("state"))                            \
    T(tables, receipt_row, RECEIPT_ROW_FIELDS, 1)                                                  \
    T(tables, payee, PAYEE_FIELDS, 1)                                                              \
    T(tables, history, HISTORY_FIELDS, 1, TABLE_INDEX("reference"))                                \
    T(tables, sighting, SIGHTING_FIELDS, 2)                                                        \
    T(tables, sighting_secret, SIGHTING_SECRET_FIELDS, 1)                                          \
    T(tables, fork, FORK_FIELDS, 2)

TABLES_DECLARE(WALLET_TABLES)
extern const struct store_schema wallet_schema;

#endif
