/* Receipts: the payer's proof that the payee has the money. */
#include "wallet/handover/handover.h"

#include "common/purse/purse_row.h"
#include "wallet/state/wallet_file.h"

struct confirming {
    enum status *status;
    struct span file;
    struct confirmation confirmation;
    struct receipt receipt;
};

/* The receipt names the very payments of the plan, in order. */
static enum err names_payments(struct purse_env *env, bool *same,
                               const struct confirming *confirming)
{
    struct purse_plan_item_list items = {0};
    TRY(purse_items(env, &items, &confirming->receipt.request_id));
    *same = items.count == confirming->receipt.payment_ids.count;
    for (size_t i = 0; *same && i < items.count; i++) {
        bool found = false;
        for (size_t j = 0; j < items.count; j++)
            found = found || id_equal(&items.items[i].payment_id,
                                      &confirming->receipt.payment_ids.items[j].id);
        *same = found;
    }
    return ERR_OK;
}

static enum err confirm_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct confirming *confirming = context;
    struct purse_plan plan = {.plan_id = confirming->receipt.request_id};
    struct request request = {0};
    bool found = false, same = false;
    TRY(purse_find(env, &found, &purse_table_purse_plan, &plan));
    if (!found || !plan.has_request) {
        *confirming->status = STATUS_UNKNOWN;
        return ERR_OK;
    }
    TRY(request_decode(&request, plan.request.payload, env->arena));
    TRY(names_payments(env, &same, confirming));
    if (record_verify(wallet->trust.network, KIND_RECEIPT, &confirming->confirmation.receipt,
                      &request.payee_key) != ERR_OK)
        *confirming->status = STATUS_SIGNATURE;
    else if (!same)
        *confirming->status = STATUS_CHAIN;
    else if (plan.state < PURSE_PLAN_COMMITTED)
        *confirming->status = STATUS_STATE;
    if (*confirming->status != STATUS_OK)
        return ERR_OK;
    const struct receipt_row row = {
        .request_id = plan.plan_id, .confirmation = confirming->file, .received_at = wallet->now};
    const enum err kept = store_insert(env->store, &tables_table_receipt_row, &row);
    if (kept != ERR_OK && kept != ERR_EXISTS)
        return kept;
    return purse_confirmed(env, &plan);
}

static enum status read_confirmation(struct wallet *wallet, struct confirmation *out,
                                     struct receipt *receipt, struct span file, struct arena *arena)
{
    struct span body = {0};
    enum status status = wallet_file_unwrap(wallet, &body, KIND_CONFIRMATION, file);
    if (status == STATUS_OK)
        status = record_status(confirmation_decode(out, body, arena));
    if (status == STATUS_OK)
        status = record_status(receipt_decode(receipt, out->receipt.payload, arena));
    return status;
}

enum err handover_confirm(struct wallet *wallet, enum status *status, struct id *request_id,
                          struct span file)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct confirming confirming = {.status = status};
    struct news_answers answers = {0};
    TRY(news_hear(wallet, &confirming.file, &answers, file, &arena));
    *status = read_confirmation(wallet, &confirming.confirmation, &confirming.receipt,
                                confirming.file, &arena);
    if (*status != STATUS_OK)
        return ERR_OK;
    *request_id = confirming.receipt.request_id;
    return wallet_transact(wallet, confirm_work, &confirming, &arena);
}

enum err handover_receipt_verify(struct wallet *wallet, struct handover_receipt *out,
                                 enum status *status, struct span file, struct arena *arena)
{
    const struct trust_bank *bank = NULL;
    struct wallet_certificate payee = {0};
    struct confirmation confirmation = {0};
    struct id request_id = {{0}};
    *out = (struct handover_receipt){0};
    *status = read_confirmation(wallet, &confirmation, &out->receipt, file, arena);
    if (*status == STATUS_OK)
        *status = trust_request(
            &out->request, &request_id, &payee, &bank, &wallet->trust, &confirmation.request,
            confirmation.has_certificate ? &confirmation.certificate : NULL, arena);
    if (*status == STATUS_OK && !id_equal(&request_id, &out->receipt.request_id))
        *status = STATUS_CHAIN;
    if (*status == STATUS_OK &&
        record_verify(wallet->trust.network, KIND_RECEIPT, &confirmation.receipt,
                      &out->request.payee_key) != ERR_OK)
        *status = STATUS_SIGNATURE;
    if (*status == STATUS_OK)
        wallet_name(out->payee_name, confirmation.has_certificate ? &payee : NULL, bank);
    return ERR_OK;
}
