/* The error list: every row has a name, a text and a class; any number is answered. */
#include "common/base/err.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

Test(err, every_row_is_complete_and_its_name_unique)
{
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        const char *text = err_text((enum err)i);
        cr_expect(strlen(err_name((enum err)i)) > 0);
        cr_expect(strlen(text) > 0 && text[strlen(text) - 1] != '.', "%s", text);
        for (unsigned j = 0; j < i; j++)
            cr_expect(strcmp(err_name((enum err)i), err_name((enum err)j)) != 0);
    }
}

Test(err, table)
{
    static const struct {
        enum err error;
        const char *name;
        enum err_class class;
    } rows[] = {
        {ERR_OK, "OK", ERR_CLASS_OK},
        {ERR_PARSE, "PARSE", ERR_CLASS_MALFORMED},
        {ERR_MISSING, "MISSING", ERR_CLASS_ABSENT},
        {ERR_LOCKED, "LOCKED", ERR_CLASS_BUSY},
        {ERR_TIMEOUT, "TIMEOUT", ERR_CLASS_UNREACHABLE},
        {ERR_AUTH, "AUTH", ERR_CLASS_AUTH},
        {ERR_COMMIT_UNKNOWN, "COMMIT_UNKNOWN", ERR_CLASS_BROKEN},
        {ERR_LIBRARY, "LIBRARY", ERR_CLASS_BROKEN},
        {ERR_COUNT, "UNKNOWN", ERR_CLASS_BROKEN},
        {(enum err)4000000000u, "UNKNOWN", ERR_CLASS_BROKEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_str_eq(err_name(rows[i].error), rows[i].name);
        cr_expect_eq(err_class(rows[i].error), rows[i].class, "%s", rows[i].name);
    }
}

static int steps;

static enum err step(enum err error)
{
    steps++;
    return error;
}

static enum err two_steps(enum err first, enum err second)
{
    TRY(step(first));
    TRY(step(second));
    return ERR_OK;
}

Test(err, try_passes_the_first_failure_on_and_evaluates_once)
{
    cr_expect_eq(two_steps(ERR_OK, ERR_OK), ERR_OK);
    cr_expect_eq(steps, 2);
    cr_expect_eq(two_steps(ERR_IO, ERR_OK), ERR_IO);
    cr_expect_eq(steps, 3);
    cr_expect_eq(two_steps(ERR_OK, ERR_BUSY), ERR_BUSY);
}

Test(err, take_leaves_null_behind)
{
    int value = 1, *pointer = &value;
    int *taken = TAKE(pointer);
    cr_expect_eq(taken, &value);
    cr_expect_null(pointer);
}

Test(err, a_failed_check_aborts, .signal = SIGABRT)
{
    CHECK(steps == 1);
}

Test(err, a_true_check_goes_on)
{
    CHECK(steps == 0);
}
