/* Commitments: equal to the last byte, and known unless all zero. */
#include "common/base/span.h"

#include <criterion/criterion.h>

Test(base, commitments)
{
    for (size_t i = 0; i < COMMITMENT_SIZE; i++) {
        struct commitment none = {{0}}, one = {{0}}, other = {{0}};
        one.bytes[i] = 1;
        other.bytes[i] = 2;
        cr_expect_not(commitment_is_known(&none));
        cr_expect(commitment_is_known(&one));
        cr_expect(commitment_equal(&one, &one));
        cr_expect_not(commitment_equal(&one, &other));
        cr_expect_not(commitment_equal(&one, &none));
    }
}
