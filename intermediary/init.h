/* Making a bank: keys, server certificate, settings, an empty database. */
#ifndef DCEP_INTERMEDIARY_INIT_H
#define DCEP_INTERMEDIARY_INIT_H

#include "common/cli/cli.h"

int init_run(struct cli *cli);

#endif
