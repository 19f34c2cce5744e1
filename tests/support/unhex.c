/* Hex digits to bytes in an arena. A wrong digit is a bug of the test. */
#include "tests/support/unhex.h"

#include <string.h>

struct span unhex(struct arena *arena, const char *digits)
{
    void *bytes;
    size_t count = 0;
    char pair[3] = {0};
    CHECK(arena_alloc(arena, &bytes, strlen(digits) / 2 + 1, 1) == ERR_OK);
    while (*digits != '\0') {
        if (*digits == ' ') {
            digits++;
            continue;
        }
        memcpy(pair, digits, 2);
        CHECK(hex_decode((uint8_t *)bytes + count++, 1, pair) == ERR_OK);
        digits += 2;
    }
    return span_of(bytes, count);
}
