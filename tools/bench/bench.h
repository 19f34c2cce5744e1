/* What benchmarks share: options, clocks and the JSON file. */
#ifndef DCEP_TOOLS_BENCH_BENCH_H
#define DCEP_TOOLS_BENCH_BENCH_H

#include <stdio.h>

enum { BENCH_US = 1000000 };

/* [--json FILE] [--seconds S]; anything else ends the program with its usage, exit 2. */
struct bench_options {
    const char *json_path; /* NULL: none is written */
    double seconds;        /* spent on each figure */
};
void bench_options_read(struct bench_options *out, int argc, char **argv);

double bench_cpu_s(void); /* of this process, user and system, all threads */
double bench_wall_s(void);

/* NULL if there is no path; any failure ends the program with a message, exit 1. */
FILE *bench_json_open(const char *path);
void bench_json_close(FILE *file);

#endif
