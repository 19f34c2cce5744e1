/* News from wallet to wallet: lists and directories beside requests, packets and receipts. */
#include "wallet/news/news.h"

#include "tests/support/scene.h"
#include "tests/wallet/people.h"
#include "wallet/state/wallet_file.h"

#include <criterion/criterion.h>

static void open_people(void)
{
    people_open();
    folk_coin(&alice, 10000);
    folk_coin(&bob, 10000);
}

TestSuite(news, .init = open_people, .fini = people_close);

static void revoke(const char *name)
{
    const struct key_pair pair = world_key(name);
    const struct key_id id = crypto_key_id(&pair.public_key);
    world_revoke(&world, &id);
}

static uint64_t list_of(struct folk *folk)
{
    folk_restart(folk); /* what is on the disk, not what is in memory */
    return folk->wallet.trust.revocations.version;
}

static uint64_t directory_of(struct folk *folk)
{
    folk_restart(folk);
    return folk->wallet.trust.directory.version;
}

static void believes_the_list(struct folk *folk)
{
    cr_assert_eq(wallet_believe(&folk->wallet, NULL, &world.revocations_cose), ERR_OK);
}

static enum kind kind_of(struct span file)
{
    struct wire_wrapper wrapper = {0};
    cr_assert_eq(wire_unwrap(&wrapper, file), ERR_OK);
    return wrapper.kind;
}

static struct span wrapped(const char *network, enum kind kind, struct span body)
{
    struct buffer file AUTO(buffer_fini) = {0};
    struct span kept = {0};
    cr_assert_eq(wire_wrap(&file, network, kind, body), ERR_OK);
    cr_assert_eq(arena_copy(&world.arena, &kept, buffer_span(&file)), ERR_OK);
    return kept;
}

static struct span list_message(void)
{
    return wrapped(world.network, KIND_REVOCATIONS, world_bytes(&world, &world.revocations_cose));
}

static struct span bundle_of(struct span first, struct span second, struct span third)
{
    struct encoded_message messages[] = {{first}, {second}, {third}};
    const struct bundle bundle = {.messages = {messages, third.size > 0 ? 3 : 2}};
    struct buffer body AUTO(buffer_fini) = {0};
    cr_assert_eq(bundle_encode(&body, &bundle), ERR_OK);
    return wrapped(world.network, KIND_BUNDLE, buffer_span(&body));
}

/* A packet that pays a request of bob's, with this beside it: must be taken all the same. */
static void taken_beside(const char *what, struct span beside, size_t ignored)
{
    enum status status = STATUS_FAILED;
    const struct span packet = folk_pay(&alice, folk_request(&bob, 10, NULL), &status);
    expect_status(status, STATUS_OK);
    cr_assert_eq(kind_of(packet), KIND_PACKET, "%s", what);
    const struct handover_received received =
        folk_receive(&bob, bundle_of(packet, beside, (struct span){0}));
    cr_expect_eq(received.result, HANDOVER_TAKEN, "%s: %s", what, status_name(received.status));
    cr_expect_eq(bob.wallet.news.ignored_count, ignored, "%s", what);
}

/* --- how a village hears --- */

Test(news, nothing_is_told_to_who_has_it_all)
{
    enum status status;
    revoke("nobody");
    believes_the_list(&alice);
    believes_the_list(&bob);
    const struct span request = folk_request(&bob, 500, NULL);
    const struct span packet = folk_pay(&alice, request, &status);
    cr_expect_eq(kind_of(request), KIND_INVOICE);
    cr_expect_eq(kind_of(packet), KIND_PACKET);
    cr_expect_eq(kind_of(folk_receive(&bob, packet).receipt), KIND_CONFIRMATION);
}

/* Bob comes from town; Alice hears of the list with his receipt, Carol with her packet. */
Test(news, a_list_goes_through_the_village_by_receipt_and_by_packet)
{
    enum status status;
    revoke("nobody");
    believes_the_list(&bob);
    folk_hand_over(&alice, &bob, 500);
    cr_expect(alice.wallet.news.has_new_revocations);
    cr_assert_eq(list_of(&alice), 1);
    const struct span packet = folk_pay(&alice, folk_request(&carol, 300, NULL), &status);
    cr_expect_eq(kind_of(packet), KIND_BUNDLE);
    cr_expect_eq(folk_receive(&carol, packet).result, HANDOVER_TAKEN);
    cr_expect(carol.wallet.news.has_new_revocations);
    cr_expect_eq(list_of(&carol), 1);
}

Test(news, a_directory_goes_with_its_list)
{
    world.revocation = world_key("another revocation key");
    world.directory.revocation_key = world.revocation.public_key;
    world.directory.version++;
    world_publish(&world);
    revoke("nobody");
    cr_assert_eq(wallet_believe(&bob.wallet, &world.directory_cose, &world.revocations_cose),
                 ERR_OK);
    folk_hand_over(&alice, &bob, 500);
    cr_expect_eq(directory_of(&alice), 2);
    cr_expect_eq(list_of(&alice), 1, "under the new directory's key");
}

Test(news, a_request_tells_when_told_to)
{
    enum status status;
    revoke("nobody");
    believes_the_list(&bob);
    cr_expect_eq(kind_of(folk_request(&bob, 500, NULL)), KIND_INVOICE);
    bob.wallet.news.tell = WALLET_TELL_ALL;
    const struct span request = folk_request(&bob, 500, NULL);
    cr_expect_eq(kind_of(request), KIND_BUNDLE);
    folk_pay(&alice, request, &status);
    expect_status(status, STATUS_OK);
    cr_expect_eq(list_of(&alice), 1);
}

Test(news, nothing_and_too_much_are_not_told)
{
    enum status status;
    revoke("nobody");
    believes_the_list(&alice);
    alice.wallet.news.tell = WALLET_TELL_NOTHING;
    cr_expect_eq(kind_of(folk_pay(&alice, folk_request(&bob, 500, NULL), &status)), KIND_PACKET);
    alice.wallet.news.tell = WALLET_TELL_AUTO;
    alice.wallet.news.size_max = 700; /* a carrier that holds little */
    cr_expect_eq(kind_of(folk_pay(&alice, folk_request(&bob, 500, NULL), &status)), KIND_PACKET);
    alice.wallet.news.size_max = 0;
    const struct span all = folk_pay(&alice, folk_request(&bob, 500, NULL), &status);
    cr_expect_eq(kind_of(all), KIND_BUNDLE);
    struct span body = {0};
    expect_status(wallet_file_unwrap(&bob.wallet, &body, KIND_PACKET, all), STATUS_OK);
}

Test(news, a_file_of_news_alone)
{
    struct span file = {0}, message = {0};
    struct news_answers answers;
    revoke("nobody");
    believes_the_list(&bob);
    cr_assert_eq(news_file(&bob.wallet, &file, &world.arena), ERR_OK);
    cr_assert_eq(news_hear(&carol.wallet, &message, &answers, file, &world.arena), ERR_OK);
    cr_expect(carol.wallet.news.has_new_revocations);
    cr_expect_not(carol.wallet.news.has_new_directory, "an equal one is no news");
    cr_expect_eq(carol.wallet.news.ignored_count, 0);
    cr_expect_eq(list_of(&carol), 1);
    cr_assert_eq(news_hear(&alice.wallet, &message, &answers, list_message(), &world.arena),
                 ERR_OK);
    cr_expect_eq(list_of(&alice), 1, "the list itself is a file");
}

Test(news, a_packet_again_is_the_same_packet)
{
    enum status status;
    struct span first = {0}, second = {0};
    const struct span invoice = folk_request(&bob, 500, NULL);
    const struct span plain = folk_pay(&alice, invoice, &status);
    revoke("nobody");
    believes_the_list(&alice);
    const struct span again = folk_pay(&alice, invoice, &status);
    cr_expect_eq(kind_of(again), KIND_BUNDLE, "the news of today");
    expect_status(wallet_file_unwrap(&bob.wallet, &first, KIND_PACKET, plain), STATUS_OK);
    expect_status(wallet_file_unwrap(&bob.wallet, &second, KIND_PACKET, again), STATUS_OK);
    cr_expect(span_equal(first, second), "beside the same packet");
    cr_expect_eq(folk_receive(&bob, plain).result, HANDOVER_TAKEN);
    cr_expect_eq(folk_receive(&bob, again).result, HANDOVER_DUPLICATE);
}

/* --- what a hostile file may try --- */

Test(news, E3_E4_a_payer_revoked_by_the_list_beside_its_packet)
{
    enum status status;
    revoke("alice");
    const struct span first = folk_pay(&alice, folk_request(&bob, 500, NULL), &status);
    const struct span second = folk_pay(&alice, folk_request(&bob, 600, NULL), &status);
    cr_expect_eq(folk_receive(&bob, first).result, HANDOVER_TAKEN, "E3: an old list");
    const struct handover_received received =
        folk_receive(&bob, bundle_of(second, list_message(), (struct span){0}));
    cr_expect_eq(received.result, HANDOVER_QUARANTINED);
    expect_status(received.status, STATUS_REVOKED);
    cr_expect_eq(received.receipt.size, 0);
    cr_expect_eq(list_of(&bob), 1);
    cr_expect_eq(amount_fen(folk_totals(&bob).quarantined), 600);
}

Test(news, E2_a_bank_revoked_by_the_list_that_came_to_the_village)
{
    enum status status;
    world_revoke(&world, &(struct key_id){{0}});
    const struct key_id bank = crypto_key_id(&world.banks[0].bank_key.public_key);
    world_revoke(&world, &bank);
    believes_the_list(&bob);
    folk_hand_over(&bob, &carol, 700); /* Carol hears of it, from Bob's packet */
    const struct handover_received received =
        folk_receive(&carol, folk_pay(&alice, folk_request(&carol, 500, NULL), &status));
    expect_status(received.status, STATUS_REVOKED);
}

Test(news, E6_an_older_list_is_never_taken_back)
{
    revoke("nobody");
    const struct span older = list_message();
    revoke("somebody");
    believes_the_list(&bob);
    taken_beside("an older list", older, 1);
    cr_expect_eq(list_of(&bob), 2);
    taken_beside("the same list", list_message(), 0);
    cr_expect_eq(list_of(&bob), 2);
}

Test(news, E6_lists_and_directories_that_are_not_the_central_banks)
{
    revoke("nobody");
    believes_the_list(&bob);
    const struct key_pair thief = world_key("thief");
    struct revocations list = world.revocations;
    list.version = 9;
    struct cose cose = world_sign(&world, KIND_REVOCATIONS, &list, &thief);
    taken_beside("a list signed by somebody",
                 wrapped(world.network, KIND_REVOCATIONS, world_bytes(&world, &cose)), 1);
    cose = world.revocations_cose;
    cose.signature.bytes[5] ^= 1;
    taken_beside("a list of my version under a bad signature: no news",
                 wrapped(world.network, KIND_REVOCATIONS, world_bytes(&world, &cose)), 0);
    struct directory directory = world.directory;
    directory.version = 9;
    cose = world_sign(&world, KIND_DIRECTORY, &directory, &thief);
    taken_beside("a directory signed by somebody",
                 wrapped(world.network, KIND_DIRECTORY, world_bytes(&world, &cose)), 1);
    taken_beside(
        "another network's list",
        wrapped("other-net", KIND_REVOCATIONS, world_bytes(&world, &world.revocations_cose)), 1);
    taken_beside(
        "a list called a directory",
        wrapped(world.network, KIND_DIRECTORY, world_bytes(&world, &world.revocations_cose)), 1);
    taken_beside("no message at all", span_text("nonsense"), 1);
    cr_expect_eq(list_of(&bob), 1);
    cr_expect_eq(directory_of(&bob), 1);
}

/* A list under a new revocation key cannot be believed without the directory that names it. */
Test(news, E6_a_good_list_beside_a_bad_directory)
{
    enum status status;
    revoke("nobody");
    struct directory directory = world.directory;
    const struct key_pair thief = world_key("thief");
    directory.version = 9;
    const struct cose forged = world_sign(&world, KIND_DIRECTORY, &directory, &thief);
    const struct span packet = folk_pay(&alice, folk_request(&bob, 10, NULL), &status);
    const struct span file =
        bundle_of(packet, wrapped(world.network, KIND_DIRECTORY, world_bytes(&world, &forged)),
                  list_message());
    cr_expect_eq(folk_receive(&bob, file).result, HANDOVER_TAKEN);
    cr_expect_eq(bob.wallet.news.ignored_count, 1);
    cr_expect_eq(list_of(&bob), 1, "each is judged by itself");
    cr_expect_eq(directory_of(&bob), 1);
}

Test(news, bundles_that_are_none)
{
    enum status status;
    struct handover_offer offer = {0};
    revoke("nobody");
    const struct span packet = folk_pay(&alice, folk_request(&bob, 10, NULL), &status);
    const struct span inner = bundle_of(packet, list_message(), (struct span){0});
    expect_status(folk_receive(&bob, bundle_of(inner, list_message(), (struct span){0})).status,
                  STATUS_KIND);
    expect_status(
        folk_receive(&bob, bundle_of(span_text("nonsense"), list_message(), (struct span){0}))
            .status,
        STATUS_PARSE);
    expect_status(folk_receive(&bob, bundle_of(list_message(), packet, (struct span){0})).status,
                  STATUS_KIND);
    expect_status(folk_receive(&bob, wrapped("other-net", KIND_BUNDLE, span_of("\x80", 1))).status,
                  STATUS_NETWORK);
    cr_assert_eq(handover_offer(&bob.wallet, &offer, &status,
                                bundle_of(packet, list_message(), (struct span){0}), &world.arena),
                 ERR_OK);
    expect_status(status, STATUS_KIND);
    cr_expect_eq(folk_spendable(&bob), 10000);
}

/* A crash between the news and the payment leaves the news, or nothing. */
Test(news, I8_a_wallet_that_dies_at_any_write_of_news_and_payment)
{
    enum status status;
    revoke("nobody");
    const struct span packet = folk_pay(&alice, folk_request(&bob, 700, NULL), &status);
    const struct span file = bundle_of(packet, list_message(), (struct span){0});
    for (long n = 0;; n++) {
        struct handover_received received = {0};
        store_fail_at(bob.wallet.store, n, ERR_DISK_FULL);
        const enum err error = handover_receive(&bob.wallet, &received, file, &world.arena);
        store_fail_at(bob.wallet.store, -1, ERR_OK);
        const uint64_t version = list_of(&bob);
        if (error == ERR_OK) {
            cr_expect_gt(n, 6, "there are writes to fail");
            cr_expect_eq(version, 1);
            cr_expect_eq(received.result, HANDOVER_TAKEN);
            break;
        }
        cr_assert_leq(version, 1);
        cr_assert(version == 1 || n < 2, "write %ld: the list first", n);
        cr_assert_eq(folk_spendable(&bob), 10000, "write %ld", n);
    }
}
