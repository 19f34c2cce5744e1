/* What the server does besides answering: it looks for clones among what settled, sends old lines
 * to the archive, and forgets old call ids. The pipeline's writer does it, so nothing has to stop
 * for it: the search goes into the transaction of a batch, the rest between two batches. */
#ifndef DCEP_CENTRAL_SERVE_UPKEEP_H
#define DCEP_CENTRAL_SERVE_UPKEEP_H

#include "central/archive_files.h"
#include "central/serve_batch.h"

#include <stdatomic.h>

struct serve_upkeep {
    struct service *service; /* borrowed */
    struct archive archive;
    struct archive_files archive_files;
    uint64_t pruned_ms, clones_ms; /* the last time; clones: later, if that failed */
    uint64_t archive_ms;           /* when the next step is due */
    _Atomic bool may_have_clones;  /* payments settled that were not looked at */
    _Atomic bool is_quiet;         /* nobody called since the last chores */
    _Atomic bool is_archiving;     /* another step is due soon */
};

void serve_upkeep_init(struct serve_upkeep *upkeep, struct service *service,
                       const char *archive_path);
void serve_upkeep_fini(struct serve_upkeep *upkeep);
/* For the pipeline; upkeep is borrowed. */
struct serve_batch_chores serve_upkeep_chores(struct serve_upkeep *upkeep);
/* How long nothing need be done if nobody calls. From any thread. */
uint64_t serve_upkeep_wait_ms(const struct serve_upkeep *upkeep);

#endif
