/* Key files on disk: who may read them, what is never written over, and whose place they have. */
#include "common/crypto/keyfile_disk.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct span good = {(const uint8_t *)"correct horse", 13};
static const struct span bad = {(const uint8_t *)"wrong horse", 11};
static const struct span none = {NULL, 0};
static char directory[] = "/tmp/dcep-keyfile-XXXXXX";

static void set_up(void)
{
    cr_assert(mkdtemp(directory) != NULL && chdir(directory) == 0);
}

static void tear_down(void)
{
    for (const char *const *name = (const char *const[]){"key", "tls", NULL}; *name != NULL; name++)
        (void)unlink(*name);
    cr_assert(chdir("/") == 0 && rmdir(directory) == 0);
}

TestSuite(keyfile_disk, .init = set_up, .fini = tear_down);

static struct key_pair some_pair(void)
{
    uint8_t scalar[32] = {7, [31] = 9};
    struct key_pair pair = {0};
    cr_assert_eq(crypto()->key_load(&pair, scalar), ERR_OK);
    return pair;
}

/* One line an event: what is written, with which passphrase, who asks for it, and the answer. */
Test(keyfile_disk, place_and_passphrase)
{
    const struct {
        const char *program, *network, *role;
        struct span written, given;
        enum err pair, tls; /* a key pair's label does not name the program */
    } rows[] = {
        {"dcep-central", "test", "root", good, good, ERR_OK, ERR_OK},
        {"dcep-central", "test", "root", good, bad, ERR_AUTH, ERR_AUTH},
        {"dcep-central", "test", "root", good, none, ERR_AUTH, ERR_AUTH},
        {"dcep-central", "test", "root", none, none, ERR_OK, ERR_OK},
        {"dcep-central", "test", "root", none, good, ERR_OK, ERR_OK},
        {"dcep-central", "other", "root", good, good, ERR_NETWORK, ERR_KIND},
        {"dcep-central", "test", "issuing", good, good, ERR_KIND, ERR_KIND},
        {"dcep-bank", "test", "root", good, good, ERR_OK, ERR_KIND},
    };
    const struct key_pair pair = some_pair();
    struct secret pem = {.size = 3};
    memcpy(pem.bytes, "pem", 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct keyfile_place place = {"key", "dcep-central", "test", "root"};
        struct keyfile_place asked = {"key", rows[i].program, rows[i].network, rows[i].role};
        struct key_pair opened = {0};
        struct secret secret = {0};
        bool is_sealed = false;
        cr_assert_eq(keyfile_write(&place, &pair, rows[i].written), ERR_OK);
        cr_expect_eq(keyfile_read(&opened, &asked, rows[i].given), rows[i].pair, "pair %zu", i);
        cr_expect_eq(rows[i].pair == ERR_OK,
                     memcmp(opened.private_scalar, pair.private_scalar, 32) == 0);
        cr_expect_eq(keyfile_is_sealed_at(&is_sealed, "key"), ERR_OK);
        cr_expect_eq(is_sealed, rows[i].written.size > 0);
        place.path = asked.path = "tls";
        cr_assert_eq(keyfile_write_tls(&place, &pem, rows[i].written), ERR_OK);
        cr_expect_eq(keyfile_read_tls(&secret, &asked, rows[i].given), rows[i].tls, "tls %zu", i);
        cr_expect_eq(rows[i].tls == ERR_OK,
                     secret.size == 3 && memcmp(secret.bytes, "pem", 3) == 0);
        cr_assert(unlink("key") == 0 && unlink("tls") == 0);
    }
}

Test(keyfile_disk, private_and_never_over_another)
{
    const struct keyfile_place place = {"key", "dcep-bank", "test", "bank"};
    const struct key_pair pair = some_pair();
    struct key_pair opened = {0};
    struct stat status;
    bool is_sealed = false;
    cr_expect_eq(keyfile_read(&opened, &place, none), ERR_MISSING);
    cr_expect_eq(keyfile_is_sealed_at(&is_sealed, "key"), ERR_MISSING);
    cr_assert_eq(keyfile_write(&place, &pair, none), ERR_OK);
    cr_assert(stat("key", &status) == 0);
    cr_expect_eq(status.st_mode & 0777, 0600U);
    cr_expect_eq(keyfile_write(&place, &pair, good), ERR_EXISTS);
    cr_expect_eq(keyfile_read(&opened, &place, none), ERR_OK);
    cr_assert(chmod("key", 0640) == 0);
    cr_expect_eq(keyfile_read(&opened, &place, none), ERR_PERMISSION);
    cr_expect_eq(keyfile_is_sealed_at(&is_sealed, "key"), ERR_PERMISSION);
}
