/* dcep-bank: signatures come in bulk here, so libcrypto verifies them; all else is in the table
 * (program.c). */
#include "common/crypto/crypto.h"
#include "intermediary/program.h"

int main(int argc, char **argv)
{
    crypto_use(&crypto_libcrypto);
    return cli_main(&program_bank, argc, argv);
}
