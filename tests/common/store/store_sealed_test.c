/* A sealed SQLite file: the same contract, and nothing to be read, moved or changed in it. */
#include "tests/common/store/store_contract.h"
#include "tests/common/store/temporary.h"

#include "common/base/file.h"
#include "common/crypto/safe.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, FILE_MAX = 64 * 1024 * 1024 };

static const struct safe_key my_key = {{1, 2, 3}};
static const struct safe_key other_key = {{1, 2, 4}};
static const struct store_sqlite_options creating = {.create = true, .key = &my_key};
static const struct store_sqlite_options existing = {.key = &my_key};
static const struct store_sqlite_options alone = {
    .create = true, .exclusive = true, .key = &my_key};

#define SEALED_TEST(name) STORE_CONTRACT_FILE(store_sealed, name, creating)
STORE_CONTRACT(SEALED_TEST)

#define ALONE_TEST(name) STORE_CONTRACT_FILE(store_sealed_exclusive, name, alone)
STORE_CONTRACT(ALONE_TEST)

static struct store *open_store(const char *path, const struct store_sqlite_options *options)
{
    struct store *store = NULL;
    EXPECT_OK(store_sqlite_open(&store, path, &contract_schema, options));
    return store;
}

static enum err try_open(const char *path, const struct safe_key *key)
{
    AUTO(store_close) struct store *store = NULL;
    const struct store_sqlite_options options = {.exclusive = true, .key = key};
    return store_sqlite_open(&store, path, &contract_schema, &options);
}

static bool holds(struct span bytes, const char *text)
{
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

/* --- nothing to be read --- */

static void expect_dark(const char *path, const char *suffix)
{
    char name[256];
    struct buffer bytes AUTO(buffer_fini) = {.limit = FILE_MAX};
    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    EXPECT_OK(file_read(&bytes, name, FILE_MAX));
    cr_assert_gt(bytes.size, (size_t)PAGE);
    cr_expect_not(holds(buffer_span(&bytes), "contract_coin"), "%s names a table", name);
    cr_expect_not(holds(buffer_span(&bytes), "SQLite format"), "%s has the head", name);
    cr_expect_not(holds(buffer_span(&bytes), "CREATE"), "%s holds SQL", name);
}

Test(store_sealed, neither_file_nor_log_can_be_read)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = open_store(temporary.path, &creating);
    contract_insert_coins(store, 1, 50);
    expect_dark(temporary.path, "-wal");
    store_close(&store);
    expect_dark(temporary.path, "");
}

Test(store_sealed, in_clear_the_same_test_sees_it)
{
    static const struct store_sqlite_options clear = {.create = true};
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct store *store = open_store(temporary.path, &clear);
    struct buffer bytes AUTO(buffer_fini) = {.limit = FILE_MAX};
    contract_insert_coins(store, 1, 50);
    store_close(&store);
    EXPECT_OK(file_read(&bytes, temporary.path, FILE_MAX));
    cr_expect(holds(buffer_span(&bytes), "contract_coin"));
}

Test(store_sealed, another_key_opens_nothing)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct store *store = open_store(temporary.path, &creating);
    contract_insert_coins(store, 1, 5);
    store_close(&store);
    cr_expect_eq(try_open(temporary.path, &other_key), ERR_INTEGRITY);
    cr_expect_eq(try_open(temporary.path, NULL), ERR_INTEGRITY);
    EXPECT_OK(try_open(temporary.path, &my_key));
}

Test(store_sealed, a_file_in_clear_does_not_open)
{
    static const struct store_sqlite_options clear = {.create = true};
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct store *store = open_store(temporary.path, &clear);
    contract_insert_coins(store, 1, 5);
    store_close(&store);
    cr_expect_eq(try_open(temporary.path, &my_key), ERR_INTEGRITY);
}

Test(store_sealed, no_copy_in_clear)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    AUTO(store_close) struct store *store = open_store(temporary.path, &creating);
    char name[256];
    (void)snprintf(name, sizeof name, "%s.copy", temporary.path);
    cr_expect_eq(store_backup(store, name), ERR_KIND);
    cr_expect_not(file_exists(name));
}

/* --- nothing to be changed --- */

static enum err check(const char *path)
{
    AUTO(store_close) struct store *store = NULL;
    const struct store_sqlite_options options = {.exclusive = true, .key = &my_key};
    TRY(store_sqlite_open(&store, path, &contract_schema, &options));
    return store_check(store, NULL, 0);
}

static void made_of_pages(struct temporary *temporary, struct buffer *bytes)
{
    struct store *store = open_store(temporary->path, &creating);
    contract_insert_coins(store, 1, 200);
    store_close(&store);
    EXPECT_OK(check(temporary->path));
    bytes->limit = FILE_MAX;
    EXPECT_OK(file_read(bytes, temporary->path, FILE_MAX));
    cr_assert_eq(bytes->size % PAGE, (size_t)0);
    cr_assert_gt(bytes->size / PAGE, (size_t)4);
}

Test(store_sealed, a_flipped_bit_in_any_page_is_noticed)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct buffer bytes AUTO(buffer_fini) = {0};
    made_of_pages(&temporary, &bytes);
    for (size_t page = 0; page < bytes.size / PAGE; page++) {
        uint8_t *byte = bytes.data + page * PAGE + (page * 37) % PAGE;
        *byte ^= 4;
        EXPECT_OK(file_replace(temporary.path, buffer_span(&bytes), FILE_PRIVATE));
        cr_expect_eq(check(temporary.path), ERR_INTEGRITY, "page %zu", page);
        *byte ^= 4;
    }
    EXPECT_OK(file_replace(temporary.path, buffer_span(&bytes), FILE_PRIVATE));
    EXPECT_OK(check(temporary.path));
}

Test(store_sealed, a_page_in_anothers_place_is_noticed)
{
    AUTO(temporary_fini) struct temporary temporary = temporary_make();
    struct buffer bytes AUTO(buffer_fini) = {0};
    made_of_pages(&temporary, &bytes);
    uint8_t *last = bytes.data + bytes.size - PAGE;
    memcpy(last, last - PAGE, PAGE);
    EXPECT_OK(file_replace(temporary.path, buffer_span(&bytes), FILE_PRIVATE));
    cr_expect_eq(check(temporary.path), ERR_INTEGRITY);
}

/* --- the log --- */

static void commit_until_killed(const char *path, int acknowledge)
{
    struct store *store = open_store(path, &alone);
    for (uint64_t serial = 1;; serial++) {
        contract_insert_coins(store, serial, 1);
        if (write(acknowledge, &serial, sizeof serial) != (ssize_t)sizeof serial)
            _exit(1);
    }
}

/* Left behind: a log whose end is torn off, or garbled, where the power went. */
static void tear(const char *path, size_t round)
{
    char name[256];
    struct buffer bytes AUTO(buffer_fini) = {.limit = FILE_MAX};
    (void)snprintf(name, sizeof name, "%s-wal", path);
    if (file_read(&bytes, name, FILE_MAX) != ERR_OK || bytes.size < (size_t)2 * PAGE)
        return;
    static const uint8_t garbage[PAGE] = {7, 7, 7};
    EXPECT_OK(buffer_put(&bytes, span_of(garbage, 1 + (round * 977) % PAGE)));
    EXPECT_OK(file_replace(name, buffer_span(&bytes), FILE_PRIVATE));
}

Test(store_sealed, everything_acknowledged_survives_kill)
{
    for (size_t round = 0; round < 8; round++) {
        AUTO(temporary_fini) struct temporary temporary = temporary_make();
        int fds[2];
        uint64_t serial = 0, last = 0;
        cr_assert_eq(pipe(fds), 0);
        const pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0)
            commit_until_killed(temporary.path, fds[1]);
        close(fds[1]);
        while (last < 20 + round * 3 && read(fds[0], &serial, sizeof serial) == sizeof serial)
            last = serial;
        cr_assert_eq(kill(child, SIGKILL), 0);
        while (read(fds[0], &serial, sizeof serial) == (ssize_t)sizeof serial)
            last = serial;
        close(fds[0]);
        cr_assert_eq(waitpid(child, NULL, 0), child);
        tear(temporary.path, round);
        struct store *store = open_store(temporary.path, &existing);
        cr_expect_geq(contract_count(store, &contract_table_contract_coin), last);
        store_close(&store);
        EXPECT_OK(check(temporary.path));
    }
}
