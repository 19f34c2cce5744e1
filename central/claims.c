/* Claims on orphans: judged once, paid in order, within cap and guarantee. */
#include "central/claims.h"

#include "central/authority.h"
#include "central/books.h"
#include "central/register_row.h"
#include "central/vault.h"

/* Who stands behind a key: a customer of a bank, or a bank's own vault (customer all zero: the bank itself). */
struct person {
    bool is_known;
    uint64_t bank_id;
    struct nonce customer;
};

static enum err person_of(struct register_env *env, struct person *out,
                          const struct public_key *key)
{
    struct wallet_key wallet = {0};
    bool found = false;
    const struct trust_bank *vault = trust_vault(env->trust, key);
    *out = (struct person){0};
    TRY(authority_wallet_key(env, &found, &wallet, key));
    if (found)
        *out = (struct person){true, wallet.bank_id, wallet.customer};
    else if (vault != NULL)
        *out = (struct person){.is_known = true, .bank_id = vault->certificate.bank_id};
    return ERR_OK;
}

static bool same_person(const struct person *a, const struct person *b)
{
    return a->is_known && b->is_known && a->bank_id == b->bank_id &&
           span_equal(SPAN(a->customer), SPAN(b->customer));
}

static enum err judge(struct register_env *env, struct claim *claim, const struct coin *orphan,
                      const struct request *request)
{
    struct person offender = {0}, claimant = {0};
    bool revoked = false;
    uint64_t revoked_version = 0;
    claim->state = CLAIM_REFUSED;
    if (!orphan->has_offender_key) {
        claim->refusal = CLAIM_UNCERTIFIED;
        return ERR_OK;
    }
    TRY(person_of(env, &offender, &orphan->offender_key));
    TRY(person_of(env, &claimant, &claim->claimant_key));
    TRY(authority_revoked_version(env, &revoked, &revoked_version, &orphan->offender_key));
    claim->bank_id = offender.bank_id;
    claim->has_customer = offender.is_known;
    claim->customer = offender.customer;
    if (!offender.is_known)
        claim->refusal = CLAIM_UNCERTIFIED;
    else if (key_equal(&claim->claimant_key, &orphan->offender_key) ||
             same_person(&offender, &claimant))
        claim->refusal = CLAIM_FORKER;
    else if (request == NULL)
        claim->refusal = CLAIM_NO_REQUEST;
    else if (revoked && revoked_version <= request->revocations_version)
        claim->refusal = CLAIM_HAD_LIST;
    else
        claim->state = CLAIM_WAITING;
    return ERR_OK;
}

/* Forged money is paid from the loss account, and only when an operator says so: the thief could be his own victim. */
static enum err ask_operator(struct register_env *env, const struct claim *claim)
{
    struct approval row = {
        .kind = APPROVAL_CLAIM,
        .state = APPROVAL_PENDING,
        .amount = claim->amount,
        .subject_id = claim->coin_id,
        .made_at = env->now,
    };
    TRY(books_next_number(env->store, &row.number));
    return store_insert(env->store, &tables_table_approval, &row);
}

enum err claims_make(struct register_env *env, const struct coin *orphan,
                     const struct public_key *claimant_key, const struct request *request)
{
    struct claim claim = {
        .serial = orphan->serial,
        .coin_id = orphan->coin_id,
        .amount = orphan->amount,
        .claimant_key = *claimant_key,
        .fault = orphan->fault,
        .has_offender_key = orphan->has_offender_key,
        .offender_key = orphan->offender_key,
        .has_purpose = orphan->has_purpose,
        .purpose = orphan->purpose,
        .made_at = env->now,
    };
    TRY(books_next_number(env->store, &claim.number));
    if (orphan->fault == FAULT_FORGED) {
        claim.state = CLAIM_APPROVAL;
        TRY(store_insert(env->store, &tables_table_claim, &claim));
        return ask_operator(env, &claim);
    }
    TRY(judge(env, &claim, orphan, request));
    TRY(store_insert(env->store, &tables_table_claim, &claim));
    return claim.state == CLAIM_WAITING ? claims_pay_waiting(env) : ERR_OK;
}

static enum err pay_out(struct register_env *env, struct claim *claim, struct amount amount)
{
    struct cose token = {0};
    uint64_t serial = 0;
    struct id coin_id = {{0}};
    TRY(amount_add(&claim->paid, claim->paid, amount));
    if (amount_compare(claim->paid, claim->amount) == 0)
        claim->state = CLAIM_PAID;
    TRY(store_update(env->store, &tables_table_claim, claim));
    /* fresh money without a purpose: it replaces what was lost, it is not the aid that was */
    TRY(register_mint(env, &token, &serial, &coin_id, amount, &claim->claimant_key, false, 0));
    return books_journal(env->store, "compensate", claim->bank_id, amount, env->now, "");
}

static enum err offender_row(struct register_env *env, struct offender *out,
                             const struct claim *claim)
{
    bool found = false;
    *out = (struct offender){.bank_id = claim->bank_id, .customer = claim->customer};
    return register_find(env, &found, &tables_table_offender, out);
}

/* What is left of the cap for the claim's offender; zero once it is used up. */
static enum err cap_left(struct register_env *env, struct amount *out,
                         const struct offender *offender)
{
    const struct amount cap = trust_policy(env->trust)->compensation_max;
    *out = amount_zero();
    return amount_compare(cap, offender->compensated) > 0
               ? amount_sub(out, cap, offender->compensated)
               : ERR_OK;
}

static enum err pay_claim(struct register_env *env, struct claim *claim)
{
    struct bank bank = {.bank_id = claim->bank_id};
    struct offender offender = {0};
    struct amount amount = amount_zero(), left = amount_zero();
    TRY(store_get(env->store, &tables_table_bank, &bank, env->arena));
    TRY(offender_row(env, &offender, claim));
    TRY(cap_left(env, &left, &offender));
    TRY(amount_sub(&amount, claim->amount, claim->paid));
    amount = amount_min(amount_min(amount, left), bank.guarantee);
    if (amount_is_zero(amount))
        return ERR_OK;
    TRY(amount_sub(&bank.guarantee, bank.guarantee, amount));
    TRY(amount_add(&offender.compensated, offender.compensated, amount));
    TRY(store_update(env->store, &tables_table_bank, &bank));
    TRY(store_put(env->store, &tables_table_offender, &offender));
    return pay_out(env, claim, amount);
}

static enum err waiting(struct register_env *env, struct list *out)
{
    const struct claim from = {.state = CLAIM_WAITING};
    return register_rows(env, out, &tables_table_claim, 0, 1, &from);
}

enum err claims_pay_waiting(struct register_env *env)
{
    struct list rows = {0};
    TRY(waiting(env, &rows));
    struct claim *claims = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        TRY(pay_claim(env, &claims[i]));
    return ERR_OK;
}

enum err claims_decide(struct register_env *env, const struct approval *approval, bool approved)
{
    const struct claim from = {.coin_id = approval->subject_id};
    struct list rows = {0};
    TRY(register_rows(env, &rows, &tables_table_claim, 1, 1, &from));
    if (rows.count == 0)
        return ERR_INTEGRITY;
    struct claim claim = *(struct claim *)rows.items;
    if (!approved) {
        claim.state = CLAIM_REFUSED;
        claim.refusal = CLAIM_BY_OPERATOR;
        return store_update(env->store, &tables_table_claim, &claim);
    }
    struct books books = {0};
    TRY(books_get(env->store, &books));
    TRY(balance_sub(&books.loss, books.loss, claim.amount));
    TRY(books_put(env->store, &books));
    return pay_out(env, &claim, claim.amount);
}

/* Only what the cap still lets through waits for the guarantee. */
enum err claims_waiting_sum(struct register_env *env, struct amount *out, uint64_t bank_id)
{
    struct list rows = {0};
    TRY(waiting(env, &rows));
    const struct claim *claims = rows.items;
    *out = amount_zero();
    for (size_t i = 0; i < rows.count; i++) {
        struct offender offender = {0};
        struct amount due = amount_zero(), left = amount_zero();
        if (claims[i].bank_id != bank_id)
            continue;
        TRY(offender_row(env, &offender, &claims[i]));
        TRY(cap_left(env, &left, &offender));
        TRY(amount_sub(&due, claims[i].amount, claims[i].paid));
        TRY(amount_add(out, *out, amount_min(due, left)));
    }
    return ERR_OK;
}
