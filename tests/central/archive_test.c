/* Retention: how lines leave and come back, what the register says meanwhile, and what a failure
 * at any step leaves behind. */
#include "central/archive.h"

#include "common/base/time.h"
#include "tests/central/shelf.h"

#include <criterion/criterion.h>

/* --- there and back --- */

HALL_TEST(archive, lines_leave_and_come_back_row_for_row)
{
    struct cast cast;
    struct shelf shelf;
    struct shelf_life lives[5];
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    for (size_t i = 0; i < 5; i++)
        shelf_live(&lives[i], &cast);
    shelf_look_for_clones(&cast);
    const struct id before = shelf_rows(&shelf);
    const size_t coins = hall_count(&cast.hall, &tables_table_coin);
    const uint64_t fen = cast_owned(&cast, &cast.e);
    shelf_run_when_due(&shelf, &lives[0].coin);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_archive_segment), 1);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_coin), coins - 15);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_spend), 0);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_input), 0);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), 0);
    cr_assert_eq(cast_owned(&cast, &cast.e), fen);
    HALL_OK(shelf_restore(&shelf, &line_count, 1));
    cr_assert_eq(line_count, 5);
    const struct id after = shelf_rows(&shelf);
    cr_assert(id_equal(&before, &after));
    HALL_OK(shelf_restore(&shelf, &line_count, 1));
    cr_assert_eq(line_count, 0);
    shelf_close(&shelf);
    cast_close(&cast);
}

/* A segment names the one before it; what was put back stays for its days and leaves again. */
HALL_TEST(archive, segments_are_chained_and_what_came_back_leaves_again)
{
    struct cast cast;
    struct shelf shelf;
    struct shelf_life lives[3];
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    shelf.limits.rows_size = 1; /* a line a segment */
    for (size_t i = 0; i < 3; i++)
        shelf_live(&lives[i], &cast);
    shelf_run_when_due(&shelf, &lives[0].coin);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_archive_segment), 3);
    HALL_OK(shelf_restore(&shelf, &line_count, 2));
    cr_assert_eq(line_count, 1);
    const size_t coins = hall_count(&cast.hall, &tables_table_coin);
    for (uint64_t days = 0; days < ARCHIVE_RESTORED_DAYS - 1; days++) {
        cast.hall.now += 86400;
        shelf_run(&shelf);
        cr_assert_eq(hall_count(&cast.hall, &tables_table_coin), coins);
    }
    cast.hall.now += 86400;
    shelf_run(&shelf);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_archive_segment), 4);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_coin), coins - 3);
    shelf_close(&shelf);
    cast_close(&cast);
}

/* --- what is said of a line that left --- */

HALL_TEST(archive, what_is_shown_again_is_archived_until_it_is_put_back)
{
    struct cast cast;
    struct shelf shelf;
    struct shelf_life life;
    struct note again;
    struct settle_result result = {0};
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    shelf_live(&life, &cast);
    cast_pay(&again, &cast, &life.coin, &cast.q); /* kept back for a year */
    shelf_run_when_due(&shelf, &life.coin);
    hall_refuses(&cast.hall, shelf_packet(&cast, &life.paid.coin), STATUS_ARCHIVED);
    hall_refuses(&cast.hall, shelf_packet(&cast, &again.coin), STATUS_ARCHIVED);
    struct world_packet rootless = {.directory_version = 1};
    world_packet_add(&rootless, &life.paid.coin);
    rootless.token_count = 0;
    hall_refuses(&cast.hall, world_packet_bytes(&cast.hall.world, &rootless), STATUS_ARCHIVED);
    cr_assert_eq(hall_cases(&cast.hall), 0);
    HALL_OK(shelf_restore(&shelf, &line_count, 1));
    HALL_OUTCOME(hall_settle(&cast.hall, &life.paid.coin), OUTCOME_SETTLED);
    HALL_STATUS(hall_settle_packet(&cast.hall, shelf_packet(&cast, &again.coin), &result),
                STATUS_OK);
    HALL_OUTCOME((enum outcome)result.leaves.items[0].leaf.outcome, OUTCOME_CONFLICT);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_expect_proof(&cast, 0, &cast.a);
    shelf_close(&shelf);
    cast_close(&cast);
}

/* A thief of the issuing key may use an old serial: whoever was paid with that has an orphan, as
 * ever; only an old token is taken for the one that left. */
HALL_TEST(archive, a_token_forged_under_an_archived_serial_is_an_orphan)
{
    struct cast cast;
    struct shelf shelf;
    struct shelf_life life, next;
    struct world_coin forged, old;
    struct note paid;
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    shelf_live(&life, &cast);
    cast.hall.now += 86400;
    shelf_live(&next, &cast);
    shelf_run_when_due(&shelf, &life.coin);
    struct token token = world_token_value(&cast.hall.world, 700, &cast.c);
    token.serial = life.coin.serial;
    world_token_signed(&old, &cast.hall.world, &token, &cast.c);
    token.issued_day = time_day(cast.hall.now);
    token.spend_by_day = token.issued_day + 90;
    token.redeem_by_day = token.issued_day + 120;
    world_token_signed(&forged, &cast.hall.world, &token, &cast.c);
    cast_pay(&paid, &cast, &old, &cast.q);
    hall_refuses(&cast.hall, shelf_packet(&cast, &paid.coin), STATUS_ARCHIVED);
    cast_pay(&paid, &cast, &forged, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_ORPHAN);
    cr_assert_eq(shelf_held(&cast, &cast.q), 700);
    cast.hall.now += 86400;
    shelf_run(&shelf); /* another line leaves; the index still has the forged coin */
    hall_refuses(&cast.hall, shelf_packet(&cast, &next.paid.coin), STATUS_ARCHIVED);
    cr_assert_eq(shelf_held(&cast, &cast.q), 700);
    HALL_OK(shelf_restore(&shelf, &line_count, 1));
    cr_assert_eq(line_count, 1);
    HALL_OUTCOME(hall_settle(&cast.hall, &life.paid.coin), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_ORPHAN);
    shelf_close(&shelf);
    cast_close(&cast);
}

/* The order's inputs are still there, the line of the token that it made is not: and the other way
 * round. */
HALL_TEST(archive, an_order_is_answered_again_once_its_lines_are_back)
{
    struct cast cast;
    struct shelf shelf;
    struct world_coin coin, fresh;
    struct hall_order order;
    struct order_reply reply, again;
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    cast_issue(&coin, &cast, 900, &cast.a);
    shelf_give_in(&order, &reply, &cast, &coin, &cast.p);
    hall_take(&fresh, &cast.hall, &reply.tokens.items[0].record, &cast.p);
    const struct id once = hall_reply_hash(&reply);
    shelf_spend_up(&cast, &fresh);
    shelf_run_when_due(&shelf, &fresh);
    HALL_STATUS(hall_order(&cast.hall, &again, &order, WORLD_BANK_A), STATUS_ARCHIVED);
    HALL_OK(shelf_restore(&shelf, &line_count, 1));
    cr_assert_eq(line_count, 2);
    HALL_STATUS(hall_order(&cast.hall, &again, &order, WORLD_BANK_A), STATUS_OK);
    const struct id twice = hall_reply_hash(&again);
    cr_assert(id_equal(&once, &twice));
    shelf_close(&shelf);
    cast_close(&cast);
}

HALL_TEST(archive, an_order_whose_token_left_before_its_input)
{
    struct cast cast;
    struct shelf shelf;
    struct world_coin coin, fresh, change;
    struct note paid;
    struct hall_order order;
    struct order_reply reply, again;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    cast_issue(&coin, &cast, 900, &cast.a);
    cast_pay_part(&paid, &change, &cast, &coin, &cast.p, 300, NULL); /* the change stays unspent */
    shelf_give_in(&order, &reply, &cast, &paid.coin, &cast.p);
    hall_take(&fresh, &cast.hall, &reply.tokens.items[0].record, &cast.p);
    shelf_spend_up(&cast, &fresh);
    shelf_run_when_due(&shelf, &fresh);
    cr_assert_eq(cast_owned(&cast, &cast.a), 600);
    const struct id before = hall_snapshot(&cast.hall);
    HALL_STATUS(hall_order(&cast.hall, &again, &order, WORLD_BANK_A), STATUS_ARCHIVED);
    const struct id after = hall_snapshot(&cast.hall);
    cr_assert(id_equal(&before, &after));
    shelf_close(&shelf);
    cast_close(&cast);
}

/* --- whatever fails, wherever it stops --- */

/* A line is in the rows or in a segment that they name; and in both only until it is cleared. */
static void check_nothing_is_lost(struct shelf *shelf, const struct shelf_life *life, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct settle_result result = {0};
        struct cast *cast = shelf->cast;
        const enum status status =
            hall_settle_packet(&cast->hall, shelf_packet(cast, &life[i].paid.coin), &result);
        if (status == STATUS_OK)
            HALL_OUTCOME((enum outcome)result.leaves.items[0].leaf.outcome, OUTCOME_SETTLED);
        else
            HALL_STATUS(status, STATUS_ARCHIVED);
        cr_assert(status == STATUS_OK ||
                  hall_count(&cast->hall, &tables_table_archive_segment) > 0);
    }
}

/* The nth write of the run fails, then all goes well; as after a kill -9, nothing is remembered but
 * rows and files. False: it had fewer writes. */
static bool run_with_failure(enum hall_store kind, long nth, enum err failure)
{
    enum { LIVES = 3 };
    struct cast cast;
    struct shelf shelf;
    struct shelf_life lives[LIVES];
    uint64_t line_count = 0;
    bool more = true, failed = false;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    for (size_t i = 0; i < LIVES; i++)
        shelf_live(&lives[i], &cast);
    const struct id before = shelf_rows(&shelf);
    cast.hall.now = (hall_coin(&cast.hall, &lives[0].coin).redeem_by_day +
                     cast.hall.world.policy.archive_days) *
                    86400;
    store_fail_at(cast.hall.store, nth, failure);
    while (more && !failed)
        failed = shelf_step(&shelf, &more) != ERR_OK;
    store_fail_at(cast.hall.store, -1, ERR_OK);
    check_nothing_is_lost(&shelf, lives, LIVES);
    archive_forget(&shelf.archive);
    shelf_run(&shelf);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_spend), 0);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_archive_segment), 1);
    check_nothing_is_lost(&shelf, lives, LIVES);
    HALL_OK(shelf_restore(&shelf, &line_count, 1));
    const struct id after = shelf_rows(&shelf);
    cr_assert(id_equal(&before, &after));
    shelf_close(&shelf);
    cast_close(&cast);
    return failed;
}

HALL_TEST(archive, every_write_may_fail_and_nothing_is_lost)
{
    long nth = 0;
    while (run_with_failure(kind, nth, ERR_DISK_FULL))
        nth++;
    cr_assert_geq(nth, 20, "%ld", nth);
}

HALL_TEST(archive, without_room_for_the_file_all_stays)
{
    struct cast cast;
    struct shelf shelf;
    struct shelf_life life;
    bool more = true;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    shelf_live(&life, &cast);
    cast.hall.now =
        (hall_coin(&cast.hall, &life.coin).redeem_by_day + cast.hall.world.policy.archive_days) *
        86400;
    const struct id before = hall_snapshot(&cast.hall);
    shelf.fails = true;
    enum err error = ERR_OK;
    while (more && error == ERR_OK)
        error = shelf_step(&shelf, &more);
    cr_assert_eq(error, ERR_DISK_FULL);
    const struct id after = hall_snapshot(&cast.hall);
    cr_assert(id_equal(&before, &after));
    shelf.fails = false;
    shelf_run(&shelf);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_spend), 0);
    shelf_close(&shelf);
    cast_close(&cast);
}

/* Between the file and the clearing somebody shows the second payment of a coin: that line is in
 * dispute, and stays. */
HALL_TEST(archive, a_line_in_dispute_since_it_was_sealed_stays)
{
    struct cast cast;
    struct shelf shelf;
    struct shelf_life lives[2];
    struct note again;
    struct settle_result result = {0};
    bool more = true;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    for (size_t i = 0; i < 2; i++)
        shelf_live(&lives[i], &cast);
    cast_pay(&again, &cast, &lives[1].coin, &cast.q);
    cast.hall.now = (hall_coin(&cast.hall, &lives[0].coin).redeem_by_day +
                     cast.hall.world.policy.archive_days) *
                    86400;
    while (shelf.keep_count == 0)
        HALL_OK(shelf_step(&shelf, &more));
    HALL_STATUS(hall_settle_packet(&cast.hall, shelf_packet(&cast, &again.coin), &result),
                STATUS_OK);
    HALL_OUTCOME((enum outcome)result.leaves.items[0].leaf.outcome, OUTCOME_CONFLICT);
    shelf_run(&shelf);
    hall_refuses(&cast.hall, shelf_packet(&cast, &lives[0].paid.coin), STATUS_ARCHIVED);
    HALL_OUTCOME(hall_settle(&cast.hall, &lives[1].paid.coin), OUTCOME_SETTLED);
    cr_assert_eq(cast_orphans(&cast, &cast.q), 900);
    shelf_close(&shelf);
    cast_close(&cast);
}
