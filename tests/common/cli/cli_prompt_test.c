/* Questions on a terminal: shown, answered, and no passphrase echoed. */
#include "tests/common/cli/toy.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void set_up(void)
{
    setenv("DCEP_LANG", "en", 1);
}

TestSuite(cli_prompt, .init = set_up, .timeout = 20);

Test(cli_prompt, table)
{
    static const struct {
        const char *words, *dialogue[9];
        int exit_code;
        const char *shown;
    } rows[] = {
        {"drop Ann", {"Really? [y/N]", "y\n"}, 0, "hello Ann"},
        {"drop Ann", {"Really? [y/N]", "YES\n"}, 0, "hello Ann"},
        {"drop Ann --lang zh", {"[y/N]", "是\n"}, 0, "hello Ann"},
        {"drop Ann", {"Really? [y/N]", "n\n"}, 1, "error: cancelled; nothing was done"},
        {"drop Ann", {"Really? [y/N]", "\n"}, 1, "cancelled"},
        {"drop Ann", {"Really? [y/N]", "\x04"}, 1, "cancelled"},
        {"drop Ann --no-input", {NULL}, 2, "-y answers yes"},
        {"vault dismiss Ann --data .", {"Ann\r\nReally? [y/N]", "y\n"}, 0, "dismissed by here"},
        {"vault dismiss Ann --data .", {"Really? [y/N]", "n\n"}, 1, "cancelled"},
        {"vault dismiss Bob --data .", {NULL}, 1, "error: nobody of that name"},
        {"pass --json", {"PIN: ", "geheim\n"}, 0, "\"size\": 6"},
        {"pass --json -l", {"PIN: ", "geheim\n", "again: ", "geheim\n"}, 0, "\"size\": 6"},
        {"pass --json -l",
         {"PIN: ", "geheim\n", "again: ", "anders\n", "differ\r\nPIN: ", "geheim\n",
          "again: ", "geheim\n"},
         0,
         "\"size\": 6"},
        {"pass", {"PIN: ", "gehei\x03"}, -1, "PIN: "}, /* ^C: ended by the signal */
        {"pass", {"PIN: ", "\x04"}, 1, "PIN: input or output failed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct toy_run run = toy_run_on_terminal(rows[i].dialogue, rows[i].words);
        cr_expect_eq(run.exit_code, rows[i].exit_code, "%zu: %d %s", i, run.exit_code, run.out);
        cr_expect(strstr(run.out, rows[i].shown) != NULL, "%zu: %s", i, run.out);
        cr_expect(strstr(run.out, "gehei") == NULL, "%zu: echoed: %s", i, run.out);
        toy_run_fini(&run);
    }
}
