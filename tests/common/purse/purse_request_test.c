/* Requests of mine: answered once; the same payments, in any order, are the same answer. */
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

TestSuite(purse_request, .init = open_holder, .fini = close_holder);

Test(purse_request, b5_a_duplicate_is_a_set_of_payments)
{
    struct world_coin coins[3], paid[3];
    struct world_request request;
    struct purse_request row;
    struct request value;
    struct id id;
    struct packet_view view, turned, fewer;
    bool found = false;
    world_request(&request, &h.world, &h.me, 200);
    for (size_t i = 0; i < 3; i++) {
        world_token(&coins[i], &h.world, 100, &h.other);
        world_pay(&paid[i], NULL, &h.world, &coins[i], &h.me, 100, &request.id);
    }
    const struct world_coin *const two[] = {&paid[0], &paid[1]};
    const struct world_coin *const reversed[] = {&paid[1], &paid[0]};
    const struct world_coin *const others[] = {&paid[0], &paid[2]};
    holder_packet(&view, &h, two, 2);
    holder_packet(&turned, &h, reversed, 2);
    OK(purse_request_add(&h.env, &id, &request.cose));
    cr_expect(id_equal(&id, &request.id));
    OK(purse_request_of(&h.env, &found, &row, &value, &view));
    cr_assert(found);
    cr_expect_eq(amount_fen(value.amount), 200);
    cr_expect(!purse_request_is_duplicate(&row, &view), "not paid yet");
    OK(purse_request_paid(&h.env, &row, &view, NULL));
    OK(purse_request_get(&h.env, &row, &id));
    cr_expect(purse_request_is_duplicate(&row, &view));
    cr_expect(purse_request_is_duplicate(&row, &turned), "packed in another order");
    holder_packet(&fewer, &h, two, 1);
    cr_expect(!purse_request_is_duplicate(&row, &fewer));
    holder_packet(&fewer, &h, others, 2);
    cr_expect(!purse_request_is_duplicate(&row, &fewer));
}

Test(purse_request, a_packet_without_or_with_another_reference_answers_none)
{
    struct world_coin coin, paid;
    struct purse_request row;
    struct request value;
    struct packet_view view;
    bool found = true;
    const struct id nothing = world_hash("nothing");
    world_token(&coin, &h.world, 100, &h.other);
    world_pay(&paid, NULL, &h.world, &coin, &h.me, 100, NULL);
    const struct world_coin *const lines[] = {&paid};
    holder_packet(&view, &h, lines, 1);
    OK(purse_request_of(&h.env, &found, &row, &value, &view));
    cr_expect(!found);
    world_pay(&paid, NULL, &h.world, &coin, &h.me, 100, &nothing);
    holder_packet(&view, &h, lines, 1);
    OK(purse_request_of(&h.env, &found, &row, &value, &view));
    cr_expect(!found);
}
