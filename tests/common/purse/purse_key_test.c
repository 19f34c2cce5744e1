/* My keys: one is current; the older ones still take in and exchange. */
#include "tests/common/purse/holder.h"

#include <criterion/criterion.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

Test(purse_key, the_newest_is_current)
{
    struct holder h;
    struct world_wallet next;
    struct purse_key current = {0};
    struct purse_key_list keys = {0};
    bool mine = false;
    holder_open(&h);
    world_wallet(&next, &h.world, "next", WORLD_BANK_A);
    holder_key(&h, &next);
    OK(purse_key_current(&h.env, &current));
    cr_expect(key_equal(&current.key, &next.pair.public_key));
    OK(purse_keys(&h.env, &keys));
    cr_assert_eq(keys.count, 2);
    cr_expect(key_equal(&keys.items[0].key, &next.pair.public_key));
    cr_expect_eq(keys.items[1].state, PURSE_KEY_OLD);
    OK(purse_key_is_mine(&h.env, &mine, &h.me.pair.public_key));
    cr_expect(mine);
    OK(purse_key_is_mine(&h.env, &mine, &h.other.pair.public_key));
    cr_expect(!mine);
    holder_close(&h);
}

/* Change of an old key's coin goes to the current one; its counter is the old key's own. */
Test(purse_key, an_old_key_still_pays_and_its_change_moves_on)
{
    struct holder h;
    struct world_wallet next;
    struct world_coin coin;
    struct world_request request;
    struct purse_coin_list coins = {0};
    holder_open(&h);
    holder_coin(&coin, &h, 1000);
    world_wallet(&next, &h.world, "next", WORLD_BANK_A);
    holder_key(&h, &next);
    holder_pay(&h, 300, &request);
    OK(purse_coins(&h.env, &coins, PURSE_AVAILABLE));
    cr_assert_eq(coins.count, 1);
    cr_expect(key_equal(&coins.items[0].owner_key, &next.pair.public_key));
    holder_close(&h);
}

/* Whatever its state is, a coin is told by the key that it is under. */
Test(purse_key, coins_of_frozen_keys_are_told_apart)
{
    struct holder h;
    struct world_wallet next;
    struct world_coin old, fresh;
    struct purse_coin_list coins = {0}, frozen = {0};
    holder_open(&h);
    holder_coin(&old, &h, 1000);
    OK(purse_freeze(&h.env));
    OK(purse_coins(&h.env, &coins, PURSE_QUARANTINED));
    cr_assert_eq(coins.count, 1);
    coins.count = 0;
    OK(purse_part_frozen(&h.env, &coins, &frozen));
    cr_expect_eq(coins.count + frozen.count, 0);
    world_wallet(&next, &h.world, "next", WORLD_BANK_A);
    holder_key(&h, &next);
    h.me = next;
    holder_coin(&fresh, &h, 300);
    OK(purse_coins(&h.env, &coins, PURSE_AVAILABLE));
    OK(purse_part_frozen(&h.env, &coins, &frozen));
    cr_assert_eq(coins.count, 1);
    cr_expect_eq(amount_fen(coins.items[0].amount), 300);
    cr_expect_eq(frozen.count, 0);
    OK(purse_coins(&h.env, &coins, PURSE_QUARANTINED));
    OK(purse_part_frozen(&h.env, &coins, &frozen));
    cr_assert_eq(frozen.count, 1);
    cr_expect_eq(amount_fen(frozen.items[0].amount), 1000);
    cr_expect_eq(coins.count, 0);
    holder_close(&h);
}
