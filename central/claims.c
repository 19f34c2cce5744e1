/* Claims on orphans: judged once, paid in order, within cap and guarantee. Who is who here is the
 * customer, as the bank declared him: all his keys are one person. */
#include "central/claims.h"

#include "central/authority.h"
#include "central/books.h"
#include "central/register_row.h"
#include "central/vault.h"

/* Who stands behind a key: a customer of a bank, or a bank's own vault (customer all zero: the
 * bank itself). */
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

/* --- the request that an orphan was paid under --- */

/* The payment by which the claimant came by an orphan: the last one on its line that none of his
 * own keys signed (his change of an orphan, and what he sent to a newer key of his, are orphans
 * too). *coin: the orphan; out: the coin that this payment made. */
static enum err came_by(struct register_env *env, bool *found, struct payment *payment,
                        struct coin *coin)
{
    const struct public_key claimant_key = coin->owner_key;
    struct person claimant = {0};
    *found = false;
    TRY(person_of(env, &claimant, &claimant_key));
    for (size_t i = 0; i < PACKET_PAYMENTS_MAX && coin->has_parent_payment_id; i++) {
        struct coin spent = {0};
        struct person signer = {0};
        struct cose cose = {0};
        TRY(register_coin(env, &spent, coin->serial, &coin->parent_coin_id));
        TRY(person_of(env, &signer, &spent.owner_key));
        if (!key_equal(&spent.owner_key, &claimant_key) && !same_person(&signer, &claimant)) {
            *found = true;
            TRY(register_maker(env, &cose, coin));
            return payment_decode(payment, cose.payload, env->arena);
        }
        *coin = spent;
    }
    return ERR_OK;
}

/* Is it the request that payment names, by the key that the payment paid? */
static bool is_request_of(struct register_env *env, struct request *out, const struct cose *shown,
                          const struct payment *payment, const struct coin *paid)
{
    const char *network = env->trust->network;
    const struct id id = record_id(network, KIND_REQUEST, shown->payload);
    return payment->has_reference && id_equal(&id, &payment->reference) &&
           request_decode(out, shown->payload, env->arena) == ERR_OK &&
           key_equal(&out->payee_key, &paid->owner_key) &&
           record_verify(network, KIND_REQUEST, shown, &out->payee_key) == ERR_OK;
}

static enum err find_request(struct register_env *env, bool *found, struct request *out,
                             const struct coin *orphan, const struct signed_item_list *shown)
{
    struct coin paid = *orphan;
    struct payment payment = {0};
    TRY(came_by(env, found, &payment, &paid));
    if (!*found)
        return ERR_OK;
    *found = false;
    for (size_t i = 0; i < shown->count && !*found; i++)
        *found = is_request_of(env, out, &shown->items[i].record, &payment, &paid);
    return ERR_OK;
}

/* --- judging --- */

/* shown NULL: a bank claims for a wallet that is lost, and its requests with it. */
static enum err judge_request(struct register_env *env, struct claim *claim,
                              const struct coin *orphan, const struct signed_item_list *shown)
{
    struct request request = {0};
    bool found = false, revoked = false;
    uint64_t revoked_version = 0;
    claim->state = CLAIM_WAITING;
    if (shown == NULL)
        return ERR_OK;
    claim->state = CLAIM_REFUSED;
    TRY(find_request(env, &found, &request, orphan, shown));
    TRY(authority_revoked_version(env, &revoked, &revoked_version, &orphan->offender_key));
    if (!found)
        claim->refusal = CLAIM_NO_REQUEST;
    else if (revoked && revoked_version <= request.revocations_version)
        claim->refusal = CLAIM_HAD_LIST;
    else
        claim->state = CLAIM_WAITING;
    return ERR_OK;
}

static enum err judge(struct register_env *env, struct claim *claim, const struct coin *orphan,
                      const struct signed_item_list *shown)
{
    struct person offender = {0}, claimant = {0};
    claim->state = CLAIM_REFUSED;
    claim->refusal = CLAIM_UNCERTIFIED;
    if (!orphan->has_offender_key)
        return ERR_OK;
    TRY(person_of(env, &offender, &orphan->offender_key));
    TRY(person_of(env, &claimant, &orphan->owner_key));
    if (!offender.is_known)
        return ERR_OK;
    claim->bank_id = offender.bank_id;
    claim->has_customer = true;
    claim->customer = offender.customer;
    claim->refusal = CLAIM_NOT_REFUSED;
    if (!key_equal(&orphan->owner_key, &orphan->offender_key) && !same_person(&offender, &claimant))
        return judge_request(env, claim, orphan, shown);
    claim->refusal = CLAIM_FORKER;
    return ERR_OK;
}

/* Forged money is paid from the loss account, and only when an operator says so: the thief could be
 * his own victim. */
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

/* --- paying --- */

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

/* The next claims that wait, after the last one seen; there can be more than memory likes at
 * once. */
enum { CLAIMS_PAGE = 64 };
static enum err waiting(struct register_env *env, struct list *out, const struct claim *last)
{
    const struct store_query query = {.table = &tables_table_claim,
                                      .index_number = 0,
                                      .prefix_count = 1,
                                      .after = last->number > 0,
                                      .count_max = CLAIMS_PAGE};
    return store_list(env->store, out, &query, last, env->arena);
}

enum err claims_pay_waiting(struct register_env *env)
{
    struct claim last = {.state = CLAIM_WAITING};
    bool is_more = true;
    while (is_more) {
        struct arena arena AUTO(arena_fini) = {0};
        struct register_env page = *env;
        struct list rows = {0};
        page.arena = &arena;
        TRY(waiting(&page, &rows, &last));
        struct claim *claims = rows.items;
        for (size_t i = 0; i < rows.count; i++)
            TRY(pay_claim(&page, &claims[i]));
        is_more = rows.count == CLAIMS_PAGE;
        if (is_more)
            last.number = claims[rows.count - 1].number;
    }
    return ERR_OK;
}

static enum err make(struct register_env *env, const struct coin *orphan,
                     const struct public_key *claimant, const struct signed_item_list *shown)
{
    struct claim claim = {
        .serial = orphan->serial,
        .coin_id = orphan->coin_id,
        .amount = orphan->amount,
        .claimant_key = *claimant,
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
    TRY(judge(env, &claim, orphan, shown));
    TRY(store_insert(env->store, &tables_table_claim, &claim));
    return claim.state == CLAIM_WAITING ? pay_claim(env, &claim) : ERR_OK;
}

enum err claims_make(struct register_env *env, const struct coin *orphan,
                     const struct signed_item_list *shown)
{
    return make(env, orphan, &orphan->owner_key, shown);
}

enum err claims_make_for(struct register_env *env, const struct coin *orphan,
                         const struct public_key *claimant)
{
    return make(env, orphan, claimant, NULL);
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

static enum err due_of(struct register_env *env, struct amount *out, const struct claim *claim)
{
    struct offender offender = {0};
    struct amount left = amount_zero();
    TRY(offender_row(env, &offender, claim));
    TRY(cap_left(env, &left, &offender));
    TRY(amount_sub(out, claim->amount, claim->paid));
    *out = amount_min(*out, left);
    return ERR_OK;
}

/* Only what the cap still lets through waits for the guarantee. */
enum err claims_waiting_sum(struct register_env *env, struct amount *out, uint64_t bank_id)
{
    struct claim last = {.state = CLAIM_WAITING};
    bool is_more = true;
    *out = amount_zero();
    while (is_more) {
        struct arena arena AUTO(arena_fini) = {0};
        struct register_env page = *env;
        struct list rows = {0};
        page.arena = &arena;
        TRY(waiting(&page, &rows, &last));
        const struct claim *claims = rows.items;
        for (size_t i = 0; i < rows.count; i++) {
            struct amount due = amount_zero();
            TRY(due_of(&page, &due, &claims[i]));
            if (claims[i].bank_id == bank_id)
                TRY(amount_add(out, *out, due));
        }
        is_more = rows.count == CLAIMS_PAGE;
        if (is_more)
            last.number = claims[rows.count - 1].number;
    }
    return ERR_OK;
}
