/* dcep-central: signatures come in bulk here, so libcrypto verifies them; all else is in the table
 * (program.c). */
#include "central/program.h"
#include "common/crypto/crypto.h"

int main(int argc, char **argv)
{
    crypto_use(&crypto_libcrypto);
    return cli_main(&program_central, argc, argv);
}
