/* Figures of a process, from /proc and a shared page (contract in load_server.h). */
#include "tools/bench/load_server.h"

#include "common/crypto/crypto.h"
#include "tools/bench/bench.h"
#include "tools/bench/crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000, PATH_SIZE = 64, KEYS = 512, BATCH = 32, MESSAGE_SIZE = 200 };

uint64_t load_now_ns(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void load_sleep_until(uint64_t ns)
{
    const struct timespec at = {.tv_sec = (time_t)(ns / NS_PER_S),
                                .tv_nsec = (long)(ns % NS_PER_S)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        continue;
}

/* ---- the server ---- */

void load_server_open(struct load_server *server, const char *pid, const char *fsync_file)
{
    *server = (struct load_server){.pid = pid};
    if (fsync_file == NULL)
        return;
    const int fd = open(fsync_file, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    void *page = mmap(NULL, sizeof *server->page, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(page != MAP_FAILED);
    (void)close(fd);
    server->page = page;
}

/* utime and stime, in ticks (proc(5)); the program's name has no blanks. */
static double read_cpu_s(const char *pid)
{
    char path[PATH_SIZE], text[512] = {0};
    (void)snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL && fgets(text, sizeof text, file) != NULL);
    (void)fclose(file);
    char *rest = text, *word = NULL;
    double ticks = 0;
    for (int number = 1; (word = strsep(&rest, " ")) != NULL; number++)
        if (number == 14 || number == 15)
            ticks += strtod(word, NULL);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

static void read_memory(const char *pid, struct load_sample *out)
{
    char path[PATH_SIZE], line[256];
    (void)snprintf(path, sizeof path, "/proc/%s/status", pid);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            out->rss_mib = strtod(line + 6, NULL) / 1024;
        if (strncmp(line, "RssAnon:", 8) == 0)
            out->anon_mib = strtod(line + 8, NULL) / 1024;
    }
    (void)fclose(file);
}

/* The eighth figure of the first line, in ticks (proc(5)). */
static double read_stolen_s(void)
{
    double ticks = 0;
    FILE *file = fopen("/proc/stat", "r");
    CHECK(file != NULL);
    const int found = fscanf(file, "cpu %*f %*f %*f %*f %*f %*f %*f %lf", &ticks);
    (void)fclose(file);
    return found == 1 ? ticks / (double)sysconf(_SC_CLK_TCK) : 0;
}

void load_server_look(const struct load_server *server, struct load_sample *out)
{
    *out = (struct load_sample){
        .at_s = bench_wall_s(), .cpu_s = read_cpu_s(server->pid), .stolen_s = read_stolen_s()};
    read_memory(server->pid, out);
    if (server->page != NULL) {
        out->fsyncs = atomic_load(&server->page->count);
        out->log_fsyncs = atomic_load(&server->page->log_count);
        out->log_flushed_s = (double)atomic_load(&server->page->log_ns) / NS_PER_S;
    }
}

bool load_server_is_flushed(const struct load_server *server, uint64_t sent_ns)
{
    return server->page != NULL && atomic_load(&server->page->log_start_ns) > sent_ns;
}

/* ---- the ceiling ---- */

static double thread_cpu_s(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / NS_PER_S;
}

/* With what a first turn met, or with nothing said. */
static double rate_of(const struct crypto *backend, struct crypto_check *checks, bool same,
                      bool is_told, double seconds)
{
    size_t done = 0;
    CHECK(backend->verify_many(checks, KEYS) == ERR_OK);
    const double start = thread_cpu_s();
    double end = start;
    for (; end - start < seconds; end = thread_cpu_s(), done += BATCH) {
        struct crypto_check *batch = checks + (same ? 0 : done % KEYS);
        for (size_t i = 0; i < BATCH && !is_told; i++)
            batch[i].commitment = (struct commitment){{0}};
        CHECK(backend->verify_many(batch, BATCH) == ERR_OK);
        CHECK(batch[0].valid && batch[BATCH - 1].valid);
    }
    return (double)done / (end - start);
}

static void make_checks(struct crypto_check *checks, struct span message, bool same)
{
    struct key_pair pair;
    for (size_t i = 0; i < KEYS; i++) {
        if (i == 0 || !same)
            CHECK(crypto_libcrypto.key_generate(&pair) == ERR_OK);
        checks[i] = (struct crypto_check){.key = pair.public_key, .message = message};
        CHECK(crypto_libcrypto.sign(&checks[i].signature, &pair, message) == ERR_OK);
    }
    key_pair_wipe(&pair);
}

/* What one thread of many verifies. */
struct busy_core {
    struct crypto_check checks[KEYS];
    double seconds, rate;
};

static void verify_beside_others(void *context, size_t share, size_t from, size_t to)
{
    struct busy_core *core = (struct busy_core *)context + share;
    (void)from;
    (void)to;
    core->rate = rate_of(&crypto_libcrypto, core->checks, true, false, core->seconds);
}

/* Cores share what they are made of: each is slower when all have work, as under load. */
static double busy_rate(const struct crypto_check *same, double seconds)
{
    const size_t cores = crowd_cores() < CROWD_THREADS_MAX ? crowd_cores() : CROWD_THREADS_MAX;
    struct busy_core *all = calloc(cores, sizeof *all);
    double sum = 0;
    CHECK(all != NULL);
    for (size_t i = 0; i < cores; i++) {
        memcpy(all[i].checks, same, sizeof all[i].checks);
        all[i].seconds = seconds;
    }
    crowd_share_out(cores, verify_beside_others, all);
    for (size_t i = 0; i < cores; i++)
        sum += all[i].rate;
    free(all);
    return sum / (double)cores;
}

void load_ceiling_measure(struct load_ceiling *out, double seconds)
{
    static const struct crypto *const backends[] = {&crypto_libcrypto, &crypto_mbedtls};
    static struct crypto_check same[KEYS], fresh[KEYS];
    static uint8_t message[MESSAGE_SIZE];
    *out = (struct load_ceiling){0};
    make_checks(same, span_of(message, sizeof message), true);
    make_checks(fresh, span_of(message, sizeof message), false);
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        const double part = i == 0 ? seconds : seconds / 10;
        const double at_hand = rate_of(backends[i], same, true, false, part);
        const double others = rate_of(backends[i], fresh, false, false, part);
        out->same_key = at_hand > out->same_key ? at_hand : out->same_key;
        out->fresh_keys = others > out->fresh_keys ? others : out->fresh_keys;
    }
    out->told = rate_of(&crypto_libcrypto, same, true, true, seconds);
    out->busy = busy_rate(same, seconds);
}
