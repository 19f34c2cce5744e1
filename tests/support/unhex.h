/* Bytes written as hex digits in a test's table; spaces are free. */
#ifndef DCEP_TESTS_SUPPORT_UNHEX_H
#define DCEP_TESTS_SUPPORT_UNHEX_H

#include "common/base/span.h"

struct span unhex(struct arena *arena, const char *digits);

#endif
