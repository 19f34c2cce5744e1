/* What must hold of the rows whatever happened, and that nothing happens by halves. */
#include "common/money/proof.h"
#include "tests/central/hall.h"

#include <criterion/criterion.h>

static struct list all_rows(struct hall *hall, const struct table *table)
{
    const struct store_query query = {.table = table, .index_number = -1};
    struct list rows = {0};
    HALL_OK(store_list(hall->store, &rows, &query, NULL, &hall->world.arena));
    return rows;
}

/* A coin has a payment if and only if it is spent (a refunded one may have one). */
static void audit_coins(struct hall *hall)
{
    const struct list rows = all_rows(hall, &tables_table_coin);
    const struct coin *coins = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        struct spend spend = {.serial = coins[i].serial, .coin_id = coins[i].coin_id};
        const bool is_spent =
            store_get(hall->store, &tables_table_spend, &spend, &hall->world.arena) == ERR_OK;
        const bool should = coins[i].state == COIN_SPENT || coins[i].state == COIN_ORPHAN_SPENT;
        if (coins[i].state == COIN_REFUNDED) /* was money, or an orphan */
            continue;
        cr_assert_eq(is_spent, should);
        cr_assert_eq(coins[i].fault != FAULT_NONE,
                     coins[i].state == COIN_ORPHAN || coins[i].state == COIN_ORPHAN_SPENT);
    }
}

/* Every payment that is not its coin's first has a case (I6). */
static void audit_losers(struct hall *hall)
{
    const struct list rows = all_rows(hall, &tables_table_loser);
    const struct loser *losers = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        const struct fraud_case from = {.coin_id = losers[i].coin_id,
                                        .payment_b_id = losers[i].payment_id};
        const struct store_query query = {
            .table = &tables_table_fraud_case, .index_number = 0, .prefix_count = 2};
        struct list cases = {0};
        HALL_OK(store_list(hall->store, &cases, &query, &from, &hall->world.arena));
        cr_assert_eq(cases.count, 1);
    }
}

/* Every proof convinces a stranger and names the key that signed both. */
static void audit_cases(struct hall *hall)
{
    const struct list rows = all_rows(hall, &tables_table_fraud_case);
    const struct fraud_case *cases = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        struct proof_finding finding = {0};
        if (!cases[i].has_proof)
            continue;
        HALL_STATUS(proof_verify(&finding, WORLD_NETWORK, &hall->world.root.public_key,
                                 cases[i].proof, &hall->world.arena),
                    STATUS_OK);
        cr_assert_eq(finding.kind, cases[i].kind);
        cr_assert(key_equal(&finding.key, &cases[i].offender_key));
    }
}

void hall_audit(struct hall *hall)
{
    HALL_OK(store_begin(hall->store, STORE_READ));
    audit_coins(hall);
    audit_losers(hall);
    audit_cases(hall);
    store_rollback(hall->store);
}

/* --- all or nothing --- */

struct id hall_snapshot(struct hall *hall)
{
    struct buffer bytes AUTO(buffer_fini) = {.limit = (size_t)64 * 1024 * 1024};
    struct arena arena AUTO(arena_fini) = {0};
    const struct books books = hall_books(hall);
    HALL_OK(store_begin(hall->store, STORE_READ));
    for (const struct table *const *table = tables_schema.tables; *table != NULL; table++) {
        const struct store_query query = {.table = *table, .index_number = -1};
        struct list rows = {0};
        if (*table == &tables_table_books) /* the wire knows no negative numbers */
            continue;
        HALL_OK(store_list(hall->store, &rows, &query, NULL, &arena));
        for (size_t i = 0; i < rows.count; i++)
            HALL_OK(wire_encode(&bytes, (*table)->schema,
                                (const char *)rows.items + i * (*table)->schema->struct_size));
    }
    store_rollback(hall->store);
    const struct span parts[] = {buffer_span(&bytes), span_of(&books, sizeof books)};
    return crypto_hash(parts, 2);
}

size_t hall_fail_everywhere(struct hall *hall,
                            enum err (*act)(struct register_env *env, void *context), void *context)
{
    const struct id before = hall_snapshot(hall);
    for (size_t failures = 0;; failures++) {
        struct register_env env = hall_begin(hall);
        store_fail_at(hall->store, (long)failures, ERR_IO);
        enum err error = act(&env, context);
        if (error == ERR_OK)
            error = store_commit(hall->store);
        store_fail_at(hall->store, -1, ERR_OK);
        store_rollback(hall->store);
        const struct id after = hall_snapshot(hall);
        if (error == ERR_OK) {
            cr_assert_not(id_equal(&before, &after));
            return failures;
        }
        cr_assert_eq(error, ERR_IO, "%s", err_name(error));
        cr_assert(id_equal(&before, &after), "half done at write %zu", failures);
    }
}
