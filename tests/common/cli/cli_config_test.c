/* Settings: option > environment > file > default; what is not understood is refused. */
#include "tests/common/cli/toy.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void set_up(void)
{
    setenv("DCEP_LANG", "en", 1);
    cr_assert(chdir(toy_directory()) == 0);
}

TestSuite(cli_config, .init = set_up, .fini = toy_directory_fini);

static void expect(const char *words, int exit_code, const char *out)
{
    struct toy_run run = toy_run("--data . %s", words);
    const char *said = exit_code == 0 ? run.out : run.err;
    cr_expect_eq(run.exit_code, exit_code, "%s: %d %s", words, run.exit_code, run.err);
    cr_expect(strstr(said, out) != NULL, "%s: %s", words, said);
    toy_run_fini(&run);
}

Test(cli_config, precedence)
{
    expect("setting listen", 0, "127.0.0.1:7001\n");
    expect("setting tls_name", 0, "(none)\n");
    toy_write("toy.ini", "[server]\ntls_name = file.example ; a comment\nlisten=:1\n", 0644);
    expect("setting tls_name", 0, "file.example\n");
    expect("setting listen", 0, ":1\n");
    setenv("DCEP_TLS_NAME", "environment.example", 1);
    expect("setting tls_name", 0, "environment.example\n");
    expect("setting tls_name --tls-name option.example", 0, "option.example\n");
    unsetenv("DCEP_TLS_NAME");
    toy_write("other.ini", "[limits]\nhops = 3\n", 0644);
    expect("setting hops -c other.ini", 0, "3\n");
    expect("setting tls_name -c other.ini", 0, "(none)\n");
    setenv("DCEP_CONFIG", "other.ini", 1);
    expect("setting hops", 0, "3\n");
    expect("setting hops -c toy.ini", 0, "8\n");
}

Test(cli_config, refused)
{
    static char long_line[400];
    memset(long_line, 'x', sizeof long_line - 1);
    memcpy(long_line, "[server]\nlisten=", 16);
    static const struct {
        const char *text, *err;
    } rows[] = {
        {"[server]\nlisen = 1\n", "line 2: unknown key \"lisen\" in section \"server\"\n"
                                  "hint: did you mean \"listen\" in section \"server\"?"},
        {"\n[limits]\nlisten = 1\n", "line 3: unknown key \"listen\" in section \"limits\"\n"
                                     "hint: did you mean \"listen\" in section \"server\"?"},
        {"listen = 1\n", "unknown key \"listen\" in section \"\""},
        {"[server]\nlisten = 1\nlisten = 2\n", "line 3: the key \"listen\" is there twice"},
        {"[server]\nlisten = 1\n  more\n", "line 3: the key \"listen\" is there twice"},
        {"[server]\nnonsense\n", "line 2: the line is not understood"},
        {"[server\n", "line 1: the line is not understood"},
        {long_line, "line 2: the line is not understood"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        toy_write("toy.ini", rows[i].text, 0644);
        expect("setting listen", 2, rows[i].err);
    }
    expect("setting listen -c nothere.ini", 2, "nothere.ini: not found");
}

Test(cli_config, what_init_writes_reads_back)
{
    setenv("DCEP_LISTEN", "[::1]:99", 1);
    expect("config -o toy.ini", 0, "");
    unsetenv("DCEP_LISTEN");
    expect("setting listen", 0, "[::1]:99\n");
    expect("setting hops", 0, "8\n");
    expect("setting tls_name", 0, "(none)\n");
    expect("config :7 --force -o toy.ini", 0, "");
    expect("setting listen", 0, ":7\n");
    expect("setting hops", 0, "8\n");
}
