/* Words of the command line (contract in load_options.h). */
#include "tools/bench/load_options.h"

#include "common/base/err.h"

#include <getopt.h>
#include <stdlib.h>

static const char *const texts[LOAD_COUNT] = {"server",
                                              "fsync",
                                              "json",
                                              "seed",
                                              "wallets",
                                              "serial",
                                              "day",
                                              "coins",
                                              "from",
                                              "to",
                                              "skip",
                                              "payments",
                                              "seconds",
                                              "warm-up",
                                              "warm-up-payments",
                                              "rate",
                                              "outstanding",
                                              "clients",
                                              "line",
                                              "cheats",
                                              "packets",
                                              "ceiling-seconds",
                                              "door",
                                              "door-name",
                                              "door-pin",
                                              "behind",
                                              "issuing-key",
                                              "told",
                                              "gathers"};
static const char *values[LOAD_COUNT] = {
    [LOAD_SKIP] = "0",   [LOAD_SECONDS] = "10",     [LOAD_WARM_UP] = "1",   [LOAD_WARM_COUNT] = "0",
    [LOAD_RATE] = "0",   [LOAD_OUTSTANDING] = "16", [LOAD_CLIENTS] = "8",   [LOAD_LINE] = "1",
    [LOAD_CHEATS] = "0", [LOAD_PACKETS] = "256",    [LOAD_CEILING] = "0.5", [LOAD_TOLD] = "1",
    [LOAD_GATHERS] = "0"};

double load_number(enum load_option name)
{
    CHECK(values[name] != NULL);
    return strtod(values[name], NULL);
}

uint64_t load_whole(enum load_option name)
{
    CHECK(values[name] != NULL);
    return strtoull(values[name], NULL, 10);
}

const char *load_text(enum load_option name)
{
    return values[name];
}

int load_options_read(int argc, char **argv)
{
    struct option options[LOAD_COUNT + 1] = {0};
    int found = 0;
    for (int i = 0; i < LOAD_COUNT; i++)
        options[i] = (struct option){texts[i], required_argument, NULL, i};
    while ((found = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (found < 0 || found >= LOAD_COUNT)
            exit(2);
        values[found] = optarg;
    }
    return optind;
}
