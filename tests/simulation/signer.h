/* ECDSA signatures that cost little: the nonces are worked out beforehand.
 *
 * A quarter of a run was libcrypto multiplying points for signatures. These are signatures like any
 * others, r and s, and libcrypto finds them good; but there are only SIGNER_NONCES nonces, used in
 * turn, so whoever reads two that share one has the private key. Nobody in the world looks, and no
 * id depends on a signature. For the simulated world only. */
#ifndef DCEP_TESTS_SIMULATION_SIGNER_H
#define DCEP_TESTS_SIMULATION_SIGNER_H

#include "common/crypto/crypto.h"

enum { SIGNER_NONCES = 64 };

void signer_open(void); /* from the first nonce on */
/* The same message signed again bears another signature. One of SIGNER_NONCES + 1 is verified. */
enum err signer_sign(struct signature *out, const struct key_pair *pair,
                     struct span message) MUST_USE;

#endif
