/* The agent of an unlocked wallet: who gets the key, and until when. */
#include "wallet/keys/agent.h"

#include "common/base/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct safe_key master = {{7, 7, 7}};

static void remove_directory(char (*path)[64])
{
    bool was_running = false;
    cr_expect_eq(agent_stop(&was_running, *path), ERR_OK);
    cr_expect_eq(rmdir(*path), 0, "something is left in it");
}

static void make_directory(char path[64])
{
    const char *base = getenv("TMPDIR");
    snprintf(path, 64, "%s/dcep-agent-XXXXXX", base != NULL && strlen(base) < 32 ? base : "/tmp");
    cr_assert_not_null(mkdtemp(path));
}

Test(agent, gives_the_key_until_it_is_stopped)
{
    char directory[64] AUTO(remove_directory);
    struct safe_key found = {{0}};
    bool was_running = true;
    make_directory(directory);
    cr_expect_eq(agent_ask(&found, directory), ERR_MISSING);
    cr_expect_eq(agent_stop(&was_running, directory), ERR_OK);
    cr_expect_not(was_running);
    cr_assert_eq(agent_start(directory, &master, 60), ERR_OK);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(agent_ask(&found, directory), ERR_OK);
        cr_expect_arr_eq(found.bytes, master.bytes, SAFE_KEY_SIZE);
    }
    cr_expect_eq(agent_stop(&was_running, directory), ERR_OK);
    cr_expect(was_running);
    cr_expect_eq(agent_ask(&found, directory), ERR_MISSING);
}

Test(agent, its_socket_is_private)
{
    char directory[64] AUTO(remove_directory), path[96];
    struct stat about;
    make_directory(directory);
    cr_assert_eq(agent_start(directory, &master, 60), ERR_OK);
    snprintf(path, sizeof path, "%s/unlock.sock", directory);
    cr_assert_eq(stat(path, &about), 0);
    cr_expect_eq(about.st_mode & 0777, 0600);
}

Test(agent, ends_when_its_time_is_up)
{
    char directory[64] AUTO(remove_directory);
    struct safe_key found = {{0}};
    make_directory(directory);
    cr_assert_eq(agent_start(directory, &master, 1), ERR_OK);
    cr_assert_eq(agent_ask(&found, directory), ERR_OK);
    sleep(2);
    cr_expect_eq(agent_ask(&found, directory), ERR_MISSING);
}

Test(agent, a_second_one_takes_the_firsts_place)
{
    static const struct safe_key other = {{8}};
    char directory[64] AUTO(remove_directory);
    struct safe_key found = {{0}};
    make_directory(directory);
    cr_assert_eq(agent_start(directory, &master, 60), ERR_OK);
    cr_assert_eq(agent_start(directory, &other, 60), ERR_OK);
    cr_assert_eq(agent_ask(&found, directory), ERR_OK);
    cr_expect_arr_eq(found.bytes, other.bytes, SAFE_KEY_SIZE);
}
