/* What the bank tells of lost wallets, and for how long it is asked. */
#include "tests/support/scene.h"
#include "tests/wallet/town.h"
#include "wallet/state/backup.h"
#include "wallet/sync/sync.h"

#include <criterion/criterion.h>

static struct world world;
static struct town town;
static struct folk alice, again; /* again: alice's next device, from her backup */

static void open_people(void)
{
    const struct key_pair words = world_key("alice's words");
    const struct sync_words proof = {.pair = &words, .is_proof = true};
    struct buffer backup AUTO(buffer_fini) = {.limit = BACKUP_SIZE_MAX};
    enum status status = STATUS_FAILED;
    uint64_t made_at = 0;
    world_open(&world);
    town_open(&town, &world);
    folk_open(&alice, &world, "alice", WORLD_BANK_A);
    folk_open_empty(&again, &world, "again");
    town_serve(&town, &alice);
    town_serve(&town, &again);
    town_coin(&town, &alice, 1000);
    cr_assert_eq(backup_write(&alice.wallet, &backup), ERR_OK);
    cr_assert_eq(backup_read(&again.wallet, &made_at, buffer_span(&backup)), ERR_OK);
    cr_assert_eq(sync_restored(&again.wallet, &status, span_of(NULL, 0), &proof), ERR_OK);
    expect_status(status, STATUS_OK);
}

static void close_people(void)
{
    folk_close(&again);
    folk_close(&alice);
    world_close(&world);
}

TestSuite(sync_older, .init = open_people, .fini = close_people);

static void sync_now(struct folk *folk)
{
    struct sync_report report;
    cr_assert_eq(sync_all(&folk->wallet, &report), ERR_OK);
    folk_restart(folk);
}

Test(sync_older, the_bank_is_asked_until_nothing_is_to_come)
{
    const struct {
        struct lost_reply told;
        uint64_t held, told_at, asks;
    } rows[] = {
        /* it gave up no key: who was restored knows better */
        {{.keys = 0}, 0, 0, 1},
        {{.keys = 2, .waiting = world_fen(700), .next_day = 9}, 700, WORLD_NOW, 1},
        {{.keys = 2, .waiting = world_fen(200), .advanced = world_fen(500)}, 200, WORLD_NOW, 1},
        /* what was advanced may still be paid to somebody who comes: nothing waits for her */
        {{.keys = 2, .advanced = world_fen(500)}, 0, WORLD_NOW, 1},
        {{.keys = 2}, 0, WORLD_NOW, 0},
        {{.keys = 2, .waiting = world_fen(1)}, 0, WORLD_NOW, 0}, /* and is asked no more */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        town.lost = rows[i].told;
        sync_now(&again);
        const struct wallet_state *state = &again.wallet.state;
        cr_expect_eq(amount_fen(state->older_held), rows[i].held, "row %zu", i);
        cr_expect_eq(state->older_told_at, rows[i].told_at, "row %zu", i);
        cr_expect_eq(state->older_asks, rows[i].asks, "row %zu", i);
    }
    cr_expect_eq(town.calls[VERB_LOST], 5);
}

Test(sync_older, a_wallet_that_follows_none_does_not_ask)
{
    sync_now(&alice);
    cr_expect_eq(town.calls[VERB_LOST], 0);
}

static enum err (*honest)(void *context, enum status *status, void *reply, enum verb verb,
                          const void *body, struct arena *arena);

static enum err no_word(void *context, enum status *status, void *reply, enum verb verb,
                        const void *body, struct arena *arena)
{
    return verb == VERB_LOST ? ERR_TIMEOUT : honest(context, status, reply, verb, body, arena);
}

/* The answer is lost on its way: what is known stays, and it is asked again. */
Test(sync_older, no_answer_changes_nothing)
{
    struct sync_report report;
    town.lost = (struct lost_reply){.keys = 1, .waiting = world_fen(300)};
    sync_now(&again);
    town.lost = (struct lost_reply){.keys = 1};
    honest = again.bank;
    again.bank = no_word;
    cr_assert_eq(sync_all(&again.wallet, &report), ERR_OK);
    cr_expect(report.is_unreachable);
    cr_expect_eq(amount_fen(again.wallet.state.older_held), 300);
    again.bank = honest;
    sync_now(&again);
    cr_expect_eq(amount_fen(again.wallet.state.older_held), 0);
}
