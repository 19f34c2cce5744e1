/* What every backend has to do: each case gets a fresh, empty store over contract_schema. */
#ifndef DCEP_TESTS_COMMON_STORE_STORE_CONTRACT_H
#define DCEP_TESTS_COMMON_STORE_STORE_CONTRACT_H

#include "common/store/store.h"
#include "tests/common/store/contract_tables.h"
#include "tests/common/store/temporary.h"

/* clang-format off */
#define STORE_CONTRACT(C)                                                                          \
    C(keeps_every_field_kind) C(refuses_values_out_of_bounds) C(never_inserts_twice)               \
    C(holds_unique_over_present_values) C(answers_missing) C(puts_either_way)                      \
    C(sees_its_own_writes_and_rolls_back) C(lists_like_the_model) C(sums_like_the_model)           \
    C(refuses_a_sum_beyond_a_balance) C(acts_like_the_model) C(fails_at_every_write)               \
    C(stays_failed_until_rollback) C(commits_early) C(lists_absent_values)                         \
    C(respects_the_arena_limit) C(parts_are_tables) C(parts_have_bounds)                   \
    C(foresees_and_changes_nothing)
/* clang-format on */

#define STORE_CONTRACT_DECLARE(name) void store_contract_##name(struct store *store);
STORE_CONTRACT(STORE_CONTRACT_DECLARE)
#undef STORE_CONTRACT_DECLARE

extern const struct store_schema contract_schema;

/* Rows told apart by numbers. Bytes borrowed from static memory. */
struct amount contract_fen(uint64_t value);
struct contract_front contract_make_front(uint64_t serial, unsigned number); /* of 1 + number fen */
struct contract_coin contract_make_coin(uint64_t serial, unsigned number);
struct contract_thing contract_make_thing(unsigned number, bool full);
void contract_insert_coins(struct store *store, uint64_t serial, unsigned count); /* one commit */
size_t contract_count(struct store *store, const struct table *table);

/* Needs criterion; error names in the message. */
#define EXPECT_ERR(expression, expected)                                                           \
    do {                                                                                           \
        const enum err got_ = (expression);                                                        \
        cr_assert(got_ == (expected), "%s: %s, expected %s", #expression, err_name(got_),          \
                  err_name(expected));                                                             \
    } while (0)
#define EXPECT_OK(expression) EXPECT_ERR(expression, ERR_OK)

/* A case over a file of its own, opened so. */
#define STORE_CONTRACT_FILE(suite, name, options)                                                  \
    Test(suite, name)                                                                              \
    {                                                                                              \
        AUTO(temporary_fini) struct temporary temporary = temporary_make();                        \
        AUTO(store_close) struct store *store = NULL;                                              \
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &options));          \
        store_contract_##name(store);                                                              \
    }

#endif
