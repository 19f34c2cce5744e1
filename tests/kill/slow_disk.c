/* A disk that takes its time, for tests: preloaded, every write at a position and every flush waits
 * first. A transaction then lasts long enough that kill -9 hits the middle of it often.
 *
 * Never changes what is written. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { WRITE_US = 400, FLUSH_US = 2000 };

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t position);
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t position);
int fsync(int fd);
int fdatasync(int fd);

static void slow_disk_wait(long us)
{
    const struct timespec pause = {.tv_nsec = us * 1000};
    (void)nanosleep(&pause, NULL);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t position)
{
    slow_disk_wait(WRITE_US);
    return syscall(SYS_pwrite64, fd, bytes, size, position);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t position)
{
    return pwrite64(fd, bytes, size, position);
}

int fsync(int fd)
{
    slow_disk_wait(FLUSH_US);
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    slow_disk_wait(FLUSH_US);
    return (int)syscall(SYS_fdatasync, fd);
}
