/* ARCHIVE: what leaves the register, judged by what the auditor was shown, not by what rows said.
 *
 * That no money leaves is LAW's business: an unspent coin that is gone is missing in the sum. That
 * what comes back is what left is everybody's: in the end all is back, and every other rule is
 * applied to it. */
#include "central/tables.h"
#include "tests/simulation/auditor_book.h"
#include "tests/simulation/centre.h"

#include <stdlib.h>

void auditor_left(struct auditor *auditor, size_t owner, const struct table *table, const void *row)
{
    if (owner != SIM_NOBODY || table != &tables_table_coin)
        return;
    const struct coin *coin = row;
    if (auditor->left_count == auditor->left_capacity) {
        auditor->left_capacity = 2 * auditor->left_capacity + 64;
        auditor->left = realloc(auditor->left, auditor->left_capacity * sizeof *auditor->left);
        CHECK(auditor->left != NULL);
    }
    auditor->left[auditor->left_count++] =
        (struct auditor_left){coin->serial, coin->coin_id, coin->state, coin->redeem_by_day};
}

static bool is_there(struct auditor *auditor, const struct table *table, void *row)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct store *store = centre_store(auditor->sim->centre);
    sim_check(auditor->sim, store_begin(store, STORE_READ), "the auditor looks");
    const enum err error = store_get(store, table, row, &arena);
    store_rollback(store);
    return error == ERR_OK;
}

bool auditor_archive_had(const struct auditor *auditor, uint64_t serial)
{
    return lookup_get(&auditor->gone, span_of(&serial, sizeof serial)) != 0;
}

bool auditor_archive_has(struct auditor *auditor, uint64_t serial)
{
    struct minted minted = {.serial = serial};
    return auditor_archive_had(auditor, serial) &&
           !is_there(auditor, &tables_table_minted, &minted);
}

/* One payment of it was ever shown, and that one settled. */
static bool is_settled(const struct auditor *auditor, const struct auditor_coin *coin)
{
    size_t at = coin->first;
    while (at != 0 && !auditor->payments[at - 1].is_shown)
        at = auditor->payments[at - 1].next;
    if (at == 0 || coin->shown_count != 1)
        return false;
    const uint8_t outcome = auditor->payments[at - 1].outcome; /* 0: of the middle of a line */
    return outcome == 0 || outcome == OUTCOME_SETTLED || outcome == OUTCOME_USED ||
           outcome == OUTCOME_MINTED_BACK;
}

static void judge(struct auditor *auditor, const struct auditor_left *left)
{
    const struct sim *sim = auditor->sim;
    const struct auditor_coin *coin = auditor_book_coin(auditor, &left->coin_id);
    if (left->state != COIN_UNSPENT && left->state != COIN_SPENT)
        auditor_book_fail(auditor, "ARCHIVE", "an orphan, or a refunded coin, left",
                          &left->coin_id);
    if (sim->now / 86400 < left->redeem_by_day + sim->world.policy.archive_days)
        auditor_book_fail(auditor, "ARCHIVE", "before its day", &left->coin_id);
    if (coin == NULL || !is_settled(auditor, coin))
        auditor_book_fail(auditor, "ARCHIVE", "a coin that is not spent, or was paid twice, left",
                          &left->coin_id);
}

void auditor_archive_check(struct auditor *auditor)
{
    for (size_t i = 0; i < auditor->left_count; i++) {
        const struct auditor_left *left = &auditor->left[i];
        struct coin coin = {.serial = left->serial, .coin_id = left->coin_id};
        if (is_there(auditor, &tables_table_coin, &coin)) /* the step was not committed */
            continue;
        judge(auditor, left);
        size_t *gone = lookup_at(&auditor->gone, span_of(&left->serial, sizeof left->serial));
        if (*gone == 0)
            sim_count(auditor->sim, SIM_ARCHIVED);
        *gone = 1;
    }
    auditor->left_count = 0;
}

void auditor_archive_answered(struct auditor *auditor, const struct packet *packet)
{
    bool has_any = false;
    for (size_t i = 0; i < packet->payments.count; i++) {
        const struct id id = record_id(auditor->sim->world.network, KIND_PAYMENT,
                                       packet->payments.items[i].record.payload);
        const struct auditor_payment *payment = auditor_book_payment(auditor, &id);
        has_any = has_any || (payment != NULL && auditor_archive_has(auditor, payment->serial));
    }
    if (!has_any)
        sim_fail(auditor->sim, "ARCHIVE", "answered \"archived\" for what never left");
    sim_count(auditor->sim, SIM_ARCHIVED_SHOWN);
}

bool auditor_archive_is_in(const struct settle_reply *reply)
{
    for (size_t i = 0; i < reply->results.count; i++)
        if (reply->results.items[i].status == STATUS_ARCHIVED)
            return true;
    return false;
}
