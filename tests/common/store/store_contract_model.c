/* The contract suite against a model: an array of coins and loops, which judges lists, sums, random
 * acts, and what is left after a failure.
 */
#include "tests/common/store/store_contract.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct table *const coins = &contract_table_contract_coin;
static const struct table *const things = &contract_table_contract_thing;

/* A small generator, so that a failure repeats. */
static uint64_t random_state = 1;
static unsigned pick(unsigned below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % below;
}

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
    coin.amount = contract_fen(1 + pick(1000000));
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
