/* Tables that lie together, hardly any of their keys late: the contract suite, and kill. */
#include "common/store/store_cluster.h"

#include "tests/common/store/killed.h"
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>

static const struct store_sqlite_options few = {
    .create = true, .exclusive = true, .settles_aside = true, .late_max = 5};
static const struct store_sqlite_options many = {
    .create = true, .exclusive = true, .settles_aside = true, .late_max = 100000};

#define CLUSTER_TEST(name)                                                                         \
    Test(store_cluster, name)                                                                      \
    {                                                                                              \
        AUTO(temporary_fini) struct temporary temporary = temporary_make();                        \
        AUTO(store_close) struct store *store = NULL;                                              \
        EXPECT_OK(store_sqlite_open(&store, temporary.path, &contract_schema, &few));              \
        store_contract_##name(store);                                                              \
    }
STORE_CONTRACT(CLUSTER_TEST)

Test(store_cluster, everything_acknowledged_survives_kill)
{
    killed_expect_whole(&few);
    killed_expect_whole(&many);
}
