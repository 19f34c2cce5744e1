/* Counts what a server flushes, and shows it while it runs: preloaded, with BENCH_FSYNC_FILE naming
 * a file of struct fsync_page that the load generator maps too.
 *
 * A flush of a write-ahead log that began after a call was sent and ended before it was answered is
 * what makes the answer durable; only the kernel knows when, so it is noted here. Changes nothing
 * else. */
#include "tools/bench/fsync_page.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000, PATH_SIZE = 4096 };

int fsync(int fd);
int fdatasync(int fd);

static struct fsync_page *fsync_page;

__attribute__((constructor)) static void fsync_open(void)
{
    const char *name = getenv("BENCH_FSYNC_FILE");
    const int fd = name != NULL ? open(name, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof *fsync_page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    fsync_page = page != MAP_FAILED ? page : NULL;
    (void)close(fd);
}

static uint64_t fsync_now_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static int fsync_is_log(int fd)
{
    char link[64], path[PATH_SIZE];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    return size > 4 && memcmp(path + size - 4, "-wal", 4) == 0;
}

/* Two threads flush the log: the later beginning stays. */
static void note_start(uint64_t start)
{
    uint64_t last = atomic_load(&fsync_page->log_start_ns);
    while (last < start && !atomic_compare_exchange_weak(&fsync_page->log_start_ns, &last, start))
        continue;
}

static int fsync_counted(int fd, long call)
{
    const uint64_t start = fsync_now_ns();
    const int result = (int)syscall(call, fd);
    const uint64_t took = fsync_now_ns() - start;
    if (fsync_page == NULL || result != 0)
        return result;
    atomic_fetch_add(&fsync_page->count, 1);
    if (fsync_is_log(fd)) {
        atomic_fetch_add(&fsync_page->log_count, 1);
        atomic_fetch_add(&fsync_page->log_ns, took);
        note_start(start);
    }
    return result;
}

int fsync(int fd)
{
    return fsync_counted(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return fsync_counted(fd, SYS_fdatasync);
}
