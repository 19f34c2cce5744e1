/* inspect: what is in a file, with a wallet or without. Changes nothing. */
#include "wallet/inspect.h"

/* While another command holds the wallet, and without one, a file can be looked at all the same. */
int commands_inspect(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    const bool has_wallet = desk_open(&desk, cli) == CLI_OK && desk.wallet.state.has_directory;
    return inspect_file(&desk, has_wallet);
}
