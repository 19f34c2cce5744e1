/* What a sync leaves to be known: do key and words still count, who paid what was found. */
#include "tests/wallet/people.h"

#include "tests/support/scene.h"
#include "wallet/desk/findings.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(sync_told, .init = people_open_in_town, .fini = people_close);

static struct history last_entry(struct folk *folk)
{
    const struct store_query query = {
        .table = &tables_table_history, .index_number = -1, .descending = true};
    struct list rows = {0};
    cr_assert_eq(store_begin(folk->wallet.store, STORE_READ), ERR_OK);
    cr_assert_eq(store_list(folk->wallet.store, &rows, &query, NULL, &world.arena), ERR_OK);
    store_rollback(folk->wallet.store);
    cr_assert_gt(rows.count, 0);
    return *(const struct history *)rows.items;
}

/* By his label if anything of his was here before, else by his key. */
Test(sync_told, what_is_found_says_who_paid_it)
{
    enum status status;
    char key[64];
    town_coin(&town, &alice, 10000);
    folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    people_sync_well(&alice);
    people_sync_well(&bob);
    struct history entry = last_entry(&bob);
    cr_expect_eq(entry.kind, HISTORY_FOUND);
    cr_expect_eq(amount_fen(entry.amount), 700);
    const struct key_id id = crypto_key_id(&alice.first.pair.public_key);
    (void)snprintf(key, sizeof key, "%02x%02x%02x%02x, ", id.bytes[0], id.bytes[1], id.bytes[2],
                   id.bytes[3]);
    cr_expect(entry.counterparty.size >= strlen(key) &&
                  memcmp(entry.counterparty.data, key, strlen(key)) == 0,
              "%.*s", (int)entry.counterparty.size, (const char *)entry.counterparty.data);
    people_sync_well(&bob); /* and once */
    cr_expect_eq(last_entry(&bob).number, entry.number);
}

/* Shown after its coins were found: there is a receipt to sign, and nothing to hand in. */
Test(sync_told, what_was_found_before_its_packet_came_does_not_wait)
{
    enum status status;
    struct standing standing;
    town_coin(&town, &alice, 10000);
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    people_sync_well(&alice);
    people_sync_well(&bob);
    cr_expect_gt(folk_receive(&bob, packet).receipt.size, 0);
    cr_assert_eq(standing_read(&bob.wallet, &standing, &world.arena), ERR_OK);
    cr_expect_eq(standing.unsettled_count, 0);
    cr_expect_eq(folk_spendable(&bob), 700);
}

/* --- the key itself --- */

static struct standing standing_of(struct folk *folk)
{
    struct standing standing;
    cr_assert_eq(standing_read(&folk->wallet, &standing, &world.arena), ERR_OK);
    return standing;
}

static struct finding finding_of(struct folk *folk, const char *name)
{
    static struct findings findings; /* it is large */
    const struct standing standing = standing_of(folk);
    findings = (struct findings){.count = 0};
    findings_of_standing(&findings, &standing, folk->wallet.now);
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.items[i].name, name) == 0)
            return findings.items[i];
    return (struct finding){.name = ""};
}

/* Opened anew elsewhere: what the bank said once is known until it says otherwise. */
Test(sync_told, a_wallet_that_is_refused_says_so_and_does_not_pay)
{
    enum status status = STATUS_OK;
    uint64_t credited = 0;
    town_coin(&town, &alice, 1000);
    people_sync_well(&alice);
    cr_expect_eq(amount_fen(standing_of(&alice).payable), 1000);
    cr_expect_str_empty(finding_of(&alice, "revoked").name);
    town.certifies = STATUS_FORBIDDEN;
    expect_status(people_sync(&alice).refusal, STATUS_FORBIDDEN);
    folk_restart(&alice);
    cr_expect_eq(amount_fen(standing_of(&alice).payable), 0);
    cr_expect_eq(finding_of(&alice, "revoked").level, FINDING_BROKEN);
    cr_expect_eq(finding_of(&alice, "revoked").exit_code, CLI_AUTH);
    folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    expect_status(status, STATUS_FORBIDDEN);
    cr_expect_eq(folk_spendable(&alice), 1000);
    struct amount sum = amount_zero();
    cr_assert_eq(sync_deposit(&alice.wallet, &status, &sum, world_fen(400)), ERR_OK);
    credited = amount_fen(sum);
    expect_status(status, STATUS_OK);
    cr_expect_eq(credited, 400, "its value is its owner's still");
    town.certifies = STATUS_OK;
    people_sync_well(&alice);
    cr_expect_eq(amount_fen(standing_of(&alice).payable), 600);
    cr_expect_str_empty(finding_of(&alice, "revoked").name);
}

Test(sync_told, a_wallet_on_the_revocation_list_knows_it)
{
    town_coin(&town, &alice, 1000);
    const struct key_id key_id = crypto_key_id(&alice.first.pair.public_key);
    world_revoke(&world, &key_id);
    cr_assert_eq(wallet_believe(&alice.wallet, NULL, &world.revocations_cose), ERR_OK);
    cr_expect_eq(amount_fen(standing_of(&alice).payable), 0);
    cr_expect_eq(finding_of(&alice, "revoked").level, FINDING_BROKEN);
}

/* A second wallet of the same customer made words: those on the first one's paper are void. */
Test(sync_told, words_that_are_void_are_told)
{
    const struct key_pair mine = world_key("my words"), others = world_key("my other wallet's");
    enum status status = STATUS_FAILED;
    cr_assert_eq(sync_new_words(&alice.wallet, &status, &mine), ERR_OK);
    expect_status(status, STATUS_OK);
    town.has_words = true;
    town.words = mine.public_key;
    people_sync_well(&alice);
    folk_restart(&alice); /* cut before they were shown */
    cr_expect_eq(finding_of(&alice, "words").level, FINDING_WARNING);
    cr_assert_eq(sync_words_seen(&alice.wallet), ERR_OK);
    cr_expect_str_empty(finding_of(&alice, "words").name);
    town.words = others.public_key;
    people_sync_well(&alice);
    cr_expect_eq(standing_of(&alice).words, WORDS_VOID);
    cr_expect_str_eq(finding_of(&alice, "words").command, "dcep-wallet words new");
    town.words = mine.public_key;
    people_sync_well(&alice);
    cr_expect_str_empty(finding_of(&alice, "words").name);
}
