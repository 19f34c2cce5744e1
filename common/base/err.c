/* The texts of the error list, and the end of a program that found its own bug.
 *
 * 1. err_name, err_text and err_class are total: a number from outside the list is answered too.
 * 2. err_check_failed shows where the bug is and never any data.
 *
 * Never allocates, never translates: the shell that talks to people does. */
#include "common/base/err.h"

#include <stdio.h>
#include <stdlib.h>

struct err_row {
    const char *name;
    const char *text;
    enum err_class class;
};

static const struct err_row rows[ERR_COUNT] = {
#define ERR_ROW(name, klass, text) [ERR_##name] = {#name, text, ERR_CLASS_##klass},
    ERR_LIST(ERR_ROW)
#undef ERR_ROW
};

static const struct err_row unknown = {"UNKNOWN", "unknown error", ERR_CLASS_BROKEN};

static const struct err_row *row_of(enum err error)
{
    return (unsigned)error < ERR_COUNT ? &rows[error] : &unknown;
}

const char *err_name(enum err error)
{
    return row_of(error)->name;
}

const char *err_text(enum err error)
{
    return row_of(error)->text;
}

enum err_class err_class(enum err error)
{
    return row_of(error)->class;
}

_Noreturn void err_check_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: internal error: CHECK(%s)\n", file, line, condition);
    abort();
}
