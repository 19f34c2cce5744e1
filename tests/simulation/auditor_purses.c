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

/* Of a key that never signs again: nothing that could be spent, so not money here. */
static bool is_frozen(struct auditor *auditor, const struct purse_coin *coin)
{
    if (!auditor_book_is_frozen(auditor, &coin->owner_key))
        return false;
    if (coin->state == PURSE_AVAILABLE)
        auditor_book_fail(auditor, "RESTORE", "a coin of a key of before is for spending",
                          &coin->coin_id);
    return true;
}

static void check_coin(struct auditor *auditor, const struct purse_coin *coin, size_t person,
                       struct arena *arena)
{
    if (is_frozen(auditor, coin))
        return;
    const struct auditor_coin *spent = auditor_book_coin(auditor, &coin->coin_id);
    if (auditor_person(auditor, &coin->owner_key) != person)
        auditor_book_fail(auditor, "I3", "a purse holds another's coin", &coin->coin_id);
    if (spent != NULL && spent->first != 0)
        auditor_book_fail(auditor, "I3", "a coin is for spending, and was signed away",
                          &coin->coin_id);
    size_t *at = lookup_at(&auditor->held, SPAN(coin->coin_id));
    if (*at != 0)
        auditor_book_fail(auditor, "I3", "a coin is for spending in two purses", &coin->coin_id);
    *at = person + 1;
    auditor->held_count++;
    if (coin->state == PURSE_AVAILABLE && coin->is_settled == 1)
        check_row(auditor, coin, centre_store(auditor->sim->centre), arena);
}

/* --- what was written since the last look --- */

static bool is_judged(size_t person)
{
    return person < SIM_HONEST || (person >= SIM_CITIZENS && person < SIM_PERSONS);
}

/* Whose purse had this coin for spending when the auditor last looked, and forgets it. */
static bool let_go(struct auditor *auditor, size_t *person, const struct id *coin_id)
{
    if (lookup_get(&auditor->held, SPAN(*coin_id)) == 0)
        return false;
    size_t *at = lookup_at(&auditor->held, SPAN(*coin_id));
    *person = *at - 1;
    *at = 0;
    auditor->held_count--;
    return true;
}

static void look_at_coin(struct auditor *auditor, const struct auditor_touched *touched,
                         size_t person, struct arena *arena)
{
    struct store *store = auditor_purses_store(auditor, person);
    struct purse_coin row = {.serial = touched->serial, .coin_id = touched->coin_id};
    sim_check(auditor->sim, store_begin(store, STORE_READ), "the auditor looks");
    const enum err error = store_get(store, &purse_table_purse_coin, &row, arena);
    store_rollback(store);
    if (error == ERR_MISSING)
        return;
    sim_check(auditor->sim, error, "the auditor looks");
    if (row.state == PURSE_AVAILABLE || row.state == PURSE_QUARANTINED ||
        row.state == PURSE_ORPHANED)
        check_coin(auditor, &row, person, arena);
}

/* A purse's row, or what the register or a signature says of a coin that some purse holds. */
static void look_at_touched(struct auditor *auditor)
{
    struct arena arena AUTO(arena_fini) = {0};
    for (size_t i = 0; i < auditor->touched_count; i++) {
        const struct auditor_touched *touched = &auditor->touched[i];
        size_t holder = SIM_NOBODY;
        const bool was_held = let_go(auditor, &holder, &touched->coin_id);
        if (was_held)
            look_at_coin(auditor, touched, holder, &arena);
        if (touched->owner != holder && is_judged(touched->owner))
            look_at_coin(auditor, touched, touched->owner, &arena);
    }
}

static void look_at_all(struct auditor *auditor)
{
    static const uint64_t states[] = {PURSE_AVAILABLE, PURSE_QUARANTINED, PURSE_ORPHANED};
    struct arena arena AUTO(arena_fini) = {0};
    for (size_t person = 0; person < SIM_PERSONS; person++) {
        for (size_t i = 0; is_judged(person) && i < sizeof states / sizeof states[0]; i++) {
            const struct purse_coin from = {.state = states[i]};
            const struct list rows =
                auditor_book_rows(auditor, auditor_purses_store(auditor, person),
                                  &purse_table_purse_coin, 0, &from, &arena);
            const struct purse_coin *coins = rows.items;
            for (size_t j = 0; j < rows.count; j++)
                check_coin(auditor, &coins[j], person, &arena);
        }
    }
}

void auditor_purses_check(struct auditor *auditor, bool is_whole)
{
    const bool is_replaced = auditor->is_whole_due; /* a purse, with all that was in it */
    if (!is_replaced)
        look_at_touched(auditor);
    if (!is_whole)
        return;
    const size_t count = auditor->held_count;
    lookup_fini(&auditor->held);
    auditor->held_count = 0;
    look_at_all(auditor);
    if (!is_replaced && auditor->held_count != count)
        sim_fail(auditor->sim, "I3", "purses changed that nobody wrote");
}
