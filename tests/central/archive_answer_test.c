/* What was carried out before, asked again once a token of it is in the archive: ARCHIVED, nothing
 * changes, and after it was put back the same answer as ever. */
#include "common/base/time.h"
#include "tests/central/shelf.h"

#include <criterion/criterion.h>

struct answering {
    struct cast cast;
    struct shelf shelf;
};

static void open_answering(struct answering *out, enum hall_store kind)
{
    cast_open(&out->cast, kind);
    shelf_open(&out->shelf, &out->cast);
}

static void close_answering(struct answering *answering)
{
    shelf_close(&answering->shelf);
    cast_close(&answering->cast);
}

/* Spends a token of `owner` up, until its line is in the archive. */
static void send_away(struct answering *a, const struct cose *token, struct world_wallet *owner)
{
    struct world_coin coin;
    hall_take(&coin, &a->cast.hall, token, owner);
    shelf_spend_up(&a->cast, &coin);
    shelf_run_when_due(&a->shelf, &coin);
    cr_assert_gt(hall_count(&a->cast.hall, &tables_table_archive_segment), 0);
}

static void bring_back(struct answering *a)
{
    uint64_t line_count = 0;
    HALL_OK(shelf_restore(&a->shelf, &line_count, 1));
    cr_assert_gt(line_count, 0);
}

/* --- an issue --- */

static enum status ask_issue(struct answering *a, struct tokens_reply *reply, struct span order)
{
    const struct issue_body body = {.order = order};
    const struct bank bank = hall_bank(&a->cast.hall, WORLD_BANK_A);
    enum status status = STATUS_FAILED;
    struct register_env env = hall_begin(&a->cast.hall);
    HALL_OK(vault_issue(&env, &status, reply, &body, &bank));
    hall_end(&a->cast.hall);
    return status;
}

static void approve(struct answering *a)
{
    struct approval_list list = {0};
    enum status status = STATUS_FAILED;
    struct register_env env = hall_begin(&a->cast.hall);
    HALL_OK(vault_approvals(&env, &list, APPROVAL_PENDING));
    cr_assert_eq(list.count, 1);
    HALL_OK(vault_decide(&env, &status, list.items[0].number, true, "operator", ""));
    hall_end(&a->cast.hall);
    HALL_STATUS(status, STATUS_OK);
}

HALL_TEST(archive_answer, an_issue_whose_token_left)
{
    struct answering a;
    struct tokens_reply first = {0}, again = {0};
    struct buffer bytes = {0};
    struct span order = {0};
    open_answering(&a, kind);
    struct output output = cast_output(&a.cast.vault_a, 500);
    const struct issue issue = {.order_id = world_nonce(&a.cast.hall.world),
                                .outputs = {&output, 1},
                                .made_at = a.cast.hall.now};
    HALL_OK(issue_encode(&bytes, &issue));
    HALL_OK(arena_copy(&a.cast.hall.world.arena, &order, buffer_span(&bytes)));
    buffer_fini(&bytes);
    HALL_STATUS(ask_issue(&a, &first, order), STATUS_PENDING);
    approve(&a);
    HALL_STATUS(ask_issue(&a, &first, order), STATUS_OK);
    send_away(&a, &first.tokens.items[0].record, &a.cast.vault_a);
    const struct id before = hall_snapshot(&a.cast.hall);
    HALL_STATUS(ask_issue(&a, &again, order), STATUS_ARCHIVED);
    const struct id after = hall_snapshot(&a.cast.hall);
    cr_assert(id_equal(&before, &after));
    bring_back(&a);
    HALL_STATUS(ask_issue(&a, &again, order), STATUS_OK);
    cr_assert(
        span_equal(first.tokens.items[0].record.payload, again.tokens.items[0].record.payload));
    close_answering(&a);
}

/* --- refunds --- */

static enum status ask_refund(struct answering *a, struct hall_refunded *out,
                              const struct refund_item *item)
{
    return hall_refund_at(&a->cast.hall, out, WORLD_BANK_A, item, time_day(a->cast.hall.now));
}

HALL_TEST(archive_answer, a_refund_whose_token_left)
{
    struct answering a;
    struct world_coin coin;
    struct hall_refunded first, again;
    open_answering(&a, kind);
    cast_issue(&coin, &a.cast, 700, &a.cast.a);
    const struct refund_item item = {
        .serial = coin.serial, .coin_id = coin.coin_id, .to_key = a.cast.a2.pair.public_key};
    const uint64_t day = hall_coin(&a.cast.hall, &coin).redeem_by_day;
    HALL_STATUS(hall_refund_at(&a.cast.hall, &first, WORLD_BANK_A, &item, day), STATUS_OK);
    send_away(&a, &first.token, &a.cast.a2);
    const struct id before = hall_snapshot(&a.cast.hall);
    HALL_STATUS(ask_refund(&a, &again, &item), STATUS_ARCHIVED);
    const struct id after = hall_snapshot(&a.cast.hall);
    cr_assert(id_equal(&before, &after));
    cr_assert_not(again.has_token);
    cr_assert_eq(again.redeem_by_day, day); /* its own line stays: it was refunded */
    bring_back(&a);
    HALL_STATUS(ask_refund(&a, &again, &item), STATUS_OK);
    cr_assert(span_equal(first.token.payload, again.token.payload));
    close_answering(&a);
}

HALL_TEST(archive_answer, a_refund_of_a_coin_that_left)
{
    struct answering a;
    struct shelf_life life;
    struct hall_refunded result;
    open_answering(&a, kind);
    shelf_live(&life, &a.cast);
    struct refund_item item = {.serial = life.coin.serial,
                               .coin_id = life.change.coin_id,
                               .to_key = a.cast.a2.pair.public_key};
    shelf_run_when_due(&a.shelf, &life.coin);
    HALL_STATUS(ask_refund(&a, &result, &item), STATUS_ARCHIVED);
    bring_back(&a);
    HALL_STATUS(ask_refund(&a, &result, &item), STATUS_STATE); /* it was spent */
    item.serial += 1000;
    HALL_STATUS(ask_refund(&a, &result, &item), STATUS_UNKNOWN); /* never was minted */
    close_answering(&a);
}

/* What the advance minted cannot be counted while it is away: neither yes nor no. */
HALL_TEST(archive_answer, an_advance_whose_token_left)
{
    struct answering a;
    struct world_coin lost, vaults;
    struct hall_order order;
    struct order_reply reply;
    struct hall_refunded result;
    open_answering(&a, kind);
    cast_issue(&lost, &a.cast, 400, &a.cast.a);
    cast_issue(&vaults, &a.cast, 400, &a.cast.vault_a);
    shelf_give_in(&order, &reply, &a.cast, &vaults, &a.cast.a2);
    const struct refund_item item = {.serial = lost.serial,
                                     .coin_id = lost.coin_id,
                                     .to_key = a.cast.vault_a.pair.public_key,
                                     .has_advance_id = true,
                                     .advance_id = order.id};
    send_away(&a, &reply.tokens.items[0].record, &a.cast.a2);
    HALL_STATUS(ask_refund(&a, &result, &item), STATUS_ARCHIVED);
    cr_assert_eq(cast_owned(&a.cast, &a.cast.a), 400);
    bring_back(&a);
    HALL_STATUS(ask_refund(&a, &result, &item), STATUS_OK);
    cr_assert_eq(cast_owned(&a.cast, &a.cast.vault_a), 400);
    close_answering(&a);
}
