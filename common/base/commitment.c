/* Commitments of signatures, compared (contract in span.h). Public values. */
#include "common/base/span.h"

#include <string.h>

bool commitment_equal(const struct commitment *a, const struct commitment *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool commitment_is_known(const struct commitment *commitment)
{
    static const struct commitment nothing;
    return !commitment_equal(commitment, &nothing);
}
