/* Log lines: their form, the threshold, and that a value can't forge a line. */
#include "common/base/log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char captured[8192];

/* Runs with stderr in a pipe; a log line is shorter than the pipe's buffer. */
static void capture(void (*act)(void))
{
    int ends[2], saved = dup(STDERR_FILENO);
    cr_assert_eq(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    act();
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t size = 0, got;
    while ((got = read(ends[0], captured + size, sizeof captured - 1 - (size_t)size)) > 0)
        size += got;
    captured[size] = '\0';
    close(ends[0]);
}

static void log_one(void)
{
    log_line(LOG_LEVEL_WARN, "settle.conflict bank=%d coin=%s", 7, "abcd");
}

static void log_below(void)
{
    log_line(LOG_LEVEL_DEBUG, "noise");
}

static void log_forged(void)
{
    log_line(LOG_LEVEL_INFO, "call memo=%s", "tea\n2026-11-22T00:00:00Z error forged\x1b[2J");
}

static void log_long(void)
{
    static char memo[5000];
    memset(memo, 'x', sizeof memo - 1);
    log_line(LOG_LEVEL_INFO, "call memo=%s", memo);
}

Test(log, line)
{
    capture(log_one);
    cr_expect_eq(captured[10], 'T');
    cr_expect_eq(captured[19], 'Z');
    cr_expect_str_eq(captured + 20, " warn settle.conflict bank=7 coin=abcd\n");
}

Test(log, threshold)
{
    capture(log_below);
    cr_expect_str_eq(captured, "");
    log_set_level(LOG_LEVEL_DEBUG);
    capture(log_below);
    cr_expect_str_eq(captured + 20, " debug noise\n");
    log_set_level(LOG_LEVEL_ERROR);
    capture(log_one);
    cr_expect_str_eq(captured, "");
}

Test(log, a_value_cannot_start_a_line)
{
    capture(log_forged);
    cr_expect_eq(strchr(captured, '\n'), captured + strlen(captured) - 1);
    cr_expect_null(strchr(captured, '\x1b'));
}

Test(log, a_long_line_is_cut_and_ended)
{
    capture(log_long);
    cr_expect(strlen(captured) < 2200 && captured[strlen(captured) - 1] == '\n');
}
