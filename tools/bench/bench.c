/* What benchmarks share (contract in bench.h). */
#include "tools/bench/bench.h"

#include "common/base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *program = "bench";

void bench_options_read(struct bench_options *out, int argc, char **argv)
{
    *out = (struct bench_options){.seconds = 1};
    program = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
    for (int index = 1; index < argc; index += 2) {
        const char *value = index + 1 < argc ? argv[index + 1] : "";
        if (strcmp(argv[index], "--json") == 0 && *value != 0)
            out->json_path = value;
        else if (strcmp(argv[index], "--seconds") == 0 && strtod(value, NULL) > 0)
            out->seconds = strtod(value, NULL);
        else {
            fprintf(stderr, "usage: %s [--json FILE] [--seconds S]\n", program);
            exit(2);
        }
    }
}

static double read_clock(clockid_t clock)
{
    struct timespec now;
    CHECK(clock_gettime(clock, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_cpu_s(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

double bench_wall_s(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

FILE *bench_json_open(const char *path)
{
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (path != NULL && file == NULL) {
        fprintf(stderr, "%s: %s: %s\n", program, path, strerror(errno));
        exit(1);
    }
    return file;
}

void bench_json_close(FILE *file)
{
    if (file != NULL && fclose(file) != 0) {
        fprintf(stderr, "%s: the figures are not written: %s\n", program, strerror(errno));
        exit(1);
    }
}
