/* Making a central bank: keys, certificates, settings, an empty register, the first directory. */
#ifndef DCEP_CENTRAL_INIT_H
#define DCEP_CENTRAL_INIT_H

#include "common/cli/cli.h"

int init_run(struct cli *cli);

#endif
