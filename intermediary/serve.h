/* The bank's server. */
#ifndef DCEP_INTERMEDIARY_SERVE_H
#define DCEP_INTERMEDIARY_SERVE_H

#include "common/cli/cli.h"

int serve_run(struct cli *cli);

#endif
