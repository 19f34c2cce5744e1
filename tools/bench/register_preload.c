/* Fills a central bank that does not run with unspent coins, for the load generators.
 *
 * usage: register_preload DIR NETWORK SEED WALLETS COINS BANK_ID BANK_KEY_DIR [plainly]
 *
 * DIR is a data directory of dcep-central with unsealed keys. COINS tokens of 10 yuan, owned by
 * WALLETS wallets in turn (tools/bench/crowd.h), are minted by register_mint, paid from the reserve
 * of bank BANK_ID, and the wallets are logged as that bank's customers; BANK_KEY_DIR has its key
 * (tests/acceptance/bank_tool.c). Only the signature on a token is left out: the register never
 * looks at it once it has the row. Indexes are dropped first and made again when the rows are
 * there, as for any bulk load; the books' row is at hand (bulk.h), and the index by owner gets the
 * coins of OWNERS_RUN mints as one call's. "plainly" does without these three: the same rows, which
 * tools/bench/selftest.py compares. Prints one line:
 *
 *     FIRST_SERIAL ISSUED_DAY SECONDS
 */
#include "tools/bench/bench.h"
#include "tools/bench/bulk.h"
#include "tools/bench/crowd.h"

#include "central/books.h"
#include "central/keys.h"
#include "central/register_row.h"
#include "central/service.h"
#include "central/vault.h"
#include "common/base/file.h"
#include "common/base/time.h"

#include <sqlite3.h>

#include <stdlib.h>
#include <string.h>

enum {
    OWNERS_RUN = 16384, /* sixteen of them are merged once, and are then left alone */
    COMMIT_COINS = 8 * OWNERS_RUN,
    RESET_COINS = 256,
    COMMIT_WALLETS = 4096,
    PATH_SIZE = 1024,
    DAYS = 7,
    INDEXES_MAX = 16,
};

static struct service service;
static struct crowd crowd;
static const char *data_directory;
static uint64_t bank_id;
static bool is_plain;

static const char *path_of(const char *directory, const char *name)
{
    static char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

/* ---- the central bank, opened as its own programs open it ---- */

static void read_key(struct key_pair *out, const char *name, const char *role)
{
    const struct span nothing = {NULL, 0};
    CHECK(keys_read(out, path_of(data_directory, name), service.network, role, nothing) == ERR_OK);
}

static void open_central(const char *network)
{
    (void)snprintf(service.network, sizeof service.network, "%s", network);
    CHECK(keys_read_public(&service.root_key, path_of(data_directory, KEYS_ROOT_PUBLIC)) == ERR_OK);
    read_key(&service.issuing_key, KEYS_ISSUING, "issuing");
    read_key(&service.register_key, KEYS_REGISTER, "register");
    read_key(&service.revocation_key, KEYS_REVOCATION, "revocation");
    const struct store_sqlite_options options = {0};
    CHECK(store_sqlite_open(&service.store, path_of(data_directory, KEYS_DATABASE), &tables_schema,
                            &options) == ERR_OK);
    service.now = time_now();
    CHECK(store_begin(service.store, STORE_WRITE) == ERR_OK);
    CHECK(service_load_trust(&service) == ERR_OK);
    CHECK(store_commit(service.store) == ERR_OK);
    crowd.trust = &service.trust;
}

/* ---- indexes ---- */

struct indexes {
    char *names[INDEXES_MAX], *texts[INDEXES_MAX];
    size_t count;
};

static void do_sql(sqlite3 *base, const char *sql)
{
    CHECK(sqlite3_exec(base, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static sqlite3 *open_base(void)
{
    sqlite3 *base = NULL;
    CHECK(sqlite3_open_v2(path_of(data_directory, KEYS_DATABASE), &base, SQLITE_OPEN_READWRITE,
                          NULL) == SQLITE_OK);
    return base;
}

static int keep_index(void *context, int count, char **columns, char **names)
{
    struct indexes *indexes = context;
    (void)count;
    (void)names;
    CHECK(indexes->count < INDEXES_MAX);
    indexes->names[indexes->count] = strdup(columns[0]);
    indexes->texts[indexes->count++] = strdup(columns[1]);
    return 0;
}

/* After the store was opened, for it looks at what is there. */
static void drop_indexes(struct indexes *indexes)
{
    char sql[PATH_SIZE];
    sqlite3 *base = open_base();
    CHECK(sqlite3_exec(base,
                       "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT "
                       "NULL AND tbl_name IN ('coin', 'wallet_key')",
                       keep_index, indexes, NULL) == SQLITE_OK);
    for (size_t i = 0; i < indexes->count; i++) {
        (void)snprintf(sql, sizeof sql, "DROP INDEX \"%s\"", indexes->names[i]);
        do_sql(base, sql);
    }
    CHECK(sqlite3_close(base) == SQLITE_OK);
}

/* After the store was closed: without a log, each page is written once. */
static void make_indexes(struct indexes *indexes)
{
    sqlite3 *base = open_base();
    do_sql(base, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA threads = 2;"
                 "PRAGMA cache_size = -1000000");
    for (size_t i = 0; i < indexes->count; i++) {
        do_sql(base, indexes->texts[i]);
        free(indexes->names[i]);
        free(indexes->texts[i]);
    }
    do_sql(base, "PRAGMA journal_mode = WAL");
    CHECK(sqlite3_close(base) == SQLITE_OK);
}

/* ---- wallets ---- */

struct wallets {
    struct key_pair bank_key;
    struct arena arenas[CROWD_THREADS_MAX];
    struct cose *certificates;
};

static void certify(void *context, size_t share, size_t from, size_t to)
{
    struct wallets *wallets = context;
    struct arena *arena = &wallets->arenas[share];
    const uint64_t today = time_day(service.now);
    arena->limit = SIZE_MAX;
    for (size_t i = from; i < to; i++) {
        const struct wallet_certificate record = {.bank_id = bank_id,
                                                  .wallet_key = crowd.wallets[i].public_key,
                                                  .tier = 1,
                                                  .not_before_day = today,
                                                  .not_after_day = today + DAYS};
        CHECK(record_sign(&wallets->certificates[i], service.network, KIND_WALLET_CERTIFICATE,
                          &record, &wallets->bank_key, arena) == ERR_OK);
    }
}

static void log_wallet(size_t number, const struct cose *certificate)
{
    struct wallet_key row = {.key = crowd.wallets[number].public_key,
                             .key_id = crypto_key_id(&crowd.wallets[number].public_key),
                             .bank_id = bank_id,
                             .certificate = *certificate,
                             .logged_at = service.now};
    memcpy(row.customer.bytes, &number, sizeof number);
    CHECK(store_insert(service.store, &tables_table_wallet_key, &row) == ERR_OK);
}

/* Those that own a coin. */
static void log_wallets(const char *bank_directory)
{
    const size_t count =
        crowd.wallet_count < crowd.coin_count ? crowd.wallet_count : crowd.coin_count;
    struct wallets wallets = {.certificates = calloc(crowd.wallet_count, sizeof(struct cose))};
    struct buffer file AUTO(buffer_fini) = {.limit = FILE_SIZE_MAX};
    const struct keyfile_label label = {"tool", "tool"};
    CHECK(wallets.certificates != NULL);
    CHECK(file_read(&file, path_of(bank_directory, "bank.key"), FILE_SIZE_MAX) == ERR_OK);
    CHECK(keyfile_open(&wallets.bank_key, buffer_span(&file), &label, (struct span){NULL, 0}) ==
          ERR_OK);
    crowd_share_out(count, certify, &wallets);
    for (size_t i = 0; i < count;) {
        CHECK(store_begin(service.store, STORE_WRITE) == ERR_OK);
        for (size_t end = i + COMMIT_WALLETS; i < end && i < count; i++)
            log_wallet(i, &wallets.certificates[i]);
        CHECK(store_commit(service.store) == ERR_OK);
    }
    for (size_t i = 0; i < CROWD_THREADS_MAX; i++)
        arena_fini(&wallets.arenas[i]);
    free(wallets.certificates);
}

/* ---- coins ---- */

static void mint(struct register_env *env, uint64_t coin, struct amount amount)
{
    struct cose token;
    uint64_t serial = 0;
    struct id coin_id;
    CHECK(register_mint(env, &token, &serial, &coin_id, amount,
                        &crowd_owner(&crowd, coin)->public_key, false, 0) == ERR_OK);
    if (coin == 0)
        crowd.first_serial = serial;
    CHECK(serial == crowd.first_serial + coin);
}

/* As an issue order would: out of the bank's reserve, and a line of the journal. */
static void pay_for(struct register_env *env, uint64_t coins)
{
    struct bank bank = {0};
    struct amount amount;
    CHECK(amount_from_fen(&amount, coins * CROWD_COIN_FEN) == ERR_OK);
    CHECK(vault_bank(env, &bank, bank_id) == ERR_OK);
    CHECK(amount_sub(&bank.reserve, bank.reserve, amount) == ERR_OK);
    CHECK(store_update(service.store, &tables_table_bank, &bank) == ERR_OK);
    CHECK(books_journal(service.store, "issue", bank_id, amount, service.now, "") == ERR_OK);
}

static void mint_some(uint64_t from, uint64_t to)
{
    static uint8_t entries[OWNERS_RUN * OWNER_ENTRY_SIZE];
    struct register_owners owners = {.entries = entries, .capacity = OWNERS_RUN};
    struct arena arena AUTO(arena_fini) = {0};
    struct register_env env = service_env(&service, &arena);
    struct amount amount;
    CHECK(amount_from_fen(&amount, CROWD_COIN_FEN) == ERR_OK);
    CHECK(store_begin(service.store, STORE_WRITE) == ERR_OK);
    pay_for(&env, to - from);
    env.owners = is_plain ? NULL : &owners;
    for (uint64_t coin = from; coin < to; coin++) {
        mint(&env, coin, amount);
        if (owners.count == owners.capacity)
            CHECK(register_owner_flush(&env) == ERR_OK);
        if (coin % RESET_COINS == 0)
            arena_reset(&arena);
    }
    CHECK(register_owner_flush(&env) == ERR_OK);
    CHECK(store_commit(service.store) == ERR_OK);
}

static void mint_all(void)
{
    for (uint64_t coin = 0; coin < crowd.coin_count; coin += COMMIT_COINS) {
        const uint64_t end = coin + COMMIT_COINS;
        mint_some(coin, end < crowd.coin_count ? end : crowd.coin_count);
    }
}

/* The first server that opens them reads all rows that none has held (common/store/store_sweep.h):
 * here, and not while a benchmark waits for it. */
static void open_as_server(void)
{
    const struct store_sqlite_options options = {.exclusive = true, .settles_aside = true};
    CHECK(store_sqlite_open(&service.store, path_of(data_directory, KEYS_DATABASE), &tables_schema,
                            &options) == ERR_OK);
    store_close(&service.store);
}

int main(int argc, char **argv)
{
    enum { WORDS = 8 };
    struct indexes indexes = {0};
    if (argc != WORDS && argc != WORDS + 1) {
        fprintf(stderr, "usage: register_preload DIR NETWORK SEED WALLETS COINS BANK_ID "
                        "BANK_KEY_DIR [plainly]\n");
        return 2;
    }
    const double start = bench_wall_s();
    data_directory = argv[1];
    crowd.seed = strtoull(argv[3], NULL, 10);
    crowd.wallet_count = strtoull(argv[4], NULL, 10);
    crowd.coin_count = strtoull(argv[5], NULL, 10);
    bank_id = strtoull(argv[6], NULL, 10);
    is_plain = argc > WORDS;
    crypto_use(&crypto_libcrypto);
    crowd_open(&crowd);
    open_central(argv[2]);
    if (!is_plain) {
        drop_indexes(&indexes);
        bulk_begin(service.store);
    }
    log_wallets(argv[7]);
    crypto_use(crowd_mint_crypto());
    mint_all();
    if (!is_plain)
        bulk_end(service.store);
    store_close(&service.store);
    make_indexes(&indexes);
    open_as_server();
    printf("%llu %llu %.1f\n", (unsigned long long)crowd.first_serial,
           (unsigned long long)time_day(service.now), bench_wall_s() - start);
    service_fini(&service);
    crowd_fini(&crowd);
    return 0;
}
