/* The options of register_load. */
#ifndef DCEP_TOOLS_BENCH_LOAD_OPTIONS_H
#define DCEP_TOOLS_BENCH_LOAD_OPTIONS_H

#include <stdint.h>

enum load_option {
    LOAD_SERVER,
    LOAD_FSYNC,
    LOAD_JSON,
    LOAD_SEED,
    LOAD_WALLETS,
    LOAD_SERIAL,
    LOAD_DAY,
    LOAD_COINS,
    LOAD_FROM,
    LOAD_TO,
    LOAD_SKIP,
    LOAD_PAYMENTS,
    LOAD_SECONDS,
    LOAD_WARM_UP,
    LOAD_WARM_COUNT,
    LOAD_RATE,
    LOAD_OUTSTANDING,
    LOAD_CLIENTS,
    LOAD_LINE,
    LOAD_CHEATS,
    LOAD_PACKETS,
    LOAD_CEILING,
    LOAD_DOOR,
    LOAD_DOOR_NAME,
    LOAD_DOOR_PIN,
    LOAD_BEHIND,
    LOAD_ISSUING,
    LOAD_TOLD,
    LOAD_GATHERS,
    LOAD_COUNT
};

/* Exits with 2 at an option that is none. The index of the first word that is no option. */
int load_options_read(int argc, char **argv);
/* CHECKs that it was given or has a default. */
double load_number(enum load_option name);
uint64_t load_whole(enum load_option name);
const char *load_text(enum load_option name); /* NULL: not given */

#endif
