/* Every record of the protocol, declared once (docs/PROTOCOL.md, spec/dcep.cddl). */
#ifndef DCEP_COMMON_WIRE_MESSAGE_H
#define DCEP_COMMON_WIRE_MESSAGE_H

#include "common/wire/schema.h"

/* Limits, each with a name. */
enum {
    OUTPUTS_MAX = 4,
    PACKET_COINS_MAX = 16,
    PACKET_PAYMENTS_MAX = 64,
    PACKET_SIZE_MAX = 64 * 1024,
    ORDER_OUTPUTS_MAX = 64,
    WITHDRAWAL_AMOUNTS_MAX = 64,
    MEMO_SIZE_MAX = 140,
    NAME_SIZE_MAX = 64,
    BANKS_MAX = 256,
    ISSUING_KEYS_MAX = 256,
    TIERS_MAX = 16,
    REVOCATIONS_MAX = 16384,
    SETTLE_PACKETS_MAX = 256,
    BUSY_RETRY_MS_MAX = 60000,
    OWNED_LINES_MAX = 16,
    REFUND_ITEMS_MAX = 64,
    HELD_KEYS_MAX = 64,
    HELD_COINS_MAX = 256,
    LEAVES_MAX = SETTLE_PACKETS_MAX * PACKET_PAYMENTS_MAX,
    PATH_MAX_HASHES = 32,
    TLS_PEM_MAX = 4096,
    ADDRESS_SIZE_MAX = 255,
    COMMITMENTS_SIZE_MAX = PACKET_PAYMENTS_MAX * COMMITMENT_SIZE, /* of one packet */
    BODY_SIZE_MAX = 1024 * 1024,
    FILE_SIZE_MAX = 1024 * 1024, /* any dcep file */
    BUNDLE_MESSAGES_MAX = 16,
    SIGHTING_SIZE = 8,
    SIGHTINGS_MAX = 1024,
    NETWORK_SIZE_MAX = 16,
    FRAME_COUNT_MAX = 2048, /* data frames of one message */
    FRAME_PARITY_MAX = 256, /* and frames to spare */
    FRAME_SHARE_MIN = 16,
    FRAME_SHARE_MAX = 3072, /* what no QR code exceeds */
    FRAME_DIGEST_SIZE = 16,
};

/* The lists below are tables: one record, kind or verb after the other. */
/* clang-format off */

/* --- list items --- */
#define SIGNED_ITEM_FIELDS(F) F(SIGNED, record)
#define ID_ITEM_FIELDS(F) F(ID, id)
#define KEY_ITEM_FIELDS(F) F(KEY, key)
#define AMOUNT_ITEM_FIELDS(F) F(AMOUNT, amount)
#define BLOB_ITEM_FIELDS(F) F(BLOB, bytes, 1, PACKET_SIZE_MAX)
#define COMMITMENTS_ITEM_FIELDS(F) F(BLOB, bytes, 0, COMMITMENTS_SIZE_MAX)
#define TEXT_ITEM_FIELDS(F) F(TEXT, text, 0, 4096)

/* --- money (section 4 of the design; all signed but output and the orders) --- */
#define OUTPUT_FIELDS(F) F(AMOUNT, amount) F(KEY, key)
#define TOKEN_FIELDS(F)                                                                            \
    F(VERSION, version) F(KEY_ID, issuing_key_id) F(UINT, serial, 1, INTEGER_MAX)                  \
    F(AMOUNT, amount) F(KEY, owner_key) F(UINT, issued_day, 0, INTEGER_MAX)                        \
    F(UINT, spend_by_day, 0, INTEGER_MAX) F(UINT, redeem_by_day, 0, INTEGER_MAX)                   \
    F(OPT_UINT, purpose, 1, 65535)
#define PAYMENT_FIELDS(F)                                                                          \
    F(VERSION, version) F(UINT, serial, 1, INTEGER_MAX) F(ID, coin_id)                             \
    F(LIST, outputs, output, 1, OUTPUTS_MAX) F(OPT_ID, reference) F(UINT, counter, 0, INTEGER_MAX) \
    F(UINT, paid_day, 0, INTEGER_MAX) F(UINT, revocations_version, 0, INTEGER_MAX)
#define REQUEST_FIELDS(F)                                                                          \
    F(VERSION, version) F(KEY, payee_key) F(AMOUNT, amount) F(NONCE, nonce)                        \
    F(UINT, made_at, 0, INTEGER_MAX) F(UINT, expires_at, 0, INTEGER_MAX)                           \
    F(TEXT, memo, 0, MEMO_SIZE_MAX) F(UINT, directory_version, 0, INTEGER_MAX)                     \
    F(UINT, revocations_version, 0, INTEGER_MAX) F(UINT, hops_max, 0, INTEGER_MAX)                 \
    F(UINT, coins_max, 1, PACKET_COINS_MAX)
#define RECEIPT_FIELDS(F)                                                                          \
    F(VERSION, version) F(ID, request_id) F(LIST, payment_ids, id_item, 1, PACKET_COINS_MAX)       \
    F(UINT, received_at, 0, INTEGER_MAX)
#define WITHDRAWAL_FIELDS(F)                                                                       \
    F(VERSION, version) F(NONCE, withdrawal_id) F(KEY, wallet_key) F(AMOUNT, amount)               \
    F(LIST, amounts, amount_item, 1, WITHDRAWAL_AMOUNTS_MAX) F(UINT, made_at, 0, INTEGER_MAX)
#define EXCHANGE_FIELDS(F)                                                                         \
    F(VERSION, version) F(LIST, outputs, output, 1, ORDER_OUTPUTS_MAX) F(NONCE, nonce)             \
    F(UINT, made_at, 0, INTEGER_MAX)
#define REDEEM_FIELDS(F)                                                                           \
    F(VERSION, version) F(UINT, bank_id, 1, INTEGER_MAX) F(AMOUNT, amount) F(NONCE, nonce)         \
    F(UINT, made_at, 0, INTEGER_MAX)
#define SETTLED_FIELDS(F)                                                                          \
    F(VERSION, version) F(ID, merkle_root) F(UINT, count, 1, INTEGER_MAX)                          \
    F(UINT, made_at, 0, INTEGER_MAX)
/* The register's word on what keys hold (HELD). question_id: SHA-256(verb byte || body) of the
 * question, whose nonce makes it one that was never answered before. */
#define HELD_COIN_FIELDS(F)                                                                        \
    F(UINT, key_index, 0, HELD_KEYS_MAX - 1) F(UINT, state, 0, 255)                                \
    F(UINT, serial, 1, INTEGER_MAX) F(ID, coin_id) F(AMOUNT, amount)                               \
    F(UINT, redeem_by_day, 0, INTEGER_MAX) F(OPT_UINT, purpose, 1, 65535)
#define HOLDINGS_FIELDS(F)                                                                         \
    F(VERSION, version) F(ID, question_id) F(LIST, coins, held_coin, 0, HELD_COINS_MAX)            \
    F(UINT, more, 0, 1) F(UINT, made_at, 0, INTEGER_MAX)
/* Its word on what became of coins of lost wallets (REFUND), item by item; question_id likewise. OK
 * without a coin: an orphan, claimed. */
#define REFUND_RESULT_FIELDS(F)                                                                    \
    F(UINT, status, 0, 255) F(UINT, redeem_by_day, 0, INTEGER_MAX) F(OPT_ID, token_coin_id)
#define REFUNDS_FIELDS(F)                                                                          \
    F(VERSION, version) F(ID, question_id) F(LIST, results, refund_result, 1, REFUND_ITEMS_MAX)    \
    F(UINT, made_at, 0, INTEGER_MAX)

/* --- who is who --- */
/* A secure element's word (TPM2_Certify) that new_key was made in it and cannot leave it; as bytes
 * in the certificate request. */
#define ELEMENT_STATEMENT_FIELDS(F)                                                                \
    F(VERSION, version) F(KEY, attestor_key) F(BLOB, public_area, 1, 512)                          \
    F(BLOB, statement, 1, 512) F(BLOB, signature, 64, 64)
#define CERTIFICATE_REQUEST_FIELDS(F)                                                              \
    F(VERSION, version) F(KEY, new_key) F(OPT_KEY, previous_key) F(UINT, holder, 0, 1)             \
    F(OPT_BLOB, element, 1, 1536) F(UINT, made_at, 0, INTEGER_MAX)
/* By recovery_key, which the customer's recovery words stand for: this wallet's key is mine too. */
#define RECOVERY_FIELDS(F)                                                                         \
    F(VERSION, version) F(KEY, recovery_key) F(KEY, wallet_key) F(UINT, made_at, 0, INTEGER_MAX)
/* unlimited = AMOUNT_MAX */
#define LIMITS_FIELDS(F) F(AMOUNT0, held_max) F(AMOUNT0, payment_max) F(AMOUNT0, day_max)
#define WALLET_CERTIFICATE_FIELDS(F)                                                               \
    F(VERSION, version) F(UINT, bank_id, 1, INTEGER_MAX) F(KEY, wallet_key)                        \
    F(UINT, tier, 1, TIERS_MAX) F(UINT, holder, 0, 1) F(RECORD, limits, limits)                    \
    F(UINT, not_before_day, 0, INTEGER_MAX) F(UINT, not_after_day, 0, INTEGER_MAX)                 \
    F(OPT_TEXT, label, 1, NAME_SIZE_MAX)
#define BANK_CERTIFICATE_FIELDS(F)                                                                 \
    F(VERSION, version) F(UINT, bank_id, 1, INTEGER_MAX) F(KEY, bank_key) F(KEY, vault_key)        \
    F(TEXT, name, 1, NAME_SIZE_MAX) F(UINT, not_before_day, 0, INTEGER_MAX)                        \
    F(UINT, not_after_day, 0, INTEGER_MAX)
#define TIER_FIELDS(F) F(UINT, tier, 1, TIERS_MAX) F(RECORD, limits, limits)
#define POLICY_FIELDS(F)                                                                           \
    F(UINT, payment_version_max, 1, INTEGER_MAX) F(AMOUNT, offline_payment_max)                    \
    F(AMOUNT, offline_total_max) F(AMOUNT, element_payment_max) F(AMOUNT, element_total_max)       \
    F(AMOUNT0, compensation_max)                                                                   \
    F(UINT, hops_max, 1, PACKET_PAYMENTS_MAX) F(UINT, depth_max, 1, PACKET_PAYMENTS_MAX)           \
    F(UINT, spend_by_days, 1, 36500) F(UINT, redeem_by_days, 1, 36500)                             \
    F(UINT, certificate_days, 1, 3650) F(UINT, archive_days, 1, 36500)                            \
    F(LIST, tiers, tier, 1, TIERS_MAX)
#define DIRECTORY_FIELDS(F)                                                                        \
    F(VERSION, version_) F(UINT, version, 1, INTEGER_MAX)                                          \
    F(LIST, issuing_keys, key_item, 1, ISSUING_KEYS_MAX) F(KEY, register_key)                      \
    F(KEY, revocation_key) F(LIST, bank_certificates, signed_item, 0, BANKS_MAX)                   \
    F(RECORD, policy, policy) F(ID, next_root_key_hash) F(UINT, made_at, 0, INTEGER_MAX)           \
    F(UINT, not_after, 0, INTEGER_MAX)
#define REVOCATION_FIELDS(F)                                                                       \
    F(KEY_ID, key_id) F(UINT, reason, 0, 255) F(UINT, since_day, 0, INTEGER_MAX)                   \
    F(UINT, until_day, 0, INTEGER_MAX)
#define REVOCATIONS_FIELDS(F)                                                                      \
    F(VERSION, version_) F(UINT, version, 1, INTEGER_MAX)                                          \
    F(LIST, entries, revocation, 0, REVOCATIONS_MAX) F(UINT, made_at, 0, INTEGER_MAX)

/* --- what stands alone: files, unsigned containers of signed records --- */
#define PACKET_FIELDS(F)                                                                           \
    F(LIST, tokens, signed_item, 0, PACKET_COINS_MAX)                                              \
    F(LIST, payments, signed_item, 0, PACKET_PAYMENTS_MAX)                                         \
    F(LIST, certificates, signed_item, 0, PACKET_PAYMENTS_MAX)                                     \
    F(UINT, directory_version, 0, INTEGER_MAX)
#define PROOF_FIELDS(F)                                                                            \
    F(OPT_SIGNED, wallet_certificate) F(SIGNED, bank_certificate) F(SIGNED, payment_a)             \
    F(SIGNED, payment_b)
/* A request travels with its payee's certificate; null: a bank's vault key, which is in the
 * directory. */
#define INVOICE_FIELDS(F) F(SIGNED, request) F(OPT_SIGNED, certificate)
/* A receipt, good enough to prove the payment to a third person. */
#define CONFIRMATION_FIELDS(F) F(SIGNED, receipt) F(SIGNED, request) F(OPT_SIGNED, certificate)
#define JOIN_FIELDS(F)                                                                             \
    F(VERSION, version) F(KEY, root_key) F(UINT, bank_id, 1, INTEGER_MAX)                          \
    F(TEXT, bank_name, 1, NAME_SIZE_MAX) F(TEXT, address, 1, ADDRESS_SIZE_MAX)                     \
    F(TEXT, tls_name, 1, 63) F(BLOB, tls_certificate, 1, TLS_PEM_MAX) F(NONCE, code)               \
    F(UINT, expires_at, 0, INTEGER_MAX)
/* Signed twice, by bank_key and by vault_key: possession of both. */
#define BANK_REQUEST_FIELDS(F)                                                                     \
    F(VERSION, version) F(TEXT, name, 1, NAME_SIZE_MAX) F(KEY, bank_key) F(KEY, vault_key)         \
    F(BLOB, tls_public_key, 1, TLS_PEM_MAX) F(UINT, made_at, 0, INTEGER_MAX)
#define ENROLLMENT_FIELDS(F) F(SIGNED, by_bank_key) F(SIGNED, by_vault_key)
#define ADMISSION_FIELDS(F)                                                                        \
    F(VERSION, version) F(KEY, root_key) F(SIGNED, bank_certificate) F(SIGNED, directory)          \
    F(TEXT, address, 1, ADDRESS_SIZE_MAX) F(TEXT, tls_name, 1, 63)                                 \
    F(BLOB, tls_authority, 1, TLS_PEM_MAX) F(BLOB, tls_certificate, 1, TLS_PEM_MAX)
/* What wallets tell each other beside a request, packet or receipt, the first. Each message is a
 * wrapper of its own, judged by itself: a bad one spoils none of the others. */
#define ENCODED_MESSAGE_FIELDS(F) F(BLOB, bytes, 1, FILE_SIZE_MAX)
#define BUNDLE_FIELDS(F) F(LIST, messages, encoded_message, 2, BUNDLE_MESSAGES_MAX)
/* Which payments a wallet was shown in the last days, as salted tags: 6 bytes of the coin, 2 of the
 * payment, ascending. */
#define SIGHTINGS_FIELDS(F)                                                                        \
    F(VERSION, version) F(NONCE, salt) F(BLOB, tags, 0, SIGHTINGS_MAX * SIGHTING_SIZE)

/* One code of a message that is shown as QR codes (docs/PROTOCOL.md section 9.7). */
#define FRAME_FIELDS(F)                                                                            \
    F(VERSION, version) F(BLOB, digest, FRAME_DIGEST_SIZE, FRAME_DIGEST_SIZE)                      \
    F(UINT, size, 1, FILE_SIZE_MAX) F(UINT, count, 1, FRAME_COUNT_MAX)                             \
    F(UINT, index, 0, FRAME_COUNT_MAX + FRAME_PARITY_MAX - 1)                                      \
    F(BLOB, share, FRAME_SHARE_MIN, FRAME_SHARE_MAX)

/* --- calls and replies --- */
#define CALL_FIELDS(F)                                                                             \
    F(VERSION, version) F(NONCE, call_id) F(KEY_ID, sender_key_id) F(UINT, verb, 1, 255)           \
    F(BLOB, body, 0, BODY_SIZE_MAX) F(UINT, made_at, 0, INTEGER_MAX)
#define REPLY_FIELDS(F)                                                                            \
    F(VERSION, version) F(NONCE, call_id) F(UINT, status, 0, 255) F(BLOB, body, 0, BODY_SIZE_MAX)

#define LEAF_FIELDS(F) F(ID, coin_id) F(ID, payment_id) F(UINT, outcome, 0, 255)
/* A leaf with its place in the Merkle tree of the reply (path empty on the leg central -> bank,
 * where the whole tree is in the reply). */
#define PLACED_LEAF_FIELDS(F)                                                                      \
    F(RECORD, leaf, leaf) F(UINT, index, 0, INTEGER_MAX)                                           \
    F(LIST, path, id_item, 0, PATH_MAX_HASHES)
#define SETTLE_RESULT_FIELDS(F)                                                                    \
    F(UINT, status, 0, 255) F(LIST, leaves, placed_leaf, 0, PACKET_PAYMENTS_MAX)
#define INPUT_RESULT_FIELDS(F) F(RECORD, placed, placed_leaf) F(OPT_SIGNED, token)
/* The unsigned order `issue`: funded by the reserve, not by payments. */
#define ISSUE_FIELDS(F)                                                                            \
    F(VERSION, version) F(NONCE, order_id) F(LIST, outputs, output, 1, ORDER_OUTPUTS_MAX)          \
    F(UINT, made_at, 0, INTEGER_MAX)
/* Who asks what a key owns signs with that key. Pages: lines after (after_serial,
 * after_coin_id). */
#define OWNERSHIP_FIELDS(F)                                                                        \
    F(VERSION, version) F(KEY, key) F(UINT, after_serial, 0, INTEGER_MAX) F(ID, after_coin_id)     \
    F(UINT, made_at, 0, INTEGER_MAX)
#define OWNED_LINE_FIELDS(F)                                                                       \
    F(ID, coin_id) F(UINT, state, 0, 255) F(SIGNED, token)                                         \
    F(LIST, payments, signed_item, 0, PACKET_PAYMENTS_MAX)

#define EMPTY_BODY_FIELDS(F) F(VERSION, version)
#define FETCH_BODY_FIELDS(F)                                                                       \
    F(UINT, directory_version, 0, INTEGER_MAX) F(UINT, revocations_version, 0, INTEGER_MAX)
#define FETCH_REPLY_FIELDS(F)                                                                      \
    F(OPT_SIGNED, directory) F(OPT_SIGNED, revocations) F(UINT, now, 0, INTEGER_MAX)
/* The code of a join file, or the customer's recovery key, or both: then the key is kept. */
#define JOIN_BODY_FIELDS(F) F(SIGNED, request) F(OPT_NONCE, code) F(OPT_SIGNED, recovery)
#define RECOVERY_BODY_FIELDS(F) F(SIGNED, recovery)
#define CERTIFY_BODY_FIELDS(F) F(SIGNED, by_new_key) F(SIGNED, by_previous_key)
#define CERTIFY_REPLY_FIELDS(F)                                                                    \
    F(SIGNED, certificate) F(SIGNED, directory) F(SIGNED, revocations) F(OPT_KEY, recovery_key)
#define WITHDRAW_BODY_FIELDS(F) F(SIGNED, withdrawal)
#define TOKENS_REPLY_FIELDS(F) F(LIST, tokens, signed_item, 0, ORDER_OUTPUTS_MAX)
#define SETTLE_BODY_FIELDS(F)                                                                      \
    F(LIST, packets, blob_item, 1, SETTLE_PACKETS_MAX)                                             \
    F(LIST, commitments, commitments_item, 0, SETTLE_PACKETS_MAX)
#define SETTLE_REPLY_FIELDS(F)                                                                     \
    F(LIST, results, settle_result, 0, SETTLE_PACKETS_MAX) F(OPT_SIGNED, settled)
#define ORDER_BODY_FIELDS(F)                                                                       \
    F(BLOB, order, 1, PACKET_SIZE_MAX) F(BLOB, packet, 1, PACKET_SIZE_MAX)                         \
    F(LIST, requests, signed_item, 0, PACKET_COINS_MAX)
#define ORDER_REPLY_FIELDS(F)                                                                      \
    F(LIST, tokens, signed_item, 0, ORDER_OUTPUTS_MAX)                                             \
    F(LIST, inputs, input_result, 0, PACKET_COINS_MAX) F(OPT_SIGNED, settled)
#define OWNED_BODY_FIELDS(F) F(SIGNED, ownership)
#define OWNED_REPLY_FIELDS(F) F(LIST, lines, owned_line, 0, OWNED_LINES_MAX) F(UINT, more, 0, 1)
#define ISSUE_BODY_FIELDS(F) F(BLOB, order, 1, PACKET_SIZE_MAX)
#define LOGGED_FIELDS(F) F(SIGNED, certificate) F(NONCE, customer)
#define LOG_BODY_FIELDS(F) F(LIST, entries, logged, 1, 64)
#define REVOKE_BODY_FIELDS(F) F(KEY, key) F(UINT, reason, 0, 255)
#define DEPOSIT_REQUEST_BODY_FIELDS(F) F(NONCE, deposit_id) F(AMOUNT, amount)
#define DEPOSIT_REQUEST_REPLY_FIELDS(F) F(SIGNED, request)
#define DEPOSIT_BODY_FIELDS(F) F(BLOB, packet, 1, PACKET_SIZE_MAX)
#define DEPOSIT_REPLY_FIELDS(F)                                                                    \
    F(AMOUNT0, credited) F(RECORD, result, settle_result) F(OPT_SIGNED, settled)
/* wallet: its account; bank: reserve and guarantee */
#define ACCOUNT_REPLY_FIELDS(F)                                                                    \
    F(AMOUNT0, balance) F(AMOUNT0, guarantee) F(UINT, now, 0, INTEGER_MAX)

/* What keys of a bank's own customers own: its question about wallets that are lost. Pages: coins
 * after (after_state, after_serial, after_coin_id) of the first key, and those of the others. */
#define HELD_BODY_FIELDS(F)                                                                        \
    F(LIST, keys, key_item, 1, HELD_KEYS_MAX) F(UINT, after_state, 0, 255)                         \
    F(UINT, after_serial, 0, INTEGER_MAX) F(ID, after_coin_id) F(NONCE, nonce)
#define HELD_REPLY_FIELDS(F) F(SIGNED, holdings)
/* What a customer's lost wallets hold by the register's word, as his bank tells it. keys: that were
 * given up; waiting comes back by refund, from next_day on; advanced he had before. */
#define LOST_REPLY_FIELDS(F)                                                                       \
    F(UINT, keys, 0, INTEGER_MAX) F(AMOUNT0, waiting) F(AMOUNT0, advanced)                         \
    F(UINT, next_day, 0, INTEGER_MAX)
/* With BUSY, if the server can tell: when it is likely to have room. */
#define BUSY_REPLY_FIELDS(F) F(UINT, retry_ms, 1, BUSY_RETRY_MS_MAX)
/* to_key: the customer's new key; or the bank's vault key, with the order by which the bank paid
 * that customer before. */
#define REFUND_ITEM_FIELDS(F)                                                                      \
    F(UINT, serial, 1, INTEGER_MAX) F(ID, coin_id) F(KEY, to_key) F(OPT_ID, advance_id)
#define REFUND_BODY_FIELDS(F) F(LIST, items, refund_item, 1, REFUND_ITEMS_MAX) F(NONCE, nonce)
/* tokens: of the results that name a coin, in their order. */
#define REFUND_REPLY_FIELDS(F)                                                                     \
    F(SIGNED, refunds) F(LIST, tokens, signed_item, 0, REFUND_ITEMS_MAX)

/* --- control socket: a command and its answer --- */
#define FILE_ITEM_FIELDS(F) F(TEXT, name, 1, 4096) F(BLOB, bytes, 0, FILE_SIZE_MAX)
#define CONTROL_REQUEST_FIELDS(F)                                                                  \
    F(VERSION, version) F(LIST, arguments, text_item, 1, 64) F(LIST, files, file_item, 0, 16)
#define CONTROL_REPLY_FIELDS(F)                                                                    \
    F(VERSION, version) F(UINT, exit_code, 0, 255) F(BLOB, json, 0, FILE_SIZE_MAX)                 \
    F(LIST, files, file_item, 0, 16)

/* Every record, lowest first: (type, fields, bare). */
#define MESSAGE_LIST(M)                                                                            \
    M(signed_item, SIGNED_ITEM_FIELDS, true) M(id_item, ID_ITEM_FIELDS, true)                      \
    M(key_item, KEY_ITEM_FIELDS, true) M(amount_item, AMOUNT_ITEM_FIELDS, true)                    \
    M(blob_item, BLOB_ITEM_FIELDS, true) M(text_item, TEXT_ITEM_FIELDS, true)                      \
    M(commitments_item, COMMITMENTS_ITEM_FIELDS, true)                                             \
    M(output, OUTPUT_FIELDS, false) M(token, TOKEN_FIELDS, false)                                  \
    M(payment, PAYMENT_FIELDS, false) M(request, REQUEST_FIELDS, false)                            \
    M(receipt, RECEIPT_FIELDS, false) M(withdrawal, WITHDRAWAL_FIELDS, false)                      \
    M(exchange, EXCHANGE_FIELDS, false) M(redeem, REDEEM_FIELDS, false)                            \
    M(element_statement, ELEMENT_STATEMENT_FIELDS, false)                                          \
    M(settled, SETTLED_FIELDS, false) M(held_coin, HELD_COIN_FIELDS, false)                        \
    M(holdings, HOLDINGS_FIELDS, false)                                                            \
    M(refund_result, REFUND_RESULT_FIELDS, false) M(refunds, REFUNDS_FIELDS, false)                \
    M(certificate_request, CERTIFICATE_REQUEST_FIELDS, false)                                      \
    M(recovery, RECOVERY_FIELDS, false)                                                            \
    M(limits, LIMITS_FIELDS, false) M(wallet_certificate, WALLET_CERTIFICATE_FIELDS, false)        \
    M(bank_certificate, BANK_CERTIFICATE_FIELDS, false) M(tier, TIER_FIELDS, false)                \
    M(policy, POLICY_FIELDS, false) M(directory, DIRECTORY_FIELDS, false)                          \
    M(revocation, REVOCATION_FIELDS, false) M(revocations, REVOCATIONS_FIELDS, false)              \
    M(packet, PACKET_FIELDS, false) M(proof, PROOF_FIELDS, false)                                  \
    M(invoice, INVOICE_FIELDS, false) M(confirmation, CONFIRMATION_FIELDS, false)                  \
    M(frame, FRAME_FIELDS, false) M(join, JOIN_FIELDS, false)                                      \
    M(bank_request, BANK_REQUEST_FIELDS, false)                                                    \
    M(enrollment, ENROLLMENT_FIELDS, false) M(admission, ADMISSION_FIELDS, false)                  \
    M(encoded_message, ENCODED_MESSAGE_FIELDS, true) M(bundle, BUNDLE_FIELDS, false)               \
    M(sightings, SIGHTINGS_FIELDS, false)                                                          \
    M(call, CALL_FIELDS, false) M(reply, REPLY_FIELDS, false) M(leaf, LEAF_FIELDS, false)          \
    M(placed_leaf, PLACED_LEAF_FIELDS, false) M(settle_result, SETTLE_RESULT_FIELDS, false)        \
    M(input_result, INPUT_RESULT_FIELDS, false) M(issue, ISSUE_FIELDS, false)                      \
    M(ownership, OWNERSHIP_FIELDS, false) M(owned_line, OWNED_LINE_FIELDS, false)                  \
    M(empty_body, EMPTY_BODY_FIELDS, false) M(fetch_body, FETCH_BODY_FIELDS, false)                \
    M(fetch_reply, FETCH_REPLY_FIELDS, false) M(join_body, JOIN_BODY_FIELDS, false)                \
    M(recovery_body, RECOVERY_BODY_FIELDS, false)                                                  \
    M(certify_body, CERTIFY_BODY_FIELDS, false) M(certify_reply, CERTIFY_REPLY_FIELDS, false)      \
    M(withdraw_body, WITHDRAW_BODY_FIELDS, false) M(tokens_reply, TOKENS_REPLY_FIELDS, false)      \
    M(settle_body, SETTLE_BODY_FIELDS, false) M(settle_reply, SETTLE_REPLY_FIELDS, false)          \
    M(order_body, ORDER_BODY_FIELDS, false) M(order_reply, ORDER_REPLY_FIELDS, false)              \
    M(owned_body, OWNED_BODY_FIELDS, false) M(owned_reply, OWNED_REPLY_FIELDS, false)              \
    M(issue_body, ISSUE_BODY_FIELDS, false) M(logged, LOGGED_FIELDS, false)                        \
    M(log_body, LOG_BODY_FIELDS, false) M(revoke_body, REVOKE_BODY_FIELDS, false)                  \
    M(deposit_request_body, DEPOSIT_REQUEST_BODY_FIELDS, false)                                    \
    M(deposit_request_reply, DEPOSIT_REQUEST_REPLY_FIELDS, false)                                  \
    M(deposit_body, DEPOSIT_BODY_FIELDS, false) M(deposit_reply, DEPOSIT_REPLY_FIELDS, false)      \
    M(lost_reply, LOST_REPLY_FIELDS, false)                                                        \
    M(account_reply, ACCOUNT_REPLY_FIELDS, false) M(busy_reply, BUSY_REPLY_FIELDS, false)          \
    M(held_body, HELD_BODY_FIELDS, false)                                                          \
    M(held_reply, HELD_REPLY_FIELDS, false)                                                        \
    M(refund_item, REFUND_ITEM_FIELDS, false) M(refund_body, REFUND_BODY_FIELDS, false)            \
    M(refund_reply, REFUND_REPLY_FIELDS, false)                                                    \
    M(file_item, FILE_ITEM_FIELDS, false)                                                          \
    M(control_request, CONTROL_REQUEST_FIELDS, false)                                              \
    M(control_reply, CONTROL_REPLY_FIELDS, false)

/* clang-format on */

#define MESSAGE_STRUCT(type, FIELDS, bare) RECORD_STRUCT(type, FIELDS)
MESSAGE_LIST(MESSAGE_STRUCT)
#undef MESSAGE_STRUCT
#define MESSAGE_EXTERN(type, FIELDS, bare) extern const struct schema message_##type;
MESSAGE_LIST(MESSAGE_EXTERN)
#undef MESSAGE_EXTERN
extern const struct schema *const message_all[]; /* NULL-terminated */

/* Kinds: what may stand alone or be signed. The text goes into the external AAD and the wrapper.
 * (name, record, text, signed) */
/* clang-format off */
#define KIND_LIST(K)                                                                               \
    K(TOKEN, token, "token", true)                                                                 \
    K(PAYMENT, payment, "payment", true)                                                           \
    K(REQUEST, request, "request", true)                                                           \
    K(RECEIPT, receipt, "receipt", true)                                                           \
    K(WITHDRAWAL, withdrawal, "withdrawal", true)                                                  \
    K(EXCHANGE, exchange, "exchange", false)                                                       \
    K(REDEEM, redeem, "redeem", false)                                                             \
    K(ISSUE, issue, "issue", false)                                                                \
    K(CERTIFICATE_REQUEST, certificate_request, "certificate_request", true)                       \
    K(WALLET_CERTIFICATE, wallet_certificate, "wallet_certificate", true)                          \
    K(BANK_CERTIFICATE, bank_certificate, "bank_certificate", true)                                \
    K(DIRECTORY, directory, "directory", true)                                                     \
    K(REVOCATIONS, revocations, "revocations", true)                                               \
    K(SETTLED, settled, "settled", true)                                                           \
    K(HOLDINGS, holdings, "holdings", true)                                                        \
    K(REFUNDS, refunds, "refunds", true)                                                           \
    K(CALL, call, "call", true)                                                                    \
    K(OWNERSHIP, ownership, "ownership", true)                                                     \
    K(BANK_REQUEST, bank_request, "bank_request", true)                                            \
    K(RECOVERY, recovery, "recovery", true)                                                        \
    K(PACKET, packet, "packet", false)                                                             \
    K(PROOF, proof, "proof", false)                                                                \
    K(INVOICE, invoice, "invoice", false)                                                          \
    K(CONFIRMATION, confirmation, "confirmation", false)                                           \
    K(JOIN, join, "join", false)                                                                   \
    K(ENROLLMENT, enrollment, "enrollment", false)                                                 \
    K(ADMISSION, admission, "admission", false)                                                    \
    K(BUNDLE, bundle, "bundle", false)                                                             \
    K(SIGHTINGS, sightings, "sightings", false)

/* clang-format on */

enum kind {
#define KIND_ENUM(name, record, text, is_signed) KIND_##name,
    KIND_LIST(KIND_ENUM)
#undef KIND_ENUM
        KIND_COUNT
};
const char *message_kind_text(enum kind kind);
const struct schema *message_kind_schema(enum kind kind);
bool message_kind_signed(enum kind kind);
enum err message_kind_from_text(enum kind *out, struct span text) MUST_USE; /* ERR_KIND */

/* Verbs of a call: one row names who may send it, its body and its reply. The reply's statuses are
 * listed in docs/PROTOCOL.md section 8. sender: WALLET (to its bank), BANK (to the central bank),
 * JOINER (a key not yet certified, to the bank). The same verb on the second leg has the same
 * body. (name, wire value, senders, body, reply) */
/* clang-format off */
#define VERB_LIST(V)                                                                               \
    V(FETCH, 1, SENDER_WALLET | SENDER_BANK, fetch_body, fetch_reply)                              \
    V(JOIN, 2, SENDER_JOINER, join_body, certify_reply)                                            \
    V(CERTIFY, 3, SENDER_WALLET, certify_body, certify_reply)                                      \
    V(WITHDRAW, 4, SENDER_WALLET, withdraw_body, tokens_reply)                                     \
    V(SETTLE, 5, SENDER_WALLET | SENDER_BANK, settle_body, settle_reply)                           \
    V(EXCHANGE, 6, SENDER_WALLET | SENDER_BANK, order_body, order_reply)                           \
    V(REDEEM, 7, SENDER_BANK, order_body, order_reply)                                             \
    V(OWNED, 8, SENDER_WALLET | SENDER_BANK, owned_body, owned_reply)                              \
    V(ISSUE, 9, SENDER_BANK, issue_body, tokens_reply)                                             \
    V(LOG, 10, SENDER_BANK, log_body, empty_body)                                                  \
    V(REVOKE, 11, SENDER_BANK, revoke_body, empty_body)                                            \
    V(DEPOSIT_REQUEST, 12, SENDER_WALLET, deposit_request_body, deposit_request_reply)             \
    V(DEPOSIT, 13, SENDER_WALLET, deposit_body, deposit_reply)                                     \
    V(ACCOUNT, 14, SENDER_WALLET | SENDER_BANK, empty_body, account_reply)                         \
    V(HELD, 15, SENDER_BANK, held_body, held_reply)                                                \
    V(REFUND, 16, SENDER_BANK, refund_body, refund_reply)                                          \
    V(RECOVERY, 17, SENDER_WALLET, recovery_body, empty_body)                                      \
    V(LOST, 18, SENDER_WALLET, empty_body, lost_reply)

/* clang-format on */

enum sender { SENDER_WALLET = 1, SENDER_BANK = 2, SENDER_JOINER = 4 };
enum verb {
#define VERB_ENUM(name, value, senders, body, reply) VERB_##name = value,
    VERB_LIST(VERB_ENUM)
#undef VERB_ENUM
};
struct message_verb {
    enum verb verb;
    const char *name;
    unsigned senders;
    const struct schema *body, *reply;
};
const struct message_verb *message_verb(uint64_t value); /* NULL if unknown */

/* Outcomes of a leaf (section 7). */
enum outcome {
    OUTCOME_SETTLED = 1,
    OUTCOME_CONFLICT = 2,
    OUTCOME_ORPHAN = 3,
    OUTCOME_LOST = 4,
    OUTCOME_USED = 5,        /* an order's input */
    OUTCOME_MINTED_BACK = 6, /* an order's input */
    OUTCOME_CLAIMED = 7,     /* an order's input */
    OUTCOME_ARCHIVED = 8,    /* its line is in the archive: nothing is said of it now */
};
const char *message_outcome_text(uint64_t outcome); /* "settled", ...; "unknown" */

#endif
