/* Clones: one counter on two coins is found, proved and revoked; nobody honest is accused. */
#include "central/clones.h"
#include "tests/central/cast.h"

#include <criterion/criterion.h>

enum { MANY_PARTS = 1000 };

static bool look_at_part(struct cast *cast, struct clones_round *round, size_t count_min,
                         size_t parts)
{
    struct register_env env = hall_begin(&cast->hall);
    bool more = false;
    HALL_OK(clones_look(&env, round, &more, count_min, parts));
    hall_end(&cast->hall);
    return more;
}

static bool look(struct cast *cast, struct clones_round *round, size_t count)
{
    return look_at_part(cast, round, count, MANY_PARTS);
}

static void look_at_all(struct cast *cast)
{
    struct clones_round round AUTO(clones_round_forget) = {0};
    while (look(cast, &round, 3))
        continue;
    cr_assert_eq(hall_count(&cast->hall, &tables_table_clone_log), 0);
}

/* The copy of a wallet pays with the counter that the other copy used for another coin. */
static void pay_from_copies(struct note paid[2], struct cast *cast, struct world_wallet *wallet,
                            struct world_wallet *const payees[2])
{
    const uint64_t counter = wallet->counter;
    for (size_t i = 0; i < 2; i++) {
        struct world_coin coin;
        cast_issue(&coin, cast, 1000, wallet);
        wallet->counter = counter;
        cast_pay(&paid[i], cast, &coin, payees[i]);
    }
}

HALL_TEST(clones, A14_both_settle_the_key_is_proved_and_revoked_nobody_is_charged)
{
    struct cast cast;
    struct note paid[2];
    struct world_wallet *const payees[] = {&cast.p, &cast.q};
    cast_open(&cast, kind);
    pay_from_copies(paid, &cast, &cast.a, payees);
    HALL_OUTCOME(cast_settle(&cast, &paid[0]), OUTCOME_SETTLED);
    look_at_all(&cast);
    HALL_OUTCOME(cast_settle(&cast, &paid[1]), OUTCOME_SETTLED);
    cr_assert_eq(hall_cases(&cast.hall), 0);
    look_at_all(&cast);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    const struct fraud_case row = hall_case(&cast.hall, 0);
    cr_assert_eq(row.kind, PROOF_CLONE);
    cast_expect_proof(&cast, 0, &cast.a);
    cr_assert(cast_is_revoked(&cast, &cast.a));
    cr_assert_not(cast_is_revoked(&cast, &cast.p));
    cr_assert_eq(cast_owned(&cast, &cast.p), 1000);
    cr_assert_eq(cast_owned(&cast, &cast.q), 1000);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).guarantee), 100000);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_claim), 0);
    cast_close(&cast);
}

HALL_TEST(clones, a_key_has_one_case_however_often_it_is_caught)
{
    struct cast cast;
    struct note paid[2];
    struct world_wallet *const payees[] = {&cast.p, &cast.q};
    cast_open(&cast, kind);
    for (size_t i = 0; i < 3; i++) {
        pay_from_copies(paid, &cast, &cast.a, payees);
        for (size_t j = 0; j < 2; j++)
            HALL_OUTCOME(cast_settle(&cast, &paid[j]), OUTCOME_SETTLED);
    }
    look_at_all(&cast);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    const struct id once = hall_snapshot(&cast.hall);
    HALL_OUTCOME(cast_settle(&cast, &paid[0]), OUTCOME_SETTLED); /* handed in again */
    look_at_all(&cast);
    const struct id again = hall_snapshot(&cast.hall);
    cr_assert(id_equal(&once, &again));
    cast_close(&cast);
}

HALL_TEST(clones, honest_keys_are_not_accused)
{
    struct cast cast;
    struct world_coin coin, change;
    struct note paid;
    struct order_reply reply;
    cast_open(&cast, kind);
    struct world_wallet *const payers[] = {&cast.a, &cast.p, &cast.q, &cast.vault_a, &cast.x};
    for (size_t i = 0; i < 5; i++) { /* the same counters by different keys */
        for (size_t j = 0; j < 3; j++) {
            cast_issue(&coin, &cast, 100, payers[i]);
            cast_pay_part(&paid, &change, &cast, &coin, &cast.c, 40, NULL);
            HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
            HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
        }
        const struct world_coin *const coins[] = {&change};
        const struct output output = cast_output(payers[i], 60);
        HALL_STATUS(cast_exchange(&reply, &cast, coins, 1, &output, 1), STATUS_OK);
        look_at_all(&cast);
    }
    cr_assert_eq(hall_cases(&cast.hall), 0);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), 5 * 4);
    cast_close(&cast);
}

/* A double spend has its own case; one counter on one coin is no clone. */
HALL_TEST(clones, a_fork_is_not_a_clone)
{
    struct cast cast;
    struct world_coin coin;
    struct note to_p, to_q;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 100, &cast.a);
    cast_pay(&to_p, &cast, &coin, &cast.p);
    cast.a.counter--;
    cast_pay(&to_q, &cast, &coin, &cast.q);
    HALL_OUTCOME(cast_settle(&cast, &to_p), OUTCOME_SETTLED);
    HALL_OUTCOME(cast_settle(&cast, &to_q), OUTCOME_CONFLICT);
    look_at_all(&cast);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cr_assert_eq(hall_case(&cast.hall, 0).kind, PROOF_DOUBLE_SPEND);
    cast_close(&cast);
}

/* A bank's vault, too; and a key that nobody certified, without a proof. */
HALL_TEST(clones, vaults_and_strangers)
{
    struct cast cast;
    struct note paid[2];
    struct world_wallet *const payees[] = {&cast.p, &cast.q};
    cast_open(&cast, kind);
    pay_from_copies(paid, &cast, &cast.vault_b, payees);
    for (size_t j = 0; j < 2; j++)
        HALL_OUTCOME(cast_settle(&cast, &paid[j]), OUTCOME_SETTLED);
    look_at_all(&cast);
    cast_expect_proof(&cast, 0, &cast.vault_b);
    pay_from_copies(paid, &cast, &cast.x, payees);
    for (size_t j = 0; j < 2; j++)
        HALL_OUTCOME(cast_settle(&cast, &paid[j]), OUTCOME_SETTLED);
    look_at_all(&cast);
    cr_assert_eq(hall_cases(&cast.hall), 2);
    cr_assert_not(hall_case(&cast.hall, 1).has_proof);
    cr_assert_not(cast_is_revoked(&cast, &cast.x));
    cast_close(&cast);
}

/* Two keys that begin alike, and a note that is none: a hint is no proof. */
HALL_TEST(clones, a_hint_is_not_believed)
{
    struct cast cast;
    struct world_coin coin;
    struct note paid;
    cast_open(&cast, kind);
    cast_issue(&coin, &cast, 100, &cast.a);
    cast_pay(&paid, &cast, &coin, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
    look_at_all(&cast);
    cast_issue(&coin, &cast, 100, &cast.q);
    cast.q.counter = cast.a.counter - 1;
    cast_pay(&paid, &cast, &coin, &cast.p);
    HALL_OUTCOME(cast_settle(&cast, &paid), OUTCOME_SETTLED);
    struct register_env env = hall_begin(&cast.hall);
    struct payment payment = {.serial = coin.serial, .counter = cast.a.counter};
    payment.coin_id = coin.coin_id;
    HALL_OK(clones_note(&env, &payment, &cast.a.pair.public_key)); /* q's coin as if it were a's */
    payment.serial = 999999;
    HALL_OK(clones_note(&env, &payment, &cast.a.pair.public_key)); /* no such coin */
    HALL_OK(clones_keep(&env));
    hall_end(&cast.hall);
    look_at_all(&cast);
    cr_assert_eq(hall_cases(&cast.hall), 0);
    cast_close(&cast);
}

/* --- nothing is missed --- */

static enum err look_once(struct register_env *env, void *context)
{
    struct clones_round round AUTO(clones_round_forget) = {0};
    bool more = false;
    (void)context;
    return clones_look(env, &round, &more, 100, 1);
}

HALL_TEST(clones, whichever_write_fails_it_is_found_at_the_next_look)
{
    struct cast cast;
    struct note paid[2];
    struct world_wallet *const payees[] = {&cast.p, &cast.q};
    cast_open(&cast, kind);
    pay_from_copies(paid, &cast, &cast.a, payees);
    for (size_t j = 0; j < 2; j++)
        HALL_OUTCOME(cast_settle(&cast, &paid[j]), OUTCOME_SETTLED);
    cr_assert_geq(hall_fail_everywhere(&cast.hall, look_once, NULL), 6);
    cr_assert_eq(hall_cases(&cast.hall), 1);
    cast_close(&cast);
}

static void settle_honest(struct cast *cast, struct world_wallet *payer, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct world_coin coin;
        struct note paid;
        cast_issue(&coin, cast, 100, payer);
        cast_pay(&paid, cast, &coin, &cast->p);
        HALL_OUTCOME(cast_settle(cast, &paid), OUTCOME_SETTLED);
    }
}

HALL_TEST(clones, a_look_is_bounded_and_goes_on_where_it_stopped)
{
    static const struct {
        size_t count_min, parts, looks;
    } rows[] = {{3, MANY_PARTS, 4}, {1, 4, 4}, {1, 3, 3}, {4, 10, 3}, {10, 10, 1}, {99, 1, 1}};
    enum { CALLS = 10 };
    struct cast cast;
    cast_open(&cast, kind);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct clones_round round AUTO(clones_round_forget) = {0};
        size_t looks = 1;
        settle_honest(&cast, &cast.a, CALLS);
        while (look_at_part(&cast, &round, rows[i].count_min, rows[i].parts))
            looks++;
        cr_assert_eq(looks, rows[i].looks, "row %zu: %zu looks", i, looks);
        cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), CALLS * (i + 1));
    }
    cast_close(&cast);
}

/* --- rounds, a note a look --- */

HALL_TEST(clones, a_pair_is_found_within_a_round_and_across_two)
{
    for (size_t is_across = 0; is_across < 2; is_across++) {
        struct clones_round round AUTO(clones_round_forget) = {0};
        struct cast cast;
        struct note paid[2];
        struct world_wallet *const payees[] = {&cast.p, &cast.q};
        cast_open(&cast, kind);
        pay_from_copies(paid, &cast, &cast.a, payees);
        HALL_OUTCOME(cast_settle(&cast, &paid[0]), OUTCOME_SETTLED);
        settle_honest(&cast, &cast.q, 2);
        while (is_across && look(&cast, &round, 1))
            continue;
        HALL_OUTCOME(cast_settle(&cast, &paid[1]), OUTCOME_SETTLED);
        settle_honest(&cast, &cast.q, 2);
        while (look(&cast, &round, 1))
            continue;
        cr_assert_eq(hall_cases(&cast.hall), 1);
        cast_expect_proof(&cast, 0, &cast.a);
        cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), 5);
        cast_close(&cast);
    }
}

HALL_TEST(clones, the_rows_of_a_round_go_with_its_last_part)
{
    enum { CALLS = 4 };
    struct clones_round round AUTO(clones_round_forget) = {0};
    struct cast cast;
    cast_open(&cast, kind);
    settle_honest(&cast, &cast.a, CALLS);
    for (size_t i = 1; i < CALLS; i++) {
        cr_assert(look(&cast, &round, 1));
        cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), i);
        cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_log), CALLS);
    }
    cr_assert_not(look(&cast, &round, 1));
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), CALLS);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_log), 0);
    cast_close(&cast);
}

HALL_TEST(clones, what_is_noted_while_a_round_is_on_is_the_next_rounds)
{
    struct clones_round round AUTO(clones_round_forget) = {0};
    struct cast cast;
    cast_open(&cast, kind);
    settle_honest(&cast, &cast.a, 3);
    cr_assert(look(&cast, &round, 1));
    settle_honest(&cast, &cast.a, 2);
    cr_assert(look(&cast, &round, 1));
    cr_assert(look(&cast, &round, 1), "its last part, but two calls wait");
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), 3);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_log), 2);
    cr_assert(look(&cast, &round, 1));
    cr_assert_not(look(&cast, &round, 1));
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), 5);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_log), 0);
    cast_close(&cast);
}

/* Parts of it are in the rows already: they meet themselves. */
HALL_TEST(clones, a_round_that_was_forgotten_begins_anew_and_accuses_nobody)
{
    enum { HONEST = 4 };
    for (size_t clones = 0; clones < 2; clones++) {
        struct cast cast;
        struct note paid[2];
        struct world_wallet *const payees[] = {&cast.p, &cast.q};
        cast_open(&cast, kind);
        settle_honest(&cast, &cast.q, HONEST);
        pay_from_copies(paid, &cast, &cast.a, payees);
        for (size_t i = 0; i < 1 + clones; i++)
            HALL_OUTCOME(cast_settle(&cast, &paid[i]), OUTCOME_SETTLED);
        const size_t calls = hall_count(&cast.hall, &tables_table_clone_log);
        for (size_t looks = 1; looks < calls; looks++) { /* then the process ends */
            struct clones_round round AUTO(clones_round_forget) = {0};
            for (size_t i = 0; i < looks; i++)
                cr_assert(look(&cast, &round, 1));
            cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_log), calls);
            cr_assert_leq(hall_cases(&cast.hall), clones);
        }
        look_at_all(&cast);
        cr_assert_eq(hall_cases(&cast.hall), clones);
        cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), HONEST + 1);
        cast_close(&cast);
    }
}

/* Calls of so many notes each, which are hints of nothing. */
static void note_calls(struct cast *cast, size_t calls, size_t notes)
{
    struct register_env env = hall_begin(&cast->hall);
    for (size_t i = 0; i < calls; i++) {
        for (size_t j = 0; j < notes; j++) {
            const struct payment payment = {.serial = 1, .counter = i * notes + j};
            HALL_OK(clones_note(&env, &payment, &cast->a.pair.public_key));
        }
        HALL_OK(clones_keep(&env));
    }
    hall_end(&cast->hall);
}

/* Rows of many calls are read, and struck off, by looks of their own: none takes long. */
HALL_TEST(clones, many_calls_take_looks_that_read_and_looks_that_strike_off)
{
    enum { READ = 256, STRUCK = 256, CALLS = 2 * STRUCK + 1 };
    static const struct {
        size_t seen, left;
        bool more;
    } ends[] = {{CALLS, CALLS - STRUCK, true}, {CALLS, 1, true}, {CALLS, 0, false}};
    struct clones_round round AUTO(clones_round_forget) = {0};
    struct cast cast;
    cast_open(&cast, kind);
    note_calls(&cast, CALLS, 1);
    for (size_t i = 0; i < CALLS / READ; i++) {
        cr_assert(look(&cast, &round, CALLS));
        cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), 0, "look %zu", i);
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        cr_assert_eq(look(&cast, &round, CALLS), ends[i].more, "row %zu", i);
        cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_seen), ends[i].seen, "row %zu", i);
        cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_log), ends[i].left, "row %zu", i);
    }
    cast_close(&cast);
}

HALL_TEST(clones, large_calls_take_more_looks_to_read)
{
    enum { CALLS = 40, CALL = 1024, A_LOOK = 8192 };
    struct clones_round round AUTO(clones_round_forget) = {0};
    struct cast cast;
    cast_open(&cast, kind);
    note_calls(&cast, CALLS, CALL);
    for (size_t look_number = 1; look_number < CALLS * CALL / A_LOOK; look_number++) {
        cr_assert(look(&cast, &round, 1));
        cr_assert_eq(round.left, look_number * A_LOOK);
    }
    cr_assert(look(&cast, &round, 1));
    cr_assert_lt(round.left, CALLS * CALL, "it looked, too");
    cast_close(&cast);
}

/* Else calls that go on coming would make it longer for ever. */
HALL_TEST(clones, what_comes_while_a_round_is_gathered_is_the_next_rounds)
{
    enum { CALLS = 257, MORE = 5 };
    struct clones_round round AUTO(clones_round_forget) = {0};
    struct cast cast;
    cast_open(&cast, kind);
    note_calls(&cast, CALLS, 1);
    cr_assert(look(&cast, &round, CALLS));
    cr_assert_not(round.is_gathered);
    note_calls(&cast, MORE, 1);
    cr_assert(look(&cast, &round, 1));
    cr_assert(round.is_gathered);
    cr_assert_not(round.is_full);
    while (round.end > 0)
        cr_assert(look(&cast, &round, CALLS));
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_log), MORE);
    look_at_all(&cast);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_log), 0);
    cast_close(&cast);
}

/* Of keys that begin alike, and of others. */
HALL_TEST(clones, the_parts_of_a_round_are_in_the_order_of_the_table)
{
    static const uint64_t counters[] = {30, 10, 90, 40, 20, 80, 60, 70, 50};
    enum { CALLS = sizeof counters / sizeof counters[0] };
    const struct store_query last = {
        .table = &tables_table_clone_seen, .index_number = -1, .descending = true, .count_max = 1};
    struct clones_round round AUTO(clones_round_forget) = {0};
    struct cast cast;
    cast_open(&cast, kind);
    for (size_t i = 0; i < CALLS; i++) {
        struct register_env env = hall_begin(&cast.hall);
        const struct payment payment = {.serial = 1, .counter = counters[i]};
        struct public_key key = cast.a.pair.public_key;
        key.bytes[1] = (uint8_t)(counters[i] / 30); /* where its part begins */
        HALL_OK(clones_note(&env, &payment, &key));
        HALL_OK(clones_keep(&env));
        hall_end(&cast.hall);
    }
    for (size_t i = 1; i <= CALLS; i++) {
        struct list rows = {0};
        (void)look(&cast, &round, 1);
        struct register_env env = hall_begin(&cast.hall);
        HALL_OK(store_list(env.store, &rows, &last, NULL, env.arena));
        cr_assert_eq(((const struct clone_seen *)rows.items)->counter, 10 * i);
        hall_end(&cast.hall);
    }
    cast_close(&cast);
}

HALL_TEST(clones, a_round_has_so_many_notes_and_says_what_it_left)
{
    enum { CALL = 8192, FULL = CLONES_NOTES_MAX / CALL };
    static const struct {
        size_t calls, notes, left;
    } rows[] = {
        {5, 1, 0},           {FULL, CALL, 0},           {FULL + 1, CALL, 1},
        {FULL, CALL - 1, 0}, {FULL + 2, CALL - 100, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct clones_round round AUTO(clones_round_forget) = {0};
        struct cast cast;
        cast_open(&cast, kind);
        note_calls(&cast, rows[i].calls, rows[i].notes);
        while (!round.is_gathered)
            cr_assert(look(&cast, &round, 1));
        cr_assert_eq(round.is_full, rows[i].left > 0, "row %zu", i);
        cr_assert_eq(look(&cast, &round, SIZE_MAX), rows[i].left > 0, "row %zu", i);
        cr_assert_eq(hall_count(&cast.hall, &tables_table_clone_log), rows[i].left, "row %zu", i);
        look_at_all(&cast);
        cast_close(&cast);
    }
}
