/* Makes the crowd's wallets customers of a dcep-bank that does not run, for the load generator.
 *
 * usage: relay_preload DIR SEED WALLETS
 *
 * DIR is the bank's data directory. Each wallet gets a customer of its own and an active key; what
 * its owner would have signed to get it is left out. */
#include "tools/bench/crowd.h"

#include "common/base/time.h"
#include "intermediary/bank_files.h"
#include "intermediary/bank_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMIT_WALLETS = 4096, PATH_SIZE = 1024, DAYS = 7 };

static void open_customer(struct store *store, const struct crowd *crowd, size_t number)
{
    const struct public_key *key = &crowd->wallets[number].public_key;
    const uint64_t now = time_now();
    const struct cose unsigned_record = {.payload = span_text("left out")};
    struct customer customer = {.number = number + 1000,
                                .name = span_text("Somebody"),
                                .phone = span_text(""),
                                .id_number = span_text(""),
                                .tier = 1,
                                .opened_at = now};
    const struct bank_wallet wallet = {.key = *key,
                                       .key_id = crypto_key_id(key),
                                       .customer = customer.number,
                                       .number = number + 1,
                                       .state = BANK_WALLET_ACTIVE,
                                       .certificate = unsigned_record,
                                       .not_after_day = time_day(now) + DAYS,
                                       .made_at = now,
                                       .by_new_key = unsigned_record};
    memcpy(customer.customer_id.bytes, &customer.number, sizeof customer.number);
    CHECK(store_insert(store, &bank_table_customer, &customer) == ERR_OK);
    CHECK(store_insert(store, &bank_table_bank_wallet, &wallet) == ERR_OK);
}

int main(int argc, char **argv)
{
    char path[PATH_SIZE];
    struct crowd crowd = {0};
    struct store *store = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: relay_preload DIR SEED WALLETS\n");
        return 2;
    }
    crypto_use(&crypto_libcrypto);
    crowd.seed = strtoull(argv[2], NULL, 10);
    crowd.wallet_count = strtoull(argv[3], NULL, 10);
    crowd_open(&crowd);
    (void)snprintf(path, sizeof path, "%s/%s", argv[1], BANK_FILES_DATABASE);
    CHECK(store_sqlite_open(&store, path, &bank_schema,
                            &(struct store_sqlite_options){.exclusive = true}) == ERR_OK);
    for (size_t i = 0; i < crowd.wallet_count;) {
        CHECK(store_begin(store, STORE_WRITE) == ERR_OK);
        for (const size_t end = i + COMMIT_WALLETS; i < end && i < crowd.wallet_count; i++)
            open_customer(store, &crowd, i);
        CHECK(store_commit(store) == ERR_OK);
    }
    store_close(&store);
    crowd_fini(&crowd);
    return 0;
}
