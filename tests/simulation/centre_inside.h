/* What the files of the simulated central bank share. */
#ifndef DCEP_TESTS_SIMULATION_CENTRE_INSIDE_H
#define DCEP_TESTS_SIMULATION_CENTRE_INSIDE_H

#include "central/archive.h"
#include "central/service.h"
#include "tests/simulation/centre.h"

enum { CENTRE_CRASH_PERMILLE = 15, CENTRE_SEGMENTS_MAX = 1024 };

struct centre {
    struct sim *sim;
    struct service service;
    struct archive archive;
    struct span segments[CENTRE_SEGMENTS_MAX]; /* the files, by number */
};

#endif
