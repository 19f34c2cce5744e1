/* What was written since the auditor last looked (used by auditor_books.c, auditor_purses.c).
 *
 * 1. A touched row is a place to look at again, nothing more: what it says is read from the store.
 *    So it does not matter whether the write was ever committed.
 * 2. Now and then, and at the end, everything is read again as if nothing were remembered, and must
 *    come to the same (AUDITOR_WHOLE_EVERY). */
#include "central/tables.h"
#include "common/purse/tables.h"
#include "tests/simulation/auditor_book.h"
#include "wallet/state/tables.h"

#include <stdlib.h>

static void add(struct auditor *auditor, size_t owner, uint64_t serial, const struct id *coin_id)
{
    if (auditor->touched_count == auditor->touched_capacity) {
        auditor->touched_capacity = 2 * auditor->touched_capacity + 256;
        auditor->touched =
            realloc(auditor->touched, auditor->touched_capacity * sizeof *auditor->touched);
        CHECK(auditor->touched != NULL);
    }
    auditor->touched[auditor->touched_count++] = (struct auditor_touched){owner, serial, *coin_id};
}

void auditor_touched(struct auditor *auditor, size_t owner, const struct table *table,
                     const void *row)
{
    if (table == &tables_table_coin) {
        const struct coin *coin = row;
        add(auditor, SIM_NOBODY, coin->serial, &coin->coin_id);
    } else if (table == &tables_table_spend) {
        const struct spend *spend = row;
        add(auditor, SIM_NOBODY, spend->serial, &spend->coin_id);
    } else if (table == &purse_table_purse_coin) {
        const struct purse_coin *coin = row;
        add(auditor, owner, coin->serial, &coin->coin_id);
    } else if (table == &tables_table_claim) {
        auditor->is_claim_touched = true;
    } else if (table == &tables_table_wallet_state || table == &tables_table_fork) {
        auditor->is_news_touched[owner] = true;
    }
}

void auditor_touched_signed(struct auditor *auditor, uint64_t serial, const struct id *coin_id)
{
    add(auditor, SIM_NOBODY, serial, coin_id);
}

void auditor_touched_done(struct auditor *auditor)
{
    auditor->touched_count = 0;
    auditor->is_claim_touched = false;
    for (size_t i = 0; i < SIM_PERSONS; i++)
        auditor->is_news_touched[i] = false;
}
