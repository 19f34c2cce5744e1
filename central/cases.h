/* Cases: two payments of one coin, or of one counter; the proof, the key revoked (docs/PROTOCOL.md
 * section 7). Pure. */
#ifndef DCEP_CENTRAL_CASES_H
#define DCEP_CENTRAL_CASES_H

#include "central/register.h"
#include "common/money/proof.h"

/* A double spend: the payment that settled (or was shown first) and another one of the same coin,
 * both signed by offender. Opening the same case again changes nothing. A clone: two payments of
 * two coins under one counter; serial and coin_id are payment a's. One such case tells all about a
 * key: a second one changes nothing. Revokes the key. */
struct cases_conflict {
    enum proof_kind kind;
    uint64_t serial;
    struct id coin_id;
    struct public_key offender_key;
    struct id payment_a_id, payment_b_id;
    struct cose payment_a, payment_b;
};
enum err cases_open(struct register_env *env, const struct cases_conflict *conflict) MUST_USE;
/* This key was logged just now. Double spends that it signed before that have cases without a
 * proof: they get it, and the key is revoked. (A clone's case stays as it is: its row does not say
 * where the second payment is.) */
enum err cases_prove(struct register_env *env, const struct public_key *offender_key) MUST_USE;
enum err cases_get(struct register_env *env, struct fraud_case *out,
                   uint64_t number) MUST_USE; /* ERR_MISSING */
enum err cases_list(struct register_env *env, struct fraud_case_list *out) MUST_USE;

#endif
