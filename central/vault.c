/* Reserves, guarantees, issue orders: every fen that enters or leaves goes through here, and
 * through the journal. */
#include "central/vault.h"

#include "central/books.h"
#include "central/claims.h"
#include "central/register_row.h"

#include <string.h>

enum err vault_bank(struct register_env *env, struct bank *out, uint64_t bank_id)
{
    *out = (struct bank){.bank_id = bank_id};
    return store_get(env->store, &tables_table_bank, out, env->arena);
}

enum err vault_banks(struct register_env *env, struct bank_list *out)
{
    struct list rows = {0};
    TRY(register_rows(env, &rows, &tables_table_bank, -1, 0, NULL));
    *out = (struct bank_list){rows.items, rows.count};
    return ERR_OK;
}

/* The bank whose money is moved; an act that moves none has no place in the journal. */
static enum err find_bank(struct register_env *env, enum status *status, struct bank *out,
                          uint64_t bank_id, struct amount amount)
{
    bool found = false;
    *out = (struct bank){.bank_id = bank_id};
    TRY(register_find(env, &found, &tables_table_bank, out));
    *status = !found ? STATUS_UNKNOWN : amount_is_zero(amount) ? STATUS_RANGE : STATUS_OK;
    return ERR_OK;
}

/* amount from `from` to `to`; STATUS_FUNDS or STATUS_RANGE leave both as they were. */
static enum status move(struct amount *from, struct amount *to, struct amount amount)
{
    struct amount less = amount_zero(), more = amount_zero();
    if (amount_sub(&less, *from, amount) != ERR_OK)
        return STATUS_FUNDS;
    if (amount_add(&more, *to, amount) != ERR_OK)
        return STATUS_RANGE;
    *from = less;
    *to = more;
    return STATUS_OK;
}

static enum err put_bank(struct register_env *env, const struct bank *bank, const char *act,
                         struct amount amount)
{
    TRY(store_update(env->store, &tables_table_bank, bank));
    return books_journal(env->store, act, bank->bank_id, amount, env->now, "");
}

enum err vault_reserve_credit(struct register_env *env, enum status *status, uint64_t bank_id,
                              struct amount amount)
{
    struct bank bank = {0};
    struct books books = {0};
    struct amount more = amount_zero();
    struct balance funded = balance_from_fen(0);
    TRY(find_bank(env, status, &bank, bank_id, amount));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(books_get(env->store, &books));
    if (amount_add(&more, bank.reserve, amount) != ERR_OK ||
        balance_add(&funded, books.funded, amount) != ERR_OK) {
        *status = STATUS_RANGE;
        return ERR_OK;
    }
    bank.reserve = more;
    books.funded = funded;
    TRY(books_put(env->store, &books));
    return put_bank(env, &bank, "reserve credit", amount);
}

enum err vault_reserve_debit(struct register_env *env, enum status *status, uint64_t bank_id,
                             struct amount amount)
{
    struct bank bank = {0};
    struct books books = {0};
    struct amount less = amount_zero();
    TRY(find_bank(env, status, &bank, bank_id, amount));
    if (*status == STATUS_OK && amount_sub(&less, bank.reserve, amount) != ERR_OK)
        *status = STATUS_FUNDS;
    if (*status != STATUS_OK)
        return ERR_OK;
    bank.reserve = less;
    TRY(books_get(env->store, &books));
    TRY(balance_sub(&books.funded, books.funded, amount));
    TRY(books_put(env->store, &books));
    return put_bank(env, &bank, "reserve debit", amount);
}

enum err vault_guarantee_post(struct register_env *env, enum status *status, uint64_t bank_id,
                              struct amount amount)
{
    struct bank bank = {0};
    TRY(find_bank(env, status, &bank, bank_id, amount));
    if (*status == STATUS_OK)
        *status = move(&bank.reserve, &bank.guarantee, amount);
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(put_bank(env, &bank, "guarantee post", amount));
    return claims_pay_waiting(env);
}

enum err vault_guarantee_release(struct register_env *env, enum status *status, uint64_t bank_id,
                                 struct amount amount)
{
    struct bank bank = {0};
    struct amount waiting = amount_zero();
    TRY(find_bank(env, status, &bank, bank_id, amount));
    if (*status == STATUS_OK)
        *status = move(&bank.guarantee, &bank.reserve, amount);
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(claims_waiting_sum(env, &waiting, bank_id));
    if (amount_compare(bank.guarantee, waiting) < 0) {
        *status = STATUS_STATE;
        return ERR_OK;
    }
    return put_bank(env, &bank, "guarantee release", amount);
}

/* --- issue orders --- */

static enum status read_issue(struct issue *out, struct amount *total,
                              const struct issue_body *body, const struct bank *bank,
                              struct arena *arena)
{
    const enum err error = issue_decode(out, body->order, arena);
    if (error != ERR_OK)
        return record_status(error);
    *total = amount_zero();
    for (size_t i = 0; i < out->outputs.count; i++) {
        if (!key_equal(&out->outputs.items[i].key, &bank->vault_key))
            return STATUS_KIND;
        if (amount_add(total, *total, out->outputs.items[i].amount) != ERR_OK)
            return STATUS_RANGE;
    }
    return STATUS_OK;
}

static enum err issued_tokens(struct register_env *env, enum status *status,
                              struct tokens_reply *reply, const struct id *order_id)
{
    const struct order_token from = {.order_id = *order_id};
    struct list rows = {0};
    void *memory = NULL;
    TRY(register_rows(env, &rows, &tables_table_order_token, -1, 1, &from));
    TRY(arena_alloc(env->arena, &memory, rows.count + 1, sizeof(struct signed_item)));
    reply->tokens = (struct signed_item_list){memory, rows.count};
    const struct order_token *tokens = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        TRY(register_token_of(env, status, &reply->tokens.items[i].record, tokens[i].serial,
                              &tokens[i].coin_id));
    return ERR_OK;
}

/* An order of this number again: its present state, or the same tokens. */
static enum err answer_issue(struct register_env *env, enum status *status,
                             struct tokens_reply *reply, const struct issue_order *row)
{
    struct approval approval = {.number = row->approval};
    TRY(store_get(env->store, &tables_table_approval, &approval, env->arena));
    switch ((enum approval_state)approval.state) {
    case APPROVAL_PENDING:
        *status = STATUS_PENDING;
        return ERR_OK;
    case APPROVAL_REJECTED:
        *status = STATUS_REJECTED;
        return ERR_OK;
    case APPROVAL_APPROVED:
        *status = STATUS_OK;
        return issued_tokens(env, status, reply, &row->order_id);
    }
    return ERR_INTEGRITY;
}

static enum err ask_operator(struct register_env *env, const struct issue_order *order,
                             const struct issue_body *body, struct amount total)
{
    const struct approval row = {
        .number = order->approval,
        .kind = APPROVAL_ISSUE,
        .state = APPROVAL_PENDING,
        .bank_id = order->bank_id,
        .amount = total,
        .subject_id = order->order_id,
        .body = body->order,
        .made_at = env->now,
    };
    TRY(store_insert(env->store, &tables_table_approval, &row));
    return store_insert(env->store, &tables_table_issue_order, order);
}

enum err vault_issue(struct register_env *env, enum status *status, struct tokens_reply *reply,
                     const struct issue_body *body, const struct bank *bank)
{
    struct issue issue = {0};
    struct amount total = amount_zero();
    bool found = false;
    *reply = (struct tokens_reply){0};
    *status = read_issue(&issue, &total, body, bank, env->arena);
    if (*status != STATUS_OK)
        return ERR_OK;
    const struct id order_id = record_id(env->trust->network, KIND_ISSUE, body->order);
    struct issue_order row = {.bank_id = bank->bank_id, .nonce = issue.order_id};
    TRY(register_find(env, &found, &tables_table_issue_order, &row));
    if (found && !id_equal(&row.order_id, &order_id))
        *status = STATUS_REUSED;
    else if (found)
        return answer_issue(env, status, reply, &row);
    else if (amount_compare(bank->reserve, total) < 0)
        *status = STATUS_FUNDS;
    if (*status != STATUS_OK)
        return ERR_OK;
    row.order_id = order_id;
    TRY(books_next_number(env->store, &row.approval));
    *status = STATUS_PENDING;
    return ask_operator(env, &row, body, total);
}

static enum err mint_issue(struct register_env *env, enum status *status,
                           const struct approval *approval)
{
    struct issue issue = {0};
    struct bank bank = {0};
    struct amount rest = amount_zero();
    TRY(issue_decode(&issue, approval->body, env->arena));
    TRY(vault_bank(env, &bank, approval->bank_id));
    if (amount_sub(&rest, bank.reserve, approval->amount) != ERR_OK) {
        *status = STATUS_FUNDS;
        return ERR_OK;
    }
    bank.reserve = rest;
    TRY(put_bank(env, &bank, "issue", approval->amount));
    const struct order_row row = {
        .order_id = approval->subject_id,
        .kind = KIND_ISSUE,
        .done = 1,
        .bank_id = approval->bank_id,
        .amount = approval->amount,
        .token_count = issue.outputs.count,
        .made_at = env->now,
    };
    TRY(store_insert(env->store, &tables_table_order_row, &row));
    struct register_owners owners = {0};
    struct register_env own = *env;
    own.owners = &owners;
    for (size_t i = 0; i < issue.outputs.count; i++) {
        struct order_token token = {.order_id = approval->subject_id, .position = i};
        struct cose cose = {0};
        TRY(register_mint(&own, &cose, &token.serial, &token.coin_id, issue.outputs.items[i].amount,
                          &issue.outputs.items[i].key, false, 0));
        TRY(store_insert(env->store, &tables_table_order_token, &token));
    }
    return register_owner_flush(&own);
}

enum err vault_decide(struct register_env *env, enum status *status, uint64_t approval_number,
                      bool approved, const char *operator_name, const char *reason)
{
    struct approval row = {.number = approval_number};
    bool found = false;
    TRY(register_find(env, &found, &tables_table_approval, &row));
    *status = !found ? STATUS_UNKNOWN : row.state != APPROVAL_PENDING ? STATUS_STATE : STATUS_OK;
    if (*status == STATUS_OK && row.kind == APPROVAL_ISSUE && approved)
        TRY(mint_issue(env, status, &row));
    else if (*status == STATUS_OK && row.kind == APPROVAL_CLAIM)
        TRY(claims_decide(env, &row, approved));
    if (*status != STATUS_OK)
        return ERR_OK;
    row.state = approved ? APPROVAL_APPROVED : APPROVAL_REJECTED;
    row.decided_at = env->now;
    row.decided_by = span_text(operator_name);
    row.reason = span_text(reason);
    return store_update(env->store, &tables_table_approval, &row);
}

enum err vault_approvals(struct register_env *env, struct approval_list *out, uint64_t state)
{
    const struct approval from = {.state = state};
    struct list rows = {0};
    TRY(register_rows(env, &rows, &tables_table_approval, state == 0 ? -1 : 0, state == 0 ? 0 : 1,
                      &from));
    *out = (struct approval_list){rows.items, rows.count};
    return ERR_OK;
}
