/* libcrypto with a memory: a signature that was verified, or made here, is not worked out again.
 *
 * The world's own signatures are verified a dozen times each, by payees, banks, the register and
 * the auditor; with the memory a run is several times quicker and every verdict is the same. A
 * signature that is not remembered is verified by libcrypto. Every signature made is shown to a
 * watcher: that is how the auditor knows what honest keys signed, whatever the cores say of it. */
#ifndef DCEP_TESTS_SIMULATION_MEMO_H
#define DCEP_TESTS_SIMULATION_MEMO_H

#include "common/crypto/crypto.h"

/* Forgets everything, becomes the process's backend. */
void memo_open(void (*watch)(void *context, const struct public_key *key, struct span message),
               void *context);

#endif
