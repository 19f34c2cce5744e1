/* Words into values: one line a command line, last columns the exit code and what is said. */
#include "tests/common/cli/toy.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void set_up(void)
{
    char path[256];
    setenv("DCEP_LANG", "en", 1);
    snprintf(path, sizeof path, "%s/a", toy_directory());
    toy_write(path, "12345", 0644);
    cr_assert(chdir(toy_directory()) == 0);
}

TestSuite(cli_parse, .init = set_up, .fini = toy_directory_fini);

static const struct {
    const char *words;
    int exit_code;
    const char *out, *err; /* parts of */
} rows[] = {
    {"greet Ann", 0, "hello Ann\n", ""},
    {"greet -- -x", 0, "hello -x\n", ""},
    {"greet -", 0, "hello -\n", ""},
    {"--data d greet Ann", 0, "hello Ann", ""},
    {"-l greet Ann", 0, "hello Ann", "warning: too loud\n"},
    {"-ql greet Ann", 0, "hello Ann", ""},
    {"greet Ann -l -l", 0, "hello Ann", "warning"},
    {"pay 12.5", 0, "paid", ""},
    {"pay 12.5 --json", 0, "\"amount\":\"12.50\",\"times\":1,\"packets\":0", ""},
    {"pay --json ¥1,234.5 -n3", 0, "\"amount\":\"1234.50\",\"times\":3", ""},
    {"pay -n 3 1 --json", 0, "\"times\":3", ""},
    {"pay --times=3 1 --json", 0, "\"times\":3", ""},
    {"pay --times 3 --json 1 a a", 0, "\"packets\":2,\"size\":10", ""},
    {"-n 3 --json pay 1", 0, "\"times\":3", ""},
    {"-w alice pay 1", 0, "paid", ""},
    {"pay 1 --note=", 0, "paid", ""},
    {"greet", 2, "", "NAME is missing\nhint: usage: toy greet NAME [-l]"},
    {"greet Ann Bob", 2, "", "\"Bob\" is one argument too many\nhint: usage: toy greet"},
    {"pay twelve", 2, "", "AMOUNT: \"twelve\" is not an amount\nhint: write 12.5"},
    {"pay 1.234", 2, "", "not an amount"},
    {"pay -1", 2, "", "there is no option \"-1\""},
    {"pay 1 -n x", 2, "", "--times: \"x\" is not a number"},
    {"pay 1 -n +3", 2, "", "not a number"},
    {"pay 1 -n -3", 2, "", "not a number"},
    {"pay 1 -n 99999999999999999999", 2, "", "not a number"},
    {"pay 1 -n 9007199254740992", 2, "", "not a number"},
    {"pay 1 -n", 2, "", "--times needs a value"},
    {"pay 1 -n 1 -n 2", 2, "", "--times is given twice"},
    {"pay 1 --json=yes", 2, "", "--json takes no value"},
    {"pay 1 --out x", 2, "", "there is no option \"--out\""},
    {"pay 1 --outptu x", 2, "", "did you mean \"--output\"?"},
    {"pay 1 -o=", 2, "", "exists"},
    {"pay 1 --output=", 2, "", "the name of the file is empty"},
    {"pay 1 nothere", 2, "", "the file nothere cannot be read: not found\nhint: look at the name"},
    {"pay 1 - -", 2, "", "only one file can be \"-\""},
    {"pay 1 /", 2, "", "cannot be read: input or output failed\nhint: it is a directory"},
    {"pay 1 /dev/null", 2, "", "cannot be read: input or output failed\nhint: name a file"},
    {"greet Ann -c nothere", 2, "", "nothere: not found\nhint: look at the name"},
    {"pay 1 --timeout 0", 2, "", "--timeout is 1 to 86400 seconds"},
    {"pay 1 --lang fr", 2, "", "--lang is en or zh"},
    {"pay 1 \xff", 2, "", "not UTF-8"},
    {"pya 1", 2, "", "there is no command \"pya\"\nhint: did you mean \"toy pay\"?"},
    {"vualt show", 2, "", "did you mean \"toy vault\"?"},
    {"vault shwo", 2, "", "no command \"vault shwo\"\nhint: did you mean \"toy vault show\"?"},
    {"vault hidden a", 2, "", "there is no command \"vault hidden\""},
    {"vault", 2, "", "\"vault\" needs a verb\nhint: one of: show turn"},
    {"frobnicate", 2, "", "hint: \"toy help\" lists the commands"},
    {"-w ../x pay 1", 2, "", "--wallet: a name has"},
    {"-w .x pay 1", 2, "", "--wallet: a name has"},
    {"-w x --data d pay 1", 2, "", "exclude each other"},
    {"--data d", 0, "home of d\n", ""},
    {"-V", 0, "toy 0", ""},
    {"--version --json", 0, "\"version\"", ""},
};

Test(cli_parse, table)
{
    toy_write("=", "", 0644);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct toy_run run = toy_run("%s", rows[i].words);
        cr_expect_eq(run.exit_code, rows[i].exit_code, "%s: %d", rows[i].words, run.exit_code);
        cr_expect(strstr(run.out, rows[i].out) != NULL, "%s: out %s", rows[i].words, run.out);
        cr_expect(strstr(run.err, rows[i].err) != NULL, "%s: err %s", rows[i].words, run.err);
        cr_expect(rows[i].err[0] != '\0' || run.err[0] == '\0', "%s: %s", rows[i].words, run.err);
        cr_expect(rows[i].out[0] != '\0' || run.out[0] == '\0', "%s: %s", rows[i].words, run.out);
        toy_run_fini(&run);
    }
}

Test(cli_parse, usage_errors_are_one_json_object_too)
{
    static const char *const lines[] = {"greet --json",       "--json nothing",
                                        "vault --json",       "pay --json x",
                                        "pay 1 --json --bad", "--json -w ../x pay 1"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct toy_run run = toy_run("%s", lines[i]);
        json_t *root = toy_json(&run), *error = json_object_get(root, "error");
        cr_expect_eq(run.exit_code, 2);
        cr_expect_eq(json_integer_value(json_object_get(error, "code")), 2);
        cr_expect_str_eq(json_string_value(json_object_get(error, "name")), "USAGE");
        cr_expect(strlen(json_string_value(json_object_get(error, "message"))) > 0);
        cr_expect(strlen(json_string_value(json_object_get(error, "hint"))) > 0);
        cr_expect_str_empty(run.err);
        json_decref(root);
        toy_run_fini(&run);
    }
}

Test(cli_parse, wallets_live_below_xdg)
{
    setenv("XDG_DATA_HOME", "/xdg", 1);
    struct toy_run run = toy_run("-w alice");
    cr_expect_str_eq(run.out, "home of /xdg/dcep/wallets/alice\n");
    toy_run_fini(&run);
    setenv("XDG_DATA_HOME", "relative", 1); /* to be ignored, says the XDG specification */
    setenv("HOME", "/home/ann", 1);
    run = toy_run(" ");
    cr_expect_str_eq(run.out, "home of /home/ann/.local/share/dcep/wallets/default\n");
    toy_run_fini(&run);
    setenv("DCEP_WALLET", "bob", 1);
    run = toy_run(" ");
    cr_expect_str_eq(run.out, "home of /home/ann/.local/share/dcep/wallets/bob\n");
    toy_run_fini(&run);
    setenv("DCEP_DATA", "/data", 1);
    run = toy_run(" ");
    cr_expect_str_eq(run.out, "home of /data\n");
    toy_run_fini(&run);
}
