/* The statuses' names, texts, exit codes and ranks, all from STATUS_LIST (contract in status.h).
 *
 * 1. Total: a number that a newer server may send has a name, a text, an exit code and a rank. */
#include "common/wire/status.h"

#include <stddef.h>

struct status_row {
    enum status status;
    int exit_code;
    const char *name, *text;
};

static const struct status_row rows[] = {
#define STATUS_ROW(name, value, exit_code, text) {STATUS_##name, exit_code, #name, text},
    STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};
enum { STATUS_ROWS = sizeof rows / sizeof rows[0] };
static const struct status_row unknown = {STATUS_FAILED, 1, "unknown", "unknown"};

static int find(enum status status)
{
    for (int rank = 0; rank < STATUS_ROWS; rank++)
        if (rows[rank].status == status)
            return rank;
    return STATUS_ROWS;
}

static const struct status_row *row(enum status status)
{
    int rank = find(status);
    return rank < STATUS_ROWS ? &rows[rank] : &unknown;
}

const char *status_name(enum status status)
{
    return row(status)->name;
}

const char *status_text(enum status status)
{
    return row(status)->text;
}

int status_exit(enum status status)
{
    return row(status)->exit_code;
}

int status_rank(enum status status)
{
    return find(status);
}

enum status status_first(enum status a, enum status b)
{
    if (a == STATUS_OK)
        return b;
    if (b == STATUS_OK)
        return a;
    return status_rank(a) <= status_rank(b) ? a : b;
}
