/* Completion comes from the table; real shells read it in tests/acceptance/pages.py. */
#include "tests/common/cli/toy.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(cli_completion, .fini = toy_directory_fini);

Test(cli_completion, table)
{
    static const struct toy_row rows[] = {
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
    toy_expect("", rows, sizeof rows / sizeof rows[0]);
}
