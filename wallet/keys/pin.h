/* The PIN and what it opens: the wallet's master key, in a file of its own beside the database
 * (docs/adr/0024-a-wallet-at-rest.md).
 *
 *   "dceppin" 01   magic and version
 *   u8             wrong PINs since the last right one
 *   u64            when the last of them was given, Unix seconds, big-endian
 *   ...            the master key as a keyfile of bytes (common/crypto/keyfile.h)
 *
 * Invariants: 1 an attempt is counted, on disk, before it is looked at: whoever is killed in the
 * middle has had his try. 2 the file changes as a whole: at any moment exactly one PIN opens it.
 * 3 a wrong PIN and an altered file give one answer. Whoever holds the lock of the wallet may
 * call. */
#ifndef DCEP_WALLET_KEYS_PIN_H
#define DCEP_WALLET_KEYS_PIN_H

#include "common/crypto/safe.h"

enum {
    PIN_SIZE_MIN = 4,
    PIN_TRIES_FREE = 3, /* wrong ones in a row before the first wait */
    PIN_TRIES_MAX = 10, /* from here on a day each */
};

enum pin_verdict {
    PIN_RIGHT,
    PIN_WRONG,
    PIN_WAIT, /* not looked at, not counted */
};
struct pin_answer {
    enum pin_verdict verdict;
    uint64_t wait_s; /* until the next attempt is looked at; 0: now */
    unsigned wrong_count;
};

/* Seconds that `wrong_count` wrong PINs in a row cost. */
uint64_t pin_wait_s(unsigned wrong_count);

/* A PIN of size 0: none, for tests; the file has the same form and hides nothing. ERR_EXISTS. */
enum err pin_make(const char *path, const struct safe_key *master, struct span pin) MUST_USE;
enum err pin_is_set(bool *set, const char *path) MUST_USE; /* ERR_MISSING; ERR_PARSE */
/* Counts, then looks. master only if the verdict is PIN_RIGHT. */
enum err pin_open(struct safe_key *master, struct pin_answer *answer, const char *path,
                  struct span pin, uint64_t now) MUST_USE;
/* As pin_open where nothing can be written, for looking only (docs/adr/0044): the waits that were
 * counted hold, this attempt is not counted. */
enum err pin_look(struct safe_key *master, struct pin_answer *answer, const char *path,
                  struct span pin, uint64_t now) MUST_USE;
/* The next PIN, in one step; the count begins anew. */
enum err pin_change(const char *path, const struct safe_key *master, struct span pin) MUST_USE;

#endif
