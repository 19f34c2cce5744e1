/* The contract suite of store.h, run over every backend by store_memory_test.c and store_sqlite_test.c.
 *
 * Lists, sums and random acts are judged by a model that is an array and loops.
 */
#include "tests/common/store/store_contract.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

const struct store_schema contract_schema = {
    .application = "contract", .version = 1, .tables = contract_tables};

static const struct table *const coins = &contract_table_contract_coin;
static const struct table *const things = &contract_table_contract_thing;
static const struct table *const settings = &contract_table_contract_setting;

/* A small generator, so that a failure repeats. */
static uint64_t random_state = 1;
static unsigned pick(unsigned below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % below;
}

static struct amount fen(uint64_t value)
{
    struct amount amount;
    EXPECT_OK(amount_from_fen(&amount, value));
    return amount;
}

struct contract_coin contract_make_coin(uint64_t serial, unsigned number)
{
    struct contract_coin coin;
    memset(&coin, 0, sizeof coin);
    coin.serial = serial;
    coin.coin_id.bytes[0] = (uint8_t)(number >> 8);
    coin.coin_id.bytes[31] = (uint8_t)number;
    coin.amount = fen(100 + number);
    coin.owner_key.bytes[0] = 2;
    coin.owner_key.bytes[32] = (uint8_t)(number % 3);
    coin.state = 1 + number % 2;
    return coin;
}

static void fill_present(struct contract_thing *thing, unsigned number)
{
    static const uint8_t bytes[64] = {9, 8, 7};
    thing->has_maybe_uint = true;
    thing->maybe_uint = 1 + number % 100;
    thing->has_maybe_id = true;
    thing->maybe_id.bytes[5] = 5;
    thing->has_maybe_key = true;
    thing->maybe_key.bytes[32] = 6;
    thing->has_maybe_nonce = true;
    thing->maybe_nonce.bytes[0] = 7;
    thing->has_maybe_blob = true;
    thing->maybe_blob = span_of(bytes, 10);
    thing->has_maybe_text = true;
    thing->maybe_text = span_text("yuan");
    thing->has_maybe_record = true;
    thing->maybe_record.payload = span_of(bytes, 40);
    thing->maybe_record.signature.bytes[63] = 1;
}

struct contract_thing contract_make_thing(unsigned number, bool full)
{
    static const uint8_t bytes[300] = {1, 0, 2};
    struct contract_thing thing;
    memset(&thing, 0, sizeof thing);
    thing.thing_id.bytes[0] = (uint8_t)number;
    thing.small = 3 + number % 7;
    thing.amount = fen(full ? AMOUNT_MAX : 0);
    thing.balance = balance_from_fen(full ? -(int64_t)AMOUNT_MAX : 12);
    thing.key_id.bytes[7] = 77;
    thing.blob = span_of(bytes, full ? 300 : 2);
    thing.text = full ? span_text("\xe5\x85\x83 twenty bytes ok!") : span_text("");
    thing.record.payload = span_of(bytes, full ? 200 : 1);
    thing.record.signature.bytes[0] = 3;
    if (full) {
        fill_present(&thing, number);
    }
    return thing;
}

void contract_insert_coins(struct store *store, uint64_t serial, unsigned count)
{
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (unsigned i = 0; i < count; i++) {
        const struct contract_coin coin = contract_make_coin(serial, i);
        EXPECT_OK(store_insert(store, coins, &coin));
    }
    EXPECT_OK(store_commit(store));
}

size_t contract_count(struct store *store, const struct table *table)
{
    AUTO(arena_fini) struct arena arena = {0};
    struct list rows;
    const struct store_query all = {.table = table, .index_number = -1};
    EXPECT_OK(store_begin(store, STORE_READ));
    EXPECT_OK(store_list(store, &rows, &all, NULL, &arena));
    EXPECT_OK(store_commit(store));
    return rows.count;
}

/* --- rows --- */

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

/* --- against a model: an array of coins and loops --- */

enum { MODEL_MAX = 400 };
struct model {
    struct contract_coin coins[MODEL_MAX];
    size_t count;
};

static int compare_keys(const struct contract_coin *a, const struct contract_coin *b)
{
    if (a->serial != b->serial) {
        return a->serial < b->serial ? -1 : 1;
    }
    return memcmp(a->coin_id.bytes, b->coin_id.bytes, ID_SIZE);
}

static int compare_coins(const void *a, const void *b)
{
    return compare_keys(a, b);
}

static bool model_matches(const struct contract_coin *coin, const struct store_query *query,
                          const struct contract_coin *from)
{
    const int order = compare_keys(coin, from);
    if (query->after && (query->descending ? order >= 0 : order <= 0)) {
        return false;
    }
    if (query->index_number < 0) {
        return (query->prefix_count < 1 || coin->serial == from->serial) &&
               (query->prefix_count < 2 || id_equal(&coin->coin_id, &from->coin_id));
    }
    if (query->index_number == 2) {
        return query->prefix_count < 1 || (coin->has_parent_coin_id == from->has_parent_coin_id &&
                                           id_equal(&coin->parent_coin_id, &from->parent_coin_id));
    }
    return (query->prefix_count < 1 || key_equal(&coin->owner_key, &from->owner_key)) &&
           (query->prefix_count < 2 || coin->state == from->state);
}

static void model_list(struct model *out, struct model *model, const struct store_query *query,
                       const struct contract_coin *from)
{
    qsort(model->coins, model->count, sizeof model->coins[0], compare_coins);
    out->count = 0;
    for (size_t i = 0; i < model->count; i++) {
        const size_t at = query->descending ? model->count - 1 - i : i;
        if (model_matches(&model->coins[at], query, from) &&
            (query->count_max == 0 || out->count < query->count_max)) {
            out->coins[out->count++] = model->coins[at];
        }
    }
}

static struct contract_coin random_coin(void)
{
    struct contract_coin coin = contract_make_coin(1 + pick(8), pick(30));
    coin.amount = fen(1 + pick(1000000));
    coin.state = 1 + pick(3);
    coin.owner_key.bytes[32] = (uint8_t)pick(3);
    coin.coin_id.bytes[30] =
        (uint8_t)(200 * pick(2)); /* bytes above 127 must not sort as negative */
    return coin;
}

static struct store_query random_query(void)
{
    static const size_t prefix_max[] = {2, 1, 2, 1};
    struct store_query query = {.table = coins, .index_number = (int)pick(4) - 1};
    query.prefix_count = pick((unsigned)prefix_max[query.index_number + 1] + 1);
    query.after = pick(2) == 0;
    query.descending = pick(2) == 0;
    query.count_max = pick(3) == 0 ? 1 + pick(6) : 0;
    return query;
}

static void fill_model(struct store *store, struct model *model)
{
    model->count = 0;
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (unsigned i = 0; i < 300; i++) {
        struct contract_coin coin = random_coin();
        coin.has_parent_coin_id = pick(2) == 0;
        if (coin.has_parent_coin_id) {
            coin.parent_coin_id.bytes[0] = (uint8_t)i;
            coin.parent_coin_id.bytes[1] = (uint8_t)(i >> 8);
        }
        const enum err error = store_insert(store, coins, &coin);
        if (error == ERR_OK) {
            model->coins[model->count++] = coin;
        } else {
            EXPECT_ERR(error, ERR_EXISTS);
        }
    }
    EXPECT_OK(store_commit(store));
}

static void expect_same_coin(const struct contract_coin *a, const struct contract_coin *b)
{
    cr_assert_eq(compare_keys(a, b), 0);
    cr_assert_eq(amount_compare(a->amount, b->amount), 0);
    cr_assert_eq(a->state, b->state);
    cr_assert(key_equal(&a->owner_key, &b->owner_key));
    cr_assert_eq(a->has_parent_coin_id, b->has_parent_coin_id);
    cr_assert(id_equal(&a->parent_coin_id, &b->parent_coin_id));
}

static void expect_same_list(const struct list *rows, const struct model *expected)
{
    const struct contract_coin *found = rows->items;
    cr_assert_eq(rows->count, expected->count, "%zu rows, expected %zu", rows->count,
                 expected->count);
    for (size_t i = 0; i < rows->count; i++) {
        expect_same_coin(&found[i], &expected->coins[i]);
    }
}

void store_contract_lists_like_the_model(struct store *store)
{
    static struct model model, expected;
    AUTO(arena_fini) struct arena arena = {0};
    fill_model(store, &model);
    EXPECT_OK(store_begin(store, STORE_READ));
    for (int i = 0; i < 1000; i++) {
        struct list rows;
        const struct store_query query = random_query();
        struct contract_coin from = random_coin();
        if (pick(2) == 0) { /* one that is there */
            from = model.coins[pick((unsigned)model.count)];
        }
        model_list(&expected, &model, &query, &from);
        EXPECT_OK(store_list(store, &rows, &query, &from, &arena));
        expect_same_list(&rows, &expected);
        arena_reset(&arena);
    }
    EXPECT_OK(store_commit(store));
}

void store_contract_sums_like_the_model(struct store *store)
{
    static struct model model, expected;
    fill_model(store, &model);
    EXPECT_OK(store_begin(store, STORE_READ));
    for (int i = 0; i < 300; i++) {
        struct store_query query = random_query();
        const struct contract_coin from = model.coins[pick((unsigned)model.count)];
        struct balance sum, expected_sum = balance_from_fen(0);
        uint64_t count = 0;
        EXPECT_OK(store_sum(store, &sum, &count, &query, &from, "amount"));
        query.count_max = 0;
        model_list(&expected, &model, &query, &from);
        for (size_t k = 0; k < expected.count; k++) {
            EXPECT_OK(balance_add(&expected_sum, expected_sum, expected.coins[k].amount));
        }
        cr_assert_eq(count, expected.count);
        cr_assert_eq(balance_compare(sum, expected_sum), 0);
    }
    EXPECT_OK(store_commit(store));
}

void store_contract_refuses_a_sum_beyond_a_balance(struct store *store)
{
    struct balance sum;
    uint64_t count;
    const struct store_query all = {.table = things, .index_number = -1};
    struct contract_thing thing = contract_make_thing(1, true);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    EXPECT_OK(store_sum(store, &sum, &count, &all, NULL, "amount"));
    cr_assert(balance_fen(sum) == 0 && count == 0);
    EXPECT_OK(store_insert(store, things, &thing));
    EXPECT_OK(store_sum(store, &sum, &count, &all, NULL, "amount"));
    cr_assert(balance_fen(sum) == (int64_t)AMOUNT_MAX && count == 1);
    EXPECT_OK(store_sum(store, &sum, &count, &all, NULL, "balance"));
    cr_assert(balance_fen(sum) == -(int64_t)AMOUNT_MAX);
    thing = contract_make_thing(2, true);
    EXPECT_OK(store_insert(store, things, &thing));
    EXPECT_ERR(store_sum(store, &sum, &count, &all, NULL, "amount"), ERR_RANGE);
    EXPECT_ERR(store_sum(store, &sum, &count, &all, NULL, "balance"), ERR_RANGE);
    EXPECT_OK(store_commit(store));
}

static struct contract_coin *model_find(struct model *model, const struct contract_coin *coin)
{
    for (size_t i = 0; i < model->count; i++) {
        if (compare_keys(&model->coins[i], coin) == 0) {
            return &model->coins[i];
        }
    }
    return NULL;
}

enum act { ACT_GET, ACT_INSERT, ACT_UPDATE, ACT_PUT, ACT_DELETE, ACT_COUNT };

static enum err model_act(struct model *model, enum act act, struct contract_coin *coin)
{
    struct contract_coin *found = model_find(model, coin);
    const bool makes = act == ACT_INSERT || act == ACT_PUT;
    if (found == NULL && !makes) {
        return ERR_MISSING;
    }
    if (found != NULL && act == ACT_INSERT) {
        return ERR_EXISTS;
    }
    if (act == ACT_GET) {
        *coin = *found;
    } else if (act == ACT_DELETE) {
        *found = model->coins[--model->count];
    } else {
        *(found != NULL ? found : &model->coins[model->count++]) = *coin;
    }
    return ERR_OK;
}

static enum err store_act(struct store *store, enum act act, struct contract_coin *coin,
                          struct arena *arena)
{
    switch (act) {
    case ACT_GET:
        return store_get(store, coins, coin, arena);
    case ACT_INSERT:
        return store_insert(store, coins, coin);
    case ACT_UPDATE:
        return store_update(store, coins, coin);
    case ACT_PUT:
        return store_put(store, coins, coin);
    case ACT_DELETE:
        return store_delete(store, coins, coin);
    case ACT_COUNT:
        break;
    }
    abort();
}

static void expect_like_model(struct store *store, struct model *model)
{
    static struct model expected;
    AUTO(arena_fini) struct arena arena = {0};
    const struct contract_coin from = {0};
    for (int number = -1; number < 3; number++) { /* each order has every row */
        struct list rows;
        const struct store_query all = {.table = coins, .index_number = number};
        model_list(&expected, model, &all, &from);
        EXPECT_OK(store_begin(store, STORE_READ));
        EXPECT_OK(store_list(store, &rows, &all, &from, &arena));
        EXPECT_OK(store_commit(store));
        expect_same_list(&rows, &expected);
    }
}

void store_contract_acts_like_the_model(struct store *store)
{
    static struct model model, before;
    AUTO(arena_fini) struct arena arena = {0};
    for (int transaction = 0; transaction < 150; transaction++) {
        before = model;
        EXPECT_OK(store_begin(store, STORE_WRITE));
        for (unsigned left = pick(30); left > 0; left--) {
            const enum act act = (enum act)pick(ACT_COUNT);
            struct contract_coin coin = random_coin();
            struct contract_coin expected = coin;
            const enum err error = model_act(&model, act, &expected);
            EXPECT_ERR(store_act(store, act, &coin, &arena), error);
            expect_same_coin(&coin, &expected);
        }
        if (pick(3) == 0) {
            store_rollback(store);
            model = before;
        } else {
            EXPECT_OK(store_commit(store));
        }
        expect_like_model(store, &model);
    }
    EXPECT_OK(store_check(store, NULL, 0));
}

/* --- failures --- */

static enum err work(struct store *store)
{
    struct contract_coin coin = contract_make_coin(1, 0);
    struct contract_thing thing = contract_make_thing(9, true);
    TRY(store_begin(store, STORE_WRITE));
    TRY(store_delete(store, coins, &coin));
    coin = contract_make_coin(1, 1);
    coin.state = 4;
    TRY(store_update(store, coins, &coin));
    coin = contract_make_coin(5, 5);
    TRY(store_insert(store, coins, &coin));
    TRY(store_put(store, coins, &coin));
    TRY(store_insert(store, things, &thing));
    return store_commit(store);
}

/* SQLite's ioerr idea: the same work, its Nth write failing, for every N there is. */
void store_contract_fails_at_every_write(struct store *store)
{
    static const enum err errors[] = {ERR_IO, ERR_DISK_FULL, ERR_BUSY, ERR_COMMIT_UNKNOWN};
    static struct model before;
    contract_insert_coins(store, 1, 3);
    for (unsigned i = 0; i < 3; i++) {
        before.coins[i] = contract_make_coin(1, i);
    }
    before.count = 3;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        for (long nth = 0; nth < 6; nth++) { /* five writes and the commit */
            store_fail_at(store, nth, errors[i]);
            EXPECT_ERR(work(store), errors[i]);
            store_rollback(store);
            expect_like_model(store, &before);
            cr_assert_eq(contract_count(store, things), 0);
        }
    }
    store_fail_at(store, 6, ERR_IO);
    EXPECT_OK(work(store));
    store_fail_at(store, -1, ERR_IO);
    cr_assert_eq(contract_count(store, things), 1);
}

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
