/* Ids by prefix, and the order of exit codes. */
#include "common/cli/cli.h"

#include <criterion/criterion.h>

Test(cli_value, id_prefixes)
{
    static const uint8_t id[4] = {0xab, 0xcd, 0x01, 0x23};
    static const struct {
        const char *prefix;
        bool matches;
    } rows[] = {
        {"abcd", true}, {"abcd0", true}, {"ABCD01", true},     {"abcd0123", true}, {"abc", false},
        {"", false},    {"abce", false}, {"abcd01234", false}, {"bcd0", false},    {"ab%d", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(cli_id_matches(span_of(id, sizeof id), rows[i].prefix), rows[i].matches, "%s",
                     rows[i].prefix);
}

Test(cli_value, the_worse_exit_wins)
{
    static const int order[] = {9, 7, 6, 4, 5, 1, 3, 8, 0};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        for (size_t j = i; j < sizeof order / sizeof order[0]; j++) {
            cr_expect_eq(cli_worse(order[i], order[j]), order[i]);
            cr_expect_eq(cli_worse(order[j], order[i]), order[i]);
        }
    }
    cr_expect_eq(cli_worse(CLI_INTERNAL, CLI_OK), CLI_INTERNAL);
}
