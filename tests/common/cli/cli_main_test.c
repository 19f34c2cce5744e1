/* What comes out: results, errors, files, passphrases. */
#include "tests/common/cli/toy.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void set_up(void)
{
    setenv("DCEP_LANG", "en", 1);
    cr_assert(chdir(toy_directory()) == 0);
    toy_write("pin", "1234\n", 0600);
    toy_write("open-pin", "1234\n", 0644);
    toy_write("empty-pin", "\n", 0600);
    toy_write("old", "old", 0644);
}

TestSuite(cli_main, .init = set_up, .fini = toy_directory_fini);

Test(cli_main, table)
{
    static const struct toy_row rows[] = {
        {"status 58", 5, "", "error: not enough money\nhint: do this next\n"},
        {"status 58 --json", 5,
         "{\"error\":{\"code\":5,\"name\":\"FUNDS\",\"message\":\"not enough "
         "money\",\"hint\":\"do this next\"},\"result\":{\"before\":true}}\n",
         ""},
        {"status 70", 8, "", "pending: accepted, not done yet\n"},
        {"status 0 --json", 0, "{\"before\":true}\n", ""},
        {"status 42", 7, "", "a coin of it was seen before"},
        {"silent", 9, "", "the command failed (exit code 9)"},
        {"silent --loud", 8, "", ""},
        {"greet \x1b[2J", 0, "hello \xef\xbf\xbd[2J\n", ""},
        {"greet \x1b", 0, "hello \xef\xbf\xbd\n", ""},
        {"drop Ann -y", 0, "hello Ann", ""},
        {"drop Ann", 2, "", "no terminal: Really?\nhint: -y answers yes"},
        {"drop Ann --no-input", 2, "", "-y answers yes"},
        {"pass --pin-file pin --json", 0, "{\"size\":4}", ""},
        {"pass", 2, "", "hint: --pin-file FILE gives it"},
        {"pass --no-input", 2, "", "--pin-file FILE"},
        {"pass --pin-file open-pin", 4, "", "hint: make it yours alone"},
        {"pass --pin-file empty-pin", 2, "", "the file is empty"},
        {"pass --pin-file nothere", 2, "", "cannot be read"},
        {"pay 1 -o new", 0, "paid", ""},
        {"pay 1 -o old", 2, "", "the file old exists already\nhint: give another name, or --force"},
        {"pay 1 -o old --force", 0, "paid", ""},
        {"pay 1 -o /dev/null", 0, "paid", ""},
        {"pay 1 -o -", 0, "packet", "paid\n"},
        {"pay 1 -o - --json", 2, "", ""},
        {"pay 1 -o no/where", 2, "", "the file no/where cannot be made there"},
        {"vault show", 0, "here: not found\n", "warning: from here\n"},
        {"vault show --data locked", 3, "", "database: another process holds it\nhint: stop"},
    };
    toy_expect("", rows, sizeof rows / sizeof rows[0]);
}

static void expect_file(const char *path, const char *content, unsigned mode)
{
    char text[64] = "";
    struct stat about;
    FILE *file = fopen(path, "r");
    cr_assert(file != NULL, "%s", path);
    cr_expect(fgets(text, sizeof text, file) != NULL);
    fclose(file);
    cr_expect_str_eq(text, content);
    cr_expect_eq(stat(path, &about), 0);
    cr_expect_eq(about.st_mode & 0777u, mode, "%s", path);
}

Test(cli_main, files_get_their_modes)
{
    struct toy_run run = toy_run("pay 1 -o public");
    toy_run_fini(&run);
    expect_file("public", "packet", 0644);
    run = toy_run("vault turn old -o secret");
    toy_run_fini(&run);
    expect_file("secret", "dlo", 0600);
}

Test(cli_main, one_command_calls_another)
{
    struct toy_run run = toy_run("call -o out --json --data d");
    cr_expect_eq(run.exit_code, 0, "%s%s", run.out, run.err);
    cr_expect(strstr(run.out, "{\"inner\":{") != NULL, "%s", run.out);
    cr_expect(strstr(run.out, "\"where\":\"here\",\"data\":\"d\"") != NULL, "%s", run.out);
    toy_run_fini(&run);
    expect_file("out", "cba", 0600);
}

Test(cli_main, a_result_that_cannot_be_printed_is_no_success)
{
    cr_assert(freopen("/dev/full", "w", stdout) != NULL);
    char *words[] = {(char[]){"toy"}, (char[]){"greet"}, (char[]){"Ann"}, NULL};
    cr_expect_eq(cli_main(&toy_program, 3, words), CLI_REFUSED);
}
