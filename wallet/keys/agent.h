/* An unlocked wallet: a process that holds the master key for a while, behind a socket in the
 * wallet's directory that only its owner can reach (docs/adr/0024-a-wallet-at-rest.md).
 *
 * It gives the key to whoever connects under the same user, and forgets it, and ends, when its time
 * is up or it is told to. The time runs on while the machine sleeps. */
#ifndef DCEP_WALLET_KEYS_AGENT_H
#define DCEP_WALLET_KEYS_AGENT_H

#include "common/crypto/safe.h"

enum { AGENT_SECONDS_MAX = 24 * 60 * 60 };

/* In place of one that runs. The caller holds no database open. ERR_IO: it could not be started. */
enum err agent_start(const char *directory, const struct safe_key *master,
                     uint64_t seconds) MUST_USE;
enum err agent_ask(struct safe_key *master, const char *directory) MUST_USE; /* ERR_MISSING: none */
/* Ended, its key wiped; *was_running: there was one. */
enum err agent_stop(bool *was_running, const char *directory) MUST_USE;

#endif
