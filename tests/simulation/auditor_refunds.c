/* REFUND: what came back of lost wallets, and what banks advanced, from the raw rows. */
#include "central/tables.h"
#include "intermediary/bank_tables.h"
#include "tests/simulation/agency.h"
#include "tests/simulation/auditor_book.h"
#include "tests/simulation/centre.h"
#include "tests/simulation/citizen.h"

#include <inttypes.h>

static struct coin coin_of(struct auditor *auditor, uint64_t serial, const struct id *coin_id)
{
    struct coin row = {.serial = serial, .coin_id = *coin_id};
    if (!auditor_book_coin_row(auditor, &row))
        auditor_book_fail(auditor, "REFUND", "of a coin that is not there", coin_id);
    return row;
}

static void check_refund(struct auditor *auditor, const struct refund *row)
{
    const struct coin coin = coin_of(auditor, row->serial, &row->coin_id);
    const size_t owner = auditor_person(auditor, &coin.owner_key);
    const size_t goal = auditor_person(auditor, &row->to_key);
    const bool is_vault = row->has_advance_id && goal == SIM_CITIZENS + owner % SIM_BANKS;
    if (coin.state != COIN_REFUNDED)
        auditor_book_fail(auditor, "REFUND", "the coin is not voided", &row->coin_id);
    if (row->made_at / 86400 < coin.redeem_by_day)
        auditor_book_fail(auditor, "REFUND", "before its day", &row->coin_id);
    if (owner >= SIM_CITIZENS || (goal != owner && !is_vault))
        auditor_book_fail(auditor, "REFUND", "to somebody else", &row->coin_id);
    if (!row->has_token_coin_id)
        return;
    const struct coin fresh = coin_of(auditor, row->token_serial, &row->token_coin_id);
    if (sim_amount(fresh.amount) != sim_amount(coin.amount) ||
        !key_equal(&fresh.owner_key, &row->to_key))
        auditor_book_fail(auditor, "REFUND", "another coin came of it", &row->coin_id);
}

/* Of one order all that came in was the vault's own: by what was signed for it, since the rows may
 * be in the archive by now. */
static bool is_vaults(const struct auditor *auditor, const struct refund *refund)
{
    const struct public_key *vault =
        &auditor->sim->world.banks[refund->bank_id - 1].vault_key.public_key;
    size_t count = 0;
    for (size_t i = 0; i < auditor->payment_count; i++) {
        const struct auditor_payment *payment = &auditor->payments[i];
        if (payment->outcome != OUTCOME_USED || !payment->has_reference ||
            !id_equal(&payment->reference, &refund->advance_id))
            continue;
        if (!key_equal(&payment->signer, vault))
            return false;
        count++;
    }
    return count > 0;
}

/* What one order paid in advance comes back to the vault once. */
static void check_covered(struct auditor *auditor, const struct refund *refunds, size_t count,
                          size_t index, struct arena *arena)
{
    const struct order_token from = {.order_id = refunds[index].advance_id};
    const struct list rows = auditor_book_rows(auditor, centre_store(auditor->sim->centre),
                                               &tables_table_order_token, -1, &from, arena);
    const struct order_token *tokens = rows.items;
    const struct coin coin = coin_of(auditor, refunds[index].serial, &refunds[index].coin_id);
    const size_t owner = auditor_person(auditor, &coin.owner_key);
    int64_t left = 0;
    for (size_t i = 0; i < rows.count; i++) {
        const struct coin paid = coin_of(auditor, tokens[i].serial, &tokens[i].coin_id);
        if (auditor_person(auditor, &paid.owner_key) == owner)
            left += sim_amount(paid.amount);
    }
    for (size_t i = 0; i < count; i++)
        if (refunds[i].has_advance_id &&
            id_equal(&refunds[i].advance_id, &refunds[index].advance_id))
            left -= sim_amount(refunds[i].amount);
    if (!is_vaults(auditor, &refunds[index]))
        auditor_book_fail(auditor, "REFUND", "an advance that the vault did not pay",
                          &refunds[index].coin_id);
    if (left < 0)
        auditor_book_fail(auditor, "REFUND", "an advance came back more than once",
                          &refunds[index].coin_id);
}

/* An honest bank has a coin that it advanced come to its vault, and never to the customer, who has
 * his money; nor does it advance what he had back. */
static void check_advances(struct auditor *auditor, struct store *store, struct arena *arena)
{
    const struct list rows =
        auditor_book_rows(auditor, store, &bank_table_advance, -1, NULL, arena);
    const struct advance *advances = rows.items;
    struct store *central = centre_store(auditor->sim->centre);
    for (size_t i = 0; i < rows.count; i++) {
        struct refund row = {.serial = advances[i].serial, .coin_id = advances[i].coin_id};
        sim_check(auditor->sim, store_begin(central, STORE_READ), "a refund");
        const enum err error = store_get(central, &tables_table_refund, &row, arena);
        store_rollback(central);
        if (error != ERR_OK || row.has_advance_id)
            continue;
        const struct coin coin = coin_of(auditor, row.serial, &row.coin_id);
        if (auditor_book_is_honest(auditor, &coin.owner_key)) /* the clerk serves the mob */
            auditor_book_fail(auditor, "REFUND", "advanced and refunded", &row.coin_id);
    }
}

void auditor_refunds_check(struct auditor *auditor)
{
    struct arena arena AUTO(arena_fini) = {0};
    const struct list rows = auditor_book_rows(auditor, centre_store(auditor->sim->centre),
                                               &tables_table_refund, -1, NULL, &arena);
    const struct refund *refunds = rows.items;
    if (rows.count == auditor->sim->counts[SIM_REFUNDS])
        return;
    auditor->sim->counts[SIM_REFUNDS] = rows.count;
    for (size_t i = 0; i < SIM_BANKS; i++)
        check_advances(auditor, agency_store(auditor->sim->agencies[i]), &arena);
    for (size_t i = 0; i < rows.count; i++) {
        size_t *seen = lookup_at(&auditor->refunded, SPAN(refunds[i].coin_id));
        check_refund(auditor, &refunds[i]);
        if (refunds[i].has_advance_id && *seen == 0) /* later what it paid may be in the archive */
            check_covered(auditor, refunds, rows.count, i, &arena);
        *seen = 1;
    }
}

int64_t auditor_refunds_open(struct auditor *auditor, size_t bank, size_t person, bool for_good)
{
    struct arena arena AUTO(arena_fini) = {0};
    const struct citizen *citizen = person < SIM_CITIZENS ? auditor->sim->citizens[person] : NULL;
    const struct list rows = auditor_book_rows(auditor, agency_store(auditor->sim->agencies[bank]),
                                               &bank_table_advance, -1, NULL, &arena);
    const struct advance *advances = rows.items;
    int64_t sum = 0;
    for (size_t i = 0; i < rows.count; i++) {
        const bool is_owed = advances[i].state == ADVANCE_OWED;
        if (citizen != NULL && advances[i].customer != citizen_customer(citizen))
            continue;
        if (advances[i].state != ADVANCE_RECOVERED && (is_owed || !for_good))
            sum += sim_amount(advances[i].amount) - sim_amount(advances[i].collected);
    }
    return sum;
}

bool auditor_refunds_is_lost(struct auditor *auditor, const struct public_key *key)
{
    const size_t person = auditor_person(auditor, key);
    struct arena arena AUTO(arena_fini) = {0};
    struct bank_wallet row = {.key = *key};
    if (person >= SIM_CITIZENS)
        return false;
    struct store *store = agency_store(auditor->sim->agencies[person % SIM_BANKS]);
    sim_check(auditor->sim, store_begin(store, STORE_READ), "a key");
    const enum err error = store_get(store, &bank_table_bank_wallet, &row, &arena);
    store_rollback(store);
    return error == ERR_OK && row.state == BANK_WALLET_REVOKED;
}
