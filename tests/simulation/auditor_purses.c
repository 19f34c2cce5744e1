/* I3: what honest purses count as money, against what was signed and what the register says. */
#include "central/tables.h"
#include "common/purse/tables.h"
#include "tests/simulation/agency.h"
#include "tests/simulation/auditor_book.h"
#include "tests/simulation/centre.h"
#include "tests/simulation/citizen.h"

struct store *auditor_purses_store(struct auditor *auditor, size_t person)
{
    struct sim *sim = auditor->sim;
    return person < SIM_CITIZENS ? citizen_store(sim->citizens[person])
                                 : agency_store(sim->agencies[person - SIM_CITIZENS]);
}

/* The register's word on it came: then it is unspent there, and whose and what it is agrees. */
static void check_row(struct auditor *auditor, const struct purse_coin *coin, struct store *store,
                      struct arena *arena)
{
    struct coin row = {.serial = coin->serial, .coin_id = coin->coin_id};
    struct spend spend = {.serial = coin->serial, .coin_id = coin->coin_id};
    sim_check(auditor->sim, store_begin(store, STORE_READ), "the auditor looks");
    const enum err error = store_get(store, &tables_table_coin, &row, arena);
    const bool is_spent = store_get(store, &tables_table_spend, &spend, arena) == ERR_OK;
    store_rollback(store);
    if (error == ERR_MISSING)
        auditor_book_fail(auditor, "I3", "a settled coin that the register never saw",
                          &coin->coin_id);
    sim_check(auditor->sim, error, "the auditor looks");
    if (row.state != COIN_UNSPENT || is_spent || !key_equal(&row.owner_key, &coin->owner_key) ||
        sim_amount(row.amount) != sim_amount(coin->amount))
        auditor_book_fail(auditor, "I3", "the register does not agree about a settled coin",
                          &coin->coin_id);
}

static void check_coin(struct auditor *auditor, const struct purse_coin *coin, size_t person,
                       struct lookup *held, struct arena *arena)
{
    const struct auditor_coin *spent = auditor_book_coin(auditor, &coin->coin_id);
    if (auditor_person(auditor, &coin->owner_key) != person)
        auditor_book_fail(auditor, "I3", "a purse holds another's coin", &coin->coin_id);
    if (spent != NULL && spent->first != 0)
        auditor_book_fail(auditor, "I3", "a coin is for spending, and was signed away",
                          &coin->coin_id);
    size_t *at = lookup_at(held, SPAN(coin->coin_id));
    if (*at != 0)
        auditor_book_fail(auditor, "I3", "a coin is for spending in two purses", &coin->coin_id);
    *at = 1;
    if (coin->state == PURSE_AVAILABLE && coin->is_settled == 1)
        check_row(auditor, coin, centre_store(auditor->sim->centre), arena);
}

void auditor_purses_check(struct auditor *auditor)
{
    static const uint64_t states[] = {PURSE_AVAILABLE, PURSE_QUARANTINED, PURSE_ORPHANED};
    struct arena arena AUTO(arena_fini) = {0};
    struct lookup held AUTO(lookup_fini) = {0};
    for (size_t person = 0; person < SIM_PERSONS; person++) {
        if (person >= SIM_HONEST && person < SIM_CITIZENS)
            continue;
        for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
            const struct purse_coin from = {.state = states[i]};
            const struct list rows =
                auditor_book_rows(auditor, auditor_purses_store(auditor, person),
                                  &purse_table_purse_coin, 0, &from, &arena);
            const struct purse_coin *coins = rows.items;
            for (size_t j = 0; j < rows.count; j++)
                check_coin(auditor, &coins[j], person, &held, &arena);
        }
    }
}
