/* I5 and I6: cases, proofs, revoked keys, against the payments that the auditor saw signed and
 * shown. */
#include "central/authority.h"
#include "common/money/proof.h"
#include "tests/simulation/auditor_book.h"
#include "tests/simulation/centre.h"

/* Did a bank vouch for it? Only then can a proof be made. */
static bool is_logged(struct auditor *auditor, const struct public_key *key, struct arena *arena)
{
    struct store *store = centre_store(auditor->sim->centre);
    struct wallet_key row = {.key = *key};
    sim_check(auditor->sim, store_begin(store, STORE_READ), "a key");
    const enum err error = store_get(store, &tables_table_wallet_key, &row, arena);
    store_rollback(store);
    return error == ERR_OK;
}

static bool is_same_coin(const struct auditor_payment *a, const struct auditor_payment *b)
{
    return a->serial == b->serial && id_equal(&a->coin_id, &b->coin_id);
}

static void check_proof(struct auditor *auditor, const struct fraud_case *row, struct arena *arena)
{
    const struct world *world = &auditor->sim->world;
    struct proof_finding finding = {0};
    if (!row->has_proof && !is_logged(auditor, &row->offender_key, arena))
        return;
    if (!row->has_proof)
        auditor_book_fail(auditor, "I6", "a case without a proof", &row->coin_id);
    const enum status status =
        proof_verify(&finding, world->network, &world->root.public_key, row->proof, arena);
    if (status != STATUS_OK)
        auditor_book_fail(auditor, "I6", status_name(status), &row->coin_id);
    if (auditor_book_is_honest(auditor, &finding.key))
        auditor_book_fail(auditor, "I5", "a valid proof against an honest key", &row->coin_id);
    const struct auditor_payment *a = auditor_book_payment(auditor, &finding.payment_a_id);
    const struct auditor_payment *b = auditor_book_payment(auditor, &finding.payment_b_id);
    if (a == NULL || b == NULL || !a->is_shown || !b->is_shown ||
        !key_equal(&a->signer, &finding.key) || !key_equal(&b->signer, &finding.key) ||
        finding.kind != row->kind || is_same_coin(a, b) == (row->kind == PROOF_CLONE) ||
        (row->kind == PROOF_CLONE && a->counter != b->counter))
        auditor_book_fail(auditor, "I6", "a proof of something else", &row->coin_id);
    sim_count(auditor->sim, SIM_PROOFS);
}

static void take_case(struct auditor *auditor, const struct fraud_case *row, struct arena *arena)
{
    struct auditor_coin *coin = auditor_book_coin(auditor, &row->coin_id);
    if (auditor_book_is_honest(auditor, &row->offender_key))
        auditor_book_fail(auditor, "I5", "a case against an honest key", &row->coin_id);
    check_proof(auditor, row, arena);
    auditor->last_case = row->number;
    if (row->kind == PROOF_CLONE) {
        sim_count(auditor->sim, SIM_CLONES);
        return;
    }
    if (coin == NULL || ++coin->case_count > coin->shown_count - 1)
        auditor_book_fail(auditor, "I6", "more cases than conflicts", &row->coin_id);
    auditor->case_count++;
}

static void new_cases(struct auditor *auditor)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct store *store = centre_store(auditor->sim->centre);
    struct list rows = {0};
    const struct fraud_case last = {.number = auditor->last_case};
    const struct store_query query = {
        .table = &tables_table_fraud_case, .index_number = -1, .after = true};
    sim_check(auditor->sim, store_begin(store, STORE_READ), "cases");
    sim_check(auditor->sim, store_list(store, &rows, &query, &last, &arena), "cases");
    store_rollback(store);
    const struct fraud_case *cases = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        take_case(auditor, &cases[i], &arena);
}

static void check_revoked(struct auditor *auditor)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct store *store = centre_store(auditor->sim->centre);
    const struct list rows =
        auditor_book_rows(auditor, store, &tables_table_revoked_key, -1, NULL, &arena);
    const struct revoked_key *keys = rows.items;
    if (rows.count == auditor->revoked_count)
        return;
    auditor->revoked_count = rows.count;
    for (size_t i = 0; i < rows.count; i++) {
        const size_t at = lookup_get(&auditor->by_key_id, SPAN(keys[i].key_id));
        if (keys[i].reason == REVOKED_BY_BANK) /* lost, not accused */
            continue;
        if (at == 0 || at - 1 < SIM_HONEST || at - 1 >= SIM_CITIZENS)
            sim_fail(auditor->sim, "I5", "a key of no thief is revoked");
    }
}

/* A conflict has its case as soon as it is shown. */
void auditor_cases_check(struct auditor *auditor)
{
    new_cases(auditor);
    check_revoked(auditor);
    if (auditor->case_count == auditor->surplus)
        return;
    for (size_t i = 0; i < auditor->payment_count; i++) {
        const struct auditor_coin *coin = auditor_book_coin(auditor, &auditor->payments[i].coin_id);
        if (coin->shown_count > coin->case_count + 1)
            auditor_book_fail(auditor, "I6", "a conflict without a case",
                              &auditor->payments[i].coin_id);
    }
}
