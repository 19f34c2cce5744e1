/* Suggestions: near, and never wholly different. */
#include "common/cli/cli_frame.h"

#include <criterion/criterion.h>

Test(cli_suggest, table)
{
    static const struct {
        const char *word, *candidate;
        bool suggested;
    } rows[] = {
        {"customer", "customer", true},
        {"custmer", "customer", true},
        {"cusotmre", "customer", true}, /* neighbours swapped */
        {"cstmer", "customer", true},
        {"cstmr", "customer", false},
        {"kustomers", "customer", true},
        {"pay", "pin", true},
        {"ab", "cd", false},
        {"a", "b", false},
        {"a", "ab", false},
        {"", "a", false},
        {"sync", "sync", true},
        {"snyc", "sync", true},
        {"ycns", "sync", false},
        {"0123456789012345678901234567890123456789x", "sync", false},
        {"pay", NULL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *best = NULL;
        size_t distance = CLI_DISTANCE_MAX + 1;
        cli_suggest(&best, &distance, rows[i].word, rows[i].candidate);
        cr_expect_eq(best != NULL, rows[i].suggested, "%s %s", rows[i].word, rows[i].candidate);
    }
}

Test(cli_suggest, the_nearest_wins)
{
    const char *best = NULL;
    size_t distance = CLI_DISTANCE_MAX + 1;
    cli_suggest(&best, &distance, "shw", "sho12");
    cli_suggest(&best, &distance, "shw", "show");
    cli_suggest(&best, &distance, "shw", "shew");
    cr_expect_str_eq(best, "show");
}
