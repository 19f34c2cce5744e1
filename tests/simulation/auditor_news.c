/* NEWS: what honest wallets believe, and whom their early warnings name. */
#include "common/money/proof.h"
#include "tests/simulation/auditor_book.h"
#include "tests/simulation/citizen.h"
#include "wallet/state/tables.h"

/* The versions in a wallet's state, of records that the central bank's keys signed. */
static void check_state(struct auditor *auditor, const struct wallet_state *state, size_t person,
                        struct arena *arena)
{
    const struct world *world = &auditor->sim->world;
    struct signature *seen = auditor->heard[person].signed_as;
    struct trust trust;
    if (!state->has_directory || (span_equal(SPAN(seen[0]), SPAN(state->directory.signature)) &&
                                  span_equal(SPAN(seen[1]), SPAN(state->revocations.signature))))
        return;
    seen[0] = state->directory.signature;
    seen[1] = state->revocations.signature;
    sim_check(auditor->sim,
              trust_open(&trust, world->network, &world->root.public_key, &state->directory, arena),
              "a directory that a wallet believes");
    if (state->has_revocations)
        sim_check(auditor->sim, trust_set_revocations(&trust, &state->revocations, arena),
                  "a list that a wallet believes");
    if (trust.directory.version < auditor->heard[person].directory ||
        trust.revocations.version < auditor->heard[person].revocations)
        sim_fail(auditor->sim, "NEWS", "wallet %zu went back to an older directory or list",
                 person);
    if (trust.revocations.version > auditor->heard[person].revocations)
        sim_count(auditor->sim, SIM_NEWER);
    auditor->heard[person].directory = trust.directory.version;
    auditor->heard[person].revocations = trust.revocations.version;
}

static void check_finding(struct auditor *auditor, const struct fork *row, struct arena *arena)
{
    const struct world *world = &auditor->sim->world;
    struct proof_finding named = {0};
    const enum status status =
        proof_verify(&named, world->network, &world->root.public_key, row->proof, arena);
    if (status != STATUS_OK)
        auditor_book_fail(auditor, "NEWS", status_name(status), &row->coin_id);
    if (auditor_book_is_honest(auditor, &named.key))
        auditor_book_fail(auditor, "I5", "an early warning names an honest key", &row->coin_id);
    const struct auditor_payment *a = auditor_book_payment(auditor, &named.payment_a_id);
    const struct auditor_payment *b = auditor_book_payment(auditor, &named.payment_b_id);
    if (a == NULL || b == NULL || !key_equal(&a->signer, &named.key) ||
        !key_equal(&b->signer, &named.key) || !id_equal(&a->coin_id, &row->coin_id) ||
        !id_equal(&b->coin_id, &row->coin_id))
        auditor_book_fail(auditor, "NEWS", "an early warning of something else", &row->coin_id);
    sim_count(auditor->sim, SIM_FINDINGS);
}

static void check_person(struct auditor *auditor, size_t person)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct store *store = auditor_purses_store(auditor, person);
    const struct list states =
        auditor_book_rows(auditor, store, &tables_table_wallet_state, -1, NULL, &arena);
    const struct list rows =
        auditor_book_rows(auditor, store, &tables_table_fork, -1, NULL, &arena);
    const struct fork *findings = rows.items;
    if (states.count == 1)
        check_state(auditor, states.items, person, &arena);
    if (rows.count == auditor->heard[person].findings)
        return;
    if (rows.count < auditor->heard[person].findings)
        sim_fail(auditor->sim, "NEWS", "wallet %zu forgot a coin paid twice", person);
    for (size_t i = 0; i < rows.count; i++)
        check_finding(auditor, &findings[i], &arena);
    auditor->heard[person].findings = rows.count;
}

void auditor_news_check(struct auditor *auditor)
{
    for (size_t person = 0; person < SIM_HONEST; person++)
        if (auditor->is_news_touched[person])
            check_person(auditor, person);
}
