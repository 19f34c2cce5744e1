/* The released wallet's twin: the same objects, but libcrypto signs and verifies where mbedTLS does
 * in dcep-wallet. The knife never cuts it; it prepares most cuts and goes on after them.
 *
 * Sterner: mbedTLS signs the same bytes with the same signature, so that a payment signed anew
 * would pass for one that was kept. libcrypto's signature is another each time. And quicker: a
 * command is done in half of the time, a sync in a fifth. */
#include "common/crypto/crypto.h"
#include "wallet/program.h"

int main(int argc, char **argv)
{
    crypto_use(&crypto_libcrypto);
    return cli_main(&program_wallet, argc, argv);
}
