/* Retention: which lines leave, how they come back, and what the register says meanwhile. */
#include "central/archive.h"

#include "central/clones.h"
#include "common/base/time.h"
#include "tests/central/shelf.h"

#include <criterion/criterion.h>
#include <string.h>

/* --- lives of a line --- */

/* Paid in by its owner: nothing is left. */
static void give_in(struct hall_order *order, struct order_reply *reply, struct cast *cast,
                    const struct world_coin *coin, const struct world_wallet *to)
{
    const struct output back = cast_output(to, amount_fen(coin->amount));
    hall_order_exchange(order, &cast->hall, &back, 1);
    hall_order_fund(order, &cast->hall, &coin, 1);
    HALL_STATUS(hall_order(&cast->hall, reply, order, WORLD_BANK_A), STATUS_OK);
    HALL_OUTCOME(hall_input(reply, 0), OUTCOME_USED);
}

static void spend_up(struct cast *cast, const struct world_coin *coin)
{
    struct hall_order order;
    struct order_reply reply;
    give_in(&order, &reply, cast, coin, &cast->e);
}

/* a buys a coin and pays p of it; p and a give theirs in. */
struct life {
    struct world_coin coin, change;
    struct note paid;
};
static void live(struct life *life, struct cast *cast)
{
    cast_issue(&life->coin, cast, 900, &cast->a);
    cast_pay_part(&life->paid, &life->change, cast, &life->coin, &cast->p, 300, NULL);
    HALL_OUTCOME(cast_settle(cast, &life->paid), OUTCOME_SETTLED);
    spend_up(cast, &life->paid.coin);
    spend_up(cast, &life->change);
}

static void look_for_clones(struct cast *cast)
{
    struct register_env env = hall_begin(&cast->hall);
    bool more = true;
    while (more)
        HALL_OK(clones_look(&env, &more, 100));
    hall_end(&cast->hall);
}

/* --- which lines may leave --- */

static void do_nothing(struct cast *cast, struct world_coin *coin)
{
    (void)cast;
    (void)coin;
}
static void do_give_in(struct cast *cast, struct world_coin *coin)
{
    spend_up(cast, coin);
}
static void do_pay(struct cast *cast, struct world_coin *coin)
{
    struct note paid;
    cast_pay(&paid, cast, coin, &cast->p);
    HALL_OUTCOME(cast_settle(cast, &paid), OUTCOME_SETTLED);
}
static void do_pay_and_give_in(struct cast *cast, struct world_coin *coin)
{
    struct note paid;
    cast_pay(&paid, cast, coin, &cast->p);
    HALL_OUTCOME(cast_settle(cast, &paid), OUTCOME_SETTLED);
    spend_up(cast, &paid.coin);
}
static void do_leave_change(struct cast *cast, struct world_coin *coin)
{
    struct note paid;
    struct world_coin change;
    cast_pay_part(&paid, &change, cast, coin, &cast->p, 300, NULL);
    HALL_OUTCOME(cast_settle(cast, &paid), OUTCOME_SETTLED);
    spend_up(cast, &paid.coin);
}
static void do_fork(struct cast *cast, struct world_coin *coin)
{
    struct note first, second;
    cast_pay(&first, cast, coin, &cast->p);
    cast_pay(&second, cast, coin, &cast->q);
    HALL_OUTCOME(cast_settle(cast, &first), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(cast, &second), OUTCOME_CONFLICT);
    spend_up(cast, &first.coin);
    HALL_OUTCOME(cast_claim(cast, &second), OUTCOME_CLAIMED);
}
static void do_give_in_twice(struct cast *cast, struct world_coin *coin)
{
    struct hall_order order;
    struct order_reply reply;
    const struct output back = cast_output(&cast->e, amount_fen(coin->amount));
    spend_up(cast, coin);
    hall_order_exchange(&order, &cast->hall, &back, 1);
    hall_order_fund(&order, &cast->hall, (const struct world_coin *const[]){coin}, 1);
    HALL_STATUS(hall_order(&cast->hall, &reply, &order, WORLD_BANK_A), STATUS_OK);
    HALL_OUTCOME(hall_input(&reply, 0), OUTCOME_CONFLICT);
}
static void do_refund(struct cast *cast, struct world_coin *coin)
{
    hall_refund(&cast->hall, coin, &cast->a2);
}

HALL_TEST(archive, which_lines_are_dead)
{
    static const struct {
        const char *name;
        void (*act)(struct cast *cast, struct world_coin *coin);
        int days; /* from the end of the term */
        enum archive_verdict verdict;
    } rows[] = {
        {"not spent", do_nothing, 0, ARCHIVE_ALIVE},
        {"not spent, years later", do_nothing, 2000, ARCHIVE_ALIVE},
        {"the payee's coin is not spent", do_pay, 0, ARCHIVE_ALIVE},
        {"the change is not spent", do_leave_change, 0, ARCHIVE_ALIVE},
        {"given in at once", do_give_in, -1, ARCHIVE_EARLY},
        {"given in at once, on the day", do_give_in, 0, ARCHIVE_DEAD},
        {"paid and given in, a day before", do_pay_and_give_in, -1, ARCHIVE_EARLY},
        {"paid and given in, on the day", do_pay_and_give_in, 0, ARCHIVE_DEAD},
        {"paid and given in, later", do_pay_and_give_in, 1, ARCHIVE_DEAD},
        {"paid twice, all claimed", do_fork, 0, ARCHIVE_DISPUTED},
        {"given in twice: no orphan, but a loser", do_give_in_twice, 0, ARCHIVE_DISPUTED},
        {"refunded", do_refund, 0, ARCHIVE_DISPUTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cast cast;
        struct world_coin coin;
        struct archive_line line;
        enum archive_verdict verdict = ARCHIVE_LARGE;
        cast_open(&cast, kind);
        cast_issue(&coin, &cast, 900, &cast.a);
        const uint64_t due =
            hall_coin(&cast.hall, &coin).redeem_by_day + cast.hall.world.policy.archive_days;
        rows[i].act(&cast, &coin);
        cast.hall.now = (due + (uint64_t)rows[i].days) * 86400;
        struct register_env env = hall_begin(&cast.hall);
        struct minted minted = {.serial = coin.serial};
        HALL_OK(store_get(env.store, &tables_table_minted, &minted, env.arena));
        HALL_OK(archive_judge(&env, &verdict, &line, &minted));
        hall_end(&cast.hall);
        cr_assert_eq(verdict, rows[i].verdict, "%s: %d", rows[i].name, verdict);
        cast_close(&cast);
    }
}

/* So many coins under one serial are beside the purpose: such a line stays. */
HALL_TEST(archive, a_line_of_too_many_coins_stays)
{
    struct cast cast;
    struct world_coin coin;
    struct archive_line line;
    enum archive_verdict verdict = ARCHIVE_DEAD;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 900, &cast.a);
    spend_up(&cast, &coin);
    struct coin more = hall_coin(&cast.hall, &coin);
    cast.hall.now = (more.redeem_by_day + cast.hall.world.policy.archive_days) * 86400;
    struct register_env env = hall_begin(&cast.hall);
    struct minted minted = {.serial = coin.serial};
    HALL_OK(store_get(env.store, &tables_table_minted, &minted, env.arena));
    more.state = COIN_UNSPENT;
    for (uint64_t i = 0; i < ARCHIVE_COINS_MAX; i++) {
        memcpy(more.coin_id.bytes, &i, sizeof i);
        HALL_OK(store_insert(env.store, &tables_table_coin, &more));
    }
    HALL_OK(archive_judge(&env, &verdict, &line, &minted));
    cr_assert_eq(verdict, ARCHIVE_LARGE);
    store_rollback(cast.hall.store);
    cast_close(&cast);
}

/* --- there and back --- */

HALL_TEST(archive, lines_leave_and_come_back_row_for_row)
{
    struct cast cast;
    struct shelf shelf;
    struct life lives[5];
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    for (size_t i = 0; i < 5; i++)
        live(&lives[i], &cast);
    look_for_clones(&cast);
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
    struct life lives[3];
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    shelf.limits.rows_size = 1; /* a line a segment */
    for (size_t i = 0; i < 3; i++)
        live(&lives[i], &cast);
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

static struct span packet_of(struct cast *cast, const struct world_coin *coin)
{
    struct world_packet packet = {.directory_version = 1};
    world_packet_add(&packet, coin);
    return world_packet_bytes(&cast->hall.world, &packet);
}

HALL_TEST(archive, what_is_shown_again_is_archived_until_it_is_put_back)
{
    struct cast cast;
    struct shelf shelf;
    struct life life;
    struct note again;
    struct settle_result result = {0};
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    live(&life, &cast);
    cast_pay(&again, &cast, &life.coin, &cast.q); /* kept back for a year */
    shelf_run_when_due(&shelf, &life.coin);
    hall_refuses(&cast.hall, packet_of(&cast, &life.paid.coin), STATUS_ARCHIVED);
    hall_refuses(&cast.hall, packet_of(&cast, &again.coin), STATUS_ARCHIVED);
    struct world_packet rootless = {.directory_version = 1};
    world_packet_add(&rootless, &life.paid.coin);
    rootless.token_count = 0;
    hall_refuses(&cast.hall, world_packet_bytes(&cast.hall.world, &rootless), STATUS_ARCHIVED);
    cr_assert_eq(hall_cases(&cast.hall), 0);
    HALL_OK(shelf_restore(&shelf, &line_count, 1));
    HALL_OUTCOME(hall_settle(&cast.hall, &life.paid.coin), OUTCOME_SETTLED);
    HALL_STATUS(hall_settle_packet(&cast.hall, packet_of(&cast, &again.coin), &result), STATUS_OK);
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
    struct life life;
    struct world_coin forged, old;
    struct note paid;
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    live(&life, &cast);
    shelf_run_when_due(&shelf, &life.coin);
    struct token token = world_token_value(&cast.hall.world, 700, &cast.c);
    token.serial = life.coin.serial;
    world_token_signed(&old, &cast.hall.world, &token, &cast.c);
    token.issued_day = time_day(cast.hall.now);
    token.spend_by_day = token.issued_day + 90;
    token.redeem_by_day = token.issued_day + 120;
    world_token_signed(&forged, &cast.hall.world, &token, &cast.c);
    cast_pay(&paid, &cast, &old, &cast.q);
    hall_refuses(&cast.hall, packet_of(&cast, &paid.coin), STATUS_ARCHIVED);
    cast_pay(&paid, &cast, &forged, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_ORPHAN);
    cr_assert_eq(cast_orphans(&cast, &cast.q), 700);
    cast.hall.now += 86400;
    shelf_run(&shelf); /* and the index still has it */
    cr_assert_eq(cast_orphans(&cast, &cast.q), 700);
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
    give_in(&order, &reply, &cast, &coin, &cast.p);
    hall_take(&fresh, &cast.hall, &reply.tokens.items[0].record, &cast.p);
    const struct id once = hall_reply_hash(&reply);
    spend_up(&cast, &fresh);
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
    give_in(&order, &reply, &cast, &paid.coin, &cast.p);
    hall_take(&fresh, &cast.hall, &reply.tokens.items[0].record, &cast.p);
    spend_up(&cast, &fresh);
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
static void check_nothing_is_lost(struct shelf *shelf, const struct life *life, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct settle_result result = {0};
        struct cast *cast = shelf->cast;
        const enum status status =
            hall_settle_packet(&cast->hall, packet_of(cast, &life[i].paid.coin), &result);
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
    struct life lives[LIVES];
    uint64_t line_count = 0;
    bool more = true, failed = false;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    for (size_t i = 0; i < LIVES; i++)
        live(&lives[i], &cast);
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
    struct life life;
    bool more = true;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    live(&life, &cast);
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
    struct life lives[2];
    struct note again;
    struct settle_result result = {0};
    bool more = true;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    for (size_t i = 0; i < 2; i++)
        live(&lives[i], &cast);
    cast_pay(&again, &cast, &lives[1].coin, &cast.q);
    cast.hall.now = (hall_coin(&cast.hall, &lives[0].coin).redeem_by_day +
                     cast.hall.world.policy.archive_days) *
                    86400;
    while (shelf.keep_count == 0)
        HALL_OK(shelf_step(&shelf, &more));
    HALL_STATUS(hall_settle_packet(&cast.hall, packet_of(&cast, &again.coin), &result), STATUS_OK);
    HALL_OUTCOME((enum outcome)result.leaves.items[0].leaf.outcome, OUTCOME_CONFLICT);
    shelf_run(&shelf);
    hall_refuses(&cast.hall, packet_of(&cast, &lives[0].paid.coin), STATUS_ARCHIVED);
    HALL_OUTCOME(hall_settle(&cast.hall, &lives[1].paid.coin), OUTCOME_SETTLED);
    cr_assert_eq(cast_orphans(&cast, &cast.q), 900);
    shelf_close(&shelf);
    cast_close(&cast);
}

/* --- files that are not what they were --- */

HALL_TEST(archive, an_altered_or_missing_segment_is_noticed)
{
    struct cast cast;
    struct shelf shelf;
    struct life lives[2];
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    shelf.limits.rows_size = 1;
    for (size_t i = 0; i < 2; i++)
        live(&lives[i], &cast);
    shelf_run_when_due(&shelf, &lives[0].coin);
    struct buffer *file = &shelf.files[2];
    const struct id before = shelf_rows(&shelf);
    for (size_t i = 0; i < file->size; i += 7) {
        file->data[i] ^= 1;
        cr_assert_eq(shelf_restore(&shelf, &line_count, 2), ERR_INTEGRITY, "byte %zu", i);
        file->data[i] ^= 1;
    }
    file->size--;
    cr_assert_eq(shelf_restore(&shelf, &line_count, 2), ERR_INTEGRITY);
    file->size++;
    const struct buffer first = shelf.files[1];
    shelf.files[1] = shelf.files[2];
    cr_assert_eq(shelf_restore(&shelf, &line_count, 1), ERR_INTEGRITY);
    shelf.files[1] = first;
    const size_t size = file->size;
    file->size = 0;
    cr_assert_eq(shelf_restore(&shelf, &line_count, 2), ERR_MISSING);
    file->size = size;
    const struct id after = shelf_rows(&shelf);
    cr_assert(id_equal(&before, &after));
    HALL_OK(shelf_restore(&shelf, &line_count, 2));
    cr_assert_eq(line_count, 1);
    shelf_close(&shelf);
    cast_close(&cast);
}

/* --- the index by owner --- */

static size_t index_size(struct cast *cast)
{
    const struct store_query all = {.table = &tables_table_owner_run, .index_number = -1};
    struct list rows = {0};
    size_t size = 0;
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(store_list(env.store, &rows, &all, NULL, env.arena));
    hall_end(&cast->hall);
    for (size_t i = 0; i < rows.count; i++)
        size += ((const struct owner_run *)rows.items)[i].entries.size / OWNER_ENTRY_SIZE;
    return size;
}

HALL_TEST(archive, the_index_by_owner_forgets_what_left_and_nothing_else)
{
    enum { LIVES = 40 };
    struct cast cast;
    struct shelf shelf;
    struct life life;
    struct world_coin coin = {0}, kept;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    cast_issue(&kept, &cast, 111, &cast.a);
    for (size_t i = 0; i < LIVES; i++) {
        live(&life, &cast);
        coin = i == 0 ? life.coin : coin;
    }
    const uint64_t of_e = cast_owned(&cast, &cast.e);
    cr_assert_eq(index_size(&cast), 1 + LIVES * 5);
    shelf_run_when_due(&shelf, &coin);
    cr_assert_eq(index_size(&cast), 1 + LIVES * 2); /* kept, and what e got */
    cr_assert_eq(cast_owned(&cast, &cast.a), 111);
    cr_assert_eq(cast_owned(&cast, &cast.p), 0);
    cr_assert_eq(cast_owned(&cast, &cast.e), of_e);
    live(&life, &cast); /* and goes on from there */
    cr_assert_eq(cast_owned(&cast, &cast.e), of_e + 900);
    shelf_close(&shelf);
    cast_close(&cast);
}
