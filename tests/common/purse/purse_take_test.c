/* Taking coins in: once, whole, mine; what I spent never again. */
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

TestSuite(purse_take, .init = open_holder, .fini = close_holder);

Test(purse_take, tokens)
{
    struct world_coin good, others, forged, unknown;
    holder_coin(&good, &h, 1000);
    expect_status(holder_take_token(&h, &good.token), STATUS_OK); /* again */
    cr_expect_eq(amount_fen(holder_totals(&h).spendable), 1000);
    cr_expect_eq(amount_fen(holder_totals(&h).spendable_settled), 1000);
    world_token(&others, &h.world, 1000, &h.other);
    expect_status(holder_take_token(&h, &others.token), STATUS_KIND);
    world_token(&forged, &h.world, 1000, &h.me);
    forged.token.signature.bytes[3] ^= 1;
    expect_status(holder_take_token(&h, &forged.token), STATUS_SIGNATURE);
    struct token value = world_token_value(&h.world, 1000, &h.me);
    value.issuing_key_id.bytes[0] ^= 1;
    world_token_signed(&unknown, &h.world, &value, &h.me);
    expect_status(holder_take_token(&h, &unknown.token), STATUS_ISSUER);
    cr_expect_eq(holder_totals(&h).coin_count, 1);
}

Test(purse_take, M7_a_tombed_coin_is_never_taken_again)
{
    struct world_coin coin;
    bool seen = false;
    holder_coin(&coin, &h, 1000);
    OK(purse_forget(&h.env, coin.serial, &coin.coin_id));
    expect_status(holder_take_token(&h, &coin.token), STATUS_OK);
    cr_expect_eq(holder_totals(&h).coin_count, 0);
    OK(purse_seen(&h.env, &seen, coin.serial, &coin.coin_id));
    cr_expect(seen);
}

struct received {
    struct world_coin coin, paid, change;
    struct world_request request;
    struct packet_view view;
    struct span bytes;
};

static void receive(struct received *r, enum purse_coin_state state)
{
    world_token(&r->coin, &h.world, 1000, &h.other);
    world_request(&r->request, &h.world, &h.me, 600);
    world_pay(&r->paid, &r->change, &h.world, &r->coin, &h.me, 600, &r->request.id);
    const struct world_coin *const lines[] = {&r->paid};
    r->bytes = holder_packet(&r->view, &h, lines, 1);
    OK(purse_take_packet(&h.env, &r->view, r->bytes, state, &r->request.id));
}

Test(purse_take, a_packet_brings_my_outputs_with_their_line)
{
    struct received r;
    struct purse_inbox_list inbox = {0};
    receive(&r, PURSE_AVAILABLE);
    const struct purse_coin row = holder_row(&h, r.paid.serial, &r.paid.coin_id);
    cr_expect_eq(amount_fen(row.amount), 600);
    cr_expect_eq(row.is_settled, 0);
    cr_expect_eq(row.hops, 1);
    cr_expect(!holder_holds(&h, r.change.serial, &r.change.coin_id), "the payer's change");
    struct purse_line *line;
    OK(arena_alloc(h.env.arena, (void **)&line, 1, sizeof *line));
    OK(purse_line(&h.env, line, &row));
    cr_expect_eq(line->payment_count, 1);
    OK(purse_take_packet(&h.env, &r.view, r.bytes, PURSE_AVAILABLE, &r.request.id));
    OK(purse_inbox_open(&h.env, &inbox));
    cr_assert_eq(inbox.count, 1);
    OK(purse_inbox_close(&h.env, &inbox.items[0]));
    OK(purse_inbox_open(&h.env, &inbox));
    cr_expect_eq(inbox.count, 0);
}

Test(purse_take, a_quarantined_coin_is_not_spendable)
{
    struct received r;
    receive(&r, PURSE_QUARANTINED);
    cr_expect_eq(amount_fen(holder_totals(&h).spendable), 0);
    cr_expect_eq(amount_fen(holder_totals(&h).quarantined), 600);
}

Test(purse_take, another_payment_of_a_coin_on_a_line_i_hold_is_a_conflict)
{
    struct received r;
    bool conflict = true;
    const struct id another = world_hash("another payment");
    receive(&r, PURSE_AVAILABLE);
    OK(purse_conflict(&h.env, &conflict, r.coin.serial, &r.coin.coin_id, &r.view.payments[0].id));
    cr_expect(!conflict);
    OK(purse_conflict(&h.env, &conflict, r.coin.serial, &r.coin.coin_id, &another));
    cr_expect(conflict);
}

/* --- what the register says I own --- */

static struct owned_line line_of(const struct world_coin *coin, uint64_t state)
{
    struct signed_item *items;
    OK(arena_alloc(h.env.arena, (void **)&items, coin->payment_count + 1, sizeof *items));
    for (size_t i = 0; i < coin->payment_count; i++)
        items[i].record = coin->payments[i];
    return (struct owned_line){.coin_id = coin->coin_id,
                               .state = state,
                               .token = coin->token,
                               .payments = {items, coin->payment_count}};
}

static enum status take_owned(const struct owned_line *line)
{
    enum status status = STATUS_FAILED;
    OK(purse_take_owned(&h.env, &status, line));
    return status;
}

Test(purse_take, a21_a_line_that_somebody_else_handed_in)
{
    struct world_coin coin, paid;
    struct world_request request;
    struct id id;
    world_token(&coin, &h.world, 1000, &h.other);
    world_request(&request, &h.world, &h.me, 600);
    OK(purse_request_add(&h.env, &id, &request.cose));
    world_pay(&paid, NULL, &h.world, &coin, &h.me, 600, &request.id);
    const struct owned_line line = line_of(&paid, 3);
    expect_status(take_owned(&line), STATUS_OK);
    const struct purse_coin row = holder_row(&h, paid.serial, &paid.coin_id);
    cr_expect_eq(row.state, PURSE_ORPHANED);
    cr_expect(row.has_request_id && id_equal(&row.request_id, &request.id), "a claim shows it");
}

Test(purse_take, my_own_change_of_an_orphan_leads_back_to_the_request)
{
    struct world_coin coin, paid, on, change;
    struct world_request request, later;
    struct id id;
    world_token(&coin, &h.world, 1000, &h.other);
    world_request(&request, &h.world, &h.me, 600);
    world_request(&later, &h.world, &h.other, 100);
    OK(purse_request_add(&h.env, &id, &request.cose));
    world_pay(&paid, NULL, &h.world, &coin, &h.me, 600, &request.id);
    world_pay(&on, &change, &h.world, &paid, &h.other, 100, &later.id);
    const struct owned_line line = line_of(&change, 3);
    expect_status(take_owned(&line), STATUS_OK);
    const struct purse_coin row = holder_row(&h, change.serial, &change.coin_id);
    cr_expect(row.has_request_id && id_equal(&row.request_id, &request.id));
}

Test(purse_take, without_a_request_of_mine_there_is_none)
{
    struct world_coin coin, paid;
    const struct id nothing = world_hash("not mine");
    world_token(&coin, &h.world, 1000, &h.other);
    world_pay(&paid, NULL, &h.world, &coin, &h.me, 600, &nothing);
    const struct owned_line line = line_of(&paid, 1);
    expect_status(take_owned(&line), STATUS_OK);
    const struct purse_coin row = holder_row(&h, paid.serial, &paid.coin_id);
    cr_expect_eq(row.state, PURSE_AVAILABLE);
    cr_expect(!row.has_request_id);
}

Test(purse_take, lines_that_are_not_taken)
{
    struct world_coin coin, paid, mine;
    world_token(&coin, &h.world, 1000, &h.other);
    world_pay(&paid, NULL, &h.world, &coin, &h.me, 1000, NULL);
    struct owned_line line = line_of(&paid, 1);
    line.coin_id = world_hash("another coin");
    expect_status(take_owned(&line), STATUS_OK); /* genuine, but it does not lead to that coin */
    line = line_of(&paid, 1);
    line.payments.items[0].record.signature.bytes[9] ^= 1;
    expect_status(take_owned(&line), STATUS_SIGNATURE);
    line = line_of(&paid, 1);
    line.payments.count = 0; /* the root is not mine */
    expect_status(take_owned(&line), STATUS_KIND);
    cr_expect_eq(holder_totals(&h).coin_count, 0);
    holder_coin(&mine, &h, 50);
    OK(purse_forget(&h.env, mine.serial, &mine.coin_id));
    line = line_of(&mine, 1); /* M7 */
    expect_status(take_owned(&line), STATUS_OK);
    cr_expect_eq(holder_totals(&h).coin_count, 0);
}

/* The answer is not signed: nothing that I hold follows from it. */
Test(purse_take, a_coin_that_i_hold_stays_as_it_is)
{
    struct received r;
    receive(&r, PURSE_AVAILABLE);
    const struct owned_line line = line_of(&r.paid, 3);
    expect_status(take_owned(&line), STATUS_OK);
    const struct purse_coin row = holder_row(&h, r.paid.serial, &r.paid.coin_id);
    cr_expect_eq(row.state, PURSE_AVAILABLE);
    cr_expect_eq(row.is_settled, 0);
}

/* The rows' key is a hash: the order must not be left to it. */
Test(purse_take, the_inbox_is_read_oldest_first)
{
    enum { PACKETS = 6 };
    struct purse_inbox_list inbox = {0};
    for (size_t i = 0; i < PACKETS; i++) {
        struct received r;
        receive(&r, PURSE_AVAILABLE);
    }
    OK(purse_inbox_open(&h.env, &inbox));
    cr_assert_eq(inbox.count, PACKETS);
    for (size_t i = 1; i < PACKETS; i++)
        cr_expect_lt(inbox.items[i - 1].number, inbox.items[i].number);
}

/* The register's answer comes without certificates: no payee could be shown such a coin. */
Test(purse_take, what_the_register_sent_is_not_paid_on_before_it_is_exchanged)
{
    struct world_coin coin, paid;
    struct purse_coin_list chosen = {0};
    enum status status = STATUS_FAILED;
    const struct purse_choice_options any = {.hops_max = 5};
    world_token(&coin, &h.world, 1000, &h.other);
    world_pay(&paid, NULL, &h.world, &coin, &h.me, 1000, NULL);
    const struct owned_line line = line_of(&paid, 1);
    expect_status(take_owned(&line), STATUS_OK);
    OK(purse_choose(&h.env, &status, &chosen, world_fen(1000), &any));
    expect_status(status, STATUS_FUNDS);
    holder_coin(&coin, &h, 1000);
    OK(purse_choose(&h.env, &status, &chosen, world_fen(1000), &any));
    expect_status(status, STATUS_OK);
}
