/* The runs of the index by owner, and how they become fewer. Private to register_owner*.c. */
#ifndef DCEP_CENTRAL_REGISTER_OWNER_RUNS_H
#define DCEP_CENTRAL_REGISTER_OWNER_RUNS_H

#include "central/register_row.h"

enum {
    OWNER_SERIAL_AT = KEY_ID_SIZE, /* an entry: owner, serial (big-endian), coin id; 8 bytes each */
    OWNER_COIN_AT = 2 * KEY_ID_SIZE,
    OWNER_LEVEL_FINAL = 15, /* runs that are left alone */
};
uint64_t register_owner_serial(const uint8_t *entry);

/* A call's entries, which it sorts, as one run more; then the merges of each level go on by a part
 * that grows with count, and one of each level may begin. */
enum err register_owner_add_run(struct register_env *env, uint8_t *entries, size_t count) MUST_USE;
/* The numbers of a level's runs; *last 0: there are none. */
enum err register_owner_runs(struct register_env *env, uint64_t *first, uint64_t *last,
                             uint64_t level) MUST_USE;
/* The chunk that follows *at in its run, or is before it. *found: there is one, in *at. */
enum err register_owner_step(struct register_env *env, bool *found, struct owner_run *at,
                             bool descending) MUST_USE;

#endif
