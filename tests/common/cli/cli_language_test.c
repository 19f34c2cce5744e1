/* Two languages, switchable within one process. The catalogue is the build's own (make locale). */
#include "common/cli/cli_frame.h"
#include "tests/common/cli/toy.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {"DCEP_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};

static void set_up(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
}

TestSuite(cli_language, .init = set_up, .fini = toy_directory_fini);

Test(cli_language, choice)
{
    static const struct {
        const char *option, *variable, *value, *chosen;
    } rows[] = {
        {NULL, "LANG", "C.UTF-8", "en"},      {NULL, "LANG", "zh_CN.UTF-8", "zh"},
        {NULL, "LC_MESSAGES", "en_US", "en"}, {NULL, "LC_ALL", "", "en"},
        {NULL, "LANGUAGE", "zh_CN:en", "zh"}, {NULL, "DCEP_LANG", "en", "en"},
        {"zh", "DCEP_LANG", "en", "zh"},      {"en", "DCEP_LANG", "zh", "en"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setenv(rows[i].variable, rows[i].value, 1);
        cr_expect_str_eq(cli_language_choose(rows[i].option), rows[i].chosen, "row %zu", i);
        if (i == 1 || i == 4)
            set_up();
    }
}

Test(cli_language, switches_in_one_process)
{
    cli_language_start();
    for (int i = 0; i < 3; i++) {
        cli_language_use("zh");
        cr_expect_str_eq(_("not enough money"), "余额不足");
        cr_expect_str_eq(cli_language_now(), "zh");
        cli_language_use("en");
        cr_expect_str_eq(_("not enough money"), "not enough money");
    }
}

Test(cli_language, of_a_program)
{
    struct toy_run run = toy_run("status 58 --lang zh");
    cr_expect_str_eq(run.err, "错误：余额不足\n提示：do this next\n");
    toy_run_fini(&run);
    run = toy_run("greet --lang=zh");
    cr_expect_str_eq(run.err, "错误：缺少 NAME\n提示：用法：toy greet NAME [-l]\n");
    toy_run_fini(&run);
    run = toy_run("status 58 --lang zh --json");
    cr_expect(strstr(run.out, "\"name\":\"FUNDS\",\"message\":\"余额不足\"") != NULL, "%s",
              run.out);
    toy_run_fini(&run);
}

Test(cli_language, of_a_forwarded_command, .timeout = 30)
{
    setenv("DCEP_LANG", "en", 1);
    cli_language_start();
    int server = toy_server_start(toy_directory());
    struct toy_run run = toy_run("vault show --data %s --lang zh", toy_directory());
    cr_expect_str_eq(run.out, "server: 找不到\n");
    toy_run_fini(&run);
    run = toy_run("vault show --data %s", toy_directory());
    cr_expect_str_eq(run.out, "server: not found\n");
    toy_run_fini(&run);
    toy_server_kill(server);
}
