/* The frame of the wallet: what it believes, how it is loaded, what a failed transaction leaves. */
#include "tests/wallet/folk.h"

#include <criterion/criterion.h>
#include <string.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

static struct world world;
static struct folk alice;

static void open_people(void)
{
    world_open(&world);
    folk_open(&alice, &world, "alice", WORLD_BANK_A);
}

static void close_people(void)
{
    folk_close(&alice);
    world_close(&world);
}

TestSuite(wallet, .init = open_people, .fini = close_people);

Test(wallet, e6_beliefs_only_rise)
{
    const struct cose first = world.directory_cose;
    struct cose lists[2];
    const struct key_id one = {{1}}, two = {{2}};
    world.directory.version = 2;
    world_publish(&world);
    OK(wallet_believe(&alice.wallet, &world.directory_cose, NULL));
    cr_expect_eq(alice.wallet.trust.directory.version, 2);
    cr_expect_eq(wallet_believe(&alice.wallet, &first, NULL), ERR_VERSION);
    OK(wallet_believe(&alice.wallet, &world.directory_cose, NULL)); /* an equal one is fine */
    world_revoke(&world, &one);
    lists[0] = world.revocations_cose;
    world_revoke(&world, &two);
    lists[1] = world.revocations_cose;
    OK(wallet_believe(&alice.wallet, NULL, &lists[1]));
    cr_expect_eq(wallet_believe(&alice.wallet, NULL, &lists[0]), ERR_VERSION);
    folk_restart(&alice);
    cr_expect_eq(alice.wallet.trust.directory.version, 2);
    cr_expect_eq(alice.wallet.trust.revocations.version, 2);
}

Test(wallet, beliefs_of_another_root_are_refused)
{
    struct cose forged = world.directory_cose;
    forged.signature.bytes[7] ^= 1;
    cr_expect_eq(wallet_believe(&alice.wallet, &forged, NULL), ERR_SIGNATURE);
    cr_expect_eq(alice.wallet.trust.directory.version, 1);
    folk_restart(&alice);
}

/* A directory under which the list that I hold does not verify would make the wallet unreadable. */
Test(wallet, a_directory_and_its_list_go_together)
{
    const struct key_id one = {{1}};
    struct revocations list;
    world_revoke(&world, &one);
    OK(wallet_believe(&alice.wallet, NULL, &world.revocations_cose));
    list = world.revocations;
    world.revocation = world_key("the next revocation key");
    world.directory.revocation_key = world.revocation.public_key;
    world.directory.version = 2;
    list.version = 2;
    world.revocations_cose = world_sign(&world, KIND_REVOCATIONS, &list, &world.revocation);
    world_publish(&world);
    cr_expect_eq(wallet_believe(&alice.wallet, &world.directory_cose, NULL), ERR_SIGNATURE);
    OK(wallet_believe(&alice.wallet, &world.directory_cose, &world.revocations_cose));
    folk_restart(&alice);
    cr_expect_eq(alice.wallet.trust.revocations.version, 2);
}

static enum err change_and_fail(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)context;
    wallet->state.last_sync_at = 77;
    TRY(store_update(env->store, &tables_table_wallet_state, &wallet->state));
    return ERR_IO;
}

Test(wallet, a_failed_transaction_leaves_nothing)
{
    struct arena arena AUTO(arena_fini) = {0};
    cr_expect_eq(wallet_transact(&alice.wallet, change_and_fail, NULL, &arena), ERR_IO);
    cr_expect_eq(alice.wallet.state.last_sync_at, 0);
    folk_restart(&alice);
    cr_expect_eq(alice.wallet.state.last_sync_at, 0);
}

Test(wallet, i14_names_are_made_printable)
{
    struct world_wallet shop;
    char name[WALLET_NAME_SIZE];
    const struct trust_bank *bank = trust_bank(&world.trust, WORLD_BANK_A);
    world_wallet(&shop, &world, "shop", WORLD_BANK_A);
    wallet_name(name, &shop.certificate, bank);
    cr_expect_not_null(strstr(name, "Bank of the East Gate"));
    shop.certificate.has_label = true;
    shop.certificate.label = span_text("Tea\x1b[2Jshop");
    wallet_name(name, &shop.certificate, bank);
    cr_expect_null(strchr(name, '\x1b'));
    cr_expect_not_null(strstr(name, "shop"));
    wallet_name(name, NULL, NULL);
    cr_expect_str_eq(name, "?");
}
