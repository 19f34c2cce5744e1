/* The program as the frame sees it: commands and settings. */
#ifndef DCEP_INTERMEDIARY_PROGRAM_H
#define DCEP_INTERMEDIARY_PROGRAM_H

#include "common/cli/cli.h"

extern const struct cli_program program_bank;

#endif
