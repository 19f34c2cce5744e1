/* Statuses: names, exit codes, and the precedence that the list's order is. */
#include "common/wire/status.h"

#include <criterion/criterion.h>
#include <string.h>

Test(status, names_texts_exits)
{
    cr_expect(strcmp(status_name(STATUS_CHAIN), "CHAIN") == 0);
    cr_expect(strcmp(status_text(STATUS_FUNDS), "not enough money") == 0);
    cr_expect(status_exit(STATUS_OK) == 0);
    cr_expect(status_exit(STATUS_CONFLICT) == 7);
    cr_expect(status_exit(STATUS_PENDING) == 8);
    cr_expect(status_exit(STATUS_SENDER) == 4);
}

Test(status, precedence)
{
    cr_expect(status_rank(STATUS_LIMIT) < status_rank(STATUS_PARSE));
    cr_expect(status_rank(STATUS_CHAIN) < status_rank(STATUS_SUM));
    cr_expect(status_rank(STATUS_SIGNATURE) < status_rank(STATUS_REVOKED));
    cr_expect(status_first(STATUS_OK, STATUS_HOPS) == STATUS_HOPS);
    cr_expect(status_first(STATUS_HOPS, STATUS_OK) == STATUS_HOPS);
    cr_expect(status_first(STATUS_SUM, STATUS_CHAIN) == STATUS_CHAIN);
    cr_expect(status_first(STATUS_CHAIN, STATUS_SUM) == STATUS_CHAIN);
    cr_expect(status_first(STATUS_OK, STATUS_OK) == STATUS_OK);
}

/* The order of the list is the order of the numbers, so a stranger may compare either. */
Test(status, ranks_rise_with_the_numbers)
{
    static const enum status all[] = {
#define STATUS_VALUE(name, value, exit_code, text) STATUS_##name,
        STATUS_LIST(STATUS_VALUE)
#undef STATUS_VALUE
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        cr_expect(status_rank(all[i]) == (int)i);
        cr_expect(i == 0 || all[i] > all[i - 1], "%s", status_name(all[i]));
    }
}

Test(status, total)
{
    enum status unknown = (enum status)200;
    cr_expect(strcmp(status_name(unknown), "unknown") == 0);
    cr_expect(strcmp(status_text(unknown), "unknown") == 0);
    cr_expect(status_exit(unknown) == 1);
    cr_expect(status_rank(unknown) > status_rank(STATUS_FAILED));
    cr_expect(status_first(unknown, STATUS_FAILED) == STATUS_FAILED);
}
