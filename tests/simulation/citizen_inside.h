/* What the files of a simulated citizen share: citizen.c, citizen_backup.c. */
#ifndef DCEP_TESTS_SIMULATION_CITIZEN_INSIDE_H
#define DCEP_TESTS_SIMULATION_CITIZEN_INSIDE_H

#include "tests/simulation/citizen.h"
#include "tests/simulation/lookup.h"
#include "wallet/sync/sync.h"

struct citizen {
    struct sim *sim;
    size_t person;
    struct agency *agency;
    uint64_t customer;
    struct span join_file;
    struct net_client *bank;
    struct wallet wallet;
    struct lookup said; /* by request id: the hash of the bytes that were shown for it */
    bool has_words;
    struct key_pair words;
    struct buffer backup; /* empty: none was made */
};

/* The program starts on what is in the store. */
void citizen_start(struct citizen *citizen);
/* For what may be made to fail: arm before, survived after; true if it went well, else the wallet
 * crashed and started again. */
bool citizen_arm(struct citizen *citizen);
bool citizen_survived(struct citizen *citizen, bool is_armed, enum err error, const char *what);
/* What a restored wallet's sync was told: the code has expired, and the bank gives another. */
void citizen_ask_for_code(struct citizen *citizen);
/* Becomes a new wallet in an empty store. is_proof: the words prove whose, no code does. */
void citizen_join(struct citizen *citizen, bool is_proof);

#endif
