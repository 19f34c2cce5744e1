/* The contract suite of store.h, run over every backend by store_memory_test.c and
 * store_sqlite_test.c. What is judged by a model is in store_contract_model.c.
 */
#include "tests/common/store/store_contract.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct table *const coins = &contract_table_contract_coin;
static const struct table *const things = &contract_table_contract_thing;
static const struct table *const settings = &contract_table_contract_setting;

static void expect_same_cose(const struct cose *a, const struct cose *b)
{
    cr_assert(span_equal(a->payload, b->payload));
    cr_assert_arr_eq(a->signature.bytes, b->signature.bytes, SIGNATURE_SIZE);
}

static void expect_same_thing(const struct contract_thing *a, const struct contract_thing *b)
{
    cr_assert_arr_eq(a->thing_id.bytes, b->thing_id.bytes, NONCE_SIZE);
    cr_assert_eq(a->small, b->small);
    cr_assert_eq(amount_compare(a->amount, b->amount), 0);
    cr_assert_eq(balance_compare(a->balance, b->balance), 0);
    cr_assert_arr_eq(a->key_id.bytes, b->key_id.bytes, KEY_ID_SIZE);
    cr_assert(span_equal(a->blob, b->blob));
    cr_assert(span_equal(a->text, b->text));
    expect_same_cose(&a->record, &b->record);
    cr_assert(a->has_maybe_uint == b->has_maybe_uint && a->maybe_uint == b->maybe_uint);
    cr_assert_eq(a->has_maybe_id, b->has_maybe_id);
    cr_assert(id_equal(&a->maybe_id, &b->maybe_id));
    cr_assert_eq(a->has_maybe_key, b->has_maybe_key);
    cr_assert(key_equal(&a->maybe_key, &b->maybe_key));
    cr_assert_eq(a->has_maybe_nonce, b->has_maybe_nonce);
    cr_assert_arr_eq(a->maybe_nonce.bytes, b->maybe_nonce.bytes, NONCE_SIZE);
    cr_assert_eq(a->has_maybe_blob, b->has_maybe_blob);
    cr_assert(span_equal(a->maybe_blob, b->maybe_blob));
    cr_assert_eq(a->has_maybe_text, b->has_maybe_text);
    cr_assert(span_equal(a->maybe_text, b->maybe_text));
    cr_assert_eq(a->has_maybe_record, b->has_maybe_record);
    expect_same_cose(&a->maybe_record, &b->maybe_record);
}

void store_contract_keeps_every_field_kind(struct store *store)
{
    AUTO(arena_fini) struct arena arena = {0};
    for (unsigned full = 0; full < 2; full++) {
        const struct contract_thing thing = contract_make_thing(full, full == 1);
        EXPECT_OK(store_begin(store, STORE_WRITE));
        EXPECT_OK(store_insert(store, things, &thing));
        EXPECT_OK(store_commit(store));
    }
    EXPECT_OK(store_begin(store, STORE_READ));
    for (unsigned full = 0; full < 2; full++) {
        const struct contract_thing thing = contract_make_thing(full, full == 1);
        struct contract_thing found;
        memset(&found, 0xff, sizeof found);
        found.thing_id = thing.thing_id;
        found.has_maybe_uint = found.has_maybe_id = found.has_maybe_key = false;
        found.has_maybe_nonce = found.has_maybe_blob = found.has_maybe_text = false;
        found.has_maybe_record = false;
        EXPECT_OK(store_get(store, things, &found, &arena));
        expect_same_thing(&found, &thing);
    }
    EXPECT_OK(store_commit(store));
}

/* One bound a line: what is wrong with a thing, and the answer. */
enum wrong {
    SMALL_LOW,
    SMALL_HIGH,
    SMALL_HUGE,
    BLOB_SHORT,
    BLOB_LONG,
    TEXT_LONG,
    TEXT_BROKEN,
    MAYBE_UINT_LOW,
    MAYBE_UINT_HIGH,
    MAYBE_BLOB_LONG,
    SIGNED_EMPTY,
    NOTHING,
};

static void spoil(struct contract_thing *thing, enum wrong wrong)
{
    static const uint8_t bytes[301];
    switch (wrong) {
    case SMALL_LOW:
        thing->small = 2;
        break;
    case SMALL_HIGH:
        thing->small = 10;
        break;
    case SMALL_HUGE:
        thing->small = UINT64_MAX;
        break;
    case BLOB_SHORT:
        thing->blob = span_of(bytes, 1);
        break;
    case BLOB_LONG:
        thing->blob = span_of(bytes, 301);
        break;
    case TEXT_LONG:
        thing->text = span_text("twenty-one bytes here");
        break;
    case TEXT_BROKEN:
        thing->text = span_text("\xff");
        break;
    case MAYBE_UINT_LOW:
        thing->maybe_uint = 0;
        break;
    case MAYBE_UINT_HIGH:
        thing->maybe_uint = 101;
        break;
    case MAYBE_BLOB_LONG:
        thing->maybe_blob = span_of(bytes, 11);
        break;
    case SIGNED_EMPTY:
        thing->record.payload.size = 0;
        break;
    case NOTHING:
        break;
    }
}

void store_contract_refuses_values_out_of_bounds(struct store *store)
{
    static const struct {
        enum wrong wrong;
        enum err expected;
    } cases[] = {
        {SMALL_LOW, ERR_RANGE},       {SMALL_HIGH, ERR_RANGE},     {SMALL_HUGE, ERR_RANGE},
        {BLOB_SHORT, ERR_LIMIT},      {BLOB_LONG, ERR_LIMIT},      {TEXT_LONG, ERR_LIMIT},
        {TEXT_BROKEN, ERR_PARSE},     {MAYBE_UINT_LOW, ERR_RANGE}, {MAYBE_UINT_HIGH, ERR_RANGE},
        {MAYBE_BLOB_LONG, ERR_LIMIT}, {SIGNED_EMPTY, ERR_LIMIT},   {NOTHING, ERR_OK},
    };
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct contract_thing thing = contract_make_thing(1, true);
        spoil(&thing, cases[i].wrong);
        EXPECT_ERR(store_insert(store, things, &thing), cases[i].expected);
    }
    /* An amount of zero where one is due; a refusal leaves the transaction fit. */
    struct contract_coin coin = contract_make_coin(1, 1);
    coin.amount = amount_zero();
    EXPECT_ERR(store_insert(store, coins, &coin), ERR_RANGE);
    EXPECT_OK(store_commit(store));
    cr_assert_eq(contract_count(store, things), 1);
}

void store_contract_never_inserts_twice(struct store *store)
{
    struct contract_coin coin = contract_make_coin(7, 1);
    AUTO(arena_fini) struct arena arena = {0};
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_OK(store_insert(store, coins, &coin));
    EXPECT_ERR(store_insert(store, coins, &coin), ERR_EXISTS);
    EXPECT_OK(store_commit(store));
    EXPECT_OK(store_begin(store, STORE_WRITE));
    coin.state = 5;
    EXPECT_ERR(store_insert(store, coins, &coin), ERR_EXISTS);
    EXPECT_OK(store_get(store, coins, &coin, &arena));
    cr_assert_eq(coin.state, 2);
    coin.serial = 8; /* half of the key is another key */
    EXPECT_OK(store_insert(store, coins, &coin));
    const struct contract_setting setting = {.setting_id = 0};
    EXPECT_OK(store_insert(store, settings, &setting));
    EXPECT_ERR(store_insert(store, settings, &setting), ERR_EXISTS);
    EXPECT_OK(store_commit(store));
}

void store_contract_holds_unique_over_present_values(struct store *store)
{
    struct contract_coin child = contract_make_coin(1, 1);
    struct contract_coin other = contract_make_coin(1, 2);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_OK(store_insert(store, coins, &child)); /* both without parent: no conflict */
    EXPECT_OK(store_insert(store, coins, &other));
    child.has_parent_coin_id = other.has_parent_coin_id = true;
    EXPECT_OK(store_update(store, coins, &child));
    EXPECT_OK(store_update(store, coins, &child)); /* with itself neither */
    EXPECT_ERR(store_update(store, coins, &other), ERR_EXISTS);
    EXPECT_ERR(store_put(store, coins, &other), ERR_EXISTS);
    other.coin_id.bytes[3] = 3;
    EXPECT_ERR(store_insert(store, coins, &other), ERR_EXISTS);
    struct contract_thing thing = contract_make_thing(1, true);
    thing.has_maybe_id = false; /* half of a unique pair absent */
    EXPECT_OK(store_insert(store, things, &thing));
    thing.thing_id.bytes[1] = 1;
    EXPECT_OK(store_insert(store, things, &thing));
    thing.has_maybe_id = true;
    EXPECT_OK(store_update(store, things, &thing));
    thing.thing_id.bytes[1] = 2;
    EXPECT_ERR(store_insert(store, things, &thing), ERR_EXISTS);
    EXPECT_OK(store_commit(store));
    cr_assert_eq(contract_count(store, coins), 2);
    cr_assert_eq(contract_count(store, things), 2);
}

void store_contract_answers_missing(struct store *store)
{
    AUTO(arena_fini) struct arena arena = {0};
    struct contract_coin coin = contract_make_coin(1, 1);
    struct list rows;
    const struct store_query all = {.table = coins, .index_number = -1};
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_ERR(store_get(store, coins, &coin, &arena), ERR_MISSING);
    EXPECT_ERR(store_update(store, coins, &coin), ERR_MISSING);
    EXPECT_ERR(store_delete(store, coins, &coin), ERR_MISSING);
    EXPECT_OK(store_list(store, &rows, &all, NULL, &arena));
    cr_assert_eq(rows.count, 0);
    EXPECT_OK(store_insert(store, coins, &coin));
    EXPECT_OK(store_delete(store, coins, &coin));
    EXPECT_ERR(store_delete(store, coins, &coin), ERR_MISSING);
    EXPECT_OK(store_commit(store));
}

void store_contract_puts_either_way(struct store *store)
{
    AUTO(arena_fini) struct arena arena = {0};
    struct contract_setting setting = {.setting_id = INTEGER_MAX, .value = span_text("one")};
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_OK(store_put(store, settings, &setting));
    setting.value = span_text("two");
    EXPECT_OK(store_put(store, settings, &setting));
    setting.value = span_text("");
    EXPECT_OK(store_get(store, settings, &setting, &arena));
    cr_assert(span_equal(setting.value, span_text("two")));
    EXPECT_OK(store_commit(store));
    cr_assert_eq(contract_count(store, settings), 1);
}

void store_contract_sees_its_own_writes_and_rolls_back(struct store *store)
{
    AUTO(arena_fini) struct arena arena = {0};
    contract_insert_coins(store, 1, 3);
    struct contract_coin coin = contract_make_coin(1, 0);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    coin.state = 5;
    EXPECT_OK(store_update(store, coins, &coin));
    EXPECT_OK(store_delete(store, coins, &coin));
    EXPECT_OK(store_insert(store, coins, &coin));
    coin = contract_make_coin(1, 1);
    EXPECT_OK(store_delete(store, coins, &coin));
    EXPECT_ERR(store_get(store, coins, &coin, &arena), ERR_MISSING);
    coin = contract_make_coin(2, 9);
    EXPECT_OK(store_put(store, coins, &coin));
    EXPECT_OK(store_get(store, coins, &coin, &arena));
    store_rollback(store);
    store_rollback(store); /* harmless */
    cr_assert_eq(contract_count(store, coins), 3);
    EXPECT_OK(store_begin(store, STORE_READ));
    coin = contract_make_coin(1, 0);
    EXPECT_OK(store_get(store, coins, &coin, &arena));
    cr_assert_eq(coin.state, 1);
    store_rollback(store);
    EXPECT_OK(store_check(store, NULL, 0));
}

/* --- failures and limits --- */

void store_contract_stays_failed_until_rollback(struct store *store)
{
    AUTO(arena_fini) struct arena arena = {0};
    struct contract_coin coin = contract_make_coin(1, 1);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_OK(store_insert(store, coins, &coin));
    store_fail_at(store, 0, ERR_DISK_FULL);
    coin.serial = 2;
    EXPECT_ERR(store_insert(store, coins, &coin), ERR_DISK_FULL);
    EXPECT_ERR(store_insert(store, coins, &coin), ERR_DISK_FULL);
    EXPECT_ERR(store_get(store, coins, &coin, &arena), ERR_DISK_FULL);
    EXPECT_ERR(store_commit(store), ERR_DISK_FULL);
    store_rollback(store);
    cr_assert_eq(contract_count(store, coins), 0);
    contract_insert_coins(store, 1, 1);
    cr_assert_eq(contract_count(store, coins), 1);
}

void store_contract_lists_absent_values(struct store *store)
{
    AUTO(arena_fini) struct arena arena = {0};
    struct list rows;
    struct contract_coin child = contract_make_coin(1, 9);
    const struct store_query orphans = {.table = coins, .index_number = 2, .prefix_count = 1};
    contract_insert_coins(store, 1, 3);
    child.has_parent_coin_id = true;
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_OK(store_insert(store, coins, &child));
    EXPECT_OK(store_list(store, &rows, &orphans, &child, &arena));
    cr_assert_eq(rows.count, 1);
    child.has_parent_coin_id = false;
    EXPECT_OK(store_list(store, &rows, &orphans, &child, &arena));
    cr_assert_eq(rows.count, 3);
    EXPECT_OK(store_commit(store));
}

void store_contract_respects_the_arena_limit(struct store *store)
{
    AUTO(arena_fini) struct arena small = {.limit = 512};
    struct list rows;
    const struct store_query all = {.table = coins, .index_number = -1};
    contract_insert_coins(store, 1, 30);
    EXPECT_OK(store_begin(store, STORE_READ));
    EXPECT_ERR(store_list(store, &rows, &all, NULL, &small), ERR_LIMIT);
    cr_assert(rows.items == NULL && rows.count == 0);
    EXPECT_OK(store_commit(store));
}

/* On disk or not yet, it is committed. */
void store_contract_commits_early(struct store *store)
{
    const struct contract_coin one = contract_make_coin(1, 1), two = contract_make_coin(1, 2);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_OK(store_insert(store, coins, &one));
    EXPECT_OK(store_commit_early(store));
    store_rollback(store);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_ERR(store_insert(store, coins, &one), ERR_EXISTS);
    EXPECT_OK(store_insert(store, coins, &two));
    store_rollback(store);
    EXPECT_OK(store_flush(store));
    cr_assert_eq(contract_count(store, coins), 1);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    store_fail_at(store, 0, ERR_COMMIT_UNKNOWN);
    EXPECT_ERR(store_commit_early(store), ERR_COMMIT_UNKNOWN);
    store_rollback(store);
}
