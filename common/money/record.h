/* Signing, checking and naming any record of the protocol (docs/PROTOCOL.md section 4).
 * network is the text of the realm, [a-z0-9-]{1,16}, checked at start-up. Pure. */
#ifndef DCEP_COMMON_MONEY_RECORD_H
#define DCEP_COMMON_MONEY_RECORD_H

#include "common/crypto/crypto.h"
#include "common/wire/status.h"
#include "common/wire/wire.h"

/* id = SHA-256(external_aad || 0x00 || payload); for unsigned kinds (orders) payload = the encoded
 * record. */
struct id record_id(const char *network, enum kind kind, struct span payload);
/* Encode value, sign, give the COSE parts; payload lives in arena. */
enum err record_sign(struct cose *out, const char *network, enum kind kind, const void *value,
                     const struct key_pair *pair, struct arena *arena) MUST_USE;
/* The same as tagged bytes in arena. */
enum err record_seal(struct span *out, const char *network, enum kind kind, const void *value,
                     const struct key_pair *pair, struct arena *arena) MUST_USE;
/* Sign payload bytes that are already durable (the handover's mark and sign). */
enum err record_sign_payload(struct cose *out, const char *network, enum kind kind,
                             struct span payload, const struct key_pair *pair) MUST_USE;
enum err record_verify(const char *network, enum kind kind, const struct cose *cose,
                       const struct public_key *key) MUST_USE; /* ERR_SIGNATURE, ERR_POINT */
/* What to_be_signed is, for verify_many: bytes in arena. */
enum err record_message(struct span *out, const char *network, enum kind kind, struct span payload,
                        struct arena *arena) MUST_USE;
/* Verify and decode in one: value's spans borrow from cose. */
enum err record_open(void *value, const char *network, enum kind kind, const struct cose *cose,
                     const struct public_key *key, struct arena *arena) MUST_USE;
/* Tagged bytes of a cose, in arena. */
enum err record_bytes(struct span *out, const struct cose *cose, struct arena *arena) MUST_USE;
/* A status for malformed bytes: ERR_PARSE -> STATUS_PARSE, ... ; machinery errors -> STATUS_FAILED.
 */
enum status record_status(enum err error);

/* Coins (section 4): */
struct id record_coin_root(const struct id *token_id); /* SHA-256("coin-root" || id) */
struct id record_coin_output(const struct id *payment_id,
                             uint16_t index); /* SHA-256("coin" || id || u16) */

#endif
