/* Runs a program and tells what it cost: wall and CPU time, and the most memory it held.
 *
 * usage: measure FILE PROGRAM [ARGUMENT...]
 *
 * Writes "WALL_US CPU_US PEAK_KIB" to FILE and ends as the program did. The kernel counts what a
 * process held before its exec too; this one is small, so that the peak is the program's own.
 */
#include "tools/bench/bench.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_RUN = 127 };

static double us_of(struct timeval time)
{
    return (double)time.tv_sec * BENCH_US + (double)time.tv_usec;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: measure FILE PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    const double start_s = bench_wall_s();
    const pid_t child = fork();
    if (child == 0) {
        execv(argv[2], argv + 2);
        _exit(NOT_RUN);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        perror("measure");
        return NOT_RUN;
    }
    FILE *file = bench_json_open(argv[1]);
    fprintf(file, "%.0f %.0f %ld\n", (bench_wall_s() - start_s) * BENCH_US,
            us_of(usage.ru_utime) + us_of(usage.ru_stime), usage.ru_maxrss);
    bench_json_close(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : NOT_RUN;
}
