/* dcep-wallet: mbedTLS signs and verifies here (the default); all else is in the table
 * (program.c). */
#include "wallet/program.h"

int main(int argc, char **argv)
{
    return cli_main(&program_wallet, argc, argv);
}
