/* limits, limits set; and the warnings of dates that come near. */
#ifndef DCEP_WALLET_COMMANDS_LIMITS_H
#define DCEP_WALLET_COMMANDS_LIMITS_H

#include "wallet/commands.h"

int commands_limits(struct cli *cli);
int commands_limits_set(struct cli *cli);
/* What ends soon, days before: the directory, coins to be redeemed. */
enum err commands_limits_warn(struct desk *desk) MUST_USE;

#endif
