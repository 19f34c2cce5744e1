/* Cases: of double spending, one a pair of payments; of a cloned wallet, one a key; each with the
 * proof that a stranger can check. */
#include "central/cases.h"

#include "central/authority.h"
#include "central/books.h"
#include "central/register_row.h"

static enum err is_open(struct register_env *env, bool *open, const struct cases_conflict *conflict)
{
    const struct fraud_case from = {.kind = conflict->kind,
                                    .offender_key = conflict->offender_key,
                                    .coin_id = conflict->coin_id,
                                    .payment_b_id = conflict->payment_b_id};
    struct list rows = {0};
    TRY(register_rows(env, &rows, &tables_table_fraud_case, conflict->kind == PROOF_CLONE ? 1 : 0,
                      2, &from));
    *open = rows.count > 0;
    return ERR_OK;
}

/* Whose certificate names the key: a wallet's, logged by its bank; or the bank certificate
 * alone, for a vault key. An uncertified key gives a case without a proof. */
static enum err make_proof(struct register_env *env, struct fraud_case *row,
                           const struct cases_conflict *conflict)
{
    const struct trust_bank *bank = trust_vault(env->trust, &conflict->offender_key);
    struct wallet_key wallet = {0};
    bool is_wallet = false;
    TRY(authority_wallet_key(env, &is_wallet, &wallet, &conflict->offender_key));
    if (is_wallet) {
        bank = trust_bank(env->trust, wallet.bank_id);
        row->has_customer = true;
        row->customer = wallet.customer;
    }
    if (bank == NULL)
        return ERR_OK;
    struct buffer proof AUTO(buffer_fini) = {0};
    TRY(proof_encode_parts(&proof, is_wallet ? &wallet.certificate : NULL, &bank->cose,
                           &conflict->payment_a, &conflict->payment_b));
    TRY(arena_copy(env->arena, &row->proof, buffer_span(&proof)));
    row->bank_id = bank->certificate.bank_id;
    row->has_proof = true;
    return ERR_OK;
}

static enum err revoke(struct register_env *env, const struct fraud_case *row)
{
    enum status status = STATUS_OK;
    const struct key_id key_id = crypto_key_id(&row->offender_key);
    return authority_revoke(env, &status, &key_id,
                            row->kind == PROOF_CLONE ? REVOKED_CLONE : REVOKED_DOUBLE_SPEND);
}

enum err cases_open(struct register_env *env, const struct cases_conflict *conflict)
{
    struct fraud_case row = {
        .kind = conflict->kind,
        .serial = conflict->serial,
        .coin_id = conflict->coin_id,
        .payment_a_id = conflict->payment_a_id,
        .payment_b_id = conflict->payment_b_id,
        .offender_key = conflict->offender_key,
        .opened_at = env->now,
    };
    bool open = false;
    TRY(is_open(env, &open, conflict));
    if (open)
        return ERR_OK;
    TRY(make_proof(env, &row, conflict));
    TRY(books_next_number(env->store, &row.number));
    TRY(store_insert(env->store, &tables_table_fraud_case, &row));
    return row.has_proof ? revoke(env, &row) : ERR_OK;
}

/* --- a key that is certified after its case was opened --- */

/* The two payments, from the rows: the first in `spend`, the other among the losers. */
static enum err read_conflict(struct register_env *env, struct cases_conflict *out,
                              const struct fraud_case *row)
{
    struct spend spend = {.serial = row->serial, .coin_id = row->coin_id};
    struct loser loser = {.serial = row->serial, .payment_id = row->payment_b_id};
    *out = (struct cases_conflict){.kind = PROOF_DOUBLE_SPEND,
                                   .serial = row->serial,
                                   .coin_id = row->coin_id,
                                   .offender_key = row->offender_key};
    TRY(store_get(env->store, &tables_table_spend, &spend, env->arena));
    TRY(store_get(env->store, &tables_table_loser, &loser, env->arena));
    TRY(register_payment(env, &out->payment_a, &out->payment_a_id, &spend));
    out->payment_b = loser.payment;
    out->payment_b_id = row->payment_b_id;
    return id_equal(&out->payment_a_id, &row->payment_a_id) ? ERR_OK : ERR_INTEGRITY;
}

static enum err prove(struct register_env *env, struct fraud_case *row)
{
    struct cases_conflict conflict = {0};
    TRY(read_conflict(env, &conflict, row));
    TRY(make_proof(env, row, &conflict));
    TRY(store_update(env->store, &tables_table_fraud_case, row));
    return row->has_proof ? revoke(env, row) : ERR_OK;
}

enum err cases_prove(struct register_env *env, const struct public_key *offender_key)
{
    const struct fraud_case from = {.kind = PROOF_DOUBLE_SPEND, .offender_key = *offender_key};
    struct list rows = {0};
    TRY(register_rows(env, &rows, &tables_table_fraud_case, 1, 2, &from));
    struct fraud_case *cases = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        if (!cases[i].has_proof)
            TRY(prove(env, &cases[i]));
    return ERR_OK;
}

enum err cases_get(struct register_env *env, struct fraud_case *out, uint64_t number)
{
    *out = (struct fraud_case){.number = number};
    return store_get(env->store, &tables_table_fraud_case, out, env->arena);
}

enum err cases_list(struct register_env *env, struct fraud_case_list *out)
{
    struct list rows = {0};
    TRY(register_rows(env, &rows, &tables_table_fraud_case, -1, 0, NULL));
    *out = (struct fraud_case_list){rows.items, rows.count};
    return ERR_OK;
}
