/* dcep-sim: the seeded world. Each seed runs in a process of its own, two at a time; a violation
 * ends that process, names the rule, and says how to see it again. */
#include "tests/simulation/signer.h"
#include "tests/simulation/sim.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_MAX = 16, CRASH_SECONDS = 300 };

struct options {
    uint64_t seed, seeds, acts, twice, jobs;
    uint64_t progress; /* a line to stderr after so many seeds; 0: none */
    bool is_tracing, is_quiet;
};
struct result {
    uint64_t seed, digest;
    uint64_t counts[SIM_COUNT_COUNT];
};
struct job {
    pid_t pid;
    int pipe;
    uint64_t seed;
};
struct totals {
    uint64_t passed, failed;
    uint64_t counts[SIM_COUNT_COUNT];
    uint64_t *digests; /* of the first `twice` seeds; 0: not known yet */
};

/* --- one seed --- */

static _Noreturn void run_child(const struct options *options, uint64_t seed, int out)
{
    static struct sim sim;
    struct result result = {.seed = seed};
    alarm(CRASH_SECONDS); /* a run that hangs is a finding too */
    sim_open(&sim, seed, options->acts, options->is_tracing);
    sim_run(&sim);
    result.digest = sim.digest | 1;
    memcpy(result.counts, sim.counts, sizeof result.counts);
    const bool is_written = write(out, &result, sizeof result) == (ssize_t)sizeof result;
    fflush(stdout);
    _exit(is_written ? 0 : 1); /* the process takes its memory with it */
}

static void start(struct job *job, const struct options *options, uint64_t seed)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    fflush(stdout);
    *job = (struct job){.seed = seed, .pipe = ends[0], .pid = fork()};
    CHECK(job->pid >= 0);
    if (job->pid == 0) {
        close(ends[0]);
        run_child(options, seed, ends[1]);
    }
    close(ends[1]);
}

/* --- all seeds --- */

static bool same_digest(struct totals *totals, const struct options *options,
                        const struct result *result)
{
    const uint64_t at = result->seed - options->seed;
    if (at >= options->twice)
        return true;
    if (totals->digests[at] == 0) {
        totals->digests[at] = result->digest;
        return true;
    }
    if (totals->digests[at] == result->digest)
        return true;
    fprintf(stderr, "seed %llu: two runs differ\n", (unsigned long long)result->seed);
    return false;
}

static void finish(struct job *job, struct totals *totals, const struct options *options)
{
    struct result result = {0};
    int status = 0;
    const bool is_read = read(job->pipe, &result, sizeof result) == (ssize_t)sizeof result;
    close(job->pipe);
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        ;
    job->pid = 0;
    const bool is_good = is_read && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (WIFSIGNALED(status))
        fprintf(stderr, "seed %llu: killed by signal %d\n  again: make sim SEED=%llu ACTS=%llu\n",
                (unsigned long long)job->seed, WTERMSIG(status), (unsigned long long)job->seed,
                (unsigned long long)options->acts);
    if (!is_good || !same_digest(totals, options, &result)) {
        totals->failed++;
        return;
    }
    totals->passed++;
    for (size_t i = 0; i < SIM_COUNT_COUNT; i++)
        totals->counts[i] += result.counts[i];
    if (options->seeds == 1)
        printf("seed %llu: digest %016llx\n", (unsigned long long)result.seed,
               (unsigned long long)result.digest);
}

static void tell_progress(const struct totals *totals, const struct options *options)
{
    const uint64_t done = totals->passed + totals->failed;
    if (options->progress != 0 && done % options->progress == 0)
        fprintf(stderr, "%llu of %llu seeds: %llu passed, %llu failed\n", (unsigned long long)done,
                (unsigned long long)(options->seeds + options->twice),
                (unsigned long long)totals->passed, (unsigned long long)totals->failed);
}

static void run_all(const struct options *options, struct totals *totals)
{
    struct job jobs[JOBS_MAX] = {{.pid = 0}};
    const uint64_t count = options->seeds + options->twice;
    signer_open(); /* what every seed would work out again */
    for (uint64_t i = 0; i < count + options->jobs; i++) {
        struct job *job = &jobs[i % options->jobs];
        if (job->pid != 0) {
            finish(job, totals, options);
            tell_progress(totals, options);
        }
        if (i < count)
            start(job, options, options->seed + (i < options->seeds ? i : i - options->seeds));
    }
}

static void print_counts(const struct totals *totals)
{
    static const char *const names[] = {
#define SIM_COUNT_TEXT(name, text) text,
        SIM_COUNTS(SIM_COUNT_TEXT)
#undef SIM_COUNT_TEXT
    };
    for (size_t i = 0; i < SIM_COUNT_COUNT; i++)
        printf("  %-28s %llu\n", names[i], (unsigned long long)totals->counts[i]);
}

static int usage(void)
{
    fprintf(stderr, "usage: dcep-sim [--seed N] [--seeds N] [--acts N] [--twice N] [--jobs N]\n"
                    "                [--progress N] [--trace] [--quiet]\n");
    return 1;
}

static bool read_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"seed", required_argument, NULL, 's'},
        {"seeds", required_argument, NULL, 'n'},
        {"acts", required_argument, NULL, 'a'},
        {"twice", required_argument, NULL, 'w'},
        {"jobs", required_argument, NULL, 'j'},
        {"progress", required_argument, NULL, 'p'},
        {"trace", no_argument, NULL, 't'},
        {"quiet", no_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
    };
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        const uint64_t value = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;
        options->seed = c == 's' ? value : options->seed;
        options->seeds = c == 'n' ? value : options->seeds;
        options->acts = c == 'a' ? value : options->acts;
        options->twice = c == 'w' ? value : options->twice;
        options->jobs = c == 'j' ? value : options->jobs;
        options->progress = c == 'p' ? value : options->progress;
        options->is_tracing = options->is_tracing || c == 't';
        options->is_quiet = options->is_quiet || c == 'q';
        if (c == '?')
            return false;
    }
    return optind == argc && options->seeds > 0 && options->twice <= options->seeds &&
           options->jobs > 0 && options->jobs <= JOBS_MAX;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .seeds = 1, .acts = 1000, .jobs = 2};
    struct totals totals = {.passed = 0};
    if (!read_options(&options, argc, argv))
        return usage();
    totals.digests = sim_new(options.twice + 1, sizeof *totals.digests);
    run_all(&options, &totals);
    if (!options.is_quiet)
        print_counts(&totals);
    free(totals.digests);
    printf("%llu passed, %llu failed\n", (unsigned long long)totals.passed,
           (unsigned long long)totals.failed);
    return totals.failed == 0 ? 0 : 1;
}
