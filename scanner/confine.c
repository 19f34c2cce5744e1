/* The lock that the program puts on itself (contract in scanner.h): no new privileges, limits, and
 * a list of the system calls that decoding takes. All else kills it; opening a file merely fails,
 * because libraries try to. It ends with the wallet that started it, even while a camera hangs. */
#include "scanner/scanner.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef DCEP_SANITIZED

static bool limit(__rlimit_resource_t what, rlim_t most)
{
    const struct rlimit value = {most, most};
    return setrlimit(what, &value) == 0;
}

/* One file: room for none (0 is taken), but poll refuses to look at more than the limit. */
static bool set_limits(enum confine_for what)
{
    return limit(RLIMIT_AS, SCANNER_MEMORY_MAX) && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) && limit(RLIMIT_NOFILE, 1) &&
           (what == CONFINE_CAMERA || limit(RLIMIT_CPU, SCANNER_PICTURE_CPU_S));
}

static bool allow_list(scmp_filter_ctx filter, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return false;
    return true;
}

static bool refuse_list(scmp_filter_ctx filter)
{
    static const int calls[] = {SCMP_SYS(openat),     SCMP_SYS(open),  SCMP_SYS(access),
                                SCMP_SYS(newfstatat), SCMP_SYS(stat),  SCMP_SYS(readlink),
                                SCMP_SYS(faccessat),  SCMP_SYS(statx), SCMP_SYS(socket)};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOENT), calls[i], 0) != 0)
            return false;
    return true;
}

/* Memory, but none that could be run. */
static bool allow_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_code) == 0;
}

static bool set_filter(enum confine_for what)
{
    static const int decoding[] = {
        SCMP_SYS(read),    SCMP_SYS(write),   SCMP_SYS(brk),           SCMP_SYS(munmap),
        SCMP_SYS(mremap),  SCMP_SYS(madvise), SCMP_SYS(futex),         SCMP_SYS(fstat),
        SCMP_SYS(exit),    SCMP_SYS(close),   SCMP_SYS(clock_gettime), SCMP_SYS(exit_group),
        SCMP_SYS(sysinfo),
    };
    static const int watching[] = {
        SCMP_SYS(ioctl),  SCMP_SYS(poll),     SCMP_SYS(ppoll),           SCMP_SYS(select),
        SCMP_SYS(gettid), SCMP_SYS(pselect6), SCMP_SYS(clock_nanosleep), SCMP_SYS(gettimeofday),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return false;
    bool good = allow_list(filter, decoding, sizeof decoding / sizeof decoding[0]) &&
                refuse_list(filter) && allow_memory(filter);
    if (what == CONFINE_CAMERA)
        good = good && allow_list(filter, watching, sizeof watching / sizeof watching[0]);
    good = good && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return good;
}

bool confine(enum confine_for what)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           set_limits(what) && set_filter(what);
}

#else /* the sanitizers' own calls and memory fit no such list */

bool confine(enum confine_for what)
{
    (void)what;
    return true;
}

#endif
