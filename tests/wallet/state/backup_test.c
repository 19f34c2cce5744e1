/* What a backup holds, and what a wallet is after it was restored: rows G2, G3 and M4. */
#include "wallet/state/backup.h"

#include "common/purse/purse_row.h"
#include "tests/support/scene.h"
#include "tests/wallet/people.h"

#include <criterion/criterion.h>
#include <string.h>

static struct folk again; /* alice's next device */
static struct buffer backup;

static void open_people(void)
{
    people_open_in_town();
    folk_open_empty(&again, &world, "again");
    town_serve(&town, &again);
    backup = (struct buffer){.limit = BACKUP_SIZE_MAX};
}

static void close_people(void)
{
    buffer_fini(&backup);
    folk_close(&again);
    people_close();
}

TestSuite(backup, .init = open_people, .fini = close_people);

static void restore(void)
{
    const struct key_pair words = world_key("alice's words");
    const struct sync_words proof = {.pair = &words, .is_proof = true};
    enum status status = STATUS_FAILED;
    uint64_t made_at = 0;
    cr_assert_eq(backup_read(&again.wallet, &made_at, buffer_span(&backup)), ERR_OK);
    cr_expect_eq(made_at, alice.wallet.now);
    cr_assert_eq(sync_restored(&again.wallet, &status, span_of(NULL, 0), &proof), ERR_OK);
    expect_status(status, STATUS_OK);
}

static struct sync_report sync_again(void)
{
    struct sync_report report;
    cr_assert_eq(sync_all(&again.wallet, &report), ERR_OK);
    cr_expect_not(report.is_unreachable);
    return report;
}

static bool holds(const void *bytes, size_t size)
{
    return memmem(backup.data, backup.size, bytes, size) != NULL;
}

Test(backup, holds_the_rows_and_no_private_key)
{
    folk_coin(&alice, 1000);
    cr_assert_eq(backup_write(&alice.wallet, &backup), ERR_OK);
    cr_expect(holds(alice.first.pair.public_key.bytes, KEY_SIZE), "the public key is there");
    cr_expect_not(holds(alice.first.pair.private_scalar, 32), "so is the private one");
    cr_expect_not(holds("sealed_key", 10));
}

Test(backup, G2_restored_it_neither_pays_nor_takes)
{
    enum status status = STATUS_OK;
    town_coin(&town, &alice, 1000);
    town_coin(&town, &bob, 1000);
    cr_assert_eq(backup_write(&alice.wallet, &backup), ERR_OK);
    const struct span late = folk_request(&alice, 300, NULL);
    cr_assert_eq(backup_write(&alice.wallet, &(struct buffer){.limit = 1}), ERR_LIMIT);
    buffer_fini(&backup);
    backup = (struct buffer){.limit = BACKUP_SIZE_MAX};
    cr_assert_eq(backup_write(&alice.wallet, &backup), ERR_OK);
    restore();
    cr_expect(again.wallet.is_restored);
    cr_expect_eq(folk_spendable(&again), 0);
    cr_expect_eq(amount_fen(folk_totals(&again).frozen), 1000);
    folk_pay(&again, folk_request(&bob, 100, NULL), &status);
    expect_status(status, STATUS_RESTORED);
    const struct span packet = folk_pay(&bob, late, &status);
    cr_expect_eq(folk_receive(&again, packet).result, HANDOVER_QUARANTINED);
    folk_restart(&again);
    cr_expect(again.wallet.is_restored, "it was forgotten that it is");
}

/* Paid after the backup, the payee appearing afterwards: nothing doubled, nothing signed twice. */
Test(backup, G3_M4_synced_it_has_a_new_key_and_the_older_ones_never_sign)
{
    enum status status = STATUS_OK;
    town_coin(&town, &alice, 1000);
    cr_assert_eq(backup_write(&alice.wallet, &backup), ERR_OK);
    const struct span packet = folk_pay(&alice, folk_request(&bob, 400, NULL), &status);
    expect_status(status, STATUS_OK);
    restore();
    sync_again();
    cr_expect_not(again.wallet.is_restored);
    cr_expect_eq(folk_spendable(&again), 0);
    cr_expect_eq(folk_signed_payments(&again), 0, "an older key signed");
    struct key_pair pair;
    cr_expect_eq(wallet_pair(&again.wallet, &pair, &alice.first.pair.public_key), ERR_MISSING);
    cr_expect_eq(folk_receive(&bob, packet).result, HANDOVER_TAKEN);
    struct sync_report report;
    cr_assert_eq(sync_all(&bob.wallet, &report), ERR_OK);
    cr_expect_eq(report.conflict_count, 0);
    cr_expect_eq(folk_spendable(&bob), 400);
    town_coin(&town, &bob, 600);
    folk_hand_over(&bob, &again, 150); /* and it takes and pays like any other */
    cr_expect_eq(folk_spendable(&again), 150);
}

/* Made before the backup and never received: it is handed in for the payee. */
Test(backup, G3_packets_already_made_are_still_handed_in)
{
    enum status status = STATUS_OK;
    town_coin(&town, &alice, 1000);
    folk_pay(&alice, folk_request(&bob, 400, NULL), &status);
    cr_assert_eq(backup_write(&alice.wallet, &backup), ERR_OK);
    restore();
    cr_expect_eq(amount_fen(folk_totals(&again).handed_over), 1000);
    sync_again();
    cr_expect_eq(amount_fen(folk_totals(&again).handed_over), 0);
    struct sync_report report;
    cr_assert_eq(sync_all(&bob.wallet, &report), ERR_OK);
    cr_expect_eq(folk_spendable(&bob), 400);
    cr_expect_eq(folk_spendable(&again), 0, "the change is an older key's");
    cr_expect_eq(amount_fen(folk_totals(&again).frozen), 600);
}

/* --- files that are none --- */

Test(backup, refused_whole_at_every_cut)
{
    struct folk fresh;
    uint64_t made_at = 0;
    folk_coin(&alice, 1000);
    cr_assert_eq(backup_write(&alice.wallet, &backup), ERR_OK);
    for (size_t size = 0; size < backup.size; size += 1 + size / 40) {
        folk_open_empty(&fresh, &world, "fresh");
        const enum err error = backup_read(&fresh.wallet, &made_at, span_of(backup.data, size));
        /* a cut between two rows leaves a database that may lack a part: the archive's tag is what
         * keeps cut files out (archive_test.c); here nothing may crash or be half taken */
        if (error != ERR_OK)
            cr_expect_eq(wallet_load(&fresh.wallet), ERR_MISSING, "%zu bytes", size);
        folk_close(&fresh);
    }
}

Test(backup, not_into_a_wallet_that_is_there)
{
    uint64_t made_at = 0;
    cr_assert_eq(backup_write(&alice.wallet, &backup), ERR_OK);
    cr_expect_eq(backup_read(&bob.wallet, &made_at, buffer_span(&backup)), ERR_EXISTS);
    cr_expect_not(bob.wallet.is_restored);
}
