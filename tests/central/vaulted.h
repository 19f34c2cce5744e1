/* An archive in memory under a central bank of tests: segments that can fail, be lost and be
 * altered. */
#ifndef DCEP_TESTS_CENTRAL_VAULTED_H
#define DCEP_TESTS_CENTRAL_VAULTED_H

#include "central/archive.h"
#include "tests/central/cast.h"

enum { VAULTED_SEGMENTS = 16 };
struct vaulted {
    struct cast *cast;
    struct archive archive;
    struct archive_limits limits;
    struct buffer files[VAULTED_SEGMENTS + 1]; /* by number */
    size_t keep_count;
    bool fails; /* to keep the next one */
};
void vaulted_open(struct vaulted *out, struct cast *cast);
void vaulted_close(struct vaulted *vaulted);
struct archive_folder vaulted_folder(struct vaulted *vaulted);
/* One step in a transaction; if it fails, what a server does then. */
enum err vaulted_step(struct vaulted *vaulted, bool *more);
/* Steps until there is nothing to do today. */
void vaulted_run(struct vaulted *vaulted);
/* The same on the day on which lines of coin may leave; it is that day from now on. */
void vaulted_run_when_due(struct vaulted *vaulted, const struct world_coin *coin);
/* Puts a segment back: the lines that came back; or what went wrong. */
enum err vaulted_restore(struct vaulted *vaulted, uint64_t *line_count, uint64_t number);
/* All rows that lines have, in one hash. */
struct id vaulted_rows(struct vaulted *vaulted);

#endif
