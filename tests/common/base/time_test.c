/* The calendar against known dates, the whole 64-bit range, and the clock's offset. */
#include "common/base/time.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

Test(time, format)
{
    static const struct {
        uint64_t seconds;
        const char *text;
    } rows[] = {
        {0, "1970-01-01 00:00:00Z"},
        {86399, "1970-01-01 23:59:59Z"},
        {86400, "1970-01-02 00:00:00Z"},
        {951782399, "2000-02-28 23:59:59Z"},
        {951782400, "2000-02-29 00:00:00Z"},
        {951868800, "2000-03-01 00:00:00Z"},
        {1795356190, "2026-11-22 14:03:10Z"},
        {4107542400, "2100-03-01 00:00:00Z"},
        {253402300799, "9999-12-31 23:59:59Z"},
        {UINT64_MAX, "584554051223-11-09 07:00:15Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[TIME_TEXT_SIZE], day[TIME_TEXT_SIZE];
        time_format(text, rows[i].seconds);
        time_format_day(day, time_day(rows[i].seconds));
        cr_expect_str_eq(text, rows[i].text);
        cr_expect_eq(strncmp(text, day, strlen(day)), 0, "%s", day);
    }
}

Test(time, every_day_of_eight_centuries_agrees_with_the_c_library)
{
    for (uint64_t day = 0; day < 800 * 366; day++) {
        char ours[TIME_TEXT_SIZE], theirs[TIME_TEXT_SIZE];
        time_t seconds = (time_t)(day * SECONDS_PER_DAY);
        struct tm parts;
        time_format_day(ours, day);
        strftime(theirs, sizeof theirs, "%Y-%m-%d", gmtime_r(&seconds, &parts));
        cr_assert_str_eq(ours, theirs);
    }
}

Test(time, the_last_day_of_all_fits)
{
    char text[TIME_TEXT_SIZE];
    time_format_day(text, UINT64_MAX);
    cr_expect_gt(strlen(text), 10u);
}

Test(time, clock_offset)
{
    static const struct {
        const char *offset;
        int64_t moved;
    } rows[] = {
        {"0", 0}, {"+60", 60}, {"86400", 86400}, {"-86400", -86400},
        {"x", 0}, {"", 0},     {"12x", 0},       {"99999999999999999999", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct timespec before, after;
        setenv("DCEP_CLOCK_OFFSET_S", rows[i].offset, 1);
        clock_gettime(CLOCK_REALTIME, &before); /* time(NULL) may lag behind it */
        const int64_t told = (int64_t)time_now() - rows[i].moved;
        clock_gettime(CLOCK_REALTIME, &after);
        cr_expect(told >= before.tv_sec && told <= after.tv_sec, "%s", rows[i].offset);
    }
    setenv("DCEP_CLOCK_OFFSET_S", "-9000000000", 1);
    cr_expect_eq(time_now(), 0u, "never before 1970");
    setenv("DCEP_CLOCK_OFFSET_S", "9223372036854775807", 1);
    cr_expect_eq(time_now(), 0u, "an overflow is not a date");
}

Test(time, monotonic_goes_forward)
{
    uint64_t before = time_monotonic_ms();
    struct timespec pause = {0, 20 * 1000 * 1000};
    nanosleep(&pause, NULL);
    uint64_t passed_ms = time_monotonic_ms() - before;
    cr_expect(passed_ms >= 19 && passed_ms < 5000);
}
