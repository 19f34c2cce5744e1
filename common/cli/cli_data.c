/* The data directory: --data, DCEP_DATA, the named wallet, or the program's own.
 *
 * 1. The name of a wallet is one path component that cannot lead elsewhere: [A-Za-z0-9._-], no
 *    leading dot.
 *
 * Never makes the directory: init does. */
#include "common/cli/cli_frame.h"

#include <stdlib.h>
#include <string.h>

enum { DATA_SIZE_MAX = CLI_PATH_SIZE - 128 }; /* room for the files in it */

static const char name_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

static bool is_wallet_name(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size <= 64 && name[0] != '.' && strspn(name, name_letters) == size;
}

static int set_data(struct cli *cli, const char *base, const char *below, const char *name)
{
    int size = snprintf(cli->data, DATA_SIZE_MAX, "%s%s%s", base, below, name);
    if (size > 0 && size < DATA_SIZE_MAX)
        return CLI_OK;
    return cli_usage(cli, _("--data: the path is too long"));
}

static int wallet_data(struct cli *cli, const char *name)
{
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (!is_wallet_name(name))
        return cli_usage(cli,
                         _("--wallet: a name has letters, digits, '.', '_' and '-' and does not "
                           "start with a dot"));
    if (xdg != NULL && xdg[0] == '/')
        return set_data(cli, xdg, "/dcep/wallets/", name);
    if (home != NULL && home[0] == '/')
        return set_data(cli, home, "/.local/share/dcep/wallets/", name);
    return cli_usage(cli, _("HOME is not set; --data DIR says where the wallet is"));
}

int cli_data_resolve(struct cli *cli)
{
    const char *option = cli_text(cli, "--data"), *wallet = cli_text(cli, "--wallet");
    if (option != NULL && wallet != NULL)
        return cli_usage(cli, _("--data and --wallet exclude each other"));
    if (option != NULL)
        return set_data(cli, option, "", "");
    if (wallet != NULL)
        return wallet_data(cli, wallet);
    const char *environment = getenv("DCEP_DATA");
    if (environment != NULL && environment[0] != '\0')
        return set_data(cli, environment, "", "");
    if (cli->program->default_data != NULL)
        return set_data(cli, cli->program->default_data, "", "");
    wallet = getenv("DCEP_WALLET");
    return wallet_data(cli, wallet != NULL && wallet[0] != '\0' ? wallet : "default");
}

const char *cli_data(const struct cli *cli)
{
    return cli->data;
}

void cli_data_path(const struct cli *cli, char path[CLI_PATH_SIZE], const char *name)
{
    int size = snprintf(path, CLI_PATH_SIZE, "%s/%s", cli->data, name);
    CHECK(size > 0 && size < CLI_PATH_SIZE);
}

void cli_control_address(char address[CLI_ADDRESS_SIZE], const char *data)
{
    int size = snprintf(address, CLI_ADDRESS_SIZE, "ipc:%s/control.sock", data);
    CHECK(size > 0 && size < CLI_ADDRESS_SIZE);
}

const char *cli_common_text(const struct cli *cli, const char *name, const char *variable)
{
    const char *text = cli_text(cli, name);
    if (text == NULL)
        text = getenv(variable);
    return text != NULL && text[0] != '\0' ? text : NULL;
}
