/* Time. Cores get it passed in; only shells read the clock (time_now).
 * day = days since 1970-01-01 UTC; seconds = Unix seconds (docs/PROTOCOL.md section 2.3). */
#ifndef DCEP_COMMON_BASE_TIME_H
#define DCEP_COMMON_BASE_TIME_H

#include "common/base/err.h"

#include <stdint.h>

enum { SECONDS_PER_DAY = 86400, TIME_TEXT_SIZE = 32 };

uint64_t time_now(void); /* Unix seconds. Shells only. Honours DCEP_CLOCK_OFFSET_S (a signed
                                   number of seconds; tests move the clock with it). */
uint64_t time_monotonic_ms(void); /* for deadlines. Shells only. */
uint64_t time_day(uint64_t seconds);
void time_format(char text[TIME_TEXT_SIZE], uint64_t seconds); /* "2026-11-22 14:03:10Z" */
void time_format_day(char text[TIME_TEXT_SIZE], uint64_t day); /* "2026-11-22" */

#endif
