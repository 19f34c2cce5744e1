/* Chance from a seed (xorshift64*): the only source of whatever is random in the simulated world,
 * so that the same seed is the same run. */
#ifndef DCEP_TESTS_SIMULATION_CHANCE_H
#define DCEP_TESTS_SIMULATION_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};
void chance_seed(struct chance *chance, uint64_t seed);
uint64_t chance_next(struct chance *chance);
uint64_t chance_below(struct chance *chance, uint64_t bound); /* 0..bound-1 */
uint64_t chance_between(struct chance *chance, uint64_t low, uint64_t high);
bool chance_permille(struct chance *chance, unsigned permille);
/* Bytes, in the shape in which the cores take their randomness. */
void chance_bytes(void *chance, void *out, size_t size);

#endif
