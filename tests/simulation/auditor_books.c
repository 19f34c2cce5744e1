/* LAW, BANK and COMP: the auditor's sums over the raw rows of the central bank. */
#include "central/tables.h"
#include "common/store/store.h"
#include "tests/simulation/agency.h"
#include "tests/simulation/auditor_book.h"
#include "tests/simulation/centre.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct list auditor_book_rows(struct auditor *auditor, struct store *store,
                              const struct table *table, int index_number, const void *from,
                              struct arena *arena)
{
    struct list rows = {0};
    const struct store_query query = {
        .table = table, .index_number = index_number, .prefix_count = from != NULL ? 1 : 0};
    sim_check(auditor->sim, store_begin(store, STORE_READ), "the auditor looks");
    sim_check(auditor->sim, store_list(store, &rows, &query, from, arena), "the auditor looks");
    store_rollback(store);
    return rows;
}

struct sums {
    int64_t reserves[SIM_BANKS], guarantees[SIM_BANKS], loss, unspent;
    int64_t of_person[SIM_PERSONS + 1]; /* unspent coins by owner */
    int64_t running;
};

static void note_spends(struct auditor *auditor, struct lookup *spent, struct store *store,
                        struct arena *arena)
{
    const struct list rows =
        auditor_book_rows(auditor, store, &tables_table_spend, -1, NULL, arena);
    const struct spend *spends = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        *lookup_at(spent, SPAN(spends[i].coin_id)) = 1;
}

/* --- coins --- */

/* Money is what is marked so, and has no row of a spend. */
static void add_coins(struct auditor *auditor, struct sums *sums, struct store *store,
                      struct arena *arena)
{
    const struct coin from = {.state = COIN_UNSPENT};
    const struct list rows = auditor_book_rows(auditor, store, &tables_table_coin, 0, &from, arena);
    const struct coin *coins = rows.items;
    struct lookup spent AUTO(lookup_fini) = {0};
    note_spends(auditor, &spent, store, arena);
    for (size_t i = 0; i < rows.count; i++) {
        const int64_t value = sim_amount(coins[i].amount);
        if (lookup_get(&spent, SPAN(coins[i].coin_id)) != 0)
            continue;
        sums->unspent += value;
        sums->of_person[auditor_person(auditor, &coins[i].owner_key)] += value;
    }
}

static struct auditor_worth *worth_of(struct auditor_unspent *unspent, const struct id *coin_id)
{
    size_t *at = lookup_at(&unspent->by_coin, SPAN(*coin_id));
    if (*at != 0)
        return &unspent->rows[*at - 1];
    if (unspent->count == unspent->capacity) {
        unspent->capacity = 2 * unspent->capacity + 1024;
        unspent->rows = realloc(unspent->rows, unspent->capacity * sizeof *unspent->rows);
        CHECK(unspent->rows != NULL);
    }
    unspent->rows[unspent->count] = (struct auditor_worth){0};
    *at = ++unspent->count;
    return &unspent->rows[unspent->count - 1];
}

/* One coin, as the register has it now. */
static void look_at_coin(struct auditor *auditor, const struct auditor_touched *touched,
                         struct store *store, struct arena *arena)
{
    struct auditor_unspent *unspent = &auditor->unspent;
    struct coin row = {.serial = touched->serial, .coin_id = touched->coin_id};
    struct spend spend = {.serial = touched->serial, .coin_id = touched->coin_id};
    struct auditor_worth *worth = worth_of(unspent, &touched->coin_id);
    unspent->all -= worth->value;
    unspent->of_person[worth->owner] -= worth->value;
    worth->value = 0;
    worth->owner = 0;
    sim_check(auditor->sim, store_begin(store, STORE_READ), "the auditor looks");
    const enum err error = store_get(store, &tables_table_coin, &row, arena);
    const bool is_spent = store_get(store, &tables_table_spend, &spend, arena) == ERR_OK;
    store_rollback(store);
    if (error == ERR_OK) {
        row.token = span_of(NULL, 0);
        worth->row = row;
    }
    if (error == ERR_OK && !is_spent && row.state == COIN_UNSPENT) {
        worth->value = sim_amount(row.amount);
        worth->owner = auditor_person(auditor, &row.owner_key);
    }
    unspent->all += worth->value;
    unspent->of_person[worth->owner] += worth->value;
}

bool auditor_book_coin_row(struct auditor *auditor, struct coin *row)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct store *store = centre_store(auditor->sim->centre);
    sim_check(auditor->sim, store_begin(store, STORE_READ), "a coin");
    const enum err error = store_get(store, &tables_table_coin, row, &arena);
    store_rollback(store);
    row->token = span_of(NULL, 0);
    if (error == ERR_OK)
        return true;
    const size_t at = lookup_get(&auditor->unspent.by_coin, SPAN(row->coin_id));
    if (at == 0 || !auditor_archive_has(auditor, row->serial))
        return false;
    *row = auditor->unspent.rows[at - 1].row;
    return true;
}

/* What was written since the last look; and all of it, which must come to the same. */
static void look_at_coins(struct auditor *auditor, struct sums *sums, bool is_whole,
                          struct store *store, struct arena *arena)
{
    const struct auditor_unspent *unspent = &auditor->unspent;
    for (size_t i = 0; i < auditor->touched_count; i++)
        if (auditor->touched[i].owner == SIM_NOBODY)
            look_at_coin(auditor, &auditor->touched[i], store, arena);
    if (is_whole) {
        add_coins(auditor, sums, store, arena);
        if (sums->unspent != unspent->all ||
            memcmp(sums->of_person, unspent->of_person, sizeof sums->of_person) != 0)
            sim_fail(auditor->sim, "LAW", "coins changed that nobody wrote");
    }
    sums->unspent = unspent->all;
    memcpy(sums->of_person, unspent->of_person, sizeof sums->of_person);
}

static void add_books(struct auditor *auditor, struct sums *sums, struct store *store,
                      struct arena *arena)
{
    const struct list rows =
        auditor_book_rows(auditor, store, &tables_table_books, -1, NULL, arena);
    const struct books *books = rows.items;
    CHECK(rows.count == 1);
    sums->loss = balance_fen(books->loss);
    sums->running = sim_amount(books->unspent);
    const struct list banks =
        auditor_book_rows(auditor, store, &tables_table_bank, -1, NULL, arena);
    const struct bank *bank = banks.items;
    for (size_t i = 0; i < banks.count; i++) {
        sums->reserves[bank[i].bank_id - 1] = sim_amount(bank[i].reserve);
        sums->guarantees[bank[i].bank_id - 1] = sim_amount(bank[i].guarantee);
    }
}

/* --- claims --- */

static void check_forged(struct auditor *auditor, const struct claim *claims, size_t count)
{
    for (size_t f = 0; f < auditor->forged_count; f++) {
        int64_t paid = 0;
        for (size_t i = 0; i < count; i++)
            if (claims[i].fault == FAULT_FORGED && claims[i].serial == auditor->forged[f].serial)
                paid += sim_amount(claims[i].paid);
        if (paid > auditor->forged[f].value)
            sim_fail(auditor->sim, "COMP", "a forged token of %" PRId64 " was paid %" PRId64,
                     auditor->forged[f].value, paid);
    }
}

/* One thief is one customer: the cap counts all his keys. */
static void check_cap(struct auditor *auditor, const struct claim *claims, size_t count)
{
    const int64_t cap = sim_amount(auditor->sim->world.policy.compensation_max);
    int64_t paid[SIM_PERSONS + 1] = {0};
    for (size_t i = 0; i < count; i++)
        if (claims[i].fault == FAULT_FORK)
            paid[auditor_person(auditor, &claims[i].offender_key)] += sim_amount(claims[i].paid);
    for (size_t i = 0; i <= SIM_PERSONS; i++)
        if (paid[i] > cap)
            sim_fail(auditor->sim, "COMP",
                     "%" PRId64 " paid against one thief, the cap is %" PRId64, paid[i], cap);
}

static void check_claim(struct auditor *auditor, const struct claim *claim)
{
    const size_t offender = auditor_person(auditor, &claim->offender_key);
    if (sim_amount(claim->paid) > sim_amount(claim->amount))
        auditor_book_fail(auditor, "COMP", "more paid than the coin", &claim->coin_id);
    if (claim->fault != FAULT_FORK)
        return;
    if (auditor_book_is_honest(auditor, &claim->offender_key))
        auditor_book_fail(auditor, "I5", "a claim names an honest key", &claim->coin_id);
    if (sim_amount(claim->paid) > 0 && offender == auditor_person(auditor, &claim->claimant_key))
        auditor_book_fail(auditor, "COMP", "the forker was paid for his own fork", &claim->coin_id);
}

static void look_at_claims(struct auditor *auditor, struct store *store, struct arena *arena)
{
    const struct list rows =
        auditor_book_rows(auditor, store, &tables_table_claim, -1, NULL, arena);
    const struct claim *claims = rows.items;
    struct sim *sim = auditor->sim;
    sim->counts[SIM_CLAIMS_PAID] = 0;
    auditor->paid_loss = 0;
    memset(auditor->paid_by, 0, sizeof auditor->paid_by);
    for (size_t i = 0; i < rows.count; i++) {
        const int64_t paid = sim_amount(claims[i].paid);
        check_claim(auditor, &claims[i]);
        sim->counts[SIM_CLAIMS_PAID] += paid > 0;
        if (claims[i].fault == FAULT_FORGED)
            auditor->paid_loss += paid;
        else if (paid > 0)
            auditor->paid_by[claims[i].bank_id - 1] += paid;
    }
    check_forged(auditor, claims, rows.count);
    check_cap(auditor, claims, rows.count);
}

/* --- the law --- */

static void check_law(struct auditor *auditor, const struct sums *sums)
{
    int64_t funded = 0, held = sums->loss + sums->unspent;
    for (size_t i = 0; i < SIM_BANKS; i++) {
        funded += auditor->funded[i];
        held += sums->reserves[i] + sums->guarantees[i];
        if (sums->guarantees[i] != auditor->posted[i] - auditor->paid_by[i])
            sim_fail(auditor->sim, "LAW", "guarantee of bank %zu: %" PRId64 ", not %" PRId64, i,
                     sums->guarantees[i], auditor->posted[i] - auditor->paid_by[i]);
    }
    if (funded != held)
        sim_fail(auditor->sim, "LAW", "funded %" PRId64 ", but there is %" PRId64, funded, held);
    if (sums->running != sums->unspent)
        sim_fail(auditor->sim, "LAW", "the books say %" PRId64 " unspent, the coins %" PRId64,
                 sums->running, sums->unspent);
    if (sums->loss != -auditor->paid_loss)
        sim_fail(auditor->sim, "LAW", "the loss account is %" PRId64 ", claims were paid %" PRId64,
                 sums->loss, auditor->paid_loss);
}

/* What a bank has more than it owes never falls but by what its customers' frauds cost. */
static void check_banks(struct auditor *auditor, const struct sums *sums)
{
    for (size_t i = 0; i < SIM_BANKS; i++) {
        const int64_t has =
            sums->reserves[i] + sums->guarantees[i] + sums->of_person[SIM_CITIZENS + i];
        const int64_t owes = agency_account(auditor->sim->agencies[i], 0);
        const int64_t least = auditor->funded[i] - auditor->paid_in[i] - auditor->paid_by[i] -
                              auditor_refunds_open(auditor, i, SIM_NOBODY, false);
        if (has - owes < least)
            sim_fail(auditor->sim, "BANK",
                     "bank %zu has %" PRId64 " and owes %" PRId64 ": %" PRId64 " is missing", i,
                     has, owes, least - (has - owes));
    }
}

void auditor_books_check(struct auditor *auditor, bool is_whole)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct sums sums = {.loss = 0};
    struct store *store = centre_store(auditor->sim->centre);
    look_at_coins(auditor, &sums, is_whole, store, &arena);
    add_books(auditor, &sums, store, &arena);
    if (is_whole || auditor->is_claim_touched)
        look_at_claims(auditor, store, &arena);
    check_law(auditor, &sums);
    check_banks(auditor, &sums);
}
