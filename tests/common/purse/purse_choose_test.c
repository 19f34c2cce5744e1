/* Choosing coins, and the spread of fresh ones. */
#include "tests/common/purse/holder.h"

#include <criterion/criterion.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

static struct holder h;

static void open_holder(void)
{
    holder_open(&h);
}

static void close_holder(void)
{
    holder_close(&h);
}

TestSuite(purse_choose, .init = open_holder, .fini = close_holder);

Test(purse_choose, a_spread_adds_up_within_its_count)
{
    static const uint64_t totals[] = {1,     99,    100,    150,     999,       5000,
                                      12345, 30000, 177600, 1000000, 123456789, AMOUNT_MAX};
    static const size_t counts[] = {1, 2, 6, 24, 64};
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++)
        for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++) {
            struct amount amounts[64], sum = amount_zero();
            const size_t count = purse_spread(amounts, counts[j], world_fen(totals[i]));
            cr_assert(count >= 1 && count <= counts[j]);
            for (size_t k = 0; k < count; k++) {
                cr_expect(!amount_is_zero(amounts[k]));
                OK(amount_add(&sum, sum, amounts[k]));
            }
            cr_expect_eq(amount_fen(sum), totals[i]);
        }
}

static enum status choose(size_t *count, uint64_t amount,
                          const struct purse_choice_options *options)
{
    struct purse_coin_list coins = {0};
    enum status status = STATUS_FAILED;
    OK(purse_choose(&h.env, &status, &coins, world_fen(amount), options));
    *count = coins.count;
    return status;
}

Test(purse_choose, few_coins_that_cover_the_amount)
{
    static const uint64_t held[] = {100, 200, 500, 2000};
    static const struct {
        uint64_t amount;
        size_t coins_max, count;
        enum status expected;
    } rows[] = {
        {100, 0, 1, STATUS_OK},     {150, 0, 1, STATUS_OK},     {500, 0, 1, STATUS_OK},
        {2000, 0, 1, STATUS_OK},    {2100, 0, 2, STATUS_OK},    {2800, 0, 4, STATUS_OK},
        {2800, 3, 0, STATUS_LIMIT}, {2801, 0, 0, STATUS_FUNDS},
    };
    struct world_coin coin;
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++)
        holder_coin(&coin, &h, held[i]);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t count = 0;
        const struct purse_choice_options options = {.coins_max = rows[i].coins_max};
        expect_status(choose(&count, rows[i].amount, &options), rows[i].expected);
        if (rows[i].expected == STATUS_OK)
            cr_expect_eq(count, rows[i].count, "row %zu: %zu coins", i, count);
    }
}

/* My own coin paid to me and back: 1 hop, 1 payment deep, not settled. */
static void take_worn(uint64_t fen)
{
    struct world_coin coin, paid;
    struct packet_view view;
    world_token(&coin, &h.world, fen, &h.other);
    world_pay(&paid, NULL, &h.world, &coin, &h.me, fen, NULL);
    const struct world_coin *const lines[] = {&paid};
    const struct span bytes = holder_packet(&view, &h, lines, 1);
    OK(purse_take_packet(&h.env, &view, bytes, PURSE_AVAILABLE, NULL));
}

Test(purse_choose, bounds)
{
    struct world_coin coin;
    size_t count;
    take_worn(1000);
    holder_coin(&coin, &h, 50);
    static const struct {
        uint64_t amount;
        struct purse_choice_options options;
        enum status expected;
    } rows[] = {
        {1000, {0}, STATUS_OK},
        {1000, {.hops_max = 2, .depth_max = 2}, STATUS_OK},
        {1000, {.hops_max = 1}, STATUS_HOPS},
        {1000, {.depth_max = 1}, STATUS_DEPTH},
        {50, {.hops_max = 1}, STATUS_OK},
        {1000, {.settled_only = true}, STATUS_FUNDS},
        {50, {.settled_only = true}, STATUS_OK},
        {50, {.has_purpose = true, .purpose = 7}, STATUS_FUNDS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_status(choose(&count, rows[i].amount, &rows[i].options), rows[i].expected);
    h.env.now += UINT64_C(100) * 86400; /* past spend_by */
    expect_status(choose(&count, 50, &(struct purse_choice_options){0}), STATUS_FUNDS);
}

Test(purse_choose, totals_are_buckets)
{
    struct world_coin coin;
    struct world_request request;
    holder_coin(&coin, &h, 1000);
    take_worn(300);
    holder_pay(&h, 900, &request);
    const struct purse_totals totals = holder_totals(&h);
    cr_expect_eq(amount_fen(totals.spendable), 400);
    cr_expect_eq(amount_fen(totals.spendable_settled), 0);
    cr_expect_eq(amount_fen(totals.handed_over), 1000);
    cr_expect_eq(totals.coin_count, 2);
}

/* The line of a worn coin costs more than what a fresh one of twice its size is missed for. */
Test(purse_choose, a_fresh_coin_before_a_worn_one_unless_it_is_much_larger)
{
    static const struct {
        uint64_t fresh, worn, amount;
        size_t depth; /* of what is chosen */
    } rows[] = {
        {1000, 1000, 700, 0}, {2000, 1000, 700, 0}, {1000, 2000, 700, 0},
        {9000, 1000, 700, 1}, {500, 1000, 700, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_coin coin;
        struct purse_coin_list coins = {0};
        enum status status = STATUS_FAILED;
        close_holder();
        open_holder();
        holder_coin(&coin, &h, rows[i].fresh);
        take_worn(rows[i].worn);
        OK(purse_choose(&h.env, &status, &coins, world_fen(rows[i].amount),
                        &(struct purse_choice_options){0}));
        expect_status(status, STATUS_OK);
        cr_expect_eq(coins.count, 1);
        cr_expect_eq(coins.items[0].depth, rows[i].depth, "row %zu", i);
    }
}

/* Two forged tokens may add up to more than an amount can be: what is held is shown all the same.
 */
Test(purse_choose, totals_beyond_an_amount_are_capped)
{
    struct world_coin coin;
    size_t count = 0;
    holder_coin(&coin, &h, AMOUNT_MAX);
    holder_coin(&coin, &h, AMOUNT_MAX);
    const struct purse_totals totals = holder_totals(&h);
    cr_expect_eq(amount_fen(totals.spendable), AMOUNT_MAX);
    cr_expect_eq(amount_fen(totals.spendable_settled), AMOUNT_MAX);
    expect_status(choose(&count, 100, &(struct purse_choice_options){0}), STATUS_OK);
}
