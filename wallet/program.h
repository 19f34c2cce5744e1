/* dcep-wallet as a table: its commands and what they take. */
#ifndef DCEP_WALLET_PROGRAM_H
#define DCEP_WALLET_PROGRAM_H

#include "common/cli/cli.h"

extern const struct cli_program program_wallet;

#endif
