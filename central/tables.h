/* The central bank's rows (docs/PROTOCOL.md section 7): one declaration gives struct, SQL and
 * CHECKs.  A coin's life is in two rows under (serial, coin_id): `coin` from its making, `spend`
 * from its spending. The primary key of `spend` is what refuses the second spend, whatever the
 * rules do; and the row of `spend` is what makes a coin spent: `coin` is not touched again
 * (docs/adr/0016-rows-of-a-settlement.md). */
#ifndef DCEP_CENTRAL_TABLES_H
#define DCEP_CENTRAL_TABLES_H

#include "common/store/store.h"
#include "common/wire/message.h"

enum coin_state {
    COIN_UNSPENT = 1,
    COIN_SPENT = 2,        /* in no row: UNSPENT, and there is a row of `spend` (register_coin) */
    COIN_ORPHAN = 3,       /* an output on a losing line: no money, claimable */
    COIN_ORPHAN_SPENT = 4, /* in no row either: ORPHAN, and there is a row of `spend` */
    COIN_REFUNDED = 5,     /* voided past redeem_by; kept for the wallet's recovery */
};
enum coin_fault { /* why a coin is an orphan */
                  FAULT_NONE = 0,
                  FAULT_FORK = 1,   /* offender_key paid twice */
                  FAULT_FORGED = 2, /* the token has no row: a stolen issuing key */
                  FAULT_LATE = 3,   /* shown after a refund */
};
enum {
    SIGNED_BYTES_MAX = 4096,
    CLONE_ENTRY_SIZE = 32,
    CLONE_LOG_MAX = SETTLE_PACKETS_MAX * PACKET_PAYMENTS_MAX * CLONE_ENTRY_SIZE,
};

/* The lists below are tables: one field, or a few, a line. */
/* clang-format off */

/* The books: one row. unspent is the running sum of unspent coins; `supply` recomputes it from
 * the coins. */
#define BOOKS_FIELDS(F)                                                                            \
    F(UINT, id, 1, 1)                                                                              \
    F(BALANCE, funded)                                                                             \
    F(BALANCE, loss)                                                                               \
    F(AMOUNT0, unspent)                                                                            \
    F(UINT, next_serial, 1, INTEGER_MAX)                                                           \
    F(UINT, next_number, 1, INTEGER_MAX)                                                           \
    F(UINT, next_bank_id, 1, INTEGER_MAX)                                                          \
    F(UINT, revocations_version, 0, INTEGER_MAX) F(UINT, directory_version, 0, INTEGER_MAX)
#define BANK_FIELDS(F)                                                                             \
    F(UINT, bank_id, 1, INTEGER_MAX)                                                               \
    F(TEXT, name, 1, NAME_SIZE_MAX)                                                                \
    F(KEY, bank_key)                                                                               \
    F(KEY_ID, bank_key_id)                                                                         \
    F(KEY, vault_key)                                                                              \
    F(AMOUNT0, reserve)                                                                            \
    F(AMOUNT0, guarantee) F(SIGNED, certificate) F(UINT, enrolled_at, 0, INTEGER_MAX)
/* Made by the spend of parent_coin_id, or by its loser loser_id; a root has neither, and its token
 * is in `minted`, but for a forged one, which is here. */
#define COIN_FIELDS(F)                                                                             \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(AMOUNT, amount)                                                                              \
    F(KEY, owner_key)                                                                              \
    F(UINT, state, 1, 5)                                                                           \
    F(UINT, fault, 0, 3)                                                                           \
    F(OPT_KEY, offender_key)                                                                       \
    F(OPT_ID, parent_coin_id)                                                                      \
    F(OPT_ID, loser_id)                                                                            \
    F(UINT, depth, 0, INTEGER_MAX)                                                                 \
    F(UINT, redeem_by_day, 0, INTEGER_MAX)                                                         \
    F(OPT_UINT, purpose, 1, 65535) F(OPT_BLOB, token, 1, SIGNED_BYTES_MAX)
/* Tokens of this central bank, one a serial: the database itself refuses a second one. */
#define MINTED_FIELDS(F) F(UINT, serial, 1, INTEGER_MAX) F(ID, coin_id) F(SIGNED, token)
/* The payment that spent a coin (of a refunded one: the first that was shown too late); its bytes
 * are the evidence (common/money/evidence.h). amount and state are the coin's: so the money that is
 * unspent is a sum over `coin` less a sum over `spend`. */
#define SPEND_FIELDS(F)                                                                            \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(AMOUNT, amount)                                                                              \
    F(UINT, state, 1, 5)                                                                           \
    F(BLOB, evidence, SIGNATURE_SIZE, SIGNED_BYTES_MAX) F(UINT, settled_at, 0, INTEGER_MAX)
/* What keys own, or owned once: sorted runs of entries (central/register_owner.c). */
enum { OWNER_ENTRY_SIZE = 24, OWNER_CHUNK_ENTRIES = 160 };
#define OWNER_RUN_FIELDS(F)                                                                        \
    F(UINT, level, 0, 15)                                                                          \
    F(UINT, run, 1, INTEGER_MAX)                                                                   \
    F(KEY_ID, first_owner)                                                                         \
    F(UINT, first_serial, 1, INTEGER_MAX)                                                          \
    F(UINT, chunk, 1, INTEGER_MAX)                                                                 \
    F(BLOB, entries, OWNER_ENTRY_SIZE, OWNER_CHUNK_ENTRIES * OWNER_ENTRY_SIZE)
/* Runs of a level, up to last_source, that become one (central/register_owner_runs.c). */
#define OWNER_MERGE_FIELDS(F)                                                                      \
    F(UINT, level, 0, 14)                                                                          \
    F(UINT, last_source, 1, INTEGER_MAX)                                                           \
    F(UINT, to_level, 1, 15) F(UINT, to_run, 1, INTEGER_MAX)
/* Genuine payments that did not settle their coin: the lines of orphans need them. */
#define LOSER_FIELDS(F)                                                                            \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, payment_id)                                                                              \
    F(ID, coin_id) F(SIGNED, payment) F(UINT, outcome, 1, 255) F(UINT, shown_at, 0, INTEGER_MAX)
/* Orders by id: exchange, redeem, issue; and what they minted. is_by_vault: the bank's own vault
 * paid all that an exchange turned into tokens, so that it may be an advance (refund.c). */
#define ORDER_FIELDS(F)                                                                            \
    F(ID, order_id)                                                                                \
    F(UINT, kind, 0, 255)                                                                          \
    F(UINT, done, 0, 1)                                                                            \
    F(UINT, is_by_vault, 0, 1)                                                                     \
    F(UINT, bank_id, 0, INTEGER_MAX)                                                               \
    F(AMOUNT0, amount) F(UINT, token_count, 0, ORDER_OUTPUTS_MAX) F(UINT, made_at, 0, INTEGER_MAX)
#define ORDER_TOKEN_FIELDS(F)                                                                      \
    F(ID, order_id)                                                                                \
    F(UINT, position, 0, ORDER_OUTPUTS_MAX) F(UINT, serial, 1, INTEGER_MAX) F(ID, coin_id)
/* What became of a payment to the register: under which order, and the coin minted back if so. */
#define INPUT_FIELDS(F)                                                                            \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, payment_id)                                                                              \
    F(ID, order_id)                                                                                \
    F(ID, coin_id)                                                                                 \
    F(UINT, outcome, 1, 255) F(UINT, back_serial, 0, INTEGER_MAX) F(OPT_ID, back_coin_id)
/* Issue orders wait for an operator; so do claims of forged money. */
#define ISSUE_ORDER_FIELDS(F)                                                                      \
    F(UINT, bank_id, 1, INTEGER_MAX)                                                               \
    F(NONCE, nonce) F(ID, order_id) F(UINT, approval, 1, INTEGER_MAX)
#define APPROVAL_FIELDS(F)                                                                         \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(UINT, kind, 1, 2)                                                                            \
    F(UINT, state, 1, 3)                                                                           \
    F(UINT, bank_id, 0, INTEGER_MAX)                                                               \
    F(AMOUNT, amount)                                                                              \
    F(ID, subject_id)                                                                              \
    F(BLOB, body, 0, 65536)                                                                        \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(UINT, decided_at, 0, INTEGER_MAX) F(TEXT, decided_by, 0, 64) F(TEXT, reason, 0, 255)
/* One key belongs to one bank, and there to one customer (opaque number), for ever. */
#define WALLET_KEY_FIELDS(F)                                                                       \
    F(KEY, key)                                                                                    \
    F(KEY_ID, key_id)                                                                              \
    F(UINT, bank_id, 1, INTEGER_MAX)                                                               \
    F(NONCE, customer) F(SIGNED, certificate) F(UINT, logged_at, 0, INTEGER_MAX)
#define REVOKED_KEY_FIELDS(F)                                                                      \
    F(KEY_ID, key_id)                                                                              \
    F(UINT, reason, 0, 255)                                                                        \
    F(UINT, since_day, 0, INTEGER_MAX)                                                             \
    F(UINT, until_day, 0, INTEGER_MAX) F(UINT, version, 1, INTEGER_MAX)
#define FRAUD_CASE_FIELDS(F)                                                                       \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(UINT, kind, 0, 1)                                                                            \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(ID, payment_a_id)                                                                            \
    F(ID, payment_b_id)                                                                            \
    F(KEY, offender_key)                                                                           \
    F(UINT, bank_id, 0, INTEGER_MAX)                                                               \
    F(OPT_NONCE, customer) F(OPT_BLOB, proof, 1, 16384) F(UINT, opened_at, 0, INTEGER_MAX)
enum claim_refusal {
    CLAIM_NOT_REFUSED = 0,
    CLAIM_UNCERTIFIED = 1, /* nobody's guarantee covers the forking key */
    CLAIM_FORKER = 2,      /* a key of the forker's own customer */
    CLAIM_NO_REQUEST = 3,  /* the request it was paid under was not shown */
    CLAIM_HAD_LIST = 4,    /* that request named a list with the forker on it */
    CLAIM_BY_OPERATOR = 5,
};
enum claim_state { CLAIM_WAITING = 1, CLAIM_PAID = 2, CLAIM_REFUSED = 3, CLAIM_APPROVAL = 4 };
#define CLAIM_FIELDS(F)                                                                            \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(AMOUNT, amount)                                                                              \
    F(AMOUNT0, paid)                                                                               \
    F(KEY, claimant_key)                                                                           \
    F(UINT, state, 1, 4)                                                                           \
    F(UINT, refusal, 0, 5)                                                                         \
    F(UINT, fault, 1, 3)                                                                           \
    F(OPT_KEY, offender_key)                                                                       \
    F(UINT, bank_id, 0, INTEGER_MAX)                                                               \
    F(OPT_NONCE, customer) F(OPT_UINT, purpose, 1, 65535) F(UINT, made_at, 0, INTEGER_MAX)
/* What was paid out against one offender: a customer of a bank. */
#define OFFENDER_FIELDS(F)                                                                         \
    F(UINT, bank_id, 1, INTEGER_MAX) F(NONCE, customer) F(AMOUNT0, compensated)
/* Coins of lost wallets: voided and minted anew (token), or claimed (none). to_key: the customer's
 * new key, or the vault's of the bank that had paid him under the order advance_id. */
#define REFUND_FIELDS(F)                                                                           \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(UINT, bank_id, 1, INTEGER_MAX)                                                               \
    F(AMOUNT, amount)                                                                              \
    F(KEY, to_key)                                                                                 \
    F(OPT_ID, advance_id)                                                                          \
    F(UINT, token_serial, 0, INTEGER_MAX) F(OPT_ID, token_coin_id) F(UINT, made_at, 0, INTEGER_MAX)
/* What is looked at for clones: the payments of a call that spent a coin, as clones.c packs them,
 * and gone once that is done. */
#define CLONE_LOG_FIELDS(F) F(UINT, number, 1, INTEGER_MAX) F(BLOB, entries, 1, CLONE_LOG_MAX)
/* Which coin a key's payment of a counter spent: the first bytes of key and coin_id name them. */
#define CLONE_SEEN_FIELDS(F)                                                                       \
    F(KEY_ID, key_part) F(UINT, counter, 0, INTEGER_MAX) F(UINT, serial, 1, INTEGER_MAX)           \
    F(KEY_ID, coin_part)
/* Calls by id, to refuse the same id with another body; pruned once older than a call may be. */
#define CALL_LOG_FIELDS(F)                                                                         \
    F(KEY_ID, sender) F(NONCE, call_id) F(ID, body_hash) F(UINT, made_at, 0, INTEGER_MAX)
#define DIRECTORY_LOG_FIELDS(F) F(UINT, version, 1, INTEGER_MAX) F(SIGNED, directory)
#define REVOCATIONS_LOG_FIELDS(F)                                                                  \
    F(UINT, id, 1, 1) F(UINT, version, 1, INTEGER_MAX) F(SIGNED, revocations)
/* The journal of acts that move money, for people and auditors: appended, never changed. */
#define ACT_FIELDS(F)                                                                              \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(TEXT, act, 1, 32)                                                                            \
    F(UINT, bank_id, 0, INTEGER_MAX)                                                               \
    F(AMOUNT, amount) F(UINT, made_at, 0, INTEGER_MAX) F(TEXT, note, 0, 255)

/* Retention (central/archive.h): how far the walk over the lines has come; and the segments, each
 * of which holds lines that left the rows above. */
#define ARCHIVE_HEAD_FIELDS(F)                                                                     \
    F(UINT, id, 1, 1)                                                                              \
    F(UINT, at_serial, 0, INTEGER_MAX)                                                             \
    F(UINT, round_day, 0, INTEGER_MAX)                                                             \
    F(UINT, last_serial, 0, INTEGER_MAX) F(UINT, last_redeem_by_day, 0, INTEGER_MAX)
#define ARCHIVE_SEGMENT_FIELDS(F)                                                                  \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(ID, hash)                                                                                    \
    F(UINT, size, 1, INTEGER_MAX)                                                                  \
    F(UINT, first_serial, 1, INTEGER_MAX) F(UINT, last_serial, 1, INTEGER_MAX)                     \
    F(UINT, line_count, 1, INTEGER_MAX) F(UINT, row_count, 1, INTEGER_MAX)                         \
    F(UINT, spend_count, 1, INTEGER_MAX) F(UINT, rows_size, 1, INTEGER_MAX)                        \
    F(UINT, cleared, 0, INTEGER_MAX)                                                               \
    F(UINT, is_restored, 0, 1)                                                                     \
    F(UINT, restored_day, 0, INTEGER_MAX) F(UINT, made_at, 0, INTEGER_MAX)

#define CENTRAL_TABLES(T)                                                                          \
    T(tables, books, BOOKS_FIELDS, 1)                                                              \
    T(tables, bank, BANK_FIELDS, 1, TABLE_UNIQUE("bank_key_id"), TABLE_UNIQUE("vault_key"))        \
    T(tables, coin, COIN_FIELDS, TABLE_PART("line", 0, 2), TABLE_SCAN("state"))                    \
    T(tables, owner_run, OWNER_RUN_FIELDS, 5)                                                      \
    T(tables, owner_merge, OWNER_MERGE_FIELDS, 1)                                                  \
    T(tables, minted, MINTED_FIELDS, 1)                                                            \
    T(tables, spend, SPEND_FIELDS, TABLE_PART("line", 1, 2), TABLE_SCAN("state"))                  \
    T(tables, loser, LOSER_FIELDS, 2, TABLE_INDEX("serial", "coin_id"))                            \
    T(tables, order_row, ORDER_FIELDS, 1)                                                          \
    T(tables, order_token, ORDER_TOKEN_FIELDS, 2)                                                  \
    T(tables, input, INPUT_FIELDS, 2)                                                              \
    T(tables, issue_order, ISSUE_ORDER_FIELDS, 2, TABLE_INDEX("order_id"))                         \
    T(tables, approval, APPROVAL_FIELDS, 1, TABLE_INDEX("state"))                                  \
    T(tables, wallet_key, WALLET_KEY_FIELDS, 1, TABLE_INDEX("key_id"),                             \
      TABLE_INDEX("bank_id", "customer"))                                                          \
    T(tables, revoked_key, REVOKED_KEY_FIELDS, 1)                                                  \
    T(tables, fraud_case, FRAUD_CASE_FIELDS, 1, TABLE_INDEX("coin_id", "payment_b_id"),            \
      TABLE_INDEX("offender_key", "kind"))                                                         \
    T(tables, claim, CLAIM_FIELDS, 1, TABLE_INDEX("state"), TABLE_UNIQUE("coin_id"))               \
    T(tables, offender, OFFENDER_FIELDS, 2)                                                        \
    T(tables, refund, REFUND_FIELDS, 2, TABLE_INDEX("advance_id"))                                 \
    T(tables, clone_log, CLONE_LOG_FIELDS, 1)                                                      \
    T(tables, clone_seen, CLONE_SEEN_FIELDS, 2)                                                    \
    T(tables, call_log, CALL_LOG_FIELDS, 2)                                                        \
    T(tables, directory_log, DIRECTORY_LOG_FIELDS, 1)                                              \
    T(tables, revocations_log, REVOCATIONS_LOG_FIELDS, 1)                                          \
    T(tables, act, ACT_FIELDS, 1)                                                                  \
    T(tables, archive_head, ARCHIVE_HEAD_FIELDS, 1)                                                \
    T(tables, archive_segment, ARCHIVE_SEGMENT_FIELDS, 1, TABLE_INDEX("is_restored"))

/* clang-format on */

TABLES_DECLARE(CENTRAL_TABLES)

/* A line as it is archived: all its rows, in the order of their keys. */
enum { ARCHIVE_COINS_MAX = 4096 }; /* one with more stays */
/* clang-format off */
#define ARCHIVE_LINE_FIELDS(F)                                                                     \
    F(RECORD, minted, minted)                                                                      \
    F(LIST, coins, coin, 1, ARCHIVE_COINS_MAX) F(LIST, spends, spend, 1, ARCHIVE_COINS_MAX)        \
    F(LIST, inputs, input, 0, ARCHIVE_COINS_MAX)                                                   \
    F(LIST, seen, clone_seen, 0, ARCHIVE_COINS_MAX)
/* clang-format on */
RECORD_STRUCT(archive_line, ARCHIVE_LINE_FIELDS)
extern const struct schema tables_schema_archive_line;
extern const struct store_schema tables_schema;

#endif
