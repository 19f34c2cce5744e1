/* What the rules say no with: one list, in order of precedence (docs/PROTOCOL.md section 5). When
 * several apply, the first in this list is the answer. The number is the wire value and never
 * changes; gaps are free. exit: the exit code of the command that meets it (docs of the
 * commands). */
#ifndef DCEP_COMMON_WIRE_STATUS_H
#define DCEP_COMMON_WIRE_STATUS_H

/* name, wire value, exit, English text (gettext key) */
#define STATUS_LIST(S)                                                                             \
    S(OK, 0, 0, "ok")                                                                              \
    /* genuine: the same answer for ever */                                                        \
    S(LIMIT, 10, 6, "a size or count is beyond its limit")                                         \
    S(PARSE, 11, 6, "the bytes are not well formed")                                               \
    S(CANONICAL, 12, 6, "the encoding is not canonical")                                           \
    S(VERSION, 13, 6, "the version is unknown")                                                    \
    S(NETWORK, 14, 6, "it belongs to another network")                                             \
    S(KIND, 15, 6, "it is a record of another kind")                                               \
    S(RANGE, 16, 6, "a number is out of range")                                                    \
    S(ISSUER, 17, 6, "the issuing key is not the central bank's")                                  \
    S(TWICE, 18, 6, "the same coin is in it twice")                                                \
    S(CHAIN, 19, 6, "a payment does not follow from the coin it spends")                           \
    S(SUM, 20, 6, "the outputs do not add up to the coin")                                         \
    S(POINT, 21, 6, "a public key is not a point of the curve")                                    \
    S(REGISTER_OUTPUT, 22, 6, "a payment to the register has other outputs")                       \
    S(CERTIFICATE, 23, 6, "a signer is not certified by a known bank")                             \
    S(SIGNATURE, 24, 6, "a signature does not verify")                                             \
    S(DUPLICATE, 25, 0, "this very payment was received before")                                   \
    /* acceptable: the payee's policy, offline */                                                  \
    S(CERTIFICATE_DATE, 30, 6, "the payer's certificate is not in date")                           \
    S(REVOKED, 31, 6, "a key on the line is revoked")                                              \
    S(HOPS, 32, 6, "the coin changed hands too often")                                             \
    S(DEPTH, 33, 6, "the coin's line is too deep")                                                 \
    S(PAYMENT_LIMIT, 34, 6, "the payment is above the limit")                                      \
    S(SPEND_BY, 35, 6, "a coin is past its spend-by day")                                          \
    S(DIRECTORY_DATE, 36, 6, "my directory is not in date")                                        \
    S(CLOCK, 37, 6, "my clock is below a signed time that I have seen")                            \
    S(RESTORED, 38, 6, "this wallet was restored and has not synced")                              \
    S(REQUEST_UNKNOWN, 40, 6, "it answers no open request of mine")                                \
    S(REQUEST_AMOUNT, 41, 6, "it does not pay the requested amount")                               \
    S(SEEN, 42, 7, "a coin of it was seen before")                                                 \
    S(CONFLICT, 43, 7, "a coin of it was paid twice")                                              \
    /* servers */                                                                                  \
    S(SENDER, 50, 4, "the sender is unknown or the call's signature is not its")                   \
    S(CALL_DATE, 51, 1, "the call was made too long ago, or in the future")                        \
    S(CALL_REUSED, 52, 1, "the call's id was used for another body")                               \
    S(FORBIDDEN, 53, 4, "this sender may not do this")                                             \
    S(CODE, 54, 4, "the join code is wrong, used or expired")                                      \
    S(CERTIFIED_ELSEWHERE, 55, 1, "the key belongs to another customer or bank")                   \
    S(ORDER, 56, 1, "the order and its payments do not belong together")                           \
    S(REUSED, 57, 1, "the id was used for something else")                                         \
    S(FUNDS, 58, 5, "not enough money")                                                            \
    S(LIMIT_PAYMENT, 59, 5, "above the tier's limit a payment")                                    \
    S(LIMIT_DAY, 60, 5, "above the tier's limit a day")                                            \
    S(LIMIT_HELD, 61, 5, "above what this tier may hold")                                          \
    S(REJECTED, 62, 1, "an operator rejected it")                                                  \
    S(UNKNOWN, 63, 1, "there is no such thing")                                                    \
    S(STATE, 64, 1, "its state does not allow this")                                               \
    S(VAULT, 65, 5, "the bank's vault has not enough now")                                         \
    S(EARLY, 66, 1, "it is before the coin's redeem-by day")                                       \
    S(WORDS, 67, 4, "the bank knows no customer by these recovery words")                          \
    S(ELEMENT, 68, 4, "the key is not shown to be held by this customer's secure element")         \
    S(ARCHIVED, 69, 1, "its line is in the archive: the operator must restore it first")           \
    S(PENDING, 70, 8, "accepted, not done yet")                                                    \
    S(BUSY, 71, 3, "too busy now, try again")                                                      \
    S(UNREACHABLE, 72, 3, "the central bank cannot be reached now")                                \
    S(FAILED, 73, 70, "the server failed; nothing was done")

enum status {
#define STATUS_ENUM(name, value, exit_code, text) STATUS_##name = value,
    STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
};

/* Total: an unknown number gives "unknown", exit 1, rank after all others. */
const char *status_name(enum status status); /* "CHAIN" */
const char *status_text(enum status status);
int status_exit(enum status status);
int status_rank(enum status status); /* position in the list: the lower one takes precedence */
enum status status_first(enum status a, enum status b); /* OK yields to anything else */

#endif
