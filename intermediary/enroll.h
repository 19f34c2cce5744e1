/* Enrolment at the central bank: the request out, the admission in. */
#ifndef DCEP_INTERMEDIARY_ENROLL_H
#define DCEP_INTERMEDIARY_ENROLL_H

#include "common/cli/cli.h"

int enroll_run(struct cli *cli);

#endif
