/* Help comes from the table. */
#include "tests/common/cli/toy.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(cli_help, .fini = toy_directory_fini);

Test(cli_help, table)
{
    static const struct toy_row rows[] = {
        {"help", 0, "toy: a toy\n\nUsage: toy [NOUN] VERB [...]\n\nCommands:\n  greet ", ""},
        {"-h", 0, "  vault show ", ""},
        {"help vault", 0, "  vault turn ", ""},
        {"help pay", 0, "Usage: toy pay AMOUNT [PACKET...] [-o FILE] [-n N] [--note TEXT]\n", ""},
        {"pay --help", 0, "Example:\n  toy pay 12.50 a b -o FILE\n", ""},
        {"pay -h 1 2 3", 0, "  -o, --output FILE ", ""},
        {"vault show --help", 0, "Usage: toy vault show\n", ""},
        {"help vault turn", 0, "Usage: toy vault turn FILE [-o FILE] [--target PATH]\n", ""},
        {"help greet", 0, "  -w, --wallet TEXT ", ""},
        {"help greet --json", 0, "{\"help\":\"Usage: toy greet NAME [-l]", ""},
        {"help payy", 2, "", "did you mean \"toy pay\"?"},
        {"help vault hidden", 2, "", "no command"},
    };
    setenv("DCEP_LANG", "en", 1);
    toy_expect("", rows, sizeof rows / sizeof rows[0]);
}
