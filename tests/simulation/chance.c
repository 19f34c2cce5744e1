/* Chance from a seed (contract in chance.h). */
#include "tests/simulation/chance.h"

#include <string.h>

/* Neighbouring seeds must not begin alike: splitmix64 stirs them. */
void chance_seed(struct chance *chance, uint64_t seed)
{
    uint64_t z = seed + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    chance->state = (z ^ (z >> 31)) | 1;
}

uint64_t chance_next(struct chance *chance)
{
    uint64_t x = chance->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    chance->state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t chance_below(struct chance *chance, uint64_t bound)
{
    return (chance_next(chance) >> 11) % bound;
}

uint64_t chance_between(struct chance *chance, uint64_t low, uint64_t high)
{
    return low + chance_below(chance, high - low + 1);
}

bool chance_permille(struct chance *chance, unsigned permille)
{
    return chance_below(chance, 1000) < permille;
}

void chance_bytes(void *context, void *out, size_t size)
{
    struct chance *chance = context;
    uint8_t *to = out;
    while (size > 0) {
        const uint64_t x = chance_next(chance);
        const size_t part = size < sizeof x ? size : sizeof x;
        memcpy(to, &x, part);
        to += part;
        size -= part;
    }
}
