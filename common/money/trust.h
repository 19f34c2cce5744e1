/* What a verifier believes: the root key, the directory it signed, the newest revocation list.
 * Built from bytes, never from parts: a trust is verified whole or not made. Pure. */
#ifndef DCEP_COMMON_MONEY_TRUST_H
#define DCEP_COMMON_MONEY_TRUST_H

#include "common/money/record.h"

struct trust_bank {
    struct bank_certificate certificate;
    struct cose cose;
    struct key_id bank_key_id;
};
struct trust {
    char network[NETWORK_SIZE_MAX + 1];
    struct public_key root_key;
    struct directory directory;
    struct key_id *issuing_key_ids; /* parallel to directory.issuing_keys */
    struct trust_bank *banks;       /* ascending bank_id */
    size_t bank_count;
    struct revocations revocations; /* version 0, empty until trust_set_revocations */
    struct key_id *revoked;         /* sorted */
};

/* Everything lives in arena, and borrows from directory_cose's payload (keep both). The directory's
 * signature and each bank certificate's are verified under root_key; bank ids must ascend, keys
 * must be points and distinct. ERR_SIGNATURE, ERR_POINT, ERR_PARSE... Dates are not looked at. */
enum err trust_open(struct trust *out, const char *network, const struct public_key *root_key,
                    const struct cose *directory, struct arena *arena) MUST_USE;
/* Verified under the directory's revocation_key; entries must ascend by key id. A lower version
 * than the one held: ERR_VERSION; the same or higher is fine. */
enum err trust_set_revocations(struct trust *trust, const struct cose *revocations,
                               struct arena *arena) MUST_USE;

const struct trust_bank *trust_bank(const struct trust *trust, uint64_t bank_id); /* NULL */
const struct trust_bank *trust_vault(const struct trust *trust,
                                     const struct public_key *key); /* NULL */
const struct public_key *trust_issuing_key(const struct trust *trust,
                                           const struct key_id *id); /* NULL */
bool trust_is_revoked(const struct trust *trust, const struct public_key *key);
bool trust_key_id_is_revoked(const struct trust *trust, const struct key_id *id);
const struct policy *trust_policy(const struct trust *trust);
/* What the policy allows offline to a key of this holder (wallet_certificate.holder). */
struct trust_offline {
    struct amount payment_max, total_max;
};
struct trust_offline trust_offline(const struct trust *trust, uint64_t holder);
/* The newest signed time a trust shows (directory and revocations made_at, in seconds). */
uint64_t trust_newest_time(const struct trust *trust);

/* A wallet certificate under a bank of the directory. STATUS_OK, STATUS_PARSE...,
 * STATUS_CERTIFICATE, STATUS_POINT. */
enum status trust_certificate(struct wallet_certificate *out, const struct trust *trust,
                              const struct cose *cose, struct arena *arena);
/* A request under its payee's certificate, or a vault key of the directory if certificate is NULL.
 * STATUS_OK, form statuses, STATUS_CERTIFICATE, STATUS_SIGNATURE. *bank tells whose payee it is. */
enum status trust_request(struct request *out, struct id *request_id,
                          struct wallet_certificate *payee_certificate,
                          const struct trust_bank **bank, const struct trust *trust,
                          const struct cose *request, const struct cose *certificate,
                          struct arena *arena);

#endif
