/* The second half of init: from DATA/.init to their places, so that a crash at any moment can be
 * made good. */
#ifndef DCEP_CENTRAL_INIT_MOVE_H
#define DCEP_CENTRAL_INIT_MOVE_H

#include "common/cli/cli.h"

#define INIT_MOVE_STAGING ".init"

int init_move_check(struct cli *cli);                     /* no root key is in the way */
enum err init_move_clear(const struct cli *cli) MUST_USE; /* an empty staging directory */
/* All files are there and durable; where the root key goes is noted. */
enum err init_move_mark(const struct cli *cli) MUST_USE;
bool init_move_is_marked(const struct cli *cli);
int init_move_finish(struct cli *cli);

#endif
