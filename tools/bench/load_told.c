/* Commitments of packets (contract in load_told.h). */
#include "tools/bench/load_told.h"

#include <string.h>

void load_told_learn(uint8_t *out, const struct span *packets, size_t count, size_t line,
                     const struct trust *trust)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct packet_prepared *prepared[LOAD_TOLD_MAX] = {NULL};
    CHECK(count <= LOAD_TOLD_MAX);
    for (size_t i = 0; i < count; i++)
        CHECK(packet_prepare(&prepared[i], packets[i], trust, PACKET_FOR_REGISTER, &arena) ==
              ERR_OK);
    CHECK(packet_prove(prepared, count, NULL, &arena) == ERR_OK);
    for (size_t i = 0; i < count; i++) {
        struct span met;
        CHECK(packet_met(&met, prepared[i], &arena) == ERR_OK);
        CHECK(met.size == line * COMMITMENT_SIZE);
        memcpy(out + i * met.size, met.data, met.size);
    }
}
