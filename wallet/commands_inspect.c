/* inspect: what is in a file, with a wallet or without. Changes nothing. */
#include "wallet/inspect.h"

/* While another command holds the wallet, or it is locked and nobody can be asked, and without one,
 * a file can be looked at all the same. A PIN that is wrong is said to be. */
int commands_inspect(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    const int code = desk_open(&desk, cli);
    if (code == CLI_AUTH)
        return code;
    return inspect_file(&desk, code == CLI_OK && desk.wallet.state.has_directory);
}
