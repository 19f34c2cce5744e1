/* Joining: from a join file to a certificate, and again after any failure. */
#include "tests/wallet/town.h"

#include "tests/support/scene.h"
#include "wallet/sync/sync.h"

#include <criterion/criterion.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

static struct world world;
static struct town town;
static struct folk dora; /* opened by hand: her wallet is empty */

static void open_people(void)
{
    world_open(&world);
    town_open(&town, &world);
    folk_open_empty(&dora, &world, "dora");
    town_serve(&town, &dora);
}

static void close_people(void)
{
    folk_close(&dora);
    world_close(&world);
}

TestSuite(sync_join, .init = open_people, .fini = close_people);

static struct span join_file(const struct public_key *root, uint64_t expires_at, enum kind kind)
{
    struct buffer body AUTO(buffer_fini) = {0}, file AUTO(buffer_fini) = {0};
    struct span kept;
    const struct join join = {
        .root_key = *root,
        .bank_id = WORLD_BANK_A,
        .bank_name = span_text("Bank of the East Gate"),
        .address = span_text("127.0.0.1:1"),
        .tls_name = span_text("bank.dcep"),
        .tls_certificate = span_text("pem"),
        .code = world_nonce(&world),
        .expires_at = expires_at,
    };
    OK(join_encode(&body, &join));
    OK(wire_wrap(&file, world.network, kind, buffer_span(&body)));
    OK(arena_copy(&world.arena, &kept, buffer_span(&file)));
    return kept;
}

/* A look at the file alone says the same of it. */
static enum status init(struct span file)
{
    enum status status = STATUS_FAILED;
    OK(sync_init(&dora.wallet, &status, file, NULL));
    const enum status looked = sync_join_file_status(file, dora.wallet.now, false);
    cr_expect_eq(looked, status == STATUS_STATE ? STATUS_OK : status);
    return status;
}

static enum status ask(void)
{
    enum status status = STATUS_FAILED;
    OK(sync_join(&dora.wallet, &status, NULL));
    return status;
}

Test(sync_join, from_a_file_to_a_wallet_that_can_be_paid)
{
    struct folk alice;
    expect_status(init(join_file(&world.root.public_key, WORLD_NOW + 60, KIND_JOIN)), STATUS_OK);
    expect_status(ask(), STATUS_OK);
    folk_restart(&dora);
    folk_open(&alice, &world, "alice", WORLD_BANK_A);
    folk_coin(&alice, 1000);
    folk_hand_over(&alice, &dora, 400);
    cr_expect_eq(folk_spendable(&dora), 400);
    folk_close(&alice);
    expect_status(init(join_file(&world.root.public_key, WORLD_NOW + 60, KIND_JOIN)), STATUS_STATE);
}

Test(sync_join, files_that_are_refused)
{
    const struct public_key *root = &world.root.public_key;
    struct public_key no_point = *root;
    no_point.bytes[0] = 9;
    expect_status(init(join_file(root, WORLD_NOW - 1, KIND_JOIN)), STATUS_CODE);
    expect_status(init(join_file(root, WORLD_NOW + 60, KIND_INVOICE)), STATUS_KIND);
    expect_status(init(join_file(&no_point, WORLD_NOW + 60, KIND_JOIN)), STATUS_POINT);
    expect_status(init(span_text("rubbish")), STATUS_PARSE);
    cr_expect_eq(wallet_load(&dora.wallet), ERR_MISSING);
}

Test(sync_join, words_prove_what_an_old_file_does_not)
{
    const struct span old = join_file(&world.root.public_key, WORLD_NOW - 1, KIND_JOIN);
    expect_status(sync_join_file_status(old, WORLD_NOW, false), STATUS_CODE);
    expect_status(sync_join_file_status(old, WORLD_NOW, true), STATUS_OK);
}

Test(sync_join, f_an_interrupted_join_goes_on_with_its_key)
{
    expect_status(init(join_file(&world.root.public_key, WORLD_NOW + 60, KIND_JOIN)), STATUS_OK);
    town.lose_reply_at = 0;
    expect_status(ask(), STATUS_UNREACHABLE);
    folk_restart(&dora);
    expect_status(init(join_file(&world.root.public_key, WORLD_NOW + 90, KIND_JOIN)), STATUS_OK);
    expect_status(ask(), STATUS_OK);
    cr_expect_eq(town.certified_count, 1);
    expect_status(ask(), STATUS_OK); /* and once more changes nothing */
    cr_expect_eq(town.calls[VERB_JOIN], 2);
}

/* --- reported lost before its first certificate arrived --- */

/* The bank had the request, its answer was lost, and then it gave the key up. */
static void lose_first_key(void)
{
    town.lose_reply_at = 0;
    expect_status(ask(), STATUS_UNREACHABLE);
    cr_assert_eq(town.certified_count, 1);
    town.has_given_up = true;
    town.given_up = town.certified[0];
    town.used_code = dora.wallet.state.join_code;
}

Test(sync_join, G1_one_that_was_given_up_is_told_so_and_gets_nothing)
{
    const uint64_t expires_at = WORLD_NOW + 60;
    expect_status(init(join_file(&world.root.public_key, expires_at, KIND_JOIN)), STATUS_OK);
    lose_first_key();
    expect_status(ask(), STATUS_FORBIDDEN);
    folk_restart(&dora);
    expect_status(ask(), STATUS_CODE); /* nor does its code open anything for another key */
    cr_expect_eq(dora.wallet.state.is_joined, 0);
    cr_expect_eq(town.certified_count, 1);
}

/* The owner's own phone, given up by mistake: a new join file opens it, under another key. */
Test(sync_join, G1_the_owner_is_not_stuck_with_a_key_that_was_given_up)
{
    const uint64_t expires_at = WORLD_NOW + 60;
    expect_status(init(join_file(&world.root.public_key, expires_at, KIND_JOIN)), STATUS_OK);
    lose_first_key();
    expect_status(init(join_file(&world.root.public_key, expires_at, KIND_JOIN)), STATUS_OK);
    expect_status(ask(), STATUS_OK);
    cr_expect_eq(town.certified_count, 2);
    cr_expect_eq(dora.wallet.state.is_joined, 1);
}

/* Words vouch for one key: with another they are asked for again. */
Test(sync_join, G1_words_vouch_for_the_key_that_takes_the_others_place)
{
    const struct span file = join_file(&world.root.public_key, WORLD_NOW + 60, KIND_JOIN);
    const struct key_pair pair = world_key("dora's words");
    const struct sync_words words = {.pair = &pair, .is_proof = true};
    enum status status = STATUS_FAILED;
    OK(sync_init(&dora.wallet, &status, file, &words));
    expect_status(status, STATUS_OK);
    lose_first_key();
    expect_status(ask(), STATUS_FORBIDDEN);
    expect_status(ask(), STATUS_FORBIDDEN); /* there is no key to ask for until they are typed in */
    OK(sync_init(&dora.wallet, &status, file, &words));
    OK(sync_join(&dora.wallet, &status, &words));
    expect_status(status, STATUS_OK);
    cr_expect_eq(town.certified_count, 2);
}

/* The bank shows a directory that the join file's root did not sign. */
Test(sync_join, a_directory_of_another_root_is_not_believed)
{
    const struct key_pair other = world_key("another root");
    expect_status(init(join_file(&other.public_key, WORLD_NOW + 60, KIND_JOIN)), STATUS_OK);
    expect_status(ask(), STATUS_SIGNATURE);
    cr_expect_eq(dora.wallet.state.is_joined, 0);
}
