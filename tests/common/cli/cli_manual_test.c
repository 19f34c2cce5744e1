/* The manual page comes from the table; mandoc judges it in tests/acceptance/pages.py. */
#include "tests/common/cli/toy.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(cli_manual, .fini = toy_directory_fini);

Test(cli_manual, table)
{
    static const char *const parts[] = {
        ".TH TOY 1 ",
        ".SH NAME\ntoy \\- a toy\n",
        ".SS \\fBgreet\\fR \\fINAME\\fR [\\fB\\-l\\fR]\n",
        ".SS \\fBvault\\fR \\fBshow\\fR",
        ".TP\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIFILE\\fR\n",
        "toy pay 12.50 a b \\-o FILE\n.fi\n",
        ".SH EXIT STATUS\n",
    };
    struct toy_run run = toy_run("--lang en --man");
    cr_expect_eq(run.exit_code, 0);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        cr_expect(strstr(run.out, parts[i]) != NULL, "%s is not in %s", parts[i], run.out);
    cr_expect(strstr(run.out, "hidden") == NULL, "what is not for people is left out");
    cr_expect(strstr(run.out, "\\-\\-man") == NULL, "nor what is for the build");
    toy_run_fini(&run);
}
