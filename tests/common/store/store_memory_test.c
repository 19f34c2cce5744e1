/* The contract suite over the memory store, and its one refusal of its own. */
#include "tests/common/store/store_contract.h"

#include <criterion/criterion.h>

#define MEMORY_TEST(name)                                                                          \
    Test(store_memory, name)                                                                       \
    {                                                                                              \
        AUTO(store_close) struct store *store = NULL;                                              \
        EXPECT_OK(store_memory_open(&store, &contract_schema));                                    \
        store_contract_##name(store);                                                              \
    }
STORE_CONTRACT(MEMORY_TEST)

Test(store_memory, has_no_file_to_back_up)
{
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_memory_open(&store, &contract_schema));
    EXPECT_ERR(store_backup(store, "/nowhere"), ERR_MISSING);
}

Test(store_memory, closes_in_the_middle_of_a_transaction)
{
    AUTO(store_close) struct store *store = NULL;
    EXPECT_OK(store_memory_open(&store, &contract_schema));
    contract_insert_coins(store, 1, 5);
    EXPECT_OK(store_begin(store, STORE_WRITE));
    const struct contract_coin coin = contract_make_coin(1, 2);
    EXPECT_OK(store_delete(store, &contract_table_contract_coin, &coin));
}
