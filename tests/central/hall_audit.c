/* What must hold of the rows whatever happened, and that nothing happens by halves. */
#include "central/register_owner_runs.h"
#include "common/money/evidence.h"
#include "common/money/proof.h"
#include "tests/central/hall.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct list all_rows(struct hall *hall, const struct table *table)
{
    const struct store_query query = {.table = table, .index_number = -1};
    struct list rows = {0};
    HALL_OK(store_list(hall->store, &rows, &query, NULL, &hall->world.arena));
    return rows;
}

static bool has_coin(struct hall *hall, struct coin *coin)
{
    return store_get(hall->store, &tables_table_coin, coin, &hall->world.arena) == ERR_OK;
}

/* No row says of a coin that it is spent: only the row of its spend does. */
static void audit_coins(struct hall *hall)
{
    const struct list rows = all_rows(hall, &tables_table_coin);
    const struct coin *coins = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        cr_assert(coins[i].state == COIN_UNSPENT || coins[i].state == COIN_ORPHAN ||
                  coins[i].state == COIN_REFUNDED);
        if (coins[i].state != COIN_REFUNDED) /* was money, or an orphan */
            cr_assert_eq(coins[i].fault != FAULT_NONE, coins[i].state == COIN_ORPHAN);
    }
}

/* Each spend is of a coin, of its amount and state; its evidence is what the owner signed. */
static void audit_spends(struct hall *hall)
{
    const struct list rows = all_rows(hall, &tables_table_spend);
    const struct spend *spends = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        struct coin coin = {.serial = spends[i].serial, .coin_id = spends[i].coin_id};
        struct cose payment = {0};
        cr_assert(has_coin(hall, &coin));
        cr_assert_eq(amount_compare(coin.amount, spends[i].amount), 0);
        cr_assert_eq(coin.state, spends[i].state);
        HALL_OK(evidence_unpack(&payment, spends[i].evidence, coin.serial, &coin.coin_id,
                                &hall->world.arena));
        HALL_OK(record_verify(WORLD_NETWORK, KIND_PAYMENT, &payment, &coin.owner_key));
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

static int compare_entries(const void *a, const void *b)
{
    return memcmp(a, b, OWNER_ENTRY_SIZE);
}

/* All entries of the index by owner, sorted. */
static struct buffer owner_entries(struct hall *hall)
{
    struct buffer entries = {.limit = SIZE_MAX};
    const struct list rows = all_rows(hall, &tables_table_owner_run);
    for (size_t i = 0; i < rows.count; i++)
        HALL_OK(buffer_put(&entries, ((const struct owner_run *)rows.items)[i].entries));
    if (entries.size > 0)
        qsort(entries.data, entries.size / OWNER_ENTRY_SIZE, OWNER_ENTRY_SIZE, compare_entries);
    return entries;
}

static bool is_spent(struct hall *hall, const struct coin *coin)
{
    struct spend spend = {.serial = coin->serial, .coin_id = coin->coin_id};
    return store_get(hall->store, &tables_table_spend, &spend, &hall->world.arena) == ERR_OK;
}

/* Every coin that is not spent is in the index by owner. (Lines that were put back are spent.) */
static void audit_owners(struct hall *hall)
{
    const struct list rows = all_rows(hall, &tables_table_coin);
    const struct coin *coins = rows.items;
    if (rows.count == 0)
        return;
    struct buffer entries AUTO(buffer_fini) = owner_entries(hall);
    for (size_t i = 0; i < rows.count; i++) {
        uint8_t entry[OWNER_ENTRY_SIZE];
        if (is_spent(hall, &coins[i]))
            continue;
        memcpy(entry, coins[i].owner_key.bytes + 1, KEY_ID_SIZE);
        for (size_t j = 0; j < KEY_ID_SIZE; j++)
            entry[OWNER_SERIAL_AT + j] = (uint8_t)(coins[i].serial >> (8 * (KEY_ID_SIZE - 1 - j)));
        memcpy(entry + OWNER_COIN_AT, coins[i].coin_id.bytes, KEY_ID_SIZE);
        cr_assert_not_null(bsearch(entry, entries.data, entries.size / OWNER_ENTRY_SIZE,
                                   OWNER_ENTRY_SIZE, compare_entries),
                           "the coin of serial %zu is not in the index by owner",
                           (size_t)coins[i].serial);
    }
}

void hall_audit(struct hall *hall)
{
    HALL_OK(store_begin(hall->store, STORE_READ));
    audit_coins(hall);
    audit_owners(hall);
    audit_spends(hall);
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
