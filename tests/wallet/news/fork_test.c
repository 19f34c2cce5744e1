/* Early warning: a coin paid twice in one neighbourhood is found before anyone is online, with the
 * proof that the register would make. */
#include "wallet/news/fork.h"

#include "common/money/proof.h"
#include "common/purse/purse_row.h"
#include "tests/support/scene.h"
#include "tests/wallet/forker.h"
#include "tests/wallet/people.h"

#include <criterion/criterion.h>

static struct forker mallory;

static void open_people(void)
{
    people_open();
    forker_open(&mallory, &world, 2000);
}

TestSuite(fork, .init = open_people, .fini = people_close);

static struct fork_list forks_of(struct folk *folk)
{
    struct fork_list list = {0};
    folk_restart(folk);
    struct purse_env env = {.store = folk->wallet.store,
                            .trust = &folk->wallet.trust,
                            .now = folk->wallet.now,
                            .arena = &world.arena};
    cr_assert_eq(store_begin(folk->wallet.store, STORE_READ), ERR_OK);
    cr_assert_eq(fork_all(&env, &list), ERR_OK);
    store_rollback(folk->wallet.store);
    return list;
}

/* Exactly one, and a stranger with the root key believes it: Mallory, and nobody else. */
static void expect_mallory_found(struct folk *folk)
{
    struct proof_finding named;
    const struct fork_list list = forks_of(folk);
    cr_assert_eq(list.count, 1);
    expect_status(proof_verify(&named, world.network, &world.root.public_key, list.items[0].proof,
                               &world.arena),
                  STATUS_OK);
    cr_expect_eq(named.kind, PROOF_DOUBLE_SPEND);
    cr_expect(key_equal(&named.key, &mallory.wallet.pair.public_key));
    cr_expect(key_equal(&list.items[0].key, &mallory.wallet.pair.public_key));
    cr_expect_eq(amount_fen(list.items[0].amount), 2000);
}

/* --- found --- */

Test(fork, the_other_branch_comes_to_a_holder_of_one)
{
    enum status status;
    forker_pays_both(&mallory, &bob, &carol);
    const struct span packet = folk_pay(&bob, folk_request(&carol, 600, NULL), &status);
    const struct handover_received received = folk_receive(&carol, packet);
    cr_expect_eq(received.result, HANDOVER_QUARANTINED);
    expect_status(received.status, STATUS_CONFLICT);
    cr_expect_eq(carol.wallet.news.fork_count, 1);
    expect_mallory_found(&carol);
    cr_expect_eq(folk_spendable(&carol), 0, "what she holds of the coin is set aside");
    cr_expect_eq(amount_fen(folk_totals(&carol).quarantined), 1100);
    cr_expect_eq(folk_receive(&carol, packet).result, HANDOVER_QUARANTINED);
    expect_mallory_found(&carol);
}

/* Bob pays Carol with other money: his packet asks, her receipt answers. */
Test(fork, found_by_sightings_before_anyone_is_online)
{
    enum status status;
    struct id id;
    forker_pays_both(&mallory, &bob, &carol);
    folk_coin(&bob, 5);
    const struct span packet = folk_pay(&bob, folk_request(&carol, 5, NULL), &status);
    cr_assert_eq(forker_kind(packet), KIND_BUNDLE);
    const struct handover_received received = folk_receive(&carol, packet);
    cr_assert_eq(received.result, HANDOVER_TAKEN);
    cr_assert_eq(forker_kind(received.receipt), KIND_BUNDLE);
    cr_expect_eq(folk_spendable(&bob), 600);
    cr_assert_eq(handover_confirm(&bob.wallet, &status, &id, received.receipt), ERR_OK);
    expect_status(status, STATUS_OK);
    cr_expect_eq(bob.wallet.news.fork_count, 1);
    expect_mallory_found(&bob);
    cr_expect_eq(folk_spendable(&bob), 0);
    cr_expect_eq(forks_of(&carol).count, 0, "she has Bob's word only, and believes no word");
    folk_coin(&bob, 7); /* the next message brings her the proof */
    const struct span next = folk_pay(&bob, folk_request(&carol, 7, NULL), &status);
    cr_expect_eq(folk_receive(&carol, next).result, HANDOVER_TAKEN);
    expect_mallory_found(&carol);
    cr_expect_eq(folk_spendable(&carol), 12);
}

Test(fork, a_warned_neighbour_takes_neither_branch)
{
    enum status status;
    forker_pays_both(&mallory, &bob, &carol);
    folk_receive(&carol, folk_pay(&bob, folk_request(&carol, 600, NULL), &status));
    expect_mallory_found(&carol);
    folk_coin(&carol, 10);
    folk_hand_over(&carol, &alice, 10); /* and with it the proof */
    expect_mallory_found(&alice);
    const struct handover_received received =
        folk_receive(&alice, forker_pays(&mallory, &alice, 400));
    cr_expect_eq(received.result, HANDOVER_QUARANTINED);
    expect_status(received.status, STATUS_CONFLICT);
    expect_mallory_found(&alice);
}

Test(fork, a_settled_coin_is_not_set_aside)
{
    enum status status;
    forker_pays_both(&mallory, &bob, &carol);
    struct list rows = {0};
    struct purse_env env = {.store = carol.wallet.store, .arena = &world.arena};
    cr_assert_eq(store_begin(carol.wallet.store, STORE_WRITE), ERR_OK);
    cr_assert_eq(purse_rows(&env, &rows, &purse_table_purse_coin, -1, 0, NULL), ERR_OK);
    cr_assert_eq(rows.count, 1);
    struct purse_coin held = *(struct purse_coin *)rows.items;
    held.is_settled = 1;
    cr_assert_eq(purse_coin_put(&env, &held), ERR_OK);
    cr_assert_eq(store_commit(carol.wallet.store), ERR_OK);
    folk_receive(&carol, folk_pay(&bob, folk_request(&carol, 600, NULL), &status));
    expect_mallory_found(&carol);
    cr_expect_eq(folk_spendable(&carol), 500, "the register has spoken");
}

/* --- not found --- */

Test(fork, I5_honest_people_who_meet_all_day_find_nothing)
{
    struct folk *const people[] = {&alice, &bob, &carol};
    for (size_t i = 0; i < 3; i++)
        folk_coin(people[i], 1000);
    for (size_t i = 0; i < 12; i++)
        folk_hand_over(people[i % 3], people[(i + 1 + i / 6) % 3], 90 + i);
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(forks_of(people[i]).count, 0);
        cr_expect_eq(people[i]->wallet.news.ignored_count, 0);
    }
}

/* Somebody who knows a coin that Bob was paid signs "another payment" of it with his own key. */
Test(fork, I5_a_payment_by_another_key_is_no_evidence)
{
    struct world_wallet eve;
    struct world_coin forged;
    struct news_answers answers;
    struct span message = {0}, kept = {0};
    struct buffer file AUTO(buffer_fini) = {0};
    forker_pays_both(&mallory, &bob, &carol);
    world_wallet(&eve, &world, "eve", WORLD_BANK_A);
    struct world_coin stolen = mallory.coin;
    stolen.owner = &eve;
    world_pay(&forged, NULL, &world, &stolen, &eve, 2000, NULL);
    cr_assert_eq(
        wire_wrap(&file, world.network, KIND_PAYMENT, world_bytes(&world, &forged.payments[0])),
        ERR_OK);
    cr_assert_eq(arena_copy(&world.arena, &kept, buffer_span(&file)), ERR_OK);
    cr_assert_eq(news_hear(&bob.wallet, &message, &answers, kept, &world.arena), ERR_OK);
    cr_expect_eq(bob.wallet.news.ignored_count, 1);
    cr_expect_eq(forks_of(&bob).count, 0);
    cr_expect_eq(folk_spendable(&bob), 600);
}

/* Two signatures over one payload are one payment (A15, A16). */
Test(fork, I5_the_same_payment_signed_again_is_no_evidence)
{
    struct id id;
    struct world_coin paid, change;
    struct news_answers answers;
    struct span message = {0};
    struct buffer file AUTO(buffer_fini) = {0};
    folk_request(&bob, 600, &id);
    world_pay(&paid, &change, &world, &mallory.coin, &bob.first, 600, &id);
    cr_assert_eq(folk_receive(&bob, forker_packet(&world, &paid)).result, HANDOVER_TAKEN);
    struct cose again = {0};
    cr_assert_eq(record_sign_payload(&again, world.network, KIND_PAYMENT, paid.payments[0].payload,
                                     &mallory.wallet.pair),
                 ERR_OK);
    cr_assert_eq(wire_wrap(&file, world.network, KIND_PAYMENT, world_bytes(&world, &again)),
                 ERR_OK);
    cr_assert_eq(news_hear(&bob.wallet, &message, &answers, buffer_span(&file), &world.arena),
                 ERR_OK);
    cr_expect_eq(forks_of(&bob).count, 0);
    cr_expect_eq(bob.wallet.news.ignored_count, 0);
}
