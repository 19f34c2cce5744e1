/* The contract of tables that lie together (table.h): each is a table of its own to who asks. The
 * two parts, and a table that lies alone, are filled with the same rows by the same random acts;
 * every answer has to be the same.
 */
#include "tests/common/store/store_contract.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct table *const parts[] = {&contract_table_contract_front,
                                            &contract_table_contract_back};
static const struct table *const alone = &contract_table_contract_lone;

/* All three have the same fields, so one struct serves. */
static struct contract_lone make_row(unsigned number)
{
    static const uint8_t bytes[40] = {7, 7};
    struct contract_lone row;
    memset(&row, 0, sizeof row);
    row.serial = 1 + number % 4;
    row.coin_id.bytes[0] = (uint8_t)(number % 61 * 4);
    row.amount = contract_fen(1 + number % 1000);
    row.state = 1 + number % 3;
    row.has_key = number % 2 == 0;
    row.key.bytes[32] = row.has_key ? (uint8_t)number : 0;
    row.has_bytes = number % 5 < 2;
    row.bytes = row.has_bytes ? span_of(bytes, 1 + number % 40) : (struct span){NULL, 0};
    return row;
}

static void expect_same(const struct contract_lone *a, const struct contract_lone *b)
{
    cr_assert_eq(a->serial, b->serial);
    cr_assert(id_equal(&a->coin_id, &b->coin_id));
    cr_assert_eq(amount_compare(a->amount, b->amount), 0);
    cr_assert_eq(a->state, b->state);
    cr_assert(a->has_key == b->has_key && key_equal(&a->key, &b->key));
    cr_assert(a->has_bytes == b->has_bytes && span_equal(a->bytes, b->bytes));
}

static void expect_same_lists(struct store *store, struct store_query query,
                              const struct contract_lone *from, size_t part)
{
    AUTO(arena_fini) struct arena arena = {0};
    struct list rows, expected;
    struct balance sum, expected_sum;
    uint64_t count = 0, expected_count = 0;
    query.table = alone;
    EXPECT_OK(store_list(store, &expected, &query, from, &arena));
    EXPECT_OK(store_sum(store, &expected_sum, &expected_count, &query, from, "amount"));
    query.table = parts[part];
    EXPECT_OK(store_list(store, &rows, &query, from, &arena));
    EXPECT_OK(store_sum(store, &sum, &count, &query, from, "amount"));
    cr_assert_eq(rows.count, expected.count);
    cr_assert_eq(count, expected_count);
    cr_assert_eq(balance_compare(sum, expected_sum), 0);
    for (size_t i = 0; i < rows.count; i++)
        expect_same((const struct contract_lone *)rows.items + i,
                    (const struct contract_lone *)expected.items + i);
}

/* By key, by what is in the row, from either end, after a row, some or all. */
static void expect_same_table(struct store *store, size_t part)
{
    const struct contract_lone from = make_row(30);
    EXPECT_OK(store_begin(store, STORE_READ));
    for (int number = -1; number < 2; number++)
        for (unsigned bits = 0; bits < 16; bits++)
            expect_same_lists(store,
                              (struct store_query){.index_number = number,
                                                   .prefix_count = bits & 1,
                                                   .after = (bits & 2) != 0,
                                                   .descending = (bits & 4) != 0,
                                                   .count_max = (bits & 8) != 0 ? 3 : 0},
                              &from, part);
    EXPECT_OK(store_commit(store));
}

static enum err act(struct store *store, const struct table *table, unsigned kind,
                    struct contract_lone *row, struct arena *arena)
{
    switch (kind % 4) {
    case 0:
        return store_insert(store, table, row);
    case 1:
        return store_update(store, table, row);
    case 2:
        return store_get(store, table, row, arena);
    default:
        return store_delete(store, table, row);
    }
}

static void act_alike(struct store *store, size_t part)
{
    AUTO(arena_fini) struct arena arena = {0};
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (unsigned i = 0; i < 400; i++) {
        const unsigned kind = i < 120 ? 0 : i * i + (unsigned)part;
        struct contract_lone row = make_row(i * 37 % 251), expected = row;
        const enum err error = act(store, alone, kind, &expected, &arena);
        EXPECT_ERR(act(store, parts[part], kind, &row, &arena), error);
        expect_same(&row, &expected);
    }
    EXPECT_OK(store_commit(store));
}

static struct list all_rows(struct store *store, const struct table *table, struct arena *arena)
{
    struct list rows;
    const struct store_query all = {.table = table, .index_number = -1};
    EXPECT_OK(store_begin(store, STORE_READ));
    EXPECT_OK(store_list(store, &rows, &all, NULL, arena));
    EXPECT_OK(store_commit(store));
    cr_assert_gt(rows.count, 20);
    return rows;
}

static void expect_same_rows(const struct list *a, const struct list *b)
{
    cr_assert_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        expect_same((const struct contract_lone *)a->items + i,
                    (const struct contract_lone *)b->items + i);
}

static void empty(struct store *store, const struct table *table, const struct list *rows)
{
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (size_t i = 0; i < rows->count; i++)
        EXPECT_OK(store_delete(store, table, (struct contract_lone *)rows->items + i));
    EXPECT_OK(store_commit(store));
}

/* What is done to one part does not show in the other. */
void store_contract_parts_are_tables(struct store *store)
{
    AUTO(arena_fini) struct arena arena = {0};
    act_alike(store, 0);
    expect_same_table(store, 0);
    cr_assert_eq(contract_count(store, parts[1]), 0);
    const struct list first = all_rows(store, parts[0], &arena);
    empty(store, alone, &first);
    act_alike(store, 1);
    expect_same_table(store, 1);
    EXPECT_OK(store_check(store, NULL, 0));
    const struct list kept = all_rows(store, parts[0], &arena);
    expect_same_rows(&kept, &first);
    const struct list second = all_rows(store, parts[1], &arena);
    empty(store, parts[1], &second);
    const struct list still = all_rows(store, parts[0], &arena);
    expect_same_rows(&still, &first);
}

void store_contract_parts_have_bounds(struct store *store)
{
    struct contract_lone row = make_row(4);
    row.state = 4;
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_ERR(store_insert(store, parts[0], &row), ERR_RANGE);
    row.state = 3;
    EXPECT_OK(store_insert(store, parts[0], &row));
    EXPECT_ERR(store_insert(store, parts[0], &row), ERR_EXISTS);
    EXPECT_OK(store_insert(store, parts[1], &row));
    EXPECT_ERR(store_insert(store, parts[1], &row), ERR_EXISTS);
    store_rollback(store);
    cr_assert_eq(contract_count(store, parts[0]), 0);
    cr_assert_eq(contract_count(store, parts[1]), 0);
}

/* In a transaction and without one, of rows that are there and of others, of every table. */
void store_contract_foresees_and_changes_nothing(struct store *store)
{
    AUTO(arena_fini) struct arena arena = {0};
    struct contract_lone row = make_row(1);
    for (int i = 0; i < 3; i++) {
        const struct contract_thing thing = contract_make_thing(1, true);
        store_foresee(store, &contract_table_contract_thing, &thing);
        for (unsigned number = 0; number < 200; number++) {
            const struct contract_lone likely = make_row(number);
            store_foresee(store, parts[number % 2], &likely);
            store_foresee(store, alone, &likely);
        }
        EXPECT_OK(store_begin(store, STORE_WRITE));
        store_foresee(store, parts[0], &row);
        if (i == 0)
            EXPECT_OK(store_insert(store, parts[0], &row));
        EXPECT_OK(store_get(store, parts[0], &row, &arena));
        EXPECT_ERR(store_get(store, parts[1], &row, &arena), ERR_MISSING);
        row = make_row(1);
        EXPECT_ERR(store_insert(store, parts[0], &row), ERR_EXISTS);
        EXPECT_OK(store_commit(store));
    }
    cr_assert_eq(contract_count(store, parts[0]), 1);
    EXPECT_OK(store_check(store, NULL, 0));
}
