/* limits, limits set. */
#ifndef DCEP_WALLET_COMMANDS_LIMITS_H
#define DCEP_WALLET_COMMANDS_LIMITS_H

#include "wallet/commands.h"

int commands_limits(struct cli *cli);
int commands_limits_set(struct cli *cli);

#endif
