/* The clock (for shells) and the calendar (for everyone).
 *
 * 1. time_day, time_format and time_format_day are pure, and total over all 64-bit numbers.
 * 2. All dates are UTC in the Gregorian calendar; no locale, no time zone, no leap second.
 *
 * Never sets the clock. The offset of DCEP_CLOCK_OFFSET_S moves what the program believes, so that
 * tests can let certificates and coins grow old. */
#include "common/base/time.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MS_PER_S = 1000, NS_PER_MS = 1000000, DAYS_PER_ERA = 146097, YEARS_PER_ERA = 400 };

/* An offset that isn't a number counts as none. */
static int64_t clock_offset_s(void)
{
    const char *text = getenv("DCEP_CLOCK_OFFSET_S");
    if (text == NULL || *text == '\0')
        return 0;
    char *end;
    errno = 0;
    long long offset = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' ? (int64_t)offset : 0;
}

uint64_t time_now(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    int64_t shifted;
    if (__builtin_add_overflow((int64_t)now.tv_sec, clock_offset_s(), &shifted) || shifted < 0)
        return 0;
    return (uint64_t)shifted;
}

uint64_t time_monotonic_ms(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * MS_PER_S + (uint64_t)now.tv_nsec / NS_PER_MS;
}

uint64_t time_day(uint64_t seconds)
{
    return seconds / SECONDS_PER_DAY;
}

struct date {
    uint64_t year;
    unsigned month, day;
};

/* Days to a date, counting years from 1 March so that the leap day comes last. An era is 400 years,
 * after which the calendar repeats; 719468 days lie between 0000-03-01 and 1970-01-01. Whole eras
 * are taken off first, so that no 64-bit day overflows. */
static struct date date_of_day(uint64_t day)
{
    uint64_t shifted = day % DAYS_PER_ERA + 719468;
    uint64_t eras = day / DAYS_PER_ERA + shifted / DAYS_PER_ERA;
    unsigned of_era = (unsigned)(shifted % DAYS_PER_ERA);
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * of_year + 2) / 153;
    unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (struct date){
        .year = eras * YEARS_PER_ERA + year_of_era + (month <= 2),
        .month = month,
        .day = of_year - (153 * month_from_march + 2) / 5 + 1,
    };
}

void time_format_day(char text[TIME_TEXT_SIZE], uint64_t day)
{
    struct date date = date_of_day(day);
    int size = snprintf(text, TIME_TEXT_SIZE, "%04llu-%02u-%02u", (unsigned long long)date.year,
                        date.month, date.day);
    CHECK(size > 0 && size < TIME_TEXT_SIZE);
}

void time_format(char text[TIME_TEXT_SIZE], uint64_t seconds)
{
    struct date date = date_of_day(time_day(seconds));
    unsigned of_day = (unsigned)(seconds % SECONDS_PER_DAY);
    int size = snprintf(text, TIME_TEXT_SIZE, "%04llu-%02u-%02u %02u:%02u:%02uZ",
                        (unsigned long long)date.year, date.month, date.day, of_day / 3600,
                        of_day / 60 % 60, of_day % 60);
    CHECK(size > 0 && size < TIME_TEXT_SIZE);
}
