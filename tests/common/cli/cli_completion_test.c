/* Completion comes from the table; real shells read it in tests/acceptance/pages.py. */
#include "tests/common/cli/toy.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(cli_completion, .fini = toy_directory_fini);

Test(cli_completion, table)
{
    static const struct {
        const char *words;
        int exit_code;
        const char *out, *err;
    } rows[] = {
        {"--completion bash", 0, "\"pay \"*) options+=' --output --times --note'", ""},
        {"--completion bash", 0, "complete -F _toy toy", ""},
        {"--completion bash", 0, "\"vault \"*) words=' show", ""},
        {"--completion zsh", 0, "#compdef toy", ""},
        {"--completion zsh", 0, "'pay:pays'", ""},
        {"--completion fish", 0, "complete -c toy -n '_toy_in pay' -l output -s o -r -F", ""},
        {"--completion fish", 0, "complete -c toy -n '_toy_at vault' -a show", ""},
        {"--completion tcsh", 2, "", "no shell that is known here"},
        {"--completion", 2, "", "needs a value"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct toy_run run = toy_run("%s", rows[i].words);
        cr_expect_eq(run.exit_code, rows[i].exit_code, "%s: %d", rows[i].words, run.exit_code);
        cr_expect(strstr(run.out, rows[i].out) != NULL, "%s: out %s", rows[i].words, run.out);
        cr_expect(strstr(run.err, rows[i].err) != NULL, "%s: err %s", rows[i].words, run.err);
        cr_expect(strstr(run.out, "hidden") == NULL, "%s", rows[i].words);
        toy_run_fini(&run);
    }
}
